"""Incidents at a technician's word: looked after, cleared, and refused where a word settles nothing."""

import pytest

from locker.domain.automat import Automat
from locker.domain.draft import Draft
from locker.domain.events import ForkReported, JournalAcknowledged, LockTimed, PartLost, Woke
from locker.domain.incidents import SETTLING, Incident, IncidentKind, Settling
from locker.domain.journal import EntryKind, Parked
from locker.domain.maintenance import AcknowledgeIncident, Action, ClearIncident, Maintainer
from tests.unit.domain.asking import ANNA, BERT, ask
from tests.unit.domain.stand import Stand

KINDS_NOT_BY_WORD = [kind for kind in IncidentKind if SETTLING[kind] is not Settling.BY_WORD]
DAY_S = 86_400.0


@pytest.fixture
def stand() -> Stand:
    """An automat that has lost a line."""
    stand = Stand()
    stand.do(PartLost("line locks", "unplugged"))
    return stand


def raised(stand: Stand, kind: IncidentKind, about: str) -> Incident:
    """The open incident of a kind."""
    incident = stand.automat.open_incident(kind, about)
    assert incident is not None
    return incident


def with_incident(kind: IncidentKind, about: str = "3") -> Stand:
    """An automat with one open incident."""
    stand = Stand()
    draft = Draft(stand.automat, stand.now)
    draft.raise_incident(kind, about, "as found")
    stand.automat = draft.automat
    stand.do(Woke())
    return stand


def wear_out(stand: Stand, label: str = "3") -> None:
    """Let a lock open as it used to, then slowly."""
    for took_s in [0.2] * 10 + [2.0] * 5:
        stand.do(LockTimed(label, took_s))


def test_whoever_looks_after_an_incident_is_known_with_user_and_time(stand: Stand) -> None:
    assert ask(stand, AcknowledgeIncident(1)) is None
    assert stand.automat.incidents[1].acknowledged_by == ANNA
    assert stand.automat.incidents[1].acknowledged_at == stand.now.wall_at
    assert stand.automat.incidents[1].cleared_at is None
    assert stand.last(EntryKind.INCIDENT_ACKNOWLEDGED).data == {
        "number": 1,
        "incident": "part-lost",
        "about": "line locks",
        "user": "anna (1000)",
        "technician": "t-1",
    }


def test_another_technician_may_take_an_incident_over(stand: Stand) -> None:
    ask(stand, AcknowledgeIncident(1))
    assert ask(stand, AcknowledgeIncident(1), BERT) is None
    assert stand.automat.incidents[1].acknowledged_by == BERT


def test_who_looks_after_an_incident_survives_a_power_cut(stand: Stand) -> None:
    ask(stand, AcknowledgeIncident(1))
    stand.power_cut()
    assert stand.automat.incidents[1].acknowledged_by == ANNA


@pytest.mark.parametrize("action", [AcknowledgeIncident(9), ClearIncident(9, "done")])
def test_an_incident_that_there_is_not_is_refused(stand: Stand, action: Action) -> None:
    assert refused_unchanged(stand, action) == "unknown-incident"


def test_the_same_technician_acknowledges_only_once(stand: Stand) -> None:
    ask(stand, AcknowledgeIncident(1))
    assert refused_unchanged(stand, AcknowledgeIncident(1)) == "already-acknowledged"


def test_what_is_cleared_is_neither_acknowledged_nor_cleared_again() -> None:
    stand = with_incident(IncidentKind.COMPARTMENT_EMPTY)
    ask(stand, ClearIncident(1, "the back office knows"))
    assert refused_unchanged(stand, ClearIncident(1, "again")) == "already-cleared"
    assert refused_unchanged(stand, AcknowledgeIncident(1)) == "already-cleared"


@pytest.mark.parametrize("kind", KINDS_NOT_BY_WORD)
def test_a_word_does_not_clear_what_a_look_or_the_thing_itself_must(kind: IncidentKind) -> None:
    stand = with_incident(kind)
    assert refused_unchanged(stand, ClearIncident(1, "trust me")) == f"clears-{SETTLING[kind]}"


def test_a_cleared_incident_says_at_whose_word_and_why() -> None:
    stand = with_incident(IncidentKind.COMPARTMENT_EMPTY)
    assert ask(stand, ClearIncident(1, "the back office knows")) is None
    assert stand.automat.incidents[1].cleared_at == stand.now.wall_at
    assert stand.last(EntryKind.INCIDENT_CLEARED).data == {
        "number": 1,
        "incident": "compartment-empty",
        "about": "3",
        "why": "the back office knows",
        "user": "anna (1000)",
        "technician": "t-1",
    }


