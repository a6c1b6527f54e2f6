"""The graph as JSON data, and back; `graph.schema.json` beside this module is its schema.

    {"version": 2, "language": 1,
     "inputs": [{"name", "type", "required", "default"}],
     "tasks": {task: node},
     "nodes": [{"id", "op", "text", "operation", "task", "origins", "effects", "needs", "after", "when", "span"}]}

`op` and `text` say for people what a node does, with other nodes by their ids, and are not read back. `operation` says
it for machines: `json_terms` has the form of terms, `json_nodes` that of operations.
"""

from importlib import resources
from typing import Any, Final

from llmc_compiler.expressions.input_types import describe, fits
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Loop, Parameter
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.ir.printer import describe_bodies, describe_nodes
from llmc_compiler.ir.verifier import BrokenGraphError, verify
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
from llmc_compiler.serialization.node_json import NodeReader, node_form, read_name, read_task
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast, parse
from llmc_grammar.bounds import Bounds

__all__ = ["LANGUAGE", "VERSION", "FormError", "from_json", "schema", "to_json"]

VERSION: Final = 2
LANGUAGE: Final = 1

VALUES_A_TASK: Final = 400
"""How many values the form may hold for each task that the bounds allow."""


def schema() -> str:
    """The JSON schema of the form, as text."""
    return resources.files("llmc_compiler.serialization").joinpath("graph.schema.json").read_text("utf-8")


def to_json(graph: Graph) -> dict[str, Any]:
    """The graph as JSON data."""
    described = (*describe_nodes(graph), *describe_bodies(graph))
    told = {node.id: (text, when) for node, text, when in described}
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
        "nodes": [node_form(node, told) for node in graph.nodes.values()],
    }


def from_json(data: object, tools: Toolbox, *, bounds: Bounds = Bounds.FILE) -> Graph:
    """The graph of `to_json`, with the tools that it was compiled with; raises FormError for anything else.

    What comes from outside is trusted in nothing: it is bounded, every reference is checked, and the order of effects
    is that of the toolbox.
    """
    # A level of brackets takes up to three of the form, one of an operator takes one.
    depth = bounds.depth + 2 * bounds.nesting + 32
    whole = JsonPlace(data, ReadBudget(VALUES_A_TASK * bounds.tasks, depth, bounds.digits))
    _check_version(whole)
    fields = whole.fields(("version", "language", "inputs", "tasks", "nodes"))
    parameters = tuple([_parameter(one) for one in fields["inputs"].items()])
    inputs = {parameter.name for parameter in parameters}
    if len(inputs) < len(parameters):
        raise BrokenReference(fields["inputs"].path, what="two inputs have one name")
    reader = NodeReader(tools, inputs)
    nodes = {node.id: node for node in map(reader.node, fields["nodes"].items())}
    tasks = {read_task(one, task): NodeId(one.text()) for task, one in fields["tasks"].entries()}
    if len(tasks) > bounds.tasks:
        raise TooLarge(fields["tasks"].path, most=bounds.tasks, what="tasks")
    graph = Graph(nodes, tasks, parameters)
    _check(graph)
    return graph


def _check_version(whole: JsonPlace) -> None:
    """Refuse every form but this one."""
    if not isinstance(whole.value, dict):
        raise whole.wrong("a mapping")
    for key, known in (("version", VERSION), ("language", LANGUAGE)):
        found = whole.value.get(key, known)
        if type(found) is not int or found != known:
            raise WrongVersion(key, found=found, known=known)


def _parameter(place: JsonPlace) -> Parameter:
    """An input."""
    fields = place.fields(("name", "type", "required", "default"))
    wanted = _type(fields["type"])
    required, default = fields["required"].flag(), fields["default"].json()
    if default is not None if required else not fits(default, wanted):
        raise fields["default"].wrong("null" if required else f"a value of type {describe(wanted)}")
    return Parameter(read_name(fields["name"]), wanted, required, default)


def _type(place: JsonPlace) -> ast.Type:
    """The type of an input."""
    text = place.text()
    match parse(f"input x: {text}", bounds=Bounds.MODEL, header=True).plan.statements:
        case (ast.Input(type=ast.Type() as found, default=None),) if describe(found) == text:
            return found
        case _:
            raise place.wrong("a type of the plan language")


def _check_names(graph: Graph) -> None:
    """Refuse a name that means two things, and a task whose node is not its own."""
    own = [node.task for node in graph.nodes.values() if str(node.id) == str(node.task) and node.id != JOIN]
    if own != [task for task, key in graph.tasks.items() if str(task) == str(key)]:
        raise BrokenReference("tasks", what="those with nodes of their own are not those of `nodes`, in their order")
    inputs = {parameter.name for parameter in graph.parameters}
    items = {node.op.name for node in graph.nodes.values() if isinstance(node.op, Loop)}
    tasks = {*map(str, graph.tasks), *(str(node.task) for node in graph.nodes.values())}
    for name in sorted((inputs & tasks) | (items & (inputs | tasks))):
        raise BrokenReference("nodes", what=f"two things are called `{name}`")


def _check(graph: Graph) -> None:
    """Refuse what is no graph, or one that no plan has, or that changes the order of effects or shows a secret."""
    try:
        verify(graph)
    except BrokenGraphError as error:
        raise BrokenReference("nodes", what=str(error)) from error
    _check_names(graph)
    for one, other in zip(graph.nodes.values(), in_order(graph).nodes.values(), strict=True):
        if one != other:
            raise WrongOrder("nodes", node=one.id)
    secrets = SecretFlow()
    secrets.add_parameters(graph.parameters)
    secrets.add(graph.nodes.values())
    for mistake in secrets.mistakes():
        raise SecretLeak("nodes", what=mistake.words("title"))
