"""Reasoning in a model's reply is no part of its plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import PlanStream, parse, print_plan
from llmc_grammar.bounds import Bounds
from llmc_grammar.reasoning import NAMES, USUAL, ReasoningTags, TagName, reasoning_tags
from llmc_grammar.stream import REASONING
from tests.grammar.lenient.samples import MENDED, lenient
from tests.grammar.lenient.test_stream import agree, read_all

DRAFT = '1. order("tea")\n2. join($1)\n'
PLAN = '1. price("tea")\n2. join($1)\n'
HARMONY = "<|channel|>analysis<|message|>{draft}<|end|><|start|>assistant<|channel|>final<|message|>{plan}"

VOID = {
    "in tags": f"<think>\n{DRAFT}No, only the price.\n</think>\n{PLAN}",
    "without the opening tag": f"{DRAFT}No, only the price.\n</think>\n{PLAN}",
    "on one line": f'<think>1. order("tea")</think>{PLAN}',
    "behind a mark": f'1. order("tea")\n2. join($1)<END_OF_PLAN>\nNo.</think>{PLAN}',
    "behind a join with prose": f"{DRAFT}\nWait, that orders it.\n\n</think>\n\n{PLAN}",
    "twice": f"<think>{DRAFT}</think>\n{DRAFT}<reflection>\nNo.\n</reflection>\n{PLAN}",
    "in a string that no quote closes": f'1. order("tea\n</think>\n{PLAN}',
    "in a long string that nothing closes": f'1. order("""tea\n</think>\n{PLAN}',
    "in a string of a damaged statement": f'1. order("tea </think>"\n{PLAN}',
    "in a comment": f'1. order("tea") # </think>\n{PLAN}',
    "in a thought": f"Thought: </think>\n{PLAN}",
    "in an open call": f'1. order(\n"tea",\n</think>\n{PLAN}',
    "harmony": HARMONY.format(draft=DRAFT, plan=PLAN),
    "harmony with an end": HARMONY.format(draft=DRAFT, plan=PLAN.rstrip() + "<|return|>\nmore"),
    "nested": f"<think><scratchpad>{DRAFT}</scratchpad>{DRAFT}</think>{PLAN}",
    "with an attribute": f'<think effort="high">{DRAFT}</think>{PLAN}',
    "an empty one": f"<think/>{PLAN}",
    "a tag in a draft's string": f'<think>\n1. order("a </think> b")\n</think>{PLAN}',
}


@pytest.mark.parametrize("text", VOID.values(), ids=VOID)
def test_what_stands_before_a_closing_tag_is_void(text: str) -> None:
    """No statement, mistake or boundary of the reasoning is left, and places are those of the whole text."""
    parsed = lenient(text)
    assert print_plan(parsed.plan) == PLAN
    assert parsed.ok
    assert (parsed.lost, parsed.moved) == ((), ())
    first = parsed.plan.statements[0]
    assert text[slice(*first.span)] == '1. price("tea")'


@pytest.mark.parametrize("text", VOID.values(), ids=VOID)
def test_every_cut_of_a_text_with_reasoning(text: str) -> None:
    """Cut anywhere, a text with reasoning gives the same, and statements that became void are announced."""
    for at in range(len(text) + 1):
        agree([text[:at], text[at:]], text)
    agree(list(text), text)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["<{}>|</{}>", "[{}]|[/{}]", "<{} >|</ {}>"])
def test_every_tag_in_any_case(name: str, form: str) -> None:
    """All names enclose reasoning in both kinds of brackets, in any case."""
    for word in (name, name.upper(), name.title()):
        opening, closing = form.format(word, word).split("|")
        assert print_plan(lenient(f"{opening}{DRAFT}{closing}{PLAN}").plan) == PLAN
        assert print_plan(lenient(f"{DRAFT}{closing}{PLAN}").plan) == PLAN


