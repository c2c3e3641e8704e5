"""Incidents: the open ones first, what each means, what to do about it, and what a person can say of it."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from locker.api.client import ApiClient
from locker.api.maintenance_schema import AcknowledgeAsked, ClearAsked, ReleaseAsked
from locker.api.schema import IncidentView
from locker.errors import LockerError
from tui.screens.base import AskingScreen
from tui.store import Changes, Part
from tui.telling import instant, span
from tui.widgets.bars import Painted
from tui.widgets.dialogs import Whole
from tui.widgets.rows import Rows

COLUMNS = ("mark", "number", "what", "about", "age", "by")
CLEARED_MOST = 100
"""So many of the cleared ones are listed, the newest; `lockerctl incidents --all` has every one."""


class IncidentsScreen(AskingScreen):
    """A list; below it the chosen incident in full."""

    NAME: ClassVar[str] = "incidents"
    DEFAULT_CSS = """
    IncidentsScreen #incidents-none { height: auto; padding: 1 2; }
    IncidentsScreen #incidents-list { height: 1fr; }
    IncidentsScreen #incidents-detail { height: 12; border-top: heavy $accent; padding: 0 1; }
    """
    BINDINGS: ClassVar = [
        Binding("a", "acknowledge", "acknowledge", show=False),
        Binding("c", "clear", "clear", show=False),
        Binding("r", "release", "release", show=False),
        Binding("g", "wall", "wall", show=False),
        Binding("w", "wire", "wire", show=False),
        Binding("h", "history", "history", show=False),
    ]

    def __init__(self) -> None:
        """Know of no cleared one yet."""
        super().__init__()
        self._cleared: dict[int, IncidentView] = {}
        self._kept: frozenset[int] = frozenset()
        self._with_cleared = False

    def compose_body(self) -> ComposeResult:
        """Put the list above the chosen one."""
        yield Painted(id="incidents-none")
        yield Rows(id="incidents-list")
        with VerticalScroll(id="incidents-detail"):
            yield Painted(id="incidents-text")

    def on_mount(self) -> None:
        """Make the columns."""
        for name in COLUMNS:
            self._table.add_column(self.words(f"incidents.column-{name}"), key=name)
        self._table.focus()

    def show(self, changes: Changes) -> None:
        """Paint the list and the chosen one."""
        if Part.INCIDENTS in changes:
            self._paint()
            self.ask_anew()
        elif Part.STATUS in changes:
            self._paint()  # the ages go on

    async def ask(self, client: ApiClient) -> None:
        """Ask for the cleared incidents, and around which of all the wire was kept."""
        every = await client.incidents(cleared=True)
        self._kept = frozenset((await client.wire()).dumped_incidents)
        cleared = [incident for incident in every if incident.cleared_at is not None]
        self._cleared = {incident.number: incident for incident in cleared[-CLEARED_MOST:]}
        self._paint()

    # -- what the keys do

    @work(group="act", exclusive=True)
    async def action_acknowledge(self) -> None:
        """Say that this technician looks after the chosen incident."""
        incident = self._chosen()
        if incident is not None:
            await self.maintain(lambda who: AcknowledgeAsked(technician=who, incident=incident.number))

    @work(group="act", exclusive=True)
    async def action_clear(self) -> None:
        """Say that the chosen incident is settled, if a word can settle it."""
        incident = self._chosen()
        if incident is None:
            return
        title = self.words("incidents.clear", number=incident.number)
        if incident.settling != "by-word":
            why = self.words.term("settling", incident.settling)
            await self.tell(title, f"{why}\n\n{self._remedy(incident)}")
            return
        if await self.technician_id() is None:
            return
        question = self.words("incidents.clear-question", what=self._what(incident), about=incident.about)
        reason = await self.ask_text(title, question)
        if reason is not None:
            await self.maintain(
                lambda who: ClearAsked(technician=who, incident=incident.number, reason=reason)
            )

    @work(group="act", exclusive=True)
    async def action_release(self) -> None:
        """Release the keypad that the chosen incident is about."""
        incident = self._chosen()
        if incident is None or incident.kind != "guard-mode":
            await self.tell(self.words("incidents.release"), self.words("incidents.release-none"))
            return
        question = self.words("incidents.release-question", keypad=incident.about)
        if await self.confirm(self.words("incidents.release"), question):
            await self.maintain(lambda who: ReleaseAsked(technician=who, keypad=incident.about))

    @work(group="act", exclusive=True)
    async def action_wire(self) -> None:
        """Show what was kept of the wire around the chosen incident."""
        incident, client = self._chosen(), self.locker.client
        if incident is None or client is None:
            return
        title = self.words("incidents.wire", number=incident.number)
        try:
            dumps = (await client.wire(incident=incident.number)).dumps
        except LockerError as error:
            await self.refused(error)
            return
        if dumps:
            text = "\n\n".join(f"{dump.file}\n{dump.text}" for dump in dumps)
            await self.answer_of(Whole(title, text, self.words))
        else:
            await self.tell(title, self.words("incidents.wire-none"))

    def action_history(self) -> None:
        """List the cleared ones too, or no more."""
        self._with_cleared = not self._with_cleared
        self._paint()

    async def action_wall(self) -> None:
        """Go to its compartment on the wall."""
        label = self._box()
        if label is not None:
            await self.locker.go_to(label)

    @on(Rows.RowSelected)
    def _go_there(self) -> None:
        """Show the compartment that it is about."""
        label = self._box()
        if label is not None:
            self.locker.show_compartment(label)

    def _box(self) -> str | None:
        """Return the compartment that the chosen incident is about; say so if it is about none."""
        incident = self._chosen()
        if incident is None:
            return None
        if incident.about not in self.store.compartments:
            self.notify(self.words("incidents.no-box", about=incident.about))
            return None
        return incident.about

    @on(Rows.RowHighlighted)
    def _moved(self) -> None:
        self._paint_chosen()

    # -- painting

    @property
    def _table(self) -> Rows:
        return self.query_one("#incidents-list", Rows)

    def _listed(self) -> list[IncidentView]:
        """Return the open ones, newest first; then, if wanted, the cleared ones."""
        shown = sorted(self.store.incidents.values(), key=lambda incident: -incident.number)
        if self._with_cleared:
            cleared = (each for each in self._cleared.values() if each.number not in self.store.incidents)
            shown += sorted(cleared, key=lambda incident: -incident.number)
        return shown

    def _chosen(self) -> IncidentView | None:
        number = int(self._table.chosen or 0)
        return self.store.incidents.get(number) or self._cleared.get(number)

    def _paint(self) -> None:
        if not self.drawn or self.store.status is None:
            return
        self._table.put({str(incident.number): self._row(incident) for incident in self._listed()})
        none = self.query_one("#incidents-none", Painted)
        none.display = not self.store.incidents
        none.say(self.words("incidents.none"))
        self._paint_chosen()

    def _paint_chosen(self) -> None:
        incident = self._chosen()
        self.query_one("#incidents-detail").display = incident is not None
        self.query_one("#incidents-text", Painted).say("" if incident is None else self._told(incident))

    def _row(self, incident: IncidentView) -> tuple[str, ...]:
        return (
            self._mark(incident),
            str(incident.number),
            self._what(incident),
            incident.about,
            self._age(incident),
            incident.acknowledged_by or "-",
        )

    def _mark(self, incident: IncidentView) -> str:
        if incident.cleared_at is not None:
            return self.words("incidents.mark-cleared")
        looked_after = incident.acknowledged_by is not None
        return self.words("incidents.mark-looked-after" if looked_after else "incidents.mark-open")

    def _about(self, incident: IncidentView) -> str:
        if incident.about in self.store.compartments:
            return self.words("incidents.box", label=incident.about)
        return incident.about

    def _what(self, incident: IncidentView) -> str:
        return self.words.term("incident", incident.kind)

    def _remedy(self, incident: IncidentView) -> str:
        return self.words.term("remedy", incident.kind, incident.remedy)

    def _age(self, incident: IncidentView) -> str:
        status = self.store.status
        if status is None:
            return ""
        return span((status.clock.wall_at - incident.raised_at).total_seconds(), self.words)

    def _told(self, incident: IncidentView) -> str:
        words = self.words
        lines = [
            words(
                "incidents.heading",
                number=incident.number,
                about=self._about(incident),
                meaning=words.term("meaning", incident.kind, incident.meaning),
            ),
            incident.detail,
            words("incidents.raised", at=instant(incident.raised_at)),
        ]
        if incident.acknowledged_by is not None and incident.acknowledged_at is not None:
            at = instant(incident.acknowledged_at)
            lines.append(words("incidents.looked-after", by=incident.acknowledged_by, at=at))
        if incident.cleared_at is None:
            lines.append(words("incidents.to-do", remedy=self._remedy(incident)))
            lines.append(words.term("settling", incident.settling))
        else:
            lines.append(words("incidents.cleared", at=instant(incident.cleared_at)))
        if incident.number in self._kept:
            lines.append(words("incidents.kept"))
        return "\n".join(lines)
