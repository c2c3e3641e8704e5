"""The automat's own health: start-up, clocks, lost parts, a full disk, the back office's word."""

from dataclasses import replace
from datetime import timedelta

from locker.domain.changing import changed
from locker.domain.draft import Draft
from locker.domain.events import (
    Door,
    GoodsSeen,
    JournalAcknowledged,
    KeypadFaulted,
    KeypadRecovered,
    PartLost,
    PartRestored,
    Started,
    WiringMatched,
    WiringMismatched,
)
from locker.domain.flows import collect, epochs, outages, pickup, retention, storage
from locker.domain.flows.depositing import UNCONFIRMED
from locker.domain.flows.doors import WRONG_DOOR_BLOCK, Progress, note_found, recover
from locker.domain.flows.keys import rest
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind, Parked
from locker.domain.keypad import Entering
from locker.domain.parcels import ParcelState
from locker.domain.times import rfc3339

PARTS = (IncidentKind.PART_LOST, IncidentKind.SCANNER_LOST, IncidentKind.DISPLAY_LOST)
DISPLAY = "display "


BOARD = "board "
"""How a board's name begins in what is told of it."""
CLOCK_NOISE_S = 1.0
"""The wall clock may run ahead of the powered one by so much between two decisions: it is being steered."""


def start(draft: Draft, event: Started) -> list[Progress]:
    """Come up: take in what every door says, and judge the openings that were under way."""
    draft.automat = changed(draft.automat, started=True, version=event.version, wiring_map=event.wiring_map)
    openings = sorted(draft.automat.openings.values(), key=lambda opening: opening.started_at)
    if event.new_epoch:
        retention.begin_epoch(draft)
        draft.record(EntryKind.EPOCH_STARTED, epoch=draft.automat.epoch)
    draft.record(
        EntryKind.STARTED,
        version=event.version,
        interrupted=[opening.compartment for opening in openings],
        map=event.wiring_map,
        aftersafemode=event.safe_mode,
    )
    if draft.automat.facts.outage_since_s is None:
        # Powered or not, the automat served nobody since it was last seen: that time counts as an outage.
        # If one was running, it counts the powered part itself.
        seen = replace(draft.automat.last_seen, powered_s=draft.now.powered_s)
        draft.automat = changed(draft.automat, last_seen=seen)
    if draft.now.trusted:
        _time_became_known(draft)
    for name in draft.automat.keypads:
        rest(draft, name)
    for label, compartment in draft.automat.compartments.items():
        door = event.doors.get(label, Door.UNKNOWN)
        if label in draft.automat.openings or event.new_epoch:
            draft.change_compartment(label, door=door)
        else:
            note_found(draft, label, door)
        if compartment.reason == UNCONFIRMED and label not in draft.automat.openings:
            draft.raise_incident(
                IncidentKind.DEPOSIT_UNCONFIRMED, label, "the automat stopped before the courier confirmed"
            )
        if compartment.blocked == WRONG_DOOR_BLOCK:
            draft.raise_incident(IncidentKind.WRONG_DOOR, label, WRONG_DOOR_BLOCK)
        collect.note_found(draft, label)
        # What a sensor said before is no evidence now, and it may have been taken out.
        draft.change_compartment(label, goods=None)
        draft.clear_incident(IncidentKind.CONFIGURATION_MISMATCH, label, "its table is there again")
    _note_not_configured(draft, event.not_configured)
    _clear_gone_parts(draft, event.parts)
    _take_mismatches(draft, event)
    retention.look_after_journal(draft)
    draft.mark_seen()
    return [progress for opening in openings if (progress := recover(draft, opening)) is not None]


def note_clocks(draft: Draft) -> None:
    """Compare both clocks with the last decision's: trust gained or lost, jumps, doubt."""
    automat, now, before = draft.automat, draft.now, draft.automat.last_now
    draft.automat = changed(automat, last_now=now)
    if before is None:
        return
    step_s = automat.clock_step_s(now)
    if abs(step_s) > automat.rules.clock_step_s:
        draft.record(
            EntryKind.CLOCK_STEPPED,
            before=rfc3339(now.wall_at - timedelta(seconds=step_s)),
            after=rfc3339(now.wall_at),
            seconds=round(step_s),
        )
        if before.trusted and now.trusted and abs(step_s) > automat.rules.clock_doubt_s:
            draft.put_facts(clock_doubted=True)
    if before.trusted and step_s > CLOCK_NOISE_S and draft.automat.judges_time(now):
        # Believed, but nobody was served in the time that it leapt over.
        outages.credit(draft, step_s, "the clock was set forward")
    if now.trust is not before.trust:
        draft.record(EntryKind.CLOCK_TRUST_CHANGED, before=str(before.trust), after=str(now.trust))
        if now.trusted and not before.trusted:
            _time_became_known(draft)


