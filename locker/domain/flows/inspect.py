"""Looking into compartments: what a courier or technician says of a box of which nobody is sure.

A verdict counts only where the door was seen to open, or where no contact could see it: without one of
the two nobody is asked. Four keys at most settle a box.
"""

from collections.abc import Mapping

from locker.domain.commands import Mode
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import audit, finding, verdicts
from locker.domain.flows.doors import Outcome, Progress, begin, press_blind
from locker.domain.flows.looking import (
    evidence_data,
    evidence_of,
    in_use,
    labels_to_look_into,
    last_digits,
    note_not_opened,
    still_open,
)
from locker.domain.flows.sessions import authorised, go_home, rest, sign_out
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Delivering, Idle, Inspecting, Judging, Naming, Serving, Typed
from locker.domain.maintenance import Maintainer, Verdict
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Role
from locker.domain.tracking import JJFI_DIGITS

VERDICTS: Mapping[str, Verdict] = {
    "empty": Verdict.EMPTY,
    "as expected": Verdict.PARCEL,
    "parcel": Verdict.PARCEL,
    "occupied": Verdict.PARCEL,
    "dirty": Verdict.DIRTY,
}
"""What a round makes of the words of this page; all others say nothing of what lies inside."""


def begin_round(draft: Draft, keypad: str, person: str, role: Role) -> None:
    """Open the first suspect compartment, or say that there is none."""
    waiting = labels_to_look_into(draft.automat)
    if waiting:
        next_door(draft, keypad, person, role, waiting)
    else:
        _go_home(draft, keypad, person, role, say(Text.NOTHING_TO_INSPECT))


def open_one(draft: Draft, keypad: str, person: str, role: Role, label: str) -> None:
    """Open one compartment for a person who wants to look into it."""
    if _refused(draft, keypad, person, role):
        return
    if label not in draft.automat.compartments:
        go_home(draft, keypad, person, role)
    elif in_use(draft, label, keypad):
        _go_home(draft, keypad, person, role, say(Text.DOOR_IN_USE, label=label))
        draft.sound(keypad, Tone.WRONG)
    else:
        _open(draft, keypad, person, role, label, ())


def next_door(draft: Draft, keypad: str, person: str, role: Role, waiting: tuple[str, ...]) -> None:
    """Open the next compartment that is still suspect; back to the menu when there is none."""
    if _refused(draft, keypad, person, role):
        return
    later: tuple[str, ...] = ()
    for index, label in enumerate(waiting):
        if label not in draft.automat.suspects:
            continue  # settled by somebody else meanwhile
        if in_use(draft, label, keypad):
            later += (label,)
        else:
            _open(draft, keypad, person, role, label, (*waiting[index + 1 :], *later))
            return
    _go_home(draft, keypad, person, role, say(Text.INSPECT_DONE, left=len(draft.automat.suspects)))


def press_at_door(draft: Draft, keypad: str, flow: Inspecting, key: Key) -> None:
    """Take a key of a person in front of a door that is under way: C makes it the last of the round."""
    draft.sound(keypad, Tone.KEY)
    if key is Key.CLEAR:
        draft.set_flow(keypad, Inspecting(flow.person, flow.role, flow.compartment))
    progress = press_blind(draft, flow.compartment, key)
    if progress is not None:
        note(draft, progress)
    elif (opening := draft.automat.openings.get(flow.compartment)) is not None:
        _prompt_again(draft, opening)


def press_judging(draft: Draft, keypad: str, flow: Judging, key: Key) -> None:
    """Take a person's word on what lies inside: 1 empty and clean, 2 a parcel, 3 dirty, C leaves it."""
    draft.sound(keypad, Tone.KEY)
    if key is Key.CLEAR:
        _record(draft, keypad, flow, "left as it was", None)
        _go_on(draft, keypad, flow)
    elif still_open(draft, flow.compartment, flow.evidence):
        draft.show(keypad, say(Text.CLOSE_DOOR, label=flow.compartment))
    elif flow.evidence.outdated:
        _outdated(draft, keypad, flow)
    elif key is Key.D1:
        _empty(draft, keypad, flow)
    elif key is Key.D2:
        _parcel_inside(draft, keypad, flow)
    elif key is Key.D3:
        _dirty(draft, keypad, flow)
    else:
        draft.show(keypad, _question(draft, flow.compartment))


