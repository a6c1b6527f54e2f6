"""Both highlighters, for Pygments and for editors, see what the parser sees.

A token of plan.lark has the kind that is due to it in both; the kinds are those of this table.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark, Token
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace, _TokenType

from llmc.pygments_lexer import PlanLexer
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_grammar import print_plan
from llmc_grammar.ast import Plan
from llmc_grammar.statement import kind_of
from llmc_grammar.tables import STARTS, WholeWords, grammar
from llmc_grammar.terminals import terminals
from tests.grammar.samples import BAD, GLANCE, GOOD
from tests.grammar.strategies import plans

ROOT: Final = Path(__file__).parent.parent
TEXTMATE: Final = json.loads((ROOT / "editors/llmc.tmLanguage.json").read_text("utf-8"))

KINDS: Final = {
    "NUMBERED": {"label"},
    "NAMED": {"name"},
    "NAME": {"name", "type"},
    "CALL": {"function", "keyword"},
    "REF": {"name"},
    "STEPS": {"name"},
    "NUMBER": {"number"},
    "DURATION": {"number"},
    "STRING": {"string"},
}
WORDS: Final = {
    "use": {"keyword"},
    "input": {"keyword"},
    **{word: {"keyword", "name"} for word in ("if", "else", "for")},
    **{word: {"operator", "name"} for word in ("and", "or", "not", "in")},
    **{word: {"constant", "name"} for word in ("true", "false", "null", "True", "False", "None")},
}
"""What the terminals and the words may be; a word of the language is a name where it names an argument."""

PYGMENTS: Final = (
    (Name.Label, "label"),
    (Name.Function, "function"),
    (Name.Builtin, "function"),
    (Name.Decorator, "option"),
    (Name, "name"),
    (Keyword.Type, "type"),
    (Keyword.Constant, "constant"),
    (Keyword, "keyword"),
    (Number, "number"),
    (String, "string"),
    (Operator, "operator"),
    (Comment, "comment"),
    (Punctuation, "punctuation"),
    (Whitespace, "blank"),
)
SCOPES: Final = (
    ("entity.name.label", "label"),
    ("entity.name.function.decorator", "option"),
    ("entity.name.function", "function"),
    ("support.function", "function"),
    ("storage.type", "type"),
    ("constant.language", "constant"),
    ("constant.numeric", "number"),
    ("keyword.operator", "operator"),
    ("keyword", "keyword"),
    ("string", "string"),
    ("comment", "comment"),
    ("punctuation", "punctuation"),
    ("variable", "name"),
    ("", "blank"),
)

Highlighter = Callable[[str], Sequence[str]]
"""The kind of each character of a text."""


def by_pygments(text: str) -> list[str]:
    """What the lexer for Pygments says."""
    kinds: list[str] = []
    for _, token, piece in PlanLexer().get_tokens_unprocessed(text):
        kinds += [pygments_kind(token)] * len(piece)
    return kinds


def pygments_kind(token: _TokenType) -> str:
    """The kind of a token of Pygments."""
    return next((kind for known, kind in PYGMENTS if token in known), "error")  # type: ignore[comparison-overlap]  # types of types


def by_textmate(text: str) -> list[str]:
    """What the grammar for editors says, read by a small interpreter of such grammars."""
    kinds: list[str] = []
    stack: list[dict[str, Any]] = [TEXTMATE]
    for line in text.split("\n"):
        scopes = [""] * len(line)
        for start, end, scope in _line(line, stack):
            scopes[start:end] = [scope] * (end - start)
        kinds += [next(kind for known, kind in SCOPES if scope.startswith(known)) for scope in scopes]
        kinds.append("string" if len(stack) > 1 else "blank")
    return kinds[:-1]


def _line(line: str, stack: list[dict[str, Any]]) -> Iterator[tuple[int, int, str]]:
    """The scopes of a line: the first match counts, of several at one place the first rule."""
    at = 0
    while at <= len(line):
        # A string's own scope holds for all of it: what is inside of one is a part of it here.
        matches = enumerate(_matches(line, at, stack[-1]))
        found = [(match.start(), order, match, rule) for order, (match, rule) in matches]
        outer = stack[-1].get("name", "") if len(stack) > 1 else ""
        if not found:
            yield at, len(line), outer
            return
        start, _, match, rule = min(found, key=lambda one: one[:2])
        yield at, start, outer
        yield match.start(), match.end(), outer or rule.get("name", "")
        for group, capture in rule.get("captures", {}).items():
            yield *match.span(int(group)), capture["name"]
        if rule is stack[-1]:
            stack.pop()
        elif "begin" in rule:
            stack.append(rule)
        at = match.end() if match.end() > at or rule not in TEXTMATE["patterns"] else at + 1


def _matches(line: str, at: int, state: dict[str, Any]) -> Iterator[tuple[re.Match[str], dict[str, Any]]]:
    """What the rules of a state find at or behind a place, its end first."""
    rules = [TEXTMATE["repository"][rule["include"][1:]] if "include" in rule else rule for rule in state["patterns"]]
    patterns = [(rule.get("match") or rule["begin"], rule) for rule in rules]
    if "end" in state:
        patterns.insert(0, (state["end"], state))
    for pattern, rule in patterns:
        match = re.compile(pattern).search(line, at)
        if match:
            yield match, rule


BOTH: Final = pytest.mark.parametrize("highlight", [by_pygments, by_textmate])


@cache
def parser() -> Lark:
    """Lark without our tree."""
    return Lark(grammar(), parser="lalr", start=list(STARTS), maybe_placeholders=True, postlex=WholeWords())


def tokens(text: str) -> Iterator[tuple[Token, int]]:
    """The tokens of a plan with a statement on each line, as Lark reads them, and their places."""
    start = 0
    for line in text.split("\n"):
        if line and kind_of(line) != "thought":
            for token in parser().parse_interactive(line, start=kind_of(line)).iter_parse():
                yield token, start + (token.start_pos or 0)
        start += len(line) + 1


def due(token: Token) -> set[str]:
    """The kinds that a token may have."""
    if token.type in KINDS or token in WORDS:
        return KINDS.get(token.type) or WORDS[token]
    if token in {"(", ")", "[", "]", "{", "}", ",", ":", "?"}:
        return {"punctuation"}
    return {"option"} if token.startswith("@") else {"operator"}


@pytest.mark.no_cover
@given(plans())
def test_a_token_has_the_kind_that_is_due_to_it(plan: Plan) -> None:
    """All of a string is one, and every other token has its kind where it begins."""
    text = print_plan(plan)
    for kinds in (by_pygments(text), by_textmate(text)):
        assert len(kinds) == len(text)
        for token, start in tokens(text):
            width = len(token) if token.type in {"STRING", "REF", "NUMBER", "DURATION"} else 1
            assert set(kinds[start : start + width]) <= due(token), token


def test_every_terminal_has_its_kinds() -> None:
    """A terminal or a word that is new needs a kind."""
    assert terminals().keys() - {"WS", "COMMENT"} == KINDS.keys()
    assert {str(one.pattern.value) for one in parser().terminals if str(one.pattern.value).isalpha()} == WORDS.keys()


@given(st.text() | st.text(st.sampled_from("\"'\\$#(){}[]=.\n\r ,a1@<>")))
def test_no_character_is_lost(text: str) -> None:
    """Whatever the text, the tokens put together are the text, in both."""
    found = list(PlanLexer().get_tokens_unprocessed(text))
    assert "".join(piece for _, _, piece in found) == text
    assert [at for at, _, _ in found] == [sum(len(piece) for _, _, piece in found[:end]) for end in range(len(found))]
    assert len(by_textmate(text)) == len(text)


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_a_good_plan_has_no_error_token(text: str) -> None:
    """Nor has one over several lines."""
    assert Error not in {token for _, token, _ in PlanLexer().get_tokens_unprocessed(text.removeprefix("\ufeff"))}


def shown(highlight: Highlighter, text: str) -> list[tuple[str, str]]:
    """The text in pieces of one kind, without blanks."""
    pieces: list[tuple[str, str]] = []
    for character, kind in zip(text, highlight(text), strict=True):
        if pieces and pieces[-1][0] == kind:
            pieces[-1] = (kind, pieces[-1][1] + character)
        else:
            pieces.append((kind, character))
    return [(kind, piece) for kind, piece in pieces if kind != "blank"]


@BOTH
def test_a_plan_in_pieces(highlight: Highlighter) -> None:
    """Comments, thoughts, strings over lines and what looks like code inside them."""
    text = '# f(1)\nThought: 1. f("x)\na = f("""\n# b = g(1)\n""", x="it\'s", y=\'#\') # end\njoin($a)<END_OF_PLAN>'
    assert shown(highlight, text) == [
        ("comment", "# f(1)"),
        ("keyword", "Thought:"),
        ("comment", ' 1. f("x)'),
        ("name", "a"),
        ("operator", "="),
        ("function", "f"),
        ("punctuation", "("),
        ("string", '"""\n# b = g(1)\n"""'),
        ("punctuation", ","),
        ("name", "x"),
        ("operator", "="),
        ("string", '"it\'s"'),
        ("punctuation", ","),
        ("name", "y"),
        ("operator", "="),
        ("string", "'#'"),
        ("punctuation", ")"),
        ("comment", "# end"),
        ("keyword", "join"),
        ("punctuation", "("),
        ("name", "$a"),
        ("punctuation", ")"),
        ("keyword", "<END_OF_PLAN>"),
    ]


