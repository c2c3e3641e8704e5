"""Decisions by themselves: what `decide` costs, and that a large automat's decisions cost no more.

Measured is the life of a compartment as the core sees it: a wrong code, the right one, pulse, door open, door
shut; then another parcel is announced, a courier signs in, names it, puts it in, confirms and signs out. All
of it through `decide` alone; no signature, no disk, no wire. Each round begins from the same state and takes
other parcels.

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
from locker.domain.commands import AnnounceParcel, Command
from locker.domain.compartments import Compartment
from locker.domain.decide import decide
from locker.domain.draft import restore
from locker.domain.events import (
    CommandReceived,
    Door,
    DoorSeen,
    Event,
    Key,
    KeyPressed,
    PulseSent,
    Started,
    Woke,
)
from locker.domain.parcels import Credential, Parcel, ParcelState, Role
from locker.domain.times import LastSeen, Now, Trust

AUTOMAT_ID = "bench-decisions"
SMALL, LARGE = 20, 1_000
BEGIN_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIFE_DAYS = 7
WRONG_CODE = "9999"
COURIER_CODE = "88888888"
NEXT_PARCEL = 50_000
"""A parcel's number plus this is the one that takes its place."""
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
            f"a pick-up and a delivery, {len(script(0))} events, at {SMALL} compartments; floor: a dataclass"
            " replaced and a map's entry set for each event",
        ),
        growth.figure(
            "decision-at-1000-compartments-us",
            Goal("ratio", "<=", 1.2),
            f"floor: the same on an automat of {SMALL} compartments and {SMALL} parcels",
        ),
    ]


def stock(count: int) -> Stock:
    """Make a started automat of so many compartments, each with a stored parcel of its own deadline."""
    blank = automats.blank(AUTOMAT_ID)
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
        credentials=[
            Credential(
                "courier",
                Role.COURIER,
                automats.CODE_KEY.tag(Code(COURIER_CODE)),
                BEGIN_AT,
                BEGIN_AT + timedelta(days=365),
            )
        ],
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
    """Return what happens when a parcel is collected after a wrong code and another takes its place."""
    label, coming = str(number + 1), automats.tracking_id(number + NEXT_PARCEL)
    door: list[Event] = [PulseSent(label, 1), DoorSeen(label, Door.OPEN), DoorSeen(label, Door.SHUT)]
    return [
        Woke(),
        *_keys("C", *WRONG_CODE, "OK", "C", *code(number), "OK"),
        *door,
        *_keys("C", "C"),
        Woke(),  # the time of the same code is over, the box is free
        _announcement(coming, number),
        *_keys("C", *COURIER_CODE, "OK", *coming[-8:], "OK"),
        *door,
        *_keys("OK", "C"),
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
    placed = sum(
        automat.parcels[automats.tracking_id(number + NEXT_PARCEL)].state is ParcelState.STORED
        for number in numbers
    )
    if placed != len(numbers):
        raise NotMeasured(f"{placed} parcels took the place of others, not {len(numbers)}")
    return took_s


def touch_floor(bare: object, count: int) -> float:
    """Replace one attribute and set one entry so often; return seconds."""
    entries = Map({str(number): number for number in range(SMALL)})
    began_s = time.perf_counter()
    for number in range(count):
        entries = entries.set(str(number % SMALL), number)
        bare = replace(bare, first=entries)  # type: ignore[type-var]  # made in _bare
    return time.perf_counter() - began_s


def _keys(*keys: str) -> list[Event]:
    return [KeyPressed("front", Key(key)) for key in keys]


def _announcement(tracking_id: str, number: int) -> Event:
    body = AnnounceParcel(tracking_id, "S", automats.CODE_KEY.tag(Code(code(number + NEXT_PARCEL))))
    # The bench runs for weeks of its own time: the command is good for all of it.
    sent_at, until = BEGIN_AT, BEGIN_AT + timedelta(days=30)
    name = f"announce-{number}"
    return CommandReceived(
        Command(name, "parcel.announce", AUTOMAT_ID, sent_at, until, f"{number:064d}", body)
    )


def _bare(automat: Automat) -> object:
    """Make a frozen value with as many attributes as the automat has."""
    others = [f"attribute_{number}" for number in range(len(fields(automat)) - 1)]
    made = make_dataclass("Bare", ["first", *others], frozen=True, slots=True)
    return made(*([None] * (len(others) + 1)))
