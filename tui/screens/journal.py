"""The screen "journal"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class JournalScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "journal"
