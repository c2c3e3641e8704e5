"""The wiring map: what a technician proved of locks, contacts and boards; one file beside the database.

`proved` lays it over the configuration: proved outputs and contacts are used; what the configuration says
otherwise than it did at the proof does not open.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Container, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import rfc8785
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from locker.errors import OperatorError
from locker.hardware.wiring import BoardSpec, DoorSpec, Wiring

LARGEST_FILE_BYTES = 4 * 1024 * 1024


class MapRefused(OperatorError):  # noqa: N818 - the name says what is the case
    """The map cannot be read or written; nothing was changed."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Configured(_Strict):
    """How the configuration wired a compartment when it was proved."""

    board: str
    channel: int = Field(ge=1)
    closed_means_shut: bool
    contact_fitted: bool


class ProvedDoor(_Strict):
    """What was proved of one compartment; `contact` is an input of the same board, None where none moved."""

    configured: Configured
    board: str
    output: int = Field(ge=1)
    contact: int | None = Field(ge=1)
    closed_means_shut: bool


class ProvedBoard(_Strict):
    """A board as it was when its doors were proved: where it is, and what it told of itself."""

    line: str
    family: str
    address: int
    facts: dict[str, str]
    fingerprint: str


class WiringMap(_Strict):
    """Everything that was proved of one automat, and by whom."""

    automat_id: str
    written_at: AwareDatetime
    user: str
    technician: str
    boards: dict[str, ProvedBoard]
    doors: dict[str, ProvedDoor]

    @property
    def hash(self) -> str:
        """The SHA-256 of its canonical JSON (RFC 8785)."""
        return hashlib.sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()


class _File(_Strict):
    version: Literal[1] = Field(alias="schema")
    sha256: str
    map: WiringMap


def fingerprint(facts: Mapping[str, str]) -> str:
    """Return the SHA-256 of what a board tells of itself."""
    return hashlib.sha256(rfc8785.dumps(dict(facts))).hexdigest()


def read_map(path: Path, automat_id: str) -> WiringMap | None:
    """Read the map; None if there is none. MapRefused for a file that is none, whole, of this automat."""
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MapRefused(
            f"{path}: the wiring map cannot be read ({error.strerror}); let the daemon's user read it"
        ) from error
    try:
        if len(content) > LARGEST_FILE_BYTES:
            raise ValueError(f"it is larger than {LARGEST_FILE_BYTES} bytes")
        file = _File.model_validate_json(content)
        if file.sha256 != file.map.hash:
            raise ValueError("it was changed or damaged: its hash does not fit")
    except (ValueError, RecursionError) as error:
        why = str(error)[:200]
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise MapRefused(
            f"{path}: this is no whole wiring map ({why}); bring it back from a backup, or move it away, "
            "start the daemon and prove every door with `lockerctl commission`"
        ) from error
    if file.map.automat_id != automat_id:
        raise MapRefused(
            f"{path}: this wiring map was proved at automat {file.map.automat_id!r}, and this is "
            f"{automat_id!r}; bring the right map, or move it away, start the daemon and prove every door "
            "with `lockerctl commission`"
        )
    return file.map


def write_map(path: Path, proof: WiringMap) -> None:
    """Put a map in place of the one before, whole or not at all; MapRefused if the disk does not take it."""
    content = {"schema": 1, "sha256": proof.hash, "map": proof.model_dump(mode="json")}
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as opened:
            opened.write(json.dumps(content, indent=1, sort_keys=True).encode() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(path)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise MapRefused(
            f"{path}: the wiring map cannot be written ({error.strerror}); the one before holds, "
            "make room or let the daemon's user write there, and write again"
        ) from error


def proved(wiring: Wiring, proof: WiringMap | None) -> Wiring:
    """Lay a proof over the configured wiring; doors that contradict it are blocked, with the reason."""
    if proof is None:
        return wiring
    taken = {(door.board, door.output): label for label, door in proof.doors.items()}
    return replace(
        wiring,
        boards=[_board(spec, proof) for spec in wiring.boards],
        doors=[_door(spec, proof, taken, {board.name for board in wiring.boards}) for spec in wiring.doors],
    )


def mismatches(wiring: Wiring) -> dict[str, str]:
    """Return what is blocked from the start, and why: parts by the names under which incidents know them."""
    boards = {f"board {spec.name}": spec.mismatch for spec in wiring.boards}
    doors = {f"compartment {door.compartment}": door.blocked for door in wiring.doors}
    return {about: reason for about, reason in (boards | doors).items() if reason is not None}


def configured(door: DoorSpec) -> Configured:
    """Return what a proof remembers of a compartment's configuration."""
    return Configured(
        board=door.board,
        channel=door.channel,
        closed_means_shut=door.closed_means_shut,
        contact_fitted=door.contact_fitted,
    )


def address_of(spec: BoardSpec) -> int:
    """Return where a board is on its line; 0 for a family whose boards have no address."""
    address = spec.settings.get("address", 0)
    return address if isinstance(address, int) else 0


def when(at: datetime) -> datetime:
    """Return an instant as the file has it: whole seconds."""
    return at.replace(microsecond=0)


def _board(spec: BoardSpec, proof: WiringMap) -> BoardSpec:
    known = proof.boards.get(spec.name)
    if known is None:
        return spec
    is_at = (spec.line, spec.family, address_of(spec))
    was_at = (known.line, known.family, known.address)
    mismatch = None
    if is_at != was_at:
        mismatch = (
            f"the configuration has it as {_place(*is_at)} and it was proved as {_place(*was_at)}; "
            "correct the configuration, or prove its doors with `lockerctl commission`"
        )
    return replace(spec, facts=known.facts, mismatch=mismatch)


def _place(line: str, family: str, address: int) -> str:
    return f"{family} {address} on line {line}"


def _door(
    spec: DoorSpec, proof: WiringMap, taken: Mapping[tuple[str, int], str], boards: Container[str]
) -> DoorSpec:
    known = proof.doors.get(spec.compartment)
    if known is None:
        other = taken.get((spec.board, spec.channel))
        if other is None:
            return spec
        return replace(
            spec,
            blocked=f"output {spec.channel} of board {spec.board} is proved to be that of {other}; "
            "prove this door with `lockerctl commission`",
        )
    if known.board not in boards:
        gone = f"it was proved on board {known.board}, which the configuration no longer has"
        return replace(spec, blocked=f"{gone}; prove it with `lockerctl commission`")
    blocked = None
    if configured(spec) != known.configured:
        was = known.configured
        blocked = (
            f"it was proved as board {was.board}, channel {was.channel}, and is configured as board "
            f"{spec.board}, channel {spec.channel}, or with another contact; "
            "correct the configuration, or prove it with `lockerctl commission`"
        )
    return replace(
        spec,
        board=known.board,
        channel=known.output,
        closed_means_shut=known.closed_means_shut,
        contact_fitted=known.contact is not None,
        contact_channel=known.contact,
        goods_channel=spec.goods_channel if known.board == spec.board else None,
        blocked=blocked,
    )