def note_goods(draft: Draft, event: GoodsSeen) -> None:
    """Take a goods sensor's reading in."""
    if event.compartment in draft.automat.compartments:
        draft.change_compartment(event.compartment, goods=event.present)


def note_part_lost(draft: Draft, event: PartLost) -> None:
    """Raise the alarm for a line, board or scanner that stopped answering, or a display that is gone."""
    helper = IncidentKind.DISPLAY_LOST if event.part.startswith(DISPLAY) else IncidentKind.SCANNER_LOST
    kind = IncidentKind.PART_LOST if event.outage else helper
    draft.raise_incident(kind, event.part, event.reason)


def note_part_restored(draft: Draft, event: PartRestored) -> None:
    """Clear it when the part answers again."""
    for kind in PARTS:
        draft.clear_incident(kind, event.part, "it answers again")


def note_mismatched(draft: Draft, event: WiringMismatched) -> None:
    """Raise the alarm for wiring that is not what was proved; its doors are unknown until it is."""
    draft.raise_incident(IncidentKind.BOARD_MISMATCH, event.about, event.reason)


def note_matched(draft: Draft, event: WiringMatched) -> None:
    """Clear it when the wiring is what was proved."""
    draft.clear_incident(IncidentKind.BOARD_MISMATCH, event.about, "it is what was proved")


def note_keypad_fault(draft: Draft, event: KeypadFaulted) -> None:
    """Raise the alarm for a keypad that does not work; a half-typed code is dropped."""
    keypad = draft.automat.keypads.get(event.keypad)
    if keypad is not None:
        draft.put_keypad(replace(keypad, fault=event.reason))
        if isinstance(keypad.flow, Entering):
            rest(draft, event.keypad)
        draft.raise_incident(IncidentKind.KEYPAD_FAULTY, event.keypad, event.reason)


def note_keypad_recovered(draft: Draft, event: KeypadRecovered) -> None:
    """Clear it when the keypad works again."""
    keypad = draft.automat.keypads.get(event.keypad)
    if keypad is not None:
        draft.put_keypad(replace(keypad, fault=None))
        draft.clear_incident(IncidentKind.KEYPAD_FAULTY, event.keypad, "it works again")


def note_storage(draft: Draft, *, low: bool) -> None:
    """Stop or resume deposits; pick-ups never depend on it."""
    draft.put_facts(storage_low=low)
    if low:
        draft.raise_incident(IncidentKind.STORAGE_LOW, "disk", "deposits are refused until there is room")
    else:
        draft.clear_incident(IncidentKind.STORAGE_LOW, "disk", "there is room again")


def note_acknowledged(draft: Draft, event: JournalAcknowledged) -> None:
    """Believe the back office that it has committed our entries; set aside those it refuses for ever.

    It cannot have committed what was never written: such a number means that there are two journals, and says
    nothing of which of our entries it has.
    """
    if event.epoch != draft.automat.epoch:
        epochs.note_acknowledged(draft, event.epoch, event.through)
        earlier = draft.automat.earlier_epochs.get(event.epoch)
        _set_aside(draft, event, 0 if earlier is None else earlier.last_sequence)
        return
    end = draft.automat.journal_end
    if event.through > end:
        note_fork(draft, event.epoch, event.through)
    elif event.through > draft.automat.facts.acknowledged_through:
        draft.put_facts(acknowledged_through=event.through)
    _set_aside(draft, event, end)
    if draft.automat.facts.clock_doubted and event.sent_at is not None and draft.now.trusted:
        apart_s = abs((event.sent_at - draft.now.wall_at).total_seconds())
        if apart_s <= draft.rules.clock_agreement_s:
            draft.put_facts(clock_doubted=False)
            _time_became_known(draft, confirmed=True)


