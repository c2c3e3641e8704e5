"""`lockerctl commission` in plain text: 80 cells, stdout for data, clear words for what is refused."""

import asyncio
import signal
import sys
from argparse import Namespace
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path

import pytest

from locker.api.client import ApiClient
from locker.api.commission_schema import (
    Commission,
    DoorView,
    FoundView,
    MapView,
    MovedView,
    ProvedBoardView,
    SearchView,
    TrialView,
)
from locker.commands.commission import _search_lines, _status_lines, _trial_lines, door, walk
from locker.commands.printing import WIDTH
from locker.ctl import Command
from locker.errors import ExitCode, WrongUsage
from tests.unit.api.house import NOT_BEGUN, House
from tests.unit.ctl.test_ctl import run

LIMIT_S = 20

DOOR = DoorView(
    compartment="7",
    proving="in-use",
    output="A/7",
    contact="A/9",
    closed_means_shut=False,
    lock_tried=False,
    blocked="it was proved as board A, channel 7, and is configured as board B, channel 3; prove it again",
)
BOARD = ProvedBoardView(
    name="A",
    line="locks",
    family="xor-bcc",
    address=1,
    fingerprint="ab" * 32,
    facts={"channels": "24"},
    mismatch="it is not the board that was proved: firmware is B2 and was A1; bring the right board back",
)
USED = NOT_BEGUN.model_copy(
    update={
        "under_way": True,
        "user": "maija (1000)",
        "technician": "t-7",
        "map": MapView(
            hash="cd" * 32, written_at=datetime(2026, 3, 2, tzinfo=UTC), user="maija (1000)", technician=""
        ),
        "doors": (DOOR,),
        "boards": (BOARD,),
    }
)
SEARCH = SearchView(
    line="locks",
    asked=3,
    total=32,
    over=True,
    fault="the adapter was pulled out",
    found=(
        FoundView(
            family="modbus-relay",
            address=17,
            settings={"address": 17, "channels": 32, "inputs": 32, "word_order": "as-the-manual-says"},
            configured_as=None,
        ),
    ),
)
TRIAL = TrialView(
    compartment="7",
    number=1,
    output="A/7",
    stage="failed",
    moved=(MovedView(contact="A/9", compartment="9"), MovedView(contact="B/3", compartment=None)),
    named="9",
    fault="several contacts moved (A/9, B/3); shut every door and test it alone",
)


@pytest.mark.parametrize("progress", [NOT_BEGUN, USED])
def test_how_far_it_has_come_fits_a_terminal(progress: Commission) -> None:
    assert all(len(line) <= WIDTH for line in _status_lines(progress))


def test_what_differs_is_told_with_what_to_do() -> None:
    said = " ".join(_status_lines(USED))
    assert "firmware is B2 and was A1" in said
    assert "box 7 does not open" in said
    assert "not commissioned" in " ".join(_status_lines(NOT_BEGUN))


def test_a_search_and_a_trial_fit_a_terminal_and_name_what_was_seen() -> None:
    lines = [*_search_lines(SEARCH), *_trial_lines(TRIAL)]
    assert all(len(line) <= WIDTH for line in lines)
    said = " ".join(lines)
    assert "not configured" in said
    assert "configured to box 9" in said
    assert "several contacts moved" in said


@pytest.mark.parametrize(
    ("step", "options"),
    [
        (door, {"compartment": None, "none": False}),
        (door, {"compartment": "7", "none": True}),
        (walk, {"json": True}),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_asked_for(
    step: Command, options: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(WrongUsage):
        await step(ApiClient(tmp_path / "none.sock"), Namespace(**options))


def test_a_trial_says_which_door_it_proved_and_no_pulse_that_may_not_have_been() -> None:
    proved = TRIAL.model_copy(update={"stage": "proved", "moved": TRIAL.moved[:1], "fault": None})
    assert "proved: lock A/7 opens the door labelled 9" in " ".join(_trial_lines(proved))
    unread = TRIAL.model_copy(update={"moved": (), "fault": "board A could not be read"})
    assert list(_trial_lines(unread)) == ["box 7: tried lock A/7: failed", "  board A could not be read"]


@pytest.mark.parametrize("found", [0, 1, 2])
def test_boards_are_counted_as_people_count(found: int) -> None:
    search = SEARCH.model_copy(update={"found": SEARCH.found * found, "fault": None})
    assert next(iter(_search_lines(search))).endswith({0: "0 boards", 1: "1 board", 2: "2 boards"}[found])


@pytest.mark.parametrize("words", [(), ("begin",), ("begin", "--json")])
async def test_nobody_begins_without_an_id_of_his_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("LOCKER_TECHNICIAN", raising=False)
    house = House()
    async with house.serving(tmp_path / "lockerd.sock") as server:
        at = ("--socket", str(server.path), "commission")
        refused = await run(*at, *words)
        begun = await run(*at, "begin", LOCKER_TECHNICIAN="t-9")

    assert refused.code == ExitCode.CONFIGURATION
    assert "nobody says whose word this is" in refused.err
    assert begun.code == ExitCode.OK
    assert [asked[::2] for asked in house.desk.asked] == [("begin", "t-9")]


async def test_control_c_ends_the_walk_at_once_and_says_how_it_goes_on(tmp_path: Path) -> None:
    async with House().serving(tmp_path / "lockerd.sock") as server, asyncio.timeout(LIMIT_S):
        walking = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "locker.ctl", "--socket", str(server.path),
            "commission", "--technician", "t-7",
            stdin=PIPE, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        try:
            assert walking.stderr is not None
            asked = await walking.stderr.readuntil(b"[Y/n] ")
            walking.send_signal(signal.SIGINT)
            # The terminal of a person stays open: nobody will type another line.
            said = await walking.stderr.read()
            await walking.wait()
        finally:
            if walking.returncode is None:
                walking.kill()
            await walking.communicate()
    assert b"? [Y/n]" in asked or b". [Y/n]" in asked
    assert b"stopped: what was proved is kept" in said
    assert walking.returncode == ExitCode.FAILURE
