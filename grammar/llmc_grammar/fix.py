"""Edits that mistakes offer, made in the text: for a person's file those of errors, for a model's text the repairs."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, Edit
from llmc_grammar.errors.lines import TextTooLong
from llmc_grammar.parse import Parsed, parse
from llmc_grammar.stream import Mode

_ROUNDS: Final = 8
"""An edit may uncover a mistake that has one too; whoever needs more rounds has other troubles."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text after its edits, and the mistakes that they mended."""

    text: str
    mended: tuple[Diagnostic, ...]


def fix(text: str | bytes, *, mode: Mode = "strict", bounds: Bounds | None = None, tools: Container[str] = ()) -> Fixed:
    """The text with the edits of its mistakes; the parameters are those of `parse`."""
    mended: list[Diagnostic] = []
    parsed = parse(text, mode=mode, bounds=bounds, tools=tools)
    for _ in range(_ROUNDS):
        found = tuple(apart(_offered(parsed, mode)))
        if not found:
            break
        mended += (mistake for mistake, _ in found)
        after = edited(parsed.source.text, (edit for _, edit in found))
        parsed = parse(after, mode=mode, bounds=bounds, tools=tools)
    return Fixed(parsed.source.text, tuple(mended))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that stand in order and apart."""
    pieces, done = [], 0
    for edit in edits:
        pieces += [text[done : edit.span.start], edit.text]
        done = edit.span.end
    return "".join([*pieces, text[done:]])


def _offered(parsed: Parsed, mode: Mode) -> list[tuple[Diagnostic, Edit]]:
    """The mistakes that offer an edit, by the edit's place; none for a text of which only the beginning was read."""
    if any(isinstance(one, TextTooLong) for one in parsed.diagnostics):
        return []
    severity = "warning" if mode == "lenient" else "error"
    offered = [(one, one.edit) for one in parsed.diagnostics if one.edit and one.severity == severity]
    return sorted(offered, key=lambda pair: pair[1].span)


def apart(offered: Iterable[tuple[Diagnostic, Edit]]) -> Iterator[tuple[Diagnostic, Edit]]:
    """Of edits that touch the same text the first."""
    last: Edit | None = None
    for mistake, edit in offered:
        if last is None or (edit.span.start >= last.span.end and edit.span != last.span):
            yield mistake, edit
            last = edit
