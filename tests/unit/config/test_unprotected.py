"""Boards that no checksum protects are taken only from a configuration that says that it knows."""

from pathlib import Path

from locker.config import load
from tests.unit.config.sample import SAMPLE, only_fault_of, write

WINNSEN = SAMPLE.replace('family = "xor-bcc"', 'family = "winnsen"').replace("channels = 24", "channels = 16")


def test_such_a_board_is_refused_with_the_reason_and_the_remedy(tmp_path: Path) -> None:
    for text in (WINNSEN, WINNSEN.replace("channels = 16", "channels = 16\nunprotected = false")):
        fault = only_fault_of(tmp_path, text)
        assert '[[boards]] "A"' in str(fault)
        assert "without a checksum" in str(fault)
        assert "set unprotected = true to accept that" in str(fault)


def test_such_a_board_is_taken_where_the_configuration_accepts_it(tmp_path: Path) -> None:
    file = write(tmp_path, WINNSEN.replace("channels = 16", "channels = 16\nunprotected = true"))
    (board,) = load(file, {}).boards
    assert board.family_settings()["unprotected"] is True


def test_no_other_family_has_that_key(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, SAMPLE.replace("channels = 24", "channels = 24\nunprotected = true"))
    assert "no `unprotected`" in str(fault)
