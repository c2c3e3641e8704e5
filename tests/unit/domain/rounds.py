"""Couriers and technicians on their rounds: what the tests of collecting and inspecting have in common."""

from datetime import timedelta

from locker.domain.codes import Code
from locker.domain.commands import AuthorisePerson, Cause, Mode, SetMode, WithdrawParcel
from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.incidents import IncidentKind
from locker.domain.journal import Entry, EntryKind
from locker.domain.keypad import Flow
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.stand import CODE_KEY, Stand

PARCEL = "JJFI65432110000070773"
OTHER = "JJFI65432110000070781"
THIRD = "JJFI65432110000070799"
SENT = "JJFI65432110000070774"


def flow(stand: Stand, keypad: str = "front") -> Flow:
    """Whose the keys of a keypad are."""
    return stand.automat.keypads[keypad].flow


def set_mode(stand: Stand, mode: Mode) -> None:
    """Let the back office set the mode."""
    assert stand.command(SetMode(mode, "op-1", "a test")) is None


def withdraw(stand: Stand, tracking_id: str = PARCEL) -> None:
    """Let the back office want a parcel back."""
    assert stand.command(WithdrawParcel(tracking_id, Cause.CANCEL, "the sender wants it back")) is None


def stand_with_withdrawn(*parcels: str, blind: tuple[str, ...] = ()) -> Stand:
    """Deliver parcels, in walking order, and withdraw them."""
    stand = Stand(blind=blind)
    for number, tracking_id in enumerate(parcels or (PARCEL,)):
        stand.deliver(tracking_id, code=f"55550{number}")
        withdraw(stand, tracking_id)
    return stand


def stand_in_collection(*parcels: str, blind: tuple[str, ...] = ()) -> Stand:
    """Deliver and withdraw parcels and let a courier begin to collect them."""
    stand = stand_with_withdrawn(*parcels, blind=blind)
    stand.sign_in_courier()
    stand.press("1 OK")
    return stand


def sign_in(stand: Stand, holder: str, role: Role, code: str, keypad: str) -> None:
    """Authorise somebody, if need be, and let him sign in."""
    now_at = stand.now.wall_at
    if holder not in stand.automat.credentials:
        until = now_at + timedelta(days=30)
        body = AuthorisePerson(holder, role, CODE_KEY.tag(Code(code)), now_at, until)
        assert stand.command(body) is None
    stand.press(f"C {code} OK", keypad)


def sign_in_technician(stand: Stand, keypad: str = "front") -> None:
    """Let a technician sign in."""
    sign_in(stand, "t-1", Role.TECHNICIAN, "9999", keypad)


def technician_opens(stand: Stand, label: str, keypad: str = "front") -> None:
    """Let a technician open one compartment."""
    sign_in_technician(stand, keypad)
    stand.press(f"1 {label} OK", keypad)


def stand_with_suspects(*labels: str, blind: tuple[str, ...] = ()) -> Stand:
    """Doors that opened with nobody asking, or, where no contact tells, a deposit that nobody confirmed."""
    stand = Stand(blind=blind)
    for label in labels or ("1",):
        if label in blind:
            stand.announce(PARCEL)
            stand.sign_in_courier()
            stand.press("00070773 OK")
            stand.pulse_sent()
            stand.press("OK")
            stand.wait(100)
            withdraw(stand)
        else:
            stand.door(label, Door.OPEN)
            stand.door(label, Door.SHUT)
        assert stand.box(label).condition is Condition.SUSPECT
    return stand


def stand_in_inspection(*labels: str, blind: tuple[str, ...] = ()) -> Stand:
    """Let a courier begin to look into suspect compartments."""
    stand = stand_with_suspects(*labels, blind=blind)
    stand.sign_in_courier()
    stand.press("2 OK")
    return stand


def stand_naming() -> Stand:
    """A courier has found a parcel in compartment 1, where none should be."""
    stand = stand_in_inspection()
    stand.opens_and_shuts()
    stand.press("2")
    assert stand.says(Text.NAME_PARCEL)
    return stand


def make_faulty(stand: Stand) -> None:
    """Let the lock of compartment 1 fail a courier who delivers."""
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.pulse_sent()
    stand.wait(300)
    assert stand.box("1").condition is Condition.FAULTY


def verdict(stand: Stand) -> Entry:
    """The last word on a compartment."""
    return stand.last(EntryKind.COMPARTMENT_INSPECTED)


def assert_nothing_assumed(stand: Stand, label: str = "1") -> None:
    """Check that the parcel is where the journal last knew it, and that somebody has to look."""
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert stand.parcel().compartment == label
    assert stand.box(label).tracking_id == PARCEL
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.REMOVAL_UNCONFIRMED, label) is not None
    assert stand.count(EntryKind.PARCEL_REMOVED) == 0
