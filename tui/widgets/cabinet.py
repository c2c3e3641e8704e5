"""The cabinet's geometry: where each box stands, in millimetres, and where it is drawn. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from locker.api.schema import CompartmentView

Direction = Literal["up", "down", "left", "right"]

WALL_MM = 10
"""What the sheet between two boxes takes beside the inner sizes."""
UNPLACED_ROWS = 10
"""Boxes whose place nobody told stand in columns of so many, behind the others."""
WIDEST_CELLS = 30
TALLEST_LINES = 5
"""How far the smallest box grows where there is room."""
FLATTEST = 0.5
"""How much of its relative height a tall box may lose before the wall scrolls instead."""
_JUNCTIONS = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
"""By what leads away from a point: up 1, down 2, left 4, right 8."""


class Stand(NamedTuple):
    """A box in its column; lengths from the top of the cabinet."""

    label: str
    column: int
    row: int
    top_mm: int
    bottom_mm: int


class Rectangle(NamedTuple):
    """Where a box is drawn, its upper and left edge included."""

    x: int
    y: int
    width: int
    height: int


class Spot(NamedTuple):
    """What stands at one line of a column: a box, and how many lines below its upper edge that is."""

    label: str
    below: int


@dataclass(frozen=True)
class Bank:
    """Columns that are drawn side by side; what the screen is too narrow for comes in the next bank."""

    first: int
    edges: tuple[int, ...]
    """Where each column begins, and where the last one ends."""
    junctions: tuple[str, ...]
    """A line of the bank by line: the walls at each of `edges`."""

    @property
    def columns(self) -> range:
        """The columns of this bank."""
        return range(self.first, self.first + len(self.edges) - 1)


@dataclass(frozen=True)
class Drawing:
    """A cabinet on so many cells; each bank takes `pitch` lines, the last of which is its floor."""

    banks: tuple[Bank, ...]
    pitch: int
    spots: tuple[tuple[Spot | None, ...], ...]
    """What stands where, by column and line of its bank."""
    rectangles: dict[str, Rectangle]

    @property
    def width(self) -> int:
        """How many cells it is wide."""
        return max((bank.edges[-1] + 1 for bank in self.banks), default=0)

    @property
    def height(self) -> int:
        """How many lines it is high."""
        return len(self.banks) * self.pitch

    def at(self, x: int, y: int) -> str | None:
        """Return the label of the box that is drawn there."""
        number, line = divmod(y, self.pitch)
        if not 0 <= number < len(self.banks) or line >= self.pitch - 1:
            return None
        bank = self.banks[number]
        for column, (begin, end) in zip(bank.columns, pairwise(bank.edges), strict=True):
            spot = self.spots[column][line]
            if begin <= x < end and spot is not None:
                return spot.label
        return None


class Cabinet:
    """The boxes as they stand: columns from left to right, rows from top to bottom, upon one floor."""

    def __init__(self, boxes: Iterable[CompartmentView]) -> None:
        """Place every box; what has no place of its own stands behind the others."""
        columns = _columns(list(boxes))
        heights = [sum(box.height_mm + WALL_MM for box in column) for column in columns]
        self.height_mm = max(heights, default=0)
        every = [box for column in columns for box in column]
        self.smallest_mm = min((box.height_mm + WALL_MM for box in every), default=1)
        self.label_cells = max((len(box.label) for box in every), default=1)
        self.rows_most = max(map(len, columns), default=0)
        self.widths_mm = [max(box.width_mm for box in column) + WALL_MM for column in columns]
        self.columns: list[list[Stand]] = [
            self._stack(number, column, self.height_mm - height)
            for number, (column, height) in enumerate(zip(columns, heights, strict=True))
        ]
        self.stands = {stand.label: stand for column in self.columns for stand in column}
        self.order = [stand.label for column in self.columns for stand in column]

    def middle_mm(self, label: str) -> int:
        """Return how far below the top of the cabinet the middle of a box is."""
        stand = self.stands[label]
        return (stand.top_mm + stand.bottom_mm) // 2

    def neighbour(self, label: str, direction: Direction, aim_mm: int) -> str:
        """Return the next box in a direction, in another column the one at `aim_mm`; itself at the end."""
        stand = self.stands[label]
        if direction in ("up", "down"):
            column = self.columns[stand.column]
            row = stand.row + (1 if direction == "down" else -1)
            return column[row].label if 0 <= row < len(column) else label
        number = stand.column + (1 if direction == "right" else -1)
        if not 0 <= number < len(self.columns):
            return label
        return min(self.columns[number], key=lambda other: _distance(other, aim_mm)).label

    def draw(self, width: int, height: int, *, marks: int) -> Drawing:
        """Draw it on a screen of this size: as large as there is room, but never too small to be read.

        Each cell holds its left wall, the label and so many marks; it is widened up to `WIDEST_CELLS`.
        """
        widths, firsts = self._widths(width, 1 + self.label_cells + marks)
        lines = self._lines(height, one_bank=len(firsts) == 1)
        spots = tuple(_spots(self._tops(column, lines), lines) for column in self.columns)
        banks: list[Bank] = []
        rectangles: dict[str, Rectangle] = {}
        for number, (first, after) in enumerate(pairwise([*firsts, len(widths)])):
            edges = [0]
            for column in range(first, after):
                for top, bottom, stand in _spans(self._tops(self.columns[column], lines), lines):
                    place = Rectangle(edges[-1], number * (lines + 1) + top, widths[column], bottom - top)
                    rectangles[stand.label] = place
                edges.append(edges[-1] + widths[column])
            banks.append(Bank(first, tuple(edges), _junctions(spots[first:after], lines)))
        return Drawing(tuple(banks), lines + 1, spots, rectangles)

    def _stack(self, number: int, boxes: Sequence[CompartmentView], spare_mm: int) -> list[Stand]:
        """Stack a column; what it lacks in height is a gap in its rows (a display), else above."""
        gap = next(
            (place + 1 for place, (a, b) in enumerate(pairwise(boxes)) if b.row > a.row + 1),
            0,
        )
        if boxes[0].row > 1:
            gap = 0
        small = spare_mm < self.smallest_mm // 2
        stands: list[Stand] = []
        top_mm = 0
        for row, box in enumerate(boxes):
            above_mm = spare_mm if row == gap else 0
            bottom_mm = top_mm + above_mm + box.height_mm + WALL_MM
            stands.append(Stand(box.label, number, row, top_mm + (0 if small else above_mm), bottom_mm))
            top_mm = bottom_mm
        return stands

    def _widths(self, width: int, smallest: int) -> tuple[list[int], list[int]]:
        """Return how many cells each column is wide, and which columns begin a bank."""
        narrowest_mm = min(self.widths_mm, default=1)
        relative = [min(2.0, mm / narrowest_mm) for mm in self.widths_mm]
        least = [round(smallest * each) for each in relative]
        room = max(width - 1, max(least, default=1))
        firsts, used = [0], 0
        for number, cells in enumerate(least):
            if used + cells > room:
                firsts.append(number)
                used = 0
            used += cells
        if len(firsts) > 1:
            most = max(sum(least[a:b]) for a, b in pairwise([*firsts, len(least)]))
            return [cells * room // most for cells in least], firsts
        one = min(WIDEST_CELLS, room / (sum(relative) or 1))
        ends = [0]
        for cells, each in zip(least, relative, strict=True):
            ends.append(max(ends[-1] + cells, round(ends[-1] + one * each)))
        while ends[-1] > room:  # rounding up the narrow ones may have taken what the others need
            widest = max(range(len(least)), key=lambda n: ends[n + 1] - ends[n] - least[n])
            ends = [end - (number > widest) for number, end in enumerate(ends)]
        return [b - a for a, b in pairwise(ends)], firsts

    def _lines(self, height: int, *, one_bank: bool) -> int:
        """Return on how many lines the cabinet's height is drawn, without the floor."""
        natural = -(-self.height_mm // self.smallest_mm)
        least = max(self.rows_most, round(FLATTEST * natural), 1)
        if one_bank:
            lines = min(height - 1, natural * TALLEST_LINES)
        else:
            at_once = max(1, round(height / (natural + 1)))
            lines = height // at_once - 1
        return lines if lines >= least else max(self.rows_most, natural, 1)

    def _tops(self, column: Sequence[Stand], lines: int) -> list[tuple[int, int, Stand]]:
        """Return the first line of each box and the one after its last; each box has one line at least."""
        tops: list[int] = []
        for stand in column:
            tops.append(max(round(stand.top_mm * lines / self.height_mm), tops[-1] + 1 if tops else 0))
        after = lines
        bottoms: list[int] = []
        for place in reversed(range(len(column))):
            bottom = min(after, max(round(column[place].bottom_mm * lines / self.height_mm), tops[place] + 1))
            tops[place] = min(tops[place], bottom - 1)
            bottoms.append(bottom)
            after = tops[place]
        return list(zip(tops, reversed(bottoms), column, strict=True))


def _columns(boxes: list[CompartmentView]) -> list[list[CompartmentView]]:
    placed = sorted(
        (box for box in boxes if box.column or box.row),
        key=lambda box: (box.column, box.row, len(box.label), box.label),
    )
    columns = [list(group) for _, group in groupby(placed, key=lambda box: box.column)]
    unplaced = [box for box in boxes if not (box.column or box.row)]
    columns += [unplaced[at : at + UNPLACED_ROWS] for at in range(0, len(unplaced), UNPLACED_ROWS)]
    return columns


def _distance(stand: Stand, aim_mm: int) -> int:
    if stand.top_mm <= aim_mm < stand.bottom_mm:
        return 0
    return max(stand.top_mm - aim_mm, aim_mm - stand.bottom_mm + 1)


def _spans(tops: list[tuple[int, int, Stand]], lines: int) -> list[tuple[int, int, Stand]]:
    return [(top, min(bottom, lines), stand) for top, bottom, stand in tops]


def _spots(tops: list[tuple[int, int, Stand]], lines: int) -> tuple[Spot | None, ...]:
    spots: list[Spot | None] = [None] * lines
    for top, bottom, stand in tops:
        for line in range(top, bottom):
            spots[line] = Spot(stand.label, line - top)
    return tuple(spots)


def _junctions(columns: Sequence[tuple[Spot | None, ...]], lines: int) -> tuple[str, ...]:
    """Return the walls between columns, line by line, the floor last."""

    def box(column: int, line: int) -> bool:
        inside = 0 <= column < len(columns) and 0 <= line < lines
        return inside and columns[column][line] is not None

    def edge(column: int, line: int) -> bool:
        """Whether something ends or begins at the upper edge of this line."""
        if not 0 <= column < len(columns):
            return False
        here = columns[column][line] if line < lines else None
        return here.below == 0 if here is not None else box(column, line - 1)

    written: list[str] = []
    for line in range(lines + 1):
        walls = ""
        for column in range(len(columns) + 1):
            left, right = column - 1, column
            walls += _JUNCTIONS[
                1 * (box(left, line - 1) or box(right, line - 1))
                + 2 * (box(left, line) or box(right, line))
                + 4 * edge(left, line)
                + 8 * edge(right, line)
            ]
        written.append(walls)
    return tuple(written)
