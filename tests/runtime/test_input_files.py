"""How files from outside are opened and read: bounded, and waiting only for a pipe that somebody writes to."""

import errno
import os
import socket
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from llmc_runtime import input_files
from llmc_runtime.input_files import folder_of, read_input, read_start, read_stdin


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of each odd file, in which names are short; nobody waits for a writer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(input_files, "WRITER_SECONDS", 0.0)
    os.mkfifo("fifo")
    Path("folder").mkdir()
    Path("file").write_bytes(b"text")
    for link, target in (("circle", "circle"), ("dangling", "gone"), ("zero", "/dev/zero"), ("link", "file")):
        Path(link).symlink_to(target)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    return tmp_path


ODD = {
    "gone": "No such file or directory",
    "folder": "Is a directory",
    "folder/": "Is a directory",
    "file/x": "Not a directory",
    "fifo": "is a pipe that had no writer for 0 s",
    "socket": "is a socket",
    "circle": "Too many levels of symbolic links",
    "dangling": "No such file or directory",
    "zero": "is a device; only /dev/stdin and /dev/null can be read",
    "/dev/zero": "is a device; only /dev/stdin and /dev/null can be read",
    "x" * 300: "File name too long",
    "a\0b": "is not a valid file name",
    "\ud800": "is not a valid file name",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_an_error_with_a_fact_and_its_name(folder: Path, name: str) -> None:
    """Nothing of it is read, and nothing waits."""
    with pytest.raises(OSError, match=r".") as caught:
        read_start(name, 100)
    assert (caught.value.strerror or "").startswith(ODD[name])
    assert caught.value.filename == name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_error(folder: Path) -> None:
    """As the system says it."""
    Path("file").chmod(0)
    with pytest.raises(PermissionError):
        read_start("file", 100)


def test_files_links_and_the_null_device_are_read(folder: Path) -> None:
    """The control: what is not odd."""
    assert [read_start(name, 100) for name in ("file", "link", "/dev/null")] == [b"text", b"text", b""]


def test_a_read_is_bounded(folder: Path) -> None:
    """At the start of a file, or with an error for more than there may be."""
    assert read_start("file", 2) == b"te"
    assert read_input("file", 4) == b"text"
    with pytest.raises(OSError, match="has more than 0 MiB") as caught:
        read_input("file", 3)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, "file")


def test_an_endless_file_is_read_up_to_the_bound(folder: Path) -> None:
    """A pipe whose writer does not end."""
    reading, writing = os.pipe()
    os.write(writing, b"x" * 5000)
    try:
        assert read_start(f"/dev/fd/{reading}", 4096) == b"x" * 4096
    finally:
        os.close(reading)
        os.close(writing)


def test_a_pipe_that_was_written_and_closed_is_read_to_its_end(folder: Path) -> None:
    """As the shell's `<(…)` gives one, also with nothing in it."""
    for data in (b"text", b""):
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        assert read_start(f"/dev/fd/{reading}", 100) == data
        os.close(reading)


@pytest.mark.parametrize("data", [b"late", b""])
def test_a_writer_may_come_late_and_take_its_time(folder: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """One that has the pipe open when the wait is over is waited for without end, even if it has nothing to say."""
    waits: list[float | None] = []
    writers: list[int] = []

    def wait(descriptor: int, seconds: float | None) -> bool:
        waits.append(seconds)
        if not writers:
            writers.append(os.open("fifo", os.O_WRONLY))
            return False
        os.write(writers[0], data)
        os.close(writers[0])
        return True

    monkeypatch.setattr(input_files, "_wait", wait)
    assert read_start("fifo", 100) == data
    assert waits == [0.0, None]


def test_a_plain_read_would_take_a_pipe_without_a_writer_for_an_empty_file(folder: Path) -> None:
    """The control for the wait: that is what a pipe says that nobody has opened."""
    descriptor = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(descriptor, 100) == b""
    os.close(descriptor)


def test_a_file_that_has_nothing_to_say_yet_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some regular files of the kernel wait for news, such as /proc/kmsg."""

    def read(descriptor: int, size: int) -> bytes:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "read", read)
    with pytest.raises(BlockingIOError):
        read_start("file", 100)


def test_no_descriptor_is_left_open(folder: Path) -> None:
    """Whatever becomes of the read."""
    before = os.listdir("/dev/fd")  # noqa: PTH208 — the names count
    for name in (*ODD, "file", "/dev/null"):
        try:
            read_input(name, 1)
        except OSError:
            continue
    assert os.listdir("/dev/fd") == before  # noqa: PTH208 — as above


def test_standard_input_is_read_as_a_descriptor_or_as_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that does not block is waited for; a closed one is an error."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    steps: list[Callable[[], object]] = [lambda: os.write(writing, b"b"), lambda: os.close(writing)]

    def wait(descriptor: int, seconds: float | None) -> bool:
        if seconds is None:
            steps.pop(0)()
        return True

    monkeypatch.setattr(input_files, "_wait", wait)
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert read_stdin(100) == b"b"
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"in memory")))
    assert read_stdin(2) == b"in"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="is closed"):
        read_stdin(100)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("/dev/stdin", "."),
        ("/dev/fd/63", "."),
        ("/proc/self/fd/3", "."),
        ("/proc/12/fd/3", "."),
        ("a/plan.llmc", "a"),
        ("/dev/shm/plan.llmc", "/dev/shm"),  # noqa: S108 — a name, and no file
        ("/proc/self/cwd/plan.llmc", "/proc/self/cwd"),
    ],
)
def test_names_in_an_open_file_start_from_the_current_folder(name: str, folder: str) -> None:
    """There is nothing else beside it."""
    assert folder_of(name) == Path(folder)
