"""A pty that is gone after the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.drivers.support import PtyDevice


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[PtyDevice]:
    made = PtyDevice(tmp_path / "board")
    yield made
    made.unplug()