def press_naming(draft: Draft, keypad: str, flow: Naming, key: Key) -> None:
    """Take the digits of the parcel that lies inside; C with none typed: nobody can tell which it is."""
    draft.sound(keypad, Tone.KEY)
    if key.is_digit:
        _ask_name(draft, keypad, flow, flow.typed.with_digit(key, JJFI_DIGITS))
    elif key is Key.CLEAR and flow.typed.digits:
        _ask_name(draft, keypad, flow, Typed())
    elif key is Key.CLEAR:
        _record(draft, keypad, flow, "occupied", None)
        verdicts.unnamed(draft, flow.compartment, f"{flow.role} {flow.person}")
        _go_on(draft, keypad, flow)
    else:
        _name(draft, keypad, flow, finding.by_digits(draft, flow.typed))


def scan(draft: Draft, keypad: str, flow: Naming, text: str) -> None:
    """Take the label of the parcel that lies inside."""
    _name(draft, keypad, flow, finding.by_label(draft, text))


def abandon(draft: Draft, keypad: str, flow: Judging | Naming) -> None:
    """The person left without saying what lies inside: it stays suspect."""
    verdicts.leave(draft, flow.compartment, "not confirmed", **{str(flow.role): flow.person})
    if isinstance(flow, Naming):
        verdicts.unnamed(draft, flow.compartment, f"{flow.role} {flow.person}")
    sign_out(draft, keypad, flow.person, flow.role, "not confirmed")


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened to look inside."""
    opening = progress.opening
    label = opening.compartment
    match progress.outcome:
        case Outcome.OPENED:
            if opening.stage is not Stage.OPEN:  # it was open before a restart as well
                _record_opened(draft, opening)
            _return_to_keypad(draft, opening)
            _prompt(draft, opening, say(Text.LOOK_INSIDE, label=label), Tone.RIGHT)
        case Outcome.PULSED_AGAIN:
            _prompt(draft, opening, say(Text.PRESS_DOOR, label=label), Tone.REMIND)
        case Outcome.REMINDED:
            _prompt(draft, opening, say(Text.CLOSE_DOOR, label=label), Tone.REMIND)
        case Outcome.SHUT | Outcome.UNPROVEN:
            _shut(draft, progress)
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.LEFT_OPEN:
            _left_open(draft, opening)
        case Outcome.GIVEN_UP:
            pass


def _open(draft: Draft, keypad: str, person: str, role: Role, label: str, waiting: tuple[str, ...]) -> None:
    inside = draft.automat.compartments[label].tracking_id
    begin(draft, label, Purpose.INSPECT, keypad=keypad, tracking_id=inside, person=person)
    draft.set_flow(keypad, Inspecting(person, role, label, waiting))
    _prompt_again(draft, draft.automat.openings[label])


def _empty(draft: Draft, keypad: str, flow: Judging) -> None:
    label = flow.compartment
    if draft.automat.compartments[label].goods:
        draft.show(keypad, say(Text.STILL_INSIDE, label=label))
        draft.sound(keypad, Tone.WRONG)
        return
    expected = draft.automat.expected_in(label)
    _record(draft, keypad, flow, "empty", None if expected is None else expected.tracking_id)
    verdicts.empty(draft, label, expected, flow.evidence, flow.role, **{str(flow.role): flow.person})
    draft.sound(keypad, Tone.RIGHT)
    _go_on(draft, keypad, flow)


def _parcel_inside(draft: Draft, keypad: str, flow: Judging) -> None:
    label = flow.compartment
    expected = draft.automat.expected_in(label)
    if expected is None:
        _ask_name(draft, keypad, Naming(flow.person, flow.role, label, flow.evidence, flow.waiting), Typed())
        return
    _record(draft, keypad, flow, "as expected", expected.tracking_id)
    verdicts.as_expected(draft, label)
    draft.sound(keypad, Tone.RIGHT)
    _go_on(draft, keypad, flow)


def _dirty(draft: Draft, keypad: str, flow: Judging) -> None:
    _record(draft, keypad, flow, "dirty", None)
    verdicts.dirty(draft, flow.compartment, f"{flow.role} {flow.person}")
    draft.sound(keypad, Tone.RIGHT)
    _go_on(draft, keypad, flow)


def _ask_name(draft: Draft, keypad: str, flow: Naming, typed: Typed) -> None:
    naming = Naming(flow.person, flow.role, flow.compartment, flow.evidence, flow.waiting, typed)
    draft.set_flow(keypad, naming, for_s=draft.rules.confirm_wait_s)
    digits = typed.digits
    draft.show(keypad, say(Text.TYPING_TRACKING, typed=digits) if digits else say(Text.NAME_PARCEL))


def _name(draft: Draft, keypad: str, flow: Naming, found: str | Message) -> None:
    """Enter the parcel that was named; what cannot be entered is said and may be named again."""
    if still_open(draft, flow.compartment, flow.evidence):
        draft.show(keypad, say(Text.CLOSE_DOOR, label=flow.compartment))
        return
    if flow.evidence.outdated:
        _outdated(draft, keypad, flow)
        return
    finder = finding.Finder(flow.compartment, flow.person, flow.role, flow.evidence)
    named = finding.enter(draft, finder, found) if isinstance(found, str) else found
    if named is not None:
        _ask_name(draft, keypad, flow, Typed())
        draft.show(keypad, named)
        draft.sound(keypad, Tone.WRONG)
        return
    _record(draft, keypad, flow, "parcel", str(found))
    draft.sound(keypad, Tone.RIGHT)
    _go_on(draft, keypad, flow)


def _outdated(draft: Draft, keypad: str, flow: Judging | Naming) -> None:
    """Leave a box to whoever had it opened while this person stood there; unjudged, it stays suspect."""
    _record(draft, keypad, flow, "opened for somebody else meanwhile", None)
    draft.sound(keypad, Tone.WRONG)
    _go_on(draft, keypad, flow)


def _record(draft: Draft, keypad: str, flow: Judging | Naming, verdict: str, tracking_id: str | None) -> None:
    """Record what was said, before anything follows from it; a round under way takes note of it."""
    who = {str(flow.role): flow.person}
    if verdict in VERDICTS:
        # Whoever names a parcel was asked because none was expected.
        expected = None if isinstance(flow, Naming) else draft.automat.expected_in(flow.compartment)
        audit.note_verdict(
            draft,
            Maintainer(f"keypad {keypad}", flow.person),
            flow.compartment,
            VERDICTS[verdict],
            tracking_id,
            None if expected is None else expected.tracking_id,
        )
    draft.record(
        EntryKind.COMPARTMENT_INSPECTED,
        tracking_id,
        compartment=flow.compartment,
        verdict=verdict,
        audit=audit.number_of(draft),
        **who,
        **evidence_data(flow.evidence),
    )


def _record_opened(draft: Draft, opening: Opening) -> None:
    draft.record(
        EntryKind.OPENED_BY_PERSON,
        opening.tracking_id,
        compartment=opening.compartment,
        keypad=opening.keypad,
        **_who(draft, opening),
    )


def _shut(draft: Draft, progress: Progress) -> None:
    opening = progress.opening
    label = opening.compartment
    draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, label, "the door was shut, or its contact is gone")
    if opening.stage is Stage.LEFT_OPEN:
        return  # the person left long ago
    if opening.stage is Stage.BLIND:
        _record_opened(draft, opening)
    evidence = evidence_of(draft, progress)
    owner = _owner(draft, opening)
    verdicts.await_word(draft, label, evidence, _role(draft, opening))
    if owner is None:
        verdicts.leave(draft, label, "nobody said what lies inside", **_who(draft, opening))
        return
    flow = Judging(owner.person, owner.role, label, evidence, owner.waiting)
    draft.set_flow(opening.keypad, flow, for_s=draft.rules.confirm_wait_s)
    draft.show(opening.keypad, _question(draft, label))


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    if cut_short:
        verdicts.leave(draft, opening.compartment, "interrupted", **_who(draft, opening))
        return
    note_not_opened(draft, opening, "to look inside")
    owner = _owner(draft, opening)
    if owner is not None:
        draft.sound(opening.keypad, Tone.WRONG)
        next_door(draft, opening.keypad, owner.person, owner.role, owner.waiting)
        incident = draft.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, opening.compartment)
        if incident is not None and isinstance(draft.flow_at(opening.keypad), Delivering | Serving):
            message = say(Text.REMOTE_NOT_OPENED, label=opening.compartment, incident=incident.number)
            draft.show(opening.keypad, message)


def _left_open(draft: Draft, opening: Opening) -> None:
    label, owner = opening.compartment, _owner(draft, opening)
    verdicts.leave(draft, label, "door left open", **_who(draft, opening))
    if owner is not None:
        sign_out(draft, opening.keypad, owner.person, owner.role, "door left open")
        draft.show(opening.keypad, say(Text.LEFT_OPEN, label=label))
        draft.sound(opening.keypad, Tone.REMIND)


def _question(draft: Draft, label: str) -> Message:
    expected = draft.automat.expected_in(label)
    if expected is None:
        return say(Text.JUDGE)
    return say(Text.JUDGE_EXPECTED, typed=last_digits(draft, expected.tracking_id))


def _refused(draft: Draft, keypad: str, person: str, role: Role) -> bool:
    """Tell a person, if that is so, that no door opens for him any more."""
    if not authorised(draft, person, role):
        sign_out(draft, keypad, person, role, "no longer authorised")
        return True
    if draft.automat.facts.commission:
        rest(draft, keypad, person, role)
        draft.show(keypad, say(Text.BEING_SERVICED, phone=draft.automat.identity.customer_service))
        return True
    if draft.automat.facts.mode is Mode.FROZEN and role is not Role.TECHNICIAN:
        rest(draft, keypad, person, role)
        draft.show(keypad, say(Text.FROZEN, phone=draft.automat.identity.customer_service))
        return True
    return False


def _go_on(draft: Draft, keypad: str, flow: Judging | Naming) -> None:
    next_door(draft, keypad, flow.person, flow.role, flow.waiting)


def _go_home(draft: Draft, keypad: str, person: str, role: Role, message: Message) -> None:
    """Bring a person back to the menu, with news on the display; out if the right has ended."""
    if not authorised(draft, person, role):
        sign_out(draft, keypad, person, role, "no longer authorised")
        return
    rest(draft, keypad, person, role)
    draft.show(keypad, message)


def _owner(draft: Draft, opening: Opening) -> Inspecting | None:
    """Return the session at the keypad if it stands in front of this opening."""
    flow = draft.flow_at(opening.keypad)
    return flow if isinstance(flow, Inspecting) and flow.compartment == opening.compartment else None


def _role(draft: Draft, opening: Opening) -> Role | None:
    owner = _owner(draft, opening)
    if owner is not None:
        return owner.role
    credential = draft.automat.credentials.get(opening.person or "")
    return None if credential is None else credential.role


def _who(draft: Draft, opening: Opening) -> dict[str, str]:
    return {str(_role(draft, opening) or "person"): opening.person or ""}


def _return_to_keypad(draft: Draft, opening: Opening) -> None:
    """Give the keypad back to a person across a restart, if nobody else uses it.

    Not for a door that opened late: that person has gone on, and a passer-by must not judge.
    """
    role = _role(draft, opening)
    if role is None or opening.stage is Stage.LATE:
        return
    if isinstance(draft.flow_at(opening.keypad), Idle | Answering):
        draft.set_flow(opening.keypad, Inspecting(opening.person or "", role, opening.compartment))


def _prompt(draft: Draft, opening: Opening, message: Message, tone: Tone) -> None:
    if _owner(draft, opening) is not None:
        draft.show(opening.keypad, message)
        draft.sound(opening.keypad, tone)


def _prompt_again(draft: Draft, opening: Opening) -> None:
    """Repeat what the person in front of an opening should do."""
    texts = {
        Stage.WAITING: Text.PRESS_DOOR if opening.pulses > 1 else Text.OPENING,
        Stage.OPEN: Text.LOOK_INSIDE,
        Stage.BLIND: Text.LOOK_INSIDE_NO_CONTACT,
    }
    if opening.stage in texts:
        draft.show(opening.keypad, say(texts[opening.stage], label=opening.compartment))
