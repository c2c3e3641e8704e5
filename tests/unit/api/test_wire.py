"""What passes on the wires, over the socket: pages, streams, dumps, typed frames, refusals."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.wire import FOLLOWERS
from locker.domain.events import PartLost
from locker.wire import KEPT
from tests.unit.api.house import House, client_of
from tests.unit.api.raw import ask
from tests.unit.hardware.wires import ASK, SHUT, Records

LIMIT_S = 10


class Kept:
    """What was kept around incidents 3 and 5."""

    def incidents(self) -> Sequence[int]:
        return (3, 5)

    def of(self, incident: int) -> Sequence[tuple[str, str]]:
        return [("5-left.log", "incident 5\n")] if incident == 5 else []


@pytest.fixture
async def records() -> Records:
    return Records()


@pytest.fixture
async def client(house: House, records: Records, path: Path) -> AsyncIterator[ApiClient]:
    house.wires, house.dumps = records.wires, Kept()
    async with house.serving(path), client_of(path) as client:
        yield client


async def test_the_lines_are_told_with_what_of_them_is_lost(client: ApiClient, house: House) -> None:
    house.do(PartLost("board C", "silent"))

    answer = await client.wire()

    assert [line.name for line in answer.lines] == ["left", "right", "keypad front", "scanner side"]
    assert [line.lost for line in answer.lines] == [(), ("board C",), (), ()]
    assert answer.lines[1].families == ("xor-bcc", "kerong-cu16")
    assert [line.keeps_bytes for line in answer.lines] == [True, True, False, False]
    assert (answer.passages, answer.dumps, answer.dumped_incidents) == ((), (), (3, 5))


async def test_a_page_of_one_line_has_meaning_and_numbers(client: ApiClient, records: Records) -> None:
    records.sent("left", ASK)
    records.received("left", SHUT)

    answer = await client.wire("left", after=1)

    assert answer.lines[0].newest == 2
    (passage,) = answer.passages
    assert (passage.number, passage.way, passage.hex) == (2, "received", "8A 01 05 11 9F")
    assert passage.meaning == ("board 1, channel 5: contact closed",)


async def test_an_unknown_line_is_refused_with_the_known_ones(client: ApiClient) -> None:
    for wanted in ("/v1/wire?line=lefd", "/v1/wire/follow?line=lefd"):
        refusal = (await ask(client.path, wanted)).refusal()
        assert refusal["reason"] == "no-such-line"
        assert refusal["remedy"] == "the lines are: 'left', 'right', 'keypad front', 'scanner side'"


async def test_a_dump_is_shown_and_one_that_is_not_there_is_refused_with_those_that_are(
    client: ApiClient,
) -> None:
    assert [dump.file for dump in (await client.wire(incident=5)).dumps] == ["5-left.log"]
    with pytest.raises(RequestRefused, match=r"nothing was kept around incident 4.*of incidents: 3, 5"):
        await client.wire(incident=4)


async def test_a_follower_is_told_what_passes_as_it_passes(client: ApiClient, records: Records) -> None:
    async with asyncio.timeout(LIMIT_S), aclosing(client.follow_wire("left", after=0)) as passing:
        records.sent("left", ASK)
        assert (await anext(passing)).hex == "80 01 00 33 B2"
        records.received("left", SHUT)
        assert (await anext(passing)).meaning == ("board 1, channel 5: contact closed",)


async def test_a_follower_that_begins_too_far_back_is_told_how_much_is_gone(
    client: ApiClient, records: Records
) -> None:
    missed: list[int] = []
    for _ in range(600):
        records.sent("left", ASK)
    async with (
        asyncio.timeout(LIMIT_S),
        aclosing(client.follow_wire("left", after=1, on_missed=missed.append)) as passing,
    ):
        assert (await anext(passing)).number == 600 - KEPT + 1
    assert missed == [600 - KEPT - 1]


async def test_a_follower_goes_on_with_the_next_daemon_from_the_first_record_of_that(
    house: House, records: Records, path: Path
) -> None:
    house.wires = records.wires
    lost: list[str] = []
    missed: list[int] = []
    records.sent("left", ASK)
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        first = await stack.enter_async_context(house.serving(path))
        client = await stack.enter_async_context(client_of(path))
        passing = await stack.enter_async_context(
            aclosing(
                client.follow_wire(
                    "left", after=0, on_lost=lambda error: lost.append(str(error)), on_missed=missed.append
                )
            )
        )
        assert (await anext(passing)).number == 1
        await first.stop()
        after = Records()
        house.wires = after.wires
        after.sent("left", ASK)
        after.noted("left", "the next daemon")
        await stack.enter_async_context(house.serving(path))
        assert [(await anext(passing)).number for _ in range(2)] == [1, 2]
    assert "the daemon is stopping" in lost[0]
    assert missed == []


async def test_a_follower_that_was_too_slow_goes_on_and_is_told_how_much_it_missed(
    client: ApiClient, records: Records
) -> None:
    missed: list[int] = []
    async with (
        asyncio.timeout(LIMIT_S),
        aclosing(client.follow_wire("left", after=0, on_missed=missed.append)) as passing,
    ):
        records.sent("left", ASK)
        await anext(passing)
        for _ in range(KEPT + 8):
            records.sent("left", ASK)
        assert (await anext(passing)).number == 10
    assert missed == [8]


async def test_a_line_that_the_next_daemon_does_not_have_ends_the_following(
    house: House, records: Records, path: Path
) -> None:
    house.wires = records.wires
    records.sent("left", ASK)
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        first = await stack.enter_async_context(house.serving(path))
        client = await stack.enter_async_context(client_of(path))
        passing = await stack.enter_async_context(aclosing(client.follow_wire("left", after=0)))
        await anext(passing)
        await first.stop()
        house.wires = None
        await stack.enter_async_context(house.serving(path))
        with pytest.raises(RequestRefused, match="there is no line 'left'"):
            await anext(passing)


async def test_a_client_that_reads_nothing_is_cut_off_and_frees_its_place(
    house: House, records: Records, path: Path
) -> None:
    house.wires = records.wires
    async with house.serving(path, stall_s=0.05) as server:
        reader, writer = await asyncio.open_unix_connection(path, limit=1)
        writer.write(b"GET /v1/wire/follow?line=left&after=0 HTTP/1.1\r\nHost: lockerd\r\n\r\n")
        async with asyncio.timeout(LIMIT_S):
            await reader.read(1)
            while server._wire._following:
                for _ in range(200):  # fewer than the ring holds, so it is the socket that is full
                    records.sent("left", bytes(250))
                await asyncio.sleep(0)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_no_more_than_so_many_may_follow_at_once(client: ApiClient, records: Records) -> None:
    records.sent("left", ASK)
    streams = [client.follow_wire("left", after=0) for _ in range(FOLLOWERS + 1)]
    async with asyncio.timeout(LIMIT_S):
        for stream in streams[:-1]:
            await anext(stream)
        with pytest.raises(RequestRefused, match="follow lines already"):
            await anext(streams[-1])
        for stream in streams:
            await stream.aclose()


async def test_a_typed_frame_is_explained(client: ApiClient) -> None:
    answer = await client.decode("0x8a:01 05 11 9f", "xor-bcc", "received")
    assert [reading.meaning for reading in answer.readings] == [("board 1, channel 5: contact closed",)]
    assert (await client.decode(None, None)).families == answer.families


@pytest.mark.parametrize(
    ("query", "reason", "words"),
    [
        ("family=xor-bbc&hex=8A", "no-such-family", "did you mean xor-bcc"),
        ("family=xor-bcc&hex=8A0G", "bad-hex", "'G' is no hexadecimal digit"),
        ("family=xor-bcc&hex=", "bad-hex", "there is no byte"),
        ("family=xor-bcc&hex=8A&direction=up", "bad-parameter", "direction"),
        ("hex=" + "00" * 300, "bad-hex", "300 bytes are too many"),
        ("hex=" + quote("٣٣"), "bad-hex", "no hexadecimal digit"),
    ],
)
async def test_what_cannot_be_explained_is_refused_with_the_reason(
    client: ApiClient, query: str, reason: str, words: str
) -> None:
    refusal = (await ask(client.path, f"/v1/decode?{query}")).refusal()
    assert refusal["reason"] == reason
    assert words in f"{refusal['detail']} {refusal['remedy']}"
