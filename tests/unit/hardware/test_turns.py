"""Which board of a line is read next."""

from itertools import pairwise

from locker.hardware.turns import OPEN_S, PROBE_EVERY_S, PROBE_SHARE, REST_S, Turn, Turns

EXCHANGE_S = 0.02
TIME_OUT_S = 0.3


class Wire:
    """Plays a line by its turns: boards answer after one exchange, dead ones cost a time-out."""

    def __init__(self, *names: str, dead: frozenset[str] = frozenset()) -> None:
        self.turns = Turns(names)
        self.dead = set(dead)
        self.now_s = 0.0
        self.read: list[tuple[float, str]] = []
        self.time_outs: list[float] = []

    def run(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while True:
            turn = self.turns.next(self.now_s)
            if turn is None or max(turn.at_s, self.now_s) >= until_s:
                self.now_s = max(self.now_s, until_s)
                return
            self.now_s = asked_s = max(turn.at_s, self.now_s)
            if turn.name in self.dead:
                self.now_s += TIME_OUT_S
                self.time_outs.append(self.now_s)
                self.turns.was_silent(turn.name, asked_s, self.now_s, lost=True)
            else:
                self.now_s += EXCHANGE_S
                self.read.append((self.now_s, turn.name))
                self.turns.was_read(turn.name, self.now_s, doubtful=False)

    def reads_of(self, name: str) -> list[float]:
        return [at_s for at_s, read in self.read if read == name]


def longest_gap_s(instants: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(instants))


def test_a_board_whose_door_has_opened_leaves_the_line_free_again() -> None:
    turns = Turns(["A"])
    turns.was_read("A", 0.0, doubtful=False)
    turns.keep_busy("A", 3.0)
    assert turns.next(0.01) == Turn("A", 0.01, probe=False)
    turns.was_read("A", 0.02, doubtful=False, is_open=True)
    turns.calm("A")
    following = turns.next(0.03)
    assert following is not None
    assert following.at_s > 0.1


def test_all_boards_have_been_read_since_the_oldest_reading_unless_one_presses_or_is_lost() -> None:
    turns = Turns(["A", "B"])
    turns.was_read("A", 1.0, doubtful=False)
    turns.was_read("B", 1.5, doubtful=False)
    assert turns.read_since_s(2.0) == 1.0
    turns.want("B")
    assert turns.read_since_s(2.0) is None
    turns.was_read("B", 2.0, doubtful=True)
    assert turns.read_since_s(2.0) is None
    turns.was_read("B", 2.1, doubtful=False)
    turns.keep_busy("A", 3.0)
    assert turns.read_since_s(2.9) is None
    assert turns.read_since_s(3.0) == 1.0
    turns.was_silent("A", 3.0, 3.3, lost=True)
    assert turns.read_since_s(4.0) is None


def test_boards_at_rest_are_read_in_turn_and_the_wire_pauses() -> None:
    wire = Wire("A", "B", "C")
    wire.run(3.0)
    assert [name for _, name in wire.read[:6]] == ["A", "B", "C"] * 2
    assert len(wire.reads_of("A")) <= 3.0 / REST_S + 1


def test_the_board_of_an_unlock_is_read_first_and_every_second_time_and_nobody_starves() -> None:
    names = [f"B{number}" for number in range(32)]
    wire = Wire(*names)
    wire.run(1.0)
    unlocked = wire.now_s
    wire.turns.keep_busy("B20", unlocked + 3.0)
    wire.run(3.0)
    after = [name for at_s, name in wire.read if at_s > unlocked]
    assert after[0] == "B20"
    assert after.count("B20") >= len(after) // 2
    assert all(longest_gap_s(wire.reads_of(name)) <= 2 * 32 * EXCHANGE_S + 0.1 for name in names)


def test_while_a_door_may_move_the_wire_never_pauses() -> None:
    wire = Wire("A", "B")
    wire.turns.keep_busy("A", 2.0)
    wire.run(2.0)
    assert len(wire.read) >= 2.0 / EXCHANGE_S - 1


def test_a_board_whose_contacts_never_agree_leaves_every_second_turn_to_the_others() -> None:
    turns = Turns(["A", "B", "C"])
    read: list[str] = []
    for step in range(300):
        turn = turns.next(step * EXCHANGE_S)
        assert turn is not None
        if turn.at_s <= step * EXCHANGE_S:
            read.append(turn.name)
            turns.was_read(turn.name, (step + 1) * EXCHANGE_S, doubtful=turn.name == "A")
    assert read.count("B") > 300 * EXCHANGE_S / REST_S - 2
    assert read.count("C") > 300 * EXCHANGE_S / REST_S - 2


def test_lost_boards_cost_one_time_out_a_round_and_a_fifth_of_the_time_at_most() -> None:
    names = [f"B{number}" for number in range(8)]
    wire = Wire(*names, dead=frozenset({"B1", "B4", "B6"}))
    wire.run(2.0)  # each has been tried once
    wire.time_outs.clear()
    wire.read.clear()
    wire.run(30.0)
    assert longest_gap_s(wire.reads_of("B0")) <= TIME_OUT_S + REST_S + 5 * EXCHANGE_S
    assert len(wire.time_outs) * TIME_OUT_S <= 30.0 / (1 + PROBE_SHARE) + TIME_OUT_S
    pause_s = max(PROBE_EVERY_S, PROBE_SHARE * TIME_OUT_S)
    assert all(later - earlier >= pause_s for earlier, later in pairwise(wire.time_outs))


def test_when_one_lost_board_is_back_the_others_are_asked_at_once() -> None:
    names = [f"B{number}" for number in range(32)]
    wire = Wire(*names, dead=frozenset(names))
    wire.run(20.0)
    assert not wire.read
    wire.dead.clear()
    wire.run(1.5)
    assert {name for _, name in wire.read} == set(names)


def test_a_line_that_came_up_asks_everybody_at_once() -> None:
    wire = Wire("A", "B", dead=frozenset({"B"}))
    wire.run(5.0)
    wire.turns.start_over()
    before = len(wire.time_outs)
    wire.run(TIME_OUT_S + 2 * EXCHANGE_S)
    assert len(wire.time_outs) == before + 1


def test_without_boards_nobody_has_a_turn() -> None:
    assert Turns([]).next(0.0) is None


def test_a_board_with_an_open_door_is_read_sooner_than_one_at_rest() -> None:
    turns = Turns(["A", "B"])
    turns.was_read("A", 0.0, doubtful=False)
    turns.was_read("B", 0.0, doubtful=False, is_open=True)
    turn = turns.next(0.0)
    assert turn is not None
    assert (turn.name, turn.at_s) == ("B", OPEN_S)
    assert OPEN_S < REST_S
