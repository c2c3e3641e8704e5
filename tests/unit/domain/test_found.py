"""Defects that the property test found in the core, each as its shortest story."""

from locker.domain.compartments import Condition
from locker.domain.rules import Rules
from tests.unit.domain.sender import PARCEL, confirming
from tests.unit.domain.stand import Stand

DAY_S = 86_400


def test_a_box_that_a_sender_may_have_filled_stays_in_doubt_while_the_configuration_does_not_have_it() -> (
    None
):
    stand, label = confirming(Stand(Rules(retention_days=10)))
    stand.wait(61)  # the sender leaves without a word; the parcel lies inside
    stand.reconfigured(without_box=label)
    stand.wait(30 * DAY_S)  # the code has long ended, what was expected is forgotten
    assert PARCEL not in stand.automat.parcels
    stand.reconfigured()
    assert stand.box(label).condition is Condition.SUSPECT
    assert not stand.box(label).free
