"""Commands of the back office: each applied at most once, or refused with a reason; always journalled."""

from dataclasses import replace
from datetime import timedelta

from locker.domain.codes import CodeTag
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    Body,
    Command,
    CommandRecord,
    OpenCompartment,
    RefusedCommand,
    ReleaseGuard,
    RevokePerson,
    WithdrawParcel,
)
from locker.domain.draft import Draft
from locker.domain.flows import remote
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.parcels import Credential, Parcel, ParcelMove, ParcelState

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
    draft.record(
        EntryKind.COMMAND_APPLIED, _subject(command.body), id=command.command_id, command=command.kind
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
    return body.tracking_id if isinstance(body, AnnounceParcel | WithdrawParcel) else None


def _apply(draft: Draft, body: Body) -> str | None:
    """Apply a command's body; return why not, having changed nothing, if it cannot be applied."""
    match body:
        case AnnounceParcel():
            return _announce(draft, body)
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


def _announce(draft: Draft, body: AnnounceParcel) -> str | None:
    known = draft.automat.parcels.get(body.tracking_id)
    if body.size is None or body.size not in {
        box.fixture.size for box in draft.automat.compartments.values()
    }:
        return "unknown-size"
    if body.code_tag is not None and not _code_is_free(draft, body.code_tag, body.recipient):
        return "code-in-use"
    if known is None:
        draft.put_parcel(
            Parcel(body.tracking_id, body.size, code_tag=body.code_tag, recipient=body.recipient)
        )
        return None
    if known.state is ParcelState.CLOSED:
        return "tracking-id-seen-before"
    if known.code_tag is None and known.state in (ParcelState.ANNOUNCED, ParcelState.STORED):
        draft.put_parcel(replace(known, code_tag=body.code_tag, recipient=body.recipient))
        return None
    return "already-announced"


def _code_is_free(draft: Draft, tag: CodeTag, recipient: str | None) -> bool:
    """Live codes are unique on one automat, but for several parcels of one recipient."""
    if tag in draft.automat.holder_of_tag:
        return False
    return all(
        recipient is not None and parcel.recipient == recipient for parcel in draft.automat.parcels_with(tag)
    )


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
