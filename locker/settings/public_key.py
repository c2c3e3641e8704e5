"""The back office's public key: JSON {"publickey": base64url of 32 raw bytes}."""

import base64
import json
from pathlib import Path

ED25519_KEY_BYTES = 32
LARGEST_FILE_BYTES = 4096


def read_public_key(file: Path) -> bytes:
    """Return a raw Ed25519 public key; OSError if it cannot be read, ValueError if it is none."""
    with file.open("rb") as opened:
        content = opened.read(LARGEST_FILE_BYTES)
    body = json.loads(content)
    text = body.get("publickey", "") if isinstance(body, dict) else ""
    if not text or not isinstance(text, str):
        raise ValueError("it has no `publickey`")
    key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(key) != ED25519_KEY_BYTES:
        raise ValueError(f"its key has {len(key)} bytes, an Ed25519 key has {ED25519_KEY_BYTES}")
    return key
