"""Lines and boards: how each does, and what passes on the chosen line with its meaning."""

import asyncio
import os
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical

from locker.api.client import ApiClient
from locker.api.lines_schema import BoardView, LinesAnswer, LineView, PeripheralView
from locker.api.wire_schema import PassageView
from locker.errors import LockerError
from tui.screens.base import LockerScreen
from tui.widgets.bars import Painted
from tui.widgets.rows import Rows
from tui.widgets.sparkline import sparkline
from tui.widgets.wire_view import WireView
from tui.wire import KEPT, WAYS, WireHistory, as_text, note

LOOK_EVERY_S = 1.0
PAINT_EVERY_S = 0.25
RETRY_S = 1.0
COLUMNS = ("part", "state", "rate", "errors")
FILE_MODE = 0o600

Chosen = LineView | BoardView | PeripheralView


class LinesScreen(LockerScreen):
    """Arrows choose a line, board or port; Tab goes to the wire log of its line."""

    NAME: ClassVar[str] = "lines"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it for the instance
        (0, "-narrow"),
        (110, "-wide"),
    ]
    DEFAULT_CSS = """
    LinesScreen #lines-frame { height: 1fr; layout: vertical; }
    LinesScreen #lines-parts { height: 6; }
    LinesScreen #lines-detail { height: auto; max-height: 6; background: $surface; padding: 0 1; }
    LinesScreen #lines-side { height: auto; }
    LinesScreen #lines-wire { height: 1fr; }
    LinesScreen #wire-strip { height: 1; background: $panel; }
    LinesScreen.-wide #lines-frame { layout: horizontal; }
    LinesScreen.-wide #lines-side { width: 54; height: 1fr; }
    LinesScreen.-wide #lines-parts { height: 1fr; }
    LinesScreen.-wide #lines-detail { max-height: 16; }
    """
    BINDINGS: ClassVar = [
        Binding("p", "pause", "pause", show=False),
        Binding("slash,f", "filter_text", "filter", show=False),
        Binding("d", "filter_way", "direction", show=False),
        Binding("b", "filter_board", "board", show=False),
        Binding("s", "save", "save", show=False),
    ]

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self.history = WireHistory()
        self._answer = LinesAnswer(lines=(), peripherals=())
        self._line: str | None = None
        self._arrived: deque[PassageView] = deque(maxlen=KEPT)
        self._news = False
        self._why_lost: str | None = None

    def compose_body(self) -> ComposeResult:
        """Put the parts and the chosen one above or to the left, the wire below or to the right."""
        with Container(id="lines-frame"):
            with Vertical(id="lines-side"):
                yield Rows(id="lines-parts")
                yield Painted(id="lines-detail")
            with Vertical(id="lines-wire"):
                yield Painted(id="wire-strip")
                yield WireView(self.history)

    def on_mount(self) -> None:
        """Begin to look."""
        for name in COLUMNS:
            self._table.add_column(self.words(f"lines.column-{name}"), key=name)
        self._table.focus()
        self.set_interval(PAINT_EVERY_S, self._paint_wire)
        self._look()

    # -- what the keys do

    def action_pause(self) -> None:
        """Let the log stand still, or go on with what passed meanwhile."""
        history = self.history
        if history.paused:
            history.go_on(note(self.words("lines.not-kept", count=history.not_kept), _now()))
        else:
            history.pause()
        self._paint_wire(news=True)

    @work(group="act", exclusive=True)
    async def action_filter_text(self) -> None:
        """Ask for a text; only what has it is shown. An empty one shows everything."""
        text = await self.ask_text(
            self.words("lines.filter"), self.words("lines.filter-question"), pattern=".*"
        )
        if text is not None:
            self._filter(text, self.history.board)

    def action_filter_way(self) -> None:
        """Go on to the next direction."""
        history = self.history
        history.way = WAYS[(WAYS.index(history.way) + 1) % len(WAYS)]
        self._filter(history.text, history.board)

    def action_filter_board(self) -> None:
        """Show only what speaks of the chosen board, or everything again."""
        chosen = self._chosen()
        if self.history.board is None and isinstance(chosen, BoardView):
            self._filter(self.history.text, chosen.address)
        elif self.history.board is not None:
            self._filter(self.history.text, None)
        else:
            self.remark(self.words("lines.no-board"))

    @work(group="act", exclusive=True)
    async def action_save(self) -> None:
        """Write what is shown to a new file that only this user may read."""
        kept = list(self.history.shown)
        path = await self.ask_text(
            self.words("lines.save"), self.words("lines.save-question", count=len(kept))
        )
        if path is None:
            return
        try:
            await asyncio.to_thread(save, path, kept)
        except FileExistsError:
            await self.tell(self.words("common.not-done"), self.words("lines.file-exists", path=path))
        except (OSError, RuntimeError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            await self.tell(
                self.words("common.not-done"), self.words("lines.file-failed", path=path, reason=reason)
            )
        else:
            self.remark(self.words("lines.saved", count=len(kept), path=path))

    @on(WireView.Chosen)
    def _show_whole(self, event: WireView.Chosen) -> None:
        self._tell_whole(event.passage)

    @work(group="act", exclusive=True)
    async def _tell_whole(self, passage: PassageView) -> None:
        head, *words = as_text(passage)
        await self.tell(head[:64], "\n".join([head, "", *(each.strip() for each in words)]))

    @on(Rows.RowHighlighted, "#lines-parts")
    def _moved(self) -> None:
        self._tell_chosen()
        self._follow_chosen()

    # -- lines and boards

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        while True:
            client = self.locker.client
            if client is not None and self.store.lost is None and self._in_front:
                with suppress(LockerError):  # the event stream tells what is wrong
                    self._answer = await client.lines()
                    self._paint_parts()
            await asyncio.sleep(LOOK_EVERY_S)

    @property
    def _in_front(self) -> bool:
        return self in self.app.screen_stack

    @property
    def _table(self) -> Rows:
        return self.query_one("#lines-parts", Rows)

    def _paint_parts(self) -> None:
        """Write the cells that changed; rows come and go only with another configuration."""
        self._table.put(self._rows())
        self._tell_chosen()
        self._follow_chosen()

    def _rows(self) -> dict[str, tuple[str, ...]]:
        words = self.words
        rows: dict[str, tuple[str, ...]] = {}
        for line in self._answer.lines:
            state = words("lines.open") if line.open else f"! {words('lines.not-open')}"
            rate = f"{line.frames_per_s:.1f}/s"
            rows[f"line {line.name}"] = (line.name, state, rate, _total(line.errors))
            for board in line.boards:
                age = "" if board.last_answer_s is None else words("lines.ago", age=_age(board.last_answer_s))
                cells = (f"  {board.name}", self._board_state(board), age, _total(board.errors))
                rows[f"board {line.name} {board.name}"] = cells
        for each in self._answer.peripherals:
            state = words("lines.open") if each.open else f"! {words('lines.not-open')}"
            name = f"{words.term('peripheral', each.what)} {each.name}"
            rows[f"{each.what} {each.name}"] = (name, state, "", "")
        return rows

    def _board_state(self, board: BoardView) -> str:
        if board.mismatch is not None:
            return f"! {self.words('lines.other')}"
        if board.lost is None:
            return f"? {self.words('lines.unknown')}"
        return f"! {self.words('lines.lost')}" if board.lost else self.words("lines.works")

    def _chosen(self) -> Chosen | None:
        """Return what the cursor is on."""
        row = self._table.cursor_row
        things: list[Chosen] = []
        for line in self._answer.lines:
            things += [line, *line.boards]
        things += self._answer.peripherals
        return things[row] if 0 <= row < len(things) else None

    def _line_of(self, chosen: Chosen) -> str | None:
        """Name the line whose log belongs to it; a display has none."""
        if isinstance(chosen, PeripheralView):
            return None if chosen.what == "display" else f"{chosen.what} {chosen.name}"
        if isinstance(chosen, LineView):
            return chosen.name
        return next(line.name for line in self._answer.lines if chosen in line.boards)

    def _tell_chosen(self) -> None:
        chosen = self._chosen()
        match chosen:
            case LineView():
                lines = self._line_words(chosen)
            case BoardView():
                lines = self._board_words(chosen)
            case PeripheralView():
                lines = [f"{chosen.family}, {chosen.port}", *([chosen.problem] if chosen.problem else [])]
            case _:
                lines = []
        self.query_one("#lines-detail", Painted).say("\n".join(lines))

    def _line_words(self, line: LineView) -> list[str]:
        words = self.words
        told = [words("lines.line", port=line.port, baud=line.baud)]
        if line.problem is not None:
            told.append(f"! {line.problem}")
        told.append(
            words(
                "lines.traffic",
                exchanges=f"{line.exchanges_per_s:.1f}",
                frames=f"{line.frames_per_s:.1f}",
                sent=line.sent,
                answered=line.answered,
            )
        )
        told.append(words("lines.errors", errors=self._errors(line.errors)))
        return [*told, *self._round_trips(line)]

    def _board_words(self, board: BoardView) -> list[str]:
        words = self.words
        told = [words("lines.board", family=board.family, address=board.address)]
        if board.mismatch is not None:
            told.append(f"! {board.mismatch}")
        age = words("lines.never") if board.last_answer_s is None else _age(board.last_answer_s)
        told.append(words("lines.polls", polls=board.polls, answered=board.answered, age=age))
        told.append(words("lines.errors", errors=self._errors(board.errors)))
        line = next((line for line in self._answer.lines if board in line.boards), None)
        return told if line is None else [*told, *self._round_trips(line)]

    def _round_trips(self, line: LineView) -> list[str]:
        if line.median_ms is None or line.p95_ms is None:
            return []
        figures = self.words(
            "lines.round-trips",
            median=f"{line.median_ms:.1f}",
            p95=f"{line.p95_ms:.1f}",
            most=f"{max(line.round_trips_ms):.1f}",
        )
        width = self.query_one("#lines-detail").content_size.width or 60
        return [figures, sparkline(line.round_trips_ms, min(60, width))]

    def _errors(self, errors: Mapping[str, int]) -> str:
        told = (f"{self.words.term('wire-error', kind)} {count}" for kind, count in errors.items() if count)
        return ", ".join(told) or self.words("lines.no-errors")

    # -- the wire

    def _follow_chosen(self) -> None:
        chosen = self._chosen()
        line = None if chosen is None else self._line_of(chosen)
        if line is None or line == self._line:
            return
        self._line = line
        self._arrived.clear()
        self.history.clear()
        self._follow(line)
        self._paint_wire(news=True)

    @work(group="wire", exclusive=True)
    async def _follow(self, line: str) -> None:
        """Follow a line until another is chosen; over a connection of its own, which may come and go."""
        while True:
            try:
                async with ApiClient(self.locker.path) as client:
                    self._arrived.clear()
                    self.history.clear()
                    following = client.follow_wire(
                        line, after=0, on_lost=self._wire_lost, on_missed=self._wire_missed
                    )
                    async with aclosing(following) as passing:
                        async for passage in passing:
                            self._why_lost = None
                            self._arrive(passage)
            except LockerError as error:
                self._wire_lost(error)
            await asyncio.sleep(RETRY_S)

    def _wire_lost(self, error: LockerError) -> None:
        if self._why_lost != str(error):  # each attempt tells the same
            self._why_lost = str(error)
            self._arrive(note(self.words("lines.wire-lost", reason=error), _now()))

    def _wire_missed(self, count: int) -> None:
        if self._arrived or self.history.shown:  # of the time before somebody followed nothing is missing
            self._arrive(note(self.words("lines.missed", count=count), _now()))

    def _arrive(self, passage: PassageView) -> None:
        if len(self._arrived) == self._arrived.maxlen:
            self._flush()
        self._arrived.append(passage)

    def _flush(self) -> None:
        self.history.take(self._arrived)
        self._arrived.clear()

    def _paint_wire(self, *, news: bool = False) -> None:
        """Show what arrived since the last time; a few times a second at most."""
        self._news |= news or bool(self._arrived)
        self._flush()
        if self._news and self._in_front:
            self._news = False
            if news or not self.history.paused:
                self.query_one(WireView).show()
            self.query_one("#wire-strip", Painted).say(self._strip())

    def _filter(self, text: str, board: int | None) -> None:
        self.history.filter(text, self.history.way, board)
        self.query_one(WireView).go_to_end()
        self._paint_wire(news=True)

    def _strip(self) -> str:
        words, history = self.words, self.history
        parts = [words("lines.wire", line=self._line or "-", count=len(history.shown))]
        if history.paused:
            parts.append(words("lines.paused", count=history.waiting))
            if history.not_kept:
                parts.append(words("lines.not-kept", count=history.not_kept))
        if history.way is not None:
            parts.append(words(f"lines.way-{history.way}"))
        if history.board is not None:
            parts.append(words("lines.only-board", address=history.board))
        if history.text:
            parts.append(f"/{history.text}")
        return " " + " │ ".join(parts)


def save(path: str, passages: Sequence[PassageView]) -> None:
    """Write passages to a new file that only this user may read; FileExistsError: nothing was changed."""
    file = os.open(
        Path(path).expanduser(),
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW,
        FILE_MODE,
    )
    with os.fdopen(file, "w", encoding="utf-8") as written:
        written.writelines(f"{line}\n" for passage in passages for line in as_text(passage))


def _total(errors: Mapping[str, int]) -> str:
    return str(sum(errors.values()) or "-")


def _age(age_s: float) -> str:
    if age_s < 100:
        return f"{age_s:.1f} s"
    minutes, seconds = divmod(int(age_s), 60)
    return f"{minutes} min {seconds:02d} s"


def _now() -> datetime:
    return datetime.now(UTC)
