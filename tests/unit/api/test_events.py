"""The event stream: a snapshot, then numbered events; resumable, bounded, and slow clients are dropped."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.decoder import EventDecoder, StreamEvent
from locker.api.schema import (
    STREAM_ITEM,
    CompartmentItem,
    DroppedItem,
    EntryItem,
    ParcelItem,
    SnapshotItem,
    StreamItem,
)
from locker.api.stream import EventStream
from locker.domain.codes import Code
from locker.domain.events import Door
from locker.errors import LockerError
from tests.unit.api.house import TAGS, House, client_of
from tests.unit.api.raw import reply_of
from tests.unit.domain.stand import CODE_KEY

LIMIT_S = 10


class StreamEnded(Exception):  # noqa: N818 - the name says what is the case
    """The stream ended as HTTP wants it."""


class Listener:
    """A client of the event stream by hand: it reads only when told to."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._decoder = EventDecoder()
        self._events: list[StreamEvent] = []

    async def next(self) -> tuple[str | None, StreamItem]:
        """Read the next event; StreamEnded at the end."""
        async with asyncio.timeout(LIMIT_S):
            while not self._events:
                size = int((await self._reader.readuntil(b"\r\n")).strip(), 16)
                self._events += self._decoder.feed(await self._reader.readexactly(size))
                await self._reader.readexactly(2)
                if size == 0:
                    raise StreamEnded
        event = self._events.pop(0)
        return event.id, STREAM_ITEM.validate_json(event.data)

    async def rest(self) -> list[StreamItem]:
        """Read to the end."""
        items = []
        while True:
            try:
                items.append((await self.next())[1])
            except StreamEnded:
                return items


