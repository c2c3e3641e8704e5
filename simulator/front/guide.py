"""What to try: a script for each role, ticked by what happened, and the parcels that are at hand. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from simulator.front.book import Book, PersonLine
from simulator.front.scripts import Step, Verdicts, scripts
from simulator.front.showing import EntryShown, PersonShown
from simulator.world import DoorView


class Guide:
    """All scripts go on with what happens; one is shown."""

    def __init__(self, people: Iterable[PersonShown]) -> None:
        self.book = Book(people)
        self._scripts = scripts(self.book)
        self._chosen = 0

    @property
    def current(self) -> str | None:
        """The tracking id that the steps speak of; None if nobody expects a parcel."""
        return self._scripts[self._chosen].wanted(self.book)

    @property
    def title(self) -> str:
        """Whose script is shown."""
        return self._scripts[self._chosen].title

    @property
    def titles(self) -> list[str]:
        """All scripts."""
        return [script.title for script in self._scripts]

    def turn(self) -> None:
        """Show the next script."""
        self._chosen = (self._chosen + 1) % len(self._scripts)

    def note(self, entry: EntryShown) -> None:
        """Take in what the back office has received."""
        self.book.note(entry)
        for script in self._scripts:
            script.note(entry, self.book)

    def steps(self, doors: Mapping[str, DoorView], verdict: Verdicts) -> list[Step]:
        """The steps of the script that is shown."""
        return self._scripts[self._chosen].steps(self.book, doors, verdict)

    def people(self) -> list[PersonLine]:
        """Everybody once, with the codes to type; whom the script needs comes first."""
        return self.book.people(self._scripts[self._chosen].roles)

    def bag(self, doors: Mapping[str, DoorView]) -> list[str]:
        """Tracking ids that lie in no compartment; the one that is needed now comes first."""
        return self.book.bag(doors, self.current)


def next_step(steps: Sequence[Step]) -> int | None:
    """The index of the first step still to be done."""
    return next((index for index, step in enumerate(steps) if not step.done), None)
