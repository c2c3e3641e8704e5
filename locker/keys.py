"""The device's secrets: an Ed25519 key that signs, a code key that tags, and a counter of epochs.

They rest beside each other in one directory, apart from the database, each file readable by its owner
only. What systemd provides as a credential of the same name takes precedence.
"""

import base64
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from locker.domain.codes import CodeKey
from locker.domain.journal import Sign, Verify
from locker.errors import KeysRefused

DEVICE_KEY = "device.key"
CODE_KEY = "code.key"
EPOCH = "epoch"
ENROLMENT = "enrolment.json"
CODE_KEY_BYTES = 32
DEVICE_KEY_BYTES = 32
ENROLMENT_FORMAT = 1
LARGEST_FILE_BYTES = 4096

PRIVATE_FILE = 0o600
OPEN_TO_OTHERS = 0o077
READABLE_BY_ALL = 0o007


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets in use; `public_key` is the raw Ed25519 key that belongs to `sign`."""

    sign: Sign = field(repr=False)
    verify: Verify = field(repr=False)
    code_key: CodeKey
    public_key: bytes

    @staticmethod
    def load(directory: Path, environ: Mapping[str, str] = os.environ) -> "Keys":
        """Read the keys; KeysRefused if one is missing, damaged, or open to others than its owner."""
        pem = _secret(DEVICE_KEY, directory, environ)
        code_key = _secret(CODE_KEY, directory, environ)
        if len(code_key) < CODE_KEY_BYTES:
            raise KeysRefused(
                f"{directory / CODE_KEY}: it has {len(code_key)} bytes, at least {CODE_KEY_BYTES} are needed;"
                " restore it from the backup"
            )
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise KeysRefused(
                f"{directory / DEVICE_KEY}: it is no private key; restore it from the backup"
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeysRefused(f"{directory / DEVICE_KEY}: it is no Ed25519 key; restore it from the backup")
        public = private.public_key()

        def verify(message: bytes, signature: bytes) -> bool:
            try:
                public.verify(signature, message)
            except InvalidSignature:
                return False
            return True

        return Keys(private.sign, verify, CodeKey(code_key), public.public_bytes_raw())


def initialise(
    directory: Path,
    automat_id: str,
    enrolment: Path | None = None,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> Path:
    """Make all keys at once, or nothing; return the enrolment file for the back office.

    `entropy` gives so many bytes that nobody can guess. The enrolment file is among the keys, and copied to
    `enrolment` where one is given. Existing keys and files are never touched: KeysRefused.
    """
    _require_absent(directory, enrolment)
    try:
        _make_directory(directory.parent)
        made = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        raise KeysRefused(
            f"{directory.parent}: no directory can be made here ({error.strerror});"
            " run init as the user that owns it"
        ) from error
    try:
        _fill(made, automat_id, entropy)
        # Renaming a directory over another works only while that one is empty: nothing is overwritten.
        made.rename(directory)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise KeysRefused(
            f"{directory}: the keys could not be put there ({error.strerror}); nothing was changed"
        ) from error
    _sync_directory(directory.parent)
    kept = directory / ENROLMENT
    if enrolment is None:
        return kept
    try:
        _write_new(enrolment, kept.read_bytes())
        _sync_directory(enrolment.parent)
    except OSError as error:
        if not isinstance(error, FileExistsError):
            enrolment.unlink(missing_ok=True)
        raise KeysRefused(
            f"{enrolment}: it could not be written ({error.strerror}); the keys are made,"
            f" copy the enrolment file from {kept}"
        ) from error
    return enrolment


def last_epoch(directory: Path) -> int:
    """Return the epoch that was counted last; 0 before the first, and where nothing tells."""
    try:
        return max(0, int(_read(directory / EPOCH).decode("ascii")))
    except (ValueError, OSError, KeysRefused):
        return 0


def next_epoch(directory: Path) -> int:
    """Count one epoch more, durably, and return it; for a database that is new or restored."""
    file = directory / EPOCH
    try:
        epoch = int(_read(file).decode("ascii")) + 1
    except (ValueError, OSError):
        epoch = 0
    if epoch < 1:
        # A guess could repeat an epoch, and two different entries would carry one number.
        raise KeysRefused(
            f"{file}: it does not tell the last epoch; write into it the highest epoch that the back office"
            " knows of this automat"
        )
    replacement = directory / f".{EPOCH}-new"
    try:
        replacement.unlink(missing_ok=True)
        _write_new(replacement, b"%d\n" % epoch)
        replacement.rename(file)
        _sync_directory(directory)
    except OSError as error:
        raise KeysRefused(
            f"{file}: it cannot be written ({error.strerror}); make the directory writable by the daemon"
        ) from error
    return epoch


def _fill(directory: Path, automat_id: str, entropy: Callable[[int], bytes]) -> None:
    private = Ed25519PrivateKey.from_private_bytes(entropy(DEVICE_KEY_BYTES))
    code_key = entropy(CODE_KEY_BYTES)
    enrolment = {
        "format": ENROLMENT_FORMAT,
        "automat": automat_id,
        "publickey": _base64url(private.public_key().public_bytes_raw()),
        "codekey": _base64url(code_key),
    }
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(directory / DEVICE_KEY, pem)
    _write_new(directory / CODE_KEY, code_key)
    _write_new(directory / EPOCH, b"0\n")
    _write_new(directory / ENROLMENT, json.dumps(enrolment, indent=1).encode() + b"\n")
    _sync_directory(directory)


def _require_absent(directory: Path, enrolment: Path | None) -> None:
    try:
        taken = directory.is_symlink() or (directory.exists() and any(directory.iterdir()))
    except OSError as error:
        raise KeysRefused(f"{directory}: it cannot be looked at ({error.strerror})") from error
    if taken:
        raise KeysRefused(
            f"{directory}: keys are made once and something is there already; keep them, or name another"
            " directory as `keys` in [paths]"
        )
    if enrolment is not None and (enrolment.exists() or enrolment.is_symlink()):
        raise KeysRefused(f"{enrolment}: it exists already; name another enrolment file. No keys were made")


def _secret(name: str, directory: Path, environ: Mapping[str, str]) -> bytes:
    file, forbidden = directory / name, OPEN_TO_OTHERS
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    if credentials is not None and (Path(credentials) / name).exists():
        # systemd lets the service's user in by an access list, which shows as a group's permission.
        file, forbidden = Path(credentials) / name, READABLE_BY_ALL
    try:
        return _read(file, forbidden)
    except FileNotFoundError as error:
        raise KeysRefused(f"{file}: it is missing; make the keys with `lockerd init`") from error
    except OSError as error:
        raise KeysRefused(
            f"{file}: it cannot be read ({error.strerror}); it must belong to the daemon's user"
        ) from error


def _read(file: Path, forbidden: int = OPEN_TO_OTHERS) -> bytes:
    with file.open("rb") as opened:
        mode = os.fstat(opened.fileno()).st_mode
        if mode & forbidden:
            raise KeysRefused(
                f"{file}: others than its owner may use it (mode {stat.S_IMODE(mode):04o}); chmod 600 it,"
                " and make new keys if somebody may have read it"
            )
        return opened.read(LARGEST_FILE_BYTES)


def _write_new(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path: mode and O_EXCL count
        opened.write(content)
        opened.flush()
        os.fsync(descriptor)


def _make_directory(directory: Path) -> None:
    """Make a directory and those above it that are missing; each has its name for good before the next."""
    if not directory.is_dir():
        _make_directory(directory.parent)
        directory.mkdir(exist_ok=True)
        _sync_directory(directory.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
