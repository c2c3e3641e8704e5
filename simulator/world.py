"""Pure physics of doors, locks, contacts, hands and parcels; time enters as `step(dt_s)`, dice are passed in.

A door is one number, its opening: 0 shut, 1 wide open. A spring of constant stiffness pushes it open;
the latch holds it at 0. Lengths are openings, so speeds are per second and accelerations per second squared.
"""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from simulator.events import DoorMoved, DoorState
from simulator.faults import FaultSet, FaultValue
from simulator.plan import CompartmentPlan

JamKind = Literal["stuck", "late", "press", "ice"]
Hand = Literal["none", "push", "pull", "hold"]
JAM_KINDS: tuple[JamKind, ...] = ("stuck", "late", "press", "ice")
_TICK_S = 0.001
_STRONGEST = 3.0


class HandRefusedError(ValueError):
    """A hand cannot do that to this compartment now."""


@dataclass(frozen=True)
class Physics:
    """A small steel door: wide open about 0.2 s after the latch lets go."""

    spring_per_s2: float = 100.0
    damping_per_s: float = 10.0
    stop_bounce: float = 0.2
    release_s: float = 0.03  # full coil strength needed to draw the bolt
    latch_speed_per_s: float = 1.0  # slower doors do not snap in
    contact_at: float = 0.06
    reach_at: float = 0.3  # a hand gets in from here
    crack: float = 0.03  # as far as ice lets go
    push_per_s2: float = 250.0
    pull_per_s2: float = 150.0
    hand_speed_per_s: float = 3.0
    hand_s: float = 1.5
    late_s: float = 1.0


@dataclass(frozen=True)
class DoorView:
    """What somebody in front of the automat could see of one compartment, and what only its maker knows."""

    label: str
    state: DoorState
    opening: float
    engaged: bool
    energised: bool
    pulses: int
    contents: tuple[str, ...]
    jam: JamKind | None
    faults: dict[str, FaultValue]

    @property
    def shut(self) -> bool:
        """Held by its latch."""
        return self.state == "shut"

    @property
    def open(self) -> bool:
        """Far enough for a door contact to notice."""
        return self.state in ("ajar", "open")


@dataclass
class _Box:
    plan: CompartmentPlan
    faults: FaultSet = field(default_factory=lambda: FaultSet("door"))
    opening: float = 0.0
    speed: float = 0.0
    engaged: bool = True
    coil_left_s: float = 0.0
    drawn_s: float = 0.0
    late_left_s: float | None = None
    pulses: int = 0
    hand: Hand = "none"
    hand_force: float = 0.0
    hand_left_s: float = 0.0
    bounce_left_s: float = 0.0
    bounce_bit: bool = False
    contents: list[str] = field(default_factory=list)
    told: DoorState = "shut"


