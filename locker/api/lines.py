"""The answer about the lines, and their figures for Prometheus."""

import math
from collections.abc import Iterable, Sequence
from statistics import median

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from locker.api.answers import json_answer
from locker.api.lines_schema import BoardView, LinesAnswer, LineView, PeripheralView
from locker.api.schema import Strict
from locker.lines import BoardOfLine, LineOfBoards, Lines


class LinesAnswers:
    """Answers one route."""

    def __init__(self, lines: Lines | None) -> None:
        """None: there is no hardware."""
        self._lines = lines

    async def get(self, _request: web.Request, _query: Strict) -> web.StreamResponse:
        """Tell every line and board."""
        return json_answer(self.answer())

    def answer(self) -> LinesAnswer:
        """Every line as it is now."""
        if self._lines is None:
            return LinesAnswer(lines=(), peripherals=())
        return LinesAnswer(
            lines=tuple(_line(line) for line in self._lines.boards()),
            peripherals=tuple(
                PeripheralView(
                    what=each.what,
                    name=each.name,
                    family=each.family,
                    port=each.port,
                    open=each.is_open,
                    problem=each.problem,
                )
                for each in self._lines.peripherals()
            ),
        )

    def figures(self) -> Iterable[Metric]:
        """Give the same for Prometheus; without hardware there are none."""
        lines = () if self._lines is None else self._lines.boards()
        opened = GaugeMetricFamily("locker_line_open", "1 while the port of a line is open.", labels=["line"])
        sent = CounterMetricFamily("locker_line_requests", "Requests sent on a line.", labels=["line"])
        answered = CounterMetricFamily("locker_line_answers", "Requests answered.", labels=["line"])
        errors = CounterMetricFamily(
            "locker_line_errors", "What went wrong on a line.", labels=["line", "kind"]
        )
        lost = GaugeMetricFamily("locker_board_lost", "1 while a board does not answer.", labels=["board"])
        for line in lines:
            opened.add_metric([line.name], int(line.is_open))
            sent.add_metric([line.name], line.sent)
            answered.add_metric([line.name], line.answered)
            for kind, count in line.errors.items():
                errors.add_metric([line.name, kind], count)
            for board in line.boards:
                lost.add_metric([board.name], int(board.is_lost is True))
        return (opened, sent, answered, errors, lost)


def percentile_95(values: Sequence[float]) -> float:
    """Return the least of these values that 95 of 100 do not exceed; there is one at least."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def _line(line: LineOfBoards) -> LineView:
    trips_ms = tuple(round(each, 2) for each in line.round_trips_ms)
    return LineView(
        name=line.name,
        port=line.port,
        baud=line.baud,
        open=line.is_open,
        problem=line.problem,
        exchanges_per_s=round(line.exchanges_per_s, 2),
        frames_per_s=round(line.frames_per_s, 2),
        sent=line.sent,
        answered=line.answered,
        errors=dict(line.errors),
        round_trips_ms=trips_ms,
        median_ms=round(median(trips_ms), 2) if trips_ms else None,
        p95_ms=percentile_95(trips_ms) if trips_ms else None,
        boards=tuple(_board(board) for board in line.boards),
    )


def _board(board: BoardOfLine) -> BoardView:
    return BoardView(
        name=board.name,
        family=board.family,
        address=board.address,
        polls=board.polls,
        answered=board.answered,
        errors=dict(board.errors),
        lost=board.is_lost,
        mismatch=board.mismatch,
        last_answer_s=None if board.last_answer_s is None else round(board.last_answer_s, 3),
    )
