"""`lockerctl safe-mode`: why an automat serves nobody, and letting it try again."""

import argparse
import textwrap
from collections.abc import Iterable

from locker.api.client import ApiClient
from locker.api.maintenance_schema import LeaveSafeMode
from locker.api.schema import SafeMode
from locker.commands.printing import WIDTH, print_json, print_lines, span
from locker.commands.technician import asked_with
from locker.errors import ExitCode


async def tell(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Tell whether it is in safe mode; FAILURE if it is."""
    status = await client.status()
    told = status.safe_mode
    if options.json:
        print_json(status)
    elif told is None:
        print_lines(["not in safe mode"])
    else:
        print_lines(safe_mode_lines(told))
    return ExitCode.OK if told is None else ExitCode.FAILURE


async def leave(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Let it try to serve again."""
    status = await client.leave_safe_mode(asked_with(LeaveSafeMode, options, reason=options.reason))
    if options.json:
        print_json(status)
    else:
        print_lines(["the daemon ends and is started anew; `lockerctl status` tells what comes of it"])
    return ExitCode.OK


def safe_mode_lines(told: SafeMode) -> Iterable[str]:
    """Tell why nobody is served, and what to do."""
    facts = {
        "SAFE MODE": "out of order, no lock moves, the back office is not connected",
        "because": f"{told.cause}: {told.detail}",
        "to do": told.remedy,
        "by itself": f"tries again in {span(told.retry_s)}" if told.retry_s is not None else "stays so",
    }
    for name, text in facts.items():
        yield from textwrap.wrap(
            f"{name:<11}{text}",
            WIDTH,
            subsequent_indent=" " * 11,
            break_long_words=False,
            break_on_hyphens=False,
        )
