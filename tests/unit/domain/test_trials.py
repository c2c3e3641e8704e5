"""Devices tried and keypads released at a technician's word: nothing typed in a trial is an entry."""

from dataclasses import replace

import pytest

from locker.domain.events import CommissionBegun, KeypadFaulted, LabelScanned
from locker.domain.incidents import IncidentKind
from locker.domain.intents import LampTest, Show, Sound, Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import BeingTried, Idle
from locker.domain.maintenance import Device, ReleaseKeypad, TryDevice
from locker.domain.messages import Text
from tests.unit.domain.asking import ANNA, BERT, ask
from tests.unit.domain.stand import Stand, guarded

LABEL = "JJFI65432110000070773"


@pytest.fixture
def stand() -> Stand:
    """An automat with one parcel, whose front keypad is on trial."""
    stand = Stand()
    stand.deliver(code="024204")
    assert ask(stand, TryDevice("front", Device.KEYS)) is None
    return stand


def trial(stand: Stand, keypad: str = "front") -> BeingTried:
    """The trial at a keypad."""
    flow = stand.automat.keypads[keypad].flow
    assert isinstance(flow, BeingTried)
    return flow


def counts(stand: Stand) -> dict[str, int]:
    """How often each key was pressed in the trial."""
    return {str(key): count for key, count in trial(stand).keys.items()}


def is_idle(stand: Stand, keypad: str = "front") -> bool:
    """Tell whether a keypad is everybody's again and says so."""
    return stand.automat.keypads[keypad].flow == Idle() and stand.says(Text.IDLE, keypad)


def test_every_key_is_counted_shown_and_heard(stand: Stand) -> None:
    stand.press("C 1123 OK")
    assert counts(stand) == {"C": 1, "1": 2, "2": 1, "3": 1, "OK": 1}
    assert stand.says(Text.KEY_ON_TRIAL)
    assert stand.intents[-2:] == [Sound("front", Tone.KEY), Show("front", stand.shown[-1])]


def test_a_trial_says_so_before_the_first_key(stand: Stand) -> None:
    assert stand.says(Text.KEYS_ON_TRIAL)


def test_every_scan_is_counted_and_the_last_label_kept_up_to_a_length(stand: Stand) -> None:
    stand.do(LabelScanned("front", LABEL))
    stand.do(LabelScanned("front", "\x1b\ud800" + "X" * 500))
    assert (trial(stand).scans, trial(stand).scanned) == (2, "??" + "X" * 62)
    assert stand.says(Text.SCAN_ON_TRIAL)


def test_a_right_code_typed_in_a_trial_opens_nothing_costs_nothing_and_is_written_nowhere(
    stand: Stand,
) -> None:
    before, entries, unlocks = stand.automat, len(stand.entries), len(stand.unlocks)
    stored = dict(stand.stored)
    stand.press("C 024204 OK C 999999 OK")
    assert (len(stand.entries), len(stand.unlocks)) == (entries, unlocks)
    assert stand.stored == stored
    assert stand.automat.attempts == before.attempts
    assert stand.automat.parcels == before.parcels


def test_the_code_works_again_after_the_trial(stand: Stand) -> None:
    unlocks = len(stand.unlocks)
    stand.press("C 0242 C C C 024204 OK")
    assert len(stand.unlocks) == unlocks + 1


def test_c_twice_in_a_row_ends_the_trial(stand: Stand) -> None:
    stand.press("C 1 C")
    trial(stand)
    stand.press("C")
    assert is_idle(stand)


def test_a_scan_between_two_cs_does_not_end_the_trial(stand: Stand) -> None:
    stand.press("C")
    stand.do(LabelScanned("front", LABEL))
    stand.press("C")
    trial(stand)


def test_the_technician_ends_the_trial_from_the_socket(stand: Stand) -> None:
    assert ask(stand, TryDevice("front", Device.NONE), BERT) is None
    assert is_idle(stand)


def test_a_trial_in_which_nothing_happens_ends_by_itself(stand: Stand) -> None:
    idle_s = stand.automat.rules.service_idle_s
    stand.wait(idle_s - 1)
    stand.press("5")
    stand.wait(idle_s - 1)
    trial(stand)
    stand.wait(2)
    assert is_idle(stand)


def test_a_restart_ends_a_trial(stand: Stand) -> None:
    stand.power_cut()
    assert is_idle(stand)


def test_a_trial_begun_again_counts_from_nothing_for_whoever_began_it(stand: Stand) -> None:
    stand.press("5")
    assert ask(stand, TryDevice("front", Device.KEYS), BERT) is None
    assert (trial(stand).by, counts(stand), trial(stand).scans) == (BERT, {}, 0)


