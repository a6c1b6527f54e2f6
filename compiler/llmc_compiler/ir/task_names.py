"""Names of the nodes that are printed as separate tasks: all others are printed in the place where they are used."""

from collections import Counter

from llmc_compiler.expressions import terms as term
from llmc_compiler.expressions.terms import NodeId, Term
from llmc_compiler.ir.graph import JOIN, Graph, all_nodes, nodes_within
from llmc_compiler.ir.inlined_calls import elements, printed_conditions, printed_terms
from llmc_grammar import ast


def task_names(graph: Graph) -> dict[NodeId, str]:
    """Name the nodes that are printed as separate tasks.

    Written tasks keep their ids. A nested call or loop needs a name if it is not used exactly once, or if a text, a
    step or a merged task reads it. Then those before it in the same task need names too, so that effects keep their
    order.
    """
    names = {key: str(key) for key, node in graph.nodes.items() if str(key) == str(node.task) and key != JOIN}
    taken = {*graph.tasks, *outside_names(graph), *elements(graph)}
    while fresh := _unplaced(graph, names):
        last = {graph.nodes[key].task: key for key in fresh}
        waiting = dict.fromkeys(last, True)
        for key, node in graph.nodes.items():
            if waiting.get(node.task) and key not in names and key != JOIN and node.owner is None:
                names[key] = _fresh(key, taken)
            if last.get(node.task) == key:
                waiting[node.task] = False
    return names


def outside_names(graph: Graph) -> set[str]:
    """Return the names of inputs, and the words that name nothing."""
    return {*(parameter.name for parameter in graph.parameters), *ast.KEYWORDS}


def _unplaced(graph: Graph, names: dict[NodeId, str]) -> list[NodeId]:
    """Return the nested nodes that cannot be printed in the place where they are used."""
    uses: Counter[NodeId] = Counter()
    nodes = {node.id: node for node in all_nodes(graph)}
    for node in graph.nodes.values():
        if node.owner is not None:
            continue
        when = printed_conditions(node.when if node.id in names or node.id == JOIN else (), nodes)
        roots = [*printed_terms(node, nodes), *(condition.term for condition in when)]
        for inner in nodes_within(node):
            when = printed_conditions(inner.when, nodes)
            roots += [*printed_terms(inner, nodes), *(condition.term for condition in when)]
        for root in roots:
            uses.update(_weights(root))
        # Outside reads of a loop's body were moved out of it, and must stay outside.
        shown = [inner for inner in nodes_within(node) if inner.owner is None or inner.holds_arguments]
        uses.update(2 * [need for inner in shown for need in inner.needs if need in graph.nodes])
    # A written task that was merged into a nested call is printed as a read of it.
    uses.update(2 * [key for task, key in graph.tasks.items() if str(task) != str(key)])
    nested = [key for key in graph.nodes if key not in names and key != JOIN and graph.nodes[key].owner is None]
    return [key for key in nested if uses[key] != 1 or graph.nodes[key].is_task]


def _weights(root: Term) -> Counter[NodeId]:
    """Count the reads of each node in a term; a read that only a name can express counts twice."""
    counts: Counter[NodeId] = Counter()
    stack = [(root, False)]
    while stack:
        value, needs_name = stack.pop()
        if isinstance(value, term.Get):
            counts[value.node] += 2 if needs_name else 1
        # A text holds no calls, and a call inside a loop would be made for each element.
        names = needs_name or isinstance(value, (term.Template, term.Comprehension))
        stack += [(child, names) for child in term.children(value)]
        if isinstance(value, term.Comprehension):
            stack[-len(term.children(value))] = (value.clauses[0].source, needs_name)
    return counts


def _fresh(key: NodeId, taken: set[str]) -> str:
    """Make an unused name from a nested node's id."""
    stem = "_".join(key.split("/"))
    stem = f"t{stem}" if stem[0].isdigit() else stem
    name = stem[:60]
    number = 2
    while name in taken:
        name, number = f"{stem[:60]}_{number}", number + 1
    taken.add(name)
    return name
