"""All stories by name."""

from collections.abc import Mapping
from types import MappingProxyType

from simulator.stories import (
    bound,
    collecting,
    collection,
    courier,
    deadlines,
    doors,
    entering,
    inspecting,
    office,
    outages,
    power,
    sending,
    servicing,
    waiting,
)
from simulator.stories.plans import small_plan
from simulator.stories.story import Story

_COURIER = (
    Story("courier-round", "many parcels in a row by scanner, with the menu", courier.courier_round),
    Story(
        "scanner-acknowledgement",
        "a label with the scanner's acknowledgement in front",
        courier.scanner_acknowledgement,
    ),
    Story("too-small", "the parcel does not go in: a bigger box opens", courier.too_small),
    Story("occupied", "a box is occupied or dirty: another one opens", courier.occupied),
    Story("deposit-cancelled", "a deposit is cancelled: the box is free again", courier.deposit_cancelled),
    Story("deposit-left", "a courier leaves without confirming: nobody is sure", courier.deposit_left),
    Story("unannounced", "a parcel that nobody announced waits for its code", courier.unannounced),
    Story("refused-service", "personal handover is refused, twice", courier.refused_service),
    Story("too-large", "no compartment of this automat holds it", courier.too_large),
    Story("seen-before", "a tracking id must not come back", courier.seen_before),
    Story("mistyped-label", "an S10 number with a wrong check digit is refused", courier.mistyped_label),
    Story("no-room", "no compartment is free", courier.no_room, small_plan("1")),
    Story("accessible", "a low compartment for those who asked for one", courier.accessible),
    Story("courier-revoked", "a courier's right ends in the middle of a deposit", courier.courier_revoked),
)

_COLLECTION = (
    Story(
        "collection-round", "overdue and withdrawn parcels leave in one round", collection.collection_round
    ),
    Story("collection-empty", "a compartment was empty: an incident", collection.collection_empty),
    Story("collection-stuck", "a parcel does not come out: the next round", collection.collection_stuck),
    Story("collection-stopped", "a courier stops in the middle of a round", collection.collection_stopped),
    Story("evacuate", "the automat is emptied, of waiting parcels too", collection.evacuate),
)

_INSPECTING = (
    Story(
        "suspect-box",
        "a suspect box is offered to nobody, a courier looks, it is free",
        inspecting.suspect_box,
        small_plan("1"),
    ),
    Story("found-inside", "a parcel left without a word is found and named", inspecting.found_inside),
    Story("dirty-box", "a dirty box stays out until a technician has looked", inspecting.dirty_box),
    Story("remote-look", "a box opened from afar is looked into", inspecting.remote_look),
)

_SERVICING = (
    Story("technician-opens", "a technician opens a door whose lock had failed", servicing.technician_opens),
    Story("lamp-test", "a technician tries lamps and keys", servicing.lamp_test),
    Story("guard-released", "a technician releases a guarded keypad", servicing.guard_released),
    Story("incident-numbers", "a technician reads what is open", servicing.incident_numbers),
    Story("technician-revoked", "a code that has ended is a wrong code", servicing.technician_revoked),
    Story("no-master-code", "on a fresh automat nobody has a code", servicing.no_master_code),
)

_SENDING = (
    Story("send", "a sender leaves a parcel, it is registered at once", sending.send),
    Story("send-offline", "received, not yet registered: both moments are kept", sending.send_offline),
    Story("send-return", "a return is left, and a courier takes it away", sending.send_return),
    Story(
        "send-unconfirmed",
        "a sender leaves without confirming and comes back to the same box",
        sending.send_unconfirmed,
    ),
    Story("send-too-small", "a sender's parcel does not go in: a larger box opens", sending.send_too_small),
    Story("send-occupied", "a sender finds a box that is not empty: another opens", sending.send_occupied),
    Story("send-cancelled", "a sender thinks better of it: the code stays valid", sending.send_cancelled),
    Story("send-expired", "a drop-off code whose time is over is a wrong code", sending.send_expired),
    Story("send-no-room", "the automat is full: the code stays valid", sending.send_no_room, small_plan("1")),
)

