"""Answers about the lines: what passes on each, how fast it is answered, what goes wrong."""

from typing import Annotated, Literal

from pydantic import Field

from locker.api.schema import Count, Strict

Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Errors = Annotated[
    dict[str, Count],
    Field(description="how often what went wrong, as `no-answer`, `garbled`, `refused`, `port-lost`"),
]


class BoardView(Strict):
    """A lock board since the daemon's start."""

    name: str
    family: str
    address: Count
    polls: Count = Field(description="readings that it was asked for")
    answered: Count = Field(description="readings that it gave")
    errors: Errors
    lost: bool | None = Field(description="null before anything is known")
    mismatch: str | None = Field(description="why it is not the board that was proved")
    last_answer_s: Figure | None = Field(description="how long ago it answered last; null: never yet")


class LineView(Strict):
    """A line of lock boards since the daemon's start."""

    name: str
    port: str = Field(description="as configured")
    baud: Count
    open: bool
    problem: str | None = Field(description="why it is not open")
    exchanges_per_s: Figure = Field(description="requests sent, mean of the last 10 s")
    frames_per_s: Figure = Field(description="sound frames, either way, mean of the last 10 s")
    sent: Count = Field(description="requests")
    answered: Count
    errors: Errors
    round_trips_ms: tuple[Figure, ...] = Field(description="of the last 60 answers, the oldest first")
    median_ms: Figure | None = Field(description="of these round trips")
    p95_ms: Figure | None = Field(description="95 of 100 of these were not longer")
    boards: tuple[BoardView, ...]


class PeripheralView(Strict):
    """The port of a keypad, display or scanner."""

    what: Literal["keypad", "display", "scanner"]
    name: str
    family: str
    port: str = Field(description="as configured")
    open: bool
    problem: str | None = Field(description="why it is not open")


class LinesAnswer(Strict):
    """Every line as it is now."""

    lines: tuple[LineView, ...]
    peripherals: tuple[PeripheralView, ...]
