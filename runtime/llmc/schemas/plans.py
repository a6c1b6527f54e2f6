"""Plans, mistakes and tools as JSON data, as types."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # that of typing is too old for pydantic before Python 3.12

from llmc_grammar.error_pages import ErrorPage


class Place(TypedDict):
    """A place in a text: line and column from 1."""

    line: int
    column: int


class Span(Place):
    """A place in a text with its offsets in characters, from 0."""

    start: int
    end: int


class Note(TypedDict):
    """Another place that a mistake is about."""

    label: str
    place: Span


class Edit(TypedDict):
    """An edit that mends a mistake; it is `safe` if it keeps all of the words."""

    place: Span
    text: str
    safe: bool


class Mistake(TypedDict):
    """A mistake of a plan."""

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
    """A mistake in the list of them."""

    code: str
    name: str
    what: str


Codes = ErrorPage | list[CodeEntry]


class CallCounts(TypedDict):
    """How many calls are written, and left after the passes."""

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
"""A remark of a pass on a change, or on one that it could not make."""


class EdgeEnd(TypedDict):
    """A call at an end of an order edge."""

    node: str
    place: Place
    effect: str


class Edge(TypedDict):
    """Two calls that keep their order because of their effects."""

    earlier: EdgeEnd
    later: EdgeEnd
    carried: bool


class _Outlook(TypedDict):
    """The figures of a compiled plan."""

    calls: int
    waiting: int
    span: float


class EffectOutlook(_Outlook):
    """The figures of a plan whose tool had this effect."""

    effect: str


class Declaration(EffectOutlook):
    """The gain of declaring the effect of a tool."""

    tool: str
    declared: list[EffectOutlook]


class PlanTime(TypedDict):
    """How long a plan takes."""

    unit: Literal["s", "calls"]
    work: float
    span: float
    chain: list[str]
    assumed: list[str]
    width: int | None
    bound: float
    expected: float


class Explanation(TypedDict):
    """What compiling did to a plan."""

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
    reuse: Annotated[bool, Field(description="false where its answers change, so that later plans call it again")]
    secrets: list[str]
    notes: list[str]
    parameters: Annotated[Any, Field(description="a JSON Schema")]
    returns: Annotated[Any, Field(description="a JSON Schema, or null")]


Tools = list[ToolEntry]


class WrittenPlan(TypedDict):
    """A plan that a model wrote; `file` is where it was written."""

    version: Literal[1]
    language: Literal[1]
    question: str
    plan: str
    file: str | None


class FormattedPlan(TypedDict):
    """A plan; one that is not `formatted` has mistakes or cannot be read. Standard input has its `text`."""

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
    """The files of a new plan."""

    version: Literal[1]
    files: list[str]
