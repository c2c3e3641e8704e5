"""Technicians at the local socket of an automat on the stand."""

from locker.domain.events import MaintenanceAsked
from locker.domain.maintenance import Action, Maintainer
from tests.unit.domain.stand import Stand

ANNA = Maintainer("anna (1000)", "t-1")
BERT = Maintainer("bert (1001)", "t-2")


def ask(stand: Stand, action: Action, by: Maintainer = ANNA) -> str | None:
    """Ask for an action; return why it was refused, None if it was done."""
    return stand.do(MaintenanceAsked(by, action)).refused
