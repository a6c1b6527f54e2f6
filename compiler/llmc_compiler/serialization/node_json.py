"""Nodes as JSON data. Each has an `operation`, with a `kind` and these keys.

call      tool, arguments: each with parameter and value; timeout, retries, fallback
evaluate  term, fallback; plan and expects if it belongs to a call of a plan
loop      item, source, body: nodes; result, carry: pairs of nodes; flat, calls
join      term, everything
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from llmc_compiler.expressions.input_types import describe
from llmc_compiler.expressions.terms import (
    Comprehension,
    Const,
    Item,
    NodeId,
    Param,
    Term,
    children,
    rebuild,
    scoped,
)
from llmc_compiler.ir.graph import (
    JOIN,
    Call,
    Condition,
    Evaluate,
    Inlined,
    Join,
    Loop,
    Node,
    Operation,
    TaskId,
    effects_of,
    op_name,
    terms,
    with_terms,
)
from llmc_compiler.serialization.form_errors import BrokenReference, NoSuchTool, TooDeep, WrongEffects, WrongParameter
from llmc_compiler.serialization.json_reader import JsonPlace
from llmc_compiler.serialization.term_json import (
    PLACE,
    optional_form,
    read_optional,
    read_span,
    read_term,
    span_form,
    term_form,
)
from llmc_compiler.tools.signature import ArgumentError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast, parse
from llmc_grammar.ast import KEYWORDS
from llmc_grammar.bounds import Bounds
from llmc_grammar.suggestion import closest

Told = Mapping[NodeId, tuple[str, list[str]]]
"""For each node its text, and those of its conditions."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_TASK: Final = re.compile(rf"[1-9][0-9]{{0,3}}|{_NAME.pattern}")
_WAY: Final = re.compile(r"(?:/[A-Za-z0-9_]{1,130})*")
_ELEMENT: Final = re.compile(rf"(?:{_TASK.pattern})(?:/[A-Za-z0-9_]{{1,130}})+")
_TOOL: Final = re.compile(r"[A-Za-z0-9_.]{1,130}")
_NODE_DEPTH: Final = 2
"""Levels of the form above a node."""

_KEYS: Final = ("id", "op", "text", "operation", "task", "origins", "effects", "needs", "after", "when")


def node_form(node: Node, told: Told) -> dict[str, Any]:
    """Return a node as JSON data."""
    text, conditions = told[node.id]
    return {
        "id": node.id,
        "op": op_name(node.op),
        "text": text,
        "operation": _operation_form(node.op, told),
        "task": node.task,
        "origins": list(node.origins),
        "effects": [str(effect) for effect in node.effects],
        "needs": list(node.needs),
        "after": list(node.after),
        "when": [
            {"text": words, "term": term_form(condition.term), "expected": condition.expected}
            | ({"nested": True} if condition.nested else {})
            for condition, words in zip(node.when, conditions, strict=True)
        ],
        **span_form(node.span),
        **({} if node.inlined is None else {"inlined": _inlined_form(node.inlined)}),
    }


def _inlined_form(inlined: Inlined) -> dict[str, Any]:
    """Return the origin of a node in a called plan as JSON data."""
    return {"task": inlined.task, "calls": list(map(span_form, inlined.calls)), "owner": inlined.owner}


def _operation_form(op: Operation, texts: Told) -> dict[str, Any]:
    """Return an operation as JSON data."""
    match op:
        case Call(tool, bound, timeout, retries, fallback):
            return {
                "kind": "call",
                "tool": tool.name,
                "arguments": [{"parameter": name, "value": term_form(value)} for name, value in bound],
                "timeout": timeout,
                "retries": retries,
                "fallback": optional_form(fallback),
            }
        case Evaluate(term, fallback, plan, expects):
            form = {"kind": "evaluate", "term": term_form(term), "fallback": optional_form(fallback)}
            wanted = [{"name": name, "type": describe(type_)} for name, type_ in expects]
            return form | ({} if plan is None else {"plan": plan, "expects": wanted})
        case Loop(name, source, body, result, carry, flat, calls):
            return {
                "kind": "loop",
                "item": name,
                "source": term_form(source),
                "body": [node_form(node, texts) for node in body],
                "result": result,
                "carry": [list(pair) for pair in carry],
                "flat": flat,
                "calls": calls,
            }
        case Join(term, everything):
            return {"kind": "join", "term": term_form(term), "everything": everything}


