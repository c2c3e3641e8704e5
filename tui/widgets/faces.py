"""What a compartment looks like on the wall: three marks, a style, a few words. Pure.

The marks say what lies inside, how the door stands and what is the matter, each by its own shape; the style
only says it again in colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from locker.api.schema import CompartmentView, IncidentView, ParcelView
from tui.words import Words

Group = Literal["matters", "overdue", "free"]

MARKS = 3
FREE, PARCEL, GOES_BACK = "·", "■", "◄"
OPEN, UNKNOWN, UNLOCKED = "/", "~", "»"
FAULTY, TO_SAY, TO_INSPECT, WEAK, INCIDENT, BLOCKED = "#", "@", "?", "▼", "!", "X"
BACK_STAGES = ("overdue", "withdrawn")
TAIL = 8
"""How much of a tracking id tells parcels apart: what couriers type."""


@dataclass(frozen=True, slots=True)
class Face:
    """`style` is the word of a component class; `lines` stand below the label where there is room."""

    marks: str
    style: str
    lines: tuple[str, ...]
    groups: frozenset[Group]


def face_of(
    box: CompartmentView, parcel: ParcelView | None, incidents: Sequence[IncidentView], words: Words
) -> Face:
    """Tell what to draw of a box, from its open incidents and the parcel that lies in it."""
    goes_back = parcel is not None and parcel.state in BACK_STAGES
    content = GOES_BACK if goes_back else PARCEL if box.tracking_id else FREE if box.free else " "
    matter = _matter(box, incidents)
    state, style = _state(box, matter, content)
    lines = [words(f"wall-state.{state}")]
    if box.tracking_id is not None:
        lines.append(box.tracking_id[-TAIL:])
    lines += [f"! {incident.number}" for incident in incidents[:1]]
    groups: set[Group] = set()
    if matter != " " or style == "matter":
        groups.add("matters")
    if goes_back:
        groups.add("overdue")
    if box.free:
        groups.add("free")
    return Face(content + _door(box) + matter, style, tuple(lines), frozenset(groups))


def _door(box: CompartmentView) -> str:
    if box.door == "open":
        return OPEN
    if box.opening in ("waiting", "blind", "late"):
        return UNLOCKED
    return UNKNOWN if box.door == "unknown" else " "


def _matter(box: CompartmentView, incidents: Sequence[IncidentView]) -> str:
    """Return the mark of the gravest matter."""
    if box.condition == "faulty":
        return FAULTY
    if box.awaits_word_of is not None:
        return TO_SAY
    if box.condition == "suspect":
        return TO_INSPECT
    if incidents:
        return WEAK if all(incident.kind == "lock-weak" for incident in incidents) else INCIDENT
    return BLOCKED if box.blocked is not None else " "


def _state(box: CompartmentView, matter: str, content: str) -> tuple[str, str]:
    """Return the word of what is to be known first of a box, and its style."""
    stands_open = box.door == "open" and box.opening in (None, "left-open")
    found: list[tuple[bool, str, str]] = [
        (matter == FAULTY, "faulty", "fault"),
        (box.opening is not None and not stands_open, "visit", "visit"),
        (stands_open, "open", "matter"),
        (matter == TO_SAY, "to-say", "matter"),
        (matter == TO_INSPECT, "to-inspect", "matter"),
        (matter == BLOCKED or box.blocked is not None, "blocked", "matter"),
        (matter == WEAK, "weak", "matter"),
        (matter == INCIDENT, "incident", "matter"),
        (content == GOES_BACK, "goes-back", "goes-back"),
        (content == PARCEL, "parcel", "parcel"),
        (content == FREE, "free", "free"),
    ]
    return next(((word, style) for true, word, style in found if true), ("idle", "idle"))
