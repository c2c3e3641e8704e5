"""Decisions by themselves: what `decide` costs, and that a large automat's decisions cost no more.

Measured is a pick-up as the core sees it: C, six digits, OK, the pulse sent, the door opened and shut, with a
wrong code before it: 20 events through `decide` alone; no signature, no disk, no wire. Each round begins from
the same state and takes other parcels.

The floor is what a decision cannot do without, with bare hands: for each event one `dataclasses.replace` of a
frozen dataclass with as many attributes as the automat has, and one entry of a persistent map set anew.
"""

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass, replace
from datetime import UTC, datetime, timedelta

from immutables import Map

from bench import automats
from bench.figures import Figure, Goal, NotMeasured, Pairs
from locker.domain.automat import Automat
from locker.domain.codes import Code
from locker.domain.compartments import Compartment
from locker.domain.decide import decide
from locker.domain.draft import restore
from locker.domain.events import Door, DoorSeen, Event, Key, KeyPressed, PulseSent, Started, Woke
from locker.domain.parcels import Parcel, ParcelState
from locker.domain.times import LastSeen, Now, Trust

SMALL, LARGE = 20, 1_000
BEGIN_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIFE_DAYS = 7
WRONG_CODE = "9999"
BETWEEN_EVENTS_S = 0.4
BETWEEN_RECIPIENTS_S = 700.0


@dataclass(frozen=True, slots=True)
class Stock:
    """An automat with a parcel behind every door, and when it is."""

    automat: Automat
    now: Now
    count: int


def measure(*, pairs: int, pickups: int) -> Sequence[Figure]:
    """Measure decisions a second beside the floor, and a large automat's decision beside a small one's."""
    small, large = stock(SMALL), stock(LARGE)
    dice = random.Random(1)
    speed, growth = Pairs.none(), Pairs.none()
    events_of_a_round = pickups * len(script(0))
    bare = _bare(small.automat)
    for number in range(pairs + 1):
        numbers = [dice.sample(range(each.count), pickups) for each in (small, large)]
        # The one that comes first alternates: what it leaves in the caches helps the other.
        order = ((small, numbers[0]), (large, numbers[1]))
        took = {}
        for each, chosen in order if number % 2 else order[::-1]:
            took[each.count] = play(each, chosen)
        floor_s = touch_floor(bare, events_of_a_round)
        if number == 0:
            continue  # everything is warm now
        speed.values.append(events_of_a_round / took[SMALL])
        speed.floors.append(events_of_a_round / floor_s)
        growth.values.append(took[LARGE] / events_of_a_round * 1e6)
        growth.floors.append(took[SMALL] / events_of_a_round * 1e6)
    return [
        speed.figure(
            "decisions-per-s",
            Goal("value", ">=", 1_000.0),
            f"pick-ups of {len(script(0))} events each at {SMALL} compartments; floor: a dataclass replaced"
            " and a map's entry set for each event",
        ),
        growth.figure(
            "decision-at-1000-compartments-us",
            Goal("ratio", "<=", 1.2),
            f"floor: the same on an automat of {SMALL} compartments and {SMALL} parcels",
        ),
    ]


def stock(count: int) -> Stock:
    """Make a started automat of so many compartments, each with a stored parcel of its own deadline."""
    blank = automats.blank("bench-decisions")
    boxes = automats.fixtures(count)
    restored = restore(
        blank,
        compartments=[
            Compartment(box, door=Door.SHUT, tracking_id=automats.tracking_id(number))
            for number, box in enumerate(boxes.values())
        ],
        parcels=[
            Parcel(
                automats.tracking_id(number),
                "S",
                ParcelState.STORED,
                code_tag=automats.CODE_KEY.tag(Code(code(number))),
                compartment=label,
                deposited_at=BEGIN_AT,
                deadline_at=BEGIN_AT + timedelta(days=LIFE_DAYS, seconds=number),
            )
            for number, label in enumerate(boxes)
        ],
        credentials=[],
        attempts=[],
        openings=[],
        incidents=[],
        commands=[],
        parked=[],
        seen=[],
        facts=blank.facts,
        last_seen=LastSeen(BEGIN_AT, trusted=True, powered_s=1_000.0),
    )
    now = Now(BEGIN_AT, Trust.TRUSTED, 1_000.0)
    return Stock(decide(restored, Started(dict.fromkeys(boxes, Door.SHUT)), now).automat, now, count)


def code(number: int) -> str:
    """Return the pickup code of a parcel."""
    return f"{number:06d}"


def script(number: int) -> list[Event]:
    """Return what happens when a parcel is collected after a wrong code."""
    label = str(number + 1)
    typed = [*"C", *WRONG_CODE, "OK", *"C", *code(number), "OK"]
    return [
        Woke(),
        *(KeyPressed("front", Key(key)) for key in typed),
        PulseSent(label, 1),
        DoorSeen(label, Door.OPEN),
        DoorSeen(label, Door.SHUT),
        KeyPressed("front", Key.CLEAR),
        KeyPressed("front", Key.CLEAR),
    ]


def play(stock: Stock, numbers: Sequence[int]) -> float:
    """Let parcels be collected one after another; return the seconds that the decisions took."""
    events = [event for number in numbers for event in script(number)]
    automat, now = stock.automat, stock.now
    gc.collect()
    gc.disable()
    try:
        began_s = time.perf_counter()
        for event in events:
            # Between two recipients the token of the wrong code comes back, and time-outs come due.
            step_s = BETWEEN_RECIPIENTS_S if isinstance(event, Woke) else BETWEEN_EVENTS_S
            now = replace(
                now, wall_at=now.wall_at + timedelta(seconds=step_s), powered_s=now.powered_s + step_s
            )
            automat = decide(automat, event, now).automat
        took_s = time.perf_counter() - began_s
    finally:
        gc.enable()
    left = sum(parcel.state is ParcelState.STORED for parcel in automat.parcels.values())
    if left != stock.count - len(numbers):
        raise NotMeasured(f"{stock.count - left} parcels were collected, not {len(numbers)}")
    return took_s


def touch_floor(bare: object, count: int) -> float:
    """Replace one attribute and set one entry so often; return seconds."""
    entries = Map({str(number): number for number in range(SMALL)})
    began_s = time.perf_counter()
    for number in range(count):
        entries = entries.set(str(number % SMALL), number)
        bare = replace(bare, first=entries)  # type: ignore[type-var]  # made in _bare
    return time.perf_counter() - began_s


def _bare(automat: Automat) -> object:
    """Make a frozen value with as many attributes as the automat has."""
    others = [f"attribute_{number}" for number in range(len(fields(automat)) - 1)]
    made = make_dataclass("Bare", ["first", *others], frozen=True, slots=True)
    return made(*([None] * (len(others) + 1)))
