"""A row of bars, one a value: the height tells how it compares with the greatest."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw the last values that fit into so many cells; the greatest of them is a full bar."""
    last = list(values)[-width:] if width > 0 else []
    greatest = max(last, default=0.0)
    if greatest <= 0:
        return BARS[0] * len(last)
    return "".join(BARS[min(len(BARS) - 1, int(len(BARS) * value / greatest))] for value in last)
