"""The screen "audit"."""

from typing import ClassVar

from tui.screens.base import LockerScreen


class AuditScreen(LockerScreen):
    """Not drawn yet."""

    NAME: ClassVar[str] = "audit"
