"""`llmc new`: write a plan and its tools as a starting point."""

import os
import re
from pathlib import Path
from typing import Annotated, Final

import typer

from llmc.cli.arguments.options import AsJson
from llmc.cli.terminal.output import fail, print_json, reason
from llmc.cli.terminal.screen import put_name

PLAN: Final = """\
# Run it:      llmc run {name}.llmc
# Another one: llmc run {name}.llmc --input city=Lisbon
use "{tools}"

input city: str = "Oslo"

# The two forecasts do not depend on each other, so they run concurrently.
here = forecast($city)
there = forecast("Nairobi")

# This call needs both results, so it waits for both.
gap = subtract($there.degrees, $here.degrees)

# A conditional call with an effect: it is never left out, repeated or moved past another note.
remember("it is warmer in Nairobi than in $city") if $gap > 0

# The value of the plan.
join("$city: ${{here.degrees}} degrees. Nairobi is warmer by $gap.")
"""

TOOLS: Final = '''\
"""Tools for {name}.llmc: annotations are types, docstrings are descriptions, and decorators declare effects."""

import asyncio

from llmc import pure, read, write

SEEN: list[str] = []


@read("weather", latency=0.3)
async def forecast(city: str) -> dict[str, int]:
    """Degrees that are expected tomorrow."""
    await asyncio.sleep(0.3)  # your own tool would call a service here
    return {{"degrees": 31 if city == "Nairobi" else len(city)}}


@pure
def subtract(a: int, b: int) -> int:
    """The difference `a - b`."""
    return a - b


@write("memory")
def remember(text: str) -> None:
    """Keep a sentence."""
    SEEN.append(text)
'''

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The plan's name, without an extension.")],
    *,
    json_: AsJson = False,
) -> None:
    """Write NAME.llmc and NAME_tools.py as a starting point."""
    path = Path(name.removesuffix(".llmc"))
    if not _NAME.fullmatch(path.name):
        fail(f"`{path.name}` is not a valid plan name: use letters, digits, `_` and `-`, and begin with a letter")
    tools = path.with_name(f"{path.name.replace('-', '_')}_tools.py")
    plan = path.with_name(f"{path.name}.llmc")
    for file in (plan, tools):
        if os.path.lexists(file):  # returns False instead of raising for a name that is too long
            fail(f"{file} already exists; nothing was written")
    for file, text in ((tools, TOOLS), (plan, PLAN)):
        _write(file, text.format(name=path.name, tools=tools.name))
    if json_:
        print_json({"version": 1, "files": [str(plan), str(tools)]})
        return
    for file in (plan, tools):
        put_name(str(file))


def _write(file: Path, text: str) -> None:
    """Write a new file, or exit with a message."""
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except (OSError, ValueError) as error:
        fail(f"{file}: {reason(error)}")
