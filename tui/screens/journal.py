"""The screen "journal": entries as they come, what the back office holds of them, evidence to take along."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll

from locker.api.client import ApiClient
from locker.api.schema import JOURNAL_LIMIT_MOST, JournalEntryView, JournalPage, Status, VerifyReport
from locker.errors import LockerError
from tui.files import write_new
from tui.journal import Wanted, Window, details, key, read_time, wanted_line
from tui.screens.base import LockerScreen
from tui.store import Changes, Part
from tui.telling import instant, number
from tui.widgets.bars import Painted
from tui.widgets.choose import Choose
from tui.widgets.dialogs import Tell
from tui.widgets.entries import Entries
from tui.words import Words, texts_in

PAGE = 200
WIDE_CELLS = 110
EVERY_KIND = "-"
TRACKING_ID = r"[A-Za-z0-9]{1,35}"


class JournalScreen(LockerScreen):
    """The journal and how it goes up."""

    NAME: ClassVar[str] = "journal"
    DEFAULT_CSS = """
    #wanted { height: 1; padding: 0 1; background: $surface; }
    #entry-sides { height: 1fr; }
    #entry-sides.wide { layout: horizontal; }
    #entry-sides Entries { width: 1fr; }
    #entry { height: 5; padding: 0 1; background: $surface; }
    .wide #entry { height: 1fr; width: 46; }
    #sync { height: auto; max-height: 5; padding: 0 1; }
    #chain { height: auto; max-height: 3; padding: 0 1; }
    #chain.bad { color: $error; text-style: bold; }
    """
    BINDINGS: ClassVar = [
        Binding("k", "kind", "kind", show=False),
        Binding("p", "parcel", "parcel", show=False),
        Binding("t", "time", "time", show=False),
        Binding("x", "everything", "everything", show=False),
        Binding("e", "evidence", "evidence", show=False),
        Binding("v", "verify", "verify", show=False),
    ]

    def __init__(self) -> None:
        """Show everything, from the end."""
        super().__init__()
        self._window = Window()
        self._wanted = Wanted()
        self._bounds: tuple[int, int | None] = (0, None)
        self._seen: tuple[int, int] | None = None
        self._reading = False
        self._begun = False

    def compose_body(self) -> ComposeResult:
        """Put the list above or left, the chosen entry below or right, the sync part under both."""
        yield Painted(id="wanted")
        with Container(id="entry-sides"):
            yield Entries(self._window, self.words)
            with VerticalScroll(id="entry", can_focus=False):
                yield Painted(id="entry-text")
        yield Painted(id="sync")
        yield Painted(id="chain")

    def on_mount(self) -> None:
        """Let the arrows move in the list."""
        self.query_one("#chain", Painted).say(self.words("journal.chain-unknown"))
        self.query_one(Entries).focus()

    def on_resize(self) -> None:
        """Put the chosen entry where there is room."""
        self.query_one("#entry-sides").set_class(self.size.width >= WIDE_CELLS, "wide")

    def on_screen_resume(self) -> None:
        """Show everything as it is now; who looked back goes on looking back."""
        self._begun = self._begun and not self.query_one(Entries).follows
        super().on_screen_resume()

    def show(self, changes: Changes) -> None:
        """Paint what changed: the list, if entries came or were acknowledged; the sync part."""
        status = self.store.status
        if status is None:
            return
        if self.store.lost is not None:
            self._begun = False  # what comes meanwhile is asked for when somebody answers again
        elif not self._begun:
            self._begun = True
            self.read("newest")
        elif Part.ENTRIES in changes:
            self._take_news()
        if Part.ENTRIES in changes or Part.STATUS in changes:
            self._show_list(status)
            self.query_one("#sync", Painted).say(sync_text(status, self.words))

    # -- reading

    @work(exclusive=True, group="read")
    async def read(self, which: str) -> None:
        """Ask for the newest entries, or for the page before or after those held."""
        client, window = self.locker.client, self._window
        if client is None:
            self._begun = False  # asked again when somebody answers
            return
        self._reading = True
        try:
            if which == "older" and window.entries:
                await self._read_older(client)
            elif which == "newer" and window.entries:
                await self._read_newer(client)
            else:
                await self._read_newest(client)
        except LockerError as error:
            self.notify(str(error), severity="error", markup=False)
        finally:
            self._reading = False
        self._take_news()
        self._show_shifted(0)

    async def _read_newest(self, client: ApiClient) -> None:
        last = self._bounds[1]
        before = None if last is None else last + 1
        limit = JOURNAL_LIMIT_MOST if self._wanted.subject else PAGE
        page = await self._page(client, before=before, limit=limit)
        self._window.begin(self._of_page(page), whole_beginning=self._reaches_beginning(page, limit))
        newest = self.store.entries[-1] if self.store.entries else None
        self._seen = None if newest is None else key(newest)
        self._take_since(page.entries[-1] if page.entries else None)
        self.query_one(Entries).follows = True

    async def _read_older(self, client: ApiClient) -> None:
        page = await self._page(client, before=self._window.entries[0].sequence, limit=PAGE)
        beginning = self._reaches_beginning(page, PAGE)
        self._show_shifted(self._window.add_older(self._of_page(page), whole_beginning=beginning))

    async def _read_newer(self, client: ApiClient) -> None:
        page = await self._page(client, after=self._window.entries[-1].sequence, limit=PAGE)
        last = self._bounds[1]
        end = not page.more or (last is not None and page.entries[-1].sequence >= last)
        self._show_shifted(-self._window.turn_page(self._of_page(page), whole_end=end))

    async def _page(
        self, client: ApiClient, *, limit: int, before: int | None = None, after: int | None = None
    ) -> JournalPage:
        wanted = self._wanted
        return await client.journal(
            before=before, after=after, limit=limit, subject=wanted.subject, kind=wanted.kind
        )

    def _of_page(self, page: JournalPage) -> list[JournalEntryView]:
        """Leave out what lies before the time that is wanted, or is not wanted."""
        first = 0 if self._wanted.subject else self._bounds[0]
        return [entry for entry in page.entries if entry in self._wanted and entry.sequence >= first]

    def _reaches_beginning(self, page: JournalPage, limit: int) -> bool:
        if self._wanted.subject is not None or len(page.entries) < limit:
            return True
        return page.entries[0].sequence <= max(1, self._bounds[0])

    def _take_news(self) -> None:
        """Add what the stream told; where it left something out, ask anew."""
        fresh: list[JournalEntryView] = []
        for entry in reversed(self.store.entries):
            if self._seen is not None and key(entry) <= self._seen:
                break
            fresh.append(entry)
        fresh.reverse()
        if not fresh or self._reading:
            return
        gap = self._seen is not None and key(fresh[0]) not in (
            (self._seen[0], self._seen[1] + 1),
            (self._seen[0] + 1, 1),
        )
        self._seen = key(fresh[-1])
        follow = self.query_one(Entries).follows
        if gap:
            if follow:
                self.read("newest")
            else:
                self._window.whole_end = False
        elif self._window.whole_end:
            self._window.add_newer((e for e in fresh if e in self._wanted), follow=follow)

    def _take_since(self, last: JournalEntryView | None) -> None:
        """Add what the stream told while a page was on its way."""
        since = [e for e in self.store.entries if (last is None or key(e) > key(last)) and e in self._wanted]
        self._window.add_newer(since, follow=True)

    # -- painting

    def _show_shifted(self, lines: int) -> None:
        if self.store.status is not None:
            self._show_list(self.store.status, lines)

    def _show_list(self, status: Status, shifted: int = 0) -> None:
        entries = self.query_one(Entries)
        entries.show_window(journal=status.journal, shifted=shifted)
        head = wanted_line(self._wanted, self.words)
        if not self._window.entries:
            tail = self.words("journal.reading" if self._reading else "journal.none")
        elif entries.follows:
            tail = self.words("journal.follows")
        else:
            tail = self.words("journal.stands", count=len(self._window.entries))
        self.query_one("#wanted", Painted).say(f"{head} │ {tail}")

    @on(Entries.Moved)
    def _show_chosen(self) -> None:
        status, chosen = self.store.status, self.query_one(Entries).chosen
        text = ""
        if status is not None and chosen is not None:
            text = "\n".join(details(chosen, status.journal, self.words))
        self.query_one("#entry-text", Painted).say(text)

    @on(Entries.Opened)
    def _open(self) -> None:
        status, chosen = self.store.status, self.query_one(Entries).chosen
        if status is not None and chosen is not None:
            text = "\n".join(details(chosen, status.journal, self.words))
            self.app.push_screen(Tell(number(chosen), text, self.words))

    @on(Entries.Wants)
    def _fetch(self, event: Entries.Wants) -> None:
        if not self._reading:
            self.read(event.which)

    # -- which ones

    @work(exclusive=True, group="ask")
    async def action_kind(self) -> None:
        """Let somebody choose a kind."""
        question = Choose(
            self.words("journal.kind-title"),
            self.words("journal.kind-text"),
            self.words,
            choices=[(EVERY_KIND, self.words("journal.kind-all")), *kinds(self.words)],
        )
        kind = await self.app.push_screen_wait(question)
        if kind is not None:
            self._want(replace(self._wanted, kind=None if kind == EVERY_KIND else kind))

    @work(exclusive=True, group="ask")
    async def action_parcel(self) -> None:
        """Ask for a tracking id."""
        typed = await self.ask_text(
            self.words("journal.parcel-title"), self.words("journal.parcel-text"), pattern=f"|{TRACKING_ID}"
        )
        if typed is not None:
            self._want(replace(self._wanted, subject=self._parcel_meant(typed) or None))

    @work(exclusive=True, group="ask")
    async def action_time(self) -> None:
        """Ask for a beginning and an end."""
        ends: dict[str, datetime | None] = {}
        for name in ("from", "until"):
            title, text = self.words(f"journal.{name}-title"), self.words(f"journal.{name}-text")
            typed = await self.ask_text(title, text, pattern="|.+")
            if typed is None:
                return
            ends[name] = read_time(typed, end=name == "until") if typed else None
            if typed and ends[name] is None:
                await self.tell(title, self.words("journal.no-time", typed=typed))
                return
        from_at, until_at = ends["from"], ends["until"]
        if from_at is not None and until_at is not None and until_at < from_at:
            await self.tell(self.words("journal.until-title"), self.words("journal.wrong-order"))
            return
        client = self.locker.client
        if client is None:
            return
        try:
            first = 0 if from_at is None else await client.first_since(from_at)
            last = None if until_at is None else await client.first_since(until_at) - 1
        except LockerError as error:
            await self.refused(error)
            return
        self._want(replace(self._wanted, from_at=from_at, until_at=until_at), (first, last))

    def _parcel_meant(self, typed: str) -> str:
        """Complete the end of a tracking id, where only one parcel has it."""
        ending = [known for known in self.store.parcels if typed and known.endswith(typed.upper())]
        return typed if typed in self.store.parcels else ending[0] if len(ending) == 1 else typed.upper()

    def action_everything(self) -> None:
        """Show all entries again."""
        self._want(Wanted(), (0, None))

    def _want(self, wanted: Wanted, bounds: tuple[int, int | None] | None = None) -> None:
        self._wanted = wanted
        self._bounds = self._bounds if bounds is None else bounds
        self._window.begin((), whole_beginning=False)
        self.read("newest")

    # -- the chain, and evidence

    @work(exclusive=True, group="verify")
    async def action_verify(self) -> None:
        """Let the daemon check its journal."""
        client, chain = self.locker.client, self.query_one("#chain", Painted)
        if client is None:
            return
        chain.set_class(False, "bad")
        chain.say(self.words("journal.chain-asked", at=self._now()))
        try:
            report = await client.verify()
        except LockerError as error:
            chain.say(self.words("journal.chain-unknown"))
            await self.refused(error)
            return
        chain.set_class(report.first_bad is not None, "bad")
        chain.say(chain_text(report, self._now(), self.words))
        if report.first_bad is not None:
            bad = report.first_bad
            told = self.words(
                "journal.chain-bad-help", entry=f"{bad.epoch}-{bad.sequence}", reason=bad.reason
            )
            await self.tell(self.words("journal.chain-bad-title"), told)

    @work(exclusive=True, group="ask")
    async def action_evidence(self) -> None:
        """Write the evidence of one parcel into a new file."""
        title = self.words("journal.evidence-title")
        chosen = self.query_one(Entries).chosen
        tracking_id = chosen.subject if chosen is not None else None
        if tracking_id is None:
            typed = await self.ask_text(title, self.words("journal.evidence-parcel"), pattern=TRACKING_ID)
            tracking_id = self._parcel_meant(typed or "") or None
        client = self.locker.client
        if tracking_id is None or client is None:
            return
        try:
            evidence = await client.evidence(tracking_id)
        except LockerError as error:
            await self.refused(error)
            return
        usual = Path.cwd() / f"{tracking_id}.evidence.json"
        question = f"{tracking_id}\n\n{self.words('journal.evidence-path', file=usual)}"
        typed = await self.ask_text(title, question, pattern="|.+")
        if typed is None:
            return
        file = file_meant(typed, usual)
        try:
            write_new(file, evidence.as_file())
        except FileExistsError:
            told = self.words("journal.evidence-exists", file=file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            told = self.words("journal.evidence-failed", file=file, reason=reason)
        else:
            told = self.words("journal.evidence-done", file=file, count=len(evidence.entries))
        await self.tell(title, told)

    def _now(self) -> str:
        return instant(datetime.now(UTC))


def file_meant(typed: str, usual: Path) -> Path:
    """Return the file that somebody typed, from the working directory or `~`; nothing means the usual one."""
    return usual.parent / os.path.expanduser(typed) if typed else usual  # noqa: PTH111 - knows what it cannot expand


def kinds(words: Words) -> list[tuple[str, str]]:
    """Return every kind of entry with its name, by name."""
    found = (text.removeprefix("entry.") for text in texts_in(words.language) if text.startswith("entry."))
    return sorted(((kind, words.term("entry", kind)) for kind in found), key=lambda each: each[1])


def sync_text(status: Status, words: Words) -> str:
    """Tell how far the journal has gone up, and whether the clock is believed."""
    journal, clock = status.journal, status.clock
    if status.link_connected:
        link = words("journal.link-up", broker=status.broker)
    else:
        link = words("journal.link-down", broker=status.broker)
        link += f": {status.link_trouble}" if status.link_trouble else ""
    trust = words.term("trust", clock.trust)
    told = words("journal.clock-doubted") if clock.doubted else words("journal.clock", trust=trust)
    sync = words(
        "journal.sync",
        last=f"{journal.epoch}-{journal.last_sequence}",
        through=journal.acknowledged_through,
        waiting=journal.unacknowledged,
    )
    parked = [words("journal.parked", count=journal.parked)] if journal.parked else []
    return "\n".join([f"{link} │ {told}", sync, *parked])


def chain_text(report: VerifyReport, at: str, words: Words) -> str:
    """Tell what a verification found."""
    bad, head = report.first_bad, f"{report.head.epoch}-{report.head.sequence}"
    if bad is not None:
        entry = f"{bad.epoch}-{bad.sequence}"
        return words("journal.chain-bad", entry=entry, reason=bad.reason, count=report.checked, at=at)
    good = words("journal.chain-good", count=report.checked, head=head, at=at)
    if report.first <= 1:
        return good
    return f"{good}; {words('journal.chain-pruned', first=f'{report.epoch}-{report.first}')}"
