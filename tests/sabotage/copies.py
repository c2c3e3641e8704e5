"""A copy of the tree in which one thing is otherwise; the tree itself is never touched."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sabotage.twin import Twin

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("locker", "drivers", "simulator", "tui", "tests", "bench", "docs", "pyproject.toml", "README.md")
PACKAGES = ("locker", "drivers", "simulator", "tui", "tests")
"""What must be imported from the copy and from nowhere else."""


class DoesNotApply(Exception):  # noqa: N818 - the name says what is the case
    """What a twin changes does not stand in the tree exactly once: bring the twin up to date."""


def sabotaged(twin: Twin, root: Path = ROOT) -> str:
    """Return a twin's file with the safeguard removed; DoesNotApply."""
    file = root / twin.file
    source = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = source.count(twin.before)
    if found != 1 or twin.before == twin.after:
        raise DoesNotApply(
            f"{twin.name}: {twin.file} has {found} places like {twin.before!r}, one is needed, and another"
            " text in its place; bring the twin up to date"
        )
    return source.replace(twin.before, twin.after)


@contextmanager
def copy_of(root: Path = ROOT) -> Iterator[Path]:
    """Give a copy of the tree for a block; its files are links, so that it costs a moment."""
    with tempfile.TemporaryDirectory(prefix="twin-") as directory:
        tree = Path(directory)
        for name in COPIED:
            if (root / name).is_dir():
                shutil.copytree(root / name, tree / name, copy_function=_link, ignore=_unfit)
            elif (root / name).exists():
                _link(str(root / name), str(tree / name))
        yield tree


def apply(twin: Twin, tree: Path) -> None:
    """Remove a twin's safeguard in a copy of the tree; DoesNotApply."""
    content = sabotaged(twin, tree)
    target = tree / twin.file
    for compiled in target.parent.glob(f"__pycache__/{target.stem}.*.pyc"):
        compiled.unlink()
    target.unlink()  # it is a link: writing to it would change the tree that was copied
    target.write_text(content, encoding="utf-8")


def environment(tree: Path, *, compiling: bool = False) -> dict[str, str]:
    """Return the environment of a process that imports the copy, and leaves it compiled if that is wanted."""
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "" if compiling else "1"}


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _unfit(_directory: str, names: list[str]) -> set[str]:
    """Leave out what a writer is about to rename."""
    return {name for name in names if ".pyc." in name}
