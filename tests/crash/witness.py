"""Whoever stands beside the automat and forgets nothing: pulses, doors, ledger, promises to people."""

import asyncio
import contextlib
import json
import re
from dataclasses import dataclass
from typing import Any

from simulator.backoffice.entries import Entry
from simulator.demo import DaemonEnded, Demo, DemoEvent, EntryArrived
from simulator.events import CoilPulsed, DisplayChanged, DoorMoved, SimulatorEvent
from tests.crash.book import Book, Doors, Pulsed, Shown

IN_STEP_LIMIT_S = 60.0
REST_LIMIT_S = 40.0
PAGE = 500
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
        self.quiet = False
        self.died = asyncio.Event()
        self.pulses = 0
        self.kills = 0
        self._epoch = 1
        self._open: set[str] = set()
        self._new_pulses: list[Pulsed] = []
        self._entries: dict[int, Entry] = {}
        self._promises: list[Promise] = []
        self._shown: list[Shown] = []
        self._texts: dict[str, str] = {}
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

    async def rest(self) -> None:
        """Wait until no door moves and no coil is on."""
        automat = self.demo.automat
        await automat.until(lambda: automat.stirs_in_s() is None, REST_LIMIT_S, "all doors at rest")

    async def examine(self) -> None:
        """Hold journal, ledger and world against one another, now that nobody does anything."""
        await self.rest()
        await self._in_step()
        await self._read_news()
        pulses, self._new_pulses = self._new_pulses, []
        self.book.match(pulses)
        boxes = (await self.demo.ask("/v1/compartments"))["compartments"]
        views = self.demo.automat.doors()
        contents = {label: view.contents for label, view in views.items() if view.contents}
        self.book.compare_automat((await self.demo.ask("/v1/parcels?all=true"))["parcels"])
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
        # A first start that was cut short leaves an epoch behind in which nothing was ever written.
        numbers = sorted([*(row.sequence for row in rows), *self._refused()])
        if numbers != list(range(1, len(numbers) + 1)) or {row.epoch for row in rows} != {self._epoch}:
            self.find("the ledger has a gap, or a second epoch")
        for row in rows:
            if row.fault:
                self.find(f"ledger, entry {row.sequence}: {row.fault}")
        for sequence, reason in office.ledger.forks(automat_id, self._epoch):
            if reason != PLANTED:
                self.find(f"fork at entry {sequence}: {reason}")
        for unproven in office.unproven:
            self.find(f"the ledger was sent something unproven: {unproven.reason}")

    async def _in_step(self) -> None:
        journal = (await self.demo.ask("/v1/status"))["journal"]
        office, automat_id = self.demo.backoffice, self.demo.plan.automat_id
        epoch, last = journal["epoch"], journal["last_sequence"]
        self._epoch = epoch
        try:
            await office.until(
                lambda office: office.ledger.progress(automat_id, epoch).through >= last,
                IN_STEP_LIMIT_S,
                f"entry {last} at the back office",
            )
        except TimeoutError as error:
            self.find(str(error))

    async def _read_news(self) -> None:
        """Read what the journal has beyond what was read, entry by entry beside the ledger."""
        while True:
            page = await self.demo.ask(f"/v1/journal?after={self.book.read}&limit={PAGE}")
            for own in page["entries"]:
                if own["sequence"] in self._refused():
                    self.book.skip(own["sequence"])
                    continue
                await self._until_arrived(own["sequence"])
                entry = self._entries.get(own["sequence"])
                if entry is None:
                    self.find(f"entry {own['sequence']} ({own['kind']}) is not in the ledger")
                    return
                if entry.hash != own["hash"]:
                    self.find(f"entry {own['sequence']}: journal and ledger differ")
                body: dict[str, Any] = json.loads(entry.payload)
                self.book.note(entry, body, self.doors)
            if not page["more"] or not page["entries"]:
                break
        beyond = [number for number in self._entries if number > self.book.read]
        last = (await self.demo.ask("/v1/status"))["journal"]["last_sequence"]
        if beyond and max(beyond) > last:
            self.find(f"the ledger holds entry {max(beyond)}, and the journal ends at {last}")

    def _refused(self) -> set[int]:
        """Numbers of entries that the back office refuses for ever, as it was told to."""
        refused = self.demo.backoffice.ledger.refused(self.demo.plan.automat_id, self._epoch)
        return {sequence for sequence, _ in refused}

    async def _until_arrived(self, sequence: int) -> None:
        if sequence not in self._entries:  # recorded since we were in step
            with contextlib.suppress(TimeoutError):
                await self.demo.backoffice.until(
                    lambda _office: sequence in self._entries, IN_STEP_LIMIT_S, f"entry {sequence}"
                )

    def _keep_promises(self) -> None:
        for promise in self._promises:
            if promise.subject is None:
                count = self.book.counts[promise.kind]
            else:
                count = sum(
                    entry.type == f"automat.{promise.kind}" and entry.subject == promise.subject
                    for entry in self._entries.values()
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
            self._new_pulses.append(Pulsed(event.label, at_s, self.quiet))
        elif isinstance(event, DisplayChanged):
            self._read_display(event.display, event.lines, at_s)
        elif isinstance(event, DoorMoved):
            is_open = event.state in ("ajar", "open")
            if is_open is not (event.label in self._open) and (is_open or event.state == "shut"):
                (self._open.add if is_open else self._open.discard)(event.label)
                self.doors.note(event.label, at_s, is_open=is_open)

    def _read_display(self, display: str, lines: tuple[str, ...], at_s: float) -> None:
        """Take it at its word when it says for the first time that something is done."""
        text = " ".join(" ".join(lines).split())
        before, self._texts[display] = self._texts.get(display, ""), text
        for words, asked, kinds in WORDS:
            said = words.fullmatch(text)
            if said is not None and asked.search(before) is not None:
                label = said["label"] if "label" in words.groupindex else None
                self._shown.append(Shown(kinds, label, at_s, text))

    def _hear(self, event: DemoEvent) -> None:
        if isinstance(event, EntryArrived):
            self._entries[event.entry.sequence] = event.entry
        elif isinstance(event, DaemonEnded):
            self.died.set()
