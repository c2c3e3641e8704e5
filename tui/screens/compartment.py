"""Everything about one compartment, upon the screen in front: what is known of it, and what can be done.

A door opens after a confirmation that names it. Once it is shut, what lies inside is asked by itself, and
stands here until it is said; the daemon decides whose word counts.
"""

import textwrap
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from locker.api.client import ApiClient
from locker.api.commission_schema import DoorView
from locker.api.maintenance_schema import (
    Asked,
    BlockAsked,
    FoundAsked,
    OpenAsked,
    TestAsked,
    UnblockAsked,
    VerdictName,
)
from locker.api.schema import CompartmentView, JournalEntryView, LockView
from tui.screens.base import AskingScreen, looked
from tui.store import Changes, Part
from tui.telling import instant, number
from tui.widgets.bars import Painted
from tui.widgets.sparkline import sparkline

HISTORY_MOST = 100
UNREADABLE = "-"
TOLD = ("incident", "verdict", "result", "milliseconds", "purpose", "reason", "why", "detail", "grade")
"""What of an entry's data is told beside its kind; then who it was."""
TIME_CELLS = 22
WHO = ("technician", "courier", "operator", "user")


class CompartmentScreen(AskingScreen):
    """What is to be done at its door above; then what is known of it, and what happened to it."""

    NAME: ClassVar[str] = "compartment"
    TAB: ClassVar[str | None] = "wall"
    DEFAULT_CSS = """
    CompartmentScreen #compartment-head { height: auto; text-style: bold; background: $surface; }
    CompartmentScreen #compartment-step { height: auto; max-height: 5; text-style: bold; }
    CompartmentScreen #compartment-step { border: heavy $accent; padding: 0 1; }
    CompartmentScreen #compartment-all { height: 1fr; }
    CompartmentScreen #compartment-all Painted { height: auto; padding: 0 1; }
    CompartmentScreen #compartment-history { border-top: heavy $primary; }
    """
    BINDINGS: ClassVar = [
        Binding("escape", "leave", "leave", show=False),
        Binding("enter", "open", "open", show=False),
        Binding("t", "test", "test", show=False),
        Binding("x", "block", "block", show=False),
        Binding("u", "unblock", "unblock", show=False),
        Binding("m", "mark_clean", "mark clean", show=False),
        Binding("e", "say('empty')", "empty", show=False),
        Binding("p", "say('parcel')", "parcel", show=False),
        Binding("o", "say_other", "another parcel", show=False),
        Binding("d", "say('dirty')", "dirty", show=False),
        Binding("b", "say('damaged')", "damaged", show=False),
    ]

    def __init__(self, label: str) -> None:
        """Show one compartment."""
        super().__init__()
        self.label = label
        self._health: LockView | None = None
        self._wiring: DoorView | None = None
        self._entries: dict[str, JournalEntryView] = {}

    def compose_body(self) -> ComposeResult:
        """Put the box and its door above, its history below."""
        yield Painted(id="compartment-head")
        yield Painted(id="compartment-step")
        with VerticalScroll(id="compartment-all"):
            yield Painted(id="compartment-told")
            yield Painted(id="compartment-history")

    def on_mount(self) -> None:
        """Let the arrows scroll at once."""
        self.query_one("#compartment-all").focus()

    def show(self, changes: Changes) -> None:
        """Paint what changed; ask anew how the lock behaves whenever the box changed."""
        if Part.CONNECTION in changes or self.label in changes.labels:
            self.ask_anew()
        if Part.ENTRIES in changes:
            self._keep(entry for entry in self.store.entries if self._is_about(entry))
        self._paint()

    # -- what the keys do

    def action_leave(self) -> None:
        """Go back to the screen below."""
        if self.is_current:  # a second key may come before it is gone
            self.app.pop_screen()

    @work(group="act", exclusive=True)
    async def action_open(self) -> None:
        """Open the door, with a reason, once somebody said Yes."""
        title = self.words("compartment.open", label=self.label)
        if await self.technician_id() is None:
            return
        reason = await self.ask_text(title, self.words("compartment.open-reason"))
        if reason is not None:
            await self._open(title, self.words("compartment.open-question", label=self.label), reason)

    @work(group="act", exclusive=True)
    async def action_test(self) -> None:
        """Try the lock, once somebody said Yes."""
        title = self.words("compartment.test", label=self.label)
        if await self.confirm(title, self.words("compartment.test-question", label=self.label)):
            await self.maintain(lambda who: TestAsked(technician=who, compartment=self.label))

    @work(group="act", exclusive=True)
    async def action_mark_clean(self) -> None:
        """Say that the box is empty and clean; nobody can know that without having looked: else open it."""
        if self._looked():
            await self._say("empty", None)
            return
        title = self.words("compartment.clean", label=self.label)
        question = self.words("compartment.clean-question", label=self.label)
        await self._open(title, question, self.words("compartment.clean-reason"))

    @work(group="act", exclusive=True)
    async def action_block(self) -> None:
        """Offer the box to nobody, with a reason."""
        title = self.words("compartment.block", label=self.label)
        if await self.technician_id() is None:
            return
        reason = await self.ask_text(title, self.words("compartment.block-reason"))
        if reason is None:
            return
        if await self.confirm(title, self.words("compartment.block-question", label=self.label)):
            await self.maintain(lambda who: BlockAsked(technician=who, compartment=self.label, reason=reason))

    @work(group="act", exclusive=True)
    async def action_unblock(self) -> None:
        """Take the box into use again, once somebody said Yes."""
        title = self.words("compartment.unblock", label=self.label)
        if await self.confirm(title, self.words("compartment.unblock-question", label=self.label)):
            await self.maintain(lambda who: UnblockAsked(technician=who, compartment=self.label))

    @work(group="act", exclusive=True)
    async def action_say(self, verdict: VerdictName) -> None:
        """Say what lies inside; of a parcel that nobody expected, which one it is."""
        if not self._looked():
            await self.tell(self._heading, self.words("compartment.open-first"))
        elif verdict == "parcel" and self._expected is None:
            await self._say_other()
        else:
            await self._say(verdict, None)

    @work(group="act", exclusive=True)
    async def action_say_other(self) -> None:
        """Say that another parcel lies there than should."""
        if self._looked():
            await self._say_other()
        else:
            await self.tell(self._heading, self.words("compartment.open-first"))

    # -- asking the daemon

    async def _open(self, title: str, question: str, reason: str) -> None:
        if await self.confirm(title, question):
            await self.maintain(lambda who: OpenAsked(technician=who, compartment=self.label, reason=reason))

    async def _say(self, verdict: VerdictName, tracking_id: str | None) -> None:
        expected = self._expected
        if verdict == "empty" and expected is not None:
            question = self.words("compartment.missing-question", label=self.label, parcel=expected)
            if not await self.confirm(self._heading, question):
                return

        def asked(who: str) -> Asked:
            return FoundAsked(
                technician=who, compartment=self.label, verdict=verdict, tracking_id=tracking_id
            )

        await self.maintain(asked)

    async def _say_other(self) -> None:
        question = self.words("compartment.name-question")
        named = await self.ask_text(self._heading, question, pattern="[A-Za-z0-9]{1,35}|-")
        if named is not None:
            await self._say("parcel", None if named == UNREADABLE else named)

    async def ask(self, client: ApiClient) -> None:
        """Ask how the lock behaves, how it is wired, and what happened to the box."""
        locks = await client.locks()
        page = await client.journal(compartment=self.label, limit=HISTORY_MOST)
        self._health = next((each for each in locks if each.compartment == self.label), None)
        self._keep(page.entries)
        doors = (await client.commission()).doors
        self._wiring = next((each for each in doors if each.compartment == self.label), None)
        self._paint()

    def _keep(self, entries: Iterable[JournalEntryView]) -> None:
        known = self._entries | {number(entry): entry for entry in entries}
        newest = sorted(known.values(), key=lambda entry: (entry.epoch, entry.sequence))[-HISTORY_MOST:]
        self._entries = {number(entry): entry for entry in newest}

    def _is_about(self, entry: JournalEntryView) -> bool:
        data = entry.data or {}
        return self.label in (data.get("compartment"), data.get("about"))

    # -- what is the case

    @property
    def _heading(self) -> str:
        return self.words("compartment.box", label=self.label)

    @property
    def _box(self) -> CompartmentView | None:
        return self.store.compartments.get(self.label)

    @property
    def _expected(self) -> str | None:
        """The parcel that should lie inside; one that was handed over should not."""
        box = self._box
        parcel = None if box is None else self.store.parcels.get(box.tracking_id or "")
        return None if parcel is None or parcel.state == "collected" else parcel.tracking_id

    def _looked(self) -> bool:
        box = self._box
        return box is not None and looked(box)

    # -- painting

    def _paint(self) -> None:
        box = self._box
        if not self.drawn or self.store.status is None:
            return
        head, step = (
            self.query_one("#compartment-head", Painted),
            self.query_one("#compartment-step", Painted),
        )
        if box is None:
            head.say(f" {self.words('compartment.gone', label=self.label)}")
            step.display = False
            return
        head.say(self._head(box))
        what = self._step(box)
        step.display = bool(what)
        step.say(what)
        self.query_one("#compartment-told", Painted).say("\n".join(self._facts(box)))
        past = [self._entry_line(entry) for entry in reversed(self._entries.values())]
        self.query_one("#compartment-history", Painted).say(
            "\n".join(past) or self.words("compartment.no-past")
        )

    def _head(self, box: CompartmentView) -> str:
        words = self.words
        parts = [
            words("compartment.box", label=box.label),
            f"{box.size} {box.width_mm}x{box.height_mm}x{box.depth_mm} mm",
            words.term("door", box.door),
            words.term("condition", box.condition),
        ]
        parts += [words("wall.accessible")] if box.accessible else []
        parts += [words("wall-state.free")] if box.free else []
        parts += [words("compartment.blocked")] if box.blocked is not None else []
        return " " + " │ ".join(parts)

    def _step(self, box: CompartmentView) -> str:
        """Say what is to be done at the door now; nothing while it rests."""
        words = self.words
        if self._looked():
            lines = [words("compartment.do-say", label=box.label)]
            expected = self._expected
            lines.append(words("audit.expect", parcel=expected) if expected else words("audit.expect-none"))
            return "\n".join(lines)
        if box.opening is None:
            return ""
        text = {
            "waiting": "compartment.do-wait",
            "open": "compartment.do-shut",
            "blind": "compartment.do-shut",
            "late": "compartment.do-free",
            "left-open": "compartment.do-shut-now",
        }[box.opening]
        return words(text, label=box.label)

    def _facts(self, box: CompartmentView) -> list[str]:
        words = self.words
        return [
            *([words("compartment.reason", why=box.reason)] if box.reason else []),
            *([words("wall.blocked", why=box.blocked)] if box.blocked is not None else []),
            self._parcel(box),
            *self._lock_lines(),
            self._wired(),
            *self._incident_lines(),
        ]

    def _parcel(self, box: CompartmentView) -> str:
        words = self.words
        if box.tracking_id is None:
            return words("compartment.no-parcel")
        parcel = self.store.parcels.get(box.tracking_id)
        if parcel is None:
            return words("wall.parcel", parcel=box.tracking_id, state="")
        told = words("wall.parcel", parcel=box.tracking_id, state=words.term("parcel", parcel.state))
        if parcel.deposited_at is not None:
            told += words("compartment.deposited", at=instant(parcel.deposited_at))
        if parcel.last_pickup_date is not None:
            told += words("wall.last-day", date=parcel.last_pickup_date)
        return told

    def _lock_lines(self) -> list[str]:
        lock, words = self._health, self.words
        if lock is None:
            return [words("compartment.lock-unknown")]
        told = words(
            "compartment.lock",
            openings=lock.openings,
            retries=lock.retries,
            failures=lock.failures,
            refusals=lock.refusals,
        )
        lines = [told]
        if lock.recent_ms:
            bars = sparkline([float(each) for each in lock.recent_ms], len(lock.recent_ms))
            usual = "?" if lock.usual_ms is None else lock.usual_ms
            lines.append(words("compartment.times", bars=bars, last=lock.recent_ms[-1], usual=usual))
        return [*lines, *([lock.complaint] if lock.complaint else [])]

    def _wired(self) -> str:
        door, words = self._wiring, self.words
        if door is None:
            return words("compartment.wiring-unknown")
        told = words(
            "compartment.wiring",
            lock=door.output,
            contact=door.contact or words("compartment.no-contact"),
            proving=words.term("proving", door.proving),
        )
        return told if door.blocked is None else f"{told}; {door.blocked}"

    def _incident_lines(self) -> list[str]:
        words = self.words
        lines = []
        for incident in self.store.incidents_about(self.label):
            remedy = words.term("remedy", incident.kind, incident.remedy)
            lines.append(f"! #{incident.number} {words.term('incident', incident.kind)}: {incident.detail}")
            lines.append(f"    {words('incidents.to-do', remedy=remedy)}")
        return lines or [words("compartment.no-incident")]

    def _entry_line(self, entry: JournalEntryView) -> str:
        data = entry.data or {}
        told = [self._detail(name, str(data[name])) for name in TOLD if name in data]
        told += [str(data[name]) for name in WHO if name in data][:1]
        told += [entry.subject] if entry.subject else []
        kind = self.words.term("entry", entry.kind)
        text = f"{instant(entry.at)}  {kind}" + (f": {', '.join(told)}" if told else "")
        width = max(TIME_CELLS + 20, self.size.width - 4)
        return "\n".join(textwrap.wrap(text, width, subsequent_indent=" " * TIME_CELLS))

    def _detail(self, name: str, value: str) -> str:
        """Say one field of an entry; what is a person's own word stays as it is."""
        match name:
            case "incident" | "purpose":
                return self.words.term(name, value)
            case "milliseconds" | "grade":
                return self.words(f"compartment.{name}", value=value)
            case _:
                return value
