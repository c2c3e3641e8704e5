"""Key files are private, strict and never overwritten."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator.backoffice.keys import Enrolment, KeyFileError, SigningKey

ENROLMENT = Enrolment(
    "automat-1", Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(), bytes(range(32))
)


def test_an_enrolment_file_is_private_and_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "enrolment.json"
    ENROLMENT.write(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert Enrolment.read(file) == ENROLMENT
    with pytest.raises(FileExistsError):
        ENROLMENT.write(file)


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"publickey": "AAAA"}, {"codekey": "AAAA"}, {"automat": 7}]
)
def test_a_wrong_enrolment_file_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    good = tmp_path / "good.json"
    ENROLMENT.write(good)
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({**json.loads(good.read_text()), **change}))
    with pytest.raises(KeyFileError, match=r"wrong\.json"):
        Enrolment.read(file)


def test_a_tag_is_the_hmac_of_the_digits_and_no_secret_is_shown() -> None:
    assert ENROLMENT.tag("024204") == hmac.new(bytes(range(32)), b"024204", hashlib.sha256).hexdigest()
    assert "code_key" not in repr(ENROLMENT)


def test_the_signing_key_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "signing.json"
    first, second = SigningKey.load_or_make(file), SigningKey.load_or_make(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert first.sign(b"{}") == second.sign(b"{}")
    first.write_public(tmp_path / "public.json")
    assert set(json.loads((tmp_path / "public.json").read_text())) == {"publickey"}
