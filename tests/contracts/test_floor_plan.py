"""What import contracts cannot tell: calls of clocks and dice, guests' manners, the state of the files."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("locker", "drivers", "simulator", "tui")
PURE = (
    "locker/domain/**/*.py",
    "drivers/*/codec.py",
    "simulator/world.py",
    "simulator/plan.py",
    "simulator/boards/*.py",
    "simulator/keypads/*.py",
    "simulator/displays/*.py",
    "simulator/scanners/*.py",
)
GUESTS = ("tui/**/*.py", "locker/ctl.py", "locker/commands/*.py")
GUESTS_SEE = {
    "locker.api.client",
    "locker.api.commission_schema",
    "locker.api.evidence",  # pure: checks a file where there is no daemon
    "locker.api.lines_schema",
    "locker.api.maintenance_schema",
    "locker.api.schema",
    "locker.api.wire_schema",
    "locker.errors",
}
LONGEST_FILE_LINES = 500

# Brackets around single letters keep this file from matching itself.
INDEX = re.compile(r"(?<!no-emit-)inde[x]-url|pypi[.]org|pythonh[o]sted|https?://[^\s\"'>]+/sim[p]le\b")
THIS_MACHINE = re.compile(r"(?<![\w.])/(?:wo[r]k|ro[o]t)/")


def files(*patterns: str) -> list[Path]:
    return sorted(file for pattern in patterns for file in ROOT.glob(pattern))


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def impure_calls(tree: ast.AST) -> Iterator[str]:
    """Give the calls by which code reaches for the time, for chance, or for the world."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}:
            yield f"{called}() in line {node.lineno}"
        if re.fullmatch(r"(datetime\.)?(datetime|date)\.(now|today|utcnow)", called):
            yield f"{called}() in line {node.lineno}"
        if called.startswith(("random.", "time.")):
            yield f"{called}() in line {node.lineno}"


@pytest.mark.parametrize("file", files(*PURE), ids=named)
def test_pure_code_asks_neither_clock_nor_dice(file: Path) -> None:
    assert list(impure_calls(ast.parse(file.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    ["datetime.now(UTC)", "date.today()", "random.random()", "time.monotonic()", "open('x')", "print(1)"],
)
def test_impure_calls_are_seen(code: str) -> None:
    assert list(impure_calls(ast.parse(code)))


@pytest.mark.parametrize("file", files(*GUESTS), ids=named)
def test_guests_see_only_the_client_and_the_schema(file: Path) -> None:
    own_package = "tui" if named(file).startswith("tui/") else "locker.commands"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
            seen = names if node.module in PACKAGES or node.module == "locker.api" else {str(node.module)}
        elif isinstance(node, ast.Import):
            seen = {alias.name for alias in node.names}
        else:
            continue
        of_the_house = {name for name in seen if name.split(".")[0] in PACKAGES and name != "locker.api"}
        assert {name for name in of_the_house if not f"{name}.".startswith(f"{own_package}.")} <= GUESTS_SEE


@pytest.mark.parametrize("package", [*PACKAGES, "tests", "bench"])
def test_packages_are_explicit_and_their_init_is_empty(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        assert (file.parent / "__init__.py").is_file() or "versions" in file.parts or "data" in file.parts
    for file in (ROOT / package).rglob("__init__.py"):
        assert file.stat().st_size == 0, named(file)


def test_no_file_is_too_long() -> None:
    long = [
        named(file)
        for file in files(*(f"{package}/**/*.py" for package in (*PACKAGES, "tests", "bench")))
        if len(file.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE_LINES
    ]
    assert long == []


def project_files() -> list[Path]:
    """Return every file of the project, also those not committed yet, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:  # an unpacked archive instead of a clone
        return files(*(f"{place}/**/*" for place in (*PACKAGES, "tests", "bench", "docs")), "*.*", "Makefile")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_names_an_index_or_this_machine() -> None:
    found = []
    for file in project_files():
        if not file.is_file():
            continue
        text = file.read_bytes().decode("utf-8", errors="replace")
        for pattern in (INDEX, THIS_MACHINE):
            found += [f"{named(file)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "text", ["--index~url x", "https://mirror.example/pypi~simple/", "cd ~work/main", "~root/.cache"]
)
def test_such_names_are_seen(text: str) -> None:
    written = text.replace("index~", "index-").replace("~", "/")
    assert INDEX.search(written) or THIS_MACHINE.search(written)