def test_strings_show_what_is_put_in() -> None:
    """References and escapes inside strings are tokens of their own; money and other dollars are text."""
    text = '"$a ${b.c:>8} $1 $1.50 $5M $0 $$x \\n \\u00e9"'
    found = [(token, piece) for _, token, piece in PlanLexer().get_tokens_unprocessed(text) if token is not String]
    assert found == [
        (String.Interpol, "$a"),
        (String.Interpol, "${b.c:>8}"),
        (String.Interpol, "$1"),
        (String.Escape, "$$"),
        (String.Escape, "\\n"),
        (String.Escape, "\\u00e9"),
    ]


def test_standard_functions_are_known() -> None:
    """Both highlighters have the names of the compiler's table."""
    (rule,) = (rule for rule in TEXTMATE["patterns"] if rule.get("name") == "support.function.llmc")
    for name in FUNCTIONS:
        assert (0, Name.Builtin, name) in PlanLexer().get_tokens_unprocessed(f"{name}($x)")
        assert re.compile(rule["match"]).match(f"{name}(")
    assert not re.compile(rule["match"]).search("atlas.len($x) lens($x)")


@BOTH
def test_steps_behind_brackets_are_names(highlight: Highlighter) -> None:
    """A list is not a step, and neither are the bounds of a slice."""
    text = '["a"]["b"]\nf($x).y[0][1:$n].z\n[len($y) for y in $x[$i]]'
    assert shown(highlight, text) == [
        ("punctuation", "["),
        ("string", '"a"'),
        ("punctuation", "]"),
        ("name", '["b"]'),
        ("function", "f"),
        ("punctuation", "("),
        ("name", "$x"),
        ("punctuation", ")"),
        ("name", ".y[0]"),
        ("punctuation", "["),
        ("number", "1"),
        ("punctuation", ":"),
        ("name", "$n"),
        ("punctuation", "]"),
        ("name", ".z"),
        ("punctuation", "["),
        ("function", "len"),
        ("punctuation", "("),
        ("name", "$y"),
        ("punctuation", ")"),
        ("keyword", "for"),
        ("name", "y"),
        ("operator", "in"),
        ("name", "$x"),
        ("punctuation", "["),
        ("name", "$i"),
        ("punctuation", "]]"),
    ]


