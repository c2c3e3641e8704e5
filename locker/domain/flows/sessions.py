"""Sessions of couriers and technicians: signing in, the screen that they come back to, signing out."""

from locker.domain.draft import Draft
from locker.domain.flows.looking import how_many_to_take
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Delivering, Serving
from locker.domain.messages import Message, Text, say
from locker.domain.parcels import Credential, Role

SIGNED_IN = {Role.COURIER: EntryKind.COURIER_SIGNED_IN, Role.TECHNICIAN: EntryKind.TECHNICIAN_SIGNED_IN}
SIGNED_OUT = {Role.COURIER: EntryKind.COURIER_SIGNED_OUT, Role.TECHNICIAN: EntryKind.TECHNICIAN_SIGNED_OUT}


def may_sign_in(draft: Draft, credential: Credential) -> bool:
    """Tell whether a person's right holds now."""
    if draft.automat.judges_time(draft.now):
        return credential.good_at(draft.now.wall_at)
    # An untrusted clock says nothing, and no false one lets a right live on that had surely ended.
    return draft.automat.last_seen.earliest_possible(draft.now) < credential.valid_until


def authorised(draft: Draft, holder: str, role: Role) -> bool:
    """Tell whether a signed-in person still has the right."""
    credential = draft.automat.credentials.get(holder)
    return credential is not None and credential.role is role and may_sign_in(draft, credential)


def sign_in(draft: Draft, keypad: str, credential: Credential) -> None:
    """Begin a person's session."""
    who = {str(credential.role): credential.holder}
    draft.record(SIGNED_IN[credential.role], keypad=keypad, **who)
    draft.sound(keypad, Tone.RIGHT)
    go_home(draft, keypad, credential.holder, credential.role)


def go_home(draft: Draft, keypad: str, holder: str, role: Role) -> None:
    """Bring a person back to the menu, or out if the right has ended meanwhile."""
    if not authorised(draft, holder, role):
        sign_out(draft, keypad, holder, role, "no longer authorised")
        return
    rest(draft, keypad, holder, role)
    draft.show(keypad, _courier_menu(draft) if role is Role.COURIER else say(Text.SERVICE_MENU))


def rest(draft: Draft, keypad: str, holder: str, role: Role) -> None:
    """Give the keys to a person's menu and leave the display as it is."""
    if role is Role.COURIER:
        draft.set_flow(keypad, Delivering(holder), for_s=draft.rules.courier_idle_s)
    else:
        draft.set_flow(keypad, Serving(holder), for_s=draft.rules.service_idle_s)


def sign_out(draft: Draft, keypad: str, holder: str, role: Role, why: str) -> None:
    """End a person's session."""
    who = {str(role): holder}
    draft.record(SIGNED_OUT[role], keypad=keypad, **who, why=why)
    draft.show(keypad, say(Text.SIGNED_OUT))
    draft.set_flow(keypad, Answering(), for_s=draft.rules.answer_shown_s)


def _courier_menu(draft: Draft) -> Message:
    """Return what a courier may do, with how much there is of it."""
    collect, check = how_many_to_take(draft.automat), len(draft.automat.suspects)
    if collect and check:
        return say(Text.COURIER_MENU, collect=collect, check=check)
    if collect:
        return say(Text.COURIER_COLLECT, collect=collect)
    return say(Text.COURIER_CHECK, check=check) if check else say(Text.COURIER_WELCOME)
