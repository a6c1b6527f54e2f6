"""The tree of a plan: its statements as written.

Every node is frozen. Its `span` is a pair of offsets into the text. Comparisons ignore it, so plans are equal if they
have the same meaning.

    Plan
      Use  Input  Thought  Task  Join                     statements
        Loop  Timeout  Retry  Fallback                    parts of a task
        Literal  Text  Ref  List  Map  Call
        Subscript  Slice  Comprehension
        Unary  Binary  Choice                             expressions
"""

from collections.abc import Iterator
from dataclasses import field, fields, is_dataclass
from typing import Final

from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

NOWHERE: Final = Span(0, 0)

KEYWORDS: Final = frozenset(
    [
        "use",
        "input",
        "join",
        "if",
        "else",
        "for",
        "in",
        "and",
        "or",
        "not",
        "true",
        "false",
        "null",
        "True",
        "False",
        "None",
        "Thought",
    ]
)
"""Words that cannot name a task, an input, a loop variable or a tool."""

FUNCTION_NAMES: Final = frozenset(
    [
        "abs",
        "round",
        "min",
        "max",
        "sum",
        "mean",
        "int",
        "float",
        "str",
        "lower",
        "upper",
        "title",
        "strip",
        "split",
        "join_text",
        "replace",
        "starts_with",
        "ends_with",
        "lines",
        "format",
        "len",
        "sorted",
        "reversed",
        "unique",
        "flatten",
        "range",
        "zip",
        "enumerate",
        "any",
        "all",
        "present",
        "get",
        "keys",
        "values",
        "items",
        "merge",
        "pairs",
        "parse_json",
        "to_json",
        "kind",
    ]
)
"""Names of the standard functions, whose calls need no tool; a tool of such a name goes first."""

TYPE_NAMES: Final = ("str", "int", "float", "bool", "any", "list", "dict")


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


@frozen
class Literal:
    """A number, `true`, `false` or `null`; `1`, `1.0` and `true` are three different literals."""

    value: bool | int | float | None
    span: Span = _span()

    def __eq__(self, other: object) -> bool:
        """Compare type and value."""
        if not isinstance(other, Literal):
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        """Hash of type and value."""
        return hash((type(self.value), self.value))


@frozen
class Ref:
    """A reference to an input, a task or a loop variable, with the steps into its value."""

    name: str
    path: tuple[str | int, ...] = ()
    span: Span = _span()


@frozen
class Slot:
    """A reference inside a string; `raw` is its text, which is used if no task or input above has this name.

    `format` is the part after the colon in `${x:,.2f}`, empty without one.
    """

    ref: Ref
    raw: str
    format: str = ""


@frozen
class Text:
    """A string: pieces of text, never empty and never adjacent, with slots between them."""

    parts: tuple[str | Slot, ...]
    span: Span = _span()


@frozen
class List:
    """`[a, b]`."""

    items: tuple["Expr", ...]
    span: Span = _span()


@frozen
class Map:
    """`{"key": value}`; keys are plain strings, all different."""

    entries: tuple[tuple[str, "Expr"], ...]
    span: Span = _span()


@frozen
class Argument:
    """One argument of a call, positional where `name` is None; `span` covers the name too."""

    name: str | None
    value: "Expr"
    span: Span = _span()


@frozen
class Call:
    """`tool(…)`; `name_span` is the tool's name alone."""

    tool: str
    arguments: tuple[Argument, ...]
    span: Span = _span()
    name_span: Span = _span()


@frozen
class Subscript:
    """`value[key]` or `value.key`; a constant key is a literal integer or a plain text, and never follows a Ref."""

    value: "Expr"
    key: "Expr"
    span: Span = _span()


@frozen
class Slice:
    """`value[start:stop]`; at least one of the bounds is written."""

    value: "Expr"
    start: "Expr | None"
    stop: "Expr | None"
    span: Span = _span()


@frozen
class Comprehension:
    """`[element for name in source if condition …]`: a list; a later loop may read the names of the earlier ones."""

    element: "Expr"
    loops: "tuple[Loop, ...]"
    span: Span = _span()


