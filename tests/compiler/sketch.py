"""A graph in a few lines, for tests: what each node does, under which conditions, and what it waits for."""

from collections.abc import Iterator

from llmc_compiler.expressions import terms
from llmc_compiler.expressions.terms import Term
from llmc_compiler.ir.graph import Call, Evaluate, Graph, Join, Loop, Node


def sketch(graph: Graph) -> list[str]:
    """A line for each node, and under a loop one for each node of its body."""
    return [line for node in graph.nodes.values() for line in _lines(node)]


def _lines(node: Node) -> Iterator[str]:
    yield f"{node.id}: {_operation(node)}{_waits(node)}"
    if isinstance(node.op, Loop):
        for inner in node.op.body:
            yield from (f"  {line}" for line in _lines(inner))
        for earlier, later in node.op.carry:
            yield f"  {later} after {earlier} of the element before"


def _operation(node: Node) -> str:
    match node.op:
        case Call(tool, bound):
            arguments = (show(value) if name is None else f"{name}={show(value)}" for name, value in bound)
            return f"{tool.name}({', '.join(arguments)}){_options(node.op)}"
        case Evaluate(value, fallback):
            return show(value) if fallback is None else f"{show(value)} else {show(fallback)}"
        case Loop(name, source, _, result, flat=flat):
            return f"{'the parts of ' if flat else ''}{result} for {name} in {show(source)}"
        case Join(value, everything):
            return f"all {show(value)}" if everything else show(value)


def _options(call: Call) -> str:
    found = []
    if call.timeout is not None:
        found.append(f"{call.timeout:g}s")
    if call.retries:
        found.append(f"{call.retries} retries")
    if call.fallback is not None:
        found.append(f"else {show(call.fallback)}")
    return "".join(f" {option}" for option in found)


def _waits(node: Node) -> str:
    conditions = (show(one.term) if one.expected else f"not {show(one.term)}" for one in node.when)
    found = {"if": " and ".join(conditions), "needs": " ".join(node.needs), "after": " ".join(node.after)}
    return "".join(f" | {word} {text}" for word, text in found.items() if text)


def show(value: Term) -> str:
    """A term, every operation in brackets."""
    match value:
        case terms.Const(data):
            return repr(data)
        case terms.Get(node, path):
            return f"<{node}>{_path(path)}"
        case terms.Item(_, path):
            return f"item{_path(path)}"
        case terms.Param(name, path):
            return f"input {name}{_path(path)}"
        case terms.Template(parts):
            return f"text({', '.join(repr(part) if isinstance(part, str) else show(part) for part in parts)})"
        case terms.ListOf(items):
            return f"[{', '.join(map(show, items))}]"
        case terms.MapOf(entries):
            return f"{{{', '.join(f'{key}: {show(item)}' for key, item in entries)}}}"
        case terms.Subscript(inner, key):
            return f"{show(inner)}[{show(key)}]"
        case terms.Slice(inner, start, stop):
            return f"{show(inner)}[{'' if start is None else show(start)}:{'' if stop is None else show(stop)}]"
        case terms.Apply(function, arguments):
            return f"{function}({', '.join(f'{name}={show(item)}' for name, item in arguments)})"
        case terms.Comprehension(element, clauses):
            return f"[{show(element)} {' '.join(map(_clause, clauses))}]"
        case terms.Unary(op, operand):
            return f"({op} {show(operand)})"
        case terms.Binary(op, left, right):
            return f"({show(left)} {op} {show(right)})"
        case terms.Choice(condition, then, otherwise):
            return f"({show(then)} if {show(condition)} else {show(otherwise)})"


def _clause(clause: terms.Clause) -> str:
    condition = "" if clause.condition is None else f" if {show(clause.condition)}"
    return f"for {clause.name} in {show(clause.source)}{condition}"


def _path(path: terms.Path) -> str:
    return "".join(f"[{step!r}]" for step in path)
