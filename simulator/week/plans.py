"""The automat of a week, drawn from its seed: boxes and sizes, makes of boards, lines, sensors, rules."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.configuration import Value
from simulator.plan import (
    BoardPlan,
    CabinetPlan,
    CompartmentPlan,
    DisplayPlan,
    LinePlan,
    ScannerPlan,
    Setting,
    demo_plan,
)

LANGUAGES = ("en", "fi", "sv")
SIZES = ("S", "S", "S", "M", "M", "L", "XL")
UNITS = {"S": 1, "M": 2, "L": 4, "XL": 6}
UNIT_MM, WALL_MM, BASE_MM, REACH_MM = 150, 10, 250, 1100
TALLEST_UNITS, LOWEST_UNITS = 24, 8
"""How high a column may be, in units: the tallest needs a ladder, nobody is asked whether there is one."""
BOXES_LEAST, BOXES_MOST = 4, 60
LIKE_THE_DEMO = 0.3
STORAGE_DAYS = (7, 7, 7, 1, 2, 3)
RETENTION_DAYS = (90, 90, 1, 3)
"""As shipped, or so few that parcels come to their end, and what is over is forgotten, within the week."""


@dataclass(frozen=True)
class Make:
    """A make of boards as it is configured: channels, speed, settings, its first goods sensor."""

    channels: tuple[int, ...]
    baud: int = 9600
    settings: tuple[tuple[str, Setting], ...] = ()
    first_sensor: int | None = None


@dataclass(frozen=True)
class Terms:
    """How long parcels are stored, and those that are gone remembered, in days."""

    storage_days: int = 7
    retention_days: int = 90

    def rules(self) -> dict[str, Value]:
        """Return what the configuration says of it."""
        reminders = [days for days in (2, 1) if days < self.storage_days]
        return {
            "storage_days": self.storage_days,
            "reminder_days": reminders,
            "retention_days": self.retention_days,
        }


MAKES = {
    "xor-bcc": Make((12, 24, 50)),
    "kerong-cu16": Make((16,), 19_200, (("items", True), ("read_timeout_s", 0.25)), 17),
    "kerong-cu48": Make((48,), 19_200, (("items", True),), 49),
    "wkly": Make((12, 24)),
    "modbus-relay": Make((8, 16, 32)),
    "winnsen": Make((12, 16), settings=(("unprotected", True),)),
}
UNPROTECTED = frozenset({"winnsen"})
"""Makes without a checksum: on a disturbed line anything may be an order, and nobody can know."""


def drawn_plan(dice: random.Random) -> CabinetPlan:
    """Draw a cabinet: the demo's, or another with one line or two, each with boards of one make."""
    if dice.random() < LIKE_THE_DEMO:
        return demo_plan()
    count = round(BOXES_LEAST * (BOXES_MOST / BOXES_LEAST) ** dice.random())
    lines, boards, places = _wired(dice, count)
    with_goods = dice.random() < 0.7
    boxes: list[CompartmentPlan] = []
    for column, sizes in enumerate(_columns(dice, count), start=1):
        top_mm = BASE_MM + UNIT_MM * sum(UNITS[size] for size in sizes)
        for row, size in enumerate(sizes, start=1):
            top_mm -= UNIT_MM * UNITS[size]
            board, channel = places[len(boxes)]
            make = MAKES[board.family]
            goods = make.first_sensor is not None and with_goods
            boxes.append(
                CompartmentPlan(
                    label=str(len(boxes) + 1),
                    board=board.id,
                    channel=channel,
                    size=size,
                    width_mm=380,
                    height_mm=UNIT_MM * UNITS[size] - WALL_MM,
                    depth_mm=600,
                    column=column,
                    row=row,
                    accessible=top_mm <= REACH_MM,
                    goods_channel=(make.first_sensor or 0) + channel - 1 if goods else None,
                )
            )
    return CabinetPlan(
        automat_id="week-1",
        name="Asematori 3",
        compartments=tuple(boxes),
        boards=tuple(boards),
        lines=tuple(lines),
        displays=(DisplayPlan("front"),),
        scanners=(ScannerPlan("front", "front"),) if dice.random() < 0.7 else (),
    )


def drawn_terms(dice: random.Random) -> Terms:
    """Draw how long parcels are stored, and how long those that are gone are remembered."""
    return Terms(dice.choice(STORAGE_DAYS), dice.choice(RETENTION_DAYS))


def _wired(
    dice: random.Random, count: int
) -> tuple[list[LinePlan], list[BoardPlan], list[tuple[BoardPlan, int]]]:
    """Draw lines with boards until there is a lock for each box; where each lock is."""
    lines: list[LinePlan] = []
    boards: list[BoardPlan] = []
    places: list[tuple[BoardPlan, int]] = []
    shares = [count] if dice.random() < 0.5 or count < 2 * BOXES_LEAST else [count // 2, count - count // 2]
    for number, share in enumerate(shares, start=1):
        name = "locks" if number == 1 else f"locks-{number}"
        family = dice.choice(list(MAKES))
        make = MAKES[family]
        lines.append(LinePlan(name, make.baud))
        channels, wired = dice.choice(make.channels), 0
        address = dice.randrange(1, 5)
        while wired < share:
            board = BoardPlan(
                f"{chr(64 + number)}{address}", name, address, channels, family, make.settings, address
            )
            boards.append(board)
            here = sorted(dice.sample(range(1, channels + 1), min(channels, share - wired)))
            places += [(board, channel) for channel in here]
            wired += len(here)
            address += 1
    return lines, boards, places


def _columns(dice: random.Random, count: int) -> Iterator[list[str]]:
    """Draw columns of boxes of a height that fits, until there are as many as wanted."""
    most = dice.randrange(LOWEST_UNITS, TALLEST_UNITS + 1)
    column: list[str] = []
    for _ in range(count):
        size = dice.choice(SIZES)
        if sum(UNITS[each] for each in column) + UNITS[size] > most:
            yield column
            column = []
        column.append(size)
    yield column
