"""Printing and reading are each other's inverse."""

import dataclasses
from collections.abc import Iterator

import pytest
from hypothesis import Phase, find, given, settings

from llmc_grammar import ast, parse, print_expr, print_plan, print_statement
from llmc_grammar.ast import Binary, Call, Choice, Expr, Literal, Plan, Ref, Slot, Task, Text, Unary
from tests.grammar.strategies import expressions, plans

NODES = {
    node
    for node in vars(ast).values()
    if dataclasses.is_dataclass(node) and isinstance(node, type) and node.__module__ == ast.__name__
}


def nodes(value: object) -> Iterator[object]:
    """Every node in a tree."""
    if isinstance(value, tuple):
        for item in value:
            yield from nodes(item)
    elif dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from nodes(getattr(value, field.name))


def expression(text: str) -> Expr:
    """The expression that a line says."""
    parsed = parse(text)
    assert not parsed.diagnostics
    (task,) = parsed.plan.statements
    assert isinstance(task, Task)
    return task.expr


@pytest.mark.no_cover
@given(plans())
def test_reading_a_printed_plan_gives_the_plan(plan: Plan) -> None:
    """What is printed reads back equal, without a word of complaint, and prints the same again."""
    text = print_plan(plan)
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert parsed.plan == plan
    assert print_plan(parsed.plan) == text


@given(expressions())
def test_an_expression_prints_with_no_bracket_too_many(expr: Expr) -> None:
    """An operand never stands in brackets that are not needed around the whole."""
    text = print_expr(expr)
    assert expression(text) == expr


def test_the_strategy_draws_every_kind_of_node() -> None:
    """The plans that are drawn hold every class of ast.py, so that the laws speak of the whole language."""
    seen: set[type] = set()

    def is_last(plan: Plan) -> bool:
        seen.update(type(node) for node in nodes(plan))
        return seen >= NODES

    find(plans(), is_last, settings=settings(max_examples=200, phases=[Phase.generate], database=None))


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("f ( 1 )".replace(" ", ""), "f(1)"),
        ("f('a', 'say \"hi\"',)", 'f("a", "say \\"hi\\"")'),
        ("[True, False, None]", "[true, false, null]"),
        ("-2 ** 2", "-2 ** 2"),
        ("(-2) ** 2", "(-2) ** 2"),
        ("2 ** -1", "2 ** -1"),
        ("2 ** 3 ** 2", "2 ** 3 ** 2"),
        ("(2 ** 3) ** 2", "(2 ** 3) ** 2"),
        ("-(2)", "-(2)"),
        ("- -2", "-(-2)"),
        ("1 - (2 - 3)", "1 - (2 - 3)"),
        ("(1 - 2) - 3", "1 - 2 - 3"),
        ("not(1) == 2", "not 1 == 2"),
        ("(not 1) == 2", "(not 1) == 2"),
        ("(1 < 2) < 3", "(1 < 2) < 3"),
        ("(1 or 2) and 3", "(1 or 2) and 3"),
        ("1 or (2 and 3)", "1 or 2 and 3"),
        ("(1 if 2 else 3) if 4 else 5", "(1 if 2 else 3) if 4 else 5"),
        ("1 if 2 else (3 if 4 else 5)", "1 if 2 else 3 if 4 else 5"),
        ("(1 if 2 else 3) + 4", "(1 if 2 else 3) + 4"),
        ("f() if (1 if 2 else 3)", "f() if (1 if 2 else 3)"),
        ("(1 if 2 else 3) for x in (4 if 5 else 6) if (7)", "(1 if 2 else 3) for x in (4 if 5 else 6) if 7"),
        ("1e6", "1000000.0"),
        ("1e300", "1e+300"),
        ("$1['a b'][-1].c", '$1["a b"][-1].c'),
        ("f(if=1, null=2)", "f(if=1, null=2)"),
        ('"\\u0024x \\ud83d\\ude00 \\u0007"', '"$$x 😀 \\u0007"'),
        ('"costs $1.50 or $$5M, $"', '"costs $1.50 or $$5M, $"'),
        ('"${1.a} $1.a"', '"${1.a} $1.a"'),
        ("1.   f()", "1. f()"),
        ("name=f()", "name = f()"),
        ("f() @retry(2)@timeout(500ms)", "f() @retry(2) @timeout(500ms)"),
        ("3. join ( )".replace("join (", "join("), "3. join()"),
        ("Thought:   because  ", "Thought: because"),
    ],
)
def test_the_canonical_form(written: str, printed: str) -> None:
    """Each line prints in its one form, which is a fixed point."""
    parsed = parse(written)
    assert parsed.diagnostics == ()
    assert print_plan(parsed.plan) == f"{printed}\n"
    assert print_plan(parse(printed).plan) == f"{printed}\n"


def test_header_and_tasks_are_parted() -> None:
    """One blank line stands between the header and the tasks, and none where one of them is missing."""
    both = parse('use "a.py"\ninput x\nf($x)').plan
    assert print_plan(both) == 'use "a.py"\ninput x\n\nf($x)\n'
    assert print_plan(Plan(both.statements[:2])) == 'use "a.py"\ninput x\n'
    assert print_plan(Plan(both.statements[2:])) == "f($x)\n"
    assert print_plan(Plan(())) == ""


def test_a_dollar_in_a_default_is_a_dollar() -> None:
    """Strings of the header are plain: a `$` in them is neither doubled nor a reference."""
    text = 'input x: str = "$5M of $who"\n'
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert print_plan(parsed.plan) == text


@pytest.mark.parametrize(
    ("parts", "printed"),
    [
        ((Slot(Ref("1"), "$1"), "0"), '"${1}0"'),
        ((Slot(Ref("a"), "$a"), "b"), '"${a}b"'),
        ((Slot(Ref("1"), "$1"), ".5"), '"${1}.5"'),
        ((Slot(Ref("a"), "$a"), ".b"), '"${a}.b"'),
        ((Slot(Ref("a", ("b",)), "$a.b"), " c"), '"${a.b} c"'),
        (("$", Slot(Ref("a"), "$a")), '"$$$a"'),
        ((Slot(Ref("1"), "$1"), "$"), '"$1$"'),
    ],
)
def test_trees_that_no_text_says_print_with_braces(parts: tuple[str | Slot, ...], printed: str) -> None:
    """A slot that what follows would be read with is put in braces, so that a tree made by a program means itself."""
    assert print_expr(Text(parts)) == printed
    again = expression(printed)
    assert isinstance(again, Text)
    assert [part.ref if isinstance(part, Slot) else part for part in again.parts] == [
        part.ref if isinstance(part, Slot) else part for part in parts
    ]


def test_statements_and_expressions_print_alone() -> None:
    """A statement prints without a line end, an expression without its statement."""
    assert print_statement(Task("1", Call("f", ()))) == "1. f()"
    tree = Binary("*", Choice(Literal(value=True), Literal(1), Literal(2)), Unary("-", Ref("a")))
    assert print_expr(tree) == "(1 if true else 2) * -$a"
