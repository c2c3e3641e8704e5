"""The screen "wall"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class WallScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "wall"
