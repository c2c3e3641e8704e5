"""How lines and boards do, over the socket and for Prometheus."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.api.client import ApiClient
from locker.api.lines import percentile_95
from tests.unit.api.house import House, client_of
from tests.unit.hardware.byhand import LinesByHand


@pytest.fixture
async def client(house: House, path: Path) -> AsyncIterator[ApiClient]:
    house.lines = LinesByHand()
    async with house.serving(path), client_of(path) as client:
        yield client


async def test_every_line_is_told_with_its_figures(client: ApiClient) -> None:
    left, right = (await client.lines()).lines
    assert (left.name, left.port, left.baud, left.open) == ("left", "/dev/serial/by-id/left", 9600, True)
    assert (left.exchanges_per_s, left.frames_per_s, left.sent, left.answered) == (12.34, 24.56, 700, 640)
    assert left.errors == {"garbled": 3, "no-answer": 57}
    assert (len(left.round_trips_ms), left.median_ms, left.p95_ms) == (60, 30.5, 57.0)
    assert (right.open, right.problem) == (False, "tcp://10.0.0.7:4001: nobody listens there")
    assert (right.round_trips_ms, right.median_ms, right.p95_ms) == ((), None, None)


async def test_every_board_and_port_is_told(client: ApiClient) -> None:
    answer = await client.lines()
    works, lost = answer.lines[0].boards
    (other,) = answer.lines[1].boards
    assert (works.lost, works.last_answer_s, works.polls, works.answered) == (False, 0.12, 500, 498)
    assert (lost.lost, lost.last_answer_s, lost.errors) == (True, None, {"no-answer": 40})
    assert other.mismatch == "it has 12 channels, not 24"
    assert [(each.what, each.open) for each in answer.peripherals] == [("keypad", True), ("display", False)]


async def test_without_hardware_there_are_no_lines(house: House, path: Path) -> None:
    async with house.serving(path), client_of(path) as client:
        answer = await client.lines()
    assert (answer.lines, answer.peripherals) == ((), ())


async def test_the_metrics_have_the_lines_too(client: ApiClient) -> None:
    figures = (await client.metrics()).splitlines()
    assert 'locker_line_open{line="left"} 1.0' in figures
    assert 'locker_line_open{line="right"} 0.0' in figures
    assert 'locker_line_requests_total{line="left"} 700.0' in figures
    assert 'locker_line_errors_total{kind="garbled",line="left"} 3.0' in figures
    assert 'locker_board_lost{board="B"} 1.0' in figures


@pytest.mark.parametrize(
    ("values", "expected"), [([7.0], 7.0), ([1.0, 9.0], 9.0), (list(range(100)), 94), (list(range(20)), 18)]
)
def test_the_95th_percentile_is_one_of_the_values(values: list[float], expected: float) -> None:
    assert percentile_95(values) == expected
