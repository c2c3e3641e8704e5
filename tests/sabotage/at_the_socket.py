"""Safeguards of the local socket and of the process itself."""

from tests.sabotage.twin import Twin

LISTENING = "locker/api/listening.py"
HALF_CLOSED = "tests/unit/api/test_half_closed.py"

AT_THE_SOCKET = (
    Twin(
        "everybody may connect to the socket",
        LISTENING,
        "SOCKET_MODE = 0o660\n",
        "SOCKET_MODE = 0o666\n",
        ("tests/unit/api/test_socket.py::test_the_socket_is_for_its_owner_and_group",),
        ("T19",),
    ),
    Twin(
        "a viewer may change things",
        "locker/api/roles.py",
        '        if self.role_of(peer) != "technician":\n',
        '        if self.role_of(peer) == "nobody":\n',
        (
            "tests/unit/api/test_roles.py::test_a_viewer_is_told_which_group_to_join",
            "tests/unit/api/test_roles.py::test_a_viewer_may_change_nothing_whatever_the_body",
        ),
        ("T19",),
    ),
    Twin(
        "a change needs no role",
        "locker/api/server.py",
        "                self._technician(request)\n",
        "                pass\n",
        ("tests/unit/api/test_roles.py::test_a_viewer_may_change_nothing_whatever_the_body",),
        ("T19",),
    ),
    Twin(
        "a living daemon's socket is taken",
        LISTENING,
        "    if refused == errno.ECONNREFUSED:\n",
        "    if refused != errno.ENOENT:\n",
        ("tests/unit/api/test_socket.py::test_a_living_daemon_keeps_its_socket",),
        ("F7",),
    ),
    Twin(
        "viewers may take every place",
        "locker/api/connections.py",
        "        return len(viewers) < OF_VIEWERS_MOST and len(same) < OF_ONE_VIEWER_MOST\n",
        "        return True\n",
        ("tests/unit/api/test_crowds.py::test_a_viewers_idle_connections_keep_nobody_out",),
        ("T19", "F21"),
    ),
    Twin(
        "a slow client's queue grows without end",
        "locker/api/stream.py",
        "        if len(self._waiting) >= self._limit:\n",
        "        if False:\n",
        ("tests/unit/api/test_events.py::test_a_slow_client_is_dropped_with_the_reason",),
        ("F21",),
    ),
    Twin(
        "the journal does not tell who had a door opened",
        "locker/domain/flows/doors.py",
        '    return {"user": opening.user, "technician": opening.person, "reason": opening.reason}\n',
        '    return {"technician": opening.person, "reason": opening.reason}\n',
        ("tests/unit/domain/test_maintain.py::test_the_intent_is_written_before_the_pulse_with_who_and_why",),
        ("T19",),
    ),
    Twin(
        "the inbox has no bound",
        "locker/engine.py",
        "asyncio.Queue(INBOX_LIMIT)",
        "asyncio.Queue()",
        ("tests/unit/engine/test_engine.py::test_a_full_inbox_makes_whoever_posts_wait",),
        ("F21",),
    ),
    Twin(
        "the watchdog is fed at the last moment",
        "locker/systemd.py",
        "    return allowed_us / 2_000_000 if",
        "    return allowed_us / 1_000_000 if",
        ("tests/unit/daemon/test_systemd.py::test_the_watchdog_is_fed_twice_in_the_time_allowed",),
        ("F18",),
    ),
    Twin(
        "the watchdog is fed while a decision hangs",
        "locker/daemon.py",
        "systemd.feed_watchdog(self._gets_on)",
        "systemd.feed_watchdog()",
        (
            "tests/faults/test_sick_disk.py::test_a_disk_that_does_not_answer_feeds_no_watchdog_and_opens_no_door",
        ),
        ("F18",),
    ),
    Twin(
        "an engine that hangs looks like one at rest",
        "locker/engine.py",
        "            self._busy_since_s = None if self._inbox.empty() else _loop_s()\n"
        "            event, asked = await self._next_event()\n"
        "            self._note_busy()\n"
        "            decision = await self.take(event)\n",
        "            event, asked = await self._next_event()\n"
        "            self._busy_since_s = None\n"
        "            decision = await self.take(event)\n",
        (
            "tests/unit/engine/test_engine.py::test_an_engine_whose_commit_hangs_is_held_up_and_one_with_much_to_do_is_not",
        ),
        ("F18",),
    ),
    Twin(
        "starts are not counted where the disk takes nothing",
        "locker/starts.py",
        "            counted = self._write_spare(content)\n",
        "            counted = False\n",
        (
            "tests/unit/daemon/test_starts.py::test_starts_are_counted_beside_the_socket_where_the_disk_takes_nothing",
        ),
        ("F19", "F3"),
    ),
    Twin(
        "a crash loop never ends",
        "locker/starts.py",
        "        if len(recent) >= self.most:\n",
        "        if len(recent) > 1000 * self.most:\n",
        ("tests/unit/daemon/test_crash_loops.py::test_the_start_after_five_crashes_in_ten_minutes_is_none",),
        ("F19",),
    ),
    Twin(
        "an end that was asked for counts as a crash",
        "locker/starts.py",
        "starts=self._record.starts[:-1]",
        "starts=self._record.starts",
        ("tests/unit/daemon/test_crash_loops.py::test_an_end_that_was_asked_for_is_no_crash",),
        ("F19",),
    ),
    Twin(
        "a full disk hides a crash loop",
        "locker/starts.py",
        "                _overwrite(self.file, content)\n",
        "                pass\n",
        (
            "tests/unit/daemon/test_crash_loops.py::test_where_nothing_new_has_room_it_is_written_over_in_place",
        ),
        ("F19", "F4"),
    ),
    Twin(
        "who has gone without a word keeps a place at the socket",
        "locker/api/protocol.py",
        "        if _has_gone(self.transport):\n",
        "        if False:\n",
        (
            f"{HALF_CLOSED}::test_a_follower_that_ends_its_side_is_told_on_and_keeps_no_place_once_it_has_gone",
        ),
        ("T19", "F21"),
    ),
)
