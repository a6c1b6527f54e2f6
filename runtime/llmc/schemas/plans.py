"""Types of the JSON data of plans, mistakes, tools and standard functions."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # before Python 3.12, pydantic cannot use the one in typing

from llmc_grammar.error_pages import ErrorPage


class Place(TypedDict):
    """A position in a text: line and column, counted from 1; `file` is that of another plan."""

    line: int
    column: int
    file: NotRequired[str]


class Span(Place):
    """A span of a text: its start, and its offsets in characters from 0."""

    start: int
    end: int


class Note(TypedDict):
    """A related span of a mistake."""

    label: str
    place: Span
    file: NotRequired[Annotated[str, Field(description="the file of the place, if it is another one")]]


class Edit(TypedDict):
    """An edit that removes a mistake; a `safe` edit keeps all words."""

    place: Span
    text: str
    safe: bool


class Mistake(TypedDict):
    """A mistake in a plan."""

    code: Annotated[str, Field(pattern="^[EW][0-9]{3}$")]
    severity: Literal["error", "warning"]
    title: str
    label: str
    help: str
    file: str
    place: Span
    notes: list[Note]
    edit: Edit | None
    tools_checked: NotRequired[Annotated[bool, Field(description="whether calls were checked against their tools")]]


Diagnostics = list[Mistake]


class CodeEntry(TypedDict):
    """An entry in the list of mistakes."""

    code: str
    name: str
    what: str


Codes = ErrorPage | list[CodeEntry]


class CallCounts(TypedDict):
    """The number of calls as written, and after the passes."""

    written: int
    left: int


Remark = TypedDict(
    "Remark",
    {
        "pass": str,
        "kind": str,
        "done": bool,
        "node": str,
        "tasks": list[str],
        "place": Place,
        "into": str | None,
        "now": str | None,
        "what": str,
        "why": str,
        "help": str | None,
    },
)
"""A remark of a pass on a change that it made or could not make."""


class EdgeEnd(TypedDict):
    """One of the two calls of an order edge."""

    node: str
    place: Place
    effect: str


class Edge(TypedDict):
    """Two calls that keep their order because of a hazard."""

    earlier: EdgeEnd
    later: EdgeEnd
    carried: bool


class _Outlook(TypedDict):
    """The measures of a compiled plan."""

    calls: int
    waiting: int
    span: float


class EffectOutlook(_Outlook):
    """The measures of a plan if a tool had this effect."""

    effect: str


class Declaration(EffectOutlook):
    """The gain from declaring the effect of a tool."""

    tool: str
    declared: list[EffectOutlook]


class PlanTime(TypedDict):
    """The expected time of a plan."""

    unit: Literal["s", "calls"]
    work: float
    span: float
    chain: list[str]
    assumed: list[str]
    measured: list[str]
    width: int | None
    bound: float
    expected: float


class Explanation(TypedDict):
    """The compilation of a plan."""

    version: Literal[1]
    language: Literal[1]
    file: str
    passes: list[str]
    calls: CallCounts
    remarks: list[Remark]
    order: list[Edge]
    declarations: list[Declaration]
    levels: list[list[str]]
    time: PlanTime


class ToolEntry(TypedDict):
    """A tool."""

    name: str
    own_name: str
    spellings: dict[str, str]
    description: str
    effect: str
    latency: float | None
    cost: float
    approve: bool
    reuse: Annotated[bool, Field(description="false if its results change, so that later plans call it again")]
    secrets: list[str]
    notes: list[str]
    parameters: Annotated[Any, Field(description="a JSON Schema")]
    returns: Annotated[Any, Field(description="a JSON Schema, or null")]


Tools = list[ToolEntry]


class FunctionParameterEntry(TypedDict):
    """A parameter of a standard function; `many` stands for any number of further positional arguments."""

    name: str
    type: Annotated[str, Field(description="a type of the language")]
    required: bool
    many: bool
    default: NotRequired[Any]


class FunctionExample(TypedDict):
    """A call of a standard function, and its value."""

    call: Annotated[str, Field(description="an expression of the language")]
    value: Any


class FunctionEntry(TypedDict):
    """A standard function."""

    name: str
    signature: str
    description: str
    example: FunctionExample
    parameters: list[FunctionParameterEntry]


Functions = list[FunctionEntry]


class WrittenPlan(TypedDict):
    """A plan written by a model; `file` is the file with the plan."""

    version: Literal[1]
    language: Literal[1]
    question: str
    plan: str
    file: str | None


class FormattedPlan(TypedDict):
    """A plan; if it is not `formatted`, it has mistakes or cannot be read. `text` is present for standard input."""

    file: str
    formatted: bool
    changed: bool
    text: NotRequired[str]
    diff: NotRequired[str]


class Formatted(TypedDict):
    """Plans in canonical form."""

    version: Literal[1]
    plans: list[FormattedPlan]


class Grammar(TypedDict):
    """A grammar for decoders; `dialect` is the former name of `syntax`."""

    version: Literal[1]
    syntax: Literal["lark", "gbnf"]
    dialect: Literal["lark", "gbnf"]
    level: Literal["full", "sound", "tools", "plain"]
    tasks: int
    grammar: str


class NewPlan(TypedDict):
    """The files that were written, and the next command to type."""

    version: Literal[1]
    kind: Literal["plan", "tools", "agent", "test"]
    files: list[str]
    next: str
