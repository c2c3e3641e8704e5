"""lockerctl on one compartment: doors followed until they are shut, words said, a round of all locks."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from locker.api.server import ApiServer
from locker.domain.events import Door, LockTimed
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.errors import ExitCode
from tests.unit.api.house import TRACKING_ID, House
from tests.unit.ctl.test_ctl import LIMIT_S, run

WHO = ("--technician", "t-7")
REASON = ("--reason", "the door squeaks")


@pytest.fixture
def house() -> House:
    """An automat that is at rest."""
    return House()


@pytest.fixture
async def server(house: House, tmp_path: Path) -> AsyncIterator[ApiServer]:
    """It serves."""
    async with house.serving(tmp_path / "lockerd.sock") as server:
        yield server


@pytest.fixture
def at(server: ApiServer) -> tuple[str, str]:
    """Arguments that name its socket."""
    return ("--socket", str(server.path))


class Running:
    """A command that runs, read line by line."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line on stdout."""
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().rstrip()

    async def line_with(self, text: str) -> None:
        """Read on to a line that begins like this."""
        while not (line := await self.line()).startswith(text):
            assert line, f"never said: {text}"

    async def asked(self) -> str:
        """What is said on stderr up to a question."""
        assert self.process.stderr is not None
        return (await self.process.stderr.readuntil(b": ")).decode()

    async def until_said(self, end: bytes) -> None:
        """Wait for words on stderr."""
        assert self.process.stderr is not None
        await self.process.stderr.readuntil(end)

    def answer(self, text: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())

    async def end(self) -> tuple[int, str]:
        """The exit code, and what else was said on stderr."""
        _, said = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Running]:
    """Run a command at a terminal, as far as stdin goes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locker.ctl", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_door_is_followed_until_it_is_shut_and_the_word_is_asked_for(
    house: House, at: tuple[str, str]
) -> None:
    async with running("open", "5", *REASON, *WHO, *at) as opening:
        assert await opening.line() == "box 5: pulsed; waiting for its door"
        house.opens()
        assert await opening.line() == "box 5: open"
        house.door("5", Door.SHUT)
        assert await opening.line() == "box 5: shut"
        code, said = await opening.end()
    assert code == ExitCode.OK
    assert "lockerctl found 5 empty|parcel|dirty|damaged" in said
    data = house.last(EntryKind.OPENED_BY_PERSON).data
    assert (data["technician"], data["reason"]) == ("t-7", "the door squeaks")


async def test_a_door_that_does_not_open_ends_with_failure_and_names_the_incident(
    house: House, at: tuple[str, str]
) -> None:
    async with running("open", "5", *REASON, *WHO, *at) as opening:
        await opening.line()
        for _ in range(3):
            house.pulse_sent()
            house.wait(5.1)
        assert (
            await opening.line() == "    incident 1 raised: door-did-not-open, 3 pulses intended, 3 sent, for"
        )
        assert await opening.line() == "    technician t-7"
        assert await opening.line() == "box 5: did not open"
        assert (await opening.end())[0] == ExitCode.FAILURE


async def test_a_door_left_open_is_followed_until_it_is_shut_and_takes_no_word(
    house: House, at: tuple[str, str]
) -> None:
    async with running("open", "5", *REASON, *WHO, *at) as opening:
        await opening.line()
        house.opens()
        await opening.line()
        house.wait(61)
        house.door("5", Door.SHUT)
        await opening.line_with("box 5: left open: the alarm is raised; shut it")
        await opening.line_with("box 5: not under way any more; open it once more to look")
        assert (await opening.end())[0] == ExitCode.FAILURE


async def test_a_test_tells_the_locks_time(house: House, at: tuple[str, str]) -> None:
    async with running("test", "5", *WHO, *at) as testing:
        await testing.line()
        house.opens()
        house.do(LockTimed("5", 0.123))
        house.door("5", Door.SHUT)
        assert [await testing.line() for _ in range(3)] == [
            "box 5: open",
            "    lock: opened after 123 ms, pulses: 1",
            "box 5: shut",
        ]
        assert (await testing.end())[0] == ExitCode.OK


async def test_json_gives_one_item_of_the_stream_a_line(house: House, at: tuple[str, str]) -> None:
    async with running("test", "5", *WHO, "--json", *at) as testing:
        first = json.loads(await testing.line())
        assert (first["kind"], first["compartment"]["opening"]) == ("compartment", "waiting")
        house.opens_and_shuts()
        kinds = []
        while line := await testing.line():
            kinds.append(json.loads(line)["kind"])
        assert {"entry", "compartment"} == set(kinds)
        assert (await testing.end())[0] == ExitCode.OK


async def test_who_does_not_wait_gets_the_answer_at_once(house: House, at: tuple[str, str]) -> None:
    done = await run("open", "5", *REASON, *WHO, "--no-wait", "--json", *at)
    assert json.loads(done.out)["compartment"]["opening"] == "waiting"
    assert (await run("open", "6", *REASON, *WHO, "--no-wait", *at)).code == ExitCode.FAILURE
    assert house.unlocks[-1].compartment == "5"


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        ("empty", "box 5: sound, free"),
        ("dirty", "box 5: suspect, not offered"),
        ("damaged", "box 5: faulty, not offered"),
    ],
)
async def test_a_word_settles_a_box_that_was_looked_into(
    house: House, at: tuple[str, str], verdict: str, line: str
) -> None:
    assert (await run("found", "5", verdict, *WHO, *at)).code == ExitCode.FAILURE
    await run("open", "5", *REASON, *WHO, "--no-wait", *at)
    house.opens_and_shuts()
    done = await run("found", "5", verdict, *WHO, *at)
    assert (done.code, done.lines()[0]) == (ExitCode.OK, line)


async def test_a_parcel_is_named_by_its_tracking_id(house: House, at: tuple[str, str]) -> None:
    house.announce(TRACKING_ID)
    await run("open", "5", *REASON, *WHO, "--no-wait", *at)
    house.opens_and_shuts()
    refused = await run("found", "5", "parcel", "--tracking", "X1", *WHO, *at)
    assert refused.code == ExitCode.CONFIGURATION
    assert "read it from the label again" in refused.err
    done = await run("found", "5", "parcel", "--tracking", TRACKING_ID, *WHO, "--json", *at)
    assert json.loads(done.out)["compartment"]["tracking_id"] == TRACKING_ID


async def test_a_box_is_blocked_with_a_reason_and_unblocked(house: House, at: tuple[str, str]) -> None:
    done = await run("block", "5", "--reason", "wet paint", *WHO, *at)
    assert done.lines() == ["box 5: sound, not offered", "    blocked: wet paint"]
    refused = await run("block", "5", "--reason", "again", *WHO, *at)
    assert refused.code == ExitCode.FAILURE
    assert "unblock it first" in refused.err
    assert (await run("unblock", "5", *WHO, *at)).lines() == ["box 5: sound, free"]
    assert house.last(EntryKind.COMPARTMENT_UNBLOCKED).data["technician"] == "t-7"


@pytest.mark.parametrize(
    "arguments",
    [
        ("test", *WHO),
        ("test", "5", "--all", *WHO),
        ("test", "5", "--from", "2", *WHO),
        ("test", "--all", "--no-wait", *WHO),
        ("test", "--all", "--from", "99", *WHO),
        ("open", "5", "--reason", "  ", *WHO),
        ("open", "5", *REASON, "--technician", "no spaces"),
        ("open", "5", *REASON),
        ("open", "99", *REASON, *WHO),
    ],
)
async def test_what_cannot_be_meant_opens_nothing(
    house: House, at: tuple[str, str], arguments: tuple[str, ...]
) -> None:
    done = await run(*arguments, *at, LOCKER_TECHNICIAN="")
    assert done.code == ExitCode.CONFIGURATION
    assert done.err
    assert not house.unlocks


# -- all locks one by one


async def test_a_round_goes_in_walking_order_and_asks_after_each_door(
    house: House, at: tuple[str, str]
) -> None:
    async with running("test", "--all", "--from", "4", *WHO, *at) as testing:
        for label, answer in (("4", "e"), ("5", "b"), ("6", "s")):
            await testing.line_with(f"box {label}: pulsed")
            assert house.opens_and_shuts() == label
            assert f"What lies inside {label}?" in await testing.asked()
            testing.answer(answer)
        code, _ = await testing.end()
    assert code == ExitCode.FAILURE, "one box was left unjudged"
    assert house.box("4").free
    assert house.automat.open_incident(IncidentKind.COMPARTMENT_DAMAGED, "5") is not None


async def test_a_refused_word_is_asked_for_again(house: House, at: tuple[str, str]) -> None:
    async with running("test", "--all", "--from", "6", *WHO, *at) as testing:
        await testing.line()
        house.opens_and_shuts()
        await testing.asked()
        testing.answer("p")
        assert "Which tracking id?" in await testing.asked()
        testing.answer("X1")
        assert "What lies inside 6?" in await testing.asked() + await testing.asked()
        testing.answer("e")
        assert (await testing.end())[0] == ExitCode.OK
    assert house.box("6").free


async def test_control_c_ends_the_round_after_the_present_door(house: House, at: tuple[str, str]) -> None:
    async with running("test", "--all", *WHO, *at) as testing:
        await testing.line()
        house.opens()
        testing.process.send_signal(signal.SIGINT)
        await testing.until_said(b"leaves it as it is\n")
        house.door("1", Door.SHUT)
        await testing.asked()
        testing.answer("e")
        code, said = await testing.end()
    assert code == ExitCode.FAILURE
    assert "stopped at 1" in said
    assert house.box("1").free
    assert len(house.unlocks) == 1


async def test_control_c_at_the_question_leaves_the_box_in_doubt(house: House, at: tuple[str, str]) -> None:
    async with running("test", "--all", *WHO, *at) as testing:
        await testing.line()
        house.opens_and_shuts()
        await testing.asked()
        testing.process.send_signal(signal.SIGINT)
        assert (await testing.end())[0] == ExitCode.FAILURE
    assert not house.box("1").free
    assert len(house.unlocks) == 1


@pytest.mark.parametrize("options", [("--json",), ()])
async def test_a_round_with_nobody_to_ask_stops_at_the_first_word(
    house: House, at: tuple[str, str], options: tuple[str, ...]
) -> None:
    async with running("test", "--all", *options, *WHO, *at) as testing:
        assert testing.process.stdin is not None
        testing.process.stdin.close()
        await testing.line()
        house.opens_and_shuts()
        code, said = await testing.end()
    assert code == ExitCode.CONFIGURATION
    assert "lockerctl found 1" in said
    assert len(house.unlocks) == 1