@pytest.mark.parametrize(
    ("device", "intents"),
    [
        (Device.DISPLAY, [LampTest("front", sounder=False)]),
        (Device.SOUNDER, [LampTest("front", display=False)]),
    ],
)
def test_display_and_sounder_are_tried_apart_and_the_trial_goes_on(
    stand: Stand, device: Device, intents: list[LampTest]
) -> None:
    stand.intents.clear()
    assert ask(stand, TryDevice("front", device)) is None
    assert stand.intents == intents
    trial(stand)


@pytest.mark.parametrize("device", [Device.KEYS, Device.DISPLAY, Device.SOUNDER])
def test_each_trial_is_recorded_with_who_asked_and_what_for(device: Device) -> None:
    stand = Stand()
    assert ask(stand, TryDevice("side", device)) is None
    assert stand.last(EntryKind.HARDWARE_TESTED).data == {
        "keypad": "side",
        "device": str(device),
        "user": "anna (1000)",
        "technician": "t-1",
    }


@pytest.mark.parametrize("device", Device)
def test_a_keypad_that_there_is_not_is_refused(device: Device) -> None:
    assert refused_unchanged(Stand(), TryDevice("nowhere", device)) == "unknown-keypad"


@pytest.mark.parametrize("device", [Device.KEYS, Device.DISPLAY, Device.SOUNDER])
@pytest.mark.parametrize("keys", ["C", "C 024", "C 024204 OK", "C 7777 OK"])
def test_nobody_who_stands_at_a_keypad_is_disturbed(device: Device, keys: str) -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.press(keys)
    assert refused_unchanged(stand, TryDevice("front", device)) == "keypad-busy"


def test_an_answer_that_nobody_may_read_any_more_does_not_hold_a_trial_up() -> None:
    stand = Stand()
    stand.press("C 1111 OK")
    assert ask(stand, TryDevice("front", Device.KEYS)) is None


def test_without_a_trial_there_is_none_to_end() -> None:
    assert refused_unchanged(Stand(), TryDevice("front", Device.NONE)) == "no-trial"


def test_a_keypad_without_display_has_none_to_try() -> None:
    stand = Stand()
    front = replace(stand.automat.keypads["front"], has_display=False)
    stand.automat = replace(stand.automat, keypads=stand.automat.keypads.set("front", front))
    assert refused_unchanged(stand, TryDevice("front", Device.DISPLAY)) == "no-display"
    assert ask(stand, TryDevice("front", Device.SOUNDER)) is None


def test_a_faulty_and_a_guarded_keypad_can_be_tried() -> None:
    stand = guarded("front")
    stand.do(KeypadFaulted("front", "a key is stuck"))
    assert ask(stand, TryDevice("front", Device.KEYS)) is None
    stand.press("1")
    assert counts(stand) == {"1": 1}
    stand.press("C C")
    assert stand.says(Text.GUARD_MODE)


def test_a_trial_does_not_keep_the_automat_from_being_commissioned(stand: Stand) -> None:
    assert stand.do(CommissionBegun("anna (1000)", "t-1")).refused is None
    stand.press("C C")
    assert stand.says(Text.BEING_SERVICED)


def test_a_released_keypad_serves_everybody_and_the_journal_knows_who_released_it() -> None:
    stand = guarded("front")
    stand.wait(60)
    assert ask(stand, ReleaseKeypad("front")) is None
    assert is_idle(stand)
    assert not stand.automat.attempts["front"].guarded
    assert stand.automat.open_incident(IncidentKind.GUARD_MODE, "front") is None
    assert stand.last(EntryKind.GUARD_RELEASED).data == {
        "keypad": "front",
        "user": ANNA.user,
        "technician": ANNA.technician,
    }


def test_a_release_gives_no_token_back() -> None:
    stand = guarded("front")
    tokens = stand.automat.attempts["front"].tokens
    ask(stand, ReleaseKeypad("front"))
    assert stand.automat.attempts["front"].tokens == tokens


def test_a_keypad_that_is_not_guarded_needs_no_release() -> None:
    assert refused_unchanged(Stand(), ReleaseKeypad("front")) == "not-guarded"
    assert refused_unchanged(Stand(), ReleaseKeypad("nowhere")) == "unknown-keypad"


def refused_unchanged(stand: Stand, action: TryDevice | ReleaseKeypad) -> str | None:
    """Ask; see that nothing changed; return the reason."""
    before, entries, intents = stand.automat, len(stand.entries), len(stand.intents)
    reason = ask(stand, action)
    assert (len(stand.entries), len(stand.intents)) == (entries, intents)
    assert (stand.automat.keypads, stand.automat.attempts) == (before.keypads, before.attempts)
    return reason
