"""Guessing is slow: one durable token bucket a keypad, refilled by powered time only (domain.md 2)."""

from dataclasses import dataclass, replace

from locker.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Attempts:
    """What one keypad has left; durable.

    `tokens` stood in the bucket at `counted_s` (powered time); `misses_s` are the powered instants of
    the misses of the last day; `guarded` holds until somebody releases the keypad.
    """

    keypad: str
    tokens: int
    counted_s: float
    misses_s: tuple[float, ...] = ()
    guarded: bool = False

    def refilled(self, powered_s: float, rules: Rules) -> "Attempts":
        """Return the bucket as it stands now; part of a token under way is kept."""
        if self.tokens >= rules.tokens:
            return replace(self, tokens=rules.tokens, counted_s=powered_s)
        gained = max(0, int((powered_s - self.counted_s) // rules.token_refill_s))
        tokens = min(rules.tokens, self.tokens + gained)
        counted_s = powered_s if tokens == rules.tokens else self.counted_s + gained * rules.token_refill_s
        return replace(self, tokens=tokens, counted_s=counted_s)

    def missed(self, powered_s: float, rules: Rules) -> "Attempts":
        """Return the bucket after one wrong code: a token gone, a miss counted."""
        full = self.refilled(powered_s, rules)
        recent = tuple(at_s for at_s in full.misses_s if powered_s - at_s < rules.misses_window_s)
        misses_s = (*recent, powered_s)
        return replace(
            full,
            tokens=full.tokens - 1,
            misses_s=misses_s,
            guarded=full.guarded or len(misses_s) >= rules.misses_guard,
        )

    def spent(self, powered_s: float, rules: Rules) -> "Attempts":
        """Return the bucket after a code of which nobody is told whether it was right: a token gone."""
        full = self.refilled(powered_s, rules)
        return replace(full, tokens=full.tokens - 1)

    def released(self) -> "Attempts":
        """Return the bucket out of guard mode; tokens come back only with time."""
        return replace(self, guarded=False, misses_s=())

    def wait_s(self, powered_s: float, rules: Rules) -> float:
        """Return the seconds until a code is evaluated again; 0 when one would be now."""
        full = self.refilled(powered_s, rules)
        if full.tokens > 0:
            return 0.0
        return full.counted_s + rules.token_refill_s - powered_s