def read_name(place: JsonPlace) -> str:
    """Read the name of an input or of a loop's element; raises Malformed."""
    name = place.text()
    if not _NAME.fullmatch(name) or name in KEYWORDS:
        raise place.wrong("a name")
    return name


def read_element(place: JsonPlace) -> str:
    """Read the name of a loop's element; in a called plan it is an id. Raises Malformed."""
    name = place.text()
    return name if _ELEMENT.fullmatch(name) else read_name(place)


def read_type(place: JsonPlace) -> ast.Type:
    """Read a type as written; raises Malformed."""
    text = place.text()
    match parse(f"input x: {text}", bounds=Bounds.MODEL, header=True).plan.statements:
        case (ast.Input(type=ast.Type() as found, default=None),) if describe(found) == text:
            return found
        case _:
            raise place.wrong("a type of the plan language")


def read_task(place: JsonPlace, text: str) -> TaskId:
    """Read the id of a task, its number or name; raises Malformed."""
    if not _TASK.fullmatch(text) or (text in KEYWORDS and text != JOIN):
        raise place.wrong("the number or name of a task")
    return TaskId(text)


class NodeReader:
    """Reads nodes one after the other, checking the tools and inputs that they use.

    `names` collects the names of elements, and `nesting` is the most loops around a node. In version 2 of the form,
    which is `unnamed`, a read of an element has no name.
    """

    def __init__(self, tools: Toolbox, inputs: Collection[str], nesting: int, *, unnamed: bool = False) -> None:
        self.names: set[str] = set()
        self._tools = tools
        self._inputs = inputs
        self._nesting = nesting
        self._unnamed = unnamed
        self._seen: set[NodeId] = set()

    def node(self, place: JsonPlace, around: tuple[str, ...] = ()) -> Node:
        """Read a node; raises FormError. It may read the elements of the loops `around` it."""
        fields = place.fields(_KEYS, (*PLACE, "inlined"))
        task = read_task(fields["task"], fields["task"].text())
        node = Node(
            id=self._id(fields["id"], task),
            op=self._operation(fields["operation"], around),
            task=task,
            when=tuple([_condition(condition) for condition in fields["when"].items()]),
            needs=_ids(fields["needs"]),
            after=_ids(fields["after"]),
            origins=tuple([read_task(origin, origin.text()) for origin in fields["origins"].items()]),
            span=read_span(fields),
            inlined=_inlined(fields["inlined"]) if "inlined" in fields else None,
        )
        for key in ("op", "text"):
            fields[key].text()
        if isinstance(node.op, Join) != (node.id == JOIN):
            raise fields["operation"].wrong("the join, and only at the node of that name,")
        if self._unnamed and around:
            node = _with_names(node, around[-1])
        self._check_leaves(node, place, around)
        return _with_effects(node, fields["effects"])

    def _id(self, place: JsonPlace, task: TaskId) -> NodeId:
        """Read the id of a node, which starts with its task's and must be unique."""
        key = place.text()
        if not key.startswith(task) or not _WAY.fullmatch(key, len(task)):
            raise place.wrong(f"`{task}`, or an id below it such as `{task}/a0`,")
        if key in self._seen:
            raise BrokenReference(place.path, what=f"two nodes have the id `{key}`")
        self._seen.add(NodeId(key))
        return NodeId(key)

    def _operation(self, place: JsonPlace, around: tuple[str, ...]) -> Operation:
        """Read an operation."""
        kind = place.value.get("kind") if isinstance(place.value, dict) else None
        match kind:
            case "call":
                return self._call(place)
            case "evaluate":
                return _evaluate(place)
            case "loop":
                return self._loop(place, around)
            case "join":
                fields = place.fields(("kind", "term", "everything"))
                return Join(read_term(fields["term"]), fields["everything"].flag())
            case _:
                raise place.wrong("an operation whose `kind` is call, evaluate, loop or join,")

    def _call(self, place: JsonPlace) -> Call:
        fields = place.fields(("kind", "tool", "arguments", "timeout", "retries", "fallback"))
        name = fields["tool"].text()
        tool = self._tools.get(name)
        if tool is None:
            suggestion = closest(name, [known.name for known in self._tools])
            raise NoSuchTool(fields["tool"].path, name=name, suggestion=suggestion)
        aliases = tool.signature.shape.aliases
        given = [_argument(one) for one in fields["arguments"].items()]
        bound = tuple((aliases.get(name, name) if name else name, value) for name, value in given)
        _check_bound(tool, bound, fields["arguments"])
        timeout = None if fields["timeout"].value is None else _seconds(fields["timeout"])
        return Call(tool, bound, timeout, fields["retries"].count(), read_optional(fields["fallback"]))

    def _loop(self, place: JsonPlace, around: tuple[str, ...]) -> Loop:
        new = () if self._unnamed else ("flat", "calls")
        fields = place.fields(("kind", "item", "source", "body", "result", "carry", *new))
        pairs = [(entry, _ids(entry)) for entry in fields["carry"].items()]
        for entry, pair in pairs:
            if len(pair) != 2:  # noqa: PLR2004 (earlier and later)
                raise entry.wrong("a list of two nodes, the earlier first")
        name = read_element(fields["item"])
        self._take(name, around, place)
        return Loop(
            name,
            read_term(fields["source"]),
            tuple([self.node(entry, (*around, name)) for entry in self._body(fields["body"], around)]),
            NodeId(fields["result"].text()),
            tuple([(pair[0], pair[1]) for _, pair in pairs]),
            *(fields[key].flag() for key in new),
        )

    def _body(self, place: JsonPlace, around: Collection[str]) -> Iterator[JsonPlace]:
        """Return the nodes of a body, as deep as those outside: the nesting of loops is bounded separately."""
        if len(around) >= self._nesting:
            raise TooDeep(place.path, most=self._nesting)
        return (replace(entry, depth=_NODE_DEPTH) for entry in place.items())

    def _take(self, name: str, around: Collection[str], place: JsonPlace) -> None:
        """Refuse the name of an element that a loop around it has; raises BrokenReference."""
        if name in around:
            raise BrokenReference(place.path, what=f"two things have the name `{name}`")
        self.names.add(name)

    def _check_leaves(self, node: Node, place: JsonPlace, around: Collection[str]) -> None:
        """Refuse reads of missing inputs, and of elements outside of their loops."""
        below = [(term, frozenset(around)) for term in (*(one.term for one in node.when), *terms(node.op))]
        while below:
            term, names = below.pop()
            if isinstance(term, Param) and term.name not in self._inputs:
                raise BrokenReference(place.path, what=f"the graph has no input `{term.name}`")
            if isinstance(term, Item) and term.name not in names:
                raise BrokenReference(place.path, what="a loop's element is read outside of a loop")
            if isinstance(term, Comprehension):
                for clause in term.clauses:
                    self._take(clause.name, names, place)
                below.extend(scoped(term, names))
            else:
                below.extend((child, names) for child in children(term))


