"""Safeguards of what rests on the disk: the database, the journal, the keys, the clocks."""

from tests.sabotage.twin import Twin

SESSION = "locker/db/session.py"
FILES = "locker/db/files.py"
ENGINE = "locker/engine.py"
KEYS = "locker/keys.py"
CLOCK = "locker/clock.py"

AT_REST = (
    Twin(
        "a commit is not synced to the disk",
        SESSION,
        '"PRAGMA synchronous = FULL"',
        '"PRAGMA synchronous = NORMAL"',
        ("tests/unit/db",),
        ("F2",),
    ),
    Twin(
        "the database is open to a second tool",
        SESSION,
        '"PRAGMA locking_mode = EXCLUSIVE"',
        '"PRAGMA locking_mode = NORMAL"',
        ("tests/unit/db",),
        ("F7",),
    ),
    Twin(
        "the claim on the database is not exclusive",
        FILES,
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        ("tests/unit/db",),
        ("F7",),
    ),
    Twin(
        "what was deleted can still be read in the file",
        SESSION,
        '"PRAGMA secure_delete = ON"',
        '"PRAGMA secure_delete = OFF"',
        ("tests/unit/db",),
        ("T9",),
    ),
    Twin(
        "a database is opened without being checked",
        "locker/db/migrate.py",
        "    revision = peek(path, whole=whole).revision\n",
        "    revision = peek(path).revision\n",
        ("tests/unit/db",),
        ("F5",),
    ),
    Twin(
        "a damaged database is replaced by an empty one",
        "locker/db/migrate.py",
        "        revision = peek(path).revision\n        if revision == ladder.head:\n",
        (
            "        try:\n"
            "            revision = peek(path).revision\n"
            "        except DamagedDatabase:\n"
            "            path.unlink()\n"
            "            _create(path, ladder)\n"
            '            return "created"\n'
            "        if revision == ladder.head:\n"
        ),
        ("tests/unit/db", "tests/migrations", "tests/unit/daemon"),
        ("F5",),
    ),
    Twin(
        "each statement of a decision is its own transaction",
        SESSION,
        (
            '        with self._transaction("a transaction") as connection:\n'
            "            for text, parameters in steps:\n"
            "                connection.exec_driver_sql(text, parameters)\n"
        ),
        (
            "        for text, parameters in steps:\n"
            '            with self._transaction("a transaction") as connection:\n'
            "                connection.exec_driver_sql(text, parameters)\n"
        ),
        ("tests/unit/db",),
        ("F2", "F6"),
    ),
    Twin(
        "entries with a gap are written",
        SESSION,
        "            if (entry.epoch, entry.sequence) != (head.epoch, head.sequence + 1):\n",
        "            if (entry.epoch, entry.sequence) < (head.epoch, head.sequence + 1):\n",
        ("tests/unit/db",),
        ("T20",),
    ),
    Twin(
        "the newest entry can be pruned",
        SESSION,
        "(change.epoch, change.through) >= (head.epoch, head.sequence)",
        "(change.epoch, change.through) > (head.epoch, head.sequence)",
        ("tests/unit/db",),
        ("T20",),
    ),
    Twin(
        "the reserve is not given up on a full disk",
        SESSION,
        "if self._reserve is None or not self._reserve.give_up():",
        "if self._reserve is None or self._reserve.held():",
        ("tests/unit/db",),
        ("F4",),
    ),
    Twin(
        "a migration is not taken back when it fails",
        "locker/db/upgrade.py",
        'connection.exec_driver_sql("BEGIN IMMEDIATE")',
        "None",
        ("tests/migrations",),
        ("F20",),
    ),
    Twin(
        "no backup before a migration",
        "locker/db/migrate.py",
        "                copy_database(source, backup)\n",
        "                pass\n",
        ("tests/migrations",),
        ("F20",),
    ),
    Twin(
        "doors are pulsed before the commit",
        ENGINE,
        (
            "        if decision.durable:\n"
            "            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))\n"
            "        self.automat, self.head = decision.automat, head\n"
            "        for intent in decision.intents:\n"
            "            self._start(intent)\n"
        ),
        (
            "        for intent in decision.intents:\n"
            "            self._start(intent)\n"
            "        if decision.durable:\n"
            "            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))\n"
            "        self.automat, self.head = decision.automat, head\n"
        ),
        ("tests/unit/engine",),
        ("F6", "F3"),
    ),
    Twin(
        "after a failed commit the daemon goes on",
        ENGINE,
        "            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))\n",
        (
            "            try:\n"
            "                await self._run_blocking("
            "lambda: self._ledger.commit(decision.changes, sealed))\n"
            "            except Exception:\n"
            "                pass\n"
        ),
        ("tests/unit/engine",),
        ("F3",),
    ),
    Twin(
        "entries do not carry the hash of the one before",
        "locker/domain/journal.py",
        '        "prevhash": head.hash,\n',
        '        "prevhash": NO_HASH,\n',
        ("tests/unit/engine", "tests/unit/domain/test_journal.py"),
        ("T20",),
    ),
    Twin(
        "a signature is not checked",
        "locker/domain/journal.py",
        "    if not verify(canonical, signature):\n",
        "    if not signature:\n",
        ("tests/unit/domain/test_journal.py", "tests/unit/api/test_verify.py"),
        ("T20",),
    ),
    Twin(
        "the verifier does not look at the chain",
        "locker/domain/journal.py",
        "        if prevhash != head.hash:\n",
        "        if len(prevhash) != len(head.hash):\n",
        ("tests/unit/domain/test_journal.py",),
        ("T20", "F12"),
    ),
    Twin(
        "an entry that was taken away is not missed",
        "locker/api/verification.py",
        "    if end.sequence < head.sequence:\n",
        "    if end.sequence < 0:\n",
        ("tests/unit/api/test_verify.py",),
        ("T20",),
    ),
    Twin(
        "signatures of evidence are not checked",
        "locker/api/evidence.py",
        "        key.verify(raw, signed)\n",
        "        signed and raw\n",
        ("tests/unit/api/test_evidence.py",),
        ("T20",),
    ),
    Twin(
        "a key file is not synced to the disk",
        KEYS,
        "        opened.flush()\n        os.fsync(descriptor)\n",
        "        opened.flush()\n",
        ("tests/unit/keys",),
        ("F2",),
    ),
    Twin(
        "keys open to others are used",
        KEYS,
        "        if mode & forbidden:\n",
        "        if mode & forbidden == forbidden + 1:\n",
        ("tests/unit/keys",),
        ("T9",),
    ),
    Twin(
        "a lost epoch is guessed",
        KEYS,
        "    if epoch < 1:\n",
        "    epoch = max(epoch, 1)\n    if epoch < 1:\n",
        ("tests/unit/keys",),
        ("F12",),
    ),
    Twin(
        "a new database goes on in the old epoch",
        KEYS,
        'int(_read(file).decode("ascii")) + 1\n',
        'max(1, int(_read(file).decode("ascii")))\n',
        ("tests/unit/keys",),
        ("F12",),
    ),
    Twin(
        "the uptime is counted at every restart",
        CLOCK,
        "        if anchor is not None and anchor.boot_id != self._sources.boot_id:\n",
        "        if anchor is not None:\n",
        ("tests/unit/clock",),
        ("T4",),
    ),
    Twin(
        "powered time is the wall clock",
        CLOCK,
        "        powered_s = self._powered_s + self._sources.boot_s() - self._started_s\n",
        "        powered_s = self._sources.wall_s()\n",
        ("tests/unit/clock",),
        ("T5",),
    ),
    Twin(
        "a clock that nobody set is believed",
        CLOCK,
        "            trust = Trust.UNTRUSTED\n",
        "            trust = Trust.HOLDOVER\n",
        ("tests/unit/clock",),
        ("F13", "T5"),
    ),
)
