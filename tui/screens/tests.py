"""The screen "tests"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class TestsScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "tests"
