"""The panel's three texts: codes to try, the next steps, and the journal at the back office."""

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from simulator.front.arrivals import Arrivals, kind_of
from simulator.front.book import PersonLine, digits
from simulator.front.guide import next_step
from simulator.front.scripts import Step
from simulator.front.showing import EntryShown

_ROOM_FOR_IDS = 60
_ROOM_FOR_STATES = 37
_NARROWEST = 19
_SUBJECT = 22
_ALARMS = (
    "incident.raised", "security", "deposit.abandoned", "removal.abandoned", "parcel.attempted",
    "parcel.missing", "command.refused", "journal",
)  # fmt: skip
THEN_TRY = (
    "a wrong code; digits without C first",
    "leave a door open for a minute",
    "jam a door (space, j), type its code",
    "cut the power (k) with a door open",
    "stop the broker (b), pick up offline",
    "unplug the locks (l), plug in again",
    "8 days later (w m): the code is too old",
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
        """Draw these people; where there is room, a parcel stands beside its person."""
        text = Text()
        lines = people_lines(people, self.size.width)
        for line in lines:
            text.append(f"{line}\n", "" if line.startswith(" ") else "bold")
        # More people than lines: say which key shows all.
        self.border_subtitle = "e: everybody" if len(lines) > self.size.height else ""
        self.say(text)


def people_lines(people: Sequence[PersonLine], width: int) -> list[str]:
    """Everybody with the codes to type, and how far their parcels are, in as many words as there is room."""
    lines: list[str] = []
    for person in people:
        head = f"{person.name:<12}{person.code:<6}"
        if width < _ROOM_FOR_STATES:
            lines.append(head.rstrip())
            lines += [f" {typed} {brief}"[-_NARROWEST:] for typed, brief, _ in person.parcels]
            continue
        for typed, brief, told in person.parcels:
            line = f"{head} {typed} {told}"
            lines.append(line if len(line) <= width else f"{head} {typed} {brief}")
            head = " " * len(head)
        if not person.parcels:
            lines.append(head.rstrip())
    return lines


class Steps(Quiet):
    """What to do next; what happened is ticked."""

    def __init__(self) -> None:
        super().__init__("steps", "what to do")

    def show(self, title: str, steps: Sequence[Step]) -> None:
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
        self.border_title = f"{title}: done! now try" if done else f"what to do: {title}"
        self.border_subtitle = "g: another role"
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
        kind, about, more = _told(entry)
        label = entry.data.get("compartment")
        where = f" ({label})" if label else ""
        if width < _ROOM_FOR_IDS:
            mark = "✓" if verdict == "verified" else "!" + verdict
            room = width - 13
            if len(kind) + len(where) <= room:
                kind += where
            elif len(kind) > room:
                verb, _, command = kind.partition(" ")
                kind = f"{verb} {command.rpartition('.')[2]}".rstrip()[:room]
            typed = digits(about)[-4:] if about else ""
            line = f"{entry.sequence:>4} {kind:<{room}} {typed:>4} {mark}\n"
            return line + (f"{'':>5}{more[: width - 5]}\n" if more else "")
        mark = f"✓ {verdict}" if verdict == "verified" else f"! {verdict}"
        room = max(24, width - 20 - _SUBJECT)
        told = f"{kind}{where}: {more}" if more else f"{kind}{where}"
        return f"{entry.sequence:>4} {told[: room - 1]:<{room}}{about:<{_SUBJECT}} {mark}\n"

    @staticmethod
    def _style(entry: EntryShown) -> str:
        kind = kind_of(entry)
        if kind.startswith(_ALARMS):
            return "bold red"
        return "bold green" if kind.startswith("parcel.") else ""


def _told(entry: EntryShown) -> tuple[str, str, str]:
    """What an entry is called, what it is about, and what there is to say of it besides."""
    kind, about, data = kind_of(entry), entry.subject or "", entry.data
    match kind:
        case "command.applied":
            return f"applied {data.get('command')}", about, ""
        case "command.refused":
            what = f"{data['more']} more" if "more" in data else data.get("command", "what is no command")
            return f"refused {what}", about, str(data.get("reason"))
        case "incident.raised":
            return kind, about, f"{data.get('number')}: {data.get('incident')} {data.get('about')}"
        case "mode.changed":
            return f"mode {data.get('after')}", about, ""
        case _:
            return kind, about, ""