def test_a_mended_lock_learns_anew_what_is_usual() -> None:
    stand = Stand()
    wear_out(stand)
    incident = raised(stand, IncidentKind.LOCK_WEAK, "3")
    ask(stand, ClearIncident(incident.number, "a slower lock was fitted"))
    for _ in range(5):
        stand.do(LockTimed("3", 2.0))
    assert stand.automat.locks["3"].usual_ms == 2_000
    assert stand.automat.open_incident(IncidentKind.LOCK_WEAK, "3") is None


def test_a_settled_fork_is_not_reported_again_but_a_new_one_is() -> None:
    stand = Stand()
    stand.do(ForkReported(0, 1))
    settle(stand, IncidentKind.JOURNAL_FORKED)
    settled_through = stand.automat.facts.forks_settled_through
    for number in range(1, settled_through + 1):
        stand.do(ForkReported(0, number))
    assert stand.automat.open_incident(IncidentKind.JOURNAL_FORKED, "epoch 0") is None
    stand.do(ForkReported(0, settled_through + 1))
    stand.do(ForkReported(0, settled_through + 2))
    assert stand.count(EntryKind.FORK_ALARM) == 2


def test_a_settled_fork_of_an_earlier_epoch_raises_no_second_alarm() -> None:
    stand = Stand()
    stand.do(ForkReported(7, 4))
    settle(stand, IncidentKind.JOURNAL_FORKED, "epoch 7")
    stand.do(ForkReported(7, 5))
    assert stand.count(EntryKind.FORK_ALARM) == 1
    assert stand.automat.facts.forks_settled_through == 0


def test_what_was_settled_of_a_fork_survives_a_power_cut() -> None:
    stand = Stand()
    stand.do(ForkReported(0, 1))
    settle(stand, IncidentKind.JOURNAL_FORKED)
    stand.power_cut()
    stand.do(ForkReported(0, 1))
    assert stand.count(EntryKind.FORK_ALARM) == 1


def test_refused_entries_stay_parked_when_they_are_settled() -> None:
    stand = Stand()
    stand.do(JournalAcknowledged(0, 1, refused=((1, "no"),)))
    settle(stand, IncidentKind.ENTRY_REFUSED)
    assert dict(stand.automat.parked) == {1: Parked(0, 1, "no", settled=True)}
    stand.power_cut()
    assert dict(stand.automat.parked) == {1: Parked(0, 1, "no", settled=True)}


def test_a_settled_refusal_raises_no_alarm_again_but_a_new_one_does() -> None:
    stand = Stand()
    stand.do(JournalAcknowledged(0, 1, refused=((1, "no"),)))
    settle(stand, IncidentKind.ENTRY_REFUSED)
    stand.do(JournalAcknowledged(0, 1, refused=((1, "no"),)))
    assert stand.automat.open_incident(IncidentKind.ENTRY_REFUSED, "epoch 0") is None
    stand.do(JournalAcknowledged(0, 2, refused=((1, "no"), (2, "no"))))
    raised(stand, IncidentKind.ENTRY_REFUSED, "epoch 0")


@pytest.mark.parametrize("kind", [IncidentKind.ENTRY_REFUSED, IncidentKind.JOURNAL_FORKED])
@pytest.mark.parametrize("settled", [True, False])
def test_the_journals_beginning_goes_once_what_held_it_is_settled(
    kind: IncidentKind, *, settled: bool
) -> None:
    stand = Stand()
    stand.do(
        ForkReported(0, 1)
        if kind is IncidentKind.JOURNAL_FORKED
        else JournalAcknowledged(0, 1, refused=((1, "no"),))
    )
    if settled:
        settle(stand, kind)
    stand.do(JournalAcknowledged(0, stand.automat.journal_end))
    stand.wait((stand.automat.rules.retention_days + 2) * DAY_S)
    assert (stand.count(EntryKind.JOURNAL_PRUNED) > 0) is settled


def settle(stand: Stand, kind: IncidentKind, about: str = "epoch 0") -> None:
    """Let a technician clear an incident."""
    assert ask(stand, ClearIncident(raised(stand, kind, about).number, "settled by phone")) is None


def refused_unchanged(stand: Stand, action: Action, by: Maintainer = ANNA) -> str | None:
    """Ask; see that nothing changed; return the reason."""
    before: Automat = stand.automat
    entries = len(stand.entries)
    reason = ask(stand, action, by)
    assert len(stand.entries) == entries
    assert (stand.automat.incidents, stand.automat.facts) == (before.incidents, before.facts)
    return reason
