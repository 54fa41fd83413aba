"""A schedule as text and files, and back: our JSON, a table to read, CSV, NPZ and diffusers' scheduler_config.json.

A file may name its kind of schedule and carry its numbers. The numbers decide: a name they do not agree with is stale.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ddpm_studio import diffusers_config
from ddpm_studio.beta_table import drawn, is_along, numbers
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading, write_bytes
from ddpm_studio.params import as_object, one_of
from ddpm_studio.schedule import SCHEDULES, Schedule, Table
from ddpm_studio.table import lint_alpha_bar

COLUMNS = ("beta", "alpha_bar", "snr", "posterior_variance")
"""The tables in a file, each of length T + 1 with t = 0 first."""

LARGEST_FILE = 8 * 2**20
"""Bytes; the longest schedule takes a twentieth of it."""


def write(schedule: Schedule, path: Path, format_name: str | None = None) -> None:
    """Writes the schedule whole or not at all, in the format named or else the one the file's name asks for.

    Raises:
        UserError: no such format, or the file cannot be written.
    """
    write_bytes(path, encoded(schedule, format_name or format_of(path)))


def encoded(schedule: Schedule, format_name: str) -> bytes:
    """What a file of that format holds: UTF-8 text, or an archive for `npz`.

    Raises:
        UserError: not one of `FORMATS`.
    """
    if format_name not in FORMATS:
        raise UserError(f"a schedule cannot be written as {format_name!r}; known are {', '.join(FORMATS)}")
    return FORMATS[format_name](schedule)


def format_of(path: Path) -> str:
    """The format a file's name asks for.

    Raises:
        UserError: the suffix is none of ours.
    """
    if path.name == diffusers_config.NAME:
        return "diffusers"
    names = {".json": "json", ".csv": "csv", ".npz": "npz", ".txt": "table"}
    if path.suffix.lower() not in names:
        raise UserError(
            f"{path.name}: a schedule's file ends in {', '.join(names)} or is called {diffusers_config.NAME}"
        )
    return names[path.suffix.lower()]


def read(path: Path) -> Schedule:
    """The schedule in a JSON, CSV or NPZ file, a document, or diffusers' configuration (or a folder with one).

    A kind that is named and agrees with the numbers comes back as it was; any other table becomes a drawn β curve with
    a knot at every t.

    Raises:
        UserError: no such file, or nothing in it that is a schedule.
    """
    path = _inside(path)
    with reading(path):
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(f"{path} is larger than any schedule's file; choose another one")
        content = path.read_bytes()
    readers = {".csv": _read_csv, ".npz": _read_npz}
    return readers.get(path.suffix.lower(), _read_json)(content, str(path))


def _inside(path: Path) -> Path:
    """A diffusers model is a folder; its scheduler's configuration is in it."""
    found = (path / "scheduler" / diffusers_config.NAME, path / diffusers_config.NAME)
    return next((file for file in found if file.is_file()), path) if path.is_dir() else path


# Writing


_HEAD = "    t           beta      alpha_bar  sqrt(alpha_bar)  sqrt(1-alpha_bar)     SNR/dB  posterior_variance"
_ROW = "{:5d}  {:13.7g}  {:13.7g}  {:15.7g}  {:17.7g}  {:9.3f}  {:18.7g}"


def _table(schedule: Schedule) -> bytes:
    """A table to read: seven significant digits, one line for each t."""
    rows = zip(
        range(schedule.T + 1),
        schedule.beta,
        schedule.alpha_bar,
        schedule.sqrt_alpha_bar,
        schedule.sqrt_one_minus_alpha_bar,
        schedule.snr_db,
        schedule.posterior_variance,
        strict=True,
    )
    return "\n".join((_HEAD, *(_ROW.format(*row) for row in rows), "")).encode()


