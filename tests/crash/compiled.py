"""Shares what no disk can change between one start and the next, in tests that start many thousand times."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from locker.db import migrate, session
from locker.db.ladder import Ladder


@contextmanager
def compiled_once() -> Iterator[None]:
    """Compile queries and read the migration scripts once in this block; files are opened each time."""
    make_engine, read_scripts = session._engine, ScriptDirectory.from_config
    engines: list[Engine] = []
    scripts: dict[str | None, ScriptDirectory] = {}

    def like_the_first(*arguments: Any) -> Engine:
        engine = make_engine(*arguments)
        if not engines:
            engines.append(engine)
        first = engines[0]
        engine.dialect, engine.pool._dialect = first.dialect, first.dialect
        engine._compiled_cache = first._compiled_cache
        return engine

    def read_once(config: Any) -> ScriptDirectory:
        location = config.get_main_option("script_location")
        if location not in scripts:
            scripts[location] = read_scripts(config)
        return scripts[location]

    with (
        patch.object(session, "_engine", like_the_first),
        patch.object(ScriptDirectory, "from_config", read_once),
    ):
        yield


class Climbed:
    """The files that migrations made on a sound disk: from one with the same bytes comes the same one."""

    def __init__(self) -> None:
        """Nothing was migrated yet."""
        self._made: dict[bytes, bytes] = {}

    @contextmanager
    def known(self) -> Iterator[None]:
        """Make again what was made before, instead of migrating; the rest of a start goes its usual way."""
        upgrade = migrate._upgrader()

        def climb(path: Path, ladder: Ladder) -> None:
            alone = not any(path.with_name(f"{path.name}-{log}").exists() for log in ("journal", "wal"))
            before = path.read_bytes() if path.exists() else b""
            if alone and before in self._made:
                path.write_bytes(self._made[before])
                return
            upgrade(path, ladder)
            if alone:
                self._made[before] = path.read_bytes()

        with patch.object(migrate, "_upgrader", lambda: climb):
            yield