@frozen
class Unary:
    """`not x` or `-x`."""

    op: str
    operand: "Expr"
    span: Span = _span()


@frozen
class Binary:
    """`x op y`, where op is one of `or and == != < <= > >= in`, `not in`, `+ - * / // % **`, at `op_span`."""

    op: str
    left: "Expr"
    right: "Expr"
    span: Span = _span()
    op_span: Span = _span()


@frozen
class Choice:
    """`then if condition else otherwise`."""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"
    span: Span = _span()


Expr = Literal | Ref | Text | List | Map | Call | Subscript | Slice | Comprehension | Unary | Binary | Choice


@frozen
class Loop:
    """`for name in source [if condition]`."""

    name: str
    source: Expr
    condition: Expr | None
    span: Span = _span()
    name_span: Span = _span()


@frozen
class Timeout:
    """`@timeout(5s)`: amount and unit (`ms s m h`) as written."""

    amount: int
    unit: str
    span: Span = _span()

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.amount * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[self.unit]


@frozen
class Retry:
    """`@retry(2)`: attempts after the first."""

    count: int
    span: Span = _span()


@frozen
class Fallback:
    """`@fallback(x)`: the value if all attempts fail."""

    value: Expr
    span: Span = _span()


Option = Timeout | Retry | Fallback


@frozen
class Use:
    """`use "tools.py"` (`is_path`), `use "other.llmc"` (another plan too) or `use name`."""

    target: str
    is_path: bool
    span: Span = _span()

    @property
    def is_plan(self) -> bool:
        """Whether it names another plan."""
        return self.is_path and self.target.endswith(".llmc")


@frozen
class Type:
    """A type as written: one of `str int float bool any list dict`; `of` is the element's or the value's type."""

    name: str
    of: "Type | None" = None
    optional: bool = False


@frozen
class Input:
    """`input name: type = default`; `name_span` is the name alone."""

    name: str
    type: Type | None
    default: Expr | None
    span: Span = _span()
    name_span: Span = _span()


@frozen
class Thought:
    """`Thought: text`."""

    text: str
    span: Span = _span()


@frozen
class Task:
    """One task as written; `binder` is its number (as text, `"1"`) or its name; loops and guard exclude each other."""

    binder: str | None
    expr: Expr
    loops: tuple[Loop, ...] = ()
    guard: Expr | None = None
    options: tuple[Option, ...] = ()
    span: Span = _span()
    binder_span: Span = _span()


@frozen
class Join:
    """`join(…)`: positional arguments or keywords, never both."""

    binder: str | None
    arguments: tuple[Argument, ...]
    span: Span = _span()
    binder_span: Span = _span()


Statement = Use | Input | Thought | Task | Join


@frozen
class Plan:
    """Statements in the order they were written."""

    statements: tuple[Statement, ...]


def _names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields that may hold nodes; empty for other types."""
    return tuple(each.name for each in fields(kind) if not each.name.endswith("span")) if is_dataclass(kind) else ()


_VALUES: Final = (Literal, Ref, Slot, Text, List, Map, Argument, Call, Subscript, Slice, Comprehension)
_OPERATORS: Final = (Unary, Binary, Choice)
_STATEMENTS: Final = (Loop, Timeout, Retry, Fallback, Use, Type, Input, Thought, Task, Join, Plan)
_NAMES: Final[dict[type, tuple[str, ...]]] = {kind: _names(kind) for kind in (*_VALUES, *_OPERATORS, *_STATEMENTS)}
_WITHOUT_CALLS: Final = frozenset([Literal, Ref, Slot, Text, Timeout, Retry, str, int, float, bool, type(None)])


def children(node: object) -> tuple[object, ...]:
    """Return the values directly inside a node or a tuple, without spans."""
    return node if isinstance(node, tuple) else tuple([getattr(node, name) for name in _NAMES.get(type(node), ())])


def calls(node: object) -> Iterator[Call]:
    """Yield the calls in a part of a plan, at any depth, in the order of the text."""
    stack = [node]
    while stack:
        part = stack.pop()
        if type(part) in _WITHOUT_CALLS:
            continue
        if isinstance(part, Call):
            yield part
        stack.extend(reversed(children(part)))
