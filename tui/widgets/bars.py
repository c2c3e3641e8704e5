"""The bars around every screen: tabs, the line about the automat, the banner, the keys."""

from textual import events
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from tui.store import Store
from tui.telling import plain
from tui.words import Words

TABS = ("overview", "wall", "incidents", "journal", "lines", "tests", "audit", "commission")
REMARK_S = 5.0


class Painted(Static):
    """A line of text that is painted only when it changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        """Show nothing yet."""
        super().__init__("", id=id, classes=classes, markup=False)
        self._shown = ""

    def say(self, text: str) -> None:
        """Show a text."""
        if text != self._shown:
            self._shown = text
            self.update(plain(text))


class Tabs(Painted):
    """The numbers of the screens; a click goes there. The lit one stands in brackets as well."""

    class Chosen(Message):
        """Somebody clicked a tab."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, lit: str) -> None:
        """Light one."""
        super().__init__(id="tabs")
        self._lit = lit
        self._ends: list[tuple[int, str]] = []

    def show(self, store: Store, words: Words) -> None:
        """Write the tabs, shortened to the width that there is; how many incidents are open always stands."""
        names = [f"{number} {words(f'tabs.{name}')}" for number, name in enumerate(TABS, 1)]
        counts = [_count(name, store) for name in TABS]
        room = (self.size.width or 80) - len(TABS) - 1 - sum(map(len, counts))
        longest = max(map(len, names))
        while sum(map(len, names)) > room and longest > 3:
            longest -= 1
            names = [name if len(name) <= longest else name[: longest - 1] + "." for name in names]
        names = [name + count for name, count in zip(names, counts, strict=True)]
        text, self._ends = "", []
        for name, shown in zip(TABS, names, strict=True):
            text += ("[" if name == self._lit else "" if text.endswith("]") else " ") + shown
            text += "]" if name == self._lit else ""
            self._ends.append((len(text), name))
        self.say(text)

    def on_click(self, event: events.Click) -> None:
        """Go where the click points."""
        name = next((name for end, name in self._ends if event.x < end), None)
        if name is not None:
            self.post_message(self.Chosen(name))


class TopLine(Painted):
    """Which automat this is, how it is, and as whom we look at it."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__(id="topline")

    def show(self, store: Store, words: Words, technician: str) -> None:
        """Write the line, with the technician's own id once it is known."""
        status, greeting = store.status, store.greeting
        if status is None:
            self.say("")
            return
        link = words("common.link-up" if status.link_connected else "common.link-down")
        parts = [
            f"{status.automat_id} {status.name}",
            words.term("mode", status.mode),
            link,
            f"{status.clock.wall_at:%H:%M}Z",
        ]
        if greeting is not None:
            own_id = f" {technician}" if technician and store.may_act else ""
            role = words.term("role", greeting.role)
            parts.append(f"{greeting.user.partition(' ')[0]}, {role}{own_id}")
        self.say(" " + " │ ".join(parts))


class Banner(Painted):
    """Says that nobody answers, and why; takes no room otherwise."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__(id="banner")
        self.display = False

    def show(self, store: Store, words: Words) -> None:
        """Appear or vanish."""
        self.display = store.lost is not None
        if store.lost is not None:
            self.say(f" ! {words('common.lost')} {store.lost}")


class Keys(Painted):
    """What the keys do here."""

    def __init__(self, text: str) -> None:
        """Show a text."""
        super().__init__(id="keys")
        self._text = text
        self._remark: Timer | None = None

    def on_mount(self) -> None:
        """Write it."""
        self.back()

    def instead(self, text: str) -> None:
        """Say why they do nothing."""
        self.say(f" {text}")

    def remark(self, text: str) -> None:
        """Say for a while what a key did: nothing of the screen is covered."""
        if self._remark is not None:
            self._remark.stop()
        self.say(f" {text}")
        self._remark = self.set_timer(REMARK_S, self._remarked)

    def back(self) -> None:
        """Say what they do again, unless a remark stands there."""
        if self._remark is None:
            self.say(f" {self._text}")

    def _remarked(self) -> None:
        self._remark = None
        self.back()


def _count(name: str, store: Store) -> str:
    return f"({len(store.incidents)})" if name == "incidents" and store.incidents else ""
