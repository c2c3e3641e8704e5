"""The judge of many clock histories: content with the automat, and not where outages cost storage time."""

from pathlib import Path

import pytest

from locker.domain.flows import storage
from tests.faults import histories

SOME = range(1, 41)


def test_clocks_that_leap_and_lose_their_trust_expire_no_parcel_early() -> None:
    judged = histories.live_some(SOME)
    assert [each for each in judged if each.early is not None] == []
    assert any(each.overdue for each in judged), "else nothing is shown"


def test_an_automat_whose_outages_lengthen_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def lengthens_nothing(*_: object, **__: object) -> None:
        pass

    monkeypatch.setattr(storage, "lengthen_all", lengthens_nothing)
    early = [each for each in histories.live_some(SOME) if each.early is not None]
    assert early
    assert "too early" in str(early[0].early)


def test_what_was_tried_is_written_down(tmp_path: Path) -> None:
    written = tmp_path / "clocks.json"
    assert histories.main(["--times", "2", "--seed", "5", "--json", str(written)]) == 0
    assert '"histories": 2' in written.read_text(encoding="utf-8")
