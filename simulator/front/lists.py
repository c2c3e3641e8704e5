"""The panel's three texts: codes to try, the next steps, and the journal at the back office."""

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from simulator.front.arrivals import Arrivals, kind_of
from simulator.front.guide import PersonLine, Step, digits, next_step
from simulator.front.showing import EntryShown

_ROOM_FOR_IDS = 60
_ALARMS = ("incident.raised", "security", "deposit.abandoned", "parcel.attempted", "journal")
THEN_TRY = (
    "a wrong code; digits without C first",
    "leave a door open for a minute",
    "jam a door (space, j), type its code",
    "cut the power (k) with a door open",
    "stop the broker (b), pick up offline",
    "unplug the locks (l), plug in again",
    "8 days later (m): the code is too old",
)


class Quiet(Widget):
    """A text that is redrawn only when it says something else."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(id=name)
        self._text = Text()
        self.border_title = title

    def render(self) -> Text:
        return self._text

    def say(self, text: Text) -> None:
        """Show this text."""
        text.no_wrap, text.overflow, text.end = True, "ellipsis", ""
        if text != self._text or text.spans != self._text.spans:
            self._text = text
            self.refresh()


class People(Quiet):
    """Who may come, with the code to type, and how far each parcel is."""

    def __init__(self) -> None:
        super().__init__("people", "codes to try")

    def show(self, people: Sequence[PersonLine]) -> None:
        """Draw these people."""
        text = Text()
        for person in people:
            text.append(f"{person.name:<12}{person.code}\n", "bold")
            for typed, state in person.parcels:
                text.append(f" {typed} {state}\n", "dim" if state == "collected" else "")
        self.say(text)


class Steps(Quiet):
    """What to do next; what happened is ticked."""

    def __init__(self) -> None:
        super().__init__("steps", "what to do")

    def show(self, steps: Sequence[Step]) -> None:
        """Draw these steps, and further ideas where there is room."""
        coming = next_step(steps)
        done = bool(steps) and coming is None
        text = Text()
        if done and self.size.height <= len(steps) + len(THEN_TRY):
            text.append(f"✓ 1 to {len(steps)}. {steps[-1].text}\n", "bold")
        else:
            for index, step in enumerate(steps):
                mark = "✓" if step.done else "▶" if index == coming else " "
                style = "bold reverse" if index == coming else "dim" if step.done else ""
                text.append(f"{mark} {index + 1} {step.text}\n", style)
            text.append("Or try at any time:\n", "italic")
        text.append("".join(f"  - {idea}\n" for idea in THEN_TRY))
        self.border_title = "done! now try" if done else "what to do"
        self.say(text)


class Journal(Quiet):
    """The newest entries at the back office, the newest at the top."""

    def __init__(self) -> None:
        super().__init__("journal", "journal at the back office")

    def show(self, arrivals: Arrivals, unproven: int) -> None:
        """Draw as many of the newest entries as there is room for."""
        text = Text()
        for entry in arrivals.newest(max(1, self.size.height)):
            text.append(self._line(entry, arrivals.verdict(entry)), self._style(entry))
        self.border_subtitle = f"{unproven} messages refused" if unproven else "✓ verified, newest first"
        self.say(text)

    def _line(self, entry: EntryShown, verdict: str) -> str:
        width = self.size.width
        if width < _ROOM_FOR_IDS:
            subject = digits(entry.subject)[-4:] if entry.subject else ""
            mark = "✓" if verdict == "verified" else "!" + verdict
            kind = kind_of(entry)[: width - 13]
            return f"{entry.sequence:>4} {kind:<{width - 13}} {subject:>4} {mark}\n"
        subject = entry.subject or ""
        mark = f"✓ {verdict}" if verdict == "verified" else f"! {verdict}"
        return f"{entry.sequence:>4} {kind_of(entry):<24} {subject:<22} {mark}\n"

    @staticmethod
    def _style(entry: EntryShown) -> str:
        kind = kind_of(entry)
        if kind.startswith(_ALARMS):
            return "bold red"
        return "bold green" if kind.startswith("parcel.") else ""
