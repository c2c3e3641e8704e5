"""A SQLite VFS that asks a hook before each operation on a file, for as long as a block lasts.

It stands before the system's own VFS in the very library that the standard `sqlite3` module uses, so what is
recorded or refused is what the daemon does: its SQLite, its settings, its statements, nothing replaced. It
works on copies of the function tables (https://www.sqlite.org/c3ref/io_methods.html); what no hook needs
(locks, shared memory, reads) stays the native function.
"""

import ctypes
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from ctypes import CFUNCTYPE, Structure, addressof, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

OK, FULL, CANNOT_OPEN = 0, 13, 14
IO_ERROR, IO_ERROR_READ, IO_ERROR_WRITE, IO_ERROR_SYNC = 10, 266, 778, 1034
IO_ERROR_SYNC_DIRECTORY, IO_ERROR_TRUNCATE, IO_ERROR_DELETE = 1290, 1546, 2570
# https://www.sqlite.org/rescode.html

OPEN_READ_WRITE, OPEN_CREATE = 0x2, 0x4
TEMPORARY = "(temporary)"


class Kind(StrEnum):
    """What SQLite asks the operating system for."""

    OPEN = "open"
    READ = "read"
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    SYNC_DIRECTORY = "sync-directory"
    DELETE = "delete"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation; `size` is the new size of a truncation or the length of a read, `flags` are SQLite's."""

    kind: Kind
    path: str
    offset: int = 0
    data: bytes = b""
    size: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An operation that fails: the result code for SQLite, and how much of a write is done all the same."""

    code: int
    written_bytes: int = 0


REFUSED_AS = {
    Kind.OPEN: CANNOT_OPEN,
    Kind.READ: IO_ERROR_READ,
    Kind.WRITE: IO_ERROR_WRITE,
    Kind.TRUNCATE: IO_ERROR_TRUNCATE,
    Kind.SYNC: IO_ERROR_SYNC,
    Kind.SYNC_DIRECTORY: IO_ERROR_SYNC_DIRECTORY,
    Kind.DELETE: IO_ERROR_DELETE,
}
"""What SQLite's own layer says when the system gives EIO for an operation."""

Hook = Callable[[Call], Refusal | None]
"""Asked before each operation: None to go on. What it raises is raised at the end of the block."""


class Failing:
    """A hook that lets the `number`-th matching operation fail (counted from 0), once or from then on.

    `count` is how many matching operations there have been; with `number` None nothing fails. Without
    `code` the system gave EIO; a disk that is full says FULL (13) to a write.
    """

    def __init__(
        self,
        number: int | None,
        *,
        kinds: Collection[Kind] = tuple(REFUSED_AS),
        for_ever: bool = False,
        code: int | None = None,
        written_bytes: int = 0,
    ) -> None:
        """Say what fails; nothing has happened yet."""
        self.count = 0
        self.failed: list[Call] = []
        self._number = number
        self._kinds = kinds
        self._for_ever = for_ever
        self._code = code
        self._written_bytes = written_bytes

    def __call__(self, call: Call) -> Refusal | None:
        """Count, and refuse what is to fail."""
        if call.kind not in self._kinds or call.kind not in REFUSED_AS:
            return None
        number, self.count = self.count, self.count + 1
        if self._number is None or not (number == self._number or (self._for_ever and number > self._number)):
            return None
        self.failed.append(call)
        return Refusal(REFUSED_AS[call.kind] if self._code is None else self._code, self._written_bytes)


class CannotStandBetween(Exception):  # noqa: N818 - the name says what is the case
    """This Python's sqlite3 carries a SQLite whose functions nobody outside can call."""


@contextmanager
def installed(hook: Hook, *, reads: bool = False, dice: Random | None = None) -> Iterator[None]:
    """Ask `hook` before each operation on a database opened in this block; every one is closed in it, too.

    Of this process only, on all threads. `reads` asks before reads as well, which costs time. With `dice`
    SQLite's own chance (the salts of its log) follows from them. A close is told and cannot be refused.
    CannotStandBetween where the SQLite in use cannot be reached.
    """
    shim = _Shim(_library(), hook, reads=reads, dice=dice)
    shim.register()
    try:
        yield
    except BaseException as error:
        shim.unregister()
        if shim.raised:
            raise shim.raised[0] from error
        raise
    shim.unregister()
    if shim.raised:
        raise shim.raised[0]
    if shim.left_open:
        raise RuntimeError(f"still open at the end of the block: {', '.join(shim.left_open)}")


def why_not() -> str | None:
    """Return why nothing can stand between this Python's sqlite3 and the disk; None if it can."""
    try:
        _library()
    except CannotStandBetween as reason:
        return str(reason)
    return None


