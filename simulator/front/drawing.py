"""Doors in characters: each state has its own shape, so that no colour is needed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulator.events import DoorState
from simulator.front.book import named
from simulator.plan import CompartmentPlan

Mood = Literal["shut", "unlatched", "ajar", "open", "jammed", "pulsed"]
PARCEL = "▣"
SELECTED = "▸"
_EDGES: dict[DoorState, tuple[str, str]] = {  # corners and sides left, then right
    "shut": ("┌│└[", "┐│┘]"),
    "unlatched": ("┌│└[", "¦¦¦¦"),
    "ajar": ("┌│└[", "////"),
    "open": ("▌▌▌▌", "░░░░"),  # the leaf has swung round its hinge and is seen from its edge
}
_WORDS: dict[Mood, str] = {
    "shut": "•", "unlatched": "free", "ajar": "ajar", "open": "OPEN", "jammed": "JAM", "pulsed": "↯↯↯",
}  # fmt: skip


@dataclass(frozen=True)
class DoorLook:
    """Everything about a compartment that its picture depends on."""

    label: str
    state: DoorState = "shut"
    jammed: bool = False
    pulsed: bool = False
    selected: bool = False
    contents: tuple[str, ...] = ()

    @property
    def mood(self) -> Mood:
        """What matters most to whoever looks at it."""
        if self.pulsed:
            return "pulsed"
        return "jammed" if self.jammed and self.state in ("shut", "unlatched") else self.state


def draw(look: DoorLook, width: int, height: int) -> list[str]:
    """The picture, `height` lines of `width` characters."""
    left, right = _EDGES[look.state]
    head = f"{SELECTED if look.selected else ' '}{look.label} {PARCEL if look.contents else ' '}"
    word = _WORDS[look.mood]
    inner = width - 2
    if height == 1:
        return [left[3] + f"{head}{word.rjust(inner - len(head))}"[:inner] + right[3]]
    space = "░" if look.state == "open" else " "
    line = "░" if look.state == "open" else "─"
    inside = " ".join(f"{PARCEL}{named(parcel)}" for parcel in look.contents)[:inner]
    lead = 1 if len(inside) < inner else 0
    head = f"{SELECTED if look.selected else line}{look.label}"
    rows = [left[0] + f"{head}{word.rjust(inner - len(head), line)}"[:inner] + right[0]]
    for _ in range(height - 2):
        rows.append(left[1] + (" " * lead + inside).ljust(inner, space) + right[1])
        inside = ""
    rows.append(left[2] + (line * lead + inside).ljust(inner, line) + right[2])
    return rows


def heights(compartments: Iterable[CompartmentPlan]) -> dict[str, int]:
    """How many times as high as the lowest each compartment is, at least once."""
    boxes = list(compartments)
    lowest = min(box.height_mm for box in boxes)
    return {box.label: max(1, round(box.height_mm / lowest)) for box in boxes}


def columns(compartments: Iterable[CompartmentPlan]) -> list[list[CompartmentPlan]]:
    """The cabinet's columns from left to right, each from top to bottom."""
    found: dict[int, list[CompartmentPlan]] = {}
    for box in compartments:
        found.setdefault(box.column, []).append(box)
    return [sorted(found[number], key=lambda box: box.row) for number in sorted(found)]
