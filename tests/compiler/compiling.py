"""Plans compiled for tests, with tools that take anything and give what they got."""

from collections.abc import Mapping, Sequence

from llmc_compiler.expressions.terms import Json
from llmc_compiler.passes.stages import Pass
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.session import Session
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Parsed, ast, parse

EFFECTS = {
    "f": "pure",
    "g": "pure",
    "h": "pure",
    "guess": "nondet",
    "inbox": "read(mail)",
    "rows": "read(db)",
    "row": "read(db:a)",
    "send": "write(mail)",
    "store": "write(db)",
    "put": "write(db:a, idempotent)",
    "act": "opaque",
}
"""The tools of most tests."""


def listing(*items: Json, **named: Json) -> Json:
    """What was given."""
    return {"items": list(items), **named}


def toolbox(effects: Mapping[str, str] = EFFECTS) -> Toolbox:
    """Tools with these effects, which take anything."""
    return Toolbox([Tool.from_schema(name, name, {}, effect, listing) for name, effect in effects.items()])


def read(text: str) -> Parsed:
    """A plan without mistakes of syntax."""
    parsed = parse(text, name="plan.llmc")
    assert parsed.ok, parsed.diagnostics
    return parsed


def compiled(text: str, tools: Toolbox | None = None, passes: Sequence[Pass] = ()) -> Graph:
    """The graph of a plan after some passes; raises CompileError."""
    return from_plan(read(text).plan, tools, passes)


def from_plan(plan: ast.Plan, tools: Toolbox | None = None, passes: Sequence[Pass] = ()) -> Graph:
    """The graph of a plan that was read; raises CompileError."""
    session = Session(tools or toolbox(), passes=passes, early=False)
    for statement in plan.statements:
        session.feed(statement)
    session.close()
    assert session.graph is not None
    return session.graph
