"""A result of `evaluate` as columns: printed as a table, or written as JSON, CSV or a chart."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddpm_studio.files import write_text

SUFFIXES = (".csv", ".json", ".png")


@dataclass(frozen=True)
class Report:
    """One result."""

    told: Mapping[str, object]
    """As JSON."""
    columns: Mapping[str, Sequence[float]]
    """Of one length."""
    across: Sequence[float]
    """Of the chart: the x of every point."""
    curves: Mapping[str, Sequence[float]]
    """Of the chart, at most four."""
    titles: tuple[str, str]
    """Of the chart's axes."""
    table: str
    """For people."""
    log: bool = True
    """Whether the chart's upright axis is logarithmic."""

    @staticmethod
    def write(reports: "Sequence[Report]", out: Path, subject: Mapping[str, object]) -> None:
        """Writes several as one JSON object, or one in any of SUFFIXES; UserError: the file cannot be written."""
        whole = dict(subject)
        for report in reports:
            whole |= report.told
        match out.suffix.lower():
            case ".json":
                write_text(out, json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
            case ".csv":
                write_text(out, reports[0].csv())
            case _:
                reports[0].draw(out, whole)

    def csv(self) -> str:
        """A row for each entry of the columns."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return text.getvalue()

    def draw(self, out: Path, told: Mapping[str, object]) -> None:
        """A chart of the curves, with what it shows in its provenance."""
        from ddpm_studio import export  # noqa: PLC0415 - Pillow, not needed for --help
        from ddpm_studio.export.chart import line_chart  # noqa: PLC0415 - Pillow

        chart = line_chart(self.across, self.curves, *self.titles, log=self.log)
        export.save_picture(out, chart, {"app": "DDPM Studio", "command": "evaluate", **told})
