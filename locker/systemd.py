"""Telling systemd that the daemon is ready, alive, ending; silent where there is no systemd."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send one state such as "READY=1" to the service manager; tell whether there is one."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.connect(address)
            manager.sendall(state.encode())
    except OSError:
        return False
    return True


def watchdog_interval_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """Return how often to say "alive", in seconds: half of what systemd allows; None if it does not ask."""
    try:
        allowed_us = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    ours = environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
    return allowed_us / 2_000_000 if ours and allowed_us > 0 else None


async def feed_watchdog(gets_on: Callable[[], bool] = lambda: True) -> None:
    """Say "alive" as often as systemd wants to hear it, for ever, while whoever is asked gets on.

    A loop that stands still does not ask.
    """
    interval_s = watchdog_interval_s()
    while interval_s is not None:
        if gets_on():
            notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)
    await asyncio.Event().wait()