@pytest.mark.parametrize(
    "line",
    [
        '1. price("a </think> b")',
        '1. price("""a\n</think>\nb""")',
        "1. price('<think>')",
        '1. price(["x", "[/thinking]"], note="<|channel|>final<|message|>")',
        '1. price({"<think>": 1})',
    ],
)
def test_a_tag_in_a_string_of_a_sound_statement_is_text(line: str) -> None:
    """Where the statement parses strictly, a tag in one of its strings is text."""
    text = f"{line}\n2. join($1)\n"
    parsed = lenient(text)
    assert print_plan(parsed.plan) == print_plan(parse(text).plan)
    assert parsed.diagnostics == ()
    agree(list(text), text)


def test_an_opening_tag_without_an_end_voids_the_rest() -> None:
    """What stands in front of it is the plan."""
    parsed = lenient(f'1. price("tea")\n<think>\n{DRAFT}')
    assert print_plan(parsed.plan) == '1. price("tea")\n'
    assert [one.code for one in parsed.diagnostics] == ["W130"]
    assert print_plan(lenient(f"<think>{DRAFT}").plan) == ""


@pytest.mark.parametrize("word", ["<b>", "</b>", "[1]", "<thinker>", "</thoughts>", "a < think", "[analysis", "<|x|>"])
def test_other_words_in_brackets_are_no_tags(word: str) -> None:
    """A reply with other marks in it keeps its plan."""
    assert print_plan(lenient(f"Sure {word}:\n{PLAN}").plan) == PLAN


def test_tags_of_a_model() -> None:
    """Further tags are given by their name, or as a pair of texts."""
    tags = reasoning_tags(("draft", ("◁think▷", "◁/think▷")))
    for text in (f"<draft>{DRAFT}</draft>{PLAN}", f"◁think▷{DRAFT}◁/think▷{PLAN}", f"{DRAFT}◁/think▷{PLAN}"):
        assert print_plan(parse(text, mode="lenient", reasoning=tags).plan) == PLAN
        assert print_plan(lenient(text).plan) != PLAN  # without them


@pytest.mark.parametrize("tag", ["", "a b", "<x>", ("a",), ("", "b"), ("a", "b\n"), 3])
def test_tags_that_cannot_be(tag: TagName) -> None:
    """A tag that is no name and no pair of texts is refused."""
    with pytest.raises(ValueError, match="a reasoning tag is a name"):
        ReasoningTags([tag])


def test_a_stream_says_when_it_begins_anew() -> None:
    """Statements that came out of a draft are void once `restarts` has grown."""
    stream = PlanStream(mode="lenient")
    assert len(stream.feed(DRAFT)) == 2
    assert (stream.restarts, stream.is_ended) == (0, True)
    assert stream.feed("hm\n</think>\n1. pri") == ()
    assert (stream.restarts, stream.is_ended) == (1, False)
    assert len(stream.feed('ce("tea")\n')) == 1
    ended = []
    for piece in ("2. join($1)<END_OF", "_PLAN>"):
        assert stream.feed(piece) == ()
        ended.append(stream.is_ended)
    assert ended == [False, True]
    assert len(stream.close()) == 1


@pytest.mark.parametrize("text", [f'{DRAFT}</think>1. price("tea")', f"{DRAFT}</think>", f'<think>{DRAFT}</think>1. "'])
def test_a_text_cut_behind_its_reasoning_has_nothing_of_it(text: str) -> None:
    """Cut off in the first line of the plan, not even the draft is left."""
    assert parse(text, mode="lenient", complete=False).plan.statements == ()


def test_a_text_cut_in_a_long_string_behind_a_draft() -> None:
    """A tag in a statement that was cut counts, and whole lines behind it are the plan."""
    text = f'{DRAFT}</think>\n1. price("tea")\n2. note("""x'
    assert print_plan(parse(text, mode="lenient", complete=False).plan) == '1. price("tea")\n'
    text = '1. order("""\n</think>\n1. price("tea")\n2. pr'
    assert print_plan(parse(text, mode="lenient", complete=False).plan) == '1. price("tea")\n'


