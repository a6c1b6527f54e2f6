"""Edits that mistakes offer, made in the text: for a person's file those of errors, for a model's text the repairs."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.lines import TextTooLong
from llmc_grammar.mistake import Edit
from llmc_grammar.parse import Parsed, parse
from llmc_grammar.safety import is_safe
from llmc_grammar.stream import Mode

_ROUNDS: Final = 8
"""An edit may uncover a mistake that has one too; whoever needs more rounds has other troubles."""

Find = Callable[[Parsed], Iterable[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text after its edits, the mistakes that they mended, and those whose unsafe edits were not made."""

    text: str
    mended: tuple[Diagnostic, ...]
    unsafe: tuple[Diagnostic, ...] = ()


def _read(parsed: Parsed) -> Iterable[Diagnostic]:
    """The mistakes found while reading."""
    return parsed.diagnostics


def fix(
    text: str | bytes,
    *,
    mode: Mode = "strict",
    bounds: Bounds | None = None,
    tools: Container[str] = (),
    unsafe: bool = False,
    find: Find = _read,
) -> Fixed:
    """The text with the safe edits of its mistakes, or with all: `unsafe`.

    `find` returns the mistakes of a text, and may look further than its syntax. The rest is as for `parse`.
    """
    mended: list[Diagnostic] = []
    parsed = parse(text, mode=mode, bounds=bounds, tools=tools)
    offered = _offered(parsed, mode, find)
    for _ in range(_ROUNDS):
        found = tuple(apart(offered) if unsafe else _gaps(_safe(offered, parsed)))
        if not found:
            break
        mended += (mistake for mistake, _ in found)
        after = edited(parsed.source.text, (edit for _, edit in found))
        parsed = parse(after, mode=mode, bounds=bounds, tools=tools)
        offered = _offered(parsed, mode, find)
    safe = {mistake for mistake, _ in _safe(offered, parsed)}
    left = () if unsafe else tuple(mistake for mistake, _ in apart(offered) if mistake not in safe)
    return Fixed(parsed.source.text, tuple(mended), left)


def _safe(offered: Iterable[tuple[Diagnostic, Edit]], parsed: Parsed) -> list[tuple[Diagnostic, Edit]]:
    """Those whose edits are safe."""
    return [pair for pair in offered if is_safe(pair[0], parsed.source.text)]


def _gaps(offered: Iterable[tuple[Diagnostic, Edit]]) -> Iterator[tuple[Diagnostic, Edit]]:
    """Of edits that touch each other the first: two that delete what stands between words could join them."""
    end = -1
    for mistake, edit in offered:
        if edit.span.start > end:
            yield mistake, edit
            end = edit.span.end


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that stand in order and apart."""
    pieces, done = [], 0
    for edit in edits:
        pieces += [text[done : edit.span.start], edit.text]
        done = edit.span.end
    return "".join([*pieces, text[done:]])


def _offered(parsed: Parsed, mode: Mode, find: Find) -> list[tuple[Diagnostic, Edit]]:
    """The mistakes that offer an edit, by the edit's place; none for a text of which only the beginning was read."""
    if any(isinstance(one, TextTooLong) for one in parsed.diagnostics):
        return []
    severity = "warning" if mode == "lenient" else "error"
    offered = [(one, one.edit) for one in find(parsed) if one.edit and one.severity == severity]
    return sorted(offered, key=lambda pair: pair[1].span)


def apart(offered: Iterable[tuple[Diagnostic, Edit]]) -> Iterator[tuple[Diagnostic, Edit]]:
    """Of edits that touch the same text the first."""
    last: Edit | None = None
    for mistake, edit in offered:
        if last is None or (edit.span.start >= last.span.end and edit.span != last.span):
            yield mistake, edit
            last = edit