class _Vfs(Structure):
    """sqlite3_vfs, version 3 (https://www.sqlite.org/c3ref/vfs.html)."""

    _fields_ = [
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        *(
            (name, c_void_p)
            for name in (
                *("xOpen", "xDelete", "xAccess", "xFullPathname", "xDlOpen", "xDlError", "xDlSym"),
                *("xDlClose", "xRandomness", "xSleep", "xCurrentTime", "xGetLastError"),
                *("xCurrentTimeInt64", "xSetSystemCall", "xGetSystemCall", "xNextSystemCall"),
            )
        ),
    ]


class _Methods(Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [
        ("iVersion", c_int),
        *(
            (name, c_void_p)
            for name in (
                *("xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize", "xLock", "xUnlock"),
                *("xCheckReservedLock", "xFileControl", "xSectorSize", "xDeviceCharacteristics"),
                *("xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap", "xFetch", "xUnfetch"),
            )
        ),
    ]


class _File(Structure):
    """sqlite3_file: what follows the pointer belongs to the VFS."""

    _fields_ = [("pMethods", c_void_p)]


_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_TRANSFER = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_RANDOMNESS = CFUNCTYPE(c_int, c_void_p, c_int, c_void_p)
_OPEN_DIRECTORY = CFUNCTYPE(c_int, c_void_p, c_void_p)
_GET_SYSTEM_CALL = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_SET_SYSTEM_CALL = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)


class _Shim:
    """The copied tables, and what is open through them."""

    def __init__(
        self, library: ctypes.CDLL, hook: Hook, *, reads: bool = False, dice: Random | None = None
    ) -> None:
        self.raised: list[BaseException] = []
        self.left_open: list[str] = []
        self._library = library
        self._hook = hook
        self._reads = reads
        self._system = _Vfs.from_address(library.sqlite3_vfs_find(None))
        self._vfs = _Vfs()
        ctypes.memmove(addressof(self._vfs), addressof(self._system), ctypes.sizeof(_Vfs))
        self._methods: dict[int, _Methods] = {}
        self._native: dict[int, _Methods] = {}
        self._names: dict[int, str] = {}
        self._callbacks: list[Any] = []
        self._vfs.zName = b"before-the-disk"
        self._vfs.xOpen = self._callback(_OPEN, self._open)
        self._vfs.xDelete = self._callback(_DELETE, self._delete)
        self._dice = dice
        if dice is not None:
            self._vfs.xRandomness = self._callback(_RANDOMNESS, self._throw)
        get = _GET_SYSTEM_CALL(self._system.xGetSystemCall)
        self._native_open = _OPEN(self._system.xOpen)
        self._native_delete = _DELETE(self._system.xDelete)
        self._native_open_directory = _OPEN_DIRECTORY(get(addressof(self._system), b"openDirectory"))
        self._refused_directory = False

    def register(self) -> None:
        """Become the default of this process."""
        code = self._library.sqlite3_vfs_register(addressof(self._vfs), 1)
        if code != OK:
            raise CannotStandBetween(f"SQLite refuses another VFS (code {code})")
        self._set_open_directory(self._callback(_OPEN_DIRECTORY, self._open_directory))
        self._begin_chance()

    def unregister(self) -> None:
        """Step aside; what is still open goes on through the callbacks."""
        self._set_open_directory(None)
        self._library.sqlite3_vfs_unregister(addressof(self._vfs))
        self._begin_chance()
        if self._names:
            # Whatever closes these files will call here, perhaps when this block is long forgotten.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))
            self.left_open = sorted(self._names.values())

    # -- what SQLite calls

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out_flags: int | None) -> int:
        path = TEMPORARY if not name else _text(name)
        _File.from_address(file).pMethods = None  # a file that failed to open has none
        if refusal := self._ask(Call(Kind.OPEN, path, flags=flags)):
            return refusal.code
        code: int = self._native_open(vfs, name, file, flags, out_flags)
        opened = _File.from_address(file)
        if opened.pMethods is not None:
            native = opened.pMethods
            if native not in self._methods:
                self._methods[native] = self._intercepted(native)
            opened.pMethods = addressof(self._methods[native])
            self._native[file] = _Methods.from_address(native)
            self._names[file] = path
        return code

    def _delete(self, vfs: int, name: int, sync_directory: int) -> int:
        if refusal := self._ask(Call(Kind.DELETE, _text(name), flags=sync_directory)):
            return refusal.code
        self._refused_directory = False
        code: int = self._native_delete(vfs, name, sync_directory)
        return IO_ERROR_SYNC_DIRECTORY if self._refused_directory and code == OK else code

    def _open_directory(self, name: int, descriptor: int) -> int:
        """SQLite syncs a directory in two places; it opens it for nothing else."""
        if self._ask(Call(Kind.SYNC_DIRECTORY, str(Path(_text(name)).parent))):
            self._refused_directory = True
            return CANNOT_OPEN  # then it goes on without
        code: int = self._native_open_directory(name, descriptor)
        return code

    def _close(self, file: int) -> int:
        path, close = self._names.pop(file), _CLOSE(self._native.pop(file).xClose)
        try:
            self._ask(Call(Kind.CLOSE, path))
        finally:
            code: int = close(file)
        return code

    def _read(self, file: int, buffer: int, length: int, offset: int) -> int:
        if refusal := self._ask(Call(Kind.READ, self._names[file], offset, size=length)):
            return refusal.code
        code: int = _TRANSFER(self._native[file].xRead)(file, buffer, length, offset)
        return code

    def _write(self, file: int, buffer: int, length: int, offset: int) -> int:
        write = _TRANSFER(self._native[file].xWrite)
        data = ctypes.string_at(buffer, length)
        if refusal := self._ask(Call(Kind.WRITE, self._names[file], offset, data)):
            if refusal.written_bytes:
                write(file, buffer, min(refusal.written_bytes, length), offset)
            return refusal.code
        code: int = write(file, buffer, length, offset)
        return code

    def _truncate(self, file: int, size: int) -> int:
        if refusal := self._ask(Call(Kind.TRUNCATE, self._names[file], size=size)):
            return refusal.code
        code: int = _TRUNCATE(self._native[file].xTruncate)(file, size)
        return code

    def _sync(self, file: int, flags: int) -> int:
        if refusal := self._ask(Call(Kind.SYNC, self._names[file], flags=flags)):
            return refusal.code
        code: int = _SYNC(self._native[file].xSync)(file, flags)
        return code

    def _throw(self, _vfs: int, count: int, buffer: int) -> int:
        if self._dice is not None:
            ctypes.memmove(buffer, self._dice.randbytes(count), count)
        return count

    # -- within

    def _begin_chance(self) -> None:
        """Have SQLite ask for randomness anew before it next needs some."""
        if self._dice is not None:
            self._library.sqlite3_randomness(0, None)

    def _intercepted(self, native: int) -> _Methods:
        methods = _Methods()
        ctypes.memmove(addressof(methods), native, ctypes.sizeof(_Methods))
        methods.xClose = self._callback(_CLOSE, self._close)
        methods.xWrite = self._callback(_TRANSFER, self._write)
        methods.xTruncate = self._callback(_TRUNCATE, self._truncate)
        methods.xSync = self._callback(_SYNC, self._sync)
        if self._reads:
            methods.xRead = self._callback(_TRANSFER, self._read)
        return methods

    def _ask(self, call: Call) -> Refusal | None:
        return self._hook(call)

    def _callback(self, kind: Any, method: Callable[..., int]) -> int | None:
        """Make a C function of a method; nothing may be raised through C."""

        def guarded(*arguments: Any) -> int:
            try:
                return method(*arguments)
            except BaseException as error:  # noqa: BLE001 - raised again at the end of the block
                self.raised.append(error)
                return IO_ERROR

        made = kind(guarded)
        self._callbacks.append(made)
        return ctypes.cast(made, c_void_p).value

    def _set_open_directory(self, function: int | None) -> None:
        set_call = _SET_SYSTEM_CALL(self._system.xSetSystemCall)
        code = set_call(addressof(self._system), b"openDirectory", function)
        if code != OK:
            raise CannotStandBetween(f"SQLite keeps its way to directories (code {code})")


