"""lockerctl lines as a technician uses it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.api.server import ApiServer
from tests.unit.api.house import House
from tests.unit.ctl.test_ctl import next_line, run, watching
from tests.unit.hardware.byhand import LinesByHand


@pytest.fixture
def lines() -> LinesByHand:
    return LinesByHand()


@pytest.fixture
async def server(lines: LinesByHand, tmp_path: Path) -> AsyncIterator[ApiServer]:
    house = House()
    house.lines = lines
    async with house.serving(tmp_path / "lockerd.sock") as server:
        yield server


@pytest.fixture
def at(server: ApiServer) -> tuple[str, str]:
    return ("--socket", str(server.path))


async def test_lines_and_boards_are_shown_on_one_page(at: tuple[str, str]) -> None:
    outcome = await run(*at, "lines")
    assert outcome.lines() == [
        "line left: /dev/serial/by-id/left, 9600 baud, open",
        "  12.3 exchanges/s, 24.6 frames/s; 700 sent, 640 answered; errors: 3 garbled, 57",
        "  no-answer",
        "  round trip of the last 60: median 30.5 ms, 95 % within 57.0 ms",
        "  BOARD  FAMILY       ADDRESS  POLLS  ANSWER  STATE  ERRORS",
        "  A      xor-bcc      1        500    0.1 s   works  2 no-answer",
        "  B      kerong-cu16  2        40     never   LOST   40 no-answer",
        "line right: tcp://10.0.0.7:4001, 19200 baud, NOT OPEN",
        "  tcp://10.0.0.7:4001: nobody listens there",
        "  0.0 exchanges/s, 0.0 frames/s; 0 sent, 0 answered; errors: 5 port-missing",
        "  BOARD  FAMILY  ADDRESS  POLLS  ANSWER    STATE  ERRORS",
        "  C      wkly    3        9      00:01:15  OTHER  1 refused",
        "  board C: it has 12 channels, not 24",
        "PART           FAMILY        PORT          STATE",
        "keypad front   serial-ascii  /dev/keypad   open",
        "display front  cd5220        /dev/display  NOT OPEN",
        "  display front: /dev/display: no device",
    ]


async def test_as_json_it_is_one_document(at: tuple[str, str]) -> None:
    document = (await run(*at, "lines", "--json")).document()
    assert document["lines"][0]["boards"][1]["lost"] is True
    assert document["peripherals"][1]["problem"] == "/dev/display: no device"


async def test_following_shows_it_again_and_again(at: tuple[str, str], lines: LinesByHand) -> None:
    async with watching("lines", "--follow", "--json", *at) as process:
        first = json.loads(await next_line(process))
        lines.send(11)
        second = json.loads(await next_line(process))
    assert second["lines"][0]["sent"] == first["lines"][0]["sent"] + 11
