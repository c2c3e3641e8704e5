"""Whether the terminal is still there: whoever is started by `make` or `sudo` is not told when it goes."""

import os
import select
import sys

GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def terminal() -> int | None:
    """Return the descriptor of the terminal that keys come from; None where they come from elsewhere."""
    keys = sys.__stdin__
    if keys is None or keys.closed or not os.isatty(keys.fileno()):
        return None
    return keys.fileno()


def is_gone(descriptor: int) -> bool:
    """Tell whether nobody holds the other end of a terminal any more; returns at once."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & GONE for _, events in poll.poll(0))
