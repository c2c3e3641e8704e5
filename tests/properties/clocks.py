"""Clocks that the automat never sees: tokens, remote openings and storage time, counted anew from events."""

from dataclasses import dataclass, field

from locker.domain.automat import Automat, Decision
from locker.domain.commands import Mode
from locker.domain.events import (
    Event,
    JournalAcknowledged,
    KeypadFaulted,
    KeypadRecovered,
    KeyPressed,
    PartLost,
    PartRestored,
    Started,
    WiringMatched,
    WiringMismatched,
)
from locker.domain.journal import EntryKind
from locker.domain.keypad import ConfirmingRemote, Entering
from locker.domain.rules import Rules
from locker.domain.times import Now
from tests.unit.domain.eu_calendar import seconds, storage_ends

SPENDING = (EntryKind.CODE_MISSED, EntryKind.CODE_REFUSED)
EVALUATED = (
    *SPENDING,
    EntryKind.CODE_ACCEPTED,
    EntryKind.CODE_OVERDUE,
    EntryKind.CODE_UNPAID,
    EntryKind.COURIER_SIGNED_IN,
    EntryKind.TECHNICIAN_SIGNED_IN,
)
HOUR_S = 3_600.0
DAY_S = 86_400.0
LEAST_STORAGE_S = 7 * DAY_S - HOUR_S
"""From just before midnight, with the spring change inside."""


@dataclass
class Bucket:
    """What one keypad has left, by the words of domain.md section 2."""

    tokens: int
    counted_s: float
    misses_s: list[float] = field(default_factory=list)
    guarded: bool = False

    def refill(self, now_s: float, rules: Rules) -> None:
        """Give back a token for every ten minutes of powered time, never more than there is room for."""
        while self.tokens < rules.tokens and now_s - self.counted_s >= rules.token_refill_s:
            self.tokens += 1
            self.counted_s += rules.token_refill_s
        if self.tokens >= rules.tokens:
            self.counted_s = now_s


class Guesses:
    """Judges that nobody guesses faster than the buckets allow."""

    def __init__(self) -> None:
        """Begin with full buckets."""
        self.buckets: dict[str, Bucket] = {}

    def judge(self, before: Automat, event: Event, decision: Decision, now: Now) -> None:
        """Count what was evaluated in a decision."""
        rules = before.rules
        for entry in decision.entries:
            if entry.kind is EntryKind.GUARD_RELEASED:
                bucket = self._bucket(entry.data["keypad"], now, rules)
                bucket.guarded, bucket.misses_s = False, []
        if isinstance(event, KeyPressed) and event.keypad in before.keypads:
            flow = before.keypads[event.keypad].flow
            bucket = self._bucket(event.keypad, now, rules)
            for entry in decision.entries if isinstance(flow, Entering) else ():
                if entry.kind in EVALUATED and entry.data.get("keypad") == event.keypad:
                    assert bucket.tokens > 0, "a code was evaluated with an empty bucket"
                    technician = entry.kind is EntryKind.TECHNICIAN_SIGNED_IN
                    refused = entry.kind is EntryKind.CODE_REFUSED
                    shut = bucket.guarded or before.facts.mode is Mode.FROZEN
                    assert not shut or technician or refused, "a closed keypad answered"
                if entry.kind in SPENDING:
                    self._spend(bucket, now, rules, missed=entry.kind is EntryKind.CODE_MISSED)
                    assert any(type(change).__name__ == "Attempts" for change in decision.changes)
        for name, attempts in decision.automat.attempts.items():
            bucket = self._bucket(name, now, rules)
            left = attempts.refilled(now.powered_s, rules).tokens
            assert 0 <= left <= rules.tokens
            assert left == bucket.tokens, f"{left} tokens at {name} where {bucket.tokens} are left"
            assert attempts.guarded == bucket.guarded, "guard mode"

    def _bucket(self, keypad: str, now: Now, rules: Rules) -> Bucket:
        bucket = self.buckets.setdefault(keypad, Bucket(rules.tokens, now.powered_s))
        bucket.refill(now.powered_s, rules)
        return bucket

    def _spend(self, bucket: Bucket, now: Now, rules: Rules, *, missed: bool) -> None:
        bucket.tokens -= 1
        if missed:
            kept = [at_s for at_s in bucket.misses_s if now.powered_s - at_s < rules.misses_window_s]
            bucket.misses_s = [*kept, now.powered_s]
            bucket.guarded = bucket.guarded or len(bucket.misses_s) >= rules.misses_guard


class Governor:
    """Judges that the back office opens no more doors by itself than the limits allow."""

    def __init__(self) -> None:
        """Begin with no opening."""
        self.times_s: list[float] = []

    def judge(self, before: Automat, event: Event, decision: Decision, now: Now) -> None:
        """Count the remote openings that begin in a decision."""
        rules, now_s = before.rules, now.powered_s
        for entry in decision.entries:
            if entry.kind is not EntryKind.PULSE_INTENDED or entry.data["purpose"] != "remote":
                continue
            if entry.data["number"] != 1:
                continue
            lately = sum(now_s - at_s < rules.remote_short_s for at_s in self.times_s)
            today = sum(now_s - at_s < rules.remote_long_s for at_s in self.times_s)
            self.times_s.append(now_s)
            if lately < rules.remote_openings_short and today < rules.remote_openings_long:
                continue
            assert isinstance(event, KeyPressed), "a remote opening beyond the limits"
            asked = before.keypads[event.keypad].flow
            assert isinstance(asked, ConfirmingRemote)
            assert asked.compartment == entry.data["compartment"], "somebody wanted another door"


