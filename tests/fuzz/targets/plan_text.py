"""Plan text: read whole and in pieces, drawn, printed, mended, formatted, compiled, and saved as JSON.

The first byte says how the rest is read: `0` to `9` and so on, even ones as a person's text and odd ones as a model's.
"""

from contextlib import suppress
from typing import Final

from llmc_compiler.compiler import compile_parsed
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, PlanStream, parse, print_plan, render, to_json
from llmc_grammar.ast import Statement
from llmc_grammar.fix import fix
from llmc_grammar.format import FormatError, format_plan
from llmc_grammar.stream import Mode

DRAWN: Final = 3
"""Mistakes that are drawn."""
EFFECTS: Final = {"f": "pure", "search": "read(web)", "note": "write(notes)", "act": "opaque"}
TOOLS: Final = Toolbox(Tool.from_schema(name, name, {}, effect, print) for name, effect in EFFECTS.items())


def check(data: bytes) -> None:
    """No exception but the documented ones, and all ways to read a text agree."""
    head, text = data[:1] or b"0", data[1:]
    mode: Mode = "lenient" if head[0] & 1 else "strict"
    parsed = parse(text, mode=mode, tools=TOOLS)
    _check_pieces(parsed, text, mode, size=1 + (head[0] >> 1) % 16)
    for found in parsed.diagnostics[:DRAWN]:
        render(found, parsed.source)
        to_json(found, parsed.source)
    if any(found.edit for found in parsed.diagnostics):
        fix(text, mode=mode, tools=TOOLS)
    again = parse(print_plan(parsed.plan))
    assert again.plan == parsed.plan or not again.ok, print_plan(parsed.plan)
    if mode == "strict":
        _check_format(parsed)
    with suppress(CompileError):
        _check_graph(compile_parsed(parsed, TOOLS, lenient=mode == "lenient").graph)


def _check_pieces(parsed: Parsed, text: bytes, mode: Mode, size: int) -> None:
    """A text that arrives in pieces is the same plan, with the same mistakes."""
    stream = PlanStream(mode, tools=TOOLS)
    statements: tuple[Statement, ...] = ()
    for at in range(0, len(text) + size, size):
        restarts = stream.restarts
        found = stream.feed(text[at : at + size]) if at < len(text) else stream.close()
        # A restart gives up what was read before it.
        statements = (*statements, *found) if stream.restarts == restarts else found
    assert statements == parsed.plan.statements
    assert stream.diagnostics == parsed.diagnostics


def _check_format(parsed: Parsed) -> None:
    """Formatting twice is formatting once."""
    with suppress(FormatError):
        text = format_plan(parsed)
        assert format_plan(parse(text)) == text


def _check_graph(graph: Graph) -> None:
    """A compiled graph can be printed, and read back from its JSON."""
    print_graph(graph)
    assert Graph.from_json(graph.to_json(), TOOLS) == graph
