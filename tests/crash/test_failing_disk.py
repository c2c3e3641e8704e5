"""F3: a bounded part of `python -m tests.crash.failing_disk`, and what it must catch."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest

from locker.db import session
from locker.db.errors import DatabaseError
from locker.db.session import Database
from locker.domain.automat import Change
from locker.domain.decide import decide
from locker.domain.journal import SealedEntry
from locker.engine import Engine
from tests.crash import failing_files, vfs
from tests.crash.days import SCRATCH
from tests.crash.disk_scenes import MODES, Decided, Work, scenes
from tests.crash.failing_disk import trials

pytestmark = pytest.mark.skipif(vfs.why_not() is not None, reason=f"NOT RUN: {vfs.why_not()}")

PULSE, RECEIPT, FORGETTING = "lock.pulse-intended", "parcel.handed-over", "woke-no-entry"


@pytest.fixture(scope="module")
def stage() -> Iterator[Path]:
    """A directory in memory."""
    with TemporaryDirectory(dir=SCRATCH, prefix="failing-") as made:
        yield Path(made)


@pytest.fixture(scope="module")
def every(stage: Path) -> Sequence[Decided | Work]:
    """Every scene."""
    return scenes(stage)


def problems(scene: Decided | Work, mode: str, stage: Path, *, part: int) -> list[str]:
    """Let every `part`-th operation fail; return what was wrong."""
    found = trials(scene, mode, stage, every=False, part=part, only=None)
    return [f"{scene.name}/{mode}/{number}: {what}" for number, whats in found for what in whats]


def named(every: Sequence[Decided | Work], name: str) -> Decided | Work:
    return next(scene for scene in every if scene.name.endswith(name))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [PULSE, RECEIPT, FORGETTING, "checkpoint", "old-log"])
def test_a_decision_is_whole_or_an_error_came_and_nothing_was_started(
    every: Sequence[Decided | Work], stage: Path, name: str, mode: str
) -> None:
    part = 7 if name in (PULSE, RECEIPT, FORGETTING) else 1
    assert problems(named(every, name), mode, stage, part=part) == []


@pytest.mark.parametrize("name", ["open", "open-reading", "close", "backup"])
def test_work_on_the_file_is_done_told_of_or_left_alone(
    every: Sequence[Decided | Work], stage: Path, name: str
) -> None:
    scene = named(every, name)
    for mode in scene.modes:
        assert problems(scene, mode, stage, part=13) == []


@pytest.mark.parametrize("task", failing_files.TASKS, ids=lambda task: task.name)
def test_a_file_beside_the_database_is_the_old_one_or_the_new_one(task: failing_files.Task) -> None:
    found = failing_files.each_call(task, "eio", failing_files.ERRORS["eio"], for_ever=False)
    assert [(seed, whats) for seed, whats in found if whats] == []


# -- what it must catch


def test_a_commit_that_keeps_its_failure_to_itself_is_caught(
    every: Sequence[Decided | Work], stage: Path
) -> None:
    real = Database.commit

    def commit(self: Database, changes: Sequence[Change], entries: Sequence[SealedEntry]) -> None:
        with suppress(DatabaseError):
            real(self, changes, entries)

    with patch.object(Database, "commit", commit):
        assert problems(named(every, PULSE), "eio-for-ever", stage, part=4)


def test_an_intent_that_starts_before_its_commit_is_caught(
    every: Sequence[Decided | Work], stage: Path
) -> None:
    real = Engine.take

    async def take(self: Engine, event: object) -> object:
        for intent in decide(self.automat, event, self._clock.now()).intents:  # type: ignore[arg-type]  # any event
            self._start(intent)
        return await real(self, event)  # type: ignore[arg-type]  # any event

    with patch.object(Engine, "take", take):
        assert any(
            "intents were started" in what
            for what in problems(named(every, PULSE), "eio-once", stage, part=4)
        )


def test_a_log_copied_over_by_sqlite_itself_is_caught(every: Sequence[Decided | Work], stage: Path) -> None:
    pragmas = tuple(each for each in session.PRAGMAS if "autocheckpoint" not in each)
    with patch.object(session, "PRAGMAS", pragmas):
        assert any(
            "in silence" in what for what in problems(named(every, "checkpoint"), "eio-once", stage, part=1)
        )
