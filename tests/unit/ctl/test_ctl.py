"""lockerctl against a real socket: what it prints, and with which exit code it ends."""

import asyncio
import io
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from locker.api.server import ApiServer
from locker.ctl import EXIT_MEANING, main
from locker.domain.commands import BlockCompartment, Mode, SetMode
from locker.domain.events import Door, LockTimed, PartLost, PulseRefused, StorageChanged
from locker.errors import ExitCode
from tests.unit.api.house import TAGS, TRACKING_ID, House

LIMIT_S = 20
SECOND = "JJFI65432110000070774"
COMMANDS = ("status", "compartments", "locks", "parcels", "incidents", "journal", "verify")


@dataclass(frozen=True)
class Outcome:
    """What one run of lockerctl left."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """The JSON document on stdout."""
        assert self.out.endswith("\n")
        return json.loads(self.out)

    def lines(self) -> list[str]:
        """The lines on stdout, none of which may be longer than a terminal's."""
        lines = self.out.splitlines()
        assert all(len(line) <= 80 for line in lines), max(lines, key=len)
        return lines


async def start(*arguments: str, **environment: str) -> Process:
    """Start lockerctl."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "locker.ctl",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environment},
    )


async def run(*arguments: str, **environment: str) -> Outcome:
    """Run lockerctl's `main` to its end, in a thread: a process of its own needs half a second first."""
    out, err = io.StringIO(), io.StringIO()

    def ended() -> int:
        with Path(os.devnull).open(encoding="utf-8") as nothing:
            patch.setattr(sys, "stdin", nothing)
            try:
                return main(arguments)
            except SystemExit as end:  # argparse: help, or a mistake
                return int(end.code or 0)

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in environment.items():
            patch.setenv(name, value)
        async with asyncio.timeout(LIMIT_S):
            code = await asyncio.to_thread(ended)
    return Outcome(code, out.getvalue(), err.getvalue())


async def run_process(*arguments: str) -> Outcome:
    """Run lockerctl to its end as a process, as a person does."""
    async with asyncio.timeout(LIMIT_S):
        process = await start(*arguments)
        out, err = await process.communicate()
        assert process.returncode is not None
        return Outcome(process.returncode, out.decode(), err.decode())


@pytest.fixture
def house() -> House:
    """An automat that has been used a little."""
    house = House()
    house.use()
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


async def test_status_on_one_page(house: House, at: tuple[str, str]) -> None:
    house.do(PartLost("line locks", "unplugged"))
    house.do(StorageChanged(low=True))

    outcome = await run_process(*at, "status")

    assert outcome == await run(*at, "status")
    assert outcome.code == ExitCode.OK
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in outcome.lines()}
    assert lines["automat"] == "fi-0001, Kallio 3"
    assert lines["free"] == "2 L, 3 S"
    assert lines["parcels"] == "1 stored, 1 closed"
    assert lines["clock"].endswith(", trusted")
    assert lines["lost"] == "line locks"
    assert lines["disk"] == "nearly full: no deposits"
    assert outcome.err == ""


async def test_every_command_gives_one_json_document_without_codes(house: House, at: tuple[str, str]) -> None:
    house.door("4", Door.OPEN)
    found: dict[str, Any] = {}
    for command in COMMANDS:
        outcome = await run(command, "--json", *at)
        assert (outcome.code, outcome.err) == (0, "")
        assert not any(tag in outcome.out for tag in TAGS)
        if command != "journal":
            found[command] = outcome.document()

    assert found["status"]["automat_id"] == "fi-0001"
    assert [box["label"] for box in found["compartments"]["compartments"]] == list("123456")
    assert [parcel["tracking_id"] for parcel in found["parcels"]["parcels"]] == [SECOND]
    assert found["incidents"]["incidents"][0]["kind"] == "door-opened-unasked"
    assert found["verify"]["first_bad"] is None


