"""lockerctl: headless maintenance over the daemon's socket. Data on stdout, speech on stderr.

It knows only the socket's client and its models; what each command does is in `locker.commands`.
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from locker.api.client import ApiClient, RequestRefused
from locker.api.schema import JOURNAL_LIMIT_DEFAULT, LARGEST_NUMBER
from locker.commands import audit as audit_commands
from locker.commands import automat, commission, devices, incidents, maintenance, safe_mode
from locker.commands import evidence as evidence_commands
from locker.commands import journal as journal_commands
from locker.commands import lines as lines_commands
from locker.commands import wire as wire_commands
from locker.commands.printing import speak
from locker.commands.technician import add_technician
from locker.errors import ExitCode, LockerError

DEFAULT_SOCKET = Path("/run/lockerd/lockerd.sock")
SOCKET_VARIABLE = "LOCKER_SOCKET"

MISTAKEN = (400, 404)
"""Answers to what makes no sense, or names what there is not: the command line is to be corrected."""

KEY_LIKE_AN_OPTION = re.compile(r"-[A-Za-z0-9_-]{42}")
"""A raw Ed25519 public key in base64url, which may begin with any of its 64 letters."""

EXIT_MEANING: Mapping[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAILURE: "not done: refused, nobody there to ask, or stopped; stderr says why",
    ExitCode.CONFIGURATION: "the command line makes no sense, or names what there is not",
    ExitCode.DATABASE: "the journal, or an evidence file, is not what the device wrote",
}
"""What each exit code means here; with the daemon's own commands they mean something else."""

Command = Callable[[ApiClient, argparse.Namespace], Awaitable[ExitCode]]
ENDLESS: tuple[Command, ...] = (automat.watch, devices.device, lines_commands.lines, wire_commands.wire)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(_bound(sys.argv[1:] if arguments is None else arguments))
    try:
        return asyncio.run(_run(options))
    except RequestRefused as refusal:
        speak(str(refusal))
        return ExitCode.CONFIGURATION if refusal.status in MISTAKEN else refusal.exit_code
    except LockerError as error:
        speak(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        # That is how a person ends what has no end; anything else did not get done.
        return ExitCode.OK if options.command in ENDLESS else ExitCode.FAILURE
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not flush into the void at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def _bound(arguments: Sequence[str]) -> list[str]:
    """Give a key to its option: argparse takes the one of 64 that begins with "-" for another option."""
    bound: list[str] = []
    for word in arguments:
        if bound[-1:] == ["--public-key"] and KEY_LIKE_AN_OPTION.fullmatch(word):
            bound[-1] += f"={word}"
        else:
            bound.append(word)
    return bound


async def _run(options: argparse.Namespace) -> ExitCode:
    if getattr(options, "file", None) is not None:
        return evidence_commands.verify_file(options)
    path: Path = options.socket
    command: Command = options.command
    async with ApiClient(path) as client:
        return await command(client, options)


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code.value}  {meaning}" for code, meaning in EXIT_MEANING.items())
    parser = argparse.ArgumentParser(
        prog="lockerctl",
        description="Ask the parcel locker daemon over its local socket.",
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    for each in (parser, common):
        # Options stand before or after the command; a second default would win over a value given before.
        top = each is parser
        each.add_argument(
            "--socket",
            type=Path,
            metavar="PATH",
            default=Path(os.environ.get(SOCKET_VARIABLE) or DEFAULT_SOCKET) if top else argparse.SUPPRESS,
            help=f"the daemon's socket (default: ${SOCKET_VARIABLE}, else {DEFAULT_SOCKET})",
        )
        each.add_argument(
            "--json",
            action="store_true",
            default=False if top else argparse.SUPPRESS,
            help="one JSON document; one object a line for journal and watch",
        )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, meaning: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=meaning, description=meaning, parents=[common])
        added.set_defaults(command=command)
        return added

    add("status", automat.status, "the automat on one page")
    _add_safe_mode(commands, common)
    add("whoami", automat.whoami, "who you are to the daemon, and whether you may change anything")
    add("compartments", automat.compartments, "every compartment: door, condition, parcel")
    add("locks", automat.locks, "how each lock behaves: time to open, retries, refusals")
    parcels = add("parcels", automat.parcels, "the parcels and where they are")
    parcels.add_argument("--all", action="store_true", help="closed ones too")
    incidents.add_parsers(add, _number)
    devices.add_parsers(add)
    maintenance.add_parsers(add)
    journal = add("journal", journal_commands.journal, "journal entries: the newest, or those after a number")
    journal.add_argument("--after", type=_number, metavar="N", help="entries after this number, oldest first")
    journal.add_argument("--before", type=_number, metavar="N", help="the newest before this number")
    journal.add_argument(
        "--limit", type=_number, metavar="N", default=JOURNAL_LIMIT_DEFAULT, help="at most so many entries"
    )
    journal.add_argument("--subject", metavar="ID", help="entries about this tracking id")
    journal.add_argument("--kind", metavar="K", help="entries of this kind, as parcel.stored")
    journal.add_argument("--compartment", metavar="C", help="entries about this compartment, the newest")
    journal.add_argument("--epoch", type=_number, metavar="N", help="another epoch than the present one")
    journal.add_argument("--from", dest="since", type=_time, metavar="TIME", help="as 2026-03-02T09:00Z")
    journal.add_argument("--until", type=_time, metavar="TIME", help="up to, but not including, this instant")
    verify = add(
        "verify",
        journal_commands.verify,
        "check the journal's chain and signatures, or an evidence file; name the first bad entry",
    )
    verify.add_argument("--file", type=Path, metavar="FILE", help="an evidence file; needs no daemon")
    verify.add_argument(
        "--public-key",
        metavar="FILE|KEY",
        help="whom to believe of an evidence file: the automat's enrolment file, or the `publickey` in it",
    )
    evidence_commands.add_parsers(add)
    audit_commands.add_parsers(add, common)
    add("watch", automat.watch, "a snapshot, then everything that happens, until interrupted")
    wire = add("wire", wire_commands.wire, "what passes on the serial lines, with its meaning")
    wire.add_argument("line", nargs="?", metavar="LINE", help="a line; without it all are listed")
    wire.add_argument("--follow", action="store_true", help="show what comes, until interrupted")
    wire.add_argument("--after", type=_number, metavar="N", help="what came after this record")
    wire.add_argument("--limit", type=_number, metavar="N", help="at most so many (default: 64)")
    wire.add_argument("--incident", type=_number, metavar="N", help="what was kept around this incident")
    lines_commands.add_parsers(add)
    decode = add("decode", wire_commands.decode, "explain the bytes of a lock board's frame")
    decode.add_argument("family", metavar="FAMILY", help="the boards' family, as in the configuration")
    decode.add_argument("hex", nargs="+", metavar="HEX", help="as 8A 01 05 or 8a0105 or 0x8A,0x01")
    _add_commission(commands, common)
    way = decode.add_mutually_exclusive_group()
    way.add_argument("--sent", action="store_true", help="this computer says it")
    way.add_argument("--received", action="store_true", help="a board says it")
    return parser