class World:
    """All compartments of one automat; unknown labels raise KeyError."""

    def __init__(
        self,
        compartments: Iterable[CompartmentPlan],
        dice: random.Random,
        physics: Physics | None = None,
    ) -> None:
        self._dice = dice
        self._physics = physics or Physics()
        self._boxes = {plan.label: _Box(plan) for plan in compartments}
        self._active: set[str] = set()

    @property
    def moving(self) -> bool:
        """True while a step would change anything."""
        return bool(self._active)

    @property
    def labels(self) -> tuple[str, ...]:
        """All compartments, in the plan's order."""
        return tuple(self._boxes)

    def step(self, dt_s: float) -> list[DoorMoved]:
        """Let time pass (at rest that costs nothing); returns the doors whose state changed."""
        moved: list[DoorMoved] = []
        left_s = dt_s
        while self._active and left_s > 1e-9:
            tick_s = min(_TICK_S, left_s)
            left_s -= tick_s
            for label in sorted(self._active):
                box = self._boxes[label]
                self._tick(box, tick_s)
                state = self._state(box)
                if state != box.told:
                    box.told = state
                    moved.append(DoorMoved(label, state))
                if self._at_rest(box):
                    self._active.discard(label)
        return moved

    # What a board does and reads.

    def pulse(self, label: str, seconds: float) -> None:
        """Energise the coil for that long."""
        box = self._box(label)
        box.pulses += 1
        box.coil_left_s = max(box.coil_left_s, seconds)
        if box.faults.text("jam") == "late" and box.late_left_s is None:
            box.late_left_s = self._physics.late_s
        self._active.add(label)

    def hold(self, label: str, *, energised: bool) -> None:
        """Energise the coil until told otherwise."""
        box = self._box(label)
        box.pulses += energised
        box.coil_left_s = math.inf if energised else 0.0
        self._active.add(label)

    def contact(self, label: str) -> bool:
        """True if the door contact conducts, as the board's input sees it."""
        box = self._box(label)
        faults = box.faults
        if faults.has("contact-stuck-closed"):
            return True
        if box.plan.contact == "missing" or faults.has("contact-missing") or faults.has("contact-stuck-open"):
            return False
        if box.bounce_left_s > 0:
            return box.bounce_bit
        return self._conducts(box)

    def goods(self, label: str) -> bool:
        """True if the light barrier sees something inside."""
        box = self._box(label)
        if box.faults.has("goods-stuck-on"):
            return True
        return bool(box.contents) and not box.faults.has("goods-stuck-off")

    # What hands do.

    def push(self, label: str, *, strength: float = 1.0) -> None:
        """Push towards shut until the latch catches or the hand gives up; too weak below about a third."""
        if not 0 < strength <= _STRONGEST:
            raise HandRefusedError(f"a push has a strength above 0 and up to {_STRONGEST}, not {strength}")
        self._lay_hand(label, "push", strength * self._physics.push_per_s2, self._physics.hand_s)

    def pull(self, label: str) -> None:
        """Pull the door open; breaks ice, does nothing against an engaged latch."""
        box = self._box(label)
        if not box.engaged:
            self._free(box, "ice")
        self._lay_hand(label, "pull", self._physics.pull_per_s2, 0.5)

    def press(self, label: str) -> None:
        """Press a shut door for a moment: takes the tension off a latch, cracks ice."""
        box = self._box(label)
        self._free(box, "press")
        self._free(box, "ice")
        self._lay_hand(label, "push", self._physics.spring_per_s2 * 0.5, 0.1)

    def hold_door(self, label: str) -> None:
        """Keep the door where it is (an elbow, a foot) until let go."""
        self._lay_hand(label, "hold", 0.0, math.inf)

    def let_go(self, label: str) -> None:
        """Take any hand off the door."""
        self._lay_hand(label, "none", 0.0, 0.0)

    def force(self, label: str) -> None:
        """Break the door open with a tool, past an engaged latch."""
        box = self._box(label)
        box.engaged = False
        self._lay_hand(label, "pull", self._physics.pull_per_s2, 0.5)

    def put(self, label: str, parcel: str) -> None:
        """Lay a parcel inside; HandRefusedError unless the door is open far enough."""
        self._reach_into(label).contents.append(parcel)

    def take(self, label: str) -> list[str]:
        """Take out everything; HandRefusedError unless the door is open far enough."""
        box = self._reach_into(label)
        taken, box.contents = box.contents, []
        return taken

    # What a simulator's user sets and sees.

    def set_fault(self, label: str, name: str, value: FaultValue | None) -> None:
        """Set or heal a fault of the door; UnknownFaultError if there is none such."""
        box = self._box(label)
        if name == "jam" and value and value not in JAM_KINDS:
            raise HandRefusedError(
                f"compartment {label} cannot jam as {value!r}; one of {', '.join(JAM_KINDS)}"
            )
        before = self._conducts(box)
        box.faults.set(name, value)
        if name == "jam":
            box.late_left_s = None
        if self._conducts(box) != before:
            self._chatter(box)
        self._active.add(label)

    def door(self, label: str) -> DoorView:
        """The state of one compartment now."""
        box = self._box(label)
        return DoorView(
            label=label,
            state=self._state(box),
            opening=box.opening,
            engaged=box.engaged,
            energised=box.coil_left_s > 0,
            pulses=box.pulses,
            contents=tuple(box.contents),
            jam=next((kind for kind in JAM_KINDS if kind == box.faults.text("jam")), None),
            faults=box.faults.active(),
        )

    def energy(self, label: str) -> float:
        """Kinetic energy plus what the spring still holds, for a door of unit mass."""
        box = self._box(label)
        return 0.5 * box.speed**2 + 0.5 * self._physics.spring_per_s2 * (1 - box.opening) ** 2

    def _box(self, label: str) -> _Box:
        try:
            return self._boxes[label]
        except KeyError:
            raise KeyError(f"no compartment {label!r}; there are {', '.join(self._boxes)}") from None

    def _lay_hand(self, label: str, hand: Hand, force: float, seconds: float) -> None:
        box = self._box(label)
        box.hand, box.hand_force, box.hand_left_s = hand, force, seconds
        if hand == "hold":
            box.speed = 0.0
        self._active.add(label)

    def _reach_into(self, label: str) -> _Box:
        box = self._box(label)
        if box.opening < self._physics.reach_at:
            how = "shut" if box.engaged else "open by a crack only"
            raise HandRefusedError(
                f"compartment {label} is {how}: no hand gets in; wait until its door is open"
            )
        return box

    def _free(self, box: _Box, kind: JamKind) -> None:
        if box.faults.text("jam") == kind:
            box.faults.set("jam", None)

    def _tick(self, box: _Box, dt_s: float) -> None:
        before = self._conducts(box)
        self._draw_bolt(box, dt_s)
        if not box.engaged:
            self._swing(box, dt_s)
        if box.coil_left_s > 0:
            box.coil_left_s = max(0.0, box.coil_left_s - dt_s)
            if box.coil_left_s < 1e-9:
                box.coil_left_s = 0.0
                box.drawn_s = 0.0
        if box.hand != "none":
            box.hand_left_s -= dt_s
            if box.hand_left_s <= 1e-9:
                box.hand = "none"
        if box.bounce_left_s > 0:
            box.bounce_left_s = max(0.0, box.bounce_left_s - dt_s)
            box.bounce_bit = self._dice.random() < 0.5
        if self._conducts(box) != before:
            self._chatter(box)

    def _draw_bolt(self, box: _Box, dt_s: float) -> None:
        jam = box.faults.text("jam")
        if box.late_left_s is not None:
            box.late_left_s -= dt_s
            if box.late_left_s <= 0:
                box.late_left_s = None
                box.engaged = False
        if box.coil_left_s <= 0 or not box.engaged or jam in ("stuck", "press", "late"):
            return
        strength = box.faults.number("weak-coil") or 1.0
        box.drawn_s += dt_s * strength**2
        if box.drawn_s + 1e-9 >= self._physics.release_s:
            box.engaged = False
            box.drawn_s = 0.0

    def _swing(self, box: _Box, dt_s: float) -> None:
        physics = self._physics
        if box.hand == "hold":
            if box.opening <= 0 and box.coil_left_s <= 0:
                self._catch(box)
            return
        pull = physics.spring_per_s2 * (1 - box.opening) - physics.damping_per_s * box.speed
        if box.hand == "push" and box.speed > -physics.hand_speed_per_s:
            pull -= box.hand_force
        elif box.hand == "pull" and box.speed < physics.hand_speed_per_s:
            pull += box.hand_force
        box.speed += pull * dt_s
        box.opening += box.speed * dt_s
        end = physics.crack if box.faults.text("jam") == "ice" and box.opening < physics.contact_at else 1.0
        if box.opening >= end:
            box.opening = end
            box.speed = -physics.stop_bounce * box.speed if abs(box.speed) > 0.3 else 0.0
        elif box.opening <= 0:
            hard_enough = box.speed <= -physics.latch_speed_per_s
            box.opening = 0.0
            box.speed = -physics.stop_bounce * box.speed
            if hard_enough and box.coil_left_s <= 0:
                self._catch(box)

    def _catch(self, box: _Box) -> None:
        if box.faults.has("worn-latch"):
            return
        box.engaged = True
        box.opening = box.speed = 0.0
        box.hand = "none"

    def _chatter(self, box: _Box) -> None:
        box.bounce_left_s = box.faults.number("contact-bounces")

    def _conducts(self, box: _Box) -> bool:
        shut = box.opening < self._physics.contact_at
        closes_when_shut = box.plan.polarity == "closes-when-shut"
        return (shut == closes_when_shut) != box.faults.has("contact-inverted")

    def _state(self, box: _Box) -> DoorState:
        if box.engaged:
            return "shut"
        if box.opening < self._physics.contact_at:
            return "unlatched"
        return "open" if box.opening >= 0.9 else "ajar"

    def _at_rest(self, box: _Box) -> bool:
        if (0 < box.coil_left_s < math.inf) or box.bounce_left_s > 0 or box.late_left_s is not None:
            return False
        if box.hand not in ("none", "hold"):
            return False
        if box.engaged:
            # A coil that is held on but cannot draw the bolt (jam) changes nothing any more.
            return box.coil_left_s == 0 or box.faults.text("jam") in ("stuck", "press", "late")
        if box.hand == "hold":
            return not (box.opening <= 0 and box.coil_left_s == 0 and not box.faults.has("worn-latch"))
        ice = box.faults.text("jam") == "ice" and box.opening == self._physics.crack
        return box.speed == 0 and (box.opening >= 1.0 or ice)
