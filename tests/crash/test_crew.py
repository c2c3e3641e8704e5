"""Workers side by side: all of the work is done, none of it for ever, and whoever ends is told of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from tests.crash.crew import Crew, Deed, Lost, Told

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def workshop(_directory: Path) -> AsyncIterator[Deed[str, str]]:
    """Work that is done, that ends its process, that waits until it is told to hurry, and that never ends."""

    async def deed(work: str, hurry: Callable[[], bool]) -> Told[str]:
        if work == "dies":
            raise SystemExit(3)
        while work == "waits" and not hurry():  # noqa: ASYNC110 - the flag is another process's
            await asyncio.sleep(0.01)
        if work == "hangs":
            await asyncio.Event().wait()
        return Told(work.upper(), worn=work == "wears")

    yield deed


@pytest.fixture(scope="module", autouse=True)
def _tracker() -> None:
    """Start the process that multiprocessing keeps beside all others until this one ends."""
    resource_tracker.ensure_running()


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that are started here find this module, as those of a command do."""
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.usefixtures("importable")
def test_a_crew_does_all_of_it_and_tells_of_a_process_that_ended(tmp_path: Path) -> None:
    with Crew[str, str](2, workshop, tmp_path) as crew:
        done = dict(crew.do(["a", "wears", "dies", "b"], enough=lambda: False, grace_s=60.0))
    assert done == {"a": "A", "wears": "WEARS", "dies": Lost("its process ended"), "b": "B"}


@pytest.mark.usefixtures("importable")
def test_a_crew_that_is_told_to_hurry_begins_nothing_and_lets_its_work_end(tmp_path: Path) -> None:
    done: dict[str, str | Lost] = {}
    with Crew[str, str](2, workshop, tmp_path) as crew:
        for work, told in crew.do(["a", "waits", "b"], enough=lambda: bool(done), grace_s=200.0):
            done[work] = told  # noqa: PERF403 - what is done already is asked for meanwhile
    assert done in ({"a": "A", "waits": "WAITS"}, {"a": "A", "waits": "WAITS", "b": "B"})


@pytest.mark.usefixtures("importable")
def test_work_that_does_not_end_in_a_hurry_is_cut_short(tmp_path: Path) -> None:
    looks = iter([False])
    with Crew[str, str](1, workshop, tmp_path) as crew:
        done = list(crew.do(["hangs", "b"], enough=lambda: next(looks, True), grace_s=0.0))
    assert done == [("hangs", Lost("cut short", hung=False))]


@pytest.mark.usefixtures("importable")
def test_a_worker_whose_process_stands_still_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.crash.crew.SILENT_MOST_S", 1.0)  # less than a worker's beat
    with Crew[str, str](1, workshop, tmp_path) as crew:
        ((work, told),) = crew.do(["hangs"], enough=lambda: False, grace_s=60.0)
    assert work == "hangs"
    assert isinstance(told, Lost)
    assert told.hung