def _json(schedule: Schedule) -> bytes:
    """Exact: the kind's own fields, and the tables; JSON has no infinity, so an infinite SNR is null."""
    content = {
        "format": "ddpm-studio schedule",
        "version": 1,
        "kind": schedule.kind,
        "T": schedule.T,
        "schedule": schedule.to_json(),
        **{name: [x if np.isfinite(x) else None for x in getattr(schedule, name).tolist()] for name in COLUMNS},
    }
    lines = (f"  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in content.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _csv(schedule: Schedule) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("t", *COLUMNS))
    writer.writerows(zip(range(schedule.T + 1), *(getattr(schedule, name).tolist() for name in COLUMNS), strict=True))
    return out.getvalue().encode()


def _npz(schedule: Schedule) -> bytes:
    """The tables as float64 arrays, and the kind with its fields as JSON text under `schedule`."""
    out = io.BytesIO()
    tables = {name: getattr(schedule, name) for name in COLUMNS}
    np.savez_compressed(out, schedule=np.array(json.dumps(schedule.to_json())), **tables)
    return out.getvalue()


FORMATS: dict[str, Callable[[Schedule], bytes]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "npz": _npz,
    "diffusers": diffusers_config.encoded,
}


# Reading


def _read_json(content: bytes, where: str) -> Schedule:
    try:
        data = as_object(json.loads(content), where)
    except ValueError as error:  # not UTF-8, or not JSON
        raise UserError(f"{where} is not a schedule: it is not JSON ({error})") from error
    except RecursionError as error:
        raise UserError(f"{where} is not a schedule: it is nested too deeply") from error
    if "num_train_timesteps" in data or "_class_name" in data:
        return diffusers_config.from_json(data, where)
    named = data if "kind" in data and not {"beta", "alpha_bar"} & set(data) else None
    return _agreed(data.get("schedule", named), data, where)


def _read_csv(content: bytes, where: str) -> Schedule:
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{where} is not a CSV file: {error}") from error
    known = set(rows[0]) & {*COLUMNS} if rows else set()
    return _agreed(None, {name: [row[name] for row in rows] for name in known}, where)


def _read_npz(content: bytes, where: str) -> Schedule:
    try:
        arrays = _arrays(content)
        named = json.loads(str(arrays["schedule"])) if "schedule" in arrays else None
    except zipfile.LargeZipFile as error:
        raise UserError(f"{where}: an array in it is larger than any schedule's") from error
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        raise UserError(f"{where} is not an NPZ archive with a schedule, or is damaged") from error
    return _agreed(named, arrays, where)


def _arrays(content: bytes) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(member.file_size > LARGEST_FILE for member in archive.infolist()):
            raise zipfile.LargeZipFile
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in {"schedule", *COLUMNS} & set(arrays.files)}


def _agreed(named: object, data: Mapping[str, object], where: str) -> Schedule:
    """The named schedule unless the numbers beside it say otherwise; a drawn one along the numbers if they do."""
    beta = _beta(data, where)
    if named is not None:
        schedule = one_of(SCHEDULES, as_object(named, f"{where}: schedule"), f"{where}: schedule")
        if beta is None or is_along(schedule, beta):
            return schedule
    if beta is None:
        raise UserError(f"{where} holds no schedule: it needs a table named beta or alpha_bar, or a kind")
    return drawn(beta, where)


def _beta(data: Mapping[str, object], where: str) -> Table | None:
    """β_1..β_T from `beta`, or else from `alpha_bar`; None if neither is there."""
    if "beta" in data:
        beta = numbers(data["beta"], f"{where}: beta")
        return beta[1:] if beta[:1] == 0.0 else beta
    if "alpha_bar" in data:
        alpha_bar = numbers(data["alpha_bar"], f"{where}: alpha_bar")
        alpha_bar = alpha_bar if alpha_bar[:1] == 1.0 else np.concatenate(([1.0], alpha_bar))
        for finding in lint_alpha_bar(alpha_bar):
            raise UserError(f"{where}: {finding.text}; mend the table")
        return np.asarray(1.0 - alpha_bar[1:] / alpha_bar[:-1])
    return None
