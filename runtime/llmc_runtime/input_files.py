"""User files: every file named by an argument, an option, the configuration or a plan is read here.

Regular files and pipes are read, and of devices only standard input and /dev/null. A read is bounded, and waits only
for a pipe that has a writer. Every error is an OSError whose `strerror` is a fact about the file.
"""

import errno
import os
import re
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

WRITER_SECONDS: Final = 2.0
"""Seconds that a FIFO may be without a writer."""

NO_NAME: Final = "is not a valid file name"
"""Message for names that never reach the system; Python's own words change with its version."""

_CHUNK: Final = 1024 * 1024
_STREAM: Final = re.compile(r"/dev/(stdin|fd/[0-9]+)|/proc/(self|[0-9]+)/fd/[0-9]+")


def read_input(path: str | Path, most: int) -> bytes:
    """Return the content of a file of at most `most` bytes; raises OSError."""
    with open_input(path) as descriptor:
        data = read_descriptor(descriptor, most + 1)
        require_size(data, most)
    return data


def read_start(path: str | Path, most: int) -> bytes:
    """Return at most `most` bytes from the start of a file; raises OSError."""
    with open_input(path) as descriptor:
        return read_descriptor(descriptor, most)


def read_stdin(most: int) -> bytes:
    """Return at most `most` bytes of standard input; raises OSError."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "is closed")
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError):  # a stream in memory
        return sys.stdin.buffer.read(most)
    return read_descriptor(descriptor, most)


def require_size(data: bytes, most: int) -> None:
    """Raise OSError for more than `most` bytes."""
    if len(data) > most:
        raise OSError(errno.EFBIG, f"has more than {most // 1024**2} MiB")


def folder_of(path: str | Path) -> Path:
    """Return the folder for relative names in a file: the current one for open files like `/dev/fd/63`."""
    return Path() if _STREAM.fullmatch(str(path)) else Path(path).parent


@contextmanager
def open_input(path: str | Path) -> Iterator[int]:
    """Open a file for reading; every OSError, also of the block inside, gets the file's name."""
    try:
        descriptor = _opened(path)
        try:
            _require_readable(os.fstat(descriptor))
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        error.filename = str(path)
        raise


def read_descriptor(descriptor: int, most: int) -> bytes:
    """Return at most `most` bytes of an open file; raises OSError."""
    is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    is_unwritten = not is_file and not os.get_blocking(descriptor) and not _wait(descriptor, WRITER_SECONDS)
    parts: list[bytes] = []
    left = most
    while left:
        try:
            part = os.read(descriptor, min(left, _CHUNK))
        except BlockingIOError:
            if is_file:
                raise
            is_unwritten = False  # a writer is there, and may take its time
            _wait(descriptor, None)
            continue
        if not part and is_unwritten:
            raise OSError(errno.ENXIO, f"is a pipe that had no writer for {WRITER_SECONDS:g} s")
        if not part:
            break
        is_unwritten = False
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _opened(path: str | Path) -> int:
    """Open a file without blocking reads, or duplicate standard input; raises OSError."""
    try:
        status = Path(path).stat()
    except ValueError as error:  # a NUL, or a lone surrogate
        raise OSError(errno.EINVAL, NO_NAME) from error
    if _is_stdin(status):
        return os.dup(0)  # a pipe of another user or a socket cannot be opened again
    _require_readable(status)  # checked before opening, which may have effects on a device
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)


def _require_readable(status: os.stat_result) -> None:
    """Raise OSError for folders, sockets and devices."""
    mode = status.st_mode
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or _is_stdin(status) or _is_null(status):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISSOCK(mode):
        raise OSError(errno.ENXIO, "is a socket")
    raise OSError(errno.ENODEV, "is a device; only /dev/stdin and /dev/null can be read")


def _is_stdin(status: os.stat_result) -> bool:
    """Whether it is standard input, and not a regular file."""
    try:
        return not stat.S_ISREG(status.st_mode) and os.path.samestat(status, os.fstat(0))
    except OSError:
        return False


def _is_null(status: os.stat_result) -> bool:
    """Whether it is /dev/null."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev


def _wait(descriptor: int, seconds: float | None) -> bool:
    """Wait for data or for the end of a pipe that had a writer; returns False after a timeout."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(None if seconds is None else seconds * 1000))
