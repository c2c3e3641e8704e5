"""Commands of the back office as messages: the envelope, the kind, and how one is read."""

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, TypeAdapter, ValidationError

from locker.domain.commands import Command, RefusedCommand
from locker.domain.events import CommandReceived, CommandUnreadable
from locker.sync.command_data import (
    AnnounceData,
    AuthoriseCourierData,
    AuthoriseTechnicianData,
    BlockData,
    ExpectDropOffData,
    LengthenData,
    OpenData,
    RegisterData,
    ReleaseData,
    ReleaseGuardData,
    ReplaceCodeData,
    RevokeCourierData,
    RevokeTechnicianData,
    SetModeData,
    UnblockData,
    WithdrawData,
)
from locker.sync.fields import Instant, Name, Strict, explain, short
from locker.sync.signatures import NotSigned, Unproven, signed_content
from locker.sync.strict_json import NotJson, Unfit, read_object

COMMAND_BYTES_MOST = 16_384


class Refusal(StrEnum):
    """Why something that arrived as a command is none; `Unfit` and `Unproven` name the other reasons."""

    UNKNOWN_TYPE = "unknown-type"
    INVALID = "invalid"


class Envelope(Strict):
    """What every command carries; its id never has an effect twice."""

    id: Name
    automat: Name
    issued: Instant
    not_after: Instant


class AnnounceCommand(Envelope):
    """`parcel.announce`."""

    type: Literal["parcel.announce"]
    data: AnnounceData


class WithdrawCommand(Envelope):
    """`parcel.withdraw`."""

    type: Literal["parcel.withdraw"]
    data: WithdrawData


class ReplaceCodeCommand(Envelope):
    """`parcel.replace-code`."""

    type: Literal["parcel.replace-code"]
    data: ReplaceCodeData


class ReleaseCommand(Envelope):
    """`parcel.release`."""

    type: Literal["parcel.release"]
    data: ReleaseData


class LengthenCommand(Envelope):
    """`parcel.lengthen`."""

    type: Literal["parcel.lengthen"]
    data: LengthenData


class RegisterCommand(Envelope):
    """`parcel.register`."""

    type: Literal["parcel.register"]
    data: RegisterData


class ExpectDropOffCommand(Envelope):
    """`dropoff.expect`."""

    type: Literal["dropoff.expect"]
    data: ExpectDropOffData


class AuthoriseCourierCommand(Envelope):
    """`courier.authorise`."""

    type: Literal["courier.authorise"]
    data: AuthoriseCourierData


class RevokeCourierCommand(Envelope):
    """`courier.revoke`."""

    type: Literal["courier.revoke"]
    data: RevokeCourierData


class AuthoriseTechnicianCommand(Envelope):
    """`technician.authorise`."""

    type: Literal["technician.authorise"]
    data: AuthoriseTechnicianData


class RevokeTechnicianCommand(Envelope):
    """`technician.revoke`."""

    type: Literal["technician.revoke"]
    data: RevokeTechnicianData


class ReleaseGuardCommand(Envelope):
    """`guard.release`."""

    type: Literal["guard.release"]
    data: ReleaseGuardData


class OpenCommand(Envelope):
    """`compartment.open`."""

    type: Literal["compartment.open"]
    data: OpenData


class BlockCommand(Envelope):
    """`compartment.block`."""

    type: Literal["compartment.block"]
    data: BlockData


class UnblockCommand(Envelope):
    """`compartment.unblock`."""

    type: Literal["compartment.unblock"]
    data: UnblockData


class SetModeCommand(Envelope):
    """`mode.set`."""

    type: Literal["mode.set"]
    data: SetModeData


CommandMessage = (
    AnnounceCommand
    | WithdrawCommand
    | ReplaceCodeCommand
    | ReleaseCommand
    | LengthenCommand
    | RegisterCommand
    | ExpectDropOffCommand
    | AuthoriseCourierCommand
    | RevokeCourierCommand
    | AuthoriseTechnicianCommand
    | RevokeTechnicianCommand
    | ReleaseGuardCommand
    | OpenCommand
    | BlockCommand
    | UnblockCommand
    | SetModeCommand
)

COMMANDS: Mapping[str, type[CommandMessage]] = {
    "parcel.announce": AnnounceCommand,
    "parcel.withdraw": WithdrawCommand,
    "parcel.replace-code": ReplaceCodeCommand,
    "parcel.release": ReleaseCommand,
    "parcel.lengthen": LengthenCommand,
    "parcel.register": RegisterCommand,
    "dropoff.expect": ExpectDropOffCommand,
    "courier.authorise": AuthoriseCourierCommand,
    "courier.revoke": RevokeCourierCommand,
    "technician.authorise": AuthoriseTechnicianCommand,
    "technician.revoke": RevokeTechnicianCommand,
    "guard.release": ReleaseGuardCommand,
    "compartment.open": OpenCommand,
    "compartment.block": BlockCommand,
    "compartment.unblock": UnblockCommand,
    "mode.set": SetModeCommand,
}

COMMAND_SCHEMA: TypeAdapter[CommandMessage] = TypeAdapter(
    Annotated[CommandMessage, Field(discriminator="type")]
)


def read_command(
    payload: bytes, *, key: Ed25519PublicKey | None = None, retained: bool = False
) -> CommandReceived | CommandUnreadable:
    """Read one message of the commands topic; with `key` only what that key signed is a command."""
    digest = hashlib.sha256(payload).hexdigest()
    if len(payload) > COMMAND_BYTES_MOST:
        return _refuse(
            Unfit.TOO_LARGE, f"{len(payload)} bytes; at most {COMMAND_BYTES_MOST} are read", digest
        )
    content = payload if key is None else signed_content(payload, key)
    if isinstance(content, NotSigned):
        # nothing is told of an unproven command's name: a forger could refuse another's command with it
        return _refuse(content.reason, content.detail, digest)
    raw = read_object(content, bytes_most=COMMAND_BYTES_MOST)
    if isinstance(raw, NotJson):
        return _refuse(raw.reason, raw.detail, digest)
    command_id, kind = _readable_name(raw.get("id")), _readable_name(raw.get("type"))
    model = None if kind is None else COMMANDS.get(kind)
    if model is None:
        reason = Refusal.INVALID if kind is None else Refusal.UNKNOWN_TYPE
        return _refuse(reason, f"type must be one of {', '.join(COMMANDS)}", digest, command_id, kind)
    try:
        message = model.model_validate_json(content)
    except ValidationError as error:
        return _refuse(Refusal.INVALID, explain(error), digest, command_id, kind)
    return CommandReceived(
        Command(
            command_id=message.id,
            kind=message.type,
            automat_id=message.automat,
            issued_at=message.issued,
            not_after=message.not_after,
            digest=digest,
            body=message.data.body(),
            retained=retained,
        )
    )


def _refuse(
    reason: Refusal | Unfit | Unproven,
    detail: str,
    digest: str,
    command_id: str | None = None,
    kind: str | None = None,
) -> CommandUnreadable:
    return CommandUnreadable(RefusedCommand(str(reason), short(detail), digest, command_id, kind))


def _readable_name(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[\x20-\x7e]{1,64}", value) else None
