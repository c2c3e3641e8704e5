"""The automat's own health: lost parts, keypads, the back office's acknowledgements, alarms."""

from locker.domain.events import (
    ForkReported,
    JournalAcknowledged,
    KeypadFaulted,
    KeypadRecovered,
    PartLost,
    PartRestored,
    Started,
)
from locker.domain.incidents import MEANING, IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Idle
from locker.domain.rules import Rules
from tests.unit.domain.stand import Stand


def test_an_acknowledgement_moves_forward_only() -> None:
    stand = Stand()
    stand.deliver()
    stand.do(JournalAcknowledged(0, 3))
    stand.do(JournalAcknowledged(0, 2))
    assert stand.automat.facts.acknowledged_through == 3


def test_an_acknowledgement_of_another_epoch_is_ignored() -> None:
    stand = Stand()
    stand.do(JournalAcknowledged(7, 1))
    assert stand.automat.facts.acknowledged_through == 0


def test_the_back_office_cannot_acknowledge_what_was_never_written() -> None:
    stand = Stand()
    stand.do(JournalAcknowledged(0, 1))
    stand.do(JournalAcknowledged(0, 1_000))
    assert stand.automat.facts.acknowledged_through == 1
    assert stand.count(EntryKind.FORK_ALARM) == 1
    stand.do(JournalAcknowledged(0, 1_000))
    assert stand.count(EntryKind.FORK_ALARM) == 1


def test_a_refused_entry_is_parked_once_with_an_alarm_and_an_impossible_one_is_not() -> None:
    stand = Stand()
    for _ in range(2):
        stand.do(JournalAcknowledged(0, 1, refused=((1, "bad size"), (2**70, "x"), (0, "y"))))
    assert set(stand.automat.parked) == {1}
    assert stand.count(EntryKind.ENTRY_PARKED) == 1
    assert stand.reloaded().parked == stand.automat.parked


def test_a_fork_raises_one_alarm() -> None:
    stand = Stand()
    stand.do(ForkReported(0, 4))
    stand.do(ForkReported(0, 4))
    assert stand.count(EntryKind.FORK_ALARM) == 1


def test_a_lost_part_is_one_incident_until_it_answers_again() -> None:
    stand = Stand()
    stand.do(PartLost("line locks", "unplugged"))
    stand.do(PartLost("line locks", "still unplugged"))
    assert stand.count(EntryKind.INCIDENT_RAISED) == 1
    stand.do(PartRestored("line locks"))
    assert stand.count(EntryKind.INCIDENT_CLEARED) == 1
    assert stand.automat.open_incident(IncidentKind.PART_LOST, "line locks") is None


def test_a_faulty_keypad_drops_a_half_typed_code() -> None:
    stand = Stand()
    stand.press("C 0242")
    stand.do(KeypadFaulted("front", "a key is stuck"))
    assert isinstance(stand.automat.keypads["front"].flow, Idle)
    stand.do(KeypadRecovered("front"))
    assert stand.automat.open_incident(IncidentKind.KEYPAD_FAULTY, "front") is None


def test_a_new_epoch_says_so_first_and_nothing_of_it_is_acknowledged() -> None:
    stand = Stand()
    decision = stand.do(Started(dict(stand.doors), "1", new_epoch=True))
    assert decision.entries[0].kind is EntryKind.EPOCH_STARTED
    assert stand.automat.facts.acknowledged_through == 0


def test_the_number_of_the_last_entry_is_counted_by_the_core_itself() -> None:
    stand = Stand()
    stand.deliver()
    assert stand.automat.journal_end == len(stand.entries)


def test_every_incident_has_a_meaning() -> None:
    assert set(MEANING) == set(IncidentKind)


def test_a_cleared_incident_is_forgotten_after_the_retention_time_and_an_open_one_never() -> None:
    stand = Stand(Rules(heartbeat_s=86_400.0))
    stand.do(PartLost("line locks", "unplugged"))
    stand.do(PartRestored("line locks"))
    stand.do(PartLost("board A", "no answer"))
    stand.wait(89 * 86_400)
    assert len(stand.automat.incidents) == 2
    stand.wait(2 * 86_400)
    assert [incident.about for incident in stand.automat.incidents.values()] == ["board A"]
    assert stand.reloaded().incidents == stand.automat.incidents
