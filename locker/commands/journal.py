"""`lockerctl journal` and `verify`."""

import argparse
from collections.abc import Iterable

from locker.api.client import ApiClient
from locker.api.schema import JOURNAL_LIMIT_MOST, JournalEntryView
from locker.commands.printing import as_text, indented, print_json, print_lines, shortened, speak
from locker.errors import ExitCode, WrongUsage


async def journal(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Ask page by page: the daemon gives only so many entries at once."""
    if options.after is None and options.limit > JOURNAL_LIMIT_MOST:
        raise WrongUsage(
            f"--limit {options.limit}: the newest {JOURNAL_LIMIT_MOST} at most can be listed from the end; "
            "give --after N (0 is the beginning) to list more"
        )
    after, before, left = options.after, options.before, options.limit
    if options.since is not None or options.until is not None:
        _require_numberless(options)
        if options.until is not None:
            before = await client.first_since(options.until)
        if options.since is not None:
            after, before = await client.first_since(options.since) - 1, None
    while left > 0:
        page = await client.journal(
            after=after,
            before=before,
            limit=min(left, JOURNAL_LIMIT_MOST),
            subject=options.subject,
            kind=options.kind,
            compartment=options.compartment,
            epoch=options.epoch,
        )
        entries = [e for e in page.entries if options.until is None or e.at < options.until]
        for entry in entries:
            if options.json:
                print_json(entry)
            else:
                print_lines(entry_lines(entry))
        left -= len(page.entries)
        if not page.more or len(entries) < len(page.entries) or not entries:
            break
        after = page.entries[-1].sequence
    return ExitCode.OK


def _require_numberless(options: argparse.Namespace) -> None:
    numbered = (options.after, options.before, options.epoch)
    if any(each is not None for each in numbered) or (options.since and options.compartment):
        raise WrongUsage(
            "--from and --until: they go with neither --after, --before nor --epoch, and --from not with"
            " --compartment"
        )


async def verify(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Let the daemon check its journal; DATABASE if an entry is bad."""
    if options.public_key is not None:
        raise WrongUsage("verify: --public-key is for --file; the daemon knows its own key")
    report = await client.verify()
    bad = report.first_bad
    if options.json:
        print_json(report)
    elif bad is None:
        head = report.head
        since = f"from {head.epoch}-{report.first} " if report.first > 1 else ""
        print_lines([f"{report.checked} entries are good, {since}up to {head.epoch}-{head.sequence}"])
    else:
        print_lines([f"entry {bad.epoch}-{bad.sequence}: {bad.reason}"])
        speak(
            f"{report.checked} entries before it are good; keep the database as it is and tell the operator"
        )
    return ExitCode.OK if bad is None else ExitCode.DATABASE


def entry_lines(entry: JournalEntryView) -> Iterable[str]:
    """Put one entry into words."""
    number, subject = f"{entry.epoch}-{entry.sequence}", shortened(entry.subject or "-", 25)
    yield f"{number:<9} {entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.kind:<23} {subject}"
    if entry.data is None:
        yield from indented("the stored entry cannot be read: run `lockerctl verify`", 10)
    elif entry.data:
        yield from indented(" ".join(f"{name}={as_text(value)}" for name, value in entry.data.items()), 10)
