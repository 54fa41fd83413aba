"""What is said about the project in more than one place agrees: README, CI, package metadata, the files that ship."""

import ast
import re
import shlex
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from ddpm_studio import __version__
from ddpm_studio.cli import commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_SHIPPED = {"screenshots"}

OF_COMMANDS = [getattr(sys.modules[add.__module__], "EXAMPLES", "") for add in commands.COMMANDS.values()]
COMMANDS = [
    line.partition("#")[0].strip()
    for text in (README, commands.EXAMPLES, *OF_COMMANDS)
    for line in text.splitlines()
    if re.match(r"\s*ddpm-studio \w", line)
]


def shell_blocks():
    return re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_ci_runs_the_readme_s_test_command():
    pattern = re.search(r"grep .*--extended-regexp '(.*)' README.md", CI)[1]
    found = [line for line in README.splitlines() if re.search(pattern, line)]
    assert len(found) == 1
    assert found[0] + "\n" in shell_blocks()


def test_the_readme_s_first_command_opens_the_window():
    opening = shell_blocks()[0].strip().split(" && ")
    testing = next(block for block in shell_blocks() if "pytest" in block).strip().split(" && ")
    assert opening[0] == testing[0]
    assert opening[-1].removeprefix(".venv/bin/") in PROJECT["project"]["scripts"]
    assert "'.[test]'" in testing[1]


def test_what_ci_installs_for_qt_is_in_the_readme():
    packages = set(re.search(r"--no-install-recommends \\\n(.*) >/dev/null", CI)[1].split())
    assert "libegl1" in packages
    known = next(block for block in shell_blocks() if "apt-get install" in block)
    assert packages <= set(known.replace("libxkbcommon-x11-0", "libxkbcommon-x11-0 libxkbcommon0").split())


def test_ci_leaves_none_of_its_files_behind():
    assert "trap 'rm -rf \"$work\"' EXIT" in CI
    assert CI.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail\n" in CI
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("folder", sorted(path.name for path in (ROOT / "assets").iterdir() if path.is_dir()))
def test_every_folder_of_assets_ships_or_is_known_not_to(folder):
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    if folder in NOT_SHIPPED:
        assert f"assets/{folder}" not in shipped
    else:
        assert shipped[f"assets/{folder}"] == f"ddpm_studio/assets/{folder}"


def test_everything_that_shall_ship_is_there():
    for source in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]:
        assert (ROOT / source).exists()


def test_every_entry_point_is_a_function():
    project = PROJECT["project"]
    for target in (project["scripts"] | project["gui-scripts"]).values():
        module, _, name = target.partition(":")
        assert callable(getattr(import_module(module), name))


def test_what_is_imported_is_declared():
    standard = sys.stdlib_module_names | {"ddpm_studio"}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "ddpm_studio").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    packages = {"PIL": "pillow", "PySide6": "PySide6-Essentials", "shiboken6": "PySide6-Essentials"}
    imported = {packages.get(top, top) for name in found if (top := name.partition(".")[0]) not in standard}
    assert imported == {re.match(r"[\w-]+", declared)[0] for declared in PROJECT["project"]["dependencies"]}


def test_the_chapters_lie_in_the_package_and_are_named_in_its_ci():
    data = {path for path in (ROOT / "ddpm_studio").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert data == {ROOT / "ddpm_studio" / "lessons" / "chapters.txt"}
    assert "all_chapters" in CI  # asked for from the wheel, in a folder elsewhere


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_is_a_command_that_exists(command):
    args, unread = commands.make_parser().parse_known_args(shlex.split(re.split(r"\s{3,}", command)[0])[1:])
    assert unread == []
    assert args.command in commands.COMMANDS


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "assets/README.md"])
def test_no_link_leads_nowhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_changelog_knows_this_version():
    assert f"## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
