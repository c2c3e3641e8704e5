"""The tables of the configuration file: every key, its type, its range, its default.

A key that is not here is an error. Values are never converted: "8883" is no number and 1 is no truth.
Descriptions speak to the person who has to put in what is missing.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from locker.hardware.addresses import is_network, usable_line_port
from locker.settings.devices import AnyBoard, AnyDisplay, AnyKeypad, AnyScanner
from locker.settings.shapes import Baud, File, Label, Millimetres, Name, Seconds, Several, Shown, Table
from locker.settings.values import time_zone_exists

Language = Literal["fi", "sv", "en"]
ContactWiring = Literal["closed-when-shut", "closed-when-open", "missing"]


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
    refusals_told: Annotated[int | None, Field(ge=1, le=1000)] = None
    refusal_told_again_s: Seconds | None = None
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
    map: File | None = None


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


class MaintenanceTable(Table):
    """[maintenance]: who may change anything at the local socket; whoever can open it may look."""

    technicians: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")] = "locker-technicians"


class SafeModeTable(Table):
    """[safe_mode]: when an automat that cannot go on stops trying; `starts = 0`: never."""

    starts: Annotated[int, Field(ge=0, le=100)] = 5
    within_s: Seconds = 600.0
    retry_s: Annotated[float, Field(ge=0, le=366 * 86_400, allow_inf_nan=False)] = 1800.0


class WatchdogTable(Table):
    """[watchdog]: when a decision hangs, so that systemd is no longer told that the daemon is alive."""

    stuck_s: Seconds = 20.0


class LineTable(Table):
    """[[lines]]: one RS-485 line on one serial port, or behind a base unit in the network."""

    id: Annotated[Name, Field(description="a name for this line", examples=["locks"])]
    port: Annotated[
        str,
        Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."]),
        AfterValidator(usable_line_port),
    ]
    baud: Baud = 9600
    rts: Literal["unused", "raised-to-send"] = "unused"

    @model_validator(mode="after")
    def _rts_is_serial(self) -> Self:
        if self.rts != "unused" and is_network(self.port):
            raise ValueError('a line behind TCP has no RTS: leave out "rts"')
        return self


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
    contact: ContactWiring | None = None
    goods_channel: Annotated[int | None, Field(ge=1)] = None


class FileTables(Table):
    """The whole file."""

    automat: AutomatTable
    rules: RulesTable = RulesTable()
    paths: PathsTable
    clock: ClockTable = ClockTable()
    maintenance: MaintenanceTable = MaintenanceTable()
    safe_mode: SafeModeTable = SafeModeTable()
    watchdog: WatchdogTable = WatchdogTable()
    uplink: UplinkTable
    lines: Several[LineTable] = ()
    boards: Several[AnyBoard] = ()
    keypads: Several[AnyKeypad] = ()
    displays: Several[AnyDisplay] = ()
    scanners: Several[AnyScanner] = ()
    compartments: Several[CompartmentTable] = ()
