"""`lockerctl evidence` and `verify --file`: one parcel's story, proved by the device's signatures.

What checks them is imported where it is used: no other command needs the 40 ms of its cryptography.
"""

import argparse
import os
import stat
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from locker.api.client import ApiClient
from locker.commands.printing import (
    WIDTH,
    as_text,
    harmless,
    indented,
    print_json,
    print_lines,
    speak,
    table,
)
from locker.errors import ExitCode, WrongUsage

if TYPE_CHECKING:
    from locker.api.evidence import EvidenceReport, Step

FILE_MODE = 0o600
KEY_FILE_BYTES_MOST = 4096
GRADES = {
    "A": "code accepted, pulse sent, door seen open, door seen shut",
    "B": "code accepted, pulse sent, no trustworthy contact",
    "C": "code accepted, pulse sent, door seen open, never seen shut",
}
TOLD = ("courier", "technician", "person", "operator", "user", "verdict", "reason", "purpose", "deadline")
"""What of an entry's data stands below its line, in this order; `--json` has all of it."""


def add_parsers(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add("evidence", evidence, "write one parcel's evidence, signed, into a file")
    parser.add_argument("tracking_id", metavar="TRACKING")
    parser.add_argument("--output", type=Path, metavar="FILE", help="(default: TRACKING.evidence.json)")
    parser.add_argument("--force", action="store_true", help="overwrite the file")


async def evidence(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Write the evidence of one parcel into a file that only this user can read."""
    tracking_id: str = options.tracking_id
    file: Path = options.output or Path(f"{tracking_id}.evidence.json")
    if not tracking_id.isalnum() or not tracking_id.isascii():
        raise WrongUsage(f"evidence: {tracking_id[:40]!r} is no tracking id; it has letters and digits only")
    if not options.force:
        _require_absent(file)
    content = (await client.evidence(tracking_id)).as_file()
    _write(file, content, force=options.force)
    report = _check(content, None)
    if options.json:
        print_json(report)
    elif report.problem is None:
        print_lines(_story(report))
    else:
        _say_wrong(file, report)
    if report.problem is not None:
        speak(f"written: {file}; but the journal itself is wrong: run `lockerctl verify`")
        return ExitCode.DATABASE
    speak(f"written: {file}; `lockerctl verify --file {file} --public-key ENROLMENT` checks it anywhere")
    return ExitCode.OK


def verify_file(options: argparse.Namespace) -> ExitCode:
    """Check an evidence file without any daemon; DATABASE if anything in it is not what the device wrote."""
    content, key = _read(options.file), _given_key(options.public_key)
    report = _check(content, key)
    if options.json:
        print_json(report)
    elif report.problem is None:
        print_lines(_story(report))
    else:
        _say_wrong(options.file, report)
    if report.problem is not None:
        speak("this is no evidence: nothing in the file is to be believed; export it again at the automat")
        return ExitCode.DATABASE
    if report.key_from == "file":
        speak(
            "the only key believed is the one that the file itself names: whoever made the file may have made"
            f" the key. Compare {report.public_key} with the enrolment file, or give --public-key"
        )
    return ExitCode.OK


def _check(content: bytes, key: bytes | None) -> "EvidenceReport":
    from locker.api.evidence import check

    return check(content, key)


def _read(file: Path) -> bytes:
    from locker.api.evidence import FILE_BYTES_MOST

    try:
        with file.open("rb") as opened:
            if stat.S_ISDIR(os.fstat(opened.fileno()).st_mode):
                raise WrongUsage(f"{file}: it is a directory; name the evidence file")
            return opened.read(FILE_BYTES_MOST + 1)
    except OSError as error:
        raise WrongUsage(f"{file}: it cannot be read ({error.strerror}); name the evidence file") from error


def _given_key(text: str | None) -> bytes | None:
    """Read the key to be believed: a file that has it, or the key itself."""
    from locker.api.evidence import read_key

    if text is None:
        return None
    try:
        with Path(text).open("rb") as opened:
            content = opened.read(KEY_FILE_BYTES_MOST).decode()
    except (OSError, ValueError):
        content = text  # no file of this name: it is the key
    try:
        return read_key(content)
    except ValueError as error:
        raise WrongUsage(
            f"--public-key {harmless(text[:80])}: neither a file with an Ed25519 public key nor one itself"
            f" ({str(error)[:80]}); give the automat's enrolment file, or the `publickey` in it"
        ) from error


def _write(file: Path, content: bytes, *, force: bool) -> None:
    """Put the whole file there or nothing; what is there already stays unless forced."""
    new = file.with_name(f".{file.name}.{os.getpid()}") if force else file
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError as error:
        raise WrongUsage(_exists(file)) from error
    except OSError as error:
        raise _not_written(file, error) from error
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path: mode and O_EXCL count
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _not_written(file, error) from error


def _require_absent(file: Path) -> None:
    if file.exists():
        raise WrongUsage(_exists(file))


def _exists(file: Path) -> str:
    return f"{file}: it exists already; name another file with --output, or overwrite it with --force"


def _not_written(file: Path, error: OSError) -> WrongUsage:
    return WrongUsage(f"{file}: it cannot be written ({error.strerror}); name another file with --output")


def _say_wrong(file: Path, report: "EvidenceReport") -> None:
    place = f": entry {report.entry}" if report.entry else ""
    print_lines([f"{file}{place}: {report.problem}"])


def _story(report: "EvidenceReport") -> Iterable[str]:
    rows = [(step.entry, _time(step), step.kind, _place(step)) for step in report.story]
    yield f"parcel {report.tracking_id}, automat {report.automat_id}, {report.name}"
    head, *lines = table(("ENTRY", "TIME", "WHAT", "BOX"), rows, flexible=2)
    width = max(len(head), *map(len, lines)) if lines else len(head)
    yield f"{head.ljust(width)}  DETAILS"
    for line, step in zip(lines, report.story, strict=True):
        details = _details(step)
        beside = f"{line.ljust(width)}  {details}".rstrip()
        if len(beside) <= WIDTH:
            yield beside
        else:
            yield line
            yield from indented(details, 7)
    doubt = "?" if report.clock == "untrusted" else ""
    yield f"{len(rows)} entries are good, all that the automat had on {_second(report.exported_at)}{doubt}"
    if doubt or any(step.clock == "untrusted" for step in report.story):
        yield "? the automat's clock was not trusted then"
    if report.grade is None:
        yield "no handover is among them"
    else:
        yield from indented(f"handed over, grade {report.grade}: {GRADES.get(report.grade, 'unknown')}", 0)


def _time(step: "Step") -> str:
    return _second(step.time).removesuffix("Z") + ("?" if step.clock == "untrusted" else "Z")


def _second(time: str | None) -> str:
    """Write an instant of the file to the second, in UTC; as it stands there if it is none."""
    try:
        at = datetime.fromisoformat(time or "")
    except ValueError:
        return time or "-"
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _place(step: "Step") -> str:
    return as_text(step.data.get("compartment", "-"))


def _details(step: "Step") -> str:
    grade = [f"grade {step.data['grade']}"] if "grade" in step.data else []
    told = {name: as_text(step.data[name]) for name in TOLD if step.data.get(name) is not None}
    if "deadline" in told:
        told["deadline"] = _second(told["deadline"])
    return " ".join([*grade, *(f"{name}={text}" for name, text in told.items())])
