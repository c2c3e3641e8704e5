"""What customer service may do, as a menu: each deed asks for what it needs, from lists. Pure."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from simulator.front.book import STRANGER, Book, Parcel, digits
from simulator.front.showing import CounterShown
from simulator.world import DoorView

OPERATORS = ("operator Aino", "operator Birger")
REASONS = ("a recipient calls for help", "to clean it", "to see whether it opens", "it smells")
MODES = (
    ("normal", "normal: everything"),
    ("drain", "drain: pick-ups yes, deposits no"),
    ("evacuate", "evacuate: couriers empty it"),
    ("frozen", "frozen: nothing but technicians"),
)
CAUSES = (
    ("redirect", "redirect: the recipient wants it elsewhere"),
    ("refusal", "refusal: the recipient does not want it"),
    ("cancel", "cancel: the sender wants it back"),
)
SERVICES = (
    ("", "nothing special"),
    ("cash-on-delivery", "cash on delivery: opens once it is paid"),
    ("fragile", "fragile"),
    ("personal-handover", "personal handover: no automat may take it"),
    ("registered", "registered: no automat may take it"),
)

Answers = Sequence[tuple[str, str]]  # (value, what the list shows)
_Deed = Callable[[CounterShown, Sequence[str]], Awaitable[object]]


@dataclass(frozen=True)
class Scene:
    """What the lists are made of; `sizes` of the cabinet, `selected` the door under the cursor."""

    book: Book
    doors: Sequence[DoorView]
    selected: str
    sizes: Sequence[str]
    keypads: Sequence[str]
    registering: bool


@dataclass(frozen=True)
class Question:
    """One thing to ask for, and the answers that are possible now."""

    title: str
    answers: Callable[[Scene], Answers]


@dataclass(frozen=True)
class Service:
    """One entry of the menu."""

    title: str
    questions: tuple[Question, ...]
    do: _Deed


def menu(scene: Scene) -> list[Service]:
    """Everything that the counter can do, in the order of the keys."""
    onward = "stop registering drop-offs" if scene.registering else "register drop-offs again"
    parcel = Question("which parcel?", _parcels)
    door = Question("which compartment?", _doors)
    operator = Question("who answers for it?", lambda _: [(name, name) for name in OPERATORS])
    reason = Question("why?", lambda _: [(text, text) for text in REASONS])
    size = Question("which size?", _sizes)
    return [
        Service("another code for a parcel", (parcel,), lambda c, a: c.replace_code(a[0])),
        Service("cash on delivery is paid", (Question("which?", _unpaid_first),), lambda c, a: c.pay(a[0])),
        Service("open a compartment", (door, reason, operator), lambda c, a: c.open(a[0], a[2], a[1])),
        Service("block a compartment", (door, reason, operator), lambda c, a: c.block(a[0], a[2], a[1])),
        Service("unblock a compartment", (door, operator), lambda c, a: c.unblock(a[0], a[1])),
        Service(
            "what the automat may do (mode)",
            (Question("which mode?", lambda _: MODES), operator),
            lambda c, a: c.set_mode(a[0], a[1], "somebody at the counter wanted it"),
        ),
        Service(
            "redirect, refuse or cancel a parcel",
            (parcel, Question("why?", lambda _: CAUSES)),
            lambda c, a: c.withdraw(a[0], a[1]),
        ),
        Service(
            "announce a parcel",
            (
                Question("which parcel?", _to_announce),
                size,
                Question("with what?", lambda _: SERVICES),
            ),
            lambda c, a: c.announce(a[1], services=(a[2],) if a[2] else (), tracking_id=a[0] or None),
        ),
        Service("a drop-off code for a sender", (size,), lambda c, a: c.expect_drop_off(a[0])),
        Service(onward, (), lambda c, _: c.let_register(on=not scene.registering)),
        Service(
            "let a keypad be used again (guard)",
            (Question("which keypad?", lambda s: [(k, k) for k in s.keypads]), operator),
            lambda c, a: c.release_guard(a[0], a[1]),
        ),
        Service(
            "take a courier's code away",
            (Question("whose?", _couriers),),
            lambda c, a: c.revoke_courier(a[0]),
        ),
        Service("a code for one more courier", (), lambda c, _: c.authorise_courier()),
    ]


def _parcels(scene: Scene) -> Answers:
    """Every parcel, always in the same order: the one of before is found where it was."""
    return [_listed(parcel) for parcel in _of_somebody(scene)]


def _unpaid_first(scene: Scene) -> Answers:
    return [_listed(parcel) for parcel in sorted(_of_somebody(scene), key=lambda parcel: not parcel.unpaid)]


def _of_somebody(scene: Scene) -> list[Parcel]:
    return [parcel for parcel in scene.book.parcels.values() if parcel.name != STRANGER or parcel.box]


def _listed(parcel: Parcel) -> tuple[str, str]:
    return parcel.tracking_id, f"{digits(parcel.tracking_id)} {parcel.name}, {parcel.told}"


def _doors(scene: Scene) -> Answers:
    """All doors, the one under the cursor first."""
    doors = sorted(scene.doors, key=lambda door: door.label != scene.selected)
    return [(door.label, f"door {door.label}{'' if door.shut else ', open'}") for door in doors]


def _sizes(scene: Scene) -> Answers:
    return [(size, size) for size in scene.sizes]


def _to_announce(scene: Scene) -> Answers:
    nobodys = [parcel for parcel in scene.book.parcels.values() if parcel.name == STRANGER]
    return [("", "a new one"), *(_listed(parcel) for parcel in nobodys)]


def _couriers(scene: Scene) -> Answers:
    return [(name, name) for name in scene.book.holders("courier")]
