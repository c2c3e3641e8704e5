"""Every rule that the state machine of tests/properties has to find broken."""

from tests.sabotage.rules_at_socket import AT_SOCKET
from tests.sabotage.rules_of_core import CORE
from tests.sabotage.twin import Twin

RULES: tuple[Twin, ...] = (*CORE, *AT_SOCKET)