def _with_names(node: Node, name: str) -> Node:
    """Return a node whose reads of an element, which have no name, have this one."""

    def named(term: Term) -> Term:
        if isinstance(term, Item):
            return replace(term, name=name)
        return rebuild(term, [named(child) for child in children(term)])

    when = tuple(replace(condition, term=named(condition.term)) for condition in node.when)
    return replace(node, op=with_terms(node.op, named), when=when)


def _condition(place: JsonPlace) -> Condition:
    fields = place.fields(("text", "term", "expected"), ("nested",))
    fields["text"].text()
    nested = "nested" in fields and fields["nested"].flag()
    return Condition(read_term(fields["term"]), fields["expected"].flag(), nested)


def _evaluate(place: JsonPlace) -> Evaluate:
    """Read an evaluation, or a part of a call of a plan."""
    fields = place.fields(("kind", "term", "fallback"), ("plan", "expects"))
    op = Evaluate(read_term(fields["term"]), read_optional(fields["fallback"]))
    if "plan" not in fields:
        return op
    plan = fields["plan"].text()
    if not _TOOL.fullmatch(plan):
        raise fields["plan"].wrong("the name of a plan")
    entries = [entry.fields(("name", "type")) for entry in fields["expects"].items()] if "expects" in fields else []
    expects = tuple([(read_name(entry["name"]), read_type(entry["type"])) for entry in entries])
    return replace(op, plan=plan, expects=expects)


