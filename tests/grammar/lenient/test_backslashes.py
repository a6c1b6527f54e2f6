"""A backslash is decided once a string: one escape that does not exist makes text of all but those of quotes."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_grammar import PlanStream, parse
from llmc_grammar.ast import Call, Expr, List, Map, Task, Text
from tests.grammar.lenient.samples import edited, lenient

PLAIN: Final = st.characters(exclude_characters="\"'\\$\r", exclude_categories=["C", "Z"])
PIECES: Final = st.one_of(
    st.text(st.one_of(PLAIN, st.sampled_from(" \t")), max_size=4),
    st.sampled_from(["\\n", "\\t", "\\r", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "\\\\", '\\"', "\\'"]),
    st.sampled_from(["\\U", "\\d", "\\ ", "\\x", "\\.", "\\/", "\\u12", "\\$ "]),
)
CONTENTS: Final = st.lists(PIECES, max_size=8).map("".join)
UNKNOWN: Final = st.sampled_from(["\\U", "\\d", "\\ ", "\\x.", "\\.", "\\/", "\\u12 ", "\\_"])
QUOTES: Final = st.sampled_from(['"', "'", '"""'])


def written(content: str, quotes: str) -> str:
    """What a content says whose backslashes are text, but for those before a backslash, `"` and the string's quote."""
    kept = {"\\", '"', quotes[0]}
    text, at = "", 0
    while at < len(content):
        at += content[at] == "\\" and content[at + 1 : at + 2] in kept
        text += content[at]
        at += 1
    return text


def texts(expr: Expr) -> list[str]:
    """The texts in an expression, keys too, in order."""
    match expr:
        case Text(parts):
            return ["".join(map(str, parts))]
        case Call(_, arguments):
            return [text for argument in arguments for text in texts(argument.value)]
        case List(items):
            return [text for item in items for text in texts(item)]
        case Map(entries):
            return [text for key, value in entries for text in (key, *texts(value))]
        case _:
            return []


def read(text: str) -> list[str]:
    """The texts of the only task of a model's text."""
    (task,) = lenient(text).plan.statements
    assert isinstance(task, Task)
    return texts(task.expr)


FORMS: Final = st.sampled_from(["f({})", "1. {}", 'a = f("\\n", {}, 1)', "f([{}], x={})", "f({{{}: {}}}, g({}))"])


@settings(max_examples=80)
@given(FORMS, CONTENTS, UNKNOWN, CONTENTS, QUOTES)
def test_a_string_with_an_unknown_escape_says_what_is_written(
    form: str, before: str, unknown: str, after: str, quotes: str
) -> None:
    """With one warning for each string, whose edit says the same to the strict reading."""
    content = f"{before}{unknown}{after}"
    text = form.replace("{}", f"{quotes}{content}{quotes}").replace("{{", "{").replace("}}", "}")
    parsed = lenient(text)
    assert [found.code for found in parsed.diagnostics] == ["W124"] * form.count("{}")
    assert not parsed.moved
    assert [found for found in read(text) if found != "\n"] == [written(content, quotes)] * form.count("{}")
    assert parse(edited(parsed), header=False).plan == parsed.plan


@settings(max_examples=50)
@given(CONTENTS.filter(lambda content: "\\ud" not in content), QUOTES)
def test_a_string_whose_escapes_exist_is_read_as_ever(content: str, quotes: str) -> None:
    """Where the strict reading takes a string, both say the same, and nothing is reported."""
    text = f"f({quotes}{content}{quotes})"
    strict, model = parse(text, header=False), lenient(text)
    if strict.ok:
        assert (model.plan, model.diagnostics) == (strict.plan, strict.diagnostics)
    else:
        assert {found.code for found in strict.diagnostics} == {"E185"}


@settings(max_examples=50)
@given(CONTENTS, UNKNOWN, st.booleans(), st.integers(0, 80))
def test_any_cut_says_the_same(content: str, unknown: str, ends: bool, at: int) -> None:
    """A backslash is decided alike wherever a text is cut, also one that ends a string."""
    text = f'1. f("{content}{unknown}{chr(92) * ends}", "x")\n2. f("\\n")\n'
    whole = lenient(text)
    stream = PlanStream(mode="lenient")
    statements = (*stream.feed(text[:at]), *stream.feed(text[at:]), *stream.close())
    assert statements == whole.plan.statements
    assert (stream.diagnostics, stream.moved) == (whole.diagnostics, whole.moved)


PATHS: Final = st.lists(st.text("abnrtuxU12", min_size=1, max_size=4), min_size=1, max_size=4).map("\\".join)


@settings(max_examples=50)
@given(PATHS, PATHS, st.sampled_from(['"', "'"]))
def test_a_folder_ends_its_string(first: str, second: str, quote: str) -> None:
    """A backslash before the last quote is text, and so are all others; the task may not write by itself."""
    one, two = f"C:\\{first}\\", f"D:\\{second}\\"
    text = f"f({quote}{one}{quote}, {quote}x{quote}, [{quote}{two}{quote}])"
    assert read(text) == [one, "x", two]
    parsed = lenient(text)
    assert {found.code for found in parsed.diagnostics} == {"W124"}
    assert parsed.moved
    assert parse(edited(parsed), header=False).plan == parsed.plan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'f("he said \"no\", then", "x")', ['he said "no", then', "x"]),
        (r'f("a \", b, c", "it"s")', ['a ", b, c', 'it"s']),
        (r"""f("{\"k\": [1, \"x\"]}", 'it's')""", ['{"k": [1, "x"]}', "it's"]),
        (r"""f("a \", " + $1, 'it's')""", ["it's"]),
        ('f("Dear \\"Bob\\"),\nbye")', ['Dear "Bob"),\nbye']),
    ],
)
def test_a_quote_behind_a_backslash_stays_text(text: str, expected: list[str]) -> None:
    """Where another quote can end the string, it does, whatever is damaged besides."""
    assert read(text) == expected


@pytest.mark.parametrize("content", [r"\d", r"C:\Users\nina", r"\x41", r"\/", r"\u12"])
def test_plan_files_refuse_unknown_escapes(content: str) -> None:
    """Each is an error with its edit, as before."""
    found = parse(f'f("{content}")').diagnostics
    assert [one.code for one in found] == ["E185"]
    assert found[0].edit
