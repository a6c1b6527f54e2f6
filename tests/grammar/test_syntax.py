"""What the language says, construct by construct."""

import pytest

from llmc_grammar import Bounds, Parsed, Span, parse
from llmc_grammar.ast import (
    Argument,
    Binary,
    Call,
    Choice,
    Expr,
    Fallback,
    Input,
    Join,
    List,
    Literal,
    Loop,
    Map,
    Ref,
    Retry,
    Slot,
    Statement,
    Task,
    Text,
    Thought,
    Timeout,
    Type,
    Unary,
    Use,
)
from tests.grammar.samples import GLANCE, GOOD, MODEL


def read(text: str) -> tuple[Statement, ...]:
    """The statements of a text without mistakes."""
    parsed = parse(text)
    assert parsed.diagnostics == ()
    return parsed.plan.statements


def expression(text: str) -> Expr:
    """The expression of a task."""
    (task,) = read(text)
    assert isinstance(task, Task)
    return task.expr


def codes(parsed: Parsed) -> list[str]:
    """The codes of what was found."""
    return [found.code for found in parsed.diagnostics]


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_good_plans_have_no_mistake(text: str) -> None:
    """None of the good samples is complained about, as text or as bytes."""
    assert parse(text).diagnostics == ()
    assert parse(text.encode()).plan == parse(text).plan


def test_the_plan_at_a_glance() -> None:
    """The plan file that shows the whole language reads as it says."""
    statements = read(GLANCE)
    assert [type(statement) for statement in statements] == [Use, Input, Input, Thought, *[Task] * 6, Join]
    a, gap, winner, facts, note = (statements[at] for at in (4, 6, 7, 8, 9))
    height = Call("height", (Argument(None, Ref("first")),))
    assert a == Task("a", height, options=(Timeout(5, "s"), Retry(2)))
    assert isinstance(gap, Task)
    assert isinstance(gap.expr, Call)
    assert [argument.value for argument in gap.expr.arguments] == [
        Call("larger", (Argument(None, Ref("a")), Argument(None, Ref("b")))),
        Call("smaller", (Argument(None, Ref("a")), Argument(None, Ref("b")))),
    ]
    assert winner == Task("winner", Choice(Binary(">", Ref("a"), Ref("b")), Ref("first"), Ref("second")))
    assert isinstance(facts, Task)
    assert facts.loops == (Loop("name", List((Ref("first"), Ref("second"))), None),)
    assert isinstance(note, Task)
    assert note.guard == Binary(">", Ref("gap"), Literal(1000))


def test_the_same_as_a_model_writes_it() -> None:
    """Numbers, a thought and an end mark glued to the join."""
    thought, *tasks, join = read(MODEL)
    assert thought == Thought("find both, then compare")
    assert [task.binder for task in tasks if isinstance(task, Task)] == ["1", "2", "3"]
    assert join == Join("4", ())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3.5", -3.5),
        ("1e6", 1e6),
        ("0", 0),
        ("0.5", 0.5),
        ("1E-3", 1e-3),
        ("true", True),
        ("True", True),
        ("false", False),
        ("False", False),
        ("null", None),
        ("None", None),
    ],
)
def test_literals(text: str, value: float | None) -> None:
    """Each spelling is its value, of its own type."""
    assert expression(text) == Literal(value)


def test_one_is_three_literals() -> None:
    """`1`, `1.0` and `true` differ, and hash apart."""
    assert len({Literal(1), Literal(1.0), Literal(value=True)}) == 3


def plain(text: str) -> Text:
    """A string without slots."""
    return Text((text,) if text else ())


def slot(raw: str, name: str, *path: str | int) -> Slot:
    """A slot."""
    return Slot(Ref(name, path), raw)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('""', ()),
        ("'it is \"so\"'", ('it is "so"',)),
        ('"""a "b" ""\nc"""', ('a "b" ""\nc',)),
        ('"""a\r\nb"""', ("a\nb",)),
        ('"a\\\nb"', ("ab",)),
        (r'"\n\t\r\\\"\'\u00e9"', ("\n\t\r\\\"'é",)),
        (r'"\ud83d\ude00"', ("😀",)),
        ('"$1"', (slot("$1", "1"),)),
        ('"a $name!"', ("a ", slot("$name", "name"), "!")),
        ('"${1}"', (slot("${1}", "1"),)),
        ('"${name.field[0]}M"', (slot("${name.field[0]}", "name", "field", 0), "M")),
        ('"$1.height"', (slot("$1.height", "1", "height"),)),
        ('"height of $1."', ("height of ", slot("$1", "1"), ".")),
        ('"$1.height m"', (slot("$1", "1"), ".height m")),
        ('"$$1"', ("$1",)),
        (r'"\u00241"', ("$1",)),
        (r'"$\u0024"', ("$$",)),
        ('"$1.50 $1,000 $12345.5"', ("$1.50 $1,000 $12345.5",)),
        ('"$0 $007 $12345 $ $"', ("$0 $007 $12345 $ $",)),
        ('"$1, $2"', (slot("$1", "1"), ", ", slot("$2", "2"))),
        ('"$HOME ${HOME}"', (slot("$HOME", "HOME"), " ", slot("${HOME}", "HOME"))),
        ('"""${1["Exchange Rate"]}"""', (slot('${1["Exchange Rate"]}', "1", "Exchange Rate"),)),
        (r'"${1[\"a]b\"].c} "', (slot('${1["a]b"].c}', "1", "a]b", "c"), " ")),
        ("'${1[\"k\"]}'", (slot('${1["k"]}', "1", "k"),)),
        ('"$1[-1]"', (slot("$1[-1]", "1", -1),)),
    ],
)
def test_strings(text: str, parts: tuple[str | Slot, ...]) -> None:
    """Escapes first, then each `$` as the table of the language has it."""
    assert expression(text) == Text(parts)