async def test_a_weak_lock_is_told_with_its_times(house: House, at: tuple[str, str]) -> None:
    for took_s in [0.18] * 10 + [0.6] * 5:
        house.do(LockTimed("2", took_s))
    house.do(PulseRefused("4", 1, "cooling down"))
    head, second, fourth, complaint = (await run(*at, "locks")).lines()
    assert head.split()[:4] == ["BOX", "OPENINGS", "USUAL", "MS"]
    assert second.split() == ["2", "15", "180", "600", "0", "0", "0"]
    assert fourth.split() == ["4", "0", "-", "-", "0", "1", "0"]
    assert complaint == "box 2: it takes 600 ms to open, 180 ms were usual"
    assert "lock-weak" in " ".join((await run(*at, "incidents")).lines())


async def test_compartments_as_a_table(house: House, at: tuple[str, str]) -> None:
    head, first, *_ = (await run(*at, "compartments")).lines()

    assert head.split()[:3] == ["BOX", "SIZE", "DOOR"]
    assert first.split() == ["1", "S", "shut", "-", "sound", "-", SECOND]
    assert head.index("TRACKING ID") == first.index(SECOND)


async def test_the_mode_and_what_is_blocked_are_shown(house: House, at: tuple[str, str]) -> None:
    house.command(SetMode(Mode.DRAIN, "desk 4", "a new cabinet comes"))
    house.command(BlockCompartment("2", "desk 4", "wet paint"))

    status = (await run(*at, "status")).lines()
    boxes = (await run(*at, "compartments")).lines()

    assert "mode       drain" in status
    assert next(line for line in boxes if line.startswith("2 ")).split()[4:6] == ["sound,", "blocked"]
    assert "box 2: blocked: wet paint" in boxes


async def test_parcels_as_a_table(house: House, at: tuple[str, str]) -> None:
    live = (await run(*at, "parcels")).lines()
    every = (await run(*at, "parcels", "--all")).lines()

    assert [line.split()[0] for line in live] == ["TRACKING", SECOND]
    minute = f"{house.parcel(SECOND).deposited_at:%H:%MZ}"
    assert live[1].split() == [SECOND, "stored", "S", "1", "2026-03-02", minute, "2026-03-09"]
    assert [line.split()[0] for line in every[1:]] == [TRACKING_ID, SECOND]


async def test_long_names_keep_the_table_within_its_width(house: House, at: tuple[str, str]) -> None:
    parcel = house.parcel(SECOND)
    long = replace(parcel, tracking_id="ABCDE" * 7)
    house.automat = replace(house.automat, parcels=house.automat.parcels.set(long.tracking_id, long))

    lines = (await run(*at, "parcels")).lines()

    assert lines[1].startswith("ABCDEABCDE")
    assert "..." in lines[1]


async def test_incidents_as_a_table(house: House, at: tuple[str, str]) -> None:
    house.do(StorageChanged(low=True))
    house.do(StorageChanged(low=False))
    house.door("4", Door.OPEN)

    now = (await run(*at, "incidents")).lines()
    every = (await run(*at, "incidents", "--all")).lines()

    assert now[1].split()[:3] == ["2", "door-opened-unasked", "4"]
    assert [line.split()[0] for line in every if line[0].isdigit()] == ["1", "2"]


async def test_the_journal_for_people(house: House, at: tuple[str, str]) -> None:
    lines = (await run(*at, "journal", "--limit", "1")).lines()

    at_second = f"{house.journal[-1].at:%Y-%m-%dT%H:%M:%SZ}"
    assert lines[0].split() == [f"1-{house.head.sequence}", at_second, "code.missed", "-"]
    assert lines[1].split() == ["keypad=front", "missestoday=1", "tokens=9"]


async def test_the_journal_by_number_subject_and_kind(at: tuple[str, str]) -> None:
    async def sequences(*arguments: str) -> list[tuple[int, str, str | None]]:
        outcome = await run(*at, "journal", "--json", *arguments)
        entries = [json.loads(line) for line in outcome.out.splitlines()]
        return [(entry["sequence"], entry["kind"], entry["subject"]) for entry in entries]

    after = await sequences("--after", "3", "--limit", "2")
    subject = await sequences("--subject", TRACKING_ID)
    kind = await sequences("--kind", "parcel.stored")

    assert [number for number, *_ in after] == [4, 5]
    assert {about for *_, about in subject} == {TRACKING_ID}
    assert [kind for _, kind, _ in kind] == ["parcel.stored"] * 2


