"""The daemon's errors, sorted by who must act, and the exit codes of its commands.

LockerError                      exit
|-- OperatorMustAct              2    whoever configured or called us
|   |-- WrongConfiguration       2    the configuration file, or a file that it names
|   |-- WrongUsage               2    the command line asks for what cannot be done
|   `-- KeysRefused              4    keys are missing, damaged, or open to others; or exist already
|-- TechnicianMustAct            1    something on the machine itself
|   `-- DatabaseRefused          3    damaged, in use, or written by a newer version; left as it is
`-- RestartHelps                 1    the supervisor starts us again; start-up recovers
    `-- StorageFailed            1    a commit failed: nothing was unlocked, the process ends on purpose

What a person at the keypad or the back office does wrong is no error of ours: it is answered, with a
reason, by the domain.
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


class OperatorMustAct(LockerError):
    """Something that a person wrote or called has to be changed."""

    exit_code = ExitCode.CONFIGURATION


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a configuration: where it stands, what is wrong, what to do."""

    where: str
    what: str
    remedy: str


class WrongConfiguration(OperatorMustAct):
    """Everything wrong with one configuration file, all at once."""

    def __init__(self, file: Path, faults: tuple[Fault, ...]) -> None:
        """Keep the faults and write them out, two lines each."""
        self.file = file
        self.faults = faults
        lines = [f"{file}: {fault.where}: {fault.what}\n    {fault.remedy}" for fault in faults]
        super().__init__("\n".join(lines))


class WrongUsage(OperatorMustAct):
    """The command line asks for what cannot be done."""


class KeysRefused(OperatorMustAct):
    """The keys cannot be used, or would be overwritten."""

    exit_code = ExitCode.KEYS


class TechnicianMustAct(LockerError):
    """Something on the machine has to be repaired or replaced."""


class DatabaseRefused(TechnicianMustAct):
    """The database must not be touched as it is."""

    exit_code = ExitCode.DATABASE


class RestartHelps(LockerError):
    """The process ends on purpose and is started again."""


class StorageFailed(RestartHelps):
    """A durable write failed; what depended on it did not happen."""
