"""The screen "incidents"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class IncidentsScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "incidents"
