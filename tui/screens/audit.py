"""The screen "audit": a round of all compartments in walking order: open, look, say what lies inside.

The daemon keeps how far it has come: whoever leaves this screen, or another technician, goes on there.
"""

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding

from locker.api.maintenance_schema import (
    Audit,
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    AuditStop,
    FoundAsked,
    OpenAsked,
    VerdictName,
)
from locker.api.schema import JournalEntryView
from locker.errors import LockerError
from tui.screens.base import LockerScreen, looked
from tui.store import Changes, Part
from tui.widgets.bars import Painted
from tui.widgets.rows import Rows

REASON = "audit"
COLUMNS = {"box": None, "said": 12, "expected": 14, "found": 14, "who": None}
"""The columns of the round, and how wide they are where that is known beforehand."""

UNDER_WAY = ("waiting", "open", "blind")
AuditStep = Callable[[str], AuditBeginAsked | AuditSkipAsked | AuditEndAsked]
"""Makes a step for the technician of an id."""

UNREADABLE = "-"
LABELS_MOST = 20


class AuditScreen(LockerScreen):
    """What is to be done at which door above, every compartment of the round below."""

    NAME: ClassVar[str] = "audit"
    BINDINGS: ClassVar = [
        Binding("e", "say('empty')", "empty", show=False),
        Binding("p", "say('parcel')", "parcel", show=False),
        Binding("o", "say_other", "another parcel", show=False),
        Binding("d", "say('dirty')", "dirty", show=False),
        Binding("b", "say('damaged')", "damaged", show=False),
        Binding("s", "skip", "skip", show=False),
        Binding("w", "end", "write", show=False),
        Binding("f", "begin_afresh", "begin afresh", show=False),
    ]

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self._audit: Audit | None = None
        self._visiting: str | None = None

    def compose_body(self) -> ComposeResult:
        """Put the question above, the round below."""
        yield Painted(id="audit-state")
        yield Painted(id="audit-step")
        yield Painted(id="audit-differences")
        yield Rows(id="audit-stops")

    def on_mount(self) -> None:
        """Let Enter open the chosen door at once."""
        for name, width in COLUMNS.items():
            self._table.add_column(self.words(f"audit.column-{name}"), key=name, width=width)
        self._table.focus()

    def show(self, changes: Changes) -> None:
        """Ask anew where the round went on, and tell what the door does."""
        if Part.AUDIT in changes or Part.CONNECTION in changes:
            self._ask()
        elif Part.COMPARTMENTS in changes:
            self._paint_round()

    # -- what the keys do

    @on(Rows.RowSelected)
    def _row_selected(self) -> None:
        self.action_go_on()

    @work(group="act", exclusive=True)
    async def action_go_on(self) -> None:
        """Begin, or open the chosen door; write the report where nothing is left."""
        audit = self._audit
        if audit is None:
            return
        if not audit.under_way:
            await self._begin(afresh=False)
        elif (label := self._table.chosen) is not None:
            before, self._visiting = self._visiting, label
            opened = await self.maintain(
                lambda who: OpenAsked(technician=who, compartment=label, reason=REASON)
            )
            if opened is None:
                self._visiting = before
            self._paint_round()

    @work(group="act", exclusive=True)
    async def action_say(self, verdict: VerdictName) -> None:
        """Say what lies inside; of a parcel that nobody expected, which one it is."""
        stop = self._asked_about()
        if stop is None:
            await self._say_first()
        elif verdict == "parcel" and stop.expected is None:
            await self._say_other(stop)
        else:
            await self._say(stop, verdict, None)

    @work(group="act", exclusive=True)
    async def action_say_other(self) -> None:
        """Say that another parcel lies there than should."""
        stop = self._asked_about()
        if stop is None:
            await self._say_first()
        else:
            await self._say_other(stop)

    @work(group="act", exclusive=True)
    async def action_skip(self) -> None:
        """Leave the chosen compartment out, and say why."""
        label = self._table.chosen
        if self._audit is None or not self._audit.under_way or label is None:
            await self.tell(self.words("audit.title"), self.words("audit.none"))
            return
        title = self.words("audit.skip", label=label)
        reason = await self.ask_text(title, self.words("audit.skip-question"))
        if reason is None:
            return
        before = self._visiting
        self._visiting = None if before == label else before
        if not await self._step(lambda who: AuditSkipAsked(technician=who, compartment=label, reason=reason)):
            self._visiting = before

    @work(group="act", exclusive=True)
    async def action_begin_afresh(self) -> None:
        """Give up the round under way, and begin another."""
        if await self.confirm(self.words("audit.afresh"), self.words("audit.afresh-question")):
            await self._begin(afresh=True)

    @work(group="act", exclusive=True)
    async def action_end(self) -> None:
        """Write the report; what is missing in it is asked before."""
        audit = self._audit
        if audit is None or not audit.under_way:
            await self.tell(self.words("audit.title"), self.words("audit.none"))
            return
        missing = [stop.compartment for stop in audit.stops if stop.verdict is None]
        question = self.words("audit.end-question")
        if missing:
            question = self.words("audit.end-partial", labels=_some(missing))
        if not await self.confirm(self.words("audit.end"), question):
            return
        if await self._step(lambda who: AuditEndAsked(technician=who, partial=bool(missing))):
            self._visiting = None
            await self._tell_report()

    # -- steps

    async def _begin(self, *, afresh: bool) -> None:
        if await self._step(lambda who: AuditBeginAsked(technician=who, afresh=afresh)):
            self._visiting = None
            self._choose_next()

    async def _say(self, stop: AuditStop, verdict: VerdictName, tracking_id: str | None) -> None:
        def asked(who: str) -> FoundAsked:
            return FoundAsked(
                technician=who, compartment=stop.compartment, verdict=verdict, tracking_id=tracking_id
            )

        if await self.maintain(asked) is not None:
            self._visiting = None
            await self._ask_once()
            self._choose_next()

    async def _say_other(self, stop: AuditStop) -> None:
        title = self.words("audit.name", label=stop.compartment)
        named = await self.ask_text(title, self.words("audit.name-question"), pattern="[A-Za-z0-9]{1,35}|-")
        if named is not None:
            await self._say(stop, "parcel", None if named == UNREADABLE else named)

    async def _say_first(self) -> None:
        await self.tell(self.words("audit.title"), self.words("audit.open-first"))

    async def _step(self, make: AuditStep) -> bool:
        """Have one step taken; False if it was not, which was told."""
        technician = await self.technician_id()
        if technician is None:
            return False
        audit = await self.act(lambda client: client.audit_step(make(technician)))
        if audit is None:
            return False
        self._take(audit)
        self._choose_next()
        return True

    async def _tell_report(self) -> None:
        client = self.locker.client
        if client is None:
            return
        try:
            report = (await client.journal(kind="audit.ended", limit=1)).entries[-1]
        except (LockerError, IndexError):
            return  # it is written all the same: the journal's screen has it
        await self.tell(self.words("audit.report"), "\n".join(self._report(report)))

    # -- looking

    @work(group="look", exclusive=True)
    async def _ask(self) -> None:
        await self._ask_once()

    async def _ask_once(self) -> None:
        client = self.locker.client
        if client is None:
            return
        try:
            self._take(await client.audit())
        except LockerError:
            return  # the banner says so

    def _take(self, audit: Audit) -> None:
        first, self._audit = self._audit is None, audit
        if not self.drawn:
            return
        self._paint_round()
        if first:
            self._choose_next()

    # -- which door

    @property
    def _table(self) -> Rows:
        return self.query_one("#audit-stops", Rows)

    def _choose_next(self) -> None:
        """Go to the box that waits for a word, else to the next one of the walk."""
        label = self._at_door() or (self._audit.next if self._audit else None)
        if label is not None:
            self._table.choose(label)
        self._paint_round()

    def _at_door(self) -> str | None:
        """Return the box in front of which this technician stands; also one that was opened elsewhere."""
        if self._visiting is not None:
            return self._visiting
        technician = self.locker.technician
        waiting = (
            label
            for label, box in self.store.compartments.items()
            if technician and box.awaits_word_of == technician
        )
        return next(waiting, None)

    def _asked_about(self) -> AuditStop | None:
        """Return the stop of which it can be said now what lies inside."""
        label = self._at_door()
        if self._audit is None or label is None or not self._looked(label):
            return None
        return next((stop for stop in self._audit.stops if stop.compartment == label), None)

    def _looked(self, label: str) -> bool:
        box = self.store.compartments.get(label)
        return box is not None and looked(box)

    # -- painting

    def _paint_round(self) -> None:
        audit = self._audit
        if audit is None:
            return
        self.query_one("#audit-state", Painted).say(" " + self._state(audit))
        self.query_one("#audit-step", Painted).say(self._what_to_do(audit))
        differing = [stop.compartment for stop in audit.stops if stop.differs]
        told = self.words("audit.differences", labels=_some(differing)) if differing else ""
        self.query_one("#audit-differences", Painted).say(f" {told}".rstrip())
        self._paint_stops(audit)

    def _paint_stops(self, audit: Audit) -> None:
        self._table.put({stop.compartment: self._cells(stop) for stop in audit.stops})

    def _cells(self, stop: AuditStop) -> tuple[str, ...]:
        mark = "!" if stop.differs else "-" if stop.verdict == "skipped" else "+" if stop.verdict else " "
        said = self.words.term("verdict", stop.verdict) if stop.verdict else ""
        why = f"{stop.technician or ''}: {stop.reason}" if stop.reason else stop.technician or ""
        return (
            stop.compartment,
            f"{mark} {said}",
            self.words("audit.nothing") if stop.expected is None else _ending(stop.expected),
            self._found(stop),
            why,
        )

    def _found(self, stop: AuditStop) -> str:
        """Say what was found; nothing where nobody has looked."""
        if stop.tracking_id is not None:
            return _ending(stop.tracking_id)
        match stop.verdict:
            case None | "skipped":
                return ""
            case "empty":
                return self.words("audit.nothing")
            case "parcel":
                return self.words("audit.unnamed")
            case _:
                return self.words("audit.not-asked")

    def _state(self, audit: Audit) -> str:
        if not audit.under_way:
            return self.words("audit.none")
        return self.words(
            "audit.under-way",
            number=audit.number,
            done=audit.done,
            total=audit.total,
            at=f"{audit.begun_at:%Y-%m-%d %H:%MZ}",
            technician=audit.technician,
        )

    def _what_to_do(self, audit: Audit) -> str:
        if not audit.under_way:
            return self.words("audit.do-begin")
        label = self._at_door()
        if label is None:
            return self.words("audit.do-open", label=audit.next) if audit.next else self.words("audit.do-end")
        box = self.store.compartments.get(label)
        if self._looked(label):
            return "\n".join([self.words("audit.do-say", label=label), self._expected(audit, label)])
        if box is not None and box.opening in UNDER_WAY:
            return self.words("audit.do-wait" if box.opening == "waiting" else "audit.do-shut", label=label)
        return self.words("audit.not-looked", label=label)

    def _expected(self, audit: Audit, label: str) -> str:
        stop = next((each for each in audit.stops if each.compartment == label), None)
        # Of a box that was judged in this round the record of now counts, not what was expected then.
        expected = None if stop is None else stop.expected if stop.verdict is None else self._on_record(label)
        if expected is None:
            return self.words("audit.expect-none")
        return self.words("audit.expect", parcel=expected)

    def _on_record(self, label: str) -> str | None:
        box = self.store.compartments.get(label)
        return None if box is None else box.tracking_id

    def _report(self, report: JournalEntryView) -> list[str]:
        data = report.data or {}
        verdicts, differences = data.get("verdicts"), data.get("differences")
        lines = [
            self.words(
                "audit.report-of",
                number=data.get("audit"),
                outcome=self.words.term("audit-outcome", str(data.get("outcome"))),
                entry=f"{report.epoch}-{report.sequence}",
            )
        ]
        if isinstance(verdicts, dict):
            lines += [f"{count} {self.words.term('verdict', name)}" for name, count in verdicts.items()]
        if isinstance(differences, list):
            labels = [str(each.get("compartment")) for each in differences if isinstance(each, dict)]
            lines.append(
                self.words("audit.differences", labels=_some(labels))
                if labels
                else self.words("audit.no-differences")
            )
        return lines


def _ending(tracking_id: str) -> str:
    """Shorten a tracking id to what a person compares."""
    return tracking_id if len(tracking_id) <= 14 else f"..{tracking_id[-12:]}"


def _some(labels: list[str]) -> str:
    """Name the first ones."""
    more = len(labels) - LABELS_MOST
    return ", ".join(labels[:LABELS_MOST]) + (f" +{more}" if more > 0 else "")
