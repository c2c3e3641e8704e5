"""F4: on a full disk deposits are refused and pick-ups go on, recorded to the last one."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from simulator.stories.perform import perform
from simulator.stories.stage import Stage
from simulator.stories.story import Story
from simulator.transcript import Line

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

DISK_MIB = 96


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A directory in whose place for the automat a small file system of its own is mounted."""
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: mounting a small file system needs root")
    with tempfile.TemporaryDirectory(prefix="disk-", ignore_cleanup_errors=True) as made:
        automat = Path(made) / "full" / "automat"
        automat.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(automat)]
        if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
            pytest.skip("NOT RUN: this machine does not let us mount a small file system")
        try:
            yield Path(made) / "full"
        finally:
            subprocess.run(["umount", "--lazy", str(automat)], check=True)


def fill(directory: Path) -> None:
    """Write until nothing more fits."""
    with (directory / "somebody-elses.log").open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass


async def collects_and_cannot_deliver(stage: Stage) -> None:
    parcel = await stage.deliver()
    courier = await stage.hire()
    late = await stage.demo.announce("recipient 2", "S")
    fill(stage.demo.place.directory)
    await stage.expect_entry("incident.raised", incident="storage-low")

    await stage.type(f"C {courier.code} OK")
    await stage.see_display("Scan label, or type last digits")
    await stage.type(f"{(late.tracking_id or '')[-8:]} OK")
    await stage.see_display("No parcels can be left here now.")
    await stage.expect_entry("deposit.refused", subject=late.tracking_id, reason="storage-low")
    await stage.type("C")
    await stage.see_display("You are signed out.")

    await stage.pick_up(parcel)


async def test_a_full_disk_refuses_deposits_and_keeps_pickups_possible(small_disk: Path) -> None:
    lines: list[Line] = []
    story = Story("full-disk", "deposits are refused, pick-ups go on", collects_and_cannot_deliver)
    came_true = await perform(story, small_disk, lines.append)
    assert came_true, [line.text for line in lines if line.kind in ("seen", "failed")][-4:]
