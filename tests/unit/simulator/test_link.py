"""The link that leads to the socket of the demo's daemon."""

from pathlib import Path

import pytest

from simulator.cli import MisusedError, linked


def test_a_link_leads_there_for_a_while_also_where_a_killed_demo_left_one(tmp_path: Path) -> None:
    link, target = tmp_path / "run" / "lockerd.sock", tmp_path / "socket"
    target.write_text("here")
    link.parent.mkdir()
    link.symlink_to(tmp_path / "gone")
    with linked(link, target):
        assert link.read_text() == "here"
    assert not link.is_symlink()


def test_nothing_is_lost_where_something_else_stands(tmp_path: Path) -> None:
    link = tmp_path / "lockerd.sock"
    link.write_text("mine")
    with pytest.raises(MisusedError, match="choose another place"), linked(link, tmp_path / "socket"):
        pass
    assert link.read_text() == "mine"