def test_reasoning_takes_nothing_of_the_bounds() -> None:
    """A plan behind more reasoning than a plan may have text is read; reasoning has a bound of its own."""
    bounds = Bounds(text=200, tasks=3)
    aside = "so many words, so few deeds\n" * 20
    drafts = f"<think>{aside}{DRAFT * 5}</think>\n"
    assert print_plan(parse(drafts + PLAN, mode="lenient", bounds=bounds).plan) == PLAN
    assert not parse(aside + PLAN, mode="lenient", bounds=bounds).ok
    assert not parse(drafts * REASONING + PLAN, mode="lenient", bounds=bounds).ok
    for at in range(0, len(drafts + PLAN), 7):
        stream = PlanStream("lenient", bounds=bounds)
        assert len(read_all(stream, [(drafts + PLAN)[:at], (drafts + PLAN)[at:]])) == 2


@given(st.sampled_from(sorted(MENDED)), st.sampled_from(sorted(MENDED)), st.integers(0, 300))
def test_any_draft_changes_nothing(draft: str, name: str, at: int) -> None:
    """A plan means the same behind whatever was written before the closing tag, complete or not."""
    plan = MENDED[name][0]
    before = MENDED[draft][0][:at]
    alone, behind = lenient(plan), lenient(f"{before}\n</think>\n{plan}")
    assert behind.plan == alone.plan
    assert len(behind.lost) == len(alone.lost)
    assert len(behind.moved) == len(alone.moved)
    assert (behind.unended is None) == (alone.unended is None)


@given(
    st.text(st.sampled_from("a1.=f()\"'\n<>/[]|"), max_size=20),
    st.lists(
        st.sampled_from(
            VOID_BITS := [
                "<think>",
                "</think>",
                "[/THINK]",
                '1. f("',
                '")\n',
                '"""',
                "\n",
                "2. join($1)",
                "<END_OF_PLAN>",
                "# ",
                "(",
                ")",
            ]
        ),
        max_size=14,
    ),
    st.integers(0, 120),
)
def test_any_mixture_cut_anywhere(rubbish: str, bits: list[str], at: int) -> None:
    """Tags among rubbish never raise, and are judged the same for every cut."""
    text = rubbish + "".join(bits)
    agree([text[:at], text[at:]], text)


@pytest.mark.parametrize(
    "unit", ["</think>", "<think>", '1. f("""</think>\n', "<think></think>", '"""</think>', "[think]\n"]
)
def test_many_tags_end_soon(unit: str) -> None:
    """Tags by the thousand are read in time that grows with the text."""
    counts = []
    for size in (8, 16):
        text = unit * (size * 1024 // len(unit))
        stream = PlanStream("lenient")
        stream.feed(text)
        stream.close()
        assert stream._filter is not None  # noqa: SLF001 — what was read again is its own business
        counts.append(1024 * 1024 - stream._filter._reread)  # noqa: SLF001
    assert counts[1] <= 1024 * 1024 + 32 * 1024


@pytest.mark.parametrize("text", ["a </think> b", "[THINK]a[/THINK] b", " b"])
def test_text_without_its_reasoning(text: str) -> None:
    """Replies that are no plans lose their reasoning by text alone."""
    assert USUAL.strip(text).strip() == "b"


def test_unended_tasks() -> None:
    """A last task that nothing but the end of the text ends may go on; joins, marks and newlines end one."""
    for text in ("1. pay(100)", "1. f()\n2. pay(100)", "1. pay(\n100)", "1. pay(100)  # x", "1. pay(100) <think>no"):
        parsed = lenient(text)
        assert parsed.unended is not None
        assert text[slice(*parsed.unended)].startswith(("1. pay(", "2. pay("))
    ends = (
        "1. pay(100)\n",
        "1. pay(1)\njoin($1)",
        "1. pay(1)<END_OF_PLAN>",
        "1. pay(1)\nThought: x",
        "1. pay(1)\n<think>",
    )
    for text in (*ends, "1. pay(100)<|return|>", ""):
        assert lenient(text).unended is None
    assert parse("1. pay(100)").unended is None
