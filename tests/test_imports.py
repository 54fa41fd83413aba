import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import ddpm_studio

PACKAGE = Path(ddpm_studio.__file__).parent
GUI = {"PySide6", "pyqtgraph", "shiboken6"}
WITHOUT_TORCH = [
    "ddpm_studio.assets",
    "ddpm_studio.cli.commands",
    "ddpm_studio.curve",
    "ddpm_studio.data",
    "ddpm_studio.document",
    "ddpm_studio.files",
    "ddpm_studio.lint",
    "ddpm_studio.opening",
    "ddpm_studio.params",
    "ddpm_studio.sampler",
    "ddpm_studio.schedule",
    "ddpm_studio.ui.application",
    "ddpm_studio.ui.window.main_window",
    "ddpm_studio.ui.panels.schedule",
]


def imported(path):
    """The top-level packages that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def loaded_after(code):
    """Names of the modules that a fresh interpreter has loaded after `code`."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return set(run.stdout.splitlines()[-1].split())


def test_only_the_window_knows_qt():
    core = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "ui" not in path.parents]
    assert len(core) > 20
    assert [path.name for path in core if GUI & set(imported(path))] == []
    window = [path for path in (PACKAGE / "ui").rglob("*.py") if GUI & set(imported(path))]
    assert len(window) > 10  # the scan does find imports


def own_imports(path):
    """The modules of the package that a file imports when it runs, by their full names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ddpm_studio"):
            modules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            yield from modules or {node.module}


def name_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in PACKAGE.rglob("*.py")}
GRAPH = {name: set(own_imports(path)) - {"ddpm_studio"} for name, path in MODULES.items()}
PANELS = {name for name in MODULES if name.startswith("ddpm_studio.ui.panels.")}


def test_that_imports_point_one_way_only():
    order = list(TopologicalSorter(GRAPH).static_order())  # CycleError names a circle
    assert order.index("ddpm_studio.schedule") < order.index("ddpm_studio.process") < order.index("ddpm_studio.sample")


@pytest.mark.parametrize(("below", "above"), [("", "cli"), ("", "ui"), ("cli", "ui"), ("ui", "cli")])
def test_that_a_layer_knows_nothing_of_the_one_above(below, above):
    entrances = {"ddpm_studio.__main__", "ddpm_studio.cli.window"}  # that is what they are for
    if below:
        layer = {name for name in GRAPH if name.startswith(f"ddpm_studio.{below}.")}
    else:
        layer = {name for name in GRAPH if not name.startswith(("ddpm_studio.ui", "ddpm_studio.cli"))}
    assert len(layer) > 5
    wrong = {name: seen for name in layer - entrances if (seen := _within(above, GRAPH[name]))}
    assert wrong == {}


def test_that_a_panel_knows_no_other_panel_and_nothing_but_their_portrait_knows_panels():
    assert len(PANELS) >= 3
    portrait = {"ddpm_studio.ui.window.screenshots"}  # it sets them to work; the window opens them by name
    assert {name for name, seen in GRAPH.items() if seen & PANELS} <= portrait


PARTS = ("schedule", "noising", "training", "sampling", "theory", "plane", "learn")
KNOWN = {
    "widgets": set(),
    "typesetting": set(),
    "plots": {"widgets"},
    **{part: {"widgets", "typesetting", "plots"} for part in PARTS},
}
"""What each folder of the window's may know of the others, beside the files that are in none."""


@pytest.mark.parametrize("folder", KNOWN)
def test_that_a_folder_of_the_window_knows_only_what_lies_below_it(folder):
    files = {name: seen for name, seen in GRAPH.items() if name.startswith(f"ddpm_studio.ui.{folder}.")}
    known = {
        other.split(".")[2] for seen in files.values() for other in seen if other.count(".") == 3 and ".ui." in other
    }
    assert len(files) > 1
    assert known <= KNOWN[folder] | {folder}


def _within(layer, names):
    return {name for name in names if name.startswith(f"ddpm_studio.{layer}")}


def test_that_what_is_needed_before_the_first_paint_does_not_wait_for_torch():
    """One interpreter imports them all, the lower ones first; it names the one that brings torch."""
    code = "".join(f"import {module}\nassert 'torch' not in sys.modules, '{module}'\n" for module in WITHOUT_TORCH)
    assert set(WITHOUT_TORCH) <= loaded_after(code)


def test_that_help_waits_for_neither_torch_nor_qt():
    loaded = loaded_after("from ddpm_studio.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass")
    assert "ddpm_studio.cli" in loaded
    assert not {"torch", "PySide6", "pyqtgraph"} & loaded


STEP = """
import numpy, torch
from ddpm_studio.document import Document
from ddpm_studio.learner import Learner
from ddpm_studio.networks import Mlp
from ddpm_studio.source import Points
from ddpm_studio.training import Training
cpu, recipe = torch.device("cpu"), Document(network=Mlp(), training=Training(batch=2)).recipe
assert Learner(recipe, Points(numpy.eye(2, dtype="float32"), cpu), cpu).advance().step == 1
"""


def test_that_a_step_of_training_loads_torch_and_none_of_its_compilers():
    loaded = loaded_after(STEP)
    assert "torch" in loaded  # so that its absence above means something
    assert not {"sympy", "torch._dynamo", "torch.fx.experimental.symbolic_shapes"} & loaded  # each takes a second


def documented():
    """The units of the core in the order in which CONTRIBUTING.md has them: a module, or all that is not one of its."""
    page = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"^    the ground .*?^    window ", page, re.MULTILINE | re.DOTALL)[0]
    rows = re.findall(r"^    .{12}  (.+)$", block, re.MULTILINE)
    return [name for row in rows for name in row.rstrip(",").split(", ")]


def test_that_the_order_in_contributing_is_whole_and_true():
    order = documented()
    assert len(order) == len(set(order)) > 60

    def unit(module):
        name = module.removeprefix("ddpm_studio.")
        return name if name in order else name.partition(".")[0]

    core = {name: seen for name, seen in GRAPH.items() if not name.startswith("ddpm_studio.ui") and "." in name}
    entrances = {"ddpm_studio.__main__", "ddpm_studio.cli.window"}
    assert {unit(name) for name in core} - {"__main__"} == set(order)
    place = {name: index for index, name in enumerate(order)}
    upwards = {
        (name, other)
        for name in core.keys() - entrances
        for other in core[name]
        if place[unit(other)] > place[unit(name)]
    }
    assert upwards == set()
