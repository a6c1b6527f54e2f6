"""Every mistake that the compiler finds, drawn exactly."""

import inspect
from pathlib import Path

import pytest
from typing_extensions import TypedDict

from llmc_compiler.compiler import IncrementalCompiler, check
from llmc_compiler.diagnostics import plan_errors, secret_errors, text_errors
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.session import Session
from llmc_compiler.tools.decorators import nondet, pure, read, write
from llmc_compiler.tools.parameter_markers import Secret
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Diagnostic, Source, Span, parse
from llmc_grammar.render import render
from llmc_grammar.suggestion import closest
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import compiled

GOLDEN = Path(__file__).with_name("golden")
CLASSES = {
    name: found
    for module in (plan_errors, text_errors, secret_errors)
    for name, found in inspect.getmembers(module, inspect.isclass)
    if issubclass(found, Diagnostic)
}
MISTAKES = {name: found for name, found in CLASSES.items() if found is not Diagnostic}


@read("web")
def search(query: str, limit: int = 10) -> list[str]:
    """Pages about something."""
    return [query] * limit


@write("mail")
def send(to: str, body: str) -> None:
    """Send a letter."""


@nondet
def now() -> str:
    """The time."""
    return ""


@pure
def size(item: object) -> int:
    """How large something is."""
    return len(str(item))


@pure
def total(numbers: list[float]) -> float:
    """The sum."""
    return sum(numbers)


class Height(TypedDict):
    """A mountain."""

    name: str
    metres: float
    names: list[str]


@read("web")
def height(mountain: str) -> Height:
    """A mountain's height."""
    return {"name": mountain, "metres": 8849.0, "names": [mountain]}


@read("bank")
def login(user: str, password: Secret[str]) -> str:
    """Who is logged in."""
    return user


ORDER = Tool.from_schema(
    "order",
    "Order something.",
    {
        "properties": {"item": {"type": "string"}, "count": {"type": "integer"}, "gift": {"type": "boolean"}},
        "required": ["item"],
        "anyOf": [{"properties": {"gift": False}}, {"properties": {"count": False}}],
    },
    "write(shop)",
    lambda item, count=1, gift=False: [item, count, gift],
)
TOOLS = Toolbox([search, send, now, size, total, height, login, ORDER])


def found_in(text: str) -> tuple[list[Diagnostic], Source]:
    """What the compiler finds in a plan without mistakes of syntax."""
    if text.endswith("…\n"):
        return broken_off(text.removesuffix("…\n"))
    if text.endswith("‖\n"):
        parsed = parse(text.removesuffix("‖\n"), name="plan.llmc", mode="lenient")
        return list(check(parsed, TOOLS, lenient=True)), parsed.source
    parsed = parse(text, name="plan.llmc")
    assert parsed.ok, parsed.diagnostics
    session = Session(TOOLS, early=False)
    for statement in parsed.plan.statements:
        session.feed(statement)
    try:
        session.close()
    except CompileError as error:
        return list(error.diagnostics), parsed.source
    return list(session.diagnostics), parsed.source


def broken_off(text: str) -> tuple[list[Diagnostic], Source]:
    """What is found in a text that did not end by itself."""
    front = IncrementalCompiler(TOOLS, name="plan.llmc")
    front.feed(text)
    with pytest.raises(CompileError) as caught:
        front.close(complete=False)
    return list(caught.value.diagnostics), front.source


def drawn(case: Case) -> str:
    """What is shown for the program of a case, which has mistakes of one class alone."""
    diagnostics, source = found_in(case.before)
    assert {type(found).__name__ for found in diagnostics} == {case.path.stem}
    return "\n\n".join(render(found, source) for found in diagnostics) + "\n"


@pytest.mark.golden
@pytest.mark.parametrize(
    "case",
    [case for path in sorted(GOLDEN.glob("*.md")) for case in cases(path)],
    ids=lambda case: f"{case.path.stem}: {case.title}",
)
def test_a_mistake_is_drawn_exactly(case: Case) -> None:
    """The output is that in the golden file."""
    case.check(drawn)


def test_every_mistake_has_a_golden_file() -> None:
    """And every golden file a mistake."""
    assert {path.stem for path in GOLDEN.glob("*.md")} == set(MISTAKES)


def test_codes_are_unique_and_tell_the_severity() -> None:
    """E2xx and E3xx are errors, W2xx and W3xx warnings; no two mistakes share a code."""
    codes = [found.code for found in MISTAKES.values()]
    assert len(set(codes)) == len(codes)
    assert all(code[0] in "EW" and code[1] in "23" and len(code) == 4 for code in codes)


def test_a_good_plan_has_no_mistakes() -> None:
    """The tools of these tests can be used without any."""
    lines = '1. search("a", limit=3)', '2. send("ann", body=$1[0])', '3. order("pen", 2)', "4. total([1, 2.5])"
    text = "\n".join((*lines, "join(size(now()), $4)"))
    assert found_in(text)[0] == []


def test_all_mistakes_are_told_at_once_in_order_of_place() -> None:
    """Also those that are known only at the end."""
    diagnostics, _ = found_in("1. size($3)\n2. serach(1)\n3. size(1, 2)\njoin($nothing)")
    assert [found.code for found in diagnostics] == ["E203", "E201", "E209", "E202"]


def test_an_error_names_all_of_a_plans_mistakes() -> None:
    """As text: drawn where the source is known, else a line each."""
    source = Source("plan.llmc", "1. serach(1)\n")
    mistake = plan_errors.UnknownTool(span=Span(3, 9), name="serach", suggestion="search")
    assert str(CompileError([mistake], source)) == render(mistake, source)
    assert str(CompileError([mistake, mistake])) == "\n".join(["error[E201]: no tool is called `serach`"] * 2)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("serach", ["size", "search"], "search"),
        ("SEARCH", ["search"], "search"),
        ("x", ["search"], None),
        ("a", [], None),
    ],
)
def test_the_closest_name_is_suggested(name: str, known: list[str], expected: str | None) -> None:
    """The most similar one, whatever its case; none if all are too far."""
    assert closest(name, known) == expected


@pytest.mark.parametrize(("tolerated", "codes"), [(True, set()), (False, {"E202", "W201"})])
def test_what_refers_to_a_broken_line_is_no_mistake(tolerated: bool, codes: set[str]) -> None:
    """A statement that is wrong in itself is not blamed on those that use it; the plan cannot be run all the same."""
    parsed = parse('1. size(,)\nb = size(,)\n3. size($1)\n4. size("$1 of $b")\njoin($3, $4)')
    session = Session(TOOLS, early=False)
    if tolerated:
        session.tolerate(lost.binder for lost in parsed.lost)
    for statement in parsed.plan.statements:
        session.feed(statement)
    with pytest.raises(CompileError) as caught:
        session.close()
    assert {found.code for found in caught.value.diagnostics} == codes
    assert session.graph is None


def test_a_broken_line_without_a_name_may_be_any_number() -> None:
    """A reference to a number is let go then, one to a name is not."""
    session = Session(TOOLS, early=False)
    session.tolerate([None])
    for statement in parse("7. size($3)\n8. size($b)\njoin($7)").plan.statements:
        session.feed(statement)
    with pytest.raises(CompileError) as caught:
        session.close()
    assert [found.words("title") for found in caught.value.diagnostics] == ["`$b` is not defined"]


def test_a_plan_of_warnings_is_compiled() -> None:
    """A warning stops nothing."""
    assert compiled('1. f("$9")\njoin($1)').tasks == {"1": "1"}
