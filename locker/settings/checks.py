"""What no single table can know: names that lead nowhere, things used twice, a cabinet without doors.

Runs on every table that is sound in itself, also when others are not, so that one reading of the file
reports everything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from locker.domain.rules import Rules
from locker.errors import Fault
from locker.hardware.catalogue import NEVER_BESIDE
from locker.settings.devices import AnyBoard, AnyDisplay, AnyKeypad, AnyScanner
from locker.settings.explain import item_name, one_of, quoted
from locker.settings.tables import (
    ClockTable,
    CompartmentTable,
    LineTable,
    PathsTable,
    RulesTable,
    UplinkTable,
)

TableT = TypeVar("TableT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Placed(Generic[TableT]):
    """A sound table of a list, and how the file's reader finds it."""

    where: str
    number: int
    table: TableT


class Salvage:
    """The sound tables of a file, whatever the others look like."""

    def __init__(self, data: Mapping[str, Any], directory: Path) -> None:
        """Validate every table by itself; `directory` is where relative paths start."""
        self.data = data
        self.directory = directory
        self.lines = self._several("lines", LineTable)
        self.boards = self._several("boards", AnyBoard)
        self.keypads = self._several("keypads", AnyKeypad)
        self.displays = self._several("displays", AnyDisplay)
        self.scanners = self._several("scanners", AnyScanner)
        self.compartments = self._several("compartments", CompartmentTable)
        self.rules = self._single("rules", RulesTable)
        self.paths = self._single("paths", PathsTable)
        self.clock = self._single("clock", ClockTable)
        self.uplink = self._single("uplink", UplinkTable)

    def names(self, table: str, key: str = "id") -> list[str]:
        """Return the names in a list of tables, also of those that are wrong otherwise."""
        items = self.data.get(table)
        if not isinstance(items, list):
            return []
        names = (item.get(key) for item in items if isinstance(item, Mapping))
        return [name for name in names if isinstance(name, str)]

    def _several(self, name: str, model: type[TableT]) -> tuple[Placed[TableT], ...]:
        items = self.data.get(name)
        found = []
        adapter: TypeAdapter[TableT] = TypeAdapter(model)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            try:
                table = adapter.validate_python(item)
            except ValidationError:
                continue
            found.append(Placed(f"[[{name}]] {item_name(items, index)}", index + 1, table))
        return tuple(found)

    def _single(self, name: str, model: type[TableT]) -> TableT | None:
        try:
            return model.model_validate(self.data.get(name, {}))
        except ValidationError:
            return None


def cross_check(data: Mapping[str, Any], directory: Path) -> list[Fault]:
    """Return everything that is wrong between the tables of a file in this directory."""
    salvage = Salvage(data, directory)
    return [fault for check in CHECKS for fault in check(salvage)]


