"""Figures: a measured value beside a floor of the same run, judged by a goal; as a table and as JSON."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


class NotMeasured(RuntimeError):  # noqa: N818 - the name says what is the case
    """A figure could not be measured at all; says why. A missed goal is no such thing."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should reach: its value, or its ratio to the floor, against a limit."""

    of: Literal["value", "ratio"]
    relation: Literal["<", "<=", ">="]
    limit: float

    def met(self, value: float, ratio: float) -> bool:
        """Tell whether it is reached."""
        measured = value if self.of == "value" else ratio
        if self.relation == "<":
            return measured < self.limit
        return measured <= self.limit if self.relation == "<=" else measured >= self.limit

    def __str__(self) -> str:
        """Write it as the table and the JSON say it."""
        return f"{self.of} {self.relation} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; the unit of value and floor ends the name. `notes` are for a person."""

    name: str
    value: float
    floor: float
    goal: Goal
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """The value in floors."""
        return self.value / self.floor

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.goal.met(self.value, self.ratio)

    def as_json(self) -> dict[str, object]:
        """Return what the JSON file says of it."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "floor": round(self.floor, 4),
            "ratio": round(self.ratio, 4),
            "goal": str(self.goal),
            "met": self.met,
        }


@dataclass(slots=True)
class Pairs:
    """Values and floors taken in turn, so that the machine's drift meets both alike."""

    values: list[float]
    floors: list[float]

    @classmethod
    def none(cls) -> "Pairs":
        """Begin."""
        return cls([], [])

    def figure(self, name: str, goal: Goal, *notes: str) -> Figure:
        """Make a figure of both medians; the spread becomes its first note."""
        each = statistics.median(v / f for v, f in zip(self.values, self.floors, strict=True))
        spread = (
            f"{len(self.values)} pairs; value {_spread(self.values)}; floor {_spread(self.floors)};"
            f" median of the pairs' ratios {each:.2f}"
        )
        return Figure(
            name, statistics.median(self.values), statistics.median(self.floors), goal, (spread, *notes)
        )


def table(figures: Sequence[Figure]) -> str:
    """Write the figures as a table, then their notes."""
    head = ("figure", "value", "floor", "ratio", "goal", "")
    rows = [
        (
            figure.name,
            f"{figure.value:.2f}",
            f"{figure.floor:.2f}",
            f"{figure.ratio:.2f}",
            str(figure.goal),
            "met" if figure.met else "MISSED",
        )
        for figure in figures
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [_row(head, widths), _row(["-" * width for width in widths], widths)]
    lines += [_row(row, widths) for row in rows]
    for figure in figures:
        lines += ["", figure.name, *(f"  {note}" for note in figure.notes)]
    return "\n".join(lines)


def _row(cells: Iterable[str], widths: Sequence[int]) -> str:
    name, value, floor, ratio, goal, met = cells
    numbers = "  ".join(
        cell.rjust(width) for cell, width in zip((value, floor, ratio), widths[1:4], strict=True)
    )
    return f"{name.ljust(widths[0])}  {numbers}  {goal.ljust(widths[4])}  {met}".rstrip()


def _spread(numbers: Sequence[float]) -> str:
    if len(numbers) < 4:
        return " ".join(f"{number:.2f}" for number in sorted(numbers))
    low, _, high = statistics.quantiles(numbers, n=4)
    return f"{min(numbers):.2f} | {low:.2f} .. {high:.2f} | {max(numbers):.2f}"
