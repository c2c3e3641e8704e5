"""A goods sensor may be an input that has no lock; a lock may not."""

from pathlib import Path

import pytest

from locker.config import load
from tests.unit.config.sample import SAMPLE, only_fault_of, write

CU16 = SAMPLE.replace('family = "xor-bcc"', 'family = "kerong-cu16"').replace(
    "channels = 24", "channels = 12\nitems = true"
)
SEVEN = '[[compartments]] "7"'


@pytest.mark.parametrize("channel", [8, 17, 32])
def test_a_goods_sensor_may_be_any_contact_of_its_board(tmp_path: Path, channel: int) -> None:
    text = CU16.replace("channel = 7", f"channel = 7\ngoods_channel = {channel}")
    assert load(write(tmp_path, text), {}).compartments[1].goods_channel == channel


@pytest.mark.parametrize("channel", [13, 16, 33])
def test_a_contact_that_the_board_has_not_is_refused(tmp_path: Path, channel: int) -> None:
    fault = only_fault_of(tmp_path, CU16.replace("channel = 7", f"channel = 7\ngoods_channel = {channel}"))
    assert fault.where == f"{SEVEN} goods_channel"
    assert f"channel {channel} is beyond" in fault.what
    assert "1 to 12 or one of its sensors, 17 to 32" in fault.remedy


def test_without_item_sensors_there_are_none(tmp_path: Path) -> None:
    text = CU16.replace("items = true", "").replace("channel = 7", "channel = 7\ngoods_channel = 17")
    assert only_fault_of(tmp_path, text).where == f"{SEVEN} goods_channel"


def test_a_lock_is_never_on_a_sensor(tmp_path: Path) -> None:
    fault = only_fault_of(tmp_path, CU16.replace("channel = 7", "channel = 17"))
    assert fault.where == f"{SEVEN} channel"
    assert "sensors" not in fault.remedy
