"""Reads a file of golden frames, strictly: a mistake names the file, the entry and the field."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_FILE = Path(__file__).with_name("vectors.json")


class VectorsError(ValueError):
    """The file is not what it must be; nothing of it is used."""


@dataclass(frozen=True)
class Vector:
    """One published exchange. `None` for a checksum: the frame has none or is not given."""

    id: str
    protocol: str
    request: bytes | None
    reply: bytes | None
    request_checksum_ok: bool | None
    reply_checksum_ok: bool | None


def load_vectors(path: Path) -> list[Vector]:
    """All entries of the file, in order. VectorsError on the first mistake."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise VectorsError(f"{path}: cannot be read: {problem.strerror}") from problem
    except ValueError as problem:
        raise VectorsError(f"{path}: is no JSON: {problem}") from problem
    if not isinstance(content, list):
        raise VectorsError(f"{path}: must be a JSON list of entries")
    vectors: list[Vector] = []
    for number, entry in enumerate(content):
        vector = _vector(entry, f"{path}: entry {number}")
        if any(vector.id == other.id for other in vectors):
            raise VectorsError(f"{path}: entry {number}: id {vector.id!r} occurs twice")
        vectors.append(vector)
    return vectors


def _vector(entry: Any, where: str) -> Vector:
    if not isinstance(entry, dict):
        raise VectorsError(f"{where}: must be an object")
    vector = Vector(
        id=_text(entry, "id", where),
        protocol=_text(entry, "protocol", where),
        request=_frame(entry, "request_hex", where),
        reply=_frame(entry, "reply_hex", where),
        request_checksum_ok=_verdict(entry, "request_checksum_ok", where),
        reply_checksum_ok=_verdict(entry, "reply_checksum_ok", where),
    )
    if vector.request is None and vector.reply is None:
        raise VectorsError(f"{where}: has neither request_hex nor reply_hex")
    return vector


def _text(entry: dict[str, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value:
        raise VectorsError(f"{where}: {field} must be a text")
    return value


def _frame(entry: dict[str, Any], field: str, where: str) -> bytes | None:
    value = entry.get(field)
    if value is None:
        return None
    try:
        frame = bytes.fromhex(value)
    except (TypeError, ValueError):
        frame = b""
    if not frame:
        raise VectorsError(f"{where}: {field} must be bytes in hexadecimal, not {value!r}")
    return frame


def _verdict(entry: dict[str, Any], field: str, where: str) -> bool | None:
    value = entry.get(field)
    if value is not None and not isinstance(value, bool):
        raise VectorsError(f"{where}: {field} must be true, false or null, not {value!r}")
    return value
