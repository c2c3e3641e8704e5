"""The screen "lines"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class LinesScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "lines"
