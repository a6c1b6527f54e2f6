"""Exit statuses, and the words that come before one."""

import errno
import os
import sys
from contextlib import suppress
from typing import Final, NoReturn, TextIO

import typer

from llmc.cli.terminal.screen import INDENT, Painted, seen

FOUND: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

_STDOUT: Final = 1
_STDERR: Final = 2


def fail(message: str) -> NoReturn:
    """Say on stderr what is wrong with the usage, and end."""
    say(message)
    raise typer.Exit(USAGE)


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be read or written."""
    from llmc_runtime.input_files import NO_NAME

    if not isinstance(error, OSError):
        return NO_NAME
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]  # the rest may be a unit


class Waiting:
    """Whether the process waits at its end for threads that tools have started."""

    is_wanted = True


class Stderr:
    """Whether standard error could not be written; whether it takes errors alone, or every event."""

    is_lost = False
    is_quiet = False
    is_verbose = False


class DisplayError(Exception):
    """What happens in a run can not be shown, or recorded; the run has ended, and the cause is why."""

    @staticmethod
    def of(why: Exception) -> "DisplayError":
        """The error for this cause."""
        from llmc_runtime.errors import described

        words = (why.strerror or str(why)).lower() if isinstance(why, OSError) else described(why)
        return DisplayError(f"progress cannot be shown: {words}")


def leave(status: object) -> NoReturn:
    """End the process with a status, or that of results which cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        lost = unwritten(error)
        status = status or lost
    if Waiting.is_wanted:
        sys.exit(status)  # type: ignore[arg-type]  # whatever SystemExit carried
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


UNWRITTEN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EPIPE, errno.EBADF})
"""Why a result cannot be written; the last one where stdout was closed."""


def unwritten(error: OSError) -> int:
    """Say why results are lost, if anybody wants them; the status. What is left of them goes nowhere."""
    _send_nowhere(_STDOUT)
    if error.errno != errno.EPIPE:
        say(f"standard output: {(error.strerror or str(error)).lower()}")
    return FOUND


def say(message: str, report: str = "") -> None:
    """Write to stderr what the program has to say, whatever it quotes, and below it a report with its own lines."""
    tell(f"llmc: {message}")
    if report:
        tell(Painted(seen(report)))


def tell(text: str) -> None:
    """Write a line to stderr, whose rest is indented if it is several and not painted.

    Where that cannot be written, nobody is there to be told.
    """
    try:
        print(text if isinstance(text, Painted) else seen(text, INDENT), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        Stderr.is_lost = True
        with suppress(OSError, ValueError):
            _send_nowhere(sys.stderr.fileno())


def note(text: str) -> None:
    """Write a line to stderr, as `tell` does, unless errors alone are wanted."""
    if not Stderr.is_quiet:
        tell(text)


def set_verbosity(*, quiet: bool, verbose: bool = False) -> None:
    """Write errors alone to stderr if `quiet`, without warnings of the log; end with a message for both options."""
    if quiet and verbose:
        fail("`--quiet` leaves out what `--verbose` adds: give one of them")
    if quiet or Stderr.is_quiet:
        import logging

        logging.getLogger("llmc").setLevel(logging.ERROR if quiet else logging.NOTSET)
    Stderr.is_quiet, Stderr.is_verbose = quiet, verbose


def open_streams() -> None:
    """Where stdout or stderr was closed, let it fail when it is written, and no other file take its place."""
    if sys.stdout is None:
        sys.stdout = _unwritable(_STDOUT)
    if sys.stderr is None:
        sys.stderr = _unwritable(_STDERR)


def _unwritable(descriptor: int) -> TextIO:
    """A stream for a descriptor that was closed: it fails where it is written."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
    return open(descriptor, "w", buffering=1, encoding="utf-8", closefd=False)


def _send_nowhere(descriptor: int) -> None:
    """Let what is written to a descriptor, and what waits in a buffer for it, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def give(value: object) -> None:
    """Write a value to stdout: a text as it is, but for what controls a terminal if it goes to one; else JSON."""
    from llmc_grammar.terminal_text import json_escaped
    from llmc_runtime.text_format import joined, json_pieces, text_pieces

    if isinstance(value, str):
        is_seen = sys.stdout.isatty()
        pieces = (seen(piece) if is_seen else piece for piece in text_pieces(value))
    else:
        pieces = (json_escaped(piece) for piece in joined(json_pieces(value)))
    for piece in pieces:
        sys.stdout.write(piece)
    print()


def print_json(value: object) -> None:
    """Write JSON data to stdout, with escapes for what controls a terminal."""
    from llmc_grammar.terminal_text import json_text

    print(json_text(value))


def counted(number: int, noun: str) -> str:
    """`1 plan`, `3 plans`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
