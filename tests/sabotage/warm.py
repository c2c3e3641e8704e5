"""A process that has read pytest and the libraries already, and runs selections of tests in forks of itself.

Of the product and its tests it imports nothing: a fork finds those in the copy that it is told of. It is
run as a file (`python -P warm.py`): one line of JSON comes in for each run, one with the number of its
process goes out when it begins, and one with its exit code when it has ended.
"""

import contextlib
import gc
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import pytest

LIBRARIES = (
    "aiohttp.web",
    "aiomqtt",
    "alembic.command",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "hypothesis.stateful",
    "immutables",
    "joserfc.jws",
    "prometheus_client",
    "pydantic_settings",
    "rfc8785",
    "serial",
    "sqlmodel",
    "textual.app",
)
"""Whatever is missing here is only slower."""
OURS = ("-p", "no:locker_sim")
"""The product's own plugin, which comes from a copy, too."""
READING_IN = f"""
import contextlib, importlib
for name in {LIBRARIES!r}:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""


def main() -> int:
    """Serve until the input ends."""
    # By way of pytest, which wants to be there when its plugins and what they need are read in.
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        Path(directory, "test_reading_in.py").write_text(READING_IN, encoding="utf-8")
        collecting = ["-q", "--collect-only", "-p", "no:cacheprovider", "-p", "no:xdist", *OURS, directory]
        silent(lambda: pytest.main(collecting))
    gc.freeze()  # pytest collects garbage many times: what all forks share is not looked through again
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            begin(json.loads(line))
        tell({"process": child})
        _, status = os.waitpid(child, 0)
        tell({"exit": os.waitstatus_to_exitcode(status)})
    return 0


def begin(wanted: dict[str, Any]) -> None:
    """Run the tests in this fork and end it."""
    code = 3
    try:
        os.setsid()
        told = os.open(wanted["told"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in ((0, nothing), (1, told), (2, told)):
            os.dup2(descriptor, number)
        os.close(told)
        os.close(nothing)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        os.chdir(wanted["tree"])
        sys.path.insert(0, wanted["tree"])
        sys.dont_write_bytecode = bool(wanted["environment"].get("PYTHONDONTWRITEBYTECODE"))
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  (as long as this process lives)
        code = int(pytest.main(wanted["arguments"]))
    except BaseException:  # noqa: BLE001  (whatever it is, nobody is above to hear of it)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def tell(what: dict[str, int]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def silent(work: Any) -> None:
    """Do something of which nobody is told."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        work()


if __name__ == "__main__":
    sys.exit(main())
