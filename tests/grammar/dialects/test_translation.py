"""When a text is read as another form, and what the statements of that reading are."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.compiler import IncrementalCompiler
from llmc_compiler.session import Earlier
from llmc_compiler.steps import Add, Restart
from llmc_grammar import Parsed, PlanStream, parse, print_plan
from llmc_grammar.ast import Plan
from tests.cases.world import TOOLS

FORMS: Final = {
    "tool_calls": '{"name": "price", "arguments": {"item": "tea"}}\n{"name": "order", "arguments": {"item": "$1"}}\n',
    "json_plan": '{"tasks": [{"id": "a", "tool": "price", "args": {"item": "tea"}},\n'
    '{"id": "b", "tool": "order", "args": {"item": {"ref": "a"}}}]}\n',
    "python_calls": 'r = price("tea")\norder(r)\n',
    "rewoo": "Plan: Ask.\n#E1 = price[tea]\nPlan: Order it.\n#E2 = order[#E1]\n",
}
MARKED: Final = '<tool_call>\n{"name": "order", "arguments": {"item": "tea"}}\n</tool_call>\n'
EVERY: Final = [*FORMS.values(), MARKED]


def lenient(text: str, **options: object) -> Parsed:
    """A model's text, read."""
    return parse(text, mode="lenient", tools=TOOLS, **options)  # type: ignore[arg-type]  # any option


def lines(text: str, **options: object) -> list[str]:
    """The statements of a model's text but for its thoughts."""
    written = print_plan(lenient(text, **options).plan).splitlines()
    return [line for line in written if line and not line.startswith("Thought:")]


@pytest.mark.parametrize("dialect", FORMS)
def test_a_text_of_another_form_is_a_plan(dialect: str) -> None:
    """A warning names the form, the calls are numbered, and their values go from one to the other."""
    parsed = lenient(FORMS[dialect])
    assert (parsed.dialect, [found.code for found in parsed.diagnostics]) == (dialect, ["W131"])
    first, second, join = (line.partition("(") for line in lines(FORMS[dialect]))
    assert (first[0], second[0], join[0]) == ("1. price", "2. order", "join")
    assert ("tea" in first[2], "$1" in second[2]) == (True, True)


@pytest.mark.parametrize("dialect", FORMS)
def test_numbers_go_on_from_those_of_earlier_plans(dialect: str) -> None:
    """`first` is the number of the first task; a reference to an earlier plan's task stays."""
    numbers = [line.partition(".")[0] for line in lines(FORMS[dialect], first=7)]
    assert numbers == ["7", "8", "join()"]


@pytest.mark.parametrize("text", EVERY)
def test_the_edit_of_the_warning_is_the_plan(text: str) -> None:
    """With it the text parses strictly, and says the same."""
    parsed = lenient(text)
    edit = parsed.diagnostics[0].edit
    assert edit is not None
    assert (parse(edit.text).ok, parse(edit.text).plan) == (True, parsed.plan)


@given(text=st.sampled_from(EVERY), data=st.data())
def test_every_cut_of_a_text_gives_the_same(text: str, data: st.DataObject) -> None:
    """Statements, mistakes and holds do not depend on how a text arrives; bytes may be cut anywhere."""
    sent = text.encode()
    cuts = data.draw(st.lists(st.integers(0, len(sent)), max_size=6).map(sorted))
    stream = PlanStream("lenient", tools=TOOLS)
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        stream.feed(sent[start:end])
    whole = lenient(text)
    assert Plan(stream.close()) == whole.plan
    assert (stream.diagnostics, stream.moved, stream.dialect) == (whole.diagnostics, whole.moved, whole.dialect)


@pytest.mark.parametrize("text", EVERY)
def test_a_reply_that_breaks_off_is_no_plan_in_another_form(text: str) -> None:
    """Its calls may be half of what was meant; the whole reply is a plan."""
    parsed = lenient(text, complete=False)
    assert (parsed.dialect, any("order(" in line for line in lines(text, complete=False))) == (None, False)
    assert lenient(text).dialect is not None


@pytest.mark.parametrize("dialect", FORMS)
@pytest.mark.parametrize("plan", ['1. height("K2")\n', 'join("Nothing to do.")\n'])
def test_a_text_with_a_plan_of_its_own_is_that_plan(dialect: str, plan: str) -> None:
    """Its own calls are made, and no others: what is in another form is text that is left out, or a mistake."""
    parsed = lenient(plan + FORMS[dialect])
    assert (parsed.dialect, any("order(" in line for line in lines(plan + FORMS[dialect]))) == (None, False)


@pytest.mark.parametrize("dialect", FORMS)
def test_a_join_below_another_form_is_its_join(dialect: str) -> None:
    """It is in the plan language, and says what the answer is."""
    assert lines(f'{FORMS[dialect]}join("It costs $1.")\n')[-1] == 'join("It costs $1.")'
    assert lenient(f'{FORMS[dialect]}3. join("It costs $1.")\n').dialect == dialect


