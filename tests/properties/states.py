"""What must hold of the automat's state after everything that happens (design.md 8)."""

from collections import Counter

from locker.domain.automat import Automat
from locker.domain.flows import refusing
from locker.domain.incidents import IncidentKind
from locker.domain.keypad import Collecting, Depositing, Idle, Inspecting, PickingUp, Sending
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState
from tests.properties.admissions import is_free
from tests.properties.world import World

DURABLE = (
    "compartments", "parcels", "credentials", "attempts", "openings", "incidents", "commands", "parked",
    "checkpoints", "seen", "locks", "facts", "last_seen", "journal_end", "audit", "findings",
)  # fmt: skip
INDEXES = (
    "parcels_of_tag", "holder_of_tag", "announced_ending", "to_collect", "suspects", "free_boxes",
    "open_matters", "outage_causes", "storage_agenda",
)  # fmt: skip
VOLATILE_TIMERS = ("keypad", "heartbeat", "day", "commission", refusing.DUE)
"""Timers that a start sets anew, or ends."""


def check(world: World) -> None:
    """Check all of it."""
    boxes_and_parcels_agree(world.automat)
    nobody_waits_for_what_never_comes(world.automat)
    at_most_one_door_is_pulsed_for_each_keypad(world.automat)
    free_boxes_are_those_that_are_free(world.automat)
    a_restart_would_find_the_same_automat(world)


def boxes_and_parcels_agree(automat: Automat) -> None:
    """No two live parcels in one compartment; each knows of the other."""
    inside = [parcel for parcel in automat.parcels.values() if parcel.inside]
    assert len({parcel.compartment for parcel in inside}) == len(inside), "two parcels in one compartment"
    for parcel in inside:
        box = automat.compartments.get(str(parcel.compartment))
        assert box is None or box.tracking_id == parcel.tracking_id
        assert box is None or not box.free
    for box in automat.compartments.values():
        assert box.opening_ongoing == (box.label in automat.openings)
        if box.tracking_id is not None:
            held = automat.parcels[box.tracking_id]
            assert held.compartment == box.label
            assert held.inside or held.state is ParcelState.COLLECTED, (
                f"{box.label} holds what is {held.state}"
            )


def nobody_waits_for_what_never_comes(automat: Automat) -> None:
    """Every keypad that belongs to somebody has an opening of its own, or a time at which it gives up."""
    for keypad in automat.keypads.values():
        match keypad.flow:
            case Idle():
                assert keypad.due_s is None
            case (
                PickingUp(compartment=label)
                | Depositing(compartment=label)
                | Sending(compartment=label)
                | Collecting(compartment=label)
                | Inspecting(compartment=label)
            ) if label:
                opening = automat.openings[label]
                assert opening.keypad == keypad.name
                assert opening.due_s is not None
                assert opening.stage in (Stage.WAITING, Stage.OPEN, Stage.BLIND)
            case _:
                assert keypad.due_s is not None
    for opening in automat.openings.values():
        assert (opening.due_s is None) == (opening.stage is Stage.LEFT_OPEN)


def at_most_one_door_is_pulsed_for_each_keypad(automat: Automat) -> None:
    """Those opened from afar count for themselves."""
    pulsing = (Stage.WAITING, Stage.BLIND)
    running = Counter(
        (each.keypad, each.purpose == "remote") for each in automat.openings.values() if each.stage in pulsing
    )
    assert all(count <= 1 for count in running.values()), running


def free_boxes_are_those_that_are_free(automat: Automat) -> None:
    """The index from which boxes are offered says what each box says."""
    marked = {
        label
        for kind, bits in automat.free_boxes.items()
        for label, place in automat.layout.places.items()
        if bits >> place & 1 and automat.layout.kind_of[label] == kind
    }
    assert marked == {label for label, box in automat.compartments.items() if is_free(box)}


def a_restart_would_find_the_same_automat(world: World) -> None:
    """Everything durable was committed, and every index and timer follows from it."""
    automat, reloaded = world.automat, world.reloaded()
    for name in (*DURABLE, *INDEXES):
        assert getattr(reloaded, name) == getattr(automat, name), name
    kept = {
        name: due for name, due in automat.powered_agenda.due_of.items() if name[0] not in VOLATILE_TIMERS
    }
    assert kept == dict(reloaded.powered_agenda.due_of), "timers on powered time"
    for matter, due_at in reloaded.wall_agenda.due_of.items():
        kept_at = automat.wall_agenda.due_of.get(matter)
        assert kept_at is not None, matter
        # a parcel whose door stood open when it was to be forgotten is looked at again a day later
        assert kept_at == due_at or (matter[0] == "parcel" and due_at < kept_at), matter
    assert len(reloaded.wall_agenda.due_of) == len(automat.wall_agenda.due_of)
    for (kind, about), number in automat.open_matters.items():
        assert automat.incidents[number].about == about
        assert automat.incidents[number].cleared_at is None
        assert isinstance(kind, IncidentKind)
