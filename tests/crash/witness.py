"""Whoever stands beside the automat and forgets nothing: pulses, doors, ledger, promises to people."""

import asyncio
import contextlib
import json
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.backoffice.entries import Entry
from simulator.demo import ClockMoved, DaemonEnded, Demo, DemoEvent, EntryArrived
from simulator.events import CoilPulsed, DisplayChanged, DoorMoved, SimulatorEvent
from tests.crash.book import SHOWN_WITHIN_S, Book, Doors, Pulsed, Shown
from tests.crash.pruning import Arrived, Pruning

IN_STEP_LIMIT_S = 60.0
REST_LIMIT_S = 40.0
STILL_LIMIT_S = 120.0
MOVED_LATELY_S = SHOWN_WITHIN_S
PAGE = 500
LOOKS_AT_THE_BEGINNING = 3
WORDS = (
    (
        re.compile(r"The parcel is in compartment (?P<label>\S+)\."),
        re.compile(r"OK = parcel inside|1 bigger 2 not empty"),
        ("parcel.stored",),
    ),
    (
        re.compile(r"(Received, not yet|Parcel) registered\..*"),
        re.compile(r"OK = parcel inside|1 bigger 2 not empty"),
        ("parcel.dropped-off",),
    ),
    (
        re.compile(r"Thank you\. Have a good day\."),
        re.compile(r"hut door|OK = parcel"),
        ("parcel.handed-over", "door.closed"),
    ),
    (
        re.compile(r"Code not recognised\..*"),
        re.compile(r"Code, then OK"),
        ("code.missed",),
    ),
)
"""What displays say in English when something is done, after what they asked; and which entry says so."""
PLANTED = "planted by a test stand"
"""The reason of a fork that a tale makes the back office believe in."""


@dataclass(frozen=True)
class Promise:
    """What a display has told somebody: the journal holds at least so many such entries."""

    kind: str
    subject: str | None
    count: int = 1


