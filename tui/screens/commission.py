"""The screen "commission"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class CommissionScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "commission"
