"""Commands of the back office: each applied at most once, or refused with a reason; always journalled."""

from dataclasses import replace
from datetime import timedelta

from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    Body,
    Command,
    CommandRecord,
    ExpectDropOff,
    OpenCompartment,
    RefusedCommand,
    ReleaseGuard,
    RevokePerson,
    WithdrawParcel,
)
from locker.domain.draft import Draft
from locker.domain.flows import announce, remote
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.parcels import Credential, ParcelMove, ParcelState

APPLIED = "applied"


def receive(draft: Draft, command: Command) -> None:
    """Judge a command, apply it if nothing speaks against it, remember it, record the outcome."""
    refusal = _envelope_refusal(draft, command)
    if refusal in ("repeated", "id-reused"):
        earlier = draft.automat.commands[command.command_id]
        _record_refusal(draft, command, str(refusal), f"this id was decided on before: {earlier.outcome}")
        return
    refusal = refusal or _apply(draft, command.body)
    if refusal in ("foreign", "retained"):
        # Not addressed to us now: the id is not used up.
        _record_refusal(draft, command, str(refusal))
        return
    draft.put_command(
        CommandRecord(command.command_id, command.digest, refusal or APPLIED, command.not_after)
    )
    if refusal is not None:
        _record_refusal(draft, command, refusal)
        return
    subject = _subject(command.body)
    draft.record(
        EntryKind.COMMAND_APPLIED,
        subject,
        id=command.command_id,
        command=command.kind,
        form=announce.form_flag(subject),
    )


def refuse_unreadable(draft: Draft, refused: RefusedCommand) -> None:
    """Record that something arrived which cannot be a command."""
    draft.record(
        EntryKind.COMMAND_REFUSED,
        id=refused.command_id,
        command=refused.kind,
        reason=refused.reason,
        detail=refused.detail,
        digest=refused.digest,
    )


def _envelope_refusal(draft: Draft, command: Command) -> str | None:
    rules, now = draft.rules, draft.now
    known = draft.automat.commands.get(command.command_id)
    # However wrong the clock is, real time is not before this.
    believed = draft.automat.judges_time(now)
    earliest = now.wall_at if believed else draft.automat.last_seen.earliest_possible(now)
    lifetime_max = timedelta(days=rules.command_lifetime_max_days)
    tolerance = timedelta(seconds=rules.command_future_tolerance_s)
    if command.automat_id != draft.automat.identity.automat_id:
        return "foreign"
    if command.retained:
        return "retained"
    if known is not None:
        return "repeated" if known.digest == command.digest else "id-reused"
    if command.not_after <= earliest:
        return "late"
    if believed and command.issued_at > now.wall_at + tolerance:
        return "from-the-future"
    if command.not_after <= command.issued_at or command.not_after - command.issued_at > lifetime_max:
        return "bad-lifetime"
    return None


def _record_refusal(draft: Draft, command: Command, reason: str, detail: str | None = None) -> None:
    draft.record(
        EntryKind.COMMAND_REFUSED,
        _subject(command.body),
        id=command.command_id,
        command=command.kind,
        reason=reason,
        detail=detail,
        digest=command.digest,
    )


def _subject(body: Body) -> str | None:
    return body.tracking_id if isinstance(body, AnnounceParcel | ExpectDropOff | WithdrawParcel) else None


def _apply(draft: Draft, body: Body) -> str | None:
    """Apply a command's body; return why not, having changed nothing, if it cannot be applied."""
    match body:
        case AnnounceParcel():
            return announce.announce(draft, body)
        case ExpectDropOff():
            return announce.expect(draft, body)
        case WithdrawParcel():
            return _withdraw(draft, body)
        case AuthorisePerson():
            return _authorise(draft, body)
        case RevokePerson():
            return _revoke(draft, body)
        case ReleaseGuard():
            return _release(draft, body)
        case OpenCompartment():
            return remote.request(draft, body)
        case _:
            return "not-built"


def _withdraw(draft: Draft, body: WithdrawParcel) -> str | None:
    parcel = draft.automat.parcels.get(body.tracking_id)
    if parcel is None:
        return "unknown-parcel"
    if not parcel.may(ParcelMove.WITHDRAW):
        return "not-in-a-state-to-withdraw"
    state = parcel.after(ParcelMove.WITHDRAW)
    closed_at = draft.known_wall_at if state is ParcelState.CLOSED else None
    draft.put_parcel(replace(parcel, state=state, code_tag=None, recipient=None, closed_at=closed_at))
    return None


def _authorise(draft: Draft, body: AuthorisePerson) -> str | None:
    holder = draft.automat.holder_of_tag.get(body.code_tag)
    if any(True for _ in draft.automat.parcels_with(body.code_tag)) or holder not in (None, body.holder):
        return "code-in-use"
    if body.valid_until <= body.valid_from:
        return "bad-validity"
    known = draft.automat.credentials.get(body.holder)
    if known is not None and known.role is not body.role:
        return "id-in-use"
    draft.put_credential(Credential(body.holder, body.role, body.code_tag, body.valid_from, body.valid_until))
    return None


def _revoke(draft: Draft, body: RevokePerson) -> str | None:
    known = draft.automat.credentials.get(body.holder)
    if known is None or known.role is not body.role:
        return f"unknown-{body.role}"
    draft.forget_credential(body.holder)
    return None


def _release(draft: Draft, body: ReleaseGuard) -> str | None:
    attempts = draft.automat.attempts.get(body.keypad)
    if attempts is None or not attempts.guarded:
        return "not-guarded"
    draft.put_attempts(attempts.released())
    draft.record(EntryKind.GUARD_RELEASED, keypad=body.keypad, operator=body.operator)
    draft.clear_incident(IncidentKind.GUARD_MODE, body.keypad, f"released by {body.operator}")
    return None
