"""Plans of calls for property tests of dialects: their values, and the statements that they mean."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from hypothesis import strategies as st

from llmc_grammar import Span, parse
from llmc_grammar.ast import Argument, Call, Expr, Join, List, Literal, Map, Ref, Slot, Statement, Task, Text
from llmc_grammar.dialects.form import Rewritten, Target, Written

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Tools(frozenset[str]):
    """A toolbox that knows the required parameters of some tools."""

    is_known = True

    @staticmethod
    def required(name: str) -> tuple[str, ...] | None:
        """Return the names of a tool's required parameters."""
        return {"price": ("item",), "search": ("query",), "send": ("to", "text"), "clock": ()}.get(name)


TOOLS: Final = ("price", "search", "send", "clock", "github.create_issue")
KNOWN: Final = Target(Tools(TOOLS))
UNKNOWN: Final = Target()


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that a plan means."""

    tool: str
    arguments: dict[str, Json]


texts: Final = st.text("ab 5\"'\\\n\t{}[]<>,:;é😀#-_", max_size=8)
scalars: Final[st.SearchStrategy[Json]] = st.sampled_from([None, True, False, 0, -3, 10**17, 1.5, -2e-7, 1e300]) | texts
values: Final[st.SearchStrategy[Json]] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
names: Final = st.sampled_from(["item", "query", "to", "text", "if", "n_2", "Other", "arguments", "name"])


def calls(value: st.SearchStrategy[Json] = values) -> st.SearchStrategy[Planned]:
    """Calls with arguments of these values."""
    return st.builds(Planned, st.sampled_from(TOOLS), st.dictionaries(names, value, max_size=3))


def node(value: Json, references: dict[str, Text] | None = None) -> Expr:
    """The value as the language has it; `references` are texts that stand for others."""
    match value:
        case str() if references and value in references:
            return references[value]
        case str():
            return Text((value,) if value else ())
        case list():
            return List(tuple(node(item, references) for item in value))
        case dict():
            return Map(tuple((key, node(item, references)) for key, item in value.items()))
        case _:
            return Literal(value)


def reference(number: int, steps: tuple[str | int, ...] = (), raw: str = "") -> Text:
    """A text that is one reference."""
    return Text((Slot(Ref(str(number), steps), raw or f"${number}"),))


def statement(number: int, call: Planned, references: dict[str, Text] | None = None) -> Task:
    """The statement that a call means."""
    arguments = tuple(Argument(name, node(value, references)) for name, value in call.arguments.items())
    return Task(str(number), Call(call.tool, arguments), (), None, ())


def statements(rewritten: Rewritten | None) -> list[Statement]:
    """The statements of a text, each read strictly and without a mistake."""
    assert rewritten is not None
    found: list[Statement] = []
    for written in rewritten.statements:
        assert [each.code for each in written.found if each.severity == "error"] == []
        parsed = parse(written.text)
        assert [each.code for each in parsed.diagnostics if each.severity == "error"] == []
        found += parsed.plan.statements
    return found


def codes(rewritten: Rewritten | None) -> list[list[str]]:
    """The mistakes of each statement of a text."""
    assert rewritten is not None
    return [[each.code for each in written.found] for written in rewritten.statements]


def lines(rewritten: Rewritten | None) -> list[str]:
    """The statements of a text as they are written."""
    assert rewritten is not None
    return [written.text for written in rewritten.statements]


def name_in(text: str, written: Written) -> str:
    """The part of a text for which the name of a statement's tool stands."""
    (found,) = parse(written.text).plan.statements
    assert isinstance(found, Task)
    assert isinstance(found.expr, Call)
    start, end = written.span(found.expr.name_span)
    return text[start:end]


def is_inside(text: str, written: Written) -> bool:
    """Whether all places of a statement are in the text."""
    spans = [written.place, *(each.span for each in written.found)]
    spans += [written.span(Span(at, at + 1)) for at in range(len(written.text))]
    return all(0 <= start <= end <= len(text) for start, end in spans)


def is_join(found: Statement) -> bool:
    """Whether a statement ends its plan."""
    return isinstance(found, Join)