async def test_the_journal_by_time(house: House, at: tuple[str, str]) -> None:
    async def sequences(*arguments: str) -> list[int]:
        outcome = await run(*at, "journal", "--json", *arguments)
        assert outcome.code == ExitCode.OK, outcome.err
        return [json.loads(line)["sequence"] for line in outcome.out.splitlines()]

    second = next(entry.at for entry in house.journal if entry.subject == SECOND)
    early = [entry.sequence for entry in house.journal if entry.at < second]
    late = [entry.sequence for entry in house.journal if entry.at >= second]
    assert early
    assert late

    assert await sequences("--from", second.isoformat()) == late
    assert await sequences("--until", second.isoformat()) == early
    assert await sequences("--until", second.isoformat(), "--limit", "2") == early[-2:]
    assert await sequences("--from", second.isoformat(), "--until", second.isoformat()) == []
    assert await sequences("--from", "2026-01-01T00:00Z", "--until", "2040-01-01T00:00+02:00") == early + late
    for wrong in (("--from", "2026-01-01"), ("--from", "x"), ("--from", "2026-01-01T00:00Z", "--after", "1")):
        assert (await run(*at, "journal", *wrong)).code == ExitCode.CONFIGURATION


async def test_who_asks_is_told_with_the_role(at: tuple[str, str]) -> None:
    assert (await run(*at, "whoami")).lines()[0].endswith(f"({os.getuid()}): technician")
    assert (await run(*at, "whoami", "--json")).document()["role"] == "technician"


async def test_a_long_journal_is_listed_across_pages(house: House, at: tuple[str, str]) -> None:
    house.fill(1200)

    outcome = await run(*at, "journal", "--json", "--after", "0", "--limit", "1100")

    numbers = [json.loads(line)["sequence"] for line in outcome.out.splitlines()]
    assert numbers == list(range(1, 1101))


async def test_verify_is_content_with_a_good_journal(house: House, at: tuple[str, str]) -> None:
    outcome = await run(*at, "verify")

    assert outcome == Outcome(0, f"{len(house.journal)} entries are good, up to 1-{len(house.journal)}\n", "")


async def test_verify_names_the_first_bad_entry(house: House, at: tuple[str, str]) -> None:
    payload = house.journal[16].payload
    house.journal[16] = replace(house.journal[16], payload=payload.replace(b"deposit", b"deposed"))

    human = await run(*at, "verify")
    machine = await run(*at, "verify", "--json")

    assert human.code == machine.code == ExitCode.DATABASE
    assert human.out == "entry 1-17: the signature is not this device's\n"
    assert "16 entries before it are good" in human.err
    assert machine.document()["first_bad"] == {
        "epoch": 1,
        "sequence": 17,
        "reason": "the signature is not this device's",
    }