@pytest.mark.parametrize(
    ("text", "found"), [("$5M", "$5M"), ("$1st", "$1st"), ("$1_000", "$1_000"), ("$naïve", "$naïve")]
)
def test_a_dollar_glued_to_a_letter_is_text_with_a_warning(text: str, found: str) -> None:
    """The warning offers both readings, and the tree holds the text."""
    parsed = parse(f'"{text}"')
    assert codes(parsed) == ["W101"]
    assert parsed.ok
    assert parsed.plan.statements == (Task(None, plain(text)),)
    assert f"`$${found[1:]}`" in parsed.diagnostics[0].words("help")


def test_places_in_strings_with_escapes() -> None:
    """A slot behind escapes has its place in the text."""
    text = r'f("\n\u00e9 $a \\ ${b.c}")'
    call = expression(text)
    assert isinstance(call, Call)
    value = call.arguments[0].value
    assert isinstance(value, Text)
    places = [part.ref.span for part in value.parts if isinstance(part, Slot)]
    assert [text[span.start : span.end] for span in places] == ["$a", "${b.c}"]


def test_precedence() -> None:
    """Operators bind as in Python."""
    one, two = Literal(1), Literal(2)
    assert expression("1 + 2 * 1") == Binary("+", one, Binary("*", two, one))
    assert expression("-2 ** 2") == Unary("-", Binary("**", two, two))
    assert expression("(-2) ** 2") == Binary("**", Literal(-2), two)
    assert expression("2 ** -1") == Binary("**", two, Literal(-1))
    assert expression("2 ** -1 ** 2") == Binary("**", two, Unary("-", Binary("**", one, two)))
    assert expression("2 ** 1 ** 2") == Binary("**", two, Binary("**", one, two))
    assert expression("1 - 2 - 1") == Binary("-", Binary("-", one, two), one)
    assert expression("not 1 == 2") == Unary("not", Binary("==", one, two))
    assert expression("not(1) == 2") == Unary("not", Binary("==", one, two))
    assert expression("1 not in [2]") == Binary("not in", one, List((two,)))
    assert expression("1 or 2 and not 1") == Binary("or", one, Binary("and", two, Unary("not", one)))


def test_argument_names_may_be_any_word() -> None:
    """A word of the language names an argument, and still means itself as a value."""
    assert expression("f(null=1)") == Call("f", (Argument("null", Literal(1)),))
    assert expression("f(null == 1)") == Call("f", (Argument(None, Binary("==", Literal(None), Literal(1))),))
    assert expression("f(not=1, if=2)") == Call("f", (Argument("not", Literal(1)), Argument("if", Literal(2))))
    assert expression("f(not 1)") == Call("f", (Argument(None, Unary("not", Literal(1))),))


def test_lists_mappings_and_trailing_commas() -> None:
    """Both may be empty, and end with a comma."""
    assert expression("f([1,], {'a': [],}, x=2,)") == Call(
        "f",
        (
            Argument(None, List((Literal(1),))),
            Argument(None, Map((("a", List(())),))),
            Argument("x", Literal(2)),
        ),
    )


def test_options_stand_in_any_order() -> None:
    """All three, each once."""
    (task,) = read("f() for x in $a if $x > 1 @fallback([$x, null]) @timeout(500ms) @retry(0)")
    assert isinstance(task, Task)
    assert task.options == (Fallback(List((Ref("x"), Literal(None)))), Timeout(500, "ms"), Retry(0))
    assert task.loops == (Loop("x", Ref("a"), Binary(">", Ref("x"), Literal(1))),)


def test_the_header() -> None:
    """Files, configured names, and inputs with types and defaults."""
    assert read('use "a/b.py"\nuse tools\ninput a\ninput b: dict[str, list[int]?] = {"x": [-1]}\n') == (
        Use("a/b.py", is_path=True),
        Use("tools", is_path=False),
        Input("a", None, None),
        Input(
            "b",
            Type("dict", Type("list", Type("int"), optional=True)),
            Map((("x", List((Literal(-1),))),)),
        ),
    )


