"""What the repository promises as a whole: its packages, pins, scripts and manners."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim.cameras.served
import teleop

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
PACKAGES = [name for name in WHEEL if not name.endswith(".py")]
NOT_PACKAGES = {"benchmarks", "configs", "datasets", "docs", "scripts", "shared", "tests"}
SCRIPTS = [
    *("scripts/install", "scripts/check", "scripts/test", ".ci/run"),
    "scripts/check_lerobot_export",
]
FIRST_LINES = [
    "scripts/install && .venv/bin/python collect.py --task battery",
    "scripts/install --dev && scripts/test",
]


def product_sources() -> list[Path]:
    """Every Python file of the product."""
    files = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
    return files + [ROOT / name for name in WHEEL if name.endswith(".py")]


def product_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the product as (``file:line``, call)."""
    for path in product_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def product_imports() -> Iterator[tuple[str, str]]:
    """Every absolute import in the product as (``file:line``, top-level module)."""
    for path in product_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", name.split(".")[0]


def called(call: ast.Call) -> str:
    """What is called, as written: ``np.load``, ``socket.socket``."""
    return ast.unparse(call.func)


def keyword(call: ast.Call, name: str) -> str:
    """The value of a keyword argument as written; empty when it is not given."""
    return next((ast.unparse(k.value) for k in call.keywords if k.arg == name), "")


def distribution(requirement: str) -> str:
    """The normalised name in a requirement."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def test_teleop_is_ours_and_not_the_package_of_that_name(tmp_path: Path) -> None:
    ours = ROOT / "teleop" / "__init__.py"
    assert Path(teleop.__file__).resolve() == ours
    elsewhere = subprocess.run(
        [sys.executable, "-c", "import teleop; print(teleop.__file__)"],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert elsewhere.returncode != 0 or Path(elsewhere.stdout.strip()).resolve() == ours


def test_every_folder_with_an_init_file_is_in_the_wheel() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(PACKAGES)
    assert not folders & NOT_PACKAGES
    assert set(PACKAGES) <= set(PYPROJECT["tool"]["mypy"]["packages"])
    assert set(PACKAGES) <= set(PYPROJECT["tool"]["importlinter"]["root_packages"])


def test_init_files_hold_a_docstring_only() -> None:
    for path in (path for name in PACKAGES for path in (ROOT / name).rglob("__init__.py")):
        module = ast.parse(path.read_text())
        assert ast.get_docstring(module), path
        assert len(module.body) == 1, path


def test_datasets_holds_no_python() -> None:
    assert (ROOT / "datasets").is_dir()
    assert not list((ROOT / "datasets").rglob("*.py"))


def test_every_requirement_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {distribution(line) for line in lines if re.fullmatch(r"[\w.-]+==[\w.]+", line)}
    project = PYPROJECT["project"]
    wanted = [*PYPROJECT["build-system"]["requires"], *project["dependencies"]]
    for extra in ("sim", "train", "dev"):
        wanted += project["optional-dependencies"][extra]
    assert {distribution(line) for line in wanted} <= pins


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_run_and_parse(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert (ROOT / script).read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_install_refuses_an_unknown_argument() -> None:
    result = subprocess.run(
        [ROOT / "scripts/install", "--devel"], capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "--devel" in result.stderr


def test_readme_starts_with_the_two_lines() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^```(?:bash|sh)?\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    lines = "".join(commands).splitlines()
    assert lines[:2] == FIRST_LINES


REFUSES_ALL_BUT_NUMBERS = "act/checkpoints/reference_stats.py"
"""Reads the statistics of original ACT, and calls nothing that they name: tests/act/test_reference.
"""


def test_nothing_of_ours_unpickles() -> None:
    """Episode files and checkpoints come from strangers; a pickle in one runs their code."""
    unsafe = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
    found = {where.split(":")[0] for where, module in product_imports() if module in unsafe}
    assert found <= {REFUSES_ALL_BUT_NUMBERS}
    for where, call in product_calls():
        assert keyword(call, "allow_pickle") in ("", "False"), where
        if called(call) == "torch.load":
            assert keyword(call, "weights_only") == "True", where


EMULATED_WEBCAMS = "sim/cameras/served.py"
"""The one place with an internet socket: whoever wants to try a webcam's URL starts it by hand."""


def test_nothing_of_ours_listens_on_a_network() -> None:
    """Sockets are Unix sockets in a private folder; emulated webcams are on this computer only."""
    servers = {"socketserver", "http", "websockets", "xmlrpc", "multiprocessing"}
    assert not [where for where, module in product_imports() if module in servers]
    opening = {"create_server", "start_server", "create_connection", "open_connection"}
    for where, call in product_calls():
        if called(call) in ("socket.socket", "socket.socketpair", "socket.fromfd"):
            inherited = keyword(call, "fileno")  # its family was chosen where it was made
            unix = any(ast.unparse(argument) == "socket.AF_UNIX" for argument in call.args)
            assert inherited or unix or where.startswith(EMULATED_WEBCAMS), where
        if called(call).endswith(".bind") and where.startswith(EMULATED_WEBCAMS):
            assert ast.unparse(call.args[0]) == "(LOOPBACK, port)", where
        assert called(call).split(".")[-1] not in opening, (
            where
        )  # of socket, and of asyncio's loops


def test_emulated_webcams_listen_on_this_computer_only() -> None:
    assert sim.cameras.served.LOOPBACK == "127.0.0.1"


def test_nothing_imports_collect() -> None:
    assert not [where for where, module in product_imports() if module == "collect"]


@pytest.mark.parametrize(
    ("arguments", "status"), [([], 0), (["-m", "hardware"], 1), (["-m", "not hardware"], 5)]
)
def test_equipment_asked_for_by_name_must_be_there(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    hardware: a rig\n")
    (tmp_path / "test_rig.py").write_text(
        "import pytest\n\n@pytest.mark.hardware\ndef test_rig():\n    pytest.skip('no rig')\n"
    )
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == status, result.stdout
