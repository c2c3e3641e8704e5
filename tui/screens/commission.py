"""The screen "commission": boards are searched, each lock is tried once, a person reads the label.

All of it is asked of the running daemon, as `lockerctl commission` does; the daemon decides and records it.
What was proved stays there, so whoever leaves this screen comes back to where it was.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll

from locker.api.client import RequestRefused
from locker.api.commission_schema import (
    Commission,
    CommissionBegin,
    CommissionDoor,
    CommissionSearch,
    CommissionStep,
    CommissionTest,
    CommissionWrite,
    DoorView,
    Nothing,
    SearchView,
    TrialView,
)
from locker.errors import LockerError
from tui.screens.base import LockerScreen
from tui.store import Changes, Part
from tui.widgets.bars import Painted
from tui.widgets.rows import Rows

LOOK_EVERY_S = 0.3
LOOK_AT_REST_EVERY_S = 2.0
MOVING = ("reading", "watching")
NAMEABLE = ("open", "unseen", "shut")
NO_DOOR = "-"
COLUMNS = ("box", "wiring", "lock", "contact", "shut")
BAR_CELLS = 20
LABELS_MOST = 20


class CommissionScreen(LockerScreen):
    """What is proved of each door, the lock under trial, and what to do next."""

    NAME: ClassVar[str] = "commission"
    REFUSALS: ClassVar[str] = "commission-refusal"
    BINDINGS: ClassVar = [
        Binding("b", "begin", "begin", show=False),
        Binding("f", "begin_afresh", "begin afresh", show=False),
        Binding("s", "search", "search", show=False),
        Binding("a", "search_all", "search every family", show=False),
        Binding("t", "try_lock", "try", show=False),
        Binding("d", "name_door", "which door", show=False),
        Binding("n", "no_door", "no door", show=False),
        Binding("w", "write", "write", show=False),
        Binding("x", "end", "end", show=False),
    ]

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self._progress: Commission | None = None

    def compose_body(self) -> ComposeResult:
        """Put what to do above, the doors to the left, boards and searches to the right."""
        yield Painted(id="commission-state")
        yield Painted(id="commission-step")
        with Horizontal(id="commission-parts"):
            yield Rows(id="commission-doors")
            with VerticalScroll(id="commission-found", can_focus=True):
                yield Painted(id="commission-boards")

    def on_mount(self) -> None:
        """Begin with the doors, and look how it goes on for as long as this screen is in front."""
        table = self._table
        for name in COLUMNS:
            table.add_column(self.words(f"commission.column-{name}"), key=name)
        table.focus()

    def on_screen_resume(self) -> None:
        """Look at once, and go on looking."""
        super().on_screen_resume()
        self._look()

    def show(self, changes: Changes) -> None:
        """Paint anew where doors stand open, or whoever answers is another."""
        if Part.COMPARTMENTS in changes or Part.CONNECTION in changes:
            self._paint_progress()

    # -- what the keys do

    @work(group="act", exclusive=True)
    async def action_begin(self) -> None:
        """Take the automat out of everybody else's hands."""
        await self._begin(afresh=False)

    @work(group="act", exclusive=True)
    async def action_begin_afresh(self) -> None:
        """The same, and forget what was proved and not written."""
        if await self.confirm(self.words("commission.afresh"), self.words("commission.afresh-question")):
            await self._begin(afresh=True)

    @work(group="act", exclusive=True)
    async def action_search(self) -> None:
        """Look for boards of the configured families on a line."""
        await self._search(every_family=False)

    @work(group="act", exclusive=True)
    async def action_search_all(self) -> None:
        """Look for boards of every family on a line."""
        await self._search(every_family=True)

    @work(group="act", exclusive=True)
    async def action_try_lock(self) -> None:
        """Pulse the chosen lock once, then ask which door opened."""
        label = self._table.chosen
        if label is None or not await self._may_begin():
            return
        question = [self.words("commission.try-question", label=label), *self._warnings(label)]
        if not await self.confirm(self.words("commission.try", label=label), "\n\n".join(question)):
            return
        if await self._step(CommissionTest(compartment=label)) is None:
            return
        await self._until_moved()
        if self._nameable:
            await self._ask_door()

    @work(group="act", exclusive=True)
    async def action_name_door(self) -> None:
        """Say which label is on the door that opened."""
        if self._nameable:
            await self._ask_door()
        else:
            await self.tell(self.words("commission.title"), self.words("commission.nothing-tried"))

    @work(group="act", exclusive=True)
    async def action_no_door(self) -> None:
        """Say that no door opened."""
        if not self._nameable:
            await self.tell(self.words("commission.title"), self.words("commission.nothing-tried"))
        elif await self.confirm(self.words("commission.none"), self.words("commission.none-question")):
            await self._step(CommissionDoor(compartment=None))
            self._choose_next()

    @work(group="act", exclusive=True)
    async def action_write(self) -> None:
        """Write what was proved, take it into use, give the automat back."""
        if await self._look_once() is None:
            return
        unproved = self._progress.unproved if self._progress else ()
        question = self.words("commission.write-question")
        if unproved:
            question = self.words("commission.write-partial", labels=_some(unproved))
        if await self.confirm(self.words("commission.write"), question):
            written = await self._step(CommissionWrite(partial=bool(unproved)))
            if written is not None and written.map is not None:
                told = self.words("commission.written", hash=written.map.hash[:12])
                await self.tell(self.words("commission.write"), told)

    @work(group="act", exclusive=True)
    async def action_end(self) -> None:
        """Give the automat back without writing."""
        if await self.confirm(self.words("commission.end"), self.words("commission.end-question")):
            await self._step(Nothing())

    @on(Rows.RowSelected)
    def _row_selected(self) -> None:
        if self._nameable:
            self.action_name_door()
        else:
            self.action_try_lock()

    # -- steps

    async def _begin(self, *, afresh: bool) -> bool:
        technician = await self.technician_id()
        if technician is None:
            return False
        begun = await self._step(CommissionBegin(technician=technician, afresh=afresh))
        self._choose_next()
        return begun is not None

    async def _may_begin(self) -> bool:
        """Tell whether it is under way; begins it if somebody wants to."""
        progress = await self._look_once()
        if progress is None or progress.under_way:
            return progress is not None
        wanted = await self.confirm(self.words("commission.begin"), self.words("commission.begin-question"))
        return wanted and await self._begin(afresh=False)

    async def _search(self, *, every_family: bool) -> None:
        if not await self._may_begin() or self._progress is None:
            return
        lines = self._progress.lines
        line: str | None = lines[0] if lines else None
        if len(lines) > 1:
            question = self.words("commission.search-question", lines=", ".join(lines))
            line = await self.ask_text(self.words("commission.search"), question)
        if line is not None:
            await self._step(CommissionSearch(line=line[:64], every_family=every_family))

    async def _ask_door(self) -> None:
        trial = self._progress.trial if self._progress else None
        if trial is None:
            return
        pulsed = self.words("commission.door-pulsed", label=trial.compartment)
        # What is asked stands last, right above where the answer is typed.
        text = "\n".join([pulsed, *self._moved(trial), "", self.words("commission.door-question")])
        label = await self.ask_text(self.words("commission.door"), text)
        if label is None:
            return
        await self._step(CommissionDoor(compartment=None if label == NO_DOOR else label[:64]))
        if self._progress and self._progress.trial and self._progress.trial.stage in ("proved", "failed"):
            self._choose_next()

    async def _until_moved(self) -> None:
        while self._progress is not None:
            trial = self._progress.trial
            if trial is None or trial.stage not in MOVING:
                return
            await asyncio.sleep(LOOK_EVERY_S)
            if await self._look_once() is None:
                return

    async def _step(self, step: CommissionStep) -> Commission | None:
        """Have one step taken; None if it was not, which was told."""
        if not self.store.may_act:
            await self.technician_id()  # says why nothing can be changed
            return None
        progress = await self.act(lambda client: client.commission_step(step))
        if progress is not None:
            self._take(progress)
        return progress

    # -- looking

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        """Ask again and again how far it has come, while this screen is the matter in front."""
        while self.locker.matter == self.NAME:
            await self._look_once(silent=True)
            await asyncio.sleep(LOOK_EVERY_S if self._is_moving else LOOK_AT_REST_EVERY_S)

    async def _look_once(self, *, silent: bool = False) -> Commission | None:
        """Ask how far it has come; None if nobody answers."""
        client = self.locker.client
        if client is None:
            return None
        try:
            self._take(await client.commission())
        except RequestRefused as error:
            if not silent:
                await self.refused(error)
            return None
        except LockerError:
            return None  # the banner says so
        return self._progress

    def _take(self, progress: Commission) -> None:
        before, self._progress = self._progress, progress
        if progress == before or not self.is_mounted:
            return
        self._paint_progress()
        over = progress.trial is not None and progress.trial.stage in ("proved", "failed")
        if before is None or (over and progress.trial != before.trial):
            self._choose_next()

    @property
    def _is_moving(self) -> bool:
        progress = self._progress
        if progress is None:
            return True
        searching = progress.search is not None and not progress.search.over
        trying = progress.trial is not None and progress.trial.stage not in ("proved", "failed")
        return progress.under_way and (searching or trying)

    @property
    def _nameable(self) -> bool:
        """Whether it is to be said which door opened."""
        trial = self._progress.trial if self._progress else None
        return trial is not None and trial.stage in NAMEABLE and trial.named is None

    # -- painting

    @property
    def _table(self) -> Rows:
        return self.query_one("#commission-doors", Rows)

    def _paint_progress(self) -> None:
        progress = self._progress
        if progress is None:
            return
        self.query_one("#commission-state", Painted).say(" " + self._state(progress))
        self.query_one("#commission-step", Painted).say("\n".join(self._what_to_do(progress)))
        self.query_one("#commission-boards", Painted).say("\n".join(self._boards(progress)))
        self._paint_doors(progress.doors)

    def _paint_doors(self, doors: Iterable[DoorView]) -> None:
        self._table.put({door.compartment: self._cells(door) for door in doors})

    def _cells(self, door: DoorView) -> tuple[str, ...]:
        mark = "!" if door.blocked else {"proved": "+", "in-use": "=", "unproved": "?"}[door.proving]
        shut = "-" if door.contact is None else "closed" if door.closed_means_shut else "open"
        return (
            door.compartment,
            f"{mark} {self.words.term('proving', 'blocked' if door.blocked else door.proving)}",
            door.output,
            door.contact or "-",
            self.words.term("contact", shut),
        )

    def _state(self, progress: Commission) -> str:
        proved = len(progress.doors) - len(progress.unproved)
        done = self.words("commission.done", proved=proved, total=len(progress.doors))
        if progress.under_way:
            who = {"user": progress.user or "-", "technician": progress.technician or "-"}
            return f"{self.words('commission.under-way', **who)} {done}"
        if progress.map is None:
            return self.words("commission.never")
        written = progress.map
        at = f"{written.written_at:%Y-%m-%d %H:%MZ}"
        return f"{self.words('commission.in-use', hash=written.hash[:12], at=at, user=written.user)} {done}"

    def _what_to_do(self, progress: Commission) -> list[str]:
        if not progress.under_way:
            return [self.words("commission.do-begin")]
        trial = progress.trial
        if trial is not None and trial.stage in MOVING:
            return [self.words("commission.do-wait", label=trial.compartment, lock=trial.output)]
        if trial is not None and self._nameable:
            return [self.words("commission.do-name"), *self._moved(trial)]
        if trial is not None and trial.stage == "open":
            return [self.words("commission.do-shut", label=trial.named or "-"), *self._moved(trial)]
        told = [] if trial is None else self._outcome(trial)
        left = self._left(progress)
        if not left:
            return [*told, self.words("commission.do-write")]
        return [*told, self.words("commission.do-try", count=len(left), label=left[0]), *self._warnings()]

    def _outcome(self, trial: TrialView) -> list[str]:
        if trial.stage == "proved":
            return [self.words("commission.proved", lock=trial.output, label=trial.named or "-")]
        return [self.words("commission.failed", label=trial.compartment, fault=trial.fault or "-")]

    def _moved(self, trial: TrialView) -> list[str]:
        if trial.stage == "unseen":
            return [self.words("commission.unseen")]
        own = self.words("commission.moved-own")
        other = self.words("commission.moved-other")
        return [
            self.words(
                "commission.moved",
                contact=each.contact,
                box=each.compartment or "-",
                whose=own if each.compartment == trial.compartment else other,
            )
            for each in trial.moved
        ]

    def _warnings(self, label: str | None = None) -> list[str]:
        """Say which doors stand open, and that the box to be opened holds a parcel."""
        warnings = []
        standing = [name for name, box in self.store.compartments.items() if box.door == "open"]
        if standing:
            warnings.append(self.words("commission.stand-open", labels=_some(standing)))
        box = self.store.compartments.get(label or "")
        if box is not None and box.tracking_id is not None:
            warnings.append(self.words("commission.holds", label=box.label))
        return warnings

    def _boards(self, progress: Commission) -> list[str]:
        lines = [self.words("commission.boards")]
        for board in progress.boards:
            proved = (board.fingerprint or "-")[:12]
            lines.append(f" {board.name}: {board.line} {board.family} {board.address}  {proved}")
            if board.mismatch is not None:
                lines.append(f"  ! {board.mismatch}")
        if progress.search is not None:
            lines += ["", *self._searched(progress.search)]
        blocked = [door for door in progress.doors if door.blocked is not None]
        if blocked:
            lines += ["", self.words("commission.blocked")]
            lines += [f" {door.compartment}: {door.blocked}" for door in blocked]
        return lines

    def _searched(self, search: SearchView) -> list[str]:
        cells = BAR_CELLS * search.asked // max(search.total, 1)
        bar = "#" * cells + "." * (BAR_CELLS - cells)
        lines = [
            self.words("commission.searched", line=search.line, asked=search.asked, total=search.total),
            f" [{bar}] {self.words('commission.over') if search.over else ''}".rstrip(),
        ]
        for board in search.found:
            known = (
                self.words("commission.configured", name=board.configured_as)
                if board.configured_as
                else self.words("commission.not-configured")
            )
            lines.append(f" {board.family} {board.address}: {known}")
            lines += [f"   {name} = {value}" for name, value in board.settings.items()]
        if search.over and not search.found and search.fault is None:
            lines.append(f" {self.words('commission.none-found')}")
        if search.fault is not None:
            lines.append(f" ! {search.fault}")
        return lines

    # -- which lock is next

    def _choose_next(self) -> None:
        left = self._left(self._progress) if self._progress else []
        if left:
            self._table.choose(left[0])

    def _left(self, progress: Commission) -> list[str]:
        """Give the locks that are to be tried, the last one tried at the end: it may have to rest."""
        left = [door.compartment for door in progress.doors if _is_left(door)]
        last = progress.trial.compartment if progress.trial is not None else None
        return sorted(left, key=lambda label: label == last)


def _is_left(door: DoorView) -> bool:
    """Tell whether the lock configured here is to be tried; where cables cross, a door has another's lock."""
    holds = door.proving == "in-use" and door.blocked is None
    return not door.lock_tried and not holds


def _some(labels: Sequence[str]) -> str:
    """Name labels, the first ones of many."""
    more = len(labels) - LABELS_MOST
    return ", ".join(labels[:LABELS_MOST]) + (f" +{more}" if more > 0 else "")
