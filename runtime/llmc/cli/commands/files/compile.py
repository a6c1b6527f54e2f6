"""`llmc compile`: print the compiled plan."""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from llmc.cli.arguments.options import AsJson, Lenient, MaxTasks, MaxText, Optimize, Passes, PlanFile, Quiet, Tools
from llmc.cli.arguments.plan_arguments import program
from llmc.cli.arguments.shell_completion import PASSES, choices
from llmc.cli.terminal.output import fail, note, set_verbosity, tell
from llmc.cli.terminal.screen import Painted, seen

if TYPE_CHECKING:
    from llmc import Program
    from llmc_grammar.stream import Mode

_ALL: Final = "all"
_MOST_TOLD: Final = 5
_LONGEST: Final = 200


class Emit(StrEnum):
    """The format of a compiled plan."""

    LLMC = "llmc"
    JSON = "json"


def compile_(
    file: PlanFile,
    *,
    emit: Annotated[Emit, typer.Option(help="The plan language, or the graph as JSON.")] = Emit.LLMC,
    json_: AsJson = False,
    quiet: Quiet = False,
    lenient: Lenient = False,
    tools: Tools = None,
    optimize: Optimize = True,
    passes: Passes = None,
    print_after: Annotated[
        str | None,
        typer.Option(
            "--print-after",
            metavar="PASS|all",
            help="Print the plan to stderr after this pass, or after every pass.",
            autocompletion=choices(PASSES | {_ALL: "after every pass"}),
        ),
    ] = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Print the compiled plan, in the plan language or as a graph."""
    set_verbosity(quiet=quiet)
    if print_after is not None:
        _require_known(print_after)
    mode: Mode = "lenient" if lenient else "strict"
    compiled = program(file, tools, max_tasks, max_text, optimize=optimize, passes=passes, mode=mode)
    if print_after is not None:
        _print_stages(compiled, print_after)
    for line in _checks(compiled):
        note(line)
    if json_ or emit is Emit.JSON:
        from llmc_grammar.terminal_text import json_text

        print(json_text(compiled.to_json()))
    else:
        print(compiled.to_llmc().rstrip("\n"))


def _checks(compiled: "Program") -> Iterator[str]:
    """Yield the number of arguments that are checked only on arrival, and the first of them."""
    from llmc.cli.terminal.sanitize import shown
    from llmc_compiler.expressions.types import describe
    from llmc_compiler.ir.graph import op_name

    remaining = compiled.checks
    if remaining:
        number = "1 argument is" if len(remaining) == 1 else f"{len(remaining)} arguments are"
        yield f"{number} checked on arrival, since their types may not fit:"
    for each in remaining[:_MOST_TOLD]:
        line = compiled.source.place(each.node.span)
        tool, wanted, found = op_name(each.node.op), describe(each.wanted), describe(each.found)
        yield shown(f"  {line}: `{each.parameter}` of `{tool}` takes {wanted} and is given {found}", _LONGEST)
    if len(remaining) > _MOST_TOLD:
        yield f"  and {len(remaining) - _MOST_TOLD} more"


def _require_known(name: str) -> None:
    """Exit with a message if no pass has this name."""
    from llmc_compiler.passes.pipeline import PIPELINE, UnknownPassError, require_pass

    try:
        require_pass(name, (*(transform.name for transform in PIPELINE), _ALL))
    except UnknownPassError as error:
        fail(str(error))


def _print_stages(compiled: "Program", wanted: str) -> None:
    """Print the plan after a pass, or after every pass, under a comment with the pass's name."""
    from llmc_compiler.serialization.compiled_graph import with_forms

    if wanted != _ALL and wanted not in {transform.name for transform in compiled.passes}:
        fail(f"`{wanted}` is not one of the passes that run")
    for stage in compiled.stages():
        if wanted in {stage.name, _ALL}:
            text = replace(compiled, graph=with_forms(stage.after)).to_llmc().rstrip()
            tell(Painted(seen(f"# after {stage.name}\n{text}\n")))