_OFFICE = (
    Story("code-replaced", "a code is replaced: the old one dies, the new one opens", office.code_replaced),
    Story("cash-on-delivery", "an unpaid parcel opens once it is paid", office.cash_on_delivery),
    Story("remote-opening", "the fourth in ten minutes needs somebody on the spot", office.remote_opening),
    Story("block", "a compartment is taken out of use and back", office.block, small_plan("1")),
    Story("drain", "takes nothing, hands everything over", office.drain),
    Story("evacuate-hands-over", "takes nothing while it is emptied", office.evacuate_hands_over),
    Story("frozen", "opens for nobody but a technician, and every deadline is later", office.frozen),
    Story("redirect-once", "a second redirection is refused", office.redirect_once),
    Story("withdrawn", "the code of a withdrawn parcel is dead", office.withdrawn),
    Story("command-twice", "a command twice has one effect, too late none", office.command_twice),
    Story("lengthening-refused", "a longer storage time is not allowed here", office.lengthening_refused),
)

_WAITING = (
    Story("outage-power", "six days without power: every deadline six days later", waiting.outage_power),
    Story("outage-line", "six days without the locks: every deadline six days later", waiting.outage_line),
    Story(
        "outage-keypad", "six days without the keypad: every deadline six days later", waiting.outage_keypad
    ),
    Story("forgotten", "forgotten after 90 days, its tracking id refused for 12 months", waiting.forgotten),
)

_BOUND = (
    Story(
        "own-door-only", "a code opens at its own door's keypad", bound.own_door_only, bound.keypad_a_door()
    ),
    Story(
        "wrong-code-languages",
        "unknown, used, still to come: the same words in three languages",
        bound.wrong_code_in_each_language,
        bound.keypads_side_by_side(),
        bound.LANGUAGES,
    ),
)

_ALL = (
    Story("pickup", "a parcel goes in, its code takes it out, the receipt arrives", collecting.pickup),
    Story("wrong-code", "a wrong code opens nothing and tells nothing", entering.wrong_code),
    Story("no-clear", "without C before it an entry is not evaluated", entering.no_clear),
    Story("leading-zero", "024204 opens, 24204 does not", collecting.leading_zero),
    Story("lockout", "ten wrong codes lock the keypad, the right one included", entering.lockout),
    Story("jammed-door", "a bolt sticks: an attempt is recorded, the code stays valid", doors.jammed_door),
    Story("left-open", "a door is left open: reminder, alarm, receipt of grade C", doors.left_open),
    Story("reopen", "the same code reopens the door for three minutes", collecting.reopen),
    Story("two-parcels", "one code, two doors, never both open", collecting.two_parcels),
    Story("overdue", "after the storage time the code opens nothing", deadlines.overdue),
    Story("broker-down", "without a broker everything works, the receipt follows later", outages.broker_down),
    Story("broker-killed", "the broker forgets what it acknowledged, nothing is lost", outages.broker_killed),
    Story("power-cut", "SIGKILL between pulse and door: one receipt after the restart", power.power_cut),
    Story("usb-unplugged", "an adapter is pulled and put back: the process goes on", outages.usb_unplugged),
    *_COURIER,
    *_COLLECTION,
    *_INSPECTING,
    *_SERVICING,
    *_SENDING,
    *_OFFICE,
    *_WAITING,
    *_BOUND,
)

STORIES: Mapping[str, Story] = MappingProxyType({story.name: story for story in _ALL})

POWER_CUT_AT_RANDOM = Story(
    "power-cut", "SIGKILL at a random moment of a pick-up, taken from the seed", power.power_cut_at_random
)
"""What `power-cut` becomes with a seed."""


def seeded(name: str, seed: int | None) -> Story:
    """The story of that name; with a seed, its random form where it has one."""
    return POWER_CUT_AT_RANDOM if name == POWER_CUT_AT_RANDOM.name and seed is not None else STORIES[name]
