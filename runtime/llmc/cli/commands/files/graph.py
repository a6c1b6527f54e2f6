"""`llmc graph`: draw the compiled graph of a plan."""

import shutil
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from llmc.cli.arguments.options import AsJson, MaxTasks, MaxText, Optimize, Passes, PlanFile, Quiet, Tools, one_form
from llmc.cli.arguments.plan_arguments import program
from llmc.cli.terminal.ansi import painted
from llmc.cli.terminal.diagnostic_output import has_color
from llmc.cli.terminal.output import fail, set_verbosity

if TYPE_CHECKING:
    from llmc import Program
    from llmc_compiler.rendering.graph_view import GraphView


class GraphFormat(StrEnum):
    """The format of a graph."""

    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"
    JSON = "json"
    SVG = "svg"


def graph(
    file: PlanFile,
    *,
    format_: Annotated[GraphFormat, typer.Option("--format", help="The output format.")] = GraphFormat.TEXT,
    width: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Width of the text in columns (that of the terminal, or 80).")
    ] = None,
    json_: AsJson = False,
    quiet: Quiet = False,
    tools: Tools = None,
    optimize: Optimize = True,
    passes: Passes = None,
    max_tasks: MaxTasks = None,
    max_text: MaxText = None,
) -> None:
    """Draw a plan: the calls that run concurrently, the calls that wait, and the tasks that are merged or left out."""
    set_verbosity(quiet=quiet)
    form = GraphFormat(one_form(format_, as_json=json_, option="--format"))
    compiled = program(file, tools, max_tasks, max_text, optimize=optimize, passes=passes)
    drawn = _drawn(compiled, form, width or shutil.get_terminal_size().columns)
    print(drawn, end="" if drawn.endswith("\n") else "\n")


def _drawn(compiled: "Program", format_: GraphFormat, width: int) -> str:
    """Return the graph in a format, or exit with a message if the program that draws it is missing."""
    from llmc_compiler.rendering.graph_view import GraphView
    from llmc_compiler.rendering.graphviz import to_dot
    from llmc_compiler.rendering.mermaid import to_mermaid
    from llmc_grammar.terminal_text import json_text
    from llmc_runtime.program.notebook import NoGraphvizError, svg

    if format_ is GraphFormat.JSON:
        return json_text(compiled.to_json())
    picture = GraphView.of(compiled.graph, compiled.plan)
    if format_ is GraphFormat.MERMAID:
        return to_mermaid(picture)
    if format_ is GraphFormat.TEXT:
        return _text(picture, width, color=has_color(sys.stdout))
    dot = to_dot(picture)
    if format_ is GraphFormat.DOT:
        return dot
    try:
        return svg(dot)
    except NoGraphvizError as error:
        fail(str(error))


def _text(picture: "GraphView", width: int, *, color: bool) -> str:
    """Return the lines of a picture, with terminal codes if `color`."""
    from llmc_compiler.rendering.text_graph import draw

    return painted(draw(picture, width), color=color)
