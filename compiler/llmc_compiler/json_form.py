"""The graph as JSON data, for machines.

    {"version": 1, "language": 1,
     "inputs": [{"name", "type", "required", "default"}],
     "tasks": {task: node},
     "nodes": [{"id", "op", "text", "task", "origins", "effects", "needs", "after", "when"}]}

`op` is the tool's name, `expr`, `loop` or `join`; `text` what the node does, with other nodes by their ids; `when` the
conditions under which it is done at all.
"""

from typing import Any

from llmc_compiler.graph import Graph, Node, op_name
from llmc_compiler.inputs import describe
from llmc_compiler.print import describe_nodes

VERSION = 1
LANGUAGE = 1


def to_json(graph: Graph) -> dict[str, Any]:
    """The graph as JSON data."""
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
        "nodes": [_node(node, text, when) for node, text, when in describe_nodes(graph)],
    }


def _node(node: Node, text: str, when: list[str]) -> dict[str, Any]:
    """One node as JSON data."""
    return {
        "id": node.id,
        "op": op_name(node.op),
        "text": text,
        "task": node.task,
        "origins": list(node.origins),
        "effects": [str(effect) for effect in node.effects],
        "needs": list(node.needs),
        "after": list(node.after),
        "when": when,
    }
