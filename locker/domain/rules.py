"""The numbers of the business rules (domain.md); defaults here, changed only by the configuration."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Rules:
    """How this automat judges; durations in seconds of powered time unless the name says otherwise."""

    # typing (section 1)
    code_digits_min: int = 4
    code_digits_max: int = 12
    entry_timeout_s: float = 15.0
    answer_shown_s: float = 30.0
    # attempts (section 2)
    tokens: int = 10
    token_refill_s: float = 600.0
    misses_window_s: float = 86_400.0
    misses_alarm: int = 10
    misses_guard: int = 30
    # pick-up (section 3)
    pulses: int = 3
    open_wait_s: float = 5.0
    left_open_reminder_s: float = 20.0
    left_open_alarm_s: float = 60.0
    reopen_window_s: float = 180.0
    late_opening_s: float = 180.0
    between_doors_s: float = 8.0
    # delivery (section 4)
    courier_idle_s: float = 60.0
    confirm_wait_s: float = 60.0
    tracking_digits: int = 8
    # sending (section 6)
    send_confirm_s: float = 60.0
    # service
    service_idle_s: float = 120.0
    # changes on the way (section 7)
    remote_openings_short: int = 3
    remote_short_s: float = 600.0
    remote_openings_long: int = 10
    remote_long_s: float = 86_400.0
    spot_confirm_s: float = 120.0
    back_office_may_lengthen: bool = False
    # storage time (section 5)
    storage_days: int = 7
    reminder_days: tuple[int, ...] = (2, 1)
    outage_minimum_s: float = 60.0
    time_zone: ZoneInfo = ZoneInfo("Europe/Helsinki")
    # commands (section 7)
    command_lifetime_max_days: int = 30
    command_future_tolerance_s: float = 300.0
    refusals_told: int = 20
    refusal_told_again_s: float = 3_600.0
    # clock
    clock_step_s: float = 60.0
    clock_doubt_s: float = 3_600.0
    clock_doubt_after_absence_days: int = 30
    clock_agreement_s: float = 300.0
    heartbeat_s: float = 60.0
    # closed parcels (section 8)
    retention_days: int = 90
    tracking_rest_months: int = 12


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this automat is, as people and the back office know it."""

    automat_id: str
    name: str
    customer_service: str