@asynccontextmanager
async def listening(path: Path, last_event_id: str | None = None) -> AsyncIterator[Listener]:
    """Connect to the stream."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        header = "" if last_event_id is None else f"Last-Event-ID: {last_event_id}\r\n"
        writer.write(f"GET /v1/events HTTP/1.1\r\nHost: lockerd\r\n{header}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        reply = reply_of(head)
        assert reply.status == 200
        assert "text/event-stream" in reply.headers
        yield Listener(reader)
    finally:
        writer.close()


async def test_a_snapshot_comes_first_then_numbered_events(house: House, path: Path) -> None:
    async with house.serving(path), listening(path) as listener:
        _, snapshot = await listener.next()
        house.door("4", Door.OPEN)
        items = [(await listener.next()) for _ in range(4)]

    assert isinstance(snapshot, SnapshotItem)
    assert (snapshot.number, len(snapshot.compartments), len(snapshot.parcels)) == (0, 6, 1)
    assert [item.number for _, item in items] == [1, 2, 3, 4]
    assert [item.kind for _, item in items] == ["entry", "entry", "compartment", "journal"]
    (box,) = [item.compartment for _, item in items if isinstance(item, CompartmentItem)]
    assert (box.label, box.door) == ("4", "open")


async def test_a_delivery_is_told_as_it_happens_and_holds_no_tag(house: House, path: Path) -> None:
    new_tag = str(CODE_KEY.tag(Code("135790")))
    async with house.serving(path), listening(path) as listener:
        first = await listener.next()
        house.deliver("JJFI65432110000070775", "135790")
        items = [first[1]]
        while not (isinstance(items[-1], ParcelItem) and items[-1].parcel.state == "stored"):
            items.append((await listener.next())[1])

    assert "parcel.stored" in [item.entry.kind for item in items if isinstance(item, EntryItem)]
    for item in items:
        assert not any(secret in item.model_dump_json() for secret in (*TAGS, new_tag))


async def test_keys_are_not_told(house: House, path: Path) -> None:
    stream = EventStream()
    async with house.serving(path, stream):
        house.press("C 1 2 3")

    assert stream.number == 0


async def test_a_client_that_comes_back_gets_what_it_missed(house: House, path: Path) -> None:
    async with house.serving(path):
        async with listening(path) as listener:
            await listener.next()
            house.happen(3)
            ids = [(await listener.next())[0] for _ in range(3)]
        house.happen(2)
        async with listening(path, ids[1]) as listener:
            again = [await listener.next() for _ in range(3)]
            house.happen()
            last = await listener.next()

    assert [item.number for _, item in again] == [3, 4, 5]
    assert last[1].number == 6


async def test_one_that_missed_nothing_waits_for_the_next_event(house: House, path: Path) -> None:
    stream = EventStream()
    async with house.serving(path, stream), listening(path, stream.event_id(0)) as listener:
        house.happen()
        _, item = await listener.next()

    assert isinstance(item, EntryItem)


async def test_one_that_was_away_too_long_gets_a_fresh_snapshot(house: House, path: Path) -> None:
    stream = EventStream(history=5)
    async with house.serving(path, stream):
        house.happen(7)
        async with listening(path, stream.event_id(1)) as listener:
            _, too_old = await listener.next()
        async with listening(path, stream.event_id(2)) as listener:
            _, just_known = await listener.next()

    assert isinstance(too_old, SnapshotItem)
    assert too_old.number == 7
    assert just_known.number == 3


@pytest.mark.parametrize(
    "last", ["", "x", "-", "1", "deadbeef-1", "{run}-", "{run}--1", "{run}-99", "{run}-1x"]
)
async def test_an_id_that_says_nothing_gets_a_snapshot(house: House, path: Path, last: str) -> None:
    stream = EventStream()
    async with house.serving(path, stream):
        house.happen(3)
        async with listening(path, last.replace("{run}", stream.run)) as listener:
            _, item = await listener.next()

    assert isinstance(item, SnapshotItem)
    assert item.status.journal.last_sequence == house.head.sequence


async def test_a_slow_client_is_dropped_with_the_reason(
    house: House, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = EventStream(queue=10)
    async with house.serving(path, stream), listening(path) as slow, listening(path) as quick:
        await slow.next()
        await quick.next()
        told = 0
        while stream.dropped_total == 0:
            told += 1
            assert told < 500, "ten megabytes wait for a slow client"
            house.happen(size=20_000)
            await quick.next()
        house.happen()
        assert isinstance((await quick.next())[1], EntryItem)
        items = await slow.rest()

    assert isinstance(items[-1], DroppedItem)
    assert "too slow: 10 events were waiting" in items[-1].reason
    numbers = [item.number for item in items[:-1]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert stream.dropped_total == 1
    assert "too slow" in caplog.text


async def test_a_client_that_never_reads_is_cut_off(
    house: House, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = EventStream(queue=10)
    async with house.serving(path, stream, stall_s=0.05), listening(path) as dead:
        await dead.next()
        async with asyncio.timeout(LIMIT_S):
            while stream.subscribers:
                house.happen(size=20_000)
                await asyncio.sleep(0)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await dead.rest()

    assert "it read nothing for 0.05 s" in caplog.text
    assert stream.dropped_total == 1


async def test_clients_that_go_away_are_forgotten(house: House, path: Path) -> None:
    stream = EventStream()
    async with house.serving(path, stream):
        async with listening(path) as listener:
            await listener.next()
            assert stream.subscribers == 1
        async with asyncio.timeout(LIMIT_S):
            while stream.subscribers:  # noqa: ASYNC110 - nobody tells of a client's going
                await asyncio.sleep(0)


async def test_only_so_many_clients_are_served(house: House, path: Path) -> None:
    async with (
        house.serving(path, EventStream(streams=1)),
        listening(path) as listener,
        client_of(path) as client,
        aclosing(client.events()) as events,
    ):
        await listener.next()
        with pytest.raises(RequestRefused, match="no further event stream") as refused:
            await anext(events)
    assert refused.value.error.reason == "too-many-clients"


async def test_a_stopping_daemon_says_so(house: House, path: Path) -> None:
    server = house.new_server(path)
    await server.start()
    async with listening(path) as listener:
        await listener.next()
        _, items = await asyncio.gather(server.stop(), listener.rest())

    assert isinstance(items[-1], DroppedItem)
    assert items[-1].reason == "the daemon is stopping"


async def test_the_client_outlives_a_restart_of_the_daemon(house: House, path: Path) -> None:
    lost: list[LockerError] = []
    async with (
        asyncio.timeout(LIMIT_S),
        house.serving(path) as server,
        client_of(path) as client,
        aclosing(client.events(on_lost=lost.append)) as events,
    ):
        assert isinstance(await anext(events), SnapshotItem)
        house.happen()
        assert (await anext(events)).number == 1
        await server.stop()
        house.happen()
        async with house.serving(path):
            fresh = await anext(events)

    assert isinstance(fresh, SnapshotItem)
    assert fresh.status.journal.last_sequence == house.head.sequence
    assert "the daemon is stopping" in str(lost[0])


async def test_the_client_gets_what_it_missed_when_it_was_too_slow(house: House, path: Path) -> None:
    stream = EventStream(queue=5, history=10_000)
    lost: list[LockerError] = []
    async with (
        asyncio.timeout(LIMIT_S),
        house.serving(path, stream),
        client_of(path) as client,
        aclosing(client.events(on_lost=lost.append)) as events,
    ):
        await anext(events)
        house.happen(50)
        numbers = [(await anext(events)).number for _ in range(50)]

    assert numbers == list(range(1, 51))
    assert lost


async def test_link_changes_are_told(house: House, client: ApiClient) -> None:
    async with asyncio.timeout(LIMIT_S), aclosing(client.events()) as events:
        await anext(events)
        assert house.server is not None
        house.server.note_link(connected=False)
        item = await anext(events)

    assert item.kind == "link"
    assert not item.connected


async def test_peers_are_recorded_once_a_connection(
    house: House, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="locker.api.server")
    async with house.serving(path), client_of(path) as client:
        await client.status()
        await client.status()

    lines = [line for line in caplog.messages if line.startswith("connection from")]
    assert lines == [f"connection from process {os.getpid()}, user {os.getuid()}, group {os.getgid()}"]
