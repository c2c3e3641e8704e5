"""lockerctl on incidents and keypads: a technician's word, trials followed, and refusals."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from locker.api.server import ApiServer
from locker.domain.events import ForkReported, LabelScanned, PartLost
from locker.domain.journal import EntryKind
from locker.domain.keypad import BeingTried
from locker.errors import ExitCode
from tests.unit.api.house import House
from tests.unit.ctl.test_ctl import LIMIT_S, Outcome, next_line, run, start
from tests.unit.domain.stand import guarded

WHO = ("--technician", "t-1")


@pytest.fixture
def house() -> House:
    """An automat that has lost a line."""
    house = House()
    house.do(PartLost("line locks", "unplugged"))
    return house


@pytest.fixture
async def server(house: House, tmp_path: Path) -> AsyncIterator[ApiServer]:
    """It serves."""
    async with house.serving(tmp_path / "lockerd.sock") as server:
        yield server


@pytest.fixture
def at(server: ApiServer) -> tuple[str, str]:
    """Arguments that name its socket."""
    return ("--socket", str(server.path))


@asynccontextmanager
async def following(*arguments: str) -> AsyncIterator[Process]:
    """Run a command that ends by itself."""
    process = await start(*arguments)
    try:
        async with asyncio.timeout(LIMIT_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_an_open_incident_says_what_to_do_and_who_looks_after_it(at: tuple[str, str]) -> None:
    done = await run("acknowledge", "1", *WHO, *at)
    assert (done.code, done.lines()[0]) == (ExitCode.OK, "incident 1 open: part-lost, line locks")
    told = (await run("incidents", *at)).lines()
    assert told[2].strip() == "unplugged"
    assert told[3].strip().startswith("looked after by t-1 since 2026-")
    assert told[4].strip() == "to do: check plug, power and cable; it clears when the part answers"


async def test_the_technicians_id_may_come_from_the_environment(house: House, at: tuple[str, str]) -> None:
    assert (await run("acknowledge", "1", *at, LOCKER_TECHNICIAN="t-9")).code == ExitCode.OK
    assert house.last(EntryKind.INCIDENT_ACKNOWLEDGED).data["technician"] == "t-9"


@pytest.mark.parametrize(
    "command",
    [
        ("acknowledge", "1"),
        ("clear", "1", "--reason", "done"),
        ("release", "front"),
        ("device", "front", "keys"),
        ("device", "front", "display"),
    ],
)
async def test_without_a_technicians_id_nothing_is_done(
    house: House, at: tuple[str, str], command: tuple[str, ...]
) -> None:
    before = len(house.entries)
    outcome = await run(*command, *at, LOCKER_TECHNICIAN="")
    assert outcome.code == ExitCode.CONFIGURATION
    assert "give --technician ID, or set LOCKER_TECHNICIAN" in outcome.err
    assert len(house.entries) == before


async def test_an_id_that_cannot_be_one_is_named(at: tuple[str, str]) -> None:
    outcome = await run("acknowledge", "1", "--technician", "two words", *at)
    assert outcome.code == ExitCode.CONFIGURATION
    assert "technician 'two words'" in outcome.err


async def test_what_a_word_does_not_settle_is_refused_with_the_remedy_of_its_kind(
    at: tuple[str, str],
) -> None:
    outcome = await run("clear", "1", "--reason", "trust me", *WHO, *at)
    assert outcome.code == ExitCode.FAILURE
    assert "no word settles this incident" in outcome.err
    assert "check plug, power and cable" in outcome.err


async def test_what_a_word_settles_is_cleared(house: House, at: tuple[str, str]) -> None:
    house.do(ForkReported(0, 1))
    outcome = await run("clear", "2", "--reason", "ours holds", *WHO, *at, "--json")
    assert outcome.document()["incident"]["cleared_at"] is not None
    assert house.last(EntryKind.INCIDENT_CLEARED).data["why"] == "ours holds"


async def test_an_incident_that_there_is_not_is_a_mistake_of_the_command_line(at: tuple[str, str]) -> None:
    assert (await run("acknowledge", "77", *WHO, *at)).code == ExitCode.CONFIGURATION


async def test_keypads_are_listed_with_what_belongs_to_them(house: House, at: tuple[str, str]) -> None:
    house.sign_in_courier()
    outcome = await run("keypads", *at)
    assert outcome.lines() == [
        "KEYPAD  SERVES     HAS                     STATE",
        "front   every box  keys, display, scanner  in use",
        "side    every box  keys, display, scanner  ready",
    ]
    machine: Outcome = await run("keypads", "--json", *at)
    assert [pad["name"] for pad in machine.document()["keypads"]] == ["front", "side"]


async def test_a_guarded_keypad_is_released(house: House, at: tuple[str, str]) -> None:
    house.automat = guarded("front").automat
    assert "GUARDED" in (await run("keypads", *at)).out
    outcome = await run("release", "front", *WHO, *at)
    assert (outcome.code, outcome.lines()) == (ExitCode.OK, ["keypad front: released"])
    assert not house.automat.attempts["front"].guarded


async def test_a_display_is_tried_at_once(house: House, at: tuple[str, str]) -> None:
    outcome = await run("device", "side", "display", *WHO, *at)
    assert outcome.lines() == ["keypad side: every cell is lit for 2 s, then dark"]
    assert house.last(EntryKind.HARDWARE_TESTED).data["device"] == "display"


async def test_a_trial_of_keys_is_followed_until_it_ends_at_the_keypad(
    house: House, at: tuple[str, str]
) -> None:
    async with following(*at, "device", "front", "keys", *WHO) as process:
        assert await next_line(process) == "no key yet"
        house.press("OK 5 5")
        assert [await next_line(process) for _ in range(3)] == ["OK:1", "5:1 OK:1", "5:2 OK:1"]
        house.do(LabelScanned("front", "JJFI65432110000070773"))
        assert await next_line(process) == "5:2 OK:1, 1 scans, the last JJFI65432110000070773"
        house.press("C C")
        assert (await next_line(process), await next_line(process)) == (
            "5:2 C:1 OK:1, 1 scans, the last JJFI65432110000070773",
            "the trial has ended",
        )
        assert await process.wait() == ExitCode.OK


async def test_whoever_interrupts_a_trial_ends_it(house: House, at: tuple[str, str]) -> None:
    async with following(*at, "device", "front", "keys", "--json", *WHO) as process:
        assert '"technician": "t-1"' in await next_line(process)
        assert isinstance(house.automat.keypads["front"].flow, BeingTried)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == ExitCode.OK
    assert not isinstance(house.automat.keypads["front"].flow, BeingTried)


async def test_a_trial_that_is_refused_says_why(house: House, at: tuple[str, str]) -> None:
    house.press("C")
    outcome = await run("device", "front", "keys", *WHO, *at)
    assert outcome.code == ExitCode.FAILURE
    assert "somebody is at this keypad now" in outcome.err
