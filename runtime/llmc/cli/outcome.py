"""Exit statuses, and the words that come before one."""

import errno
import json
import os
import sys
from contextlib import AbstractContextManager, redirect_stdout
from typing import Final, NoReturn

import typer

FOUND: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130


def fail(message: str) -> NoReturn:
    """Say on stderr what is wrong with the usage, and end."""
    say(message)
    raise typer.Exit(USAGE)


class Waiting:
    """Whether the process waits at its end for threads that tools have started."""

    is_wanted = True


def leave(status: object) -> NoReturn:
    """End the process with a status, or that of results which cannot be written."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as error:
            status = unwritten(error)
    if Waiting.is_wanted:
        sys.exit(status)  # type: ignore[arg-type]  # whatever SystemExit carried
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def aside() -> AbstractContextManager[object]:
    """What is printed meanwhile, by tools and the files they are in, goes to stderr: stdout is for results."""
    return redirect_stdout(sys.stderr)


UNWRITTEN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EPIPE})
"""Why a result cannot be written."""


def unwritten(error: OSError) -> int:
    """Say why results are lost, if anybody wants them; the status. What is left of them goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if error.errno != errno.EPIPE:
        say(f"standard output: {(error.strerror or str(error)).lower()}")
    return FOUND


def say(message: str) -> None:
    """Write to stderr what the program has to say, whatever it quotes."""
    from llmc.cli.shown import harmless

    tell(f"llmc: {harmless(message)}")


def tell(text: str) -> None:
    """Write a line to stderr."""
    print(text, file=sys.stderr)


def give(value: object) -> None:
    """Write a value to stdout: a text as it is, but for what controls a terminal if it goes to one; else JSON."""
    from llmc.cli.shown import harmless

    if not isinstance(value, str):
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        print(harmless(value) if sys.stdout.isatty() else value)


def counted(number: int, noun: str) -> str:
    """`1 plan`, `3 plans`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
