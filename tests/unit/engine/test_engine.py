"""The engine: durable first, then intents; on a failed commit nothing at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from immutables import Map

from locker.db.errors import DatabaseFailed, JournalOutOfStep
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.domain.automat import Automat, Change, Decision
from locker.domain.codes import Code, CodeKey
from locker.domain.commands import AnnounceParcel, AuthorisePerson, Body, Command
from locker.domain.compartments import Fixture
from locker.domain.events import (
    CommandReceived,
    Door,
    DoorSeen,
    ForkReported,
    Key,
    KeyPressed,
    Started,
    Stopping,
    StorageChanged,
)
from locker.domain.intents import LampTest, Show, Sound, StopTrying, Tick, Tone, TryLock, Unlock
from locker.domain.journal import NO_HASH, ChainHead, Entry, EntryKind, SealedEntry, check, seal
from locker.domain.keypad import Idle, Keypad
from locker.domain.messages import Message, Text, say
from locker.domain.parcels import Role
from locker.domain.rules import Identity, Rules
from locker.domain.times import Now, Trust
from locker.engine import INBOX_LIMIT, TURNS_TO_THE_WIRE, Engine
from simulator.virtual_loop import run

Result = TypeVar("Result")
CODE_KEY = CodeKey(bytes(32))
START_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


class HandClock:
    """A clock that moves when told."""

    recheck_s = 0.001

    def __init__(self) -> None:
        self.value = Now(START_AT, Trust.TRUSTED, 100.0)

    def now(self) -> Now:
        return self.value

    def move(self, seconds: float) -> None:
        self.value = replace(
            self.value,
            wall_at=self.value.wall_at + timedelta(seconds=seconds),
            powered_s=self.value.powered_s + seconds,
        )


class LoopClock:
    """A clock that goes with the loop's time."""

    recheck_s = 3600.0

    def now(self) -> Now:
        passed_s = asyncio.get_running_loop().time()
        return Now(START_AT + timedelta(seconds=passed_s), Trust.TRUSTED, 100.0 + passed_s)


class LateClock(LoopClock):
    """A clock that lags a little: less than two instants must differ by for the loop to tell them apart."""

    began_s = 1e6
    late_s = 0.0

    def now(self) -> Now:
        passed_s = asyncio.get_running_loop().time() - self.began_s
        return replace(super().now(), powered_s=100.0 + passed_s - self.late_s)


