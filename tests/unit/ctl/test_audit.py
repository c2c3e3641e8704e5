"""lockerctl audit: single steps, and the walk from door to door, interrupted and gone on with."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.api.maintenance_schema import AuditStop
from locker.api.server import ApiServer
from locker.commands.audit import found_in
from locker.domain.automat import Decision
from locker.domain.events import Event, MaintenanceAsked
from locker.domain.journal import EntryKind
from locker.domain.maintenance import OpenDoor
from locker.errors import ExitCode
from tests.unit.api.house import House
from tests.unit.ctl.test_ctl import LIMIT_S, Outcome, run

SECOND = "JJFI65432110000070774"
OTHER = "JJFI65432110000070781"


class Walked(House):
    """An automat whose every door is shut again by whoever had it opened; `stuck` ones never move."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck: set[str] = set()

    async def ask(self, event: Event) -> Decision:
        decision = self.do(event)
        match event:
            case MaintenanceAsked(action=OpenDoor(compartment=label)) if decision.refused is None:
                if label in self.stuck:
                    self.pulse_sent()
                    self.wait(300)
                else:
                    self.opens_and_shuts()
        return decision


@pytest.fixture
def house() -> Walked:
    """A parcel lies in one compartment."""
    house = Walked()
    house.use()
    assert house.parcel(SECOND).compartment == "1"
    return house


@pytest.fixture
async def server(house: Walked, tmp_path: Path) -> AsyncIterator[ApiServer]:
    """It serves."""
    async with house.serving(tmp_path / "lockerd.sock") as server:
        yield server


@pytest.fixture
def at(server: ApiServer) -> tuple[str, ...]:
    """Arguments that name its socket, and who asks."""
    return ("audit", "--socket", str(server.path), "--technician", "t-7")


async def walk(at: tuple[str, ...], *answers: str) -> Outcome:
    """Walk, and give these answers; then nobody answers any more."""
    async with asyncio.timeout(LIMIT_S):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "locker.ctl", *at, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**os.environ}
        )
        out, err = await process.communicate("".join(f"{answer}\n" for answer in answers).encode())
        return Outcome(process.returncode or 0, out.decode(), err.decode())


async def test_a_walk_opens_each_door_asks_and_ends_with_a_report(house: Walked, at: tuple[str, ...]) -> None:
    house.announce(OTHER)

    outcome = await walk(at, "2", "1", "3", "4", f"2 {OTHER}", "2", "", "y")

    assert outcome.code == ExitCode.OK, outcome.err
    assert [pulse.compartment for pulse in house.unlocks[-6:]] == ["1", "2", "3", "4", "5", "6"]
    assert f"1: parcel {SECOND} should lie here" in outcome.err
    report = house.last(EntryKind.AUDIT_ENDED).data
    assert report["outcome"] == "complete"
    assert report["verdicts"] == {"damaged": 1, "dirty": 1, "empty": 1, "parcel": 3}
    assert report["differences"] == [
        {"compartment": "3", "verdict": "dirty"},
        {"compartment": "4", "verdict": "damaged"},
        {"compartment": "5", "verdict": "parcel", "found": OTHER},
        {"compartment": "6", "verdict": "parcel"},
    ]
    assert report["digest"] in outcome.out.replace("\n", "").replace(" ", "")
    assert all(len(line) <= 80 for line in outcome.out.splitlines())


async def test_an_interrupted_walk_goes_on_where_it_was(house: Walked, at: tuple[str, ...]) -> None:
    stopped = await walk(at, "2", "1", "q")
    assert stopped.code == ExitCode.FAILURE
    assert "`lockerctl audit` goes on" in stopped.err
    nobody = await walk(at, "1")
    assert nobody.code == ExitCode.FAILURE

    outcome = await walk(at, "1", "s", "a van stands before it", "s", "the same van", "y")

    assert outcome.code == ExitCode.OK, outcome.err
    report = house.last(EntryKind.AUDIT_ENDED).data
    assert report["verdicts"] == {"empty": 3, "parcel": 1, "skipped": 2}
    assert report["skipped"][0] == {"compartment": "5", "reason": "a van stands before it"}
    assert house.count(EntryKind.AUDIT_BEGUN) == 1


