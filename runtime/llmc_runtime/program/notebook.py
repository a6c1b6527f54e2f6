"""Pictures of programs for notebooks, and the call of Graphviz."""

import shutil
import subprocess
from collections.abc import Callable, Collection
from typing import Final

from llmc_compiler.ir.graph import Graph
from llmc_compiler.rendering.graph_view import GraphView
from llmc_compiler.rendering.graphviz import to_dot
from llmc_compiler.rendering.mermaid import to_mermaid
from llmc_compiler.rendering.text_graph import as_text
from llmc_grammar import ast
from llmc_grammar.portable import Portable

_WIDTH: Final = 100
_LARGEST: Final = 200
"""Largest graph in nodes that a notebook draws with Graphviz, whose time grows faster than the graph."""

_PATIENCE: Final = 10.0


class NoGraphvizError(Portable, RuntimeError):
    """Graphviz is missing, or failed to draw; the message tells how to fix it."""


def svg(dot: str, *, seconds: float | None = None) -> str:
    """Draw DOT text with Graphviz; raises NoGraphvizError."""
    program = shutil.which("dot")
    if program is None:
        message = "drawing SVG needs Graphviz' program `dot`: install the package `graphviz`, or use another format"
        raise NoGraphvizError(message)
    try:
        run = subprocess.run(  # noqa: S603 — the text goes to standard input; the command is fixed
            [program, "-Tsvg"], input=dot.encode(), capture_output=True, timeout=seconds, check=True
        )
    except subprocess.CalledProcessError as error:
        message = f"`dot` could not draw the graph: {error.stderr.decode(errors='replace').strip()}"
        raise NoGraphvizError(message) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"`dot` could not draw the graph: {error}"
        raise NoGraphvizError(message) from error
    return run.stdout.decode()


def mimebundle(
    graph: Graph, plan: ast.Plan, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> dict[str, str]:
    """Return pictures of a compiled plan by MIME type, for IPython's display protocol."""
    picture = GraphView.of(graph, plan)
    forms: dict[str, Callable[[], str]] = {
        "text/plain": lambda: as_text(picture, _WIDTH),
        "text/vnd.mermaid": lambda: to_mermaid(picture),
        "image/svg+xml": lambda: svg(to_dot(picture), seconds=_PATIENCE),
    }
    if len(graph.nodes) > _LARGEST:
        del forms["image/svg+xml"]
    bundle = {}
    for kind, form in forms.items():
        if (include is None or kind in include) and kind not in (exclude or ()):
            try:
                bundle[kind] = form()
            except NoGraphvizError:
                continue
    return bundle
