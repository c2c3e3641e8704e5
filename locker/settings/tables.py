"""The tables of the configuration file: every key, its type, its range, its default.

A key that is not here is an error. Values are never converted: "8883" is no number and 1 is no truth.
Descriptions speak to the person who has to put in what is missing.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from locker.settings.values import time_zone_exists, usable_path, writable_on_displays

LockBoardFamily = Literal["xor-bcc"]
KeypadFamily = Literal["serial-ascii"]
DisplayFamily = Literal["cd5220"]
ScannerFamily = Literal["text"]
Language = Literal["fi", "sv", "en"]
ContactWiring = Literal["closed-when-shut", "closed-when-open", "missing"]

LOCK_BOARD_FAMILIES: tuple[str, ...] = get_args(LockBoardFamily)
KEYPAD_FAMILIES: tuple[str, ...] = get_args(KeypadFamily)
DISPLAY_FAMILIES: tuple[str, ...] = get_args(DisplayFamily)
SCANNER_FAMILIES: tuple[str, ...] = get_args(ScannerFamily)

BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]

Item = TypeVar("Item")
Several = Annotated[tuple[Item, ...], Field(strict=False)]
File = Annotated[Path, Field(strict=False), AfterValidator(usable_path)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,7}$")]
Shown = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(writable_on_displays)]
Beeps = Annotated[str, Field(pattern=r"^(none|bell( bell){0,4})$")]
Millimetres = Annotated[int, Field(ge=1, le=3000)]
Seconds = Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)]


class Table(BaseModel):
    """What all tables have in common: strict, closed, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class AutomatTable(Table):
    """[automat]: who this automat is."""

    id: Annotated[Name, Field(description="the automat's id at the back office", examples=["fi-hki-0042"])]
    name: Annotated[
        Shown, Field(description="the name that is printed on the automat", examples=["Kauppatori 1"])
    ]
    customer_service: Annotated[
        Shown, Field(max_length=20, description="a telephone number", examples=["0200 71000"])
    ]
    languages: Annotated[
        Several[Language],
        Field(min_length=1, description="in the order of the display", examples=[["fi", "sv", "en"]]),
    ] = ("fi", "sv", "en")
    time_zone: Annotated[str, AfterValidator(time_zone_exists)] = "Europe/Helsinki"


class RulesTable(Table):
    """[rules]: what differs from the defaults of `locker.domain.rules.Rules`; the names are the same."""

    code_digits_min: Annotated[int | None, Field(ge=4, le=12)] = None
    code_digits_max: Annotated[int | None, Field(ge=4, le=12)] = None
    entry_timeout_s: Seconds | None = None
    answer_shown_s: Seconds | None = None
    tokens: Annotated[int | None, Field(ge=1, le=100)] = None
    token_refill_s: Seconds | None = None
    misses_window_s: Seconds | None = None
    misses_alarm: Annotated[int | None, Field(ge=1, le=1000)] = None
    misses_guard: Annotated[int | None, Field(ge=1, le=1000)] = None
    pulses: Annotated[int | None, Field(ge=1, le=3)] = None
    open_wait_s: Seconds | None = None
    left_open_reminder_s: Seconds | None = None
    left_open_alarm_s: Seconds | None = None
    reopen_window_s: Seconds | None = None
    late_opening_s: Seconds | None = None
    between_doors_s: Seconds | None = None
    courier_idle_s: Seconds | None = None
    confirm_wait_s: Seconds | None = None
    tracking_digits: Annotated[int | None, Field(ge=4, le=12)] = None
    send_confirm_s: Seconds | None = None
    service_idle_s: Seconds | None = None
    remote_openings_short: Annotated[int | None, Field(ge=0, le=100)] = None
    remote_short_s: Seconds | None = None
    remote_openings_long: Annotated[int | None, Field(ge=0, le=1000)] = None
    remote_long_s: Seconds | None = None
    spot_confirm_s: Seconds | None = None
    back_office_may_lengthen: bool | None = None
    storage_days: Annotated[int | None, Field(ge=1, le=60)] = None
    reminder_days: Several[Annotated[int, Field(ge=1, le=60)]] | None = None
    outage_minimum_s: Seconds | None = None
    command_lifetime_max_days: Annotated[int | None, Field(ge=1, le=366)] = None
    command_future_tolerance_s: Seconds | None = None
    clock_step_s: Seconds | None = None
    clock_doubt_s: Seconds | None = None
    clock_doubt_after_absence_days: Annotated[int | None, Field(ge=1, le=366)] = None
    clock_agreement_s: Seconds | None = None
    heartbeat_s: Seconds | None = None
    retention_days: Annotated[int | None, Field(ge=1, le=366)] = None
    tracking_rest_months: Annotated[int | None, Field(ge=1, le=120)] = None


