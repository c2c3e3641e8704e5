"""Which families of devices there are, and what each lets one set; makes and opens nothing."""

from collections.abc import Mapping
from typing import Any

from drivers.registry import DISPLAYS, KEYPADS, LOCK_BOARDS, SCANNERS

BOARD_SETTINGS: Mapping[str, type[Any]] = {name: family.settings for name, family in LOCK_BOARDS.items()}
NEVER_BESIDE: Mapping[str, Mapping[str, range]] = {
    name: family.never_beside for name, family in LOCK_BOARDS.items()
}
"""Families that must not share a line with boards of a family at these of its addresses."""
KEYPAD_SETTINGS: Mapping[str, type[Any]] = {name: family.settings for name, family in KEYPADS.items()}
DISPLAY_SETTINGS: Mapping[str, type[Any]] = {name: family.settings for name, family in DISPLAYS.items()}
KEYPAD_PACKAGES: Mapping[str, str] = {
    name: family.package for name, family in KEYPADS.items() if family.package is not None
}
"""What has to be installed besides for a family, by the name of the package and of our extra."""
SCANNER_SETTINGS: Mapping[str, type[Any]] = {name: family.settings for name, family in SCANNERS.items()}
