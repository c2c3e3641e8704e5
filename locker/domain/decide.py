"""The one door into the core: state, event and time in; new state, writes, records and intents out."""

from locker.domain.automat import Automat, Decision
from locker.domain.draft import Draft
from locker.domain.events import (
    CommandReceived,
    CommandUnreadable,
    CommissionBegun,
    CommissionContinued,
    CommissionEnded,
    CommissionWritten,
    DoorProved,
    DoorSeen,
    EpochCounted,
    Event,
    ForkReported,
    GoodsSeen,
    JournalAcknowledged,
    KeypadFaulted,
    KeypadRecovered,
    KeyPressed,
    LabelScanned,
    LockTimed,
    LockTrialAsked,
    LockTried,
    MaintenanceAsked,
    PartLost,
    PartRestored,
    PulseNotSent,
    PulseRefused,
    PulseSent,
    Started,
    Stopping,
    StorageChanged,
    WiringMatched,
    WiringMismatched,
    Woke,
)
from locker.domain.flows import (
    collect,
    commission,
    depositing,
    doors,
    epochs,
    holding,
    inspect,
    keys,
    maintain,
    office,
    outages,
    pickup,
    refusing,
    remote,
    retention,
    send,
    storage,
    ticking,
    watch,
    wear,
)
from locker.domain.flows.doors import Progress
from locker.domain.journal import EntryKind
from locker.domain.openings import Purpose
from locker.domain.times import Now


def decide(automat: Automat, event: Event, now: Now) -> Decision:
    """Decide what an event means now. Pure: the same arguments give the same decision."""
    draft = Draft(automat, now)
    watch.note_clocks(draft)
    _take(draft, event)
    if draft.automat.started and not isinstance(event, Stopping):
        outages.follow(draft, automat)  # before anything is judged overdue
        _let_due_things_happen(draft)
        if draft.durable:
            draft.mark_seen()
        ticking.follow(draft, automat)
    return draft.decision()


def _take(draft: Draft, event: Event) -> None:  # noqa: C901  (one flat table of what can happen)
    match event:
        case KeyPressed():
            keys.press(draft, event.keypad, event.key)
        case LabelScanned():
            keys.scan(draft, event.keypad, event.text)
        case DoorSeen():
            _go_on(draft, doors.note_door(draft, event.compartment, event.door))
            commission.note_door(draft, event.compartment, event.door)
        case PulseSent():
            doors.note_pulse_sent(draft, event)
        case PulseNotSent():
            doors.note_pulse_not_sent(draft, event)
        case PulseRefused():
            wear.note_refused(draft, event)
        case LockTimed():
            wear.note_timed(draft, event)
            maintain.note_timed(draft, event)
        case Woke():
            pass
        case GoodsSeen():
            watch.note_goods(draft, event)
        case JournalAcknowledged():
            watch.note_acknowledged(draft, event)
        case CommandReceived():
            office.receive(draft, event.command)
        case CommandUnreadable():
            office.refuse_unreadable(draft, event.refusal)
        case Started():
            commission.doubt_open_doors(draft)
            for progress in watch.start(draft, event):
                _go_on(draft, progress)
            holding.judge_interrupted(draft)
            remote.judge_interrupted(draft)
            commission.judge_interrupted(draft)
        case Stopping():
            refusing.tell_all(draft)
            draft.record(EntryKind.STOPPED)
            draft.mark_seen()
        case KeypadFaulted():
            watch.note_keypad_fault(draft, event)
        case KeypadRecovered():
            watch.note_keypad_recovered(draft, event)
        case PartLost():
            watch.note_part_lost(draft, event)
        case PartRestored():
            watch.note_part_restored(draft, event)
        case ForkReported():
            watch.note_fork(draft, event.epoch, event.sequence)
        case EpochCounted():
            epochs.begin(draft, event)
        case StorageChanged():
            watch.note_storage(draft, low=event.low)
        case WiringMismatched():
            watch.note_mismatched(draft, event)
        case WiringMatched():
            watch.note_matched(draft, event)
        case CommissionBegun():
            commission.begin(draft, event)
        case CommissionContinued():
            commission.go_on(draft)
        case LockTrialAsked():
            commission.try_lock(draft, event)
        case LockTried():
            commission.note_tried(draft, event)
        case DoorProved():
            commission.prove(draft, event)
        case CommissionWritten():
            commission.write(draft, event)
        case CommissionEnded():
            commission.end(draft, event)
        case MaintenanceAsked():
            maintain.take(draft, event.by, event.action)


def _go_on(draft: Draft, progress: Progress | None) -> None:
    """Tell the flow that began an opening what became of it."""
    if progress is None:
        return
    match progress.opening.purpose:
        case Purpose.PICKUP | Purpose.REOPEN:
            pickup.note(draft, progress)
        case Purpose.DEPOSIT:
            depositing.note(draft, progress)
        case Purpose.DROP_OFF:
            send.note(draft, progress)
        case Purpose.COLLECT:
            collect.note(draft, progress)
        case Purpose.INSPECT:
            inspect.note(draft, progress)
        case Purpose.REMOTE:
            remote.note(draft, progress)
        case Purpose.SERVICE | Purpose.TEST:
            maintain.note(draft, progress)


def _let_due_things_happen(draft: Draft) -> None:
    before = draft.automat
    _by_powered_time(draft)
    outages.follow(draft, before)
    if draft.automat.judges_time(draft.now):
        _by_wall_time(draft)
    if draft.automat.judges_storage(draft.now):
        for _, tracking_id in draft.automat.storage_agenda.due_by(draft.now.wall_at):
            storage.note_date(draft, tracking_id)


def _by_powered_time(draft: Draft) -> None:
    due = draft.automat.powered_agenda.due_by(draft.now.powered_s)
    # Pulses that opened another door first: nothing that is due as well may then pulse that one.
    strays = [key for kind, key in due if kind == "opening" and draft.automat.openings[key].stray is not None]
    for progress in [doors.note_due(draft, key) for key in strays]:
        _go_on(draft, progress)
    for kind, key in due:
        # An earlier line of this very list may have moved a later one.
        due_s = draft.automat.powered_agenda.due_of.get((kind, key))
        if due_s is None or due_s > draft.now.powered_s:
            continue
        match kind:
            case "opening":
                _go_on(draft, doors.note_due(draft, key))
            case "keypad":
                keys.time_out(draft, key)
            case "reopen":
                pickup.close_window(draft, key)
            case "commission":
                commission.lapse(draft)
            case "heartbeat":
                draft.mark_seen()
            case refusing.DUE:
                refusing.tell(draft, key)
            case "day":
                retention.look_after_journal(draft)


def _by_wall_time(draft: Draft) -> None:
    for kind, key in draft.automat.wall_agenda.due_by(draft.now.wall_at):
        if kind == "parcel":
            retention.forget_parcel(draft, key)
        elif kind == "credential":
            draft.forget_credential(key)
        elif kind == "incident":
            draft.forget_incident(int(key))
        elif kind == "command":
            draft.forget_command(key)
        elif kind == "seen":
            draft.forget_seen(key)
