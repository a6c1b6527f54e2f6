"""The graph as Mermaid draws it: a flowchart with a class for each effect, dotted order edges, loops as subgraphs.

Nothing from outside is an id or a class; it stands in labels alone, where all punctuation that could mean something is
written as a code: `#34;` for a quote.
"""

from collections.abc import Iterator
from typing import Final

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Loop, Node, node_body
from llmc_compiler.rendering.graph_view import GraphView, ViewEdge, kind
from llmc_compiler.terminal_cells import fit

LONGEST_LABEL: Final = 60
"""Characters of a label's line."""

_SHAPES: Final = {"nondet": "([%])", "read": "[(%)]", "write": "{{%}}", "idempotent": "{{%}}", "opaque": "[[%]]"}
_CLASSES: Final = {
    "pure": "fill:#e6f4ea,stroke:#137333,color:#202124",
    "nondet": "fill:#f3e8fd,stroke:#8430ce,color:#202124",
    "read": "fill:#e8f0fe,stroke:#1967d2,color:#202124",
    "bare": "fill:#f1f3f4,stroke:#5f6368,color:#202124",
    "idempotent": "fill:#fef7e0,stroke:#b06000,color:#202124",
    "write": "fill:#fce8e6,stroke:#c5221f,color:#202124",
    "opaque": "fill:#fce8e6,stroke:#c5221f,color:#202124",
    "expr": "fill:#ffffff,stroke:#5f6368,color:#202124",
    "join": "fill:#ffffff,stroke:#202124,color:#202124",
    "long": "stroke-width:3px",
    "gone": "fill:#ffffff,stroke:#9aa0a6,color:#9aa0a6,stroke-dasharray:4",
}


def to_mermaid(picture: GraphView) -> str:
    """The picture in Mermaid's language."""
    return "flowchart TD\n" + "".join(f"  {line}\n" for line in _statements(picture))


def quoted(*lines: str) -> str:
    """Lines as one label, in quotes that nothing in it can close."""
    return '"' + "<br/>".join("".join(map(_escaped, fit(line, LONGEST_LABEL))) for line in lines) + '"'


def _escaped(character: str) -> str:
    """The character, or its code where it is neither a letter nor a digit."""
    return character if character.isalnum() or character in " ,:()=" else f"#{ord(character)};"


def _statements(picture: GraphView) -> Iterator[str]:
    """Every statement."""
    names = _names(picture)
    for node in picture.graph.nodes.values():
        yield from _loop(picture, node, names) if isinstance(node.op, Loop) else [_node(picture, node, names)]
    yield from (_edge(edge, names) for edge in picture.edges())
    for number, one in enumerate(picture.gone):
        yield f"g{number}[{quoted(one.task, one.text)}]:::gone"
        if one.into is not None:
            yield f"g{number} -.- {names[one.into]}"
    yield from (f"classDef {name} {style}" for name, style in _CLASSES.items())
    if long := [names[key] for key in picture.estimate.chain if key in names]:
        yield f"class {','.join(long)} long"


def _names(picture: GraphView) -> dict[NodeId, str]:
    """A name of our own for every node, those in loops too."""
    nodes = picture.graph.nodes.values()
    return {
        one.id: f"n{number}" for number, one in enumerate(one for node in nodes for one in (node, *node_body(node)))
    }


def _node(picture: GraphView, node: Node, names: dict[NodeId, str]) -> str:
    """The statement of a node."""
    shape = _SHAPES.get(kind(node), "[%]").replace("%", quoted(node.id, picture.texts[node.id]))
    return f"{names[node.id]}{shape}:::{kind(node)}"


def _loop(picture: GraphView, node: Node, names: dict[NodeId, str]) -> Iterator[str]:
    """The statements of a loop: a box with what it does for each element."""
    yield f"subgraph {names[node.id]} [{quoted(node.id, picture.texts[node.id])}]"
    yield from (f"  {_node(picture, inner, names)}" for inner in node_body(node))
    yield from (f"  {_edge(edge, names)}" for edge in picture.inner_edges(node))
    yield "end"


def _edge(edge: ViewEdge, names: dict[NodeId, str]) -> str:
    """The statement of an edge."""
    arrow = "-.->" if not edge.is_value else "==>" if edge.is_long else "-->"
    return f"{names[edge.source]} {arrow} {names[edge.target]}"
