"""The question after a door: what lies inside? Asked until it is answered, or left for later."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Button

from locker.api.maintenance_schema import Asked, FoundAsked, VerdictName
from tui.widgets.dialogs import Dialog

if TYPE_CHECKING:
    from tui.screens.base import LockerScreen

VERDICTS: tuple[VerdictName, ...] = ("empty", "parcel", "dirty", "damaged")


class Found(Dialog[VerdictName]):
    """Four answers, none of them the default; Escape leaves it for later."""

    BINDINGS: ClassVar = [
        Binding("e,t", "answer('empty')", "empty", show=False),
        Binding("p", "answer('parcel')", "parcel", show=False),
        Binding("d,l", "answer('dirty')", "dirty", show=False),
        Binding("b,v", "answer('damaged')", "damaged", show=False),
        Binding("left,up", "app.focus_previous", "other", show=False),
        Binding("right,down", "app.focus_next", "other", show=False),
    ]
    DEFAULT_CSS = """
    Found #dialog-answers Button { min-width: 10; width: 1fr; margin: 0; }
    """
    AUTO_FOCUS = ""
    ROWS_AROUND: ClassVar[int] = 9

    def compose_answers(self) -> ComposeResult:
        """Draw the answers."""
        with Horizontal(id="dialog-answers"):
            for verdict in VERDICTS:
                yield Button(self.words(f"found.{verdict}"), id=verdict)

    def action_answer(self, verdict: VerdictName) -> None:
        """Take the answer."""
        self.dismiss(verdict)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(next(verdict for verdict in VERDICTS if verdict == event.button.id))


async def ask_found(screen: "LockerScreen", label: str) -> bool:
    """Ask what lies in a compartment and tell the daemon; False if nobody says. To be called in a worker."""
    words = screen.words
    title = words("found.title", label=label)
    while True:
        box = screen.store.compartments.get(label)
        if box is None:
            return False  # the daemon came back with another cabinet
        expected = box.tracking_id
        known = words("found.expected", parcel=expected) if expected else words("found.nothing-expected")
        question = f"{known}\n{words('found.question')}"
        verdict = await screen.answer_of(Found(title, question, words))
        if verdict is None:
            return False
        named: str | None = None
        if verdict == "parcel":
            question = words("found.which", parcel=expected) if expected else words("found.which-unknown")
            named = await screen.ask_text(title, question, pattern=r"[A-Za-z0-9]{0,35}")
            if named is None:
                continue
        if await screen.maintain(_saying(label, verdict, named or None)) is not None:
            return True


def _saying(label: str, verdict: VerdictName, tracking_id: str | None) -> Callable[[str], Asked]:
    return lambda technician: FoundAsked(
        technician=technician, compartment=label, verdict=verdict, tracking_id=tracking_id
    )