class Witness:
    """Watches one automat from outside; `findings` is what is wrong with it so far."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.findings: list[str] = []
        self.doors = Doors()
        self.book = Book(self.find)
        self.pruning = Pruning(self.find)
        self.quiet = False
        self.stopping = False
        """The daemon is being asked to end."""
        self.died = asyncio.Event()
        self.pulses = 0
        self.kills = 0
        self._epoch = 1
        self._new_pulses: list[Pulsed] = []
        self._ledger: dict[int, dict[int, Arrived]] = {}  # by epoch and number
        self._promises: list[Promise] = []
        self._shown: list[Shown] = []
        self._texts: dict[str, str] = {}
        self._moves: list[tuple[float, float]] = []
        self._ends = [demo.automat.subscribe(self._see), demo.subscribe(self._hear)]

    def close(self) -> None:
        """Watch no more."""
        for end in self._ends:
            end()

    def find(self, what: str) -> None:
        """Note something that is wrong."""
        if what not in self.findings:
            self.findings.append(what)

    def promise(self, kind: str, subject: str | None = None, count: int = 1) -> None:
        """A display has said that something is done: from now on it is, whatever happens."""
        self._promises.append(Promise(kind, subject, count))

    def stays_told(self) -> int:
        """Count the starts that told of a stay in safe mode before them."""
        return sum(
            one.type == "automat.started" and bool(one.data.get("aftersafemode")) for one in self._entries()
        )

    def knows_code(self, tracking_id: str) -> bool:
        """Tell whether the automat has been told one code of a parcel, and none instead of it."""
        entries = [one for one in self._entries() if one.subject == tracking_id]
        commands = [one.data["command"] for one in entries if one.type == "automat.command.applied"]
        return "parcel.announce" in commands and "parcel.replace-code" not in commands

    async def rest(self) -> None:
        """Wait until no door moves and no coil is on."""
        automat = self.demo.automat
        await automat.until(lambda: automat.stirs_in_s() is None, REST_LIMIT_S, "all doors at rest")

    async def examine(self) -> None:
        """Hold journal, ledger and world against one another, now that nobody does anything."""
        await self.rest()
        async with asyncio.timeout(STILL_LIMIT_S):
            while True:
                await self._in_step()
                await self._read_news()
                boxes = (await self.demo.ask("/v1/compartments"))["compartments"]
                parcels = (await self.demo.ask("/v1/parcels?all=true"))["parcels"]
                views = self.demo.automat.doors()
                if (await self.demo.ask("/v1/status"))["journal"]["last_sequence"] == self.book.read:
                    break  # a door that was shut a moment ago was believed meanwhile: look again
        pulses, self._new_pulses = self._new_pulses, []
        self.book.match(pulses)
        contents = {label: view.contents for label, view in views.items() if view.contents}
        self.book.compare_automat(parcels)
        shown, self._shown = self._shown, []
        self.book.keep_word(shown)
        self.book.compare(contents, boxes, {label for label, view in views.items() if not view.shut})
        self._keep_promises()

    async def audit(self) -> None:
        """Check the whole chain, and that the ledger took no entry for a fork or for anybody else's."""
        office, automat_id = self.demo.backoffice, self.demo.plan.automat_id
        bad = (await self.demo.ask("/v1/verify"))["first_bad"]
        if bad is not None:
            self.find(f"entry {bad['epoch']}-{bad['sequence']} is bad: {bad['reason']}")
        rows = list(office.ledger.rows(automat_id))
        planted = False
        for epoch in sorted({row.epoch for row in rows}):
            forks = office.ledger.forks(automat_id, epoch)
            planted = planted or any(reason == PLANTED for _, reason in forks)
            for sequence, reason in forks:
                if reason != PLANTED:
                    self.find(f"fork at entry {epoch}-{sequence}: {reason}")
            # One that was refused is taken after all when it comes again, and it was not parked yet.
            there = {row.sequence for row in rows if row.epoch == epoch}
            numbers = sorted(there | {sequence for sequence, _ in office.ledger.refused(automat_id, epoch)})
            if numbers != list(range(1, len(numbers) + 1)):
                self.find(f"the ledger has a gap in epoch {epoch}")
            # A first start that was cut short leaves an epoch behind in which nothing was ever written.
            if epoch != self._epoch and not planted:
                self.find(f"the ledger has an epoch {epoch} beside {self._epoch}, and nobody told of a fork")
        for row in rows:
            if row.fault:
                self.find(f"ledger, entry {row.epoch}-{row.sequence}: {row.fault}")
        for unproven in office.unproven:
            self.find(f"the ledger was sent something unproven: {unproven.reason}")

    async def _in_step(self) -> None:
        journal = (await self.demo.ask("/v1/status"))["journal"]
        office, automat_id = self.demo.backoffice, self.demo.plan.automat_id
        epoch, last = journal["epoch"], journal["last_sequence"]
        if epoch != self._epoch:
            await self._turn_over(epoch)
        try:
            await office.until(
                lambda office: office.ledger.progress(automat_id, epoch).through >= last,
                IN_STEP_LIMIT_S,
                f"entry {last} at the back office",
            )
        except TimeoutError as error:
            self.find(str(error))

    async def _turn_over(self, epoch: int) -> None:
        """Read an epoch to its end, and begin the one that follows it."""
        await self._read_pages()
        self._epoch = epoch
        self.book.turn_over()
        self.pruning.through = 0

    def _entries(self) -> Iterator[Entry]:
        for arrived in self._ledger.values():
            for one in arrived.values():
                yield one.entry

    @property
    def _arrived(self) -> dict[int, Arrived]:
        """What the ledger holds of the present epoch."""
        return self._ledger.setdefault(self._epoch, {})

    async def _read_news(self) -> None:
        """Read what the journal has beyond what was read, entry by entry beside the ledger.

        What was pruned meanwhile is read from the ledger alone.
        """
        first = 0
        for _ in range(LOOKS_AT_THE_BEGINNING):  # more may be pruned while we read
            await self._read_pages()
            first = (await self.demo.ask(f"/v1/journal?epoch={self._epoch}&after=0&limit=1"))["entries"][0][
                "sequence"
            ]
            if first == self.pruning.through + 1:
                break
        self.pruning.compare(first)
        beyond = [number for number in self._arrived if number > self.book.read]
        last = (await self.demo.ask("/v1/status"))["journal"]["last_sequence"]
        if beyond and max(beyond) > last:
            self.find(f"the ledger holds entry {max(beyond)}, and the journal ends at {last}")

    async def _read_pages(self) -> None:
        more = True
        while more:
            page = await self.demo.ask(f"/v1/journal?epoch={self._epoch}&after={self.book.read}&limit={PAGE}")
            for own in page["entries"]:
                for number in range(self.book.read + 1, own["sequence"]):
                    if not await self._read(number):
                        return
                if not await self._read(own["sequence"], own["hash"]):
                    return
            more = page["more"] and page["entries"]

    async def _read(self, sequence: int, own_hash: str | None = None) -> bool:
        """Read one entry as the ledger has it, and as the automat has it unless it was pruned."""
        if sequence in self._refused():
            self.book.skip(sequence)
            return True
        await self._until_arrived(sequence)
        arrived = self._arrived.get(sequence)
        if arrived is None:
            self.find(f"entry {sequence} is not in the ledger")
            return False
        entry = arrived.entry
        if own_hash is not None and entry.hash != own_hash:
            self.find(f"entry {sequence}: journal and ledger differ")
        body: dict[str, Any] = json.loads(entry.payload)
        self.book.note(entry, body, self.doors)
        if entry.type == "automat.journal.pruned":
            self.pruning.note(entry, self._arrived, self._refused())
        return True

    def _refused(self) -> set[int]:
        """Numbers of entries that the back office refuses for ever, as it was told to."""
        refused = self.demo.backoffice.ledger.refused(self.demo.plan.automat_id, self._epoch)
        return {sequence for sequence, _ in refused}

    async def _until_arrived(self, sequence: int) -> None:
        if sequence not in self._arrived:  # recorded since we were in step
            with contextlib.suppress(TimeoutError):
                await self.demo.backoffice.until(
                    lambda _office: sequence in self._arrived, IN_STEP_LIMIT_S, f"entry {sequence}"
                )

    def _keep_promises(self) -> None:
        for promise in self._promises:
            if promise.subject is None:
                count = self.book.counts[promise.kind]
            else:
                count = sum(
                    one.type == f"automat.{promise.kind}" and one.subject == promise.subject
                    for one in self._entries()
                )
            if count < promise.count:
                about = f" of {promise.subject}" if promise.subject else ""
                self.find(
                    f"the display told of {promise.kind}{about}, {promise.count} in all; "
                    f"the journal has {count}"
                )
        self._promises.clear()

    # -- what is seen and heard

    def _see(self, event: SimulatorEvent) -> None:
        at_s = self.demo.steering.now().timestamp()
        if isinstance(event, CoilPulsed):
            self.pulses += 1
            self._new_pulses.append(Pulsed(event.label, at_s, self.quiet, self._moved_lately_s()))
        elif isinstance(event, DisplayChanged):
            self._read_display(event.display, event.lines, at_s)
        elif isinstance(event, DoorMoved):
            self.doors.note(event.label, at_s, event.state)

    def _read_display(self, display: str, lines: tuple[str, ...], at_s: float) -> None:
        """Take it at its word when it says for the first time that something is done."""
        text = " ".join(" ".join(lines).split())
        before, self._texts[display] = self._texts.get(display, ""), text
        for words, asked, kinds in WORDS:
            said = words.fullmatch(text)
            if said is not None and asked.search(before) is not None:
                label = said["label"] if "label" in words.groupindex else None
                self._shown.append(Shown(kinds, label, at_s, text, self._moved_lately_s()))

    def _moved_lately_s(self) -> float:
        """Tell by how much the clock was moved while a busy machine may have been on its way."""
        now_s = time.monotonic()
        self._moves = [(at_s, seconds) for at_s, seconds in self._moves if now_s - at_s < MOVED_LATELY_S]
        return sum(seconds for _, seconds in self._moves)

    def _hear(self, event: DemoEvent) -> None:
        if isinstance(event, ClockMoved):
            self._moves.append((time.monotonic(), event.seconds))
        if isinstance(event, EntryArrived):
            at_s = self.demo.steering.now().timestamp()
            arrived = self._ledger.setdefault(event.entry.epoch, {})
            arrived[event.entry.sequence] = Arrived(event.entry, at_s)
        elif isinstance(event, DaemonEnded) and (
            # Asked politely and dead of SIGKILL all the same: that was a step on its way out.
            not event.asked or (self.stopping and event.code == -signal.SIGKILL)
        ):
            self.died.set()
