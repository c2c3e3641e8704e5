"""What the README shows of the fixture `locker_sim` runs as it stands there, in a suite of somebody else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.pictures import README

LONGEST_EXAMPLE = 10


@pytest.mark.broker
@pytest.mark.timeout(120)
def test_the_example_of_the_readme_passes(tmp_path: Path) -> None:
    shown = re.search(r"<!-- fixture -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert len(shown[1].splitlines()) <= LONGEST_EXAMPLE
    (tmp_path / "test_example.py").write_text(shown[1], encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
            "-n",
            "1",
            "-W",
            "error",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
