"""The stand that the panel's tests look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.screens.stand import Stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    running = Stand(tmp_path)
    await running.start()
    yield running
    await running.stop()
