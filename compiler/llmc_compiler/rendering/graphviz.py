"""The graph in Graphviz' language: effects as colours and shapes, order edges dashed, loops as boxes.

Untrusted text appears only in labels, escaped. It is never an id or an attribute.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Loop, Node, node_body, nodes_within
from llmc_compiler.rendering.graph_view import GraphView, ViewEdge, kind
from llmc_compiler.terminal_cells import fit

LONGEST_LABEL: Final = 60
"""Characters in one line of a label."""

_STYLES: Final = {
    "pure": 'shape=box, fillcolor="#e6f4ea"',
    "nondet": 'shape=ellipse, fillcolor="#f3e8fd"',
    "read": 'shape=cylinder, fillcolor="#e8f0fe"',
    "bare": 'shape=component, fillcolor="#f1f3f4"',
    "idempotent": 'shape=octagon, fillcolor="#fef7e0"',
    "write": 'shape=octagon, fillcolor="#fce8e6"',
    "opaque": 'shape=doubleoctagon, fillcolor="#fce8e6"',
    "expr": 'shape=box, style="rounded,filled", fillcolor="#ffffff"',
    "join": 'shape=box, style="rounded,filled,bold", fillcolor="#ffffff"',
}
_HEAD: Final = """\
digraph plan {
  compound=true;
  node [style=filled, fontname="sans-serif", fontsize=11];
  edge [arrowsize=0.7];
"""
_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": r"\\", "&": "&amp;", "<": "&lt;", ">": "&gt;"})


def to_dot(picture: GraphView) -> str:
    """Return the picture in Graphviz' language."""
    return _HEAD + "".join(f"  {line}\n" for line in _statements(picture)) + "}\n"


def quoted(*lines: str) -> str:
    """Quote lines as one label. Nothing in them can end the quotes or refer to a character."""
    return '"' + r"\n".join(fit(line, LONGEST_LABEL).translate(_ESCAPES) for line in lines) + '"'


def _statements(picture: GraphView) -> Iterator[str]:
    names = picture.generated_names()
    for node in picture.graph.nodes.values():
        yield from _drawn(picture, node, names)
    ends = _loops(picture.graph.nodes.values())
    for edge in picture.edges():
        yield _edge(edge, names, ends)
    for number, gone in enumerate(picture.gone):
        label = quoted(f"{gone.task}", gone.text)
        yield f'g{number} [label={label}, shape=box, style=dashed, color="#9aa0a6", fontcolor="#9aa0a6"];'
        if gone.into is not None:
            end = _inner(ends, gone.into, first=False)
            yield f'g{number} -> {names[end]} [style=dotted, dir=none, color="#9aa0a6", constraint=false];'


def _drawn(picture: GraphView, node: Node, names: dict[NodeId, str]) -> Iterator[str]:
    """Yield the statements of a node, or of a loop."""
    yield from _loop(picture, node, names) if isinstance(node.op, Loop) else [_node(picture, node, names)]


def _node(picture: GraphView, node: Node, names: dict[NodeId, str]) -> str:
    wide = ", penwidth=2.5" if node.id in picture.long else ""
    return f"{names[node.id]} [label={quoted(node.id, picture.texts[node.id])}, {_STYLES[kind(node)]}{wide}];"


def _loop(picture: GraphView, node: Node, names: dict[NodeId, str]) -> Iterator[str]:
    """Yield the statements of a loop: a box around its body."""
    yield f"subgraph cluster_{names[node.id]} {{"
    wide = " penwidth=2.5;" if any(one.id in picture.long for one in nodes_within(node)) else ""
    yield f'  label={quoted(node.id, picture.texts[node.id])}; style=rounded; color="#5f6368";{wide}'
    yield from (f"  {line}" for inner in node_body(node) for line in _drawn(picture, inner, names))
    ends = _loops(node_body(node))
    yield from (f"  {_edge(edge, names, ends)}" for edge in picture.inner_edges(node))
    yield "}"


def _edge(edge: ViewEdge, names: dict[NodeId, str], loops: dict[NodeId, Node]) -> str:
    """Return the statement of an edge, which starts and ends at the boxes of loops."""
    ends = names[_inner(loops, edge.source, first=False)], names[_inner(loops, edge.target, first=True)]
    attributes = {
        "ltail": f"cluster_{names[edge.source]}" if edge.source in loops else "",
        "lhead": f"cluster_{names[edge.target]}" if edge.target in loops else "",
        "style": "" if edge.is_value else "dashed",
        "penwidth": "2.5" if edge.is_long else "",
    }
    text = ", ".join(f"{name}={value}" for name, value in attributes.items() if value)
    return f"{' -> '.join(ends)}{f' [{text}]' if text else ''};"


def _inner(loops: dict[NodeId, Node], key: NodeId, *, first: bool) -> NodeId:
    """Return the first node in a loop or the node of its result, at any depth; for other nodes, the node itself."""
    node = loops.get(key)
    while node is not None and isinstance(node.op, Loop):
        body = {inner.id: inner for inner in node.op.body}
        key = node.op.body[0].id if first else node.op.result
        node = body[key]
    return key


def _loops(nodes: Iterable[Node]) -> dict[NodeId, Node]:
    """Return the loops among these nodes."""
    return {node.id: node for node in nodes if isinstance(node.op, Loop)}
