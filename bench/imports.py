"""The bare imports: a program that imports what the daemon imports from elsewhere, and nothing else."""

import ast
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.figures import NotMeasured

OURS = ("locker", "drivers")
WHOLE = ("locker.cli", "locker.config", "locker.daemon")
"""The modules by which `lockerd run` comes to all others."""

LIST_FILES = f"""
import {", ".join(WHOLE)}, sys
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in {OURS!r}:
        print(module.__file__)
"""

SAY_READY = """
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.connect(os.environ["NOTIFY_SOCKET"])
    manager.sendall(b"READY=1")
sys.stdin.read()
"""


async def bare_imports() -> str:
    """Write that program: it says READY=1 when all is imported, and ends when its stdin does.

    It is made of the import statements at the top of every module that the daemon has loaded, so it cannot
    lag behind the daemon. What is imported inside functions is the daemon's own time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIST_FILES, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode != 0:
        raise NotMeasured("the daemon's modules cannot be imported")
    files = [Path(line) for line in out.decode().splitlines() if line != "None"]
    statements = dict.fromkeys(statement for file in files for statement in _foreign(file))
    return "\n".join((*statements, SAY_READY))


def _foreign(file: Path) -> Iterator[str]:
    """Give the import statements at a module's top that lead out of the product."""
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom):
            if (statement.module or "").partition(".")[0] not in OURS:
                yield ast.unparse(statement)
        elif isinstance(statement, ast.Import):
            foreign = [alias for alias in statement.names if alias.name.partition(".")[0] not in OURS]
            if foreign:
                yield ast.unparse(ast.Import(foreign))