def _add_safe_mode(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    meaning = "whether the automat is out of order, why, and what to do"
    parser = commands.add_parser("safe-mode", help=meaning, description=meaning, parents=[common])
    parser.set_defaults(command=safe_mode.tell)
    steps = parser.add_subparsers(metavar="STEP", description="without one, tell")
    meaning = "let it try to serve again: the daemon ends and is started anew"
    leave = steps.add_parser("leave", help=meaning, description=meaning, parents=[common])
    leave.set_defaults(command=safe_mode.leave)
    leave.add_argument("--reason", metavar="TEXT", required=True, help="what was done; for the journal")
    add_technician(leave)


def _add_commission(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    meaning = "put the automat into service: find boards, try each lock, write what was proved"
    parser = commands.add_parser("commission", help=meaning, description=meaning, parents=[common])
    add_technician(parser)
    parser.set_defaults(command=commission.walk)
    steps = parser.add_subparsers(metavar="STEP", description="without one, a walk through all of them")

    def add(name: str, command: Command, meaning: str) -> argparse.ArgumentParser:
        added = steps.add_parser(name, help=meaning, description=meaning, parents=[common])
        added.set_defaults(command=command)
        return added

    add("status", commission.status, "how far it has come")
    begin = add("begin", commission.begin, "take the automat out of everybody else's hands")
    begin.add_argument(
        "--technician", metavar="ID", default=argparse.SUPPRESS, help="your own id, for the journal"
    )
    begin.add_argument("--afresh", action="store_true", help="forget what was proved and not written")
    search = add("search", commission.search, "look for boards on a line; moves nothing")
    search.add_argument("line", metavar="LINE")
    search.add_argument("--every-family", action="store_true", help="not only the families configured there")
    search.add_argument("--last-address", type=_number, metavar="N", help="how far (default: 32)")
    test = add("test", commission.test, "pulse the lock of a compartment once; shut every door before")
    test.add_argument("compartment", metavar="COMPARTMENT")
    door = add("door", commission.door, "say which label is on the door that opened, and shut it")
    door.add_argument("compartment", nargs="?", metavar="COMPARTMENT")
    door.add_argument("--none", action="store_true", help="no door opened")
    write = add("write", commission.write, "write the map, take it into use, give the automat back")
    write.add_argument("--partial", action="store_true", help="although not every compartment is proved")
    add("end", commission.end, "give the automat back without writing")


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text[:32]!r} is no time with its zone, as 2026-03-02T09:00Z")
    return at


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > LARGEST_NUMBER:
        raise argparse.ArgumentTypeError(f"{text[:32]!r} is not a whole number from 0 to {LARGEST_NUMBER}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
