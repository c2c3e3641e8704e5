"""Keys are made once, all or none, and never used when others may read them."""

import base64
import hashlib
import hmac
import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from locker.domain.codes import Code
from locker.errors import ExitCode, KeysRefused
from locker.keys import CODE_KEY, DEVICE_KEY, ENROLMENT, EPOCH, Keys, initialise, next_epoch


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    initialise(made, "test-1")
    return made


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_keys_fit_the_enrolment(directory: Path) -> None:
    keys = Keys.load(directory, {})
    enrolment = json.loads((directory / ENROLMENT).read_text())
    assert (enrolment["format"], enrolment["automat"]) == (1, "test-1")
    assert raw(enrolment["publickey"]) == keys.public_key
    Ed25519PublicKey.from_public_bytes(raw(enrolment["publickey"])).verify(keys.sign(b"entry"), b"entry")
    expected = hmac.new(raw(enrolment["codekey"]), b"024204", hashlib.sha256).hexdigest()
    assert keys.code_key.tag(Code("024204")) == expected


def test_signature_of_something_else_is_not_verified(directory: Path) -> None:
    keys = Keys.load(directory, {})
    assert keys.verify(b"entry", keys.sign(b"entry"))
    assert not keys.verify(b"other", keys.sign(b"entry"))
    assert not keys.verify(b"entry", b"short")


def test_only_the_owner_can_read(directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {file.name for file in directory.iterdir()} == {DEVICE_KEY, CODE_KEY, EPOCH, ENROLMENT}
    assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}


def test_secrets_are_not_shown(directory: Path) -> None:
    secret = (directory / CODE_KEY).read_bytes()
    assert repr(secret)[2:-1] not in repr(Keys.load(directory, {}))


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Keep the inodes of everything that is synced to the disk, in order."""
    inodes: list[int] = []
    really = os.fsync

    def sync(descriptor: int) -> None:
        really(descriptor)
        inodes.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", sync)
    return inodes


def test_keys_are_on_the_disk_before_anybody_is_told_of_them(synced: list[int], tmp_path: Path) -> None:
    made = tmp_path / "keys"
    initialise(made, "test-1", tmp_path / "enrolment.json")
    lasting = [*made.iterdir(), made, tmp_path, tmp_path / "enrolment.json"]
    assert {each.name for each in lasting if each.stat().st_ino not in synced} == set()


def test_an_epoch_is_on_the_disk_before_it_is_used(directory: Path, synced: list[int]) -> None:
    next_epoch(directory)
    assert synced == [(directory / EPOCH).stat().st_ino, directory.stat().st_ino]


def test_existing_keys_are_kept(directory: Path) -> None:
    before = {file.name: file.read_bytes() for file in directory.iterdir()}
    with pytest.raises(KeysRefused, match="already") as caught:
        initialise(directory, "test-2")
    assert caught.value.exit_code is ExitCode.KEYS
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == before


def test_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    assert initialise(tmp_path / "keys", "test-1").exists()


def test_enrolment_is_copied_where_asked(tmp_path: Path) -> None:
    copy = tmp_path / "out.json"
    assert initialise(tmp_path / "keys", "test-1", copy) == copy
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert copy.read_bytes() == (tmp_path / "keys" / ENROLMENT).read_bytes()


def test_existing_enrolment_file_prevents_everything(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("mine")
    with pytest.raises(KeysRefused, match="No keys were made"):
        initialise(tmp_path / "keys", "test-1", tmp_path / "out.json")
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def test_enrolment_that_cannot_be_written_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(KeysRefused, match="copy the enrolment file from") as caught:
        initialise(tmp_path / "keys", "test-1", tmp_path / "nowhere" / "out.json")
    assert str(tmp_path / "keys" / ENROLMENT) in str(caught.value)
    Keys.load(tmp_path / "keys", {})


def test_keys_that_cannot_be_put_there_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeysRefused):
        initialise(tmp_path / "file" / "keys", "test-1")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", [DEVICE_KEY, CODE_KEY])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_keys_open_to_others_are_refused(directory: Path, name: str, mode: int) -> None:
    (directory / name).chmod(mode)
    with pytest.raises(KeysRefused, match="chmod 600") as caught:
        Keys.load(directory, {})
    assert str(directory / name) in str(caught.value)


@pytest.mark.parametrize("name", [DEVICE_KEY, CODE_KEY])
def test_missing_keys_are_refused_with_the_remedy(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(KeysRefused, match="lockerd init"):
        Keys.load(directory, {})


@pytest.mark.parametrize("name", [DEVICE_KEY, CODE_KEY])
def test_damaged_keys_are_refused(directory: Path, name: str) -> None:
    (directory / name).write_bytes(b"damaged")
    with pytest.raises(KeysRefused, match="backup"):
        Keys.load(directory, {})


def test_key_of_another_kind_is_refused(directory: Path) -> None:
    other = X25519PrivateKey.generate()
    (directory / DEVICE_KEY).write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(KeysRefused, match="Ed25519"):
        Keys.load(directory, {})


def test_credentials_take_precedence_by_name(directory: Path, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / CODE_KEY).write_bytes(b"k" * 32)
    (credentials / CODE_KEY).chmod(0o440)
    keys = Keys.load(directory, {"CREDENTIALS_DIRECTORY": str(credentials)})
    assert keys.code_key.secret == b"k" * 32
    assert keys.public_key == Keys.load(directory, {}).public_key
    (credentials / CODE_KEY).chmod(0o444)
    with pytest.raises(KeysRefused, match="chmod"):
        Keys.load(directory, {"CREDENTIALS_DIRECTORY": str(credentials)})


def test_epochs_are_counted(directory: Path) -> None:
    assert [next_epoch(directory) for _ in range(3)] == [1, 2, 3]
    (directory / f".{EPOCH}-new").write_text("left by a power cut")
    assert next_epoch(directory) == 4
    assert stat.S_IMODE((directory / EPOCH).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [None, b"", b"many", b"-7", b"\xff", b"\x00\x00"])
def test_a_lost_epoch_is_never_guessed(directory: Path, content: bytes | None) -> None:
    (directory / EPOCH).unlink()
    if content is not None:
        (directory / EPOCH).write_bytes(content)
        (directory / EPOCH).chmod(0o600)
    with pytest.raises(KeysRefused, match="highest epoch"):
        next_epoch(directory)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(KeysRefused, match="run init as the user"):
        initialise(tmp_path / "shut" / "keys", "test-1")