def is_loopback(host: str) -> bool:
    """Tell whether a host is surely this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def rules_from(table: RulesTable) -> Rules:
    """Return the default rules with what the table changes."""
    return replace(Rules(), **table.model_dump(exclude_none=True))


def _names_twice(salvage: Salvage) -> Iterator[Fault]:
    keys = dict.fromkeys(("lines", "boards", "keypads", "displays", "scanners"), "id")
    keys["compartments"] = "label"
    for table, key in keys.items():
        items = salvage.data.get(table)
        first: dict[str, int] = {}
        for index, item in enumerate(items if isinstance(items, list) else ()):
            name = item.get(key) if isinstance(item, Mapping) else None
            if not isinstance(name, str):
                continue
            if name in first:
                yield Fault(
                    f"[[{table}]] {quoted(name)} {key}",
                    f"no. {first[name]} and no. {index + 1} have the same {key}",
                    f"give each of [[{table}]] its own {key}",
                )
            first.setdefault(name, index + 1)


def _names_nowhere(salvage: Salvage) -> Iterator[Fault]:
    references: list[tuple[str, str, str | None, str, str]] = [
        *((board.where, "line", board.table.line, "lines", "id") for board in salvage.boards),
        *((box.where, "board", box.table.board, "boards", "id") for box in salvage.compartments),
        *((pad.where, "display", pad.table.display, "displays", "id") for pad in salvage.keypads),
        *((pad.where, "bound_to", pad.table.bound_to, "compartments", "label") for pad in salvage.keypads),
        *((scanner.where, "keypad", scanner.table.keypad, "keypads", "id") for scanner in salvage.scanners),
    ]
    for where, key, name, table, name_key in references:
        known = salvage.names(table, name_key)
        if name is not None and name not in known:
            yield Fault(
                f"{where} {key}",
                f"no table of [[{table}]] has the {name_key} {quoted(name)}",
                one_of(known, name),
            )


def _ports_twice(salvage: Salvage) -> Iterator[Fault]:
    first: dict[str, str] = {}
    ported: Iterable[Placed[Any]] = (
        *salvage.lines,
        *salvage.keypads,
        *salvage.displays,
        *salvage.scanners,
    )
    for placed in ported:
        port = str((salvage.directory / placed.table.port).resolve())
        if port in first:
            yield Fault(
                f"{placed.where} port",
                f"{quoted(str(placed.table.port))} is the port of {first[port]} too",
                "give each line, keypad, display and scanner its own port",
            )
        first.setdefault(port, placed.where)


def _addresses_twice(salvage: Salvage) -> Iterator[Fault]:
    first: dict[tuple[str, int], str] = {}
    for placed in salvage.boards:
        board = placed.table
        seat = (board.line, board.address)
        if seat in first:
            yield Fault(
                f"{placed.where} address",
                f"address {board.address} on line {quoted(board.line)} is that of {first[seat]} too",
                "give each board of a line its own address, by its switches and here",
            )
        first.setdefault(seat, placed.where)


def _never_beside(salvage: Salvage) -> Iterator[Fault]:
    """Find boards of which one might take what the other is told as an order of its own."""
    for placed in salvage.boards:
        board = placed.table
        addresses = NEVER_BESIDE[board.family]
        for other in salvage.boards:
            if other.table.line == board.line and board.address in addresses.get(other.table.family, ()):
                yield Fault(
                    f"{placed.where} line",
                    f"{other.where} might take its frames for orders to open doors: "
                    f"{board.family} at address {board.address} beside {other.table.family}",
                    f"put it on another line than {quoted(board.line)}, or give it another address"
                    if len(addresses[other.table.family]) == 1
                    else f"put it on another line than {quoted(board.line)}",
                )


def _channels(salvage: Salvage) -> Iterator[Fault]:
    boards = {placed.table.id: placed.table for placed in salvage.boards}
    taken: dict[tuple[str, int], str] = {}
    wires = [
        (placed.where, key, placed.table.board, channel)
        for key in ("channel", "goods_channel")
        for placed in salvage.compartments
        if (channel := getattr(placed.table, key)) is not None
    ]
    for where, key, board_id, channel in wires:
        board = boards.get(board_id)
        sensors = range(0) if board is None or key == "channel" else board.sensor_channels()
        if board is not None and channel > board.channels and channel not in sensors:
            also = f" or one of its sensors, {sensors[0]} to {sensors[-1]}," if sensors else ","
            yield Fault(
                f"{where} {key}",
                f"channel {channel} is beyond board {quoted(board_id)}, which has {board.channels} channels",
                f"give a channel from 1 to {board.channels}{also} or correct `channels` of that board",
            )
        elif (board_id, channel) in taken:
            yield Fault(
                f"{where} {key}",
                f"channel {channel} of board {quoted(board_id)} is the {taken[board_id, channel]} too",
                "give each lock and each goods sensor its own channel",
            )
        taken.setdefault((board_id, channel), f"{key} of {where}")


def _tones_without_bell(salvage: Salvage) -> Iterator[Fault]:
    # A display that is not sound itself may have one: one mistake is told once.
    mute = {placed.table.id for placed in salvage.displays if not getattr(placed.table, "has_bell", False)}
    for placed in salvage.keypads:
        display = placed.table.display
        if display is not None and display not in mute:
            continue
        whose = "this keypad has none" if display is None else f"display {quoted(display)} has no bell"
        for tone in sorted(placed.table.tones.model_fields_set):
            if getattr(placed.table.tones, tone) != "none":
                yield Fault(
                    f"{placed.where} tones {tone}",
                    f"the bell is that of a display, and {whose}",
                    'give the keypad a display with a bell, or remove the tone or set it to "none"',
                )


def _empty(salvage: Salvage) -> Iterator[Fault]:
    for table, why in (("compartments", "door"), ("keypads", "keypad")):
        if salvage.data.get(table, []) == []:
            yield Fault(f"[[{table}]]", f"the automat has no {why}", f"add at least one [[{table}]]")


def _no_place_for_couriers(salvage: Salvage) -> Iterator[Fault]:
    """Find a cabinet that nobody can fill: who delivers or repairs signs in where all doors are served."""
    items = salvage.data.get("keypads")
    if not isinstance(items, list) or not items:
        return
    doors = salvage.names("compartments", "label")
    if all(isinstance(item, Mapping) and item.get("bound_to") in doors for item in items):
        yield Fault(
            "[[keypads]] bound_to",
            "every keypad is bound to one compartment, so couriers, technicians and senders have none",
            "add a keypad without `bound_to`, or remove it from one of them",
        )


def _uplink(salvage: Salvage) -> Iterator[Fault]:
    uplink = salvage.uplink
    if uplink is None:
        return
    files = {
        "ca_file": uplink.ca_file,
        "certificate_file": uplink.certificate_file,
        "key_file": uplink.key_file,
    }
    missing = [key for key, file in files.items() if file is None]
    if len(missing) == len(files) and not is_loopback(uplink.host):
        yield Fault(
            "[uplink] host",
            f"a connection to {quoted(uplink.host)} would not be encrypted",
            f"add {', '.join(files)}; only a broker on this machine (127.0.0.1) may do without",
        )
    elif missing and len(missing) < len(files):
        yield Fault(
            f"[uplink] {missing[0]}",
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            f"give all of {', '.join(files)}, or none of them for a broker on this machine",
        )


def _clock(salvage: Salvage) -> Iterator[Fault]:
    clock = salvage.clock
    if clock is None:
        return
    if clock.source == "steered" and clock.file is None:
        yield Fault("[clock] file", "a steered clock needs its file", 'add `file = "clock.steer"`')
    if clock.source == "system" and clock.file is not None:
        yield Fault("[clock] file", "the system's clock has no file", 'remove it, or set source = "steered"')


def _rules(salvage: Salvage) -> Iterator[Fault]:
    if salvage.rules is None:
        return
    rules = rules_from(salvage.rules)
    for lower, upper in (("code_digits_min", "code_digits_max"), ("misses_alarm", "misses_guard")):
        if getattr(rules, lower) > getattr(rules, upper):
            yield Fault(
                f"[rules] {lower}",
                f"{getattr(rules, lower)} is more than {upper}, {getattr(rules, upper)}",
                f"give {lower} at most the value of {upper}",
            )
    if rules.left_open_reminder_s >= rules.left_open_alarm_s:
        yield Fault(
            "[rules] left_open_reminder_s",
            f"the reminder would not come before the alarm at {rules.left_open_alarm_s:g} s",
            "give a reminder that is shorter than left_open_alarm_s",
        )
    if any(days >= rules.storage_days for days in rules.reminder_days):
        yield Fault(
            "[rules] reminder_days",
            f"a reminder would come before the {rules.storage_days} days of storage begin",
            "give numbers of days below storage_days",
        )


def _paths(salvage: Salvage) -> Iterator[Fault]:
    if salvage.paths is None:
        return
    first: dict[str, str] = {}
    for key, file in salvage.paths:
        if file is None:
            continue
        path = str((salvage.directory / file).resolve())
        if path in first:
            yield Fault(
                f"[paths] {key}", f"{quoted(str(file))} is `{first[path]}` too", "give each its own path"
            )
        first.setdefault(path, key)


def _languages_twice(salvage: Salvage) -> Iterator[Fault]:
    automat = salvage.data.get("automat")
    languages = automat.get("languages") if isinstance(automat, Mapping) else None
    if isinstance(languages, list) and len(set(map(str, languages))) < len(languages):
        yield Fault("[automat] languages", "a language is there twice", "name each language once")


CHECKS: tuple[Callable[[Salvage], Iterator[Fault]], ...] = (
    _empty,
    _no_place_for_couriers,
    _languages_twice,
    _names_twice,
    _names_nowhere,
    _addresses_twice,
    _never_beside,
    _channels,
    _ports_twice,
    _tones_without_bell,
    _rules,
    _paths,
    _clock,
    _uplink,
)