@asynccontextmanager
async def watching(*arguments: str) -> AsyncIterator[Process]:
    """Run `watch` and interrupt it as a person would."""
    process = await start(*arguments)
    try:
        async with asyncio.timeout(LIMIT_S):
            yield process
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def next_line(process: Process) -> str:
    """Read what `watch` says next."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().rstrip()


async def test_watch_tells_what_happens_line_by_line(house: House, at: tuple[str, str]) -> None:
    async with watching(*at, "watch") as process:
        assert (await next_line(process)).startswith("fi-0001: 1 parcels, free 2 L, 3 S, 0 open incidents")
        house.door("4", Door.OPEN)
        lines = [await next_line(process) for _ in range(6)]

    assert "door.opened" in lines[0]
    assert any(line.startswith("box 4: door open") for line in lines)


async def test_watch_gives_one_object_a_line(house: House, at: tuple[str, str]) -> None:
    async with watching(*at, "watch", "--json") as process:
        snapshot = json.loads(await next_line(process))
        house.happen()
        entry = json.loads(await next_line(process))

    assert (snapshot["kind"], entry["kind"], entry["number"]) == ("snapshot", "entry", 1)


async def test_watch_goes_on_after_a_restart_of_the_daemon(house: House, tmp_path: Path) -> None:
    path = tmp_path / "second.sock"
    async with house.serving(path):
        process = await start("--socket", str(path), "watch", "--json")
        snapshot = json.loads(await next_line(process))
    async with house.serving(path), asyncio.timeout(LIMIT_S):
        again = json.loads(await next_line(process))
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()

    assert snapshot["kind"] == again["kind"] == "snapshot"
    assert b"trying again" in err


async def test_without_a_daemon_it_says_what_to_do(tmp_path: Path) -> None:
    outcome = await run("status", LOCKER_SOCKET=str(tmp_path / "none.sock"))

    assert outcome.code == ExitCode.FAILURE
    assert outcome.out == ""
    assert "the daemon is not running" in outcome.err
    assert "none.sock" in outcome.err
    assert "Traceback" not in outcome.err


async def test_the_socket_may_come_from_the_environment(server: ApiServer, tmp_path: Path) -> None:
    named = await run("status", LOCKER_SOCKET=str(server.path))
    overridden = await run("status", "--socket", str(server.path), LOCKER_SOCKET=str(tmp_path / "none"))

    assert (named.code, overridden.code) == (0, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("status", "--colour"),
        ("journal", "--after", "-1"),
        ("journal", "--after", "1e3"),
        ("journal", "--limit", "9" * 30),
        ("journal", "--limit", "501"),
    ],
)
async def test_wrong_usage_ends_with_its_code(at: tuple[str, str], arguments: tuple[str, ...]) -> None:
    outcome = await run(*at, *arguments)

    assert outcome.code == ExitCode.CONFIGURATION
    assert outcome.out == ""
    assert outcome.err
    assert "Traceback" not in outcome.err


async def test_what_the_daemon_refuses_is_passed_on(at: tuple[str, str]) -> None:
    outcome = await run(*at, "journal", "--subject", "no such thing!")

    assert outcome.code == ExitCode.CONFIGURATION
    assert "subject" in outcome.err
    assert "openapi.json" in outcome.err


async def test_nobody_steers_the_terminal(house: House, at: tuple[str, str]) -> None:
    house.do(PartLost("board \x1b[2J", "\x07\x9b31m"))

    outcome = await run(*at, "incidents")
    machine = await run(*at, "incidents", "--json")

    assert machine.document()["incidents"][0]["about"] == "board \x1b[2J"
    assert "board ?[2J" in outcome.out
    assert outcome.out.replace("\n", "").isprintable()


async def test_a_reader_that_has_seen_enough_is_no_failure(house: House, at: tuple[str, str]) -> None:
    house.fill(2000)
    async with asyncio.timeout(LIMIT_S):
        process = await asyncio.create_subprocess_shell(
            f"{sys.executable} -m locker.ctl {' '.join(at)} journal --after 0 --limit 2000 | head -1",
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = await process.communicate()

    assert out.startswith(b"1-1 ")
    assert err == b""


async def test_help_lists_commands_and_exit_codes() -> None:
    outcome = await run("--help")

    assert outcome.code == 0
    for command in (*COMMANDS, "watch"):
        assert command in outcome.out
    for code, meaning in EXIT_MEANING.items():
        assert f"  {code.value}  {meaning}\n" in outcome.out


async def test_exit_code_1_is_not_explained_as_the_daemons() -> None:
    assert "restart" not in (await run("--help")).out
    assert set(EXIT_MEANING) == {
        ExitCode.OK,
        ExitCode.FAILURE,
        ExitCode.CONFIGURATION,
        ExitCode.DATABASE,
    }  # keys are the daemon's own
