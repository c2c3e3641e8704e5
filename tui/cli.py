"""locker-tui: the technician's screens, over the daemon's socket."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from locker.errors import ExitCode, LockerError
from tui.words import LANGUAGES, language_of

DEFAULT_SOCKET = Path("/run/lockerd/lockerd.sock")
SOCKET_VARIABLE = "LOCKER_SOCKET"
TECHNICIAN_VARIABLE = "LOCKER_TECHNICIAN"
TUNNEL_PORT = 8080


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the screens until somebody leaves them; return the exit code."""
    options = parser().parse_args(arguments)
    if options.serve is not None:
        return _serve(options)
    # Here and not above: --help needs none of it.
    from tui.app import LockerTui, run

    return run(
        LockerTui(
            options.socket,
            technician=options.technician,
            language=options.language,
            light=options.light,
        )
    )


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
    described.add_argument(
        "--serve",
        type=Path,
        metavar="PATH",
        help="serve the screens to a browser at the other end of an SSH tunnel to this new socket",
    )
    described.add_argument(
        "--tunnel-port",
        type=int,
        metavar="N",
        default=TUNNEL_PORT,
        help=f"with --serve: the tunnel's port on your own computer (default: {TUNNEL_PORT})",
    )
    return described


def _serve(options: argparse.Namespace) -> int:
    """Serve the screens with the same options until it is ended; return the exit code."""
    try:
        # Here and not above: the screens in a terminal need neither a web server nor its package.
        from tui import serve
    except ModuleNotFoundError as error:
        print(  # noqa: T201 - speech goes to stderr
            f"locker-tui: {error.name} is not installed; install parcel-locker[web], "
            "or run locker-tui over `ssh -t`",
            file=sys.stderr,
        )
        return ExitCode.CONFIGURATION
    arguments = ["--socket", str(options.socket.absolute()), "--language", options.language]
    arguments += ["--technician", options.technician] if options.technician else []
    arguments += ["--light"] if options.light else []
    try:
        return serve.run(options.serve, arguments, port=options.tunnel_port)
    except LockerError as error:
        print(f"locker-tui: {error}", file=sys.stderr)  # noqa: T201 - speech goes to stderr
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
