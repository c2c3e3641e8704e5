"""lockerctl wire and decode as a technician uses them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.api.server import ApiServer
from locker.domain.events import PartLost
from locker.dumps import WireDumps
from locker.errors import ExitCode
from tests.unit.api.house import House
from tests.unit.ctl.test_ctl import LIMIT_S, next_line, run, watching
from tests.unit.hardware.wires import ASK, SHUT, Records


@pytest.fixture
async def records() -> Records:
    return Records()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def server(house: House, records: Records, tmp_path: Path) -> AsyncIterator[ApiServer]:
    dumps = WireDumps(tmp_path / "wire", records.wires, after_s=0.01)
    house.wires, house.dumps = records.wires, dumps
    dumps.note(house.do(PartLost("board C", "silent")), ())
    await dumps.stop()
    async with house.serving(tmp_path / "lockerd.sock") as server:
        yield server


@pytest.fixture
def at(server: ApiServer) -> tuple[str, str]:
    return ("--socket", str(server.path))


async def test_without_a_line_the_lines_are_listed_with_what_was_kept(at: tuple[str, str]) -> None:
    head, left, right, keypad, _, kept = (await run(*at, "wire")).lines()
    assert head.split() == ["LINE", "FAMILIES", "BYTES", "NEWEST", "STATE"]
    assert left.split() == ["left", "xor-bcc", "kept", "0", "works"]
    assert right.endswith("lost: board C")
    assert "counted only" in keypad
    assert kept == "kept around incidents: 1; see `lockerctl wire --incident N`"


async def test_a_line_is_shown_with_meaning(at: tuple[str, str], records: Records) -> None:
    records.sent("left", ASK)
    records.received("left", SHUT * 6)
    records.received("keypad front", b"7")

    sent, asked, received, *more = (await run(*at, "wire", "left")).lines()
    key = (await run(*at, "wire", "keypad front")).lines()

    assert sent.endswith("Z > 80 01 00 33 B2")
    assert asked.strip() == "read: board 1, all channels"
    assert "Z < 8A 01 05 11 9F" in received
    assert more[-1].strip() == "board 1, channel 5: contact closed"
    assert key[0].endswith("Z < 1 byte, not kept")


async def test_following_shows_frames_as_they_come_until_interrupted(
    at: tuple[str, str], records: Records
) -> None:
    records.sent("left", ASK)
    async with watching("wire", "left", "--follow", *at) as process:
        assert (await next_line(process)).endswith("> 80 01 00 33 B2")
        assert "read: board 1" in await next_line(process)
        records.received("left", SHUT)
        assert (await next_line(process)).endswith("< 8A 01 05 11 9F")


async def test_following_as_json_is_one_object_a_line(at: tuple[str, str], records: Records) -> None:
    records.sent("left", ASK)
    async with watching("wire", "left", "--follow", "--json", *at) as process:
        assert json.loads(await next_line(process))["hex"] == "80 01 00 33 B2"
        records.noted("left", "unplugged")
        assert json.loads(await next_line(process))["meaning"] == ["unplugged"]


async def test_what_was_kept_around_an_incident_is_shown_and_the_list_of_incidents_says_so(
    at: tuple[str, str],
) -> None:
    listed = (await run(*at, "incidents")).lines()
    shown = (await run(*at, "wire", "--incident", "1")).lines()
    assert listed[-1] == "the wire was kept around 1: `lockerctl wire --incident N`"
    assert shown == ["1-right.log:", "incident 1: part-lost, board C; line right"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wire", "lefd"], "the lines are: 'left', 'right'"),
        (["wire", "--follow"], "name the line"),
        (["wire", "left", "--incident", "1"], "leave the line out"),
        (["wire", "--incident", "9"], "nothing was kept around incident 9"),
        (["decode", "xor-bbc", "8A"], "did you mean xor-bcc"),
        (["decode", "xor-bcc", "8A", "0"], "odd number of digits"),
        (["decode", "xor-bcc", "8A", "--sent", "--received"], "not allowed with"),
    ],
)
async def test_what_cannot_be_shown_is_refused_with_the_way_out(
    at: tuple[str, str], arguments: list[str], words: str
) -> None:
    outcome = await run(*at, *arguments)
    assert outcome.code != ExitCode.OK
    assert words in " ".join(outcome.err.split())
    assert outcome.out == ""


async def test_a_typed_frame_is_explained_and_a_damaged_one_too(at: tuple[str, str]) -> None:
    good = await run(*at, "decode", "xor-bcc", "0x8a", "01:05", "119f", "--received")
    damaged = await run(*at, "decode", "xor-bcc", "8A 01 05 11 00", "--received")
    machine = await run(*at, "decode", "xor-bcc", "80010033B2", "--json")

    assert good.lines() == ["xor-bcc, received:", "    board 1, channel 5: contact closed"]
    assert good.err == ""
    assert damaged.lines()[1] == "    wrong checksum 00; with 9F it would be:"
    assert damaged.lines()[-1] == "    [8A 01 05 11 9F]"
    assert "no sound frame of xor-bcc" in damaged.err
    assert [each["way"] for each in machine.document()["readings"] if each["is_frame"]][:1] == ["sent"]


async def test_whoever_follows_is_told_that_the_daemon_stops_and_goes_on_with_the_next(
    server: ApiServer, house: House, at: tuple[str, str], records: Records
) -> None:
    records.sent("left", ASK)
    async with asyncio.timeout(LIMIT_S), watching("wire", "left", "--follow", *at) as process:
        await next_line(process)
        await next_line(process)
        while not server._wire._following:  # noqa: ASYNC110 - nobody tells when it has begun to follow
            await asyncio.sleep(0)
        await server.stop()
        after = Records()
        house.wires = after.wires
        after.noted("left", "the next daemon")
        async with house.serving(server.path):
            assert (await next_line(process)).endswith("# the next daemon")
            assert process.stderr is not None
            assert b"the daemon is stopping; trying again" in await process.stderr.readline()
