"""`pytest tests/vectors --vectors FILE` runs any file of the same shape."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vectors.host.families import HOST_FAMILIES
from tests.vectors.loading import DEFAULT_FILE, Vector, VectorsError, load_vectors

_VECTORS = pytest.StashKey[list[Vector]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--vectors",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help="golden frames to run through both halves of every supported family",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the file once; a mistake in it ends the run with one line."""
    # The whole suite loads this file too late to add the option: the default file then.
    path: Path = config.getoption("--vectors", default=DEFAULT_FILE)
    try:
        config.stash[_VECTORS] = load_vectors(path)
    except VectorsError as problem:
        raise pytest.UsageError(str(problem)) from problem


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test an entry of a supported family, one skip a family that is not supported."""
    wanted = [name for name in _WANTED if name in metafunc.fixturenames]
    if not wanted:
        return
    vectors = metafunc.config.stash[_VECTORS]
    for name in wanted:
        parameters: list[object] = [
            pytest.param(vector, id=vector.id)
            for vector in vectors
            if vector.protocol in HOST_FAMILIES and _WANTED[name](vector)
        ]
        if name == "golden_request":
            parameters += _skipped(vectors)
        metafunc.parametrize(name, parameters)


def _has_checksums(vector: Vector) -> bool:
    return HOST_FAMILIES[vector.protocol].has_checksum


_WANTED: dict[str, Callable[[Vector], bool]] = {
    "golden_request": lambda vector: vector.request is not None,
    "golden_reply": lambda vector: vector.reply is not None,
    "golden_checked": _has_checksums,
}


def _skipped(vectors: list[Vector]) -> list[object]:
    counts = Counter(vector.protocol for vector in vectors if vector.protocol not in HOST_FAMILIES)
    return [
        pytest.param(
            None,
            id=protocol,
            marks=pytest.mark.skip(reason=f"unsupported family {protocol}, {count} entries"),
        )
        for protocol, count in counts.items()
    ]
