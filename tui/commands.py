"""The list of commands: every screen and compartment by its name, and what else can be done everywhere."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from tui.screens.search import described
from tui.widgets.bars import TABS

if TYPE_CHECKING:
    from tui.app import LockerTui

BOXES_MOST = 20


class LockerCommands(Provider):
    """Finds screens, compartments and the keys that work everywhere."""

    async def discover(self) -> Hits:
        """Offer everything but the compartments."""
        for name, deed in self._deeds():
            yield DiscoveryHit(name, deed)

    async def search(self, query: str) -> Hits:
        """Offer what matches; a compartment that is meant exactly comes first."""
        app = cast("LockerTui", self.app)
        words = app.words
        # What a person says before the label is not part of it.
        wanted = query.lower().removeprefix(words("search.compartment").lower()).strip()
        for place, label in enumerate(app.store.find(wanted)[:BOXES_MOST]):
            yield Hit(1 - place / 1000, described(label, app, words), self._going_to(label))
        matcher = self.matcher(query)
        for name, deed in self._deeds():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), deed)

    def _deeds(self) -> Iterable[tuple[str, IgnoreReturnCallbackType]]:
        app = cast("LockerTui", self.app)
        for number, name in enumerate(TABS, 1):
            yield f"{number} {app.words(f'tabs.{name}')}", self._showing(name)
        yield app.words("search.title"), app.action_search
        yield app.words("commands.help"), app.action_help
        yield app.words("commands.light"), app.action_turn_light
        yield app.words("commands.language"), app.action_turn_language
        yield app.words("commands.quit"), app.action_quit

    def _showing(self, name: str) -> IgnoreReturnCallbackType:
        app = cast("LockerTui", self.app)

        async def show() -> None:
            await app.action_matter(name)

        return show

    def _going_to(self, label: str) -> IgnoreReturnCallbackType:
        app = cast("LockerTui", self.app)

        async def go() -> None:
            await app.go_to(label)

        return go
