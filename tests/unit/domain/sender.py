"""A sender at the stand, and what must be true of the box and the parcel."""

from datetime import timedelta

from locker.domain.compartments import Condition
from locker.domain.events import Door, PulseNotSent
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.stand import Stand

PARCEL = "JJFI65432110000070774"
CODE = "C 515151 OK"
AFTER_THE_WINDOW = timedelta(days=8)


def expecting(stand: Stand | None = None, size: str = "S") -> Stand:
    stand = stand or Stand()
    assert stand.expect_drop_off(PARCEL, size=size) is None
    return stand


def at_open_box(stand: Stand | None = None) -> tuple[Stand, str]:
    stand = expecting(stand)
    stand.press(CODE)
    return stand, stand.opens()


def confirming(stand: Stand | None = None) -> tuple[Stand, str]:
    stand, label = at_open_box(stand)
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_CONFIRM)
    return stand, label


def assert_held(stand: Stand, label: str) -> None:
    """The box is offered to nobody, the code is good and comes back to this very box."""
    assert not stand.box(label).free
    assert stand.box(label).condition is not Condition.SOUND
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is not None
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["purpose"] == "drop-off"
    before = len(stand.unlocks)
    stand.press(CODE)
    assert [unlock.compartment for unlock in stand.unlocks[before:]] == [label]
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, label)


def assert_dropped_off(stand: Stand, label: str) -> None:
    assert stand.parcel(PARCEL).state is ParcelState.DROPPED_OFF
    assert stand.parcel(PARCEL).compartment == stand.last(EntryKind.PARCEL_DROPPED_OFF).data["compartment"]
    assert stand.box(label).tracking_id == PARCEL
    assert stand.box(label).condition is Condition.SOUND
    assert stand.count(EntryKind.PARCEL_DROPPED_OFF) == 1
    for kind in (IncidentKind.DEPOSIT_UNCONFIRMED, IncidentKind.DOOR_DID_NOT_OPEN):
        assert stand.automat.open_incident(kind, label) is None


def lock_fails(stand: Stand, *, sent: bool = True) -> str:
    """Let the last opening's pulses move nothing; return its label."""
    label = stand.unlocks[-1].compartment
    for _ in range(3):
        if sent:
            stand.pulse_sent()
        else:
            stand.do(PulseNotSent(label, stand.unlocks[-1].number, "the line is down"))
        stand.wait(5)
    return label
