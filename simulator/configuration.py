"""Writes the daemon's configuration file for a simulated automat, as its documentation describes it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.plan import CabinetPlan, CompartmentPlan

CUSTOMER_SERVICE = "0200 71000"
WRITTEN = "# Written by locker-sim for its simulated hardware, anew at each start.\n"
NO_BROKER = ("127.0.0.1", 1883)
ENGLISH_FIRST = ("en", "fi", "sv")

Value = str | int | float | bool | Path | Sequence[str] | Sequence[int] | Mapping[str, str]
KEY_NAMES: Mapping[str, str] = {"C": "clear", "OK": "ok"}


@dataclass(frozen=True)
class Place:
    """Where one automat keeps its things; everything lies in its own directory."""

    directory: Path

    @property
    def configuration(self) -> Path:
        """The daemon's configuration file."""
        return self.directory / "lockerd.toml"

    @property
    def database(self) -> Path:
        """The daemon's database."""
        return self.directory / "automat.db"

    @property
    def keys(self) -> Path:
        """The directory of the device's keys."""
        return self.directory / "keys"

    @property
    def socket(self) -> Path:
        """The daemon's local API."""
        return self.directory / "lockerd.sock"

    @property
    def steering(self) -> Path:
        """The file that steers the daemon's clock."""
        return self.directory / "clock.steer"

    @property
    def command_key(self) -> Path:
        """The back office's public key."""
        return self.directory / "back-office.json"

    @property
    def log(self) -> Path:
        """What the daemon says on stderr, over all its lives."""
        return self.directory / "lockerd.log"


def write_configuration(
    plan: CabinetPlan,
    place: Place,
    *,
    port_of: Mapping[str, str | Path],
    broker: tuple[str, int, str],
    languages: Sequence[str] = ENGLISH_FIRST,
    rules: Mapping[str, Value] | None = None,
    starts: int = 0,
) -> None:
    """Write the file; `broker` is host, port and MQTT version, `rules` are those that differ.

    `starts` that end by themselves lead to safe mode; 0: none does.
    """
    host, port, protocol = broker
    tables: list[str] = [
        _table(
            "[automat]",
            id=plan.automat_id,
            name=plan.name,
            customer_service=CUSTOMER_SERVICE,
            languages=languages,
        ),
        _table(
            "[paths]",
            database=place.database,
            keys=place.keys,
            socket=place.socket,
        ),
        _table("[clock]", source="steered", file=place.steering),
        # Its process is killed where an automat would lose power: that is no crash loop.
        _table("[safe_mode]", starts=starts),
        _table("[uplink]", host=host, port=port, protocol=protocol, command_key=place.command_key),
        *_hardware(plan, port_of),
        *([_table("[rules]", **rules)] if rules else []),
    ]
    place.configuration.write_text("\n".join(tables), encoding="utf-8")


def write_bench_configuration(plan: CabinetPlan, path: Path, *, port_of: Mapping[str, str | Path]) -> None:
    """Write a file for a daemon that somebody starts by hand; all of its own lies beside the file.

    FileExistsError if a file is there that was not written by this.
    """
    if path.exists() and not path.read_bytes().startswith(WRITTEN.encode()):
        raise FileExistsError(f"{path} is there already and was written by somebody else; name another file")
    host, port = NO_BROKER
    tables = [
        _table("[automat]", id=plan.automat_id, name=plan.name, customer_service=CUSTOMER_SERVICE),
        _table("[paths]", database="automat.db", keys="keys", socket="lockerd.sock"),
        _table("[uplink]", host=host, port=port),
        *_hardware(plan, port_of),
    ]
    path.write_text("\n".join((WRITTEN, *tables)), encoding="utf-8")


def _hardware(plan: CabinetPlan, port_of: Mapping[str, str | Path]) -> Iterator[str]:
    for line in plan.lines:
        yield _table("[[lines]]", id=line.id, port=port_of[line.id], baud=line.baud)
    for board in plan.boards:
        yield _table(
            "[[boards]]",
            id=board.id,
            line=board.line,
            family=board.family,
            address=board.address,
            channels=board.channels,
            **dict(board.settings),
        )
    displays = {display.id for display in plan.displays}
    for display in plan.displays:
        yield _table(
            "[[displays]]",
            id=display.id,
            port=port_of[f"display-{display.id}"],
            family=display.family,
            **dict(display.settings),
        )
    for keypad in plan.keypads:
        shown = next((name for name in (keypad.id, *sorted(displays)) if name in displays), None)
        yield _table(
            "[[keypads]]",
            id=keypad.id,
            port=port_of[f"keypad-{keypad.id}"],
            family="serial-ascii",
            display=shown,
            bound_to=keypad.compartment,
            keys={f"{byte:02X}": KEY_NAMES.get(key, key) for key, byte in keypad.keys} or None,
            buffered=keypad.buffered or None,
            checksum=keypad.checksum or None,
        )
    for scanner in plan.scanners:
        yield _table(
            "[[scanners]]",
            id=scanner.id,
            port=port_of[f"scanner-{scanner.id}"],
            family="text",
            keypad=scanner.keypad,
            terminator="silence" if scanner.suffix == "none" else None,
        )
    for box in plan.compartments:
        yield _table(
            "[[compartments]]",
            label=box.label,
            board=box.board,
            channel=box.channel,
            size=box.size,
            width_mm=box.width_mm,
            height_mm=box.height_mm,
            depth_mm=box.depth_mm,
            column=box.column,
            row=box.row,
            accessible=box.accessible,
            contact=_contact(box),
            goods_channel=box.goods_channel,
        )


def _contact(box: CompartmentPlan) -> str:
    if box.contact == "missing":
        return "missing"
    return {"closes-when-shut": "closed-when-shut", "closes-when-open": "closed-when-open"}[box.polarity]


def _table(head: str, **values: Value | None) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join((head, *lines, ""))


def _toml(value: Value) -> str:
    # A JSON string is a TOML string, and so are numbers, truth and lists of strings.
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(one)}" for key, one in value.items()) + " }"
    return json.dumps(value if isinstance(value, str | int | float) else list(value), ensure_ascii=False)
