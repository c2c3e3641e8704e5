"""A journal that is not the only one of its epoch goes on in a new one; nothing of either is lost (F12)."""

from locker.domain.automat import Decision
from locker.domain.events import (
    EpochCounted,
    ForkReported,
    JournalAcknowledged,
    KeypadFaulted,
    MaintenanceAsked,
)
from locker.domain.flows.epochs import to_send, wanted
from locker.domain.incidents import IncidentKind
from locker.domain.intents import CountEpoch
from locker.domain.journal import EarlierEpoch, EntryKind
from locker.domain.maintenance import ClearIncident
from tests.unit.domain.asking import ANNA
from tests.unit.domain.stand import Stand

HASH = "ab" * 32


def asks(decision: Decision) -> bool:
    """Whether a decision wants a new epoch to be counted."""
    return any(isinstance(intent, CountEpoch) for intent in decision.intents)


def forked() -> tuple[Stand, int]:
    """Let the back office acknowledge two entries, and then tell of one that was never written here."""
    stand = Stand()
    stand.deliver()
    stand.do(JournalAcknowledged(0, 2))
    assert asks(stand.do(JournalAcknowledged(0, stand.automat.journal_end + 9)))
    return stand, stand.automat.journal_end


def settle(stand: Stand, about: str) -> Decision:
    """Let a technician say that a fork is settled."""
    incident = stand.automat.open_incident(IncidentKind.JOURNAL_FORKED, about)
    assert incident is not None
    return stand.do(
        MaintenanceAsked(ANNA, ClearIncident(incident.number, "the back office has the right one"))
    )


def test_what_was_never_written_or_written_otherwise_asks_for_a_new_epoch_once() -> None:
    stand, _ = forked()
    assert not asks(stand.do(JournalAcknowledged(0, 10_000)))
    other = Stand()
    assert asks(other.do(ForkReported(0, 1)))
    assert not asks(Stand().do(ForkReported(7, 1)))
    assert not asks(Stand().do(JournalAcknowledged(0, 1)))


def test_the_new_epoch_says_first_why_it_began_and_where_the_earlier_one_stood() -> None:
    stand, end = forked()
    decision = stand.do(EpochCounted(3, HASH))
    first = decision.entries[0]
    assert (first.kind, first.data) == (
        EntryKind.EPOCH_STARTED,
        {
            "epoch": 3,
            "why": "forked",
            "earlier": 0,
            "earlierlast": end,
            "earlierhash": HASH,
            "earlieracknowledged": 2,
        },
    )
    assert (stand.automat.epoch, stand.automat.journal_end) == (3, len(decision.entries))
    assert stand.automat.facts.acknowledged_through == 0
    assert not stand.automat.parked
    assert stand.automat.open_incident(IncidentKind.JOURNAL_FORKED, "epoch 0") is not None
    again = stand.reloaded()
    assert (again.earlier_epochs, again.facts) == (stand.automat.earlier_epochs, stand.automat.facts)


def test_a_clock_that_stepped_meanwhile_is_told_behind_it() -> None:
    stand, _ = forked()
    stand.set_clock(stand.now.wall_at.replace(year=2027))
    decision = stand.do(EpochCounted(1, HASH))
    assert [entry.kind for entry in decision.entries][:2] == [
        EntryKind.EPOCH_STARTED,
        EntryKind.CLOCK_STEPPED,
    ]


def test_what_was_not_acknowledged_of_the_earlier_epoch_is_still_to_be_sent() -> None:
    stand, end = forked()
    stand.do(EpochCounted(1, HASH))
    assert to_send(stand.automat) == EarlierEpoch(0, end, 2)
    stand.do(JournalAcknowledged(0, 5))
    assert to_send(stand.automat) == EarlierEpoch(0, end, 5)
    stand.do(JournalAcknowledged(0, 4))
    assert to_send(stand.reloaded()) == EarlierEpoch(0, end, 5)
    stand.do(JournalAcknowledged(0, end + 9))
    assert to_send(stand.automat) is None
    assert stand.automat.facts.acknowledged_through == 0
    assert stand.count(EntryKind.FORK_ALARM) == 1


def test_what_is_refused_of_the_earlier_epoch_is_an_alarm() -> None:
    stand, end = forked()
    stand.do(EpochCounted(1, HASH))
    stand.do(JournalAcknowledged(0, 3, refused=((3, "bad size"), (end + 1, "never written"))))
    assert stand.count(EntryKind.ENTRY_PARKED) == 1
    assert stand.automat.open_incident(IncidentKind.ENTRY_REFUSED, "epoch 0") is not None
    assert not stand.automat.parked
    assert not stand.reloaded().parked


def test_forged_acknowledgements_bring_one_new_epoch_and_no_second_before_a_technician_has_spoken() -> None:
    stand, _ = forked()
    stand.do(EpochCounted(1, HASH))
    for through in range(1_000, 1_200):
        assert not asks(stand.do(JournalAcknowledged(1, through)))
        assert not asks(stand.do(ForkReported(1, 1)))
    before = stand.automat
    stand.do(EpochCounted(2, HASH))
    assert stand.automat.epoch == before.epoch
    assert stand.automat.facts.acknowledged_through == 0
    assert asks(settle(stand, "epoch 0"))
    stand.do(EpochCounted(2, HASH))
    assert stand.automat.epoch == 2
    assert to_send(stand.automat) is not None


def test_a_fork_that_a_technician_settled_is_left_for_no_new_epoch() -> None:
    stand, _ = forked()
    assert not asks(settle(stand, "epoch 0"))
    stand.do(EpochCounted(1, HASH))
    assert stand.automat.epoch == 0
    assert not wanted(stand.automat)


def test_a_new_epoch_that_could_not_be_counted_is_wanted_at_the_next_start() -> None:
    stand, _ = forked()
    stand.do(KeypadFaulted("front", "a key is stuck"))
    assert wanted(stand.reloaded())


def test_a_database_behind_the_counter_goes_on_in_a_new_epoch_and_a_person_is_told() -> None:
    stand = Stand()
    stand.power_cut(started=False)
    decision = stand.do(EpochCounted(5, HASH, restored=True))
    assert decision.entries[0].data["why"] == "restored"
    assert stand.automat.epoch == 5
    assert stand.automat.open_incident(IncidentKind.JOURNAL_FORKED, "epoch 0") is not None


def test_an_epoch_counted_before_the_present_one_is_none() -> None:
    stand, _ = forked()
    stand.do(EpochCounted(0, HASH))
    assert stand.automat.epoch == 0
    assert not stand.automat.earlier_epochs
