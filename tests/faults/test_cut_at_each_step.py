"""The power goes after each event of each flow, and its door is found in each state: F6, in full."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from locker.domain.commands import Cause, WithdrawParcel
from locker.domain.events import Door
from locker.domain.journal import Entry, EntryKind
from locker.domain.parcels import ParcelState
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.stand import Stand

PARCEL, SENT, CODE = "JJFI65432110000070773", "JJFI65432110000070774", "024204"
CUSTODY = {
    EntryKind.PARCEL_STORED,
    EntryKind.PARCEL_HANDED_OVER,
    EntryKind.PARCEL_DROPPED_OFF,
    EntryKind.PARCEL_REMOVED,
}
LONG_ENOUGH_S = 400
"""For every opening to come to its end, and for every window in which a code reopens."""


@dataclass(frozen=True)
class Flow:
    """What is there before, and what somebody then does; one box in all."""

    build: Callable[[Stand], object]
    script: Callable[[Stand], None]


def picks_up(stand: Stand) -> None:
    stand.press(f"C {CODE} OK")
    stand.opens_and_shuts()


def expects_a_deposit(stand: Stand) -> None:
    stand.announce(PARCEL, CODE)
    stand.sign_in_courier()


def deposits(stand: Stand) -> None:
    stand.press(f"{PARCEL[-8:]} OK")
    stand.opens_and_shuts()
    stand.press("OK")


def sends(stand: Stand) -> None:
    stand.press("C 515151 OK")
    stand.opens_and_shuts()
    stand.press("OK")


def has_one_to_take_away(stand: Stand) -> None:
    stand.deliver(PARCEL, CODE)
    stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "the sender asked"))
    stand.sign_in_courier()


def takes_away(stand: Stand) -> None:
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")


FLOWS = {
    "pick-up": Flow(lambda stand: stand.deliver(PARCEL, CODE), picks_up),
    "deposit": Flow(expects_a_deposit, deposits),
    "drop-off": Flow(lambda stand: stand.expect_drop_off(SENT), sends),
    "removal": Flow(has_one_to_take_away, takes_away),
}


def seen_of(entries: list[Entry], label: str) -> list[EntryKind]:
    """Return what the journal says of a door since its newest first pulse was intended."""
    told = [entry for entry in entries if entry.data.get("compartment") == label]
    first = max(
        number
        for number, entry in enumerate(told)
        if entry.kind is EntryKind.PULSE_INTENDED and entry.data["number"] == 1
    )
    return [entry.kind for entry in told[first:]]


@pytest.mark.parametrize("found", [None, *Door], ids=lambda found: found or "as it was")
@pytest.mark.parametrize("name", FLOWS)
def test_nothing_is_pulsed_again_and_nothing_changes_hands_without_its_door(
    name: str, found: Door | None
) -> None:
    flow, cuts, changed_hands = FLOWS[name], 0, 0

    def build() -> Stand:
        stand = Stand()
        flow.build(stand)
        return stand

    def goes_dark(stand: Stand) -> None:
        before.update(pulses=len(stand.unlocks), entries=len(stand.entries))
        if found is not None and stand.automat.openings:
            for label in stand.automat.openings:
                stand.doors[label] = found

    before: dict[str, int] = {}
    for when, stand in cut_after_each_event(build, flow.script, meanwhile=goes_dark):
        cuts += 1
        assert len(stand.unlocks) == before["pulses"], when
        for label, door in list(stand.doors.items()):
            if door is not Door.SHUT:
                stand.door(label, Door.SHUT)
        stand.wait(LONG_ENOUGH_S)
        assert len(stand.unlocks) == before["pulses"], when
        for number, entry in enumerate(stand.entries[before["entries"] :], before["entries"]):
            if entry.kind in CUSTODY:
                changed_hands += 1
                seen = seen_of(stand.entries[:number], str(entry.data["compartment"]))
                assert EntryKind.DOOR_OPENED in seen, when
                assert (EntryKind.DOOR_CLOSED in seen) == (entry.data.get("grade", "A") == "A"), when
        if name in ("deposit", "drop-off"):
            nobody_is_offered_a_box_of_which_nobody_knows(stand, when)
        if name == "pick-up":
            its_code_is_as_good_as_it_should_be(stand, when)
    assert cuts > 5
    assert changed_hands or name != "pick-up" or found not in (None, Door.OPEN), "else nothing is shown"


def its_code_is_as_good_as_it_should_be(stand: Stand, when: str) -> None:
    handed_over, pulses = stand.count(EntryKind.PARCEL_HANDED_OVER), len(stand.unlocks)
    assert stand.parcel(PARCEL).state is (ParcelState.CLOSED if handed_over else ParcelState.STORED), when
    stand.press(f"C {CODE} OK")
    assert len(stand.unlocks) == pulses + (not handed_over), when


def nobody_is_offered_a_box_of_which_nobody_knows(stand: Stand, when: str) -> None:
    pulsed = {
        str(entry.data["compartment"]) for entry in stand.entries if entry.kind is EntryKind.PULSE_INTENDED
    }
    assert [label for label in pulsed if stand.box(label).free] == [], when