async def test_a_door_that_does_not_open_can_be_skipped_and_a_wrong_answer_is_asked_again(
    house: Walked, at: tuple[str, ...]
) -> None:
    house.stuck = {"2"}

    outcome = await walk(at, "9", "x", "2", "1", "s", "stuck", "q")

    assert "nobody could look inside" in outcome.err
    assert house.automat.findings["2"].verdict == "skipped"
    assert house.automat.findings["1"].verdict == "parcel"


async def test_what_the_daemon_refuses_is_said_and_asked_again(house: Walked, at: tuple[str, ...]) -> None:
    outcome = await walk(at, f"2 {SECOND[:-1]}1", "2", "q")

    assert "lockerctl: " in outcome.err
    assert house.automat.findings["1"].verdict == "parcel"


async def test_an_audit_not_ended_stays_under_way(house: Walked, at: tuple[str, ...]) -> None:
    assert (await run(*at, "begin")).code == ExitCode.OK
    for label in house.automat.layout.labels:
        assert (await run(*at, "skip", label, "--reason", "x")).code == ExitCode.OK

    assert (await walk(at, "n")).code == ExitCode.FAILURE
    assert house.automat.audit is not None
    assert (await walk(at, "y")).code == ExitCode.OK
    assert house.automat.audit is None


async def test_single_steps_with_json(house: Walked, at: tuple[str, ...]) -> None:
    assert (await run(*at, "status", "--json")).document()["under_way"] is False
    assert (await run(*at, "end", "--json")).code == ExitCode.FAILURE
    begun = (await run(*at, "begin", "--json")).document()
    assert (begun["number"], begun["technician"], begun["total"], begun["next"]) == (1, "t-7", 6, "1")
    skipped = (await run(*at, "skip", "1", "--reason", "no time", "--json")).document()
    assert (skipped["done"], skipped["next"], skipped["stops"][0]["reason"]) == (1, "2", "no time")
    missing = await run(*at, "end")
    assert missing.code == ExitCode.FAILURE
    assert "partial" in missing.err
    ended = (await run(*at, "end", "--partial", "--json")).document()
    assert (ended["kind"], ended["data"]["missing"]) == ("audit.ended", list("23456"))


async def test_mistakes_are_said_before_anything_is_asked(
    house: Walked, server: ApiServer, at: tuple[str, ...]
) -> None:
    nobody = await run("audit", "begin", "--socket", str(server.path), LOCKER_TECHNICIAN="")
    assert nobody.code == ExitCode.CONFIGURATION
    assert "--technician" in nobody.err
    walking = await run(*at, "--json")
    assert walking.code == ExitCode.CONFIGURATION
    unknown = await run(*at, "begin")
    assert unknown.code == ExitCode.OK
    assert (await run(*at, "skip", "99", "--reason", "x")).code == ExitCode.CONFIGURATION
    assert (await run(*at, "skip", "1", "--reason", " ")).code == ExitCode.CONFIGURATION
    assert not house.automat.findings


@pytest.mark.parametrize(
    ("verdict", "named", "told"),
    [
        (None, None, "not looked"),
        ("skipped", None, "skipped"),
        ("empty", None, "nothing"),
        ("parcel", None, "unnamed"),
        ("parcel", OTHER, OTHER),
        ("dirty", None, "not asked"),
    ],
)
def test_what_was_found_is_told_in_a_word(verdict: str | None, named: str | None, told: str) -> None:
    stop = AuditStop(
        compartment="1",
        verdict=verdict,
        tracking_id=named,
        expected=None,
        differs=False,
        reason=None,
        at=None,
        technician=None,
    )

    assert found_in(stop) == told