def _text(pointer: int) -> str:
    return ctypes.string_at(pointer).decode()


@cache
def _library() -> ctypes.CDLL:
    """Return the SQLite that `sqlite3` uses, reached through that module's own file; seen to be the same."""
    try:
        import _sqlite3  # the extension itself: its symbols are looked up before any other library's

        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = c_void_p
        library.sqlite3_vfs_find.argtypes = [c_char_p]
        library.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
        library.sqlite3_vfs_unregister.argtypes = [c_void_p]
        library.sqlite3_randomness.argtypes = [c_int, c_void_p]
        library.sqlite3_libversion.restype = c_char_p
    except (ImportError, AttributeError, OSError) as error:
        raise CannotStandBetween(
            f"the functions of SQLite are out of reach ({error}): this Python has it built in"
        ) from error
    system = library.sqlite3_vfs_find(None)
    if system is None or _Vfs.from_address(system).iVersion < 3:
        raise CannotStandBetween("SQLite's own layer to the system is not of version 3")
    seen: list[Call] = []
    shim = _Shim(library, seen.append)
    shim.register()
    try:
        with closing(sqlite3.connect("file:unmade?mode=ro", uri=True)):
            pass
    except sqlite3.OperationalError:
        pass  # there is no such file; whether SQLite went this way to find out is what was asked
    finally:
        shim.unregister()
    if not seen:
        raise CannotStandBetween(
            f"the SQLite {library.sqlite3_libversion().decode()} that can be reached is not the one in use"
        )
    return library
