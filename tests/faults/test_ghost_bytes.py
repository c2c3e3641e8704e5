"""T12: whatever bytes arrive from a keypad, nothing crashes, nothing grows, and no door opens by chance."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.keypad_serial.codec import KeyDecoder, KeyEvent, Pressed, Stuck, StuckKeyFilter, keys_of
from locker.domain.events import Key, KeypadFaulted, KeypadRecovered, KeyPressed
from locker.domain.journal import EntryKind
from locker.domain.keypad import Entering, Idle
from locker.domain.rules import Rules
from tests.unit.domain.stand import Stand

CODE = "024204"
LONGEST_CODE = 12
A_KEY_S = 0.05
MASHED = (b"\x08", b"\x0d", b"*", b"#", *(bytes([48 + digit]) for digit in range(10)))
"""Bytes that are keys, whichever edition of the keypad they come from."""
DIGITS = st.lists(st.sampled_from(MASHED[-10:]), max_size=40).map(lambda keys: b"*" + b"".join(keys))
ENTRIES = st.lists(st.integers(1000, 999_999).map(lambda code: b"*%d#" % code), max_size=6).map(b"".join)
chunks = st.lists(
    st.tuples(
        st.binary(max_size=40)
        | st.lists(st.sampled_from(MASHED), max_size=40).map(b"".join)
        | DIGITS
        | ENTRIES,
        st.floats(0.0, 8.0),
    ),
    max_size=25,
)


class Fingers:
    """The way of a byte to the rules: decoder, filter of bounces and stuck keys, events; all by argument."""

    def __init__(self, *, buffered: bool) -> None:
        self.stand = Stand(Rules(heartbeat_s=3_600.0))
        self.stand.deliver(code=CODE)
        self._decoder = KeyDecoder(keys_of({}), buffered=buffered)
        self._filter = StuckKeyFilter()
        self.typed = ""

    def hear(self, data: bytes) -> None:
        for byte in data:
            self.stand.wait(A_KEY_S)
            for key in self._decoder.feed(bytes([byte])):
                for event in self._filter.press(key, self.stand.now.powered_s):
                    self._tell(event)

    def wait(self, seconds: float) -> None:
        self.stand.wait(seconds)
        for event in self._filter.tick(self.stand.now.powered_s):
            self._tell(event)

    def _tell(self, event: KeyEvent) -> None:
        if isinstance(event, Pressed):
            key = Key[event.key.name]
            self.typed += {Key.CLEAR: "C", Key.OK: "O"}.get(key, key.value)
            self.stand.do(KeyPressed("front", key))
        elif isinstance(event, Stuck):
            self.stand.do(KeypadFaulted("front", "a key is stuck"))
        else:
            self.stand.do(KeypadRecovered("front"))


@settings(deadline=None, max_examples=50)
@given(chunks, st.booleans())
def test_arbitrary_bytes_open_nothing_and_evaluate_no_more_than_the_bucket_gives(
    streams: list[tuple[bytes, float]],
    buffered: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    fingers = Fingers(buffered=buffered)
    stand = fingers.stand
    began_s, pulses = stand.now.powered_s, len(stand.unlocks)
    for data, pause_s in streams:
        fingers.hear(data)
        flow = stand.automat.keypads["front"].flow
        assert not isinstance(flow, Entering) or len(flow.typed.digits) <= LONGEST_CODE
        fingers.wait(pause_s)
    rules = stand.automat.rules
    passed_s = stand.now.powered_s - began_s
    assert stand.count(EntryKind.CODE_MISSED) <= rules.tokens + passed_s / rules.token_refill_s
    if f"C{CODE}O" not in fingers.typed:
        assert len(stand.unlocks) == pulses
    stand.wait(rules.left_open_alarm_s + 60)
    assert isinstance(stand.automat.keypads["front"].flow, Idle)
