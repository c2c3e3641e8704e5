"""Commands of the back office: each applied at most once, or refused with a reason; always journalled."""

from datetime import timedelta
from typing import Any

from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    BlockCompartment,
    Body,
    Command,
    CommandRecord,
    ExpectDropOff,
    LengthenDeadline,
    OpenCompartment,
    RefusedCommand,
    RegisterParcel,
    ReleaseGuard,
    ReleaseParcel,
    ReplaceCode,
    RevokePerson,
    SetMode,
    UnblockCompartment,
    WithdrawParcel,
)
from locker.domain.draft import Draft, memory_ends_at
from locker.domain.flows import announce, changes, refusing, remote, send, steering
from locker.domain.journal import EntryKind
from locker.domain.times import rfc3339

APPLIED = "applied"


def receive(draft: Draft, command: Command) -> None:
    """Judge a command, apply it if nothing speaks against it, remember it, record the outcome."""
    refusal = _envelope_refusal(draft, command)
    if refusal in ("repeated", "id-reused"):
        earlier = draft.automat.commands[command.command_id]
        detail = f"this id was decided on before: {earlier.outcome}"
        refusing.note(draft, str(refusal), **_refused(command, detail))
        return
    if refusal in ("foreign", "retained") or (refusal == "late" and _forgotten_at_once(draft, command)):
        # The id is not used up, so nothing ends it: whoever has the broker may send it again for ever.
        refusing.note(draft, str(refusal), **_refused(command))
        return
    refusal = refusal or _apply(draft, command.body)
    draft.put_command(
        CommandRecord(command.command_id, command.digest, refusal or APPLIED, command.not_after)
    )
    if refusal is not None:
        draft.record(EntryKind.COMMAND_REFUSED, reason=refusal, **_refused(command))
        return
    subject = _subject(command.body)
    draft.record(
        EntryKind.COMMAND_APPLIED,
        subject,
        id=command.command_id,
        command=command.kind,
        form=announce.form_flag(subject),
        **_particulars(command.body),
    )


def refuse_unreadable(draft: Draft, refused: RefusedCommand) -> None:
    """Record that something arrived which cannot be a command."""
    refusing.note(
        draft,
        refused.reason,
        id=refused.command_id,
        command=refused.kind,
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


def _forgotten_at_once(draft: Draft, command: Command) -> bool:
    return draft.automat.judges_time(draft.now) and memory_ends_at(command.not_after) <= draft.now.wall_at


def _refused(command: Command, detail: str | None = None) -> dict[str, Any]:
    """Give what the record of a refusal tells beside its reason."""
    return {
        "subject": _subject(command.body),
        "id": command.command_id,
        "command": command.kind,
        "detail": detail,
        "digest": command.digest,
        **_particulars(command.body),
    }


def _subject(body: Body) -> str | None:
    match body:
        case (
            AnnounceParcel()
            | WithdrawParcel()
            | ReplaceCode()
            | ReleaseParcel()
            | LengthenDeadline()
            | ExpectDropOff()
            | RegisterParcel()
        ):
            return body.tracking_id
        case _:
            return None


def _particulars(body: Body) -> dict[str, object]:
    """Give what the record of a command tells beside its kind and subject; never a tag of a code."""
    match body:
        case WithdrawParcel():
            return {"cause": str(body.cause), "why": body.reason}
        case LengthenDeadline():
            return {"until": rfc3339(body.until)}
        case AuthorisePerson():
            return {
                str(body.role): body.holder,
                "validfrom": rfc3339(body.valid_from),
                "validuntil": rfc3339(body.valid_until),
            }
        case RevokePerson():
            return {str(body.role): body.holder}
        case ReleaseGuard():
            return {"keypad": body.keypad, "operator": body.operator}
        case OpenCompartment() | BlockCompartment():
            return {"compartment": body.label, "operator": body.operator, "why": body.reason}
        case UnblockCompartment():
            return {"compartment": body.label, "operator": body.operator}
        case SetMode():
            return {"mode": str(body.mode), "operator": body.operator, "why": body.reason}
        case _:
            return {}


def _apply(draft: Draft, body: Body) -> str | None:  # noqa: C901  (one flat table of what may be asked)
    """Apply a command's body; return why not, having changed nothing, if it cannot be applied."""
    match body:
        case AnnounceParcel():
            return announce.announce(draft, body)
        case ExpectDropOff():
            return announce.expect(draft, body)
        case RegisterParcel():
            return send.register(draft, body)
        case WithdrawParcel():
            return changes.withdraw(draft, body)
        case ReplaceCode():
            return changes.replace_code(draft, body)
        case ReleaseParcel():
            return changes.release(draft, body)
        case LengthenDeadline():
            return changes.lengthen(draft, body)
        case AuthorisePerson():
            return steering.authorise(draft, body)
        case RevokePerson():
            return steering.revoke(draft, body)
        case ReleaseGuard():
            return steering.release_guard(draft, body)
        case OpenCompartment():
            return remote.request(draft, body)
        case BlockCompartment():
            return steering.block(draft, body)
        case UnblockCompartment():
            return steering.unblock(draft, body)
        case SetMode():
            return steering.set_mode(draft, body)
