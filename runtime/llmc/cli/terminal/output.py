"""Exit statuses, and output to stdout and stderr."""

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
    """Report wrong usage on stderr and exit."""
    say(message)
    raise typer.Exit(USAGE)


def reason(error: OSError | ValueError) -> str:
    """Return the reason why a file cannot be read or written."""
    from llmc_runtime.input_files import NO_NAME

    if not isinstance(error, OSError):
        return NO_NAME
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]  # the rest keeps its case, since it may be a unit


class Waiting:
    """Whether the process waits at exit for threads started by tools."""

    is_wanted = True


class Stderr:
    """The state of standard error: whether writing failed, and its verbosity."""

    is_lost = False
    is_quiet = False
    is_verbose = False


class DisplayError(Exception):
    """The progress of a run could not be shown or recorded, which ended the run."""

    @staticmethod
    def of(why: Exception) -> "DisplayError":
        """Return the error for a cause."""
        from llmc_runtime.foreign_errors import described

        words = (why.strerror or str(why)).lower() if isinstance(why, OSError) else described(why)
        return DisplayError(f"progress cannot be shown: {words}")


def leave(status: object) -> NoReturn:
    """End the process with a status; unwritten results turn success into failure."""
    try:
        sys.stdout.flush()
    except OSError as error:
        lost = unwritten(error)
        status = status or lost
    if Waiting.is_wanted:
        sys.exit(status)  # type: ignore[arg-type]  # any value of SystemExit
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


UNWRITTEN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EPIPE, errno.EBADF})
"""Errors of writing a result; EBADF means that stdout was closed."""


def unwritten(error: OSError) -> int:
    """Discard the rest of the results and return the status; report the reason unless the reader closed the pipe."""
    _send_nowhere(_STDOUT)
    if error.errno != errno.EPIPE:
        say(f"standard output: {(error.strerror or str(error)).lower()}")
    return FOUND


def say(message: str, report: str = "") -> None:
    """Write an escaped message to stderr, followed by a report of several lines."""
    tell(f"llmc: {message}")
    if report:
        tell(Painted(seen(report)))


def tell(text: str) -> None:
    """Write text to stderr; continuation lines are indented unless the text is painted.

    A failure to write is recorded but not raised, since it could not be reported.
    """
    try:
        print(text if isinstance(text, Painted) else seen(text, INDENT), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        Stderr.is_lost = True
        with suppress(OSError, ValueError):
            _send_nowhere(sys.stderr.fileno())


def note(text: str) -> None:
    """Write text to stderr like `tell`, unless `--quiet` is set."""
    if not Stderr.is_quiet:
        tell(text)


def set_verbosity(*, quiet: bool, verbose: bool = False) -> None:
    """Set the verbosity of stderr and of the log; exit with a message if both options are set."""
    if quiet and verbose:
        fail("`--quiet` and `--verbose` contradict each other: use one of them")
    if quiet or Stderr.is_quiet:
        import logging

        logging.getLogger("llmc").setLevel(logging.ERROR if quiet else logging.NOTSET)
    Stderr.is_quiet, Stderr.is_verbose = quiet, verbose


def open_streams() -> None:
    """Replace closed standard streams by streams that fail, so that no other file takes over their descriptors."""
    if sys.stdout is None:
        sys.stdout = _unwritable(_STDOUT)
    if sys.stderr is None:
        sys.stderr = _unwritable(_STDERR)


def _unwritable(descriptor: int) -> TextIO:
    """Return a stream for a closed descriptor, which fails when it is written."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
    return open(descriptor, "w", buffering=1, encoding="utf-8", closefd=False)


def _send_nowhere(descriptor: int) -> None:
    """Redirect a descriptor to /dev/null, including buffered data."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def give(value: object) -> None:
    """Write a value to stdout: text unchanged, but escaped on a terminal; any other value as JSON."""
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
    """Write JSON data to stdout, with escapes for characters that control a terminal."""
    from llmc_grammar.terminal_text import json_text

    print(json_text(value))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 plan`, `3 plans`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