def _inlined(place: JsonPlace) -> Inlined:
    """Read the origin of a node in a called plan."""
    fields = place.fields(("task", "calls", "owner"))
    calls = tuple([read_span(call.fields((), PLACE)) for call in fields["calls"].items()])
    if not calls:
        raise fields["calls"].wrong("a list of one call or more")
    owner = fields["owner"]
    return Inlined(NodeId(fields["task"].text()), calls, None if owner.value is None else NodeId(owner.text()))


def _ids(place: JsonPlace) -> tuple[NodeId, ...]:
    return tuple([NodeId(one.text()) for one in place.items()])


def _argument(place: JsonPlace) -> tuple[str | None, Term]:
    """Read an argument: its parameter, and a term."""
    fields = place.fields(("parameter", "value"))
    name = fields["parameter"]
    return None if name.value is None else name.text(), read_term(fields["value"])


def _seconds(place: JsonPlace) -> float:
    """Read a time in seconds."""
    value = place.value
    # No unit of time is longer than an hour.
    longest = 3600 * 10**place.budget.digits
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= longest:
        raise place.wrong("a time in seconds, or null,")
    return value


def _check_bound(tool: Tool, bound: tuple[tuple[str | None, Term], ...], place: JsonPlace) -> None:
    """Refuse arguments that lowering would not have passed to the tool."""
    known = ", ".join(tool.signature.shape.positional) or "any"
    for misfit in _misfits(tool, bound):
        raise WrongParameter(place.path, tool=tool.name, what=misfit, known=known)


def _misfits(tool: Tool, bound: tuple[tuple[str | None, Term], ...]) -> Iterator[str]:
    """Describe the mistakes in the arguments of a call."""
    shape = tool.signature.shape
    names = Counter(name for name, _ in bound)
    for name, times in names.items():
        if name is None and not shape.more_positional:
            yield "takes no more arguments by position"
        elif name is not None and not shape.has(name):
            yield f"has no parameter `{name}`"
        elif name is not None and times > 1:
            yield f"is given `{name}` twice"
    yield from (f"needs `{name}`" for name in shape.required if name not in names)
    for name, value in bound:
        if isinstance(value, Const):
            try:
                tool.signature.check(name, value.value)
            except ArgumentError as error:
                yield f"does not accept this for `{name}`: {error}"


def _with_effects(node: Node, place: JsonPlace) -> Node:
    """Return the node with the effects of its tools, which must equal the saved ones; raises WrongEffects."""
    effects = effects_of(node.op)
    saved = [one.text() for one in place.items()]
    current = [str(effect) for effect in effects]
    if saved != current:
        words = {"found": ", ".join(current) or "none", "saved": ", ".join(saved) or "none"}
        raise WrongEffects(place.path, **words)
    return replace(node, effects=effects)
