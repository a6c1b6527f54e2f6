"""Exit statuses, and the words that come before one."""

import os
import sys
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
    """End the process with a status."""
    if Waiting.is_wanted:
        sys.exit(status)  # type: ignore[arg-type]  # whatever SystemExit carried
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def say(message: str) -> None:
    """Write to stderr what the program has to say, whatever it quotes."""
    from llmc.cli.shown import harmless

    tell(f"llmc: {harmless(message)}")


def tell(text: str) -> None:
    """Write a line to stderr."""
    print(text, file=sys.stderr)


def counted(number: int, noun: str) -> str:
    """`1 plan`, `3 plans`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
