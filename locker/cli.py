"""`lockerd`: run, check, init, migrate. stdout is data, stderr is speech; exit codes are in `locker.errors`.

What a command does not need it does not import: that keeps `lockerd run` quick to be ready.
"""

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from locker.errors import EXIT_MEANING, ExitCode, Fault, LockerError, WrongConfiguration
from locker.logs import LEVELS, set_up

if TYPE_CHECKING:
    from locker.config import Config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    chosen = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except LockerError as error:
        _speak(str(error))
        return error.exit_code


def _run(chosen: argparse.Namespace) -> int:
    config = _config(chosen)
    config.require_files()
    config.require_packages()
    set_up(chosen.log_level)
    # Collecting garbage while a thousand modules load frees nothing and takes a tenth of the start.
    gc.disable()
    from locker.daemon import run  # everything that the daemon is made of

    gc.freeze()
    gc.enable()
    return run(config)


def _check(chosen: argparse.Namespace) -> int:
    from locker.hardware.wiring_map import read_map  # it brings the validation library
    from locker.keys import Keys  # the signature library costs more than reading the file

    config = _config(chosen)
    faults: list[Fault] = []
    for require in (config.require_files, config.require_packages, config.require_ports):
        try:
            require()
        except WrongConfiguration as error:
            faults.extend(error.faults)
    if faults:
        raise WrongConfiguration(config.file, tuple(faults))
    for line in _summary(config):
        _answer(line)
    if not config.paths.keys.exists():
        _speak(f"no keys yet: make them with `lockerd init --config {config.file}`")
    else:
        Keys.load(config.paths.keys)
    if read_map(config.wiring_map, config.automat.id) is None:
        _speak("not commissioned: nobody proved which door each lock opens (`lockerctl commission`)")
    if config.uplink.command_key is None:
        _speak("commands need no signature: whoever may publish to the broker commands this automat")
    return ExitCode.OK


def _init(chosen: argparse.Namespace) -> int:
    from locker.keys import initialise  # the signature library is needed by no other small command

    config = _config(chosen)
    enrolment = initialise(config.paths.keys, config.automat.id, chosen.enrolment)
    _speak(
        f"keys made in {config.paths.keys}; give the back office this file, over a safe way, and delete it:"
    )
    _answer(str(enrolment))
    return ExitCode.OK


def _migrate(chosen: argparse.Namespace) -> int:
    from locker.db.errors import DatabaseError, DatabaseRefused
    from locker.db.migrate import ensure_current  # nothing else here touches the database

    config = _config(chosen)
    try:
        outcome = ensure_current(config.paths.database)
    except DatabaseRefused as error:
        _speak(str(error))
        return ExitCode.DATABASE
    except DatabaseError as error:
        _speak(str(error))
        return ExitCode.FAILURE
    _answer(f"{config.paths.database}: {outcome}")
    return ExitCode.OK


def _config(chosen: argparse.Namespace) -> "Config":
    from locker.config import load  # validation costs 90 ms; --help and --version do without

    return load(chosen.config)


def _summary(config: "Config") -> list[str]:
    sizes = Counter(box.size for box in config.compartments)
    uplink = config.uplink
    broker = f"{uplink.host}:{uplink.port}"
    commands = "signed" if uplink.command_key else "unsigned"
    transport = "TLS" if uplink.encrypted else "plain"
    hardware = (
        f"{_count(config.boards, 'board')} on {_count(config.lines, 'line')},"
        f" {_count(config.keypads, 'keypad')}, {_count(config.displays, 'display')}; every port is there"
    )
    return [
        f"configuration  {config.file} is sound",
        f"automat        {config.automat.id}, {config.automat.name}, {' '.join(config.automat.languages)}",
        f"compartments   {len(config.compartments)}: "
        + ", ".join(f"{count} {size}" for size, count in sizes.items()),
        f"hardware       {hardware}",
        f"uplink         {broker}, MQTT {uplink.protocol}, {transport}, commands {commands}",
        f"clock          {config.clock.source}",
        f"database       {config.paths.database}",
    ]


def _count(things: Sequence[object], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code:d}  {meaning}" for code, meaning in EXIT_MEANING.items())
    parser = argparse.ArgumentParser(
        prog="lockerd",
        description="The controller of a parcel automat.",
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, command, what in (
        ("run", _run, "run the automat until SIGTERM"),
        ("check", _check, "check the configuration, its files, ports and keys; open nothing"),
        ("init", _init, "make the device's keys and the enrolment file, once"),
        ("migrate", _migrate, "bring the database to this version's form, after a backup"),
    ):
        one = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        one.add_argument(
            "--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)"
        )
        one.set_defaults(command=command)
        if command is _run:
            one.add_argument("--log-level", choices=LEVELS, default="info", help="default: info")
        if command is _init:
            one.add_argument(
                "--enrolment", type=Path, metavar="FILE", help="where to copy the enrolment file"
            )
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's name
        super().__init__(option_strings, dest, nargs=0, help=help, default=argparse.SUPPRESS)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # reads the installed packages: only when asked for

        _answer(f"lockerd {version('parcel-locker')}")
        parser.exit(ExitCode.OK)


def _answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _speak(text: str) -> None:
    sys.stderr.write("".join(f"lockerd: {line}\n" for line in text.splitlines()))


if __name__ == "__main__":
    sys.exit(main())
