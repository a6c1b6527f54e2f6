"""`llmc compile`: the plan as it will be run."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from llmc.cli.options import MaxTasks, MaxText, Optimize, PlanFile, Tools
from llmc.cli.plans import program
from llmc.cli.shown import shown

if TYPE_CHECKING:
    from llmc import Program

_MOST_TOLD: Final = 5
_LONGEST: Final = 200


class Emit(StrEnum):
    """What a compiled plan is written as."""

    LLMC = "llmc"
    JSON = "json"


def compile_(
    file: PlanFile,
    *,
    emit: Annotated[Emit, typer.Option(help="The plan language, or the graph as JSON.")] = Emit.LLMC,
    tools: Tools = None,
    optimize: Optimize = True,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Print what will be run, as a plan or as a graph."""
    compiled = program(file, tools, max_tasks, max_text, optimize=optimize)
    for line in _told(compiled):
        print(line, file=sys.stderr)
    if emit is Emit.JSON:
        print(json.dumps(compiled.to_json(), ensure_ascii=False, indent=2))
    else:
        print(compiled.to_llmc().rstrip("\n"))


def _told(compiled: "Program") -> Iterator[str]:
    """How many arguments are checked only when they arrive, and the first of them."""
    from llmc_compiler.graph import op_name
    from llmc_compiler.types import describe

    remaining = compiled.checks
    if remaining:
        number = "1 argument is" if len(remaining) == 1 else f"{len(remaining)} arguments are"
        yield f"{number} checked on arrival, since their types do not say that they fit:"
    for each in remaining[:_MOST_TOLD]:
        line, _ = compiled.source.position(each.node.span.start)
        tool, wanted, found = op_name(each.node.op), describe(each.wanted), describe(each.found)
        yield shown(f"  line {line}: `{each.parameter}` of `{tool}` takes {wanted} and is given {found}", _LONGEST)
    if len(remaining) > _MOST_TOLD:
        yield f"  and {len(remaining) - _MOST_TOLD} more"
