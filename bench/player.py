"""Plays keypad, lock board and display at the far ends of ptys: a program of its own, as hardware is.

It is another process because a thread would wait for the measured one's interpreter lock, and a callback
for its turn in the measured loop: no lock ever waits for either. One monotonic clock stamps both ends of a
measurement. Answers come at once: baud rates are no matter of this bench.

Reads commands on stdin, one a line, and answers each with nanoseconds on stdout:

| command          | from                                  | to                                           |
|------------------|---------------------------------------|----------------------------------------------|
| `pickup CODE MS` | OK is written, MS after the last digit | the last byte of an unlock frame has been read |
| `floor`          | one byte is written                   | five bytes have been read                    |
"""

import os
import select
import sys
import time

KEY_GAP_S = 0.004
CHANNELS = 50
STATE_BYTES = 7
FRAME_BYTES = 5
UNLOCK, READ = 0x8A, 0x80
ASK, CONTACT_OPEN = 0x33, 0x00
OPEN_FOR_READS = 3
CHUNK_BYTES = 4096
LIMIT_S = 5.0


class Board:
    """One XOR/BCC board of 50 locks whose contacts close when shut; a pulsed door is open for three reads."""

    def __init__(self, descriptor: int) -> None:
        """Speak on the far end of a pty."""
        self.descriptor = descriptor
        self._heard = bytearray()
        self._open_for: dict[int, int] = {}

    def hear(self) -> list[bytes]:
        """Read what has arrived; return the requests that it completes."""
        self._heard += os.read(self.descriptor, CHUNK_BYTES)
        whole = len(self._heard) // FRAME_BYTES * FRAME_BYTES
        frames = [bytes(self._heard[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES)]
        del self._heard[:whole]
        return frames

    def answer(self, frame: bytes) -> None:
        """Answer one request."""
        head, address, channel = frame[:3]
        if head == UNLOCK:
            self._open_for[channel] = OPEN_FOR_READS
            self._say(bytes((UNLOCK, address, channel, CONTACT_OPEN)))
        elif head == READ and channel == 0:
            shut = sum(1 << (n - 1) for n in range(1, CHANNELS + 1) if n not in self._open_for)
            self._open_for = {n: left - 1 for n, left in self._open_for.items() if left > 1}
            self._say(bytes((READ, address)) + shut.to_bytes(STATE_BYTES, "big") + bytes((ASK,)))

    def _say(self, body: bytes) -> None:
        check = 0
        for byte in body:
            check ^= byte
        os.write(self.descriptor, body + bytes((check,)))


class Player:
    """Everything at the far ends; each method that takes time keeps board and display alive meanwhile."""

    def __init__(self, keypad: int, board: int, display: int, floor_in: int, floor_out: int) -> None:
        """Take the descriptors."""
        self._keypad = keypad
        self._board = Board(board)
        self._display = display
        self._floor_in = floor_in
        self._floor_out = floor_out

    def serve(self) -> None:
        """Obey commands until stdin ends."""
        while True:
            if sys.stdin.fileno() in self._attend(None, sys.stdin.fileno()):
                words = os.read(sys.stdin.fileno(), CHUNK_BYTES).decode("ascii").split()
                if not words:
                    return
                taken_ns = self._floor() if words[0] == "floor" else self._pickup(words[1], float(words[2]))
                os.write(sys.stdout.fileno(), b"%d\n" % taken_ns)

    def _pickup(self, code: str, pause_ms: float) -> int:
        for key in f"C{code}":
            os.write(self._keypad, key.encode("ascii"))
            self._pass_time(KEY_GAP_S)
        self._pass_time(pause_ms / 1000)
        began_ns = time.monotonic_ns()
        os.write(self._keypad, b"\r")
        while time.monotonic_ns() - began_ns < LIMIT_S * 1e9:
            ready, _, _ = select.select([self._board.descriptor, self._display], [], [], LIMIT_S)
            if self._board.descriptor in ready:
                frames = self._board.hear()
                heard_ns = time.monotonic_ns()
                for frame in frames:
                    self._board.answer(frame)
                if any(frame[0] == UNLOCK for frame in frames):
                    return heard_ns - began_ns
            if self._display in ready:
                os.read(self._display, CHUNK_BYTES)
        return -1

    def _floor(self) -> int:
        began_ns = time.monotonic_ns()
        os.write(self._floor_in, b"\r")
        arrived = 0
        while arrived < FRAME_BYTES:
            arrived += len(os.read(self._floor_out, FRAME_BYTES))
        return time.monotonic_ns() - began_ns

    def _pass_time(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            self._attend(left_s)

    def _attend(self, limit_s: float | None, *more: int) -> list[int]:
        """Wait for something to read, serve board and display, return what is ready."""
        ready, _, _ = select.select([self._board.descriptor, self._display, *more], [], [], limit_s)
        if self._board.descriptor in ready:
            for frame in self._board.hear():
                self._board.answer(frame)
        if self._display in ready:
            os.read(self._display, CHUNK_BYTES)
        return ready


if __name__ == "__main__":
    Player(*map(int, sys.argv[1:])).serve()
