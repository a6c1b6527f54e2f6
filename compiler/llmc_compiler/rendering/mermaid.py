"""The graph in Mermaid's language: a flowchart with a class for each effect, order edges dotted, loops as subgraphs.

Untrusted text appears only in labels, never as an id or a class. Punctuation that may have a meaning is written there
as a code: `#34;` for a quote.
"""

from collections.abc import Iterator
from typing import Final

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Loop, Node, node_body
from llmc_compiler.rendering.graph_view import GraphView, ViewEdge, kind
from llmc_compiler.terminal_cells import fit

LONGEST_LABEL: Final = 60
"""Characters in one line of a label."""

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
    """Return the picture in Mermaid's language."""
    return "flowchart TD\n" + "".join(f"  {line}\n" for line in _statements(picture))


def quoted(*lines: str) -> str:
    """Quote lines as one label. Nothing in them can end the quotes."""
    return '"' + "<br/>".join("".join(map(_escaped, fit(line, LONGEST_LABEL))) for line in lines) + '"'


def _escaped(character: str) -> str:
    """Return a letter or digit as it is, and the code of other characters."""
    return character if character.isalnum() or character in " ,:()=" else f"#{ord(character)};"


def _statements(picture: GraphView) -> Iterator[str]:
    names = picture.generated_names()
    for node in picture.graph.nodes.values():
        yield from _drawn(picture, node, names)
    yield from (_edge(edge, names) for edge in picture.edges())
    for number, gone in enumerate(picture.gone):
        yield f"g{number}[{quoted(gone.task, gone.text)}]:::gone"
        if gone.into is not None:
            yield f"g{number} -.- {names[gone.into]}"
    yield from (f"classDef {name} {style}" for name, style in _CLASSES.items())
    if long := [names[key] for key in picture.estimate.chain if key in names]:
        yield f"class {','.join(long)} long"


def _drawn(picture: GraphView, node: Node, names: dict[NodeId, str]) -> Iterator[str]:
    """Yield the statements of a node, or of a loop."""
    yield from _loop(picture, node, names) if isinstance(node.op, Loop) else [_node(picture, node, names)]


def _node(picture: GraphView, node: Node, names: dict[NodeId, str]) -> str:
    shape = _SHAPES.get(kind(node), "[%]").replace("%", quoted(node.id, picture.texts[node.id]))
    return f"{names[node.id]}{shape}:::{kind(node)}"


def _loop(picture: GraphView, node: Node, names: dict[NodeId, str]) -> Iterator[str]:
    """Yield the statements of a loop: a box around its body."""
    yield f"subgraph {names[node.id]} [{quoted(node.id, picture.texts[node.id])}]"
    yield from (f"  {line}" for inner in node_body(node) for line in _drawn(picture, inner, names))
    yield from (f"  {_edge(edge, names)}" for edge in picture.inner_edges(node))
    yield "end"


def _edge(edge: ViewEdge, names: dict[NodeId, str]) -> str:
    arrow = "-.->" if not edge.is_value else "==>" if edge.is_long else "-->"
    return f"{names[edge.source]} {arrow} {names[edge.target]}"
