"""A parcel's evidence from a real daemon, believed by the key that it was enrolled with."""

import json
import subprocess
import sys
from pathlib import Path

from simulator.locker_sim import LockerSim

LIMIT_S = 60


def lockerctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "locker.ctl", *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_a_handover_is_proved_without_the_daemon(locker_sim: LockerSim, tmp_path: Path) -> None:
    parcel = locker_sim.deliver()
    locker_sim.collect(parcel)
    file = tmp_path / "evidence.json"

    written = lockerctl(
        "--socket", str(locker_sim.socket), "evidence", parcel.tracking_id, "--output", str(file)
    )
    checked = lockerctl(
        "verify", "--file", str(file), "--public-key", str(locker_sim.enrolment_file), "--json"
    )

    assert written.returncode == 0, written.stderr
    assert checked.returncode == 0, checked.stdout
    report = json.loads(checked.stdout)
    assert (report["grade"], report["key_from"], report["tracking_id"]) == ("A", "given", parcel.tracking_id)
    signed = {entry.payload.decode() for entry in locker_sim.journal(subject=parcel.tracking_id)}
    assert signed == set(json.loads(file.read_text())["entries"])
