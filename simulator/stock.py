"""A stock of automats that are initialised and blank: made once by the product's own commands, then copied.

For test suites that start many automats; whoever wants to see an automat come up from nothing uses none.
All of one id have the same keys.
"""

import shutil
import tempfile
from pathlib import Path

from simulator.configuration import Place
from simulator.daemon import DaemonError, run_command


async def initialise(place: Place, enrolment: Path, *, database: bool = False) -> None:
    """Make keys and enrolment, with `database` a blank database too; DaemonError if a command fails."""
    configuration = ["--config", str(place.configuration)]
    await _run("init", *configuration, "--enrolment", str(enrolment))
    if database:
        await _run("migrate", *configuration)


class Stock:
    """A directory with one blank automat of each id that was asked for; processes may share it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def furnish(self, place: Place, automat_id: str, enrolment: Path) -> None:
        """Give an automat its keys, its enrolment and a blank database."""
        shelf = self.directory / automat_id
        if not shelf.exists():
            await initialise(place, enrolment, database=True)
            self._keep(shelf, place, enrolment)
            return
        shutil.copytree(shelf / "keys", place.keys)
        shutil.copy2(shelf / "enrolment.json", enrolment)
        shutil.copy2(shelf / "automat.db", place.database)

    def _keep(self, shelf: Path, place: Place, enrolment: Path) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=self.directory))
        shutil.copytree(place.keys, fresh / "keys")
        shutil.copy2(enrolment, fresh / "enrolment.json")
        shutil.copy2(place.database, fresh / "automat.db")
        try:
            fresh.rename(shelf)  # whole or not at all
        except OSError:
            if not shelf.exists():
                raise
            shutil.rmtree(fresh)  # another process was first


async def _run(command: str, *arguments: str) -> None:
    code, _, err = await run_command("locker.cli", [command, *arguments])
    if code != 0:
        raise DaemonError(f"lockerd {command} ended with exit code {code}: {err.strip()}")
