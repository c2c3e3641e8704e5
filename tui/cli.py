"""locker-tui: the technician's screens, over the daemon's socket."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tui.words import LANGUAGES, Language, language_of

DEFAULT_SOCKET = Path("/run/lockerd/lockerd.sock")
SOCKET_VARIABLE = "LOCKER_SOCKET"
TECHNICIAN_VARIABLE = "LOCKER_TECHNICIAN"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the screens until somebody leaves them; return the exit code."""
    options = parser().parse_args(arguments)
    # Here and not above: --help needs none of it.
    from tui.app import LockerTui, run

    def make(language: Language, light: bool, matter: str) -> LockerTui:  # noqa: FBT001 - as `run` calls it
        return LockerTui(
            options.socket, technician=options.technician, language=language, light=light, matter=matter
        )

    return run(make, options.language, light=options.light)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    described = argparse.ArgumentParser(
        prog="locker-tui", description="The technician's screens of one parcel automat."
    )
    described.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        default=Path(os.environ.get(SOCKET_VARIABLE) or DEFAULT_SOCKET),
        help=f"the daemon's socket (default: ${SOCKET_VARIABLE}, else {DEFAULT_SOCKET})",
    )
    described.add_argument(
        "--technician",
        metavar="ID",
        default=os.environ.get(TECHNICIAN_VARIABLE, ""),
        help=f"your own id, which every action carries (default: ${TECHNICIAN_VARIABLE}, else asked)",
    )
    described.add_argument(
        "--language",
        choices=LANGUAGES,
        default=language_of(os.environ.get("LC_ALL") or os.environ.get("LANG") or ""),
        help="default: that of the locale",
    )
    described.add_argument("--light", action="store_true", help="begin with the theme for daylight")
    return described


if __name__ == "__main__":
    sys.exit(main())