GUESSED: Final = {
    'price("tea"); order("milk")\n': ("python_calls", ['1. price("tea")', '2. order("milk")', "join()"]),
    'price("tea"), order("milk")\n': ("python_calls", ['1. price("tea")', '2. order("milk")', "join()"]),
    'r = "tea"\nprice(r)\n': ("python_calls", ['1. price("tea")', "join()"]),
    'print(price("tea"))\n': ("python_calls", ['1. price("tea")', "join()"]),
    "price(tea)\n": (None, ['price("tea")']),
    "search('it's')\n": (None, ['search("it\'s")']),
    'show(price("tea"))\n': (None, ['show(price("tea"))']),
}


@pytest.mark.parametrize("text", GUESSED)
def test_another_form_goes_before_a_guess(text: str) -> None:
    """Words that a repair would take for a string, and tools that do not exist, are no plan where all has a form."""
    assert (lenient(text).dialect, lines(text)) == GUESSED[text]


def test_marks_beside_a_plan_are_a_mistake() -> None:
    """A call is never left out without a word, and how the two belong together is not known."""
    assert [found.code for found in lenient(f'1. height("K2")\n{MARKED}').diagnostics] == ["E126"]
    assert [found.code for found in lenient(MARKED).diagnostics] == ["W131"]


@pytest.mark.parametrize("plan", ['1. height("K2")\n', MARKED])
def test_a_native_call_beside_a_plan_is_a_mistake(plan: str) -> None:
    """Without marks it would be a value, and the call would not be made; data beside a plan stays a value."""
    call = '{"name": "price", "arguments": {"item": "tea"}}\n'
    data = '{"name": "tea", "price": 3}\n'
    for text in (call + plan, plan + call):
        assert "E126" in {found.code for found in lenient(text).diagnostics}
    assert lenient(data + plan).ok


@pytest.mark.parametrize("dialect", FORMS)
def test_writes_of_a_text_without_marks_are_held(dialect: str) -> None:
    """As where a repair moved a boundary; a plan in the language is not held."""
    parsed = lenient(FORMS[dialect])
    assert (bool(parsed.moved), parsed.unended) == (True, None)
    assert lenient('1. order("tea")\njoin()\n').moved == ()


@pytest.mark.parametrize("text", [MARKED, MARKED.strip(), f"I order it.\n{MARKED}"])
def test_writes_of_calls_in_marks_are_not_held(text: str) -> None:
    """The marks say that they are calls, and where they end."""
    parsed = lenient(text)
    assert (parsed.dialect, parsed.moved, parsed.unended) == ("tool_calls", (), None)


@pytest.mark.parametrize(
    "text",
    [
        f'{MARKED.strip()} then send("x")\n',
        f'First send("a"), then {MARKED.replace(chr(10), "")}\n',
        f'{MARKED.strip()} and send("x") and {MARKED.strip()}\n',
        '<tool_code>price("tea")</tool_code> then send\uff08"x"\uff09\n',
        "Plan: look\nthen send\uff08'x'\uff09 now\n#E1 = search[tea]\n",
    ],
)
def test_a_call_in_prose_beside_another_form_is_a_mistake(text: str) -> None:
    """It is not left out because the calls beside it are read; prose that calls nothing is."""
    assert "E127" in {found.code for found in lenient(text).diagnostics}
    assert lenient(f"{MARKED.strip()} then I send it\n").ok


def test_nothing_in_marks_is_a_statement_while_it_streams() -> None:
    """A line of an argument that reads as a call starts nothing; the same line without marks does."""
    inside = 'search("K2")\nsearch("K2")\n'
    text = f"<tool_call>\n<function=write_file>\n<parameter=content>\n{inside}"
    assert PlanStream("lenient", tools=TOOLS).feed(text) == ()
    assert len(PlanStream("lenient", tools=TOOLS).feed(inside)) == 2


def test_reasoning_is_not_read_as_another_form() -> None:
    """A draft before the closing tag is void in every form."""
    text = f"<think>{MARKED}</think>\n" + '{"name": "price", "arguments": {"item": "tea"}}\n'
    assert lines(text) == ['1. price(item="tea")', "join()"]
    assert lines(f"{MARKED}<think>\n{MARKED}") == lines(MARKED)


def test_calls_that_a_broken_plan_started_are_dropped() -> None:
    """The whole text is Python, so that the plan of its first line is void, and a new one begins."""
    front = IncrementalCompiler(TOOLS, mode="lenient", earlier=Earlier(taken=frozenset({"1", "2"})))
    [started] = [step for step in front.feed('r = search("K2")\n') if isinstance(step, Add)]
    front.feed("fetch(r[0])\n")
    restart, *rest = front.close()
    assert isinstance(restart, Restart)
    assert [node.id for node in started.nodes] == ["r"]
    ids = [node.id for step in rest if isinstance(step, Add) for node in step.nodes]
    assert ids == ["3", "4", "join"]


def test_a_mistake_stands_at_its_place_in_the_text() -> None:
    """Reports show what the model wrote."""
    text = '{"name": "price", "arguments": {"item": 5, "colour": "red"}}\n'
    front = IncrementalCompiler(TOOLS, mode="lenient")
    front.feed(text)
    with pytest.raises(Exception, match="colour"):
        front.close()
    places = [text[slice(*found.span)] for found in front.diagnostics if found.severity == "error"]
    assert places == ['"colour": "red"']


def test_strict_texts_know_no_other_form() -> None:
    """A plan file is read as it is."""
    assert parse(FORMS["tool_calls"]).dialect is None
    assert parse(MARKED).ok is False
