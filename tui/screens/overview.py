"""The screen "overview"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class OverviewScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "overview"
