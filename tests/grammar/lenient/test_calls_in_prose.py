"""A line that calls a known tool is read, or it is an error that names the line."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import Parsed, PlanStream, parse
from llmc_grammar.ast import Call
from tests.grammar.lenient.samples import edited
from tests.grammar.lenient.test_stream import read_all

TOOLS = frozenset({"send", "height", "github.open_issue"})

READ = {
    "ideographic comma": ('2\u3001send("a", "b")', '2. send("a", "b")'),
    "full stop of full width": ('\uff12\uff0e send("a", "b")', '2. send("a", "b")'),
    "brackets around": ('(2) send("a")\n\uff083\uff09send("b")', '2. send("a")\n3. send("b")'),
    "square brackets around": ('[2] send("a")\n\u30103\u3011send("b")', '2. send("a")\n3. send("b")'),
    "circled": ('\u2461 send("a")\n\u2776 send("b")\n\u2488 send("c")', '2. send("a")\n1. send("b")\n1. send("c")'),
    "key cap": ('2\ufe0f\u20e3 send("a")', '2. send("a")'),
    "ideograph": ('\u4e8c\u3001send("a")', '2. send("a")'),
    "Arabic digit": ('\u0662. send("a")', '2. send("a")'),
    "dash behind": ('2 \u2013 send("a")\nTask 3 - send("b")', '2. send("a")\n3. send("b")'),
    "task": ('Task 2 \u2014 send("a")\nSTEP 3 of 4: send("b")', '2. send("a")\n3. send("b")'),
    "step in Chinese": ('\u7b2c2\u6b65\uff1asend("a")', '2. send("a")'),
    "bullets": ('\u2013 send("a")\n\u2023 send("b")\n\u25e6send("c")', 'send("a")\nsend("b")\nsend("c")'),
    "quotation marks": ('> send("a")\n> > 2. send("b")', 'send("a")\n2. send("b")'),
    "boxes": ('- [ ] send("a")\n\u2610 send("b")\n- [x] 2. send("c")', 'send("a")\nsend("b")\n2. send("c")'),
    "action": ('Action: send("a")\n**Tool call:** send("b")', 'send("a")\nsend("b")'),
    "plan on the line": ('Plan: 1. send("a")', '1. send("a")'),
    "label": ('1. Look up K2: height("K2")', '1. height("K2")'),
    "bold label": ('1. **Look up K2:** height("K2")', '1. height("K2")'),
    "emphasis": ('2. *send("a")*', '2. send("a")'),
    "join": ("2\u3001join($1)\nbye", "2. join($1)\n"),
    "action to finish": ('Action: finish("done")', 'join("done")'),
    "full width": ('2\u3001send\uff08"a"\uff0c "b"\uff09\u3002', '2. send("a", "b")'),
    "full width and quotes": (
        "x = send\uff08\u300ca\u300d\uff0c\uff02b\uff02\uff0c\u201cc\u201d\uff09",
        'x = send("a","b","c")',
    ),
    "full width in strings": ('send("\uff08\uff0c"\uff0c2)', 'send("\uff08\uff0c",2)'),
    "full width and a tail": ('send\uff08"a"\uff09 -> the answer', 'send("a")'),
    "full width, two on a line": ('1. send\uff08"a"\uff09 2. send\uff08"b"\uff09', '1. send("a")\n2. send("b")'),
}
"""Lines with a call of a tool, and the same with the edits of their warnings made."""

REFUSED = {
    "sentence": 'Then call send("a", "b").',
    "mention": "I will use height() to find it",
    "mention behind a call": 'send("x") would help here',
    "question": 'Should I call `send("x")` now?',
    "quoted in a sentence": 'Now "send("ann@x.org", "hi")".',
    "text of another script": '\u8bf7\u8c03\u7528send("a")',
    "name of full width": '\uff53\uff45\uff4e\uff44("a")',
    "bold name": '1. **send**("a")',
    "blank before the bracket": '2. send ("a", "b")',
    "behind a module": 'Use functions.send("a") or mcp.github.open_issue("b")',
    "Roman numeral": 'II. send("a")',
    "letter": 'a) send("a")',
    "two marks": '1) - send("a")',
    "row of a table": '| 2 | send("a") |',
    "await": 'await send("a")',
    "loop of Python": "for x in xs: send(x)",
    "definition": "def send(to, body):",
    "condition as a label": '2. If the price is low: send("a")',
    "negation as a label": '2. Never: send("a")',
    "label without a number": 'If it fails: send("a")',
    "thought with a number": '1. Thought: send("a")',
    "words of a header": "use send() to write",
    "crossed out": '\u274c send("a")',
    "behind an arrow": '1. height("K2") -> then send("a")',
    "in an argument": '1. height(what send("a") says)',
    "behind a sentence in quotes": '1. height("K2"). Then send("a")',
    "behind a sentence in typographic quotes": "1. height(\u201cK2\u201d). Then send(\u201ca\u201d)",
    "behind a backslash": '1. height("C:\\") then send("a")',
    "full width without quotes": "send\uff08\u6771\u4eac\uff0c\u5927\u962a\uff09",
    "full width, not closed": 'send\uff08"a"\uff0c',
    "beside another name": 'foo("x") is better than send("y")',
    "before the end mark": 'Then send("a") <END_OF_PLAN>',
}
"""Lines with a call of a tool that are mistakes."""

ASIDE = {
    "thought": 'Thought: send("a")',
    "decorated thought": '**Thought 2:** I call send("a")',
    "observation": 'Observation: send("a") failed',
    "comment": '# send("a")',
    "string of JSON": '  "code": "send(\'x\')",',
    "part of a name": 'resend("a") is fine',
    "not closed": "I use send( to write",
    "below the join": 'join()\nThen send("a")',
    "reasoning": 'I call send("a") first\n</think>\njoin()',
    "another tool": 'print("a") is what I call',
}
"""Lines that name a tool and do not call it."""


def lenient(text: str) -> Parsed:
    """A model's text, read for a toolbox."""
    return parse(text, mode="lenient", tools=TOOLS)


