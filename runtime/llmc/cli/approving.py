"""The option that says what asks before it is called."""

from enum import StrEnum
from typing import Annotated

import typer


class Approve(StrEnum):
    """What asks before it is called."""

    ASK = "ask"
    ALL = "all"
    NONE = "none"


Asking = Annotated[
    Approve | None,
    typer.Option(
        "--approve",
        help="ask: every call that may change something asks first; all: nothing asks; none: refuse what asks. "
        "By default only tools ask that say so; without a terminal they are refused.",
    ),
]