class PathsTable(Table):
    """[paths]: where things rest; relative paths start at the configuration file's directory."""

    database: Annotated[File, Field(examples=["/var/lib/lockerd/automat.db"])]
    keys: Annotated[
        File, Field(description="a directory made by `lockerd init`", examples=["/var/lib/lockerd/keys"])
    ]
    socket: Annotated[File, Field(examples=["/run/lockerd/lockerd.sock"])]
    ballast: File | None = None


class ClockTable(Table):
    """[clock]: the system's clocks, or those steered by a test stand."""

    source: Literal["system", "steered"] = "system"
    file: File | None = None


class UplinkTable(Table):
    """[uplink]: the broker, and by which keys the back office and the automat know each other."""

    host: Annotated[
        str,
        Field(min_length=1, max_length=253, description="the MQTT broker", examples=["mqtt.example.org"]),
    ]
    port: Annotated[int, Field(ge=1, le=65_535, description="the broker's port", examples=[8883])]
    protocol: Literal["5", "3.1.1"] = "5"
    ca_file: File | None = None
    certificate_file: File | None = None
    key_file: File | None = None
    command_key: File | None = None

    @property
    def encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.ca_file is not None


class LineTable(Table):
    """[[lines]]: one RS-485 line on one serial port."""

    id: Annotated[Name, Field(description="a name for this line", examples=["locks"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600


class BoardTable(Table):
    """[[boards]]: one lock board of the family "xor-bcc" at an address of a line."""

    id: Annotated[Name, Field(description="a name for this board", examples=["A"])]
    line: Annotated[str, Field(description="the id of one of [[lines]]", examples=["locks"])]
    family: Annotated[LockBoardFamily, Field(examples=["xor-bcc"])]
    address: Annotated[int, Field(ge=1, le=99, description="as its switches say", examples=[1])]
    channels: Annotated[int, Field(ge=1, le=50, description="how many locks it has", examples=[24])]
    byte_order: Literal["last-byte-first", "first-byte-first"] = "last-byte-first"
    acknowledges: bool = True
    echo: bool = False
    pulse_s: Annotated[int | None, Field(ge=1, le=9)] = None


class TonesTable(Table):
    """`tones` of a keypad: how it sounds, as beeps of its display's bell, one after another."""

    key: Beeps = "none"
    right: Beeps = "bell"
    wrong: Beeps = "bell bell"
    remind: Beeps = "bell bell bell"
    tick: Beeps = "bell"


class KeypadTable(Table):
    """[[keypads]]: a keypad of the whole automat, or (`bound_to`) of one compartment."""

    id: Annotated[Name, Field(description="a name for this keypad", examples=["front"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600
    family: Annotated[KeypadFamily, Field(examples=["serial-ascii"])]
    display: str | None = None
    bound_to: str | None = None
    tones: TonesTable = TonesTable()


class DisplayTable(Table):
    """[[displays]]: a display of two lines of 20 cells."""

    id: Annotated[Name, Field(description="a name for this display", examples=["front"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600
    family: Annotated[DisplayFamily, Field(examples=["cd5220"])]


class ScannerTable(Table):
    """[[scanners]]: a scanner for labels beside a keypad."""

    id: Annotated[Name, Field(description="a name for this scanner", examples=["front"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600
    family: Annotated[ScannerFamily, Field(examples=["text"])]
    keypad: Annotated[str, Field(description="the id of one of [[keypads]]", examples=["front"])]
    terminator: Literal["line-end", "silence"] = "line-end"
    prefix: Annotated[str, Field(max_length=16, pattern=r"^[ -~]*$")] = ""
    aim_id: bool = False


class CompartmentTable(Table):
    """[[compartments]]: one box; sizes inside, in millimetres."""

    label: Annotated[Label, Field(description="what is written on the door", examples=["7"])]
    board: Annotated[str, Field(description="the id of one of [[boards]]", examples=["A"])]
    channel: Annotated[int, Field(ge=1, description="the board's output of its lock", examples=[7])]
    size: Annotated[Label, Field(description="the size by which parcels are announced", examples=["M"])]
    width_mm: Annotated[Millimetres, Field(description="inner width", examples=[380])]
    height_mm: Annotated[Millimetres, Field(description="inner height", examples=[290])]
    depth_mm: Annotated[Millimetres, Field(description="inner depth", examples=[600])]
    column: Annotated[int, Field(ge=0, le=1000)] = 0
    row: Annotated[int, Field(ge=0, le=1000)] = 0
    accessible: bool = False
    contact: ContactWiring = "closed-when-shut"
    goods_channel: Annotated[int | None, Field(ge=1)] = None


class FileTables(Table):
    """The whole file."""

    automat: AutomatTable
    rules: RulesTable = RulesTable()
    paths: PathsTable
    clock: ClockTable = ClockTable()
    uplink: UplinkTable
    lines: Several[LineTable] = ()
    boards: Several[BoardTable] = ()
    keypads: Several[KeypadTable] = ()
    displays: Several[DisplayTable] = ()
    scanners: Several[ScannerTable] = ()
    compartments: Several[CompartmentTable] = ()
