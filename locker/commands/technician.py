"""Whose word a command of `lockerctl` is: every action names the technician's own id."""

import argparse
import os
from typing import Any, TypeVar

from pydantic import ValidationError

from locker.api.client import ApiClient
from locker.api.commission_schema import CommissionBegin
from locker.api.maintenance_schema import Asked, LeaveSafeMode, Maintained
from locker.errors import WrongUsage

Question = TypeVar("Question", bound=Asked | CommissionBegin | LeaveSafeMode)

TECHNICIAN_VARIABLE = "LOCKER_TECHNICIAN"


def add_technician(parser: argparse.ArgumentParser) -> None:
    """Let a command be told who gives it."""
    parser.add_argument(
        "--technician",
        metavar="ID",
        default=os.environ.get(TECHNICIAN_VARIABLE),
        help=f"your own id, for the journal (default: ${TECHNICIAN_VARIABLE})",
    )


def technician_of(options: argparse.Namespace) -> str:
    """Return who gives a command; WrongUsage if nobody says."""
    technician: str | None = options.technician
    if not technician:
        raise WrongUsage(
            f"nobody says whose word this is: give --technician ID, or set {TECHNICIAN_VARIABLE}"
        )
    return technician


def asked_with(model: type[Question], options: argparse.Namespace, **values: Any) -> Question:
    """Put a question together; WrongUsage names what of it cannot be asked."""
    try:
        return model(technician=technician_of(options), **values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WrongUsage(f"{where} {str(first['input'])[:40]!r}: {first['msg']}") from error


async def maintain(
    client: ApiClient, options: argparse.Namespace, model: type[Asked], **values: Any
) -> Maintained:
    """Have one action decided; RequestRefused if it may not be done."""
    return await client.maintain(asked_with(model, options, **values))
