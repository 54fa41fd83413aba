"""Imports point one way: Qt stays in the window, and what the window needs at once does not wait for torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ddpm_studio

PACKAGE = Path(ddpm_studio.__file__).parent
CORE = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "ui" not in path.parents]
EARLY = "params curve knots schedule sampler lint document schedule_files data export cli ui.app ui.main_window"


def imported(path):
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_core_knows_neither_qt_nor_the_window(path):
    allowed = {"ddpm_studio.ui.app"} if path == PACKAGE / "cli" / "window.py" else set()
    assert not [
        name
        for name in imported(path)
        if name.startswith(("PySide6", "pyqtgraph", "ddpm_studio.ui")) and name not in allowed
    ]


@pytest.mark.parametrize("path", sorted((PACKAGE / "ui" / "panels").glob("*.py")), ids=lambda path: path.name)
def test_a_panel_imports_no_panel(path):
    assert not [name for name in imported(path) if name.startswith("ddpm_studio.ui.panels.")]


def test_what_is_needed_at_once_does_not_import_torch():
    code = (
        f"import sys\nfor name in '{EARLY}'.split():\n"
        "    __import__('ddpm_studio.' + name)\n    print(name, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.splitlines(), done.stderr) == ([f"{name} False" for name in EARLY.split()], "")