def test_arguments_over_several_lines_are_no_tasks() -> None:
    """A name at the beginning of a line defines a task only outside of brackets."""
    found = [(token, piece) for _, token, piece in PlanLexer().get_tokens_unprocessed("a = f(\n  b=1)\nc = 2\n")]
    assert (Name.Variable, "a") in found
    assert (Name.Attribute, "b") in found
    assert (Name.Variable, "c") in found


@pytest.mark.parametrize("text", [GLANCE, *BAD.values()])
def test_editors_end_every_string_that_is_not_long(text: str) -> None:
    """A quote that is forgotten colours no more than its line."""
    line = by_textmate(f'f("x\n{text}').index("blank", 4)
    assert by_textmate(f'f("x\n{text}')[line + 1 :] == by_textmate(text)


def test_pygments_finds_the_lexer() -> None:
    """The package names it, under the group that Pygments looks into."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, name = project["entry-points"]["pygments.lexers"]["llmc"].partition(":")
    assert getattr(import_module(module), name) is PlanLexer
    assert (PlanLexer.aliases, PlanLexer.filenames) == (["llmc"], ["*.llmc"])


def test_the_rules_for_editors_use_nothing_special() -> None:
    """No look-behind of open length, possessive quantifiers, named groups or classes of one engine."""
    patterns = re.findall(r'"(?:match|begin|end)": "((?:[^"\\]|\\.)*)"', json.dumps(TEXTMATE))
    assert len(patterns) > 20
    for pattern in patterns:
        assert not re.search(r"\(\?<[^!]|\(\?>|[*+?]\+|\\\\[hGKRA]|\[\[:", pattern), pattern
