"""Many samples from the command line: kept on the disk batch by batch, so that the same command goes on."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.progress import Told

if TYPE_CHECKING:
    from ddpm_studio.bulk import Walk


def draw_many(
    walk: "Walk", steps: int, count: int, batch: int, out: Path, told: dict[str, object], *, pixels_only: bool
) -> None:
    """Draws `count` samples of `steps` steps into an .npz or a folder of PNGs, or those that are missing in it.

    Raises:
        UserError: what is there belongs to something else, no memory, or a full disk; what has been made is kept.
    """
    from ddpm_studio.bulk import generate  # noqa: PLC0415 - torch, not needed for --help
    from ddpm_studio.bulk_store import store_for  # noqa: PLC0415 - as above

    store = store_for(out, told, pixels_only=pixels_only)
    there = min(store.done, count)
    if there:
        _say(f"{there} of {count} pictures are in {store.folder}; going on from there")
    report, halved = Told(count, "pictures", there), batch
    try:
        for made in generate(walk, steps, count, batch, store):
            if made.batch < halved:
                halved = made.batch
                _say(f"that does not fit into memory; {halved} pictures are drawn at once from here on")
            if made.written is None:
                report.reached(made.pictures, part=made.under_way)
    except KeyboardInterrupt:
        report.end()
        _say(f"{min(store.done, count)} of {count} pictures are kept in {store.folder}; the same command goes on")
        raise
    finally:
        report.end()


def _say(text: str) -> None:
    print("ddpm-studio:", text, file=sys.stderr)
