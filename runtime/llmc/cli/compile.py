"""`llmc compile`: the plan as it will be run."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from llmc.cli.options import MaxTasks, MaxText, Optimize, PlanFile, Tools
from llmc.cli.plans import program


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
    if emit is Emit.JSON:
        print(json.dumps(compiled.to_json(), ensure_ascii=False, indent=2))
    else:
        print(compiled.to_llmc().rstrip("\n"))