def test_every_node_knows_its_place() -> None:
    """Spans are offsets into the whole text."""
    text = '# é\nThought: x\nab = f.g( x = (1 + 2), "s" ) for y in [ 1 ]  @retry( 2 )  # end\n'
    thought, task = read(text.replace(', "s"', ""))
    text = text.replace(', "s"', "")
    assert isinstance(task, Task)
    assert isinstance(task.expr, Call)
    assert len(task.loops) == 1
    value = task.expr.arguments[0].value
    assert isinstance(value, Binary)
    places = [
        thought.span,
        task.span,
        task.binder_span,
        task.expr.span,
        task.expr.name_span,
        task.expr.arguments[0].span,
        value.span,
        value.op_span,
        task.loops[0].span,
        task.loops[0].name_span,
        task.options[0].span,
    ]
    assert [text[span.start : span.end] for span in places] == [
        "Thought: x",
        "ab = f.g( x = (1 + 2) ) for y in [ 1 ]  @retry( 2 )",
        "ab",
        "f.g( x = (1 + 2) )",
        "f.g",
        "x = (1 + 2)",
        "(1 + 2)",
        "+",
        "for y in [ 1 ]",
        "y",
        "@retry( 2 )",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nottrue", ["E180"]),
        ("1 orf(2)", ["E130"]),
        ("$1 notin [1]", ["E160"]),
        ("- not 1", ["E170"]),
        ("1 == not 2", ["E170"]),
        ("f(-nan)", ["E181"]),
        ("a = 1 if 2 else 3 if 4", ["E168"]),
        ("f(1, 2, x=1, 3, x=2)", ["E172", "E171"]),
        ("join(join())", ["E141"]),
        ("f(g(), join()) + join()", ["E141", "E141"]),
        ("join(1) + 1", ["E141"]),
        ("(f()) @retry(1)", []),
        ("(1 if 2 else 3) @retry(1)", ["E195"]),
        ("1 + 2 @fallback(3)", []),
        ("join()<END_OF_PLAN> x", ["E145"]),
        ("f()<END_OF_PLAN>", ["E146"]),
        ('join("<END_OF_PLAN>") # <END_OF_PLAN>', []),
        ("join()\n# fine\n\n", []),
        ("use 5", ["E154"]),
        ("use.x()", []),
        ("input(1)", ["E155"]),
        ("join = f()", ["E132"]),
        ("join() = 1", ["E177"]),
        ("f(x=)", ["E184"]),
        ('f("a"[0])', []),
        ("f($a.b .c)", ["E164"]),
        ("f($a[1:2])", []),
        ("$a[01]", ["E162"]),
        ("00.5", ["E162"]),
        ("1.", ["E133"]),
        ("{1: 2}", ["E174"]),
        ('{"a" 1}', ["E160"]),
        ("f(x => 1)", ["E176"]),
        ("**1.** f()", ["E160"]),
        ('"${0}"', ["E187"]),
        ('"${a" "${b}"', ["E161"]),
        ("f() @retry(99999999999999999999)", ["E112"]),
    ],
)
def test_what_is_found(text: str, expected: list[str]) -> None:
    """Each line has just these mistakes."""
    assert codes(parse(text)) == expected


def test_statements_with_mistakes_are_lost_by_name() -> None:
    """What was refused keeps its name, so that references to it need no second complaint."""
    parsed = parse("input a: string\nb = f(\n3. g(x y)\nnope\nc = f()\n")
    assert [lost.binder for lost in parsed.lost] == ["a", "b", "3", None]
    assert len(parsed.plan.statements) == 1


def test_model_text_has_no_header() -> None:
    """`use` and `input` are refused where only tasks may stand, and only there."""
    text = 'use "a.py"\ninput x\nf($x)\n'
    assert parse(text).diagnostics == ()
    parsed = parse(text, header=False, bounds=Bounds.MODEL)
    assert codes(parsed) == ["E134", "E134"]
    assert len(parsed.plan.statements) == 1


def test_misplaced_header_lines_stay_in_the_plan() -> None:
    """A late `use` or `input` is reported and still counts, so that its name is known."""
    parsed = parse("f()\nuse x\ninput y\n")
    assert codes(parsed) == ["E135", "E136"]
    assert len(parsed.plan.statements) == 3


def test_mistakes_come_by_place() -> None:
    """However they were found, mistakes are sorted by their place."""
    parsed = parse('a = f(\x00)\nb = "\\q" + 007 +\nc = (1\nd = é\n')
    places = [found.span for found in parsed.diagnostics]
    assert places == sorted(places)
    assert isinstance(places[0], Span)
