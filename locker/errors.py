"""The daemon's errors, sorted by who must act, and the exit codes of its commands.

LockerError                  exit
`-- OperatorError            2    whoever installed, configured or called us
    |-- WrongConfiguration   2    the configuration file, or a file that it names
    |-- WrongUsage           2    the command line asks for what cannot be done
    `-- KeysRefused          4    keys are missing, damaged, or open to others; or exist already

The database and the drivers have trees of their own (`locker.db.errors`, `drivers.errors`): a database
that is refused ends a command with 3, everything else that nobody foresaw with 1. What a person at the
keypad or the back office does wrong is no error of ours: the domain answers it, with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class ExitCode(IntEnum):
    """What the commands end with; `EXIT_MEANING` has a line for each."""

    OK = 0
    FAILURE = 1
    CONFIGURATION = 2
    DATABASE = 3
    KEYS = 4


EXIT_MEANING: Mapping[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAILURE: "a failure that a restart may heal; the log says which",
    ExitCode.CONFIGURATION: "wrong configuration or command line; nothing was opened",
    ExitCode.DATABASE: "the database is damaged, in use or newer than this version; it was left as it is",
    ExitCode.KEYS: "the keys are missing, damaged or open to others, or exist already",
}


class LockerError(Exception):
    """Root of everything the daemon raises on purpose; its text says what, where and what to do next."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILURE


class OperatorError(LockerError):
    """Something that a person wrote or called has to be changed."""

    exit_code = ExitCode.CONFIGURATION


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a configuration: where it stands, what is wrong, what to do."""

    where: str
    what: str
    remedy: str


class WrongConfiguration(OperatorError):  # noqa: N818 - the name says what is the case
    """Everything wrong with one configuration file, all at once."""

    def __init__(self, file: Path, faults: tuple[Fault, ...]) -> None:
        """Keep the faults and write them out, two lines each."""
        self.file = file
        self.faults = faults
        lines = [f"{file}: {fault.where}: {fault.what}\n    {fault.remedy}" for fault in faults]
        super().__init__("\n".join(lines))


class WrongUsage(OperatorError):  # noqa: N818 - the name says what is the case
    """The command line asks for what cannot be done."""


class KeysRefused(OperatorError):  # noqa: N818 - the name says what is the case
    """The keys cannot be used, or would be overwritten."""

    exit_code = ExitCode.KEYS