class Record:
    """Hardware and database in one log, so that their order can be read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log: list[str] = []
        self.shown: list[Text] = []
        self.fails = False

    def unlock(self, compartment: str, number: int) -> None:
        self.log.append(f"unlock {compartment} {number}")

    def stop_trying(self) -> None:
        self.log.append("stop trying")

    def try_lock(self, compartment: str, number: int) -> None:
        self.log.append(f"try lock {compartment} {number}")

    def show(self, keypad: str, message: Message) -> None:
        self.log.append(f"show {message.text}")
        self.shown.append(message.text)

    def sound(self, keypad: str, tone: Tone) -> None:
        self.log.append(f"sound {tone}")

    def tick(self, keypad: str, *, on: bool) -> None:
        self.log.append(f"tick {keypad} {'on' if on else 'off'}")

    def lamp_test(self, keypad: str, *, display: bool, sounder: bool) -> None:
        parts = [name for name, wanted in (("display", display), ("sounder", sounder)) if wanted]
        self.log.append(" ".join(("test of", keypad, *parts)))

    def commit(self, changes: Sequence[Change], entries: Sequence[SealedEntry]) -> None:
        if self.fails:
            raise DatabaseFailed(self.database.path, "the disk does not answer")
        self.database.commit(changes, entries)
        self.log.append("commit")


class Rig:
    def __init__(self, path: Path) -> None:
        ensure_current(path)
        self.database = Database.open(path)
        self.database.begin_epoch(1)
        self.key = Ed25519PrivateKey.generate()
        self.clock = HandClock()
        self.record = Record(self.database)
        self.decisions: list[Decision] = []
        self.epochs: list[int | None] = []
        self.blank = Automat(
            Identity("fi-1", "Kallio", "0200"), Rules(), CODE_KEY, Map({"front": Keypad("front")}), epoch=1
        )
        self.fixtures = {"1": Fixture("1", "S", 350, 110, 600)}
        self.engine = Engine(
            self.database.load(self.blank, self.fixtures).automat,
            self.database.head(),
            clock=self.clock,
            hardware=self.record,
            ledger=self.record,
            sign=self.key.sign,
            run_blocking=run_inline,
            count_epoch=self.count_epoch,
        )

    def count_epoch(self) -> int | None:
        return self.epochs.pop(0)

    async def command(self, name: str, body: Body) -> None:
        await self.engine.take(
            CommandReceived(
                Command(name, "x", "fi-1", START_AT, START_AT + timedelta(hours=1), name * 10, body)
            )
        )

    async def press(self, keys: str) -> None:
        for word in keys.split():
            for key in [word] if word in ("C", "OK") else list(word):
                await self.engine.take(KeyPressed("front", Key(key)))

    async def with_parcel(self) -> None:
        await self.engine.take(Started({"1": Door.SHUT}))
        await self.command("a", AnnounceParcel("JJFI65432110000070773", "S", CODE_KEY.tag(Code("024204"))))
        until_at = START_AT + timedelta(days=1)
        await self.command(
            "b", AuthorisePerson("c-1", Role.COURIER, CODE_KEY.tag(Code("7777")), START_AT, until_at)
        )
        await self.press("C 7777 OK 00070773 OK")
        await self.engine.take(DoorSeen("1", Door.OPEN))
        await self.engine.take(DoorSeen("1", Door.SHUT))
        await self.press("OK C")
        self.record.log.clear()


async def run_inline(work: Callable[[], Result]) -> Result:
    return work()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path / "automat.db")
    yield made
    made.database.close()


async def test_the_pulse_starts_only_after_its_intent_is_committed(rig: Rig) -> None:
    await rig.with_parcel()
    await rig.press("C 024204 OK")
    assert rig.record.log.index("commit") < rig.record.log.index("unlock 1 1")
    kinds = [entry.kind for entry in rig.database.latest(2)]
    assert kinds == ["code.accepted", "lock.pulse-intended"]


async def test_a_wrong_code_costs_its_token_before_anything_is_shown(rig: Rig) -> None:
    await rig.with_parcel()
    await rig.press("C 999999")
    rig.record.log.clear()
    await rig.press("OK")
    assert rig.record.log[0] != "show not-recognised"
    assert rig.record.log.index("commit") < rig.record.log.index("show not-recognised")


async def test_if_the_commit_fails_nothing_opens_nothing_is_shown_and_the_state_stays(rig: Rig) -> None:
    await rig.with_parcel()
    await rig.press("C 024204")
    before, head = rig.engine.automat, rig.engine.head
    rig.record.log.clear()
    rig.record.fails = True
    with pytest.raises(DatabaseFailed):
        await rig.engine.take(KeyPressed("front", Key.OK))
    assert rig.record.log == []
    assert (rig.engine.automat, rig.engine.head) == (before, head)


async def test_every_intent_reaches_the_hardware_once(rig: Rig) -> None:
    for intent in (
        Unlock("1", 2),
        Show("front", say(Text.IDLE)),
        Sound("front", Tone.WRONG),
        Tick("front", on=True),
        Tick("front", on=False),
        LampTest("front"),
        LampTest("front", display=False),
        TryLock("1", 3),
        StopTrying(),
    ):
        rig.engine._start(intent)
    assert rig.record.log == [
        "unlock 1 2",
        "show idle",
        "sound wrong",
        "tick front on",
        "tick front off",
        "test of front display sounder",
        "test of front sounder",
        "try lock 1 3",
        "stop trying",
    ]


async def test_keys_alone_write_nothing(rig: Rig) -> None:
    await rig.with_parcel()
    await rig.press("C 0242")
    assert "commit" not in rig.record.log


async def test_entries_are_numbered_chained_and_signed_without_a_gap(rig: Rig) -> None:
    await rig.with_parcel()

    def verify(message: bytes, signature: bytes) -> bool:
        rig.key.public_key().verify(signature, message)
        return True

    head = ChainHead(1, 0, "0" * 64)
    for entry in rig.database.entries(1, 1, 1000):
        checked = check(entry.payload, head, verify)
        assert isinstance(checked, ChainHead)
        head = checked
    assert head == rig.engine.head


async def test_the_engine_wakes_itself_when_something_is_due_and_ends_when_told(rig: Rig) -> None:
    await rig.engine.take(Started({"1": Door.SHUT}))
    running = asyncio.create_task(rig.engine.run())
    idle_again = asyncio.Event()

    def watch(decision: Decision, entries: Sequence[SealedEntry]) -> None:
        if isinstance(decision.automat.keypads["front"].flow, Idle):
            idle_again.set()

    await rig.press("C 02")
    rig.engine.watch(watch)
    rig.clock.move(16)
    async with asyncio.timeout(5):
        await idle_again.wait()
        await rig.engine.post(Stopping())
        await running
    assert rig.database.latest(1)[0].kind == "stopped"


async def test_whoever_asks_gets_what_was_decided_and_committed(rig: Rig) -> None:
    await rig.engine.take(Started({"1": Door.SHUT}))
    running = asyncio.create_task(rig.engine.run())
    async with asyncio.timeout(5):
        decision = await rig.engine.ask(StorageChanged(low=True))
        assert decision.automat.facts.storage_low
        assert rig.record.log.count("commit") == 2
        await rig.engine.post(Stopping())
        await running


async def test_whoever_asks_and_goes_away_stops_nothing(rig: Rig) -> None:
    await rig.engine.take(Started({"1": Door.SHUT}))
    gone = asyncio.create_task(rig.engine.ask(StorageChanged(low=True)))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(5):
        await rig.engine.post(Stopping())
        await rig.engine.run()
    assert rig.engine.automat.facts.storage_low


async def test_what_has_happened_comes_before_what_is_due(rig: Rig) -> None:
    await rig.engine.take(Started({"1": Door.SHUT}))
    await rig.press("C")
    rig.clock.move(16)  # the entry's time is over, and yet a key was pressed before anybody looked
    await rig.engine.post(KeyPressed("front", Key.D2))
    await rig.engine.post(Stopping())
    async with asyncio.timeout(5):
        await rig.engine.run()
    assert Text.TYPING_CODE in rig.record.shown


def test_the_frame_of_a_pulse_leaves_before_anybody_is_told_and_nobody_waits_for_it(tmp_path: Path) -> None:
    async def main() -> tuple[list[str], float]:
        rig = Rig(tmp_path / "automat.db")
        await rig.with_parcel()
        await rig.press("C 024204")
        frames: set[asyncio.Task[None]] = set()

        async def frame() -> None:
            for _ in range(TURNS_TO_THE_WIRE - 1):  # its task begins in the first turn
                await asyncio.sleep(0)
            rig.record.log.append("frame")

        def unlock(_compartment: str, _number: int) -> None:
            frames.add(asyncio.get_running_loop().create_task(frame()))

        # hardware that needs some turns of the loop
        rig.record.unlock = unlock  # type: ignore[assignment,method-assign]  # for this one record
        rig.engine.watch(lambda _decision, _entries: rig.record.log.append("told"))
        await rig.engine.take(KeyPressed("front", Key.OK))
        rig.database.close()
        return rig.record.log, asyncio.get_running_loop().time()

    log, after_s = run(main())
    assert log.index("frame") < log.index("told")
    assert after_s == 0


async def test_a_full_inbox_makes_whoever_posts_wait(rig: Rig) -> None:
    for _ in range(INBOX_LIMIT):
        async with asyncio.timeout(5):
            await rig.engine.post(KeyPressed("front", Key.CLEAR))
    waiting = asyncio.create_task(rig.engine.post(DoorSeen("1", Door.OPEN)))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize("clock", [LoopClock(), LateClock()], ids=["seldom looked at", "late"])
def test_it_wakes_in_time_whatever_the_clock_is_like(clock: LoopClock, tmp_path: Path) -> None:
    async def main() -> float:
        rig = Rig(tmp_path / "automat.db")
        await asyncio.sleep(LateClock.began_s)
        rig.engine._clock = clock
        await rig.engine.take(Started({"1": Door.SHUT}))
        await rig.press("C 02")
        if isinstance(clock, LateClock):
            clock.late_s = 1e-11
        idle_again = asyncio.Event()

        def watch(decision: Decision, _entries: Sequence[SealedEntry]) -> None:
            if isinstance(decision.automat.keypads["front"].flow, Idle):
                idle_again.set()

        rig.engine.watch(watch)
        running = asyncio.create_task(rig.engine.run())
        await idle_again.wait()
        after_s = asyncio.get_running_loop().time() - LateClock.began_s
        await rig.engine.post(Stopping())
        await running
        rig.database.close()
        return after_s

    assert run(main()) == pytest.approx(Rules().entry_timeout_s, abs=0.01)


async def test_a_restart_finds_what_was_committed(rig: Rig, tmp_path: Path) -> None:
    await rig.with_parcel()
    rig.database.close()
    again = Database.open(tmp_path / "automat.db")
    loaded = again.load(rig.blank, rig.fixtures).automat
    again.close()
    for name in ("compartments", "parcels", "credentials", "attempts", "commands", "facts", "last_seen"):
        assert getattr(loaded, name) == getattr(rig.engine.automat, name), name


def test_an_engine_whose_commit_hangs_is_held_up_and_one_with_much_to_do_is_not(tmp_path: Path) -> None:
    disk = SlowDisk()

    async def main() -> list[float]:
        rig = Rig(tmp_path / "automat.db")
        rig.engine._clock = LoopClock()
        await rig.engine.take(Started({"1": Door.SHUT}))
        rig.engine._run_blocking = disk.take_its_time
        running = asyncio.create_task(rig.engine.run())
        told = []
        for low in (True, False) * 10:  # twenty decisions of a second each
            await rig.engine.post(StorageChanged(low=low))
        for _ in range(19):
            await asyncio.sleep(1.0)
            told.append(rig.engine.held_up_s())
        busy_s = max(told)
        await asyncio.sleep(3600.0)
        at_rest_s = rig.engine.held_up_s()
        disk.answers.clear()
        await rig.engine.post(StorageChanged(low=True))
        await asyncio.sleep(30.0)
        hanging_s = rig.engine.held_up_s()
        disk.answers.set()
        await rig.engine.post(Stopping())
        await running
        rig.database.close()
        return [busy_s, at_rest_s, hanging_s]

    busy_s, at_rest_s, hanging_s = run(main())
    assert busy_s <= 1.0
    assert at_rest_s == 0.0
    assert hanging_s == pytest.approx(30.0, abs=0.01)


async def test_an_engine_that_nobody_runs_is_held_up_by_what_waits(rig: Rig) -> None:
    assert rig.engine.held_up_s() == 0.0
    await rig.engine.post(StorageChanged(low=True))
    assert rig.engine.held_up_s() > 0.0


class SlowDisk:
    """Takes a second for each commit, or does not answer."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.answers.set()

    async def take_its_time(self, work: Callable[[], None]) -> None:
        await asyncio.sleep(1.0)
        await self.answers.wait()
        work()


