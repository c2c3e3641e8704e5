"""Every rule that `python -m tests.properties.sabotage` breaks is where it says."""

import pytest

from tests.properties.sabotage import ROOT
from tests.properties.sabotages import SABOTAGES, Sabotage
from tests.properties.sabotages_at_socket import AT_SOCKET


@pytest.mark.parametrize("sabotage", [*SABOTAGES, *AT_SOCKET], ids=lambda each: each.name)
def test_a_sabotage_has_its_one_place(sabotage: Sabotage) -> None:
    source = (ROOT / "locker" / "domain" / sabotage.file).read_text(encoding="utf-8")
    assert source.count(sabotage.before) == 1
