"""Highlights plans in everything that uses Pygments: Sphinx, MkDocs, Jupyter, rich.

The patterns are the terminals of plan.lark, so that highlighting agrees with the parser. Only Pygments imports this
module.
"""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from pygments.lexer import Lexer, RegexLexer, bygroups, include
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace, _TokenType

from llmc_grammar.ast import FUNCTION_NAMES, TYPE_NAMES
from llmc_grammar.split import END_MARK
from llmc_grammar.terminals import terminals

_T: Final = terminals()
_NAME: Final = _T["NAME"]
_END: Final = r"(?![A-Za-z0-9_])"
_INSIDE: Final = re.compile(
    r"(?P<escape>\\(?:u[0-9a-fA-F]{4}|\r\n|[\s\S])|\$\$)"
    r"|(?P<slot>\$\{[^}\n]*\}|\$(?:[1-9][0-9]{0,3}(?![0-9]|[.,][0-9])|[A-Za-z_][A-Za-z0-9_]*)(?![^\W\d]))"
)

_Piece = tuple[int, _TokenType, str]


def _string(_: Lexer, match: re.Match[str], __: object = None) -> Iterator[_Piece]:
    """Yield the pieces of a string: text, escapes, references."""
    done = 0
    for part in _INSIDE.finditer(match[0]):
        yield match.start() + done, String, match[0][done : part.start()]
        yield match.start() + part.start(), String.Escape if part["escape"] else String.Interpol, part[0]
        done = part.end()
    yield match.start() + done, String, match[0][done:]


def _words(words: tuple[str, ...]) -> str:
    """Return a pattern for any of these whole words."""
    return f"(?:{'|'.join(words)}){_END}"


class PlanLexer(RegexLexer):
    """Cuts a plan into tokens; mistakes become error tokens."""

    name = "llmc"
    aliases: ClassVar[list[str]] = ["llmc"]
    filenames: ClassVar[list[str]] = ["*.llmc"]
    mimetypes: ClassVar[list[str]] = ["text/x-llmc"]

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"^([ \t]*)(Thought:)(.*)", bygroups(Whitespace, Keyword, Comment.Special)),
            (rf"^([ \t]*)(use|input)([ \t]+)({_NAME})", bygroups(Whitespace, Keyword, Whitespace, Name.Variable)),
            (r"^([ \t]*)(use)(?=[ \t])", bygroups(Whitespace, Keyword)),
            (rf"^([ \t]*)({_T['NUMBERED']})(?![0-9])", bygroups(Whitespace, Name.Label)),
            (rf"^([ \t]*)({_NAME})([ \t]*)(=)(?!=)", bygroups(Whitespace, Name.Variable, Whitespace, Operator)),
            include("code"),
            (r"[(\[{]", Punctuation, "inside"),
            (r"[)\]}]", Punctuation),
        ],
        "inside": [
            (rf"{_NAME}(?=[ \t\r\n]*=(?!=))", Name.Attribute),
            include("code"),
            (r"[(\[{]", Punctuation, "#push"),
            (r"[)\]}]", Punctuation, "#pop"),
        ],
        "code": [
            (r"\n", Whitespace),
            (r"[ \t\r]+", Whitespace),
            (_T["COMMENT"], Comment.Single),
            (_T["STRING"], _string),
            (END_MARK, Keyword.Pseudo),
            (r"join(?=[ \t]*\()", Keyword),
            (rf"(?<=[)\]}}\"']){_T['STEPS']}", Name.Variable),
            (rf"(for)([ \t\r\n]+)({_NAME})", bygroups(Keyword, Whitespace, Name.Variable)),
            (_words(("if", "else", "for")), Keyword),
            (_words(("and", "or", "not", "in")), Operator.Word),
            (_words(("true", "false", "null", "True", "False", "None")), Keyword.Constant),
            (rf"(?:{'|'.join(sorted(FUNCTION_NAMES))})(?=\()", Name.Builtin),
            (rf"(?={_T['CALL']})[A-Za-z0-9_.]+", Name.Function),
            (_words(TYPE_NAMES), Keyword.Type),
            (_NAME, Name),
            (_T["REF"], Name.Variable),
            (rf"{_T['DURATION']}{_END}", Number),
            (_T["NUMBER"], Number),
            (r"@[a-z]+", Name.Decorator),
            (r"==|!=|<=|>=|//|\*\*|[-+*/%<>=]", Operator),
            (r"[,:?]", Punctuation),
        ],
    }
