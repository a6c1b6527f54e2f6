"""Tools that come as JSON schema: they take all that functions take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import llmc
from llmc import Graph, Tool, Toolbox, ToolboxError
from llmc_compiler.ir.graph import Call

ITEM: dict[str, Any] = {
    "properties": {"count": {"type": "integer"}, "item": {"type": "string"}, "key": {"type": "string"}},
    "required": ["item", "key"],
}


def record(calls: list[dict[str, Any]]) -> Any:  # noqa: ANN401 — a function of any arguments
    """A tool's function that notes its arguments."""

    def call(**arguments: Any) -> int:
        """Note them."""
        calls.append(arguments)
        return len(calls)

    return call


def test_the_run_fills_the_key_and_the_context() -> None:
    """Neither is seen by plans; the toolbox of such tools opens its context once."""
    calls: list[dict[str, Any]] = []
    opened: list[str] = []

    @asynccontextmanager
    async def session() -> AsyncIterator[str]:
        """A session."""
        opened.append("open")
        yield "session"
        opened.append("closed")

    order = Tool.from_schema(
        "order", "", ITEM, "write(shop)", record(calls), idempotency_key="key", context="session", latency=2.0
    )
    assert [each.name for each in order.signature.takes] == ["item", "count"]
    assert "key" not in order.signature.parameters["properties"]
    assert order.may_repeat
    tools = Toolbox([order], context=session)
    run = llmc.compile('1. order("tea")\n2. order("cup", 2)\n', tools).run_sync()
    assert run.errors == {}
    assert opened == ["open", "closed"]
    assert [(each["item"], each["session"]) for each in calls] == [("tea", "session"), ("cup", "session")]
    assert len({each["key"] for each in calls}) == 2


def test_control_a_tool_without_context_has_no_use_for_one() -> None:
    """A toolbox with a context that no tool takes is refused."""
    with pytest.raises(ToolboxError, match="no tool of this toolbox takes its context"):
        Toolbox([Tool.from_schema("order", "", ITEM, "write(shop)", print)], context=_never)


def _never() -> Any:  # noqa: ANN401 — a context that is never opened
    """A context."""


def test_the_run_fills_only_properties_of_the_schema_itself() -> None:
    """One inside an alternative would stay in sight."""
    schema = {"anyOf": [{"properties": {"key": {}}, "required": ["key"]}, {"properties": {"a": {}}}]}
    with pytest.raises(
        ToolboxError, match="`key` of `order` is filled by the run: put it into the top-level `properties`"
    ):
        Tool.from_schema("order", "", schema, "write(shop)", print, idempotency_key="key")


def test_all_settings_are_taken() -> None:
    """The same as those of functions; secrets go by either name, and a result may be one."""
    schema = {"properties": {"api-key": {"type": "string"}, "q": {"type": "string"}}, "required": ["q"]}
    tool = Tool.from_schema(
        "t",
        "",
        schema,
        "read(web)",
        print,
        latency=1.5,
        early=False,
        cost=2.0,
        approve=True,
        secret=["api-key"],
        returns_secret=True,
        returns={"type": "string"},
    )
    assert (tool.latency, tool.early, tool.cost, tool.approve) == (1.5, False, 2.0, True)
    assert tool.marks.secrets == {"api_key"}
    assert tool.marks.returns_secret
    assert Tool.from_schema("t", "", schema, "pure", print, secret="api_key").marks.secrets == {"api_key"}
    with pytest.raises(
        ToolboxError, match="`t` has no parameter `key` to take a secret; its parameters are: `q`, `api_"
    ):
        Tool.from_schema("t", "", schema, "pure", print, secret=["key"])


def test_required_parameters_go_first_and_saved_graphs_keep_their_meaning() -> None:
    """A graph has names: where the schema's order changes, the same arguments arrive."""
    calls: list[dict[str, Any]] = []
    properties = {"count": {"type": "integer"}, "item": {"type": "string"}, "in": {"type": "string"}}

    def tools(*order: str) -> Toolbox:
        """The tool with its properties in an order."""
        schema = {"properties": {name: properties[name] for name in order}, "required": ["item"]}
        return Toolbox([Tool.from_schema("order", "", schema, "nondet", record(calls))])

    program = llmc.compile('order("tea", 2, "box")\n', tools("count", "item", "in"))
    saved = program.graph.to_json()
    loaded = Graph.from_json(saved, tools("in", "count", "item"))
    bound = [name for node in loaded.nodes.values() if isinstance(node.op, Call) for name, _ in node.op.bound]
    assert bound == ["item", "count", "in_"]
    assert program.run_sync().errors == {}
    assert calls == [{"item": "tea", "count": 2, "in": "box"}]
    assert llmc.compile('order("tea", "box", 2)\n', tools("in", "count", "item")).run_sync().errors == {}
    assert calls[1] == calls[0]
