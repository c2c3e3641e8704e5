"""The configuration: one strict TOML file, overrides from the environment, every mistake reported at once."""

import os
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from locker.domain.compartments import ContactKind, Fixture
from locker.domain.rules import Identity, Rules
from locker.errors import Fault, WrongConfiguration
from locker.hardware.addresses import is_network
from locker.hardware.catalogue import KEYPAD_PACKAGES
from locker.settings.checks import cross_check, rules_from
from locker.settings.devices import BoardTable, DisplayTable, KeypadTable, ScannerTable
from locker.settings.environment import PREFIX, overrides, single_tables
from locker.settings.explain import explain, one_of
from locker.settings.public_key import read_public_key
from locker.settings.tables import (
    AutomatTable,
    ClockTable,
    CompartmentTable,
    FileTables,
    LineTable,
    MaintenanceTable,
    PathsTable,
    RulesTable,
    SafeModeTable,
    UplinkTable,
    WatchdogTable,
)

LARGEST_FILE_BYTES = 4 * 1024 * 1024

TableT = TypeVar("TableT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Config:
    """A sound configuration; every path in it is absolute."""

    file: Path
    automat: AutomatTable
    rules: RulesTable
    paths: PathsTable
    clock: ClockTable
    maintenance: MaintenanceTable
    safe_mode: SafeModeTable
    watchdog: WatchdogTable
    uplink: UplinkTable
    lines: tuple[LineTable, ...]
    boards: tuple[BoardTable, ...]
    keypads: tuple[KeypadTable, ...]
    displays: tuple[DisplayTable, ...]
    scanners: tuple[ScannerTable, ...]
    compartments: tuple[CompartmentTable, ...]

    def identity(self) -> Identity:
        """Return who this automat is."""
        return Identity(self.automat.id, self.automat.name, self.automat.customer_service)

    def domain_rules(self) -> Rules:
        """Return the numbers to judge by."""
        return replace(rules_from(self.rules), time_zone=ZoneInfo(self.automat.time_zone))

    def fixtures(self) -> dict[str, Fixture]:
        """Return the boxes as they were built, by label."""
        return {
            box.label: Fixture(
                label=box.label,
                size=box.size,
                width_mm=box.width_mm,
                height_mm=box.height_mm,
                depth_mm=box.depth_mm,
                column=box.column,
                row=box.row,
                accessible=box.accessible,
                contact=ContactKind.MISSING if box.contact == "missing" else ContactKind.FITTED,
            )
            for box in self.compartments
        }

    @property
    def ballast(self) -> Path:
        """The file that is given up when the disk is full."""
        return self.paths.ballast or self.paths.database.with_name("ballast")

    @property
    def wiring_map(self) -> Path:
        """The file that holds what a technician proved of the wiring."""
        return self.paths.map or self.paths.database.with_name("wiring-map.json")

    @property
    def starts(self) -> Path:
        """The file that counts the starts which ended by themselves."""
        return self.paths.database.with_name("starts")

    @property
    def spare_starts(self) -> Path:
        """The file that counts them while the other one cannot be written."""
        return self.paths.socket.with_name("starts-spare")

    def command_key(self) -> bytes | None:
        """Return the back office's raw Ed25519 public key, or None; WrongConfiguration if it is none."""
        file = self.uplink.command_key
        if file is None:
            return None
        try:
            return read_public_key(file)
        except (OSError, ValueError, RecursionError) as error:
            raise WrongConfiguration(self.file, (_command_key_fault(file, error),)) from error

    def require_files(self) -> None:
        """Check the files that the back office supplies; WrongConfiguration names each that is unusable."""
        faults = [
            Fault(f"[uplink] {key}", f"{file} cannot be read ({why})", "put it there, readable by the daemon")
            for key, file in (
                ("ca_file", self.uplink.ca_file),
                ("certificate_file", self.uplink.certificate_file),
                ("key_file", self.uplink.key_file),
            )
            if file is not None and (why := _unreadable(file)) is not None
        ]
        try:
            self.command_key()
        except WrongConfiguration as error:
            faults.extend(error.faults)
        if faults:
            raise WrongConfiguration(self.file, tuple(faults))

    def require_packages(self) -> None:
        """Check what is installed besides; WrongConfiguration names each family that cannot work without."""
        faults = [
            Fault(
                f'[[keypads]] "{keypad.id}" family',
                f"keypads of family {keypad.family} need the package {package}, which is not installed here",
                f"run `pip install parcel-locker[{package}]` in the daemon's environment",
            )
            for keypad in self.keypads
            if (package := KEYPAD_PACKAGES.get(keypad.family)) is not None and find_spec(package) is None
        ]
        if faults:
            raise WrongConfiguration(self.file, tuple(faults))

    def require_ports(self) -> None:
        """Check that every serial port is there now; WrongConfiguration names each that is missing."""
        faults = [
            Fault(
                f'[[{table}]] "{name}" port',
                f"{port} {why}",
                "plug the adapter in, or correct the path: `ls -l /dev/serial/by-id` shows those present",
            )
            for table, name, port in self.ports()
            if (why := _no_device(port)) is not None
        ]
        if faults:
            raise WrongConfiguration(self.file, tuple(faults))

    def ports(self) -> Iterator[tuple[str, str, Path]]:
        """Give table, id and path of every serial port."""
        for line in self.lines:
            if not is_network(line.port):
                yield "lines", line.id, Path(line.port)
        for keypad in self.keypads:
            yield "keypads", keypad.id, keypad.port
        for display in self.displays:
            yield "displays", display.id, display.port
        for scanner in self.scanners:
            yield "scanners", scanner.id, scanner.port


def load(file: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration file; opens nothing else. WrongConfiguration lists everything wrong with it."""
    file = file.absolute()
    data = _read(file)
    found = overrides(FileTables, environ)
    faults = [_unknown_variable(name) for name in found.unknown]
    for table, values in found.values.items():
        if isinstance(data.setdefault(table, {}), dict):
            data[table].update(values)
    tables: FileTables | None = None
    try:
        tables = FileTables.model_validate(data)
    except ValidationError as error:
        faults += explain(error, FileTables, data, found.variables)
    faults += cross_check(data, file.parent)
    if tables is None or faults:
        raise WrongConfiguration(file, tuple(faults))
    return _config(file, tables)


def _config(file: Path, tables: FileTables) -> Config:
    def absolute(table: TableT) -> TableT:
        changed = {key: file.parent / path for key, path in table if isinstance(path, Path)}
        return table.model_copy(update=changed)

    return Config(
        file=file,
        automat=tables.automat,
        rules=tables.rules,
        paths=absolute(tables.paths),
        clock=absolute(tables.clock),
        maintenance=tables.maintenance,
        safe_mode=tables.safe_mode,
        watchdog=tables.watchdog,
        uplink=absolute(tables.uplink),
        lines=tuple(
            line if is_network(line.port) else line.model_copy(update={"port": str(file.parent / line.port)})
            for line in tables.lines
        ),
        boards=tables.boards,
        keypads=tuple(map(absolute, tables.keypads)),
        displays=tuple(map(absolute, tables.displays)),
        scanners=tuple(map(absolute, tables.scanners)),
        compartments=tables.compartments,
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise ValueError(f"it is larger than {LARGEST_FILE_BYTES} bytes")
        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        fault = Fault(
            "file",
            f"it cannot be read ({error.strerror})",
            "give the path of a configuration; docs/lockerd.toml is one to start from",
        )
    except RecursionError:
        fault = Fault("file", "it is nested too deeply", "write it as docs/lockerd.toml shows")
    except UnicodeDecodeError as error:
        fault = Fault("file", f"byte {error.start} is not UTF-8", "save the file as UTF-8")
    except ValueError as error:
        fault = Fault("file", f"it is no TOML: {error}", "correct the place; texts stand in quotes")
    raise WrongConfiguration(file, (fault,)) from None


def _unknown_variable(variable: str) -> Fault:
    known = [
        f"{PREFIX}{table}__{key}".upper() for table, keys in single_tables(FileTables).items() for key in keys
    ]
    return Fault(
        f"environment variable {variable}",
        "it names no table and key",
        one_of(known, variable),
    )


def _command_key_fault(file: Path, error: Exception) -> Fault:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return Fault(
        "[uplink] command_key",
        f"{file} cannot be used ({why})",
        'put the back office\'s key there as {"publickey": "..."}, or remove the line',
    )


def _unreadable(file: Path) -> str | None:
    return _reason(lambda: file.open("rb").close())


def _no_device(port: Path) -> str | None:
    why = _reason(port.stat)
    if why is None and not stat.S_ISCHR(port.stat().st_mode):
        return "is no serial device"
    return None if why is None else f"is not there ({why})"


def _reason(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except OSError as error:
        return error.strerror or str(error)
    return None