def calls(value: object) -> Iterator[Call]:
    """The calls in a plan."""
    if isinstance(value, Call):
        yield value
    if isinstance(value, tuple):
        for each in value:
            yield from calls(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from calls(getattr(value, each.name))


def is_told(parsed: Parsed, line: slice) -> bool:
    """Whether a call of `send` on a line is read, or an error lies on the line and in a refused task."""
    if any(call.tool.endswith("send") and line.start <= call.span.start < line.stop for call in calls(parsed.plan)):
        return True
    errors = [one.span.start for one in parsed.diagnostics if one.severity == "error"]
    return any(
        line.start <= at <= line.stop and any(lost.span.start <= at <= lost.span.end for lost in parsed.lost)
        for at in errors
    )


@pytest.mark.parametrize(("text", "mended"), READ.values(), ids=READ)
def test_the_edits_are_these(text: str, mended: str) -> None:
    """Making the edits of all warnings gives this text, which means the same as the decorated one."""
    parsed = lenient(text)
    assert parsed.ok
    assert parsed.diagnostics
    assert edited(parsed) == mended
    strict = parse(mended, header=False)
    assert not strict.diagnostics
    assert parsed.plan == strict.plan


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_call_that_is_not_read_is_an_error_in_the_place_of_a_task(text: str) -> None:
    """The mistake lies in a refused task, and the statements around it are read."""
    parsed = lenient(f"1. height(1)\n{text}\nheight(2)\n")
    assert is_told(parsed, slice(len("1. height(1)\n"), len(f"1. height(1)\n{text}")))
    assert not any(call.tool == "send" for call in calls(parsed.plan))
    assert len(parsed.lost) == 1


@pytest.mark.parametrize("text", ASIDE.values(), ids=ASIDE)
def test_a_tool_may_be_named(text: str) -> None:
    """Thoughts, comments, strings, reasoning and text below the join are no mistakes."""
    parsed = lenient(text)
    assert parsed.ok
    assert not list(calls(parsed.plan))


@pytest.mark.parametrize("text", ["\u201csend(1)\u201d", '"C:\\q send(1)"', "\u300csend(1)\u300d\uff0c 2"])
def test_a_repaired_string_may_hold_a_call(text: str) -> None:
    """The string ends where it says, so that all of it is data."""
    parsed = lenient(f"1. height({text})\n")
    assert parsed.ok
    assert [call.tool for call in calls(parsed.plan)] == ["height"]


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_without_tools_prose_is_left_out(text: str) -> None:
    """A call is one of a tool that is known."""
    assert "E127" not in {found.code for found in parse(text, mode="lenient").diagnostics}


PARTS = (
    *"*+->_`.:)(]|~!?,;= 12xi",
    *"\uff08\u3001\uff1a\u3002\uff0e\u2014\u2022\u2461\u4e8c\u3000",
    *(" - ", "> ", "- [ ] ", "**", "```", "1. ", "2) ", "(3) ", "$1 = ", "a = ", "Step 2", "Action: ", "Then call "),
    *(
        "if ",
        "not ",
        "it's ",
        "the result of ",
        "foo(",
        "await ",
        'f("x") ',
        "use ",
        "join ",
        "-> ",
        "<b>",
        "{",
        '"x" ',
    ),
)
CALLS = ('send("a", "b")', 'send\uff08"a"\uff09', "send()", "send($1)", "mail.send(1)")


@given(
    st.lists(st.sampled_from(PARTS), max_size=4).map("".join),
    st.sampled_from(CALLS),
    st.lists(st.sampled_from(PARTS), max_size=4).map("".join),
    st.sampled_from(("", "1. height(1)\n")),
)
def test_no_decoration_hides_a_call(before: str, call: str, behind: str, above: str) -> None:
    """Whatever stands around a call, it is read or it is an error."""
    line = f"{re.sub('[a-z][0-9_]*$', ' ', before)}{call}{behind}"
    parsed = lenient(f"{above}{line}\n")
    assert is_told(parsed, slice(len(above), len(above) + len(line)))


def test_what_hides_a_call_is_found() -> None:
    """The law above is broken where the tool is not known."""
    hidden = [text for text in REFUSED.values() if not is_told(parse(text, mode="lenient"), slice(0, len(text)))]
    assert len(hidden) > len(REFUSED) // 2


@pytest.mark.parametrize("text", [text for text, _ in READ.values()] + [*REFUSED.values()])
def test_pieces_give_the_same(text: str) -> None:
    """In two pieces or character by character, a text gives the same statements, mistakes and moved boundaries."""
    text = f"1. height('it's')\n{text}\nheight(2)"
    whole = lenient(text)
    for pieces in (list(text), *([text[:at], text[at:]] for at in range(0, len(text), 7))):
        stream = PlanStream(mode="lenient", tools=TOOLS)
        statements = read_all(stream, pieces)
        assert [(one, one.span) for one in statements] == [(one, one.span) for one in whole.plan.statements]
        assert (stream.diagnostics, stream.lost, stream.moved) == (whole.diagnostics, whole.lost, whole.moved)


@pytest.mark.parametrize("name", READ)
def test_words_that_are_left_out_hold_writes(name: str) -> None:
    """A label, a ticked box and an arrow may say more than a number does."""
    holding = {"label", "bold label", "boxes", "full width and a tail", "full width, two on a line"}
    assert bool(lenient(READ[name][0]).moved) == (name in holding)


def test_a_refused_line_keeps_its_number() -> None:
    """References to it are no further mistakes."""
    for text in ("(7) Then send(1)", "\u2466 ok, send(1)", "7. no, send(1)"):
        assert [lost.binder for lost in lenient(text).lost] == ["7"]
    assert [lost.binder for lost in lenient("Then send(1)").lost] == [None]


def test_a_line_that_may_end_the_statement_above_holds_it() -> None:
    """A line with a call below a mended string may be the rest of that string."""
    text = "1. height('Joe's (the 'boss')\nand send('me')"
    assert [re.sub(r"\s.*", "", text[slice(*span)]) for span in lenient(text).moved] == ["1."]