async def test_a_forked_journal_goes_on_in_a_new_epoch_that_is_counted_before(rig: Rig) -> None:
    rig.epochs = [None, 4]
    await rig.engine.take(Started({"1": Door.SHUT}))
    await rig.engine.take(ForkReported(1, 1))
    assert rig.engine.head.epoch == 1  # it could not be counted: the alarm stands, and all goes on
    left = rig.engine.head
    await rig.engine.begin_epoch()
    await rig.engine.take(StorageChanged(low=True))
    assert (rig.engine.head.epoch, rig.engine.automat.epoch) == (4, 4)
    assert rig.database.head() == rig.engine.head
    assert rig.engine.automat.journal_end == rig.engine.head.sequence
    earlier, later = rig.database.entries(1, 1, 100), rig.database.entries(4, 1, 100)
    assert earlier[-1].head == left
    head = ChainHead(4, 0, NO_HASH)
    for entry in later:
        checked = check(entry.payload, head, lambda message, signature: bool(message and signature))
        assert isinstance(checked, ChainHead), checked
        head = checked
    first = json.loads(later[0].payload)["data"]
    assert (first["earlierhash"], first["earlierlast"]) == (left.hash, left.sequence)
    again = rig.database.load(rig.blank, rig.fixtures).automat
    assert (again.epoch, again.earlier_epochs) == (4, rig.engine.automat.earlier_epochs)


async def test_a_new_epoch_begins_before_anything_else_that_waits_is_decided(rig: Rig) -> None:
    rig.epochs = [2]
    await rig.engine.take(Started({"1": Door.SHUT}))
    await rig.engine.take(ForkReported(1, 1))
    kinds = [entry.kind for entry in rig.database.latest(1)]
    assert kinds == ["epoch.started"]


async def test_no_entry_but_the_first_of_a_later_epoch_leaves_the_chain(rig: Rig) -> None:
    await rig.engine.take(Started({"1": Door.SHUT}))
    head = rig.engine.head
    for kind, after in (
        (EntryKind.STOPPED, ChainHead(2, 0, NO_HASH)),
        (EntryKind.EPOCH_STARTED, ChainHead(2, 1, NO_HASH)),
        (EntryKind.EPOCH_STARTED, ChainHead(1, 0, NO_HASH)),
    ):
        sealed = seal(Entry(kind), after, rig.clock.now(), automat_id="fi-1", sign=rig.key.sign)
        with pytest.raises(JournalOutOfStep):
            rig.database.commit([], [sealed])
    assert rig.database.head() == head
