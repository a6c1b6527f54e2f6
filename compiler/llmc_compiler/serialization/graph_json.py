"""The graph as JSON data, and back; its schema is `graph.schema.json` beside this module.

    {"version": 3, "language": 1,
     "inputs": [{"name", "type", "required", "default"}],
     "tasks": {task: node},
     "nodes": [{"id", "op", "text", "operation", "task", "origins", "effects", "needs", "after", "when", "span",
                "file"?, "inlined"?}], "files"?}

`op` and `text` describe a node for people, with ids for other nodes, and are not read back. `operation` is for
machines: see `term_json` for terms and `node_json` for operations.
"""

from collections.abc import Set as AbstractSet
from importlib import resources
from typing import Any, Final

from llmc_compiler.expressions.input_types import describe, fits
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Parameter
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.ir.printer import describe_bodies, describe_nodes
from llmc_compiler.ir.verifier import BrokenGraphError, verify
from llmc_compiler.lowering.expression_lowering import MOST_LOOPS
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_compiler.serialization.form_errors import (
    BrokenReference,
    FormError,
    SecretLeak,
    TooLarge,
    WrongOrder,
    WrongVersion,
)
from llmc_compiler.serialization.json_reader import JsonPlace, ReadBudget
from llmc_compiler.serialization.node_json import NodeReader, node_form, read_name, read_task, read_type
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar.bounds import Bounds

__all__ = ["LANGUAGE", "VERSION", "FormError", "from_json", "schema", "to_json"]

VERSION: Final = 3
LANGUAGE: Final = 1

_UNNAMED: Final = 2
"""The version before, which is read too: its loops did not nest, so that elements had no names."""

VALUES_A_TASK: Final = 400
"""Number of values that the data may hold for each task that the bounds allow."""


def schema() -> str:
    """Return the JSON schema of the form as text."""
    return resources.files("llmc_compiler.serialization").joinpath("graph.schema.json").read_text("utf-8")


def to_json(graph: Graph) -> dict[str, Any]:
    """Return the graph as JSON data."""
    described = (*describe_nodes(graph), *describe_bodies(graph))
    texts = {node.id: (text, when) for node, text, when in described}
    return {
        "version": VERSION,
        "language": LANGUAGE,
        "inputs": [
            {
                "name": parameter.name,
                "type": describe(parameter.type),
                "required": parameter.required,
                "default": parameter.default,
            }
            for parameter in graph.parameters
        ],
        "tasks": dict(graph.tasks),
        "nodes": [node_form(node, texts) for node in graph.nodes.values()],
    }


def from_json(data: object, tools: Toolbox, *, bounds: Bounds = Bounds.FILE) -> Graph:
    """Read a graph from `to_json`, with the tools that it was compiled with; raises FormError for anything else.

    No part of the data is trusted: it is bounded, every reference is checked, and the order edges must be those that
    the toolbox requires.
    """
    # A level of brackets takes up to three levels of the form, and a level of an operator takes one.
    depth = bounds.depth + 2 * bounds.nesting + 32
    whole = JsonPlace(data, ReadBudget(VALUES_A_TASK * bounds.tasks, depth, bounds.digits))
    version = _version(whole)
    fields = whole.fields(("version", "language", "inputs", "tasks", "nodes"), ("files",))
    for file in fields["files"].items() if "files" in fields else ():
        file.text()
    parameters = tuple([_parameter(entry) for entry in fields["inputs"].items()])
    inputs = {parameter.name for parameter in parameters}
    if len(inputs) < len(parameters):
        raise BrokenReference(fields["inputs"].path, what="two inputs have the same name")
    reader = NodeReader(tools, inputs, MOST_LOOPS * bounds.nesting, unnamed=version == _UNNAMED)
    nodes = {node.id: node for node in map(reader.node, fields["nodes"].items())}
    tasks = {read_task(node, task): NodeId(node.text()) for task, node in fields["tasks"].entries()}
    if len(tasks) > bounds.tasks:
        raise TooLarge(fields["tasks"].path, most=bounds.tasks, what="tasks")
    graph = Graph(nodes, tasks, parameters)
    _check(graph, reader.names)
    return graph


def _version(whole: JsonPlace) -> int:
    """Return the version of the form; raises WrongVersion for one that is not read."""
    if not isinstance(whole.value, dict):
        raise whole.wrong("a mapping")
    for key, supported in (("version", (VERSION, _UNNAMED)), ("language", (LANGUAGE,))):
        found = whole.value.get(key, supported[0])
        if type(found) is not int or found not in supported:
            raise WrongVersion(key, found=found, known=" and ".join(map(str, sorted(supported))))
    return int(whole.value.get("version", VERSION))


def _parameter(place: JsonPlace) -> Parameter:
    fields = place.fields(("name", "type", "required", "default"))
    wanted = read_type(fields["type"])
    required, default = fields["required"].flag(), fields["default"].json()
    if default is not None if required else not fits(default, wanted):
        raise fields["default"].wrong("null" if required else f"a value of type {describe(wanted)}")
    return Parameter(read_name(fields["name"]), wanted, required, default)


def _check_names(graph: Graph, items: AbstractSet[str]) -> None:
    """Refuse a name with two meanings (`items` are those of elements), and a task that does not match its node."""
    own = [node.task for node in graph.nodes.values() if str(node.id) == str(node.task) and node.id != JOIN]
    if own != [task for task, key in graph.tasks.items() if str(task) == str(key)]:
        raise BrokenReference("tasks", what="tasks with a separate node must be those of `nodes`, in the same order")
    inputs = {parameter.name for parameter in graph.parameters}
    tasks = {*map(str, graph.tasks), *(str(node.task) for node in graph.nodes.values())}
    for name in sorted((inputs & tasks) | (items & (inputs | tasks))):
        raise BrokenReference("nodes", what=f"two things have the name `{name}`")


def _check(graph: Graph, items: AbstractSet[str]) -> None:
    """Refuse a graph that is broken, that no plan compiles to, that has other order edges, or that reveals a secret."""
    try:
        verify(graph)
    except BrokenGraphError as error:
        raise BrokenReference("nodes", what=str(error)) from error
    _check_names(graph, items)
    for node, ordered in zip(graph.nodes.values(), in_order(graph).nodes.values(), strict=True):
        if node != ordered:
            raise WrongOrder("nodes", node=node.id)
    secrets = SecretFlow()
    secrets.add_parameters(graph.parameters)
    secrets.add(graph.nodes.values())
    for mistake in secrets.mistakes():
        raise SecretLeak("nodes", what=mistake.words("title"))
