"""Every sabotage twin; the catalogue of faults (tests/faults) names them."""

from tests.sabotage.at_every_step import AT_EVERY_STEP
from tests.sabotage.at_rest import AT_REST
from tests.sabotage.at_the_doors import AT_THE_DOORS
from tests.sabotage.at_the_keypad import AT_THE_KEYPAD
from tests.sabotage.at_the_socket import AT_THE_SOCKET
from tests.sabotage.on_the_way import ON_THE_WAY
from tests.sabotage.twin import Twin

TWINS: tuple[Twin, ...] = (
    *AT_REST,
    *ON_THE_WAY,
    *AT_THE_DOORS,
    *AT_THE_KEYPAD,
    *AT_THE_SOCKET,
    *AT_EVERY_STEP,
)