def note_fork(draft: Draft, epoch: int, sequence: int) -> None:
    """Raise the alarm, once an epoch: two different entries exist under one number.

    What is written after a fork forks as well: an alarm for each would never end. What was there when a
    technician settled it raises none again.
    """
    about = epochs.name_of(epoch)
    if draft.automat.open_incident(IncidentKind.JOURNAL_FORKED, about) is None and not _settled(
        draft, epoch, sequence
    ):
        draft.record(EntryKind.FORK_ALARM, epoch=epoch, number=sequence)
        draft.raise_incident(
            IncidentKind.JOURNAL_FORKED, about, f"the back office holds another entry {sequence}"
        )
        epochs.ask(draft)


def _settled(draft: Draft, epoch: int, sequence: int) -> bool:
    automat = draft.automat
    if epoch == automat.epoch:
        return sequence <= automat.facts.forks_settled_through
    about = f"epoch {epoch}"  # nothing is written there any more: a word on it holds for all of it
    return any(
        incident.kind is IncidentKind.JOURNAL_FORKED and incident.about == about
        for incident in automat.incidents.values()
    )


def _set_aside(draft: Draft, event: JournalAcknowledged, end: int) -> None:
    """Set aside what the back office refuses for ever of the entries up to `end`."""
    for sequence, reason in event.refused:
        known = event.epoch == draft.automat.epoch and sequence in draft.automat.parked
        if 0 < sequence <= end and not known:
            _park(draft, Parked(event.epoch, sequence, reason))


def _park(draft: Draft, parked: Parked) -> None:
    """Set an entry aside; raise the alarm at the first, or refused alarms would breed without end."""
    draft.put_parked(parked)
    about = f"epoch {parked.epoch}"
    if draft.automat.open_incident(IncidentKind.ENTRY_REFUSED, about) is None:
        draft.record(EntryKind.ENTRY_PARKED, number=parked.sequence, reason=parked.reason)
        draft.raise_incident(
            IncidentKind.ENTRY_REFUSED, about, f"entry {parked.sequence} is the first: {parked.reason}"
        )


def _note_not_configured(draft: Draft, labels: tuple[str, ...]) -> None:
    """Raise the alarm for parcels whose compartment is gone; end the reopening time of those collected."""
    for parcel in draft.automat.parcels.values():
        label = parcel.compartment
        if label is None or label not in labels:
            continue
        if parcel.state is ParcelState.COLLECTED:
            pickup.start_window(draft, parcel)
        else:
            draft.raise_incident(
                IncidentKind.CONFIGURATION_MISMATCH,
                label,
                "the database holds a parcel there; restore its table",
            )


def _clear_gone_parts(draft: Draft, parts: frozenset[str] | None) -> None:
    """Clear what nobody can mend any more, or storage times would wait for it for ever."""
    for kind, about in sorted(draft.automat.open_matters):
        gone = (
            (kind in PARTS and parts is not None and about not in parts)
            or (kind is IncidentKind.KEYPAD_FAULTY and about not in draft.automat.keypads)
            or (kind is IncidentKind.WRONG_DOOR and about not in draft.automat.compartments)
        )
        if gone:
            draft.clear_incident(kind, about, "the configuration no longer has it")


def _take_mismatches(draft: Draft, event: Started) -> None:
    """Take in what the configuration says against the proof; each board has yet to say who it is."""
    for kind, about in sorted(draft.automat.open_matters):
        asked = about.startswith(BOARD) and (event.parts is None or about in event.parts)
        known = asked and event.wiring_map is not None
        if kind is IncidentKind.BOARD_MISMATCH and about not in event.mismatched and not known:
            draft.clear_incident(kind, about, "it is no longer wired otherwise than proved")
    for about, reason in event.mismatched.items():
        draft.raise_incident(IncidentKind.BOARD_MISMATCH, about, reason)


def _time_became_known(draft: Draft, *, confirmed: bool = False) -> None:
    """Do what had to wait for a clock: doubt it if it leapt too far, else end outages and set dates.

    What the clock shows beyond the time that surely passed in service is time out of service.
    """
    automat, now = draft.automat, draft.now
    seen = automat.last_seen
    absence = now.wall_at - seen.earliest_possible(now) if seen.trusted else timedelta(0)
    too_long = timedelta(days=automat.rules.clock_doubt_after_absence_days)
    too_early = timedelta(seconds=-automat.rules.clock_doubt_s)
    if not too_early <= absence <= too_long and not confirmed:
        draft.put_facts(clock_doubted=True)
    if not draft.automat.judges_time(now):
        return
    if absence > timedelta(0):
        outages.credit(draft, absence.total_seconds(), "no power, or the daemon did not run")
    storage.set_missing_dates(draft)
    retention.mend_dates(draft)
    draft.mark_seen()
