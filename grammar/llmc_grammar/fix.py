"""Applies the edits of diagnostics: those of errors in a plan file, those of repairs in a model's text."""

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.lines import TextTooLong
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Edit
from llmc_grammar.parse import Parsed, parse
from llmc_grammar.safety import is_safe
from llmc_grammar.source import TEXT
from llmc_grammar.stream import Mode

_ROUNDS: Final = 8
"""The most rounds of edits: an edit may uncover another mistake that has an edit."""

Find = Callable[[Parsed], Iterable[Diagnostic]]


@frozen
class Fixed:
    """A text after its edits, the mistakes that they repaired, and those whose unsafe edits were not applied."""

    text: str
    mended: tuple[Diagnostic, ...]
    unsafe: tuple[Diagnostic, ...] = ()


def _read(parsed: Parsed) -> Iterable[Diagnostic]:
    """Return the diagnostics of reading."""
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
    """Apply the safe edits of a text, or all edits if `unsafe`.

    `find` returns the diagnostics of a text and may check more than its syntax. The other parameters are those of
    `parse`.
    """
    mended: list[Diagnostic] = []
    parsed = parse(text, mode=mode, bounds=bounds, tools=tools)
    offered = _offered(parsed, mode, find)
    for _ in range(_ROUNDS):
        chosen = tuple(apart(offered) if unsafe else _gaps(_safe(offered, parsed)))
        if not chosen:
            break
        mended += (mistake for mistake, _ in chosen)
        after = edited(parsed.source.text, (edit for _, edit in chosen))
        parsed = parse(after, mode=mode, bounds=bounds, tools=tools)
        offered = _offered(parsed, mode, find)
    safe = {mistake for mistake, _ in _safe(offered, parsed)}
    left = () if unsafe else tuple(mistake for mistake, _ in apart(offered) if mistake not in safe)
    return Fixed(parsed.source.text, tuple(mended), left)


def _safe(offered: Iterable[tuple[Diagnostic, Edit]], parsed: Parsed) -> list[tuple[Diagnostic, Edit]]:
    """Return the pairs whose edits are safe."""
    return [pair for pair in offered if is_safe(pair[0], parsed.source.text)]


def _gaps(offered: Iterable[tuple[Diagnostic, Edit]]) -> Iterator[tuple[Diagnostic, Edit]]:
    """Yield the first of the edits that touch each other: two deletions between words could join the words."""
    end = -1
    for mistake, edit in offered:
        if edit.span.start > end:
            yield mistake, edit
            end = edit.span.end


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that are in order and do not overlap."""
    pieces, done = [], 0
    for edit in edits:
        pieces += [text[done : edit.span.start], edit.text]
        done = edit.span.end
    return "".join([*pieces, text[done:]])


def _offered(parsed: Parsed, mode: Mode, find: Find) -> list[tuple[Diagnostic, Edit]]:
    """Return the diagnostics with an edit, in the order of the edits; empty if only part of the text was read."""
    if any(isinstance(mistake, TextTooLong) for mistake in parsed.diagnostics):
        return []
    severity = "warning" if mode == "lenient" else "error"
    found = [mistake for mistake in find(parsed) if mistake.severity == severity and mistake.span.start < TEXT]
    offered = [(mistake, mistake.edit) for mistake in found if mistake.edit]
    return sorted(offered, key=lambda pair: pair[1].span)


def apart(offered: Iterable[tuple[Diagnostic, Edit]]) -> Iterator[tuple[Diagnostic, Edit]]:
    """Yield the first of the edits that overlap each other."""
    last: Edit | None = None
    for mistake, edit in offered:
        if last is None or (edit.span.start >= last.span.end and edit.span != last.span):
            yield mistake, edit
            last = edit