class Storage:
    """Judges that no storage time ends early, by the time in which recipients were really served.

    The same promise as in tests/unit/domain/test_never_early.py, with outages beside power cuts.
    """

    def __init__(self) -> None:
        """Begin with nothing stored."""
        self.budget_s: dict[str, float] = {}
        self.served_s: dict[str, float] = {}
        self.before: Now | None = None
        self.up = False
        self.causes: set[str] = set()
        self.modes = Mode.NORMAL

    def went_down(self, automat: Automat, now: Now) -> None:
        """Nobody is served from now until the next start."""
        self._pass(automat, None, now)
        self.up = False

    def judge(self, before: Automat, event: Event, decision: Decision, now: Now) -> None:
        """Let the time since the last decision pass, and look at what became overdue."""
        self._pass(before, event, now)
        after = decision.automat
        self._follow(event, decision)
        for entry in decision.entries:
            subject = str(entry.subject)
            if entry.kind is EntryKind.PARCEL_STORED:
                known = after.parcels[subject].deadline_at is not None
                stored_s = seconds(now.wall_at)
                self.budget_s[subject] = storage_ends(stored_s) - stored_s if known else LEAST_STORAGE_S
                self.served_s[subject] = after.rules.outage_minimum_s  # owed to nobody yet
            if entry.kind is EntryKind.PARCEL_OVERDUE:
                assert now.trusted
                assert not after.facts.clock_doubted, "expired under a doubted clock"
                assert not self.causes, "expired in an outage"
                assert after.facts.mode is not Mode.FROZEN, "expired while frozen"
                left_s = self.budget_s[subject] - self.served_s[subject]
                assert left_s <= 1, f"overdue {left_s:.0f} s too early"
        frozen = after.facts.mode is Mode.FROZEN
        outage = bool(self.causes) or frozen
        assert not after.started or (after.facts.outage_since_s is not None) == outage, (
            "the outage is not what its causes say"
        )
        self.modes = after.facts.mode
        for key in set(self.budget_s) - set(after.parcels):
            del self.budget_s[key], self.served_s[key]

    def _pass(self, before: Automat, event: Event | None, now: Now) -> None:
        last, self.before = self.before, now
        if last is None:
            return
        passed_s = now.powered_s - last.powered_s
        served_s = passed_s if self.up and not self.causes and self.modes is not Mode.FROZEN else 0.0
        minimum_s = before.rules.outage_minimum_s
        step_s = (now.wall_at - last.wall_at).total_seconds() - passed_s
        if isinstance(event, Started | JournalAcknowledged):
            served_s += minimum_s
        if now.trusted and not last.trusted:
            served_s += minimum_s
        if self.up and now.trusted and last.trusted and 0 < step_s <= before.rules.clock_doubt_s:
            served_s += step_s
        for key in self.served_s:
            self.served_s[key] += served_s

    def _follow(self, event: Event, decision: Decision) -> None:
        """Note what keeps recipients from being served, by what was told of it."""
        after = decision.automat
        match event:
            case WiringMismatched():
                self.causes.add(f"wiring of {event.about}")
            case WiringMatched():
                self.causes.discard(f"wiring of {event.about}")
            case PartLost(outage=True):
                self.causes.add(f"part {event.part}")
            case PartRestored():
                self.causes.discard(f"part {event.part}")
            case KeypadFaulted() if event.keypad in after.keypads:
                self.causes.add(f"keypad {event.keypad}")
            case KeypadRecovered() if event.keypad in after.keypads:
                self.causes.discard(f"keypad {event.keypad}")
            case Started():
                self.up = True
                there = {f"keypad {name}" for name in after.keypads}
                gone = {f"part {name}" for name in event.parts or ()} if event.parts is not None else None
                self.causes = {
                    cause
                    for cause in self.causes
                    if (cause in there if cause.startswith("keypad") else gone is None or cause in gone)
                    or cause.startswith(("wiring", "commission", "door"))
                }
            case _:
                pass
        self._read(decision)

    def _read(self, decision: Decision) -> None:
        """Note the causes that only entries tell of."""
        for entry in decision.entries:
            about = f"door {entry.data.get('about')}"
            match entry.kind, entry.data.get("incident"):
                case EntryKind.COMMISSION_BEGUN, _:
                    self.causes.add("commission")
                case EntryKind.COMMISSION_ENDED, _:
                    self.causes.discard("commission")
                case EntryKind.INCIDENT_RAISED, "wrong-door":
                    self.causes.add(about)
                case EntryKind.INCIDENT_CLEARED, "wrong-door":
                    self.causes.discard(about)
