"""Steps behind a value: `.name`, `[key]` and `[start:stop]`, glued to it."""

from dataclasses import replace

from llmc_grammar.ast import Expr, Literal, Ref, Slice, Subscript, Text
from llmc_grammar.errors.expressions import BadSlice, LooseStep
from llmc_grammar.errors.lines import TooManySteps
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.references import read_steps
from llmc_grammar.source import Span


def with_steps(value: Expr, token: str, start: int, reading: ParseState) -> Expr:
    """Return the value with the constant steps of a token that begins at offset `start`."""
    check_glued(value, Span(start, start + len(token)), reading)
    span = Span(value.span.start, start + len(token))
    path = read_steps(token, start, reading)
    if isinstance(value, Ref):
        return _counted(replace(value, path=(*value.path, *path), span=span), reading)
    for step in path:
        key: Expr = Literal(step) if isinstance(step, int) else Text((step,) if step else ())
        reading.operators += 1
        value = Subscript(value, key, span)
    return _counted(value, reading)


def with_key(value: Expr, key: Expr, span: Span, reading: ParseState) -> Expr:
    """Return `value[key]`; a constant key behind a reference becomes a part of it."""
    step = _constant_step(key)
    if step is not None and isinstance(value, Ref):
        return _counted(replace(value, path=(*value.path, step), span=span), reading)
    reading.operators += 1
    return _counted(Subscript(value, key, span), reading)


def with_bounds(value: Expr, bounds: tuple[Expr | None, Expr | None], span: Span, reading: ParseState) -> Slice:
    """Return `value[start:stop]`; report a slice without bounds, unless the text is a model's."""
    start, stop = bounds
    if start is None and stop is None:
        inside = Span(span.end - 1, span.end - 1)
        reading.report(BadSlice(span=span, edit=Edit(inside, "")))
    reading.operators += 1
    sliced = Slice(value, start, stop, span)
    _counted(sliced, reading)
    return sliced


def check_glued(value: Expr, step: Span, reading: ParseState) -> None:
    """Report a space between a value and the step behind it."""
    if value.span.end != step.start:
        gap = Span(value.span.end, step.start)
        reading.report(LooseStep(span=step, edit=Edit(gap, "")))


def _constant_step(key: Expr) -> str | int | None:
    """Return a key that is a literal integer or a plain text."""
    match key:
        case Literal(value) if type(value) is int:
            return value
        case Text(()):
            return ""
        case Text((str() as text,)):
            return text
        case _:
            return None


def _counted(value: Expr, reading: ParseState) -> Expr:
    """Return the value; report more steps in a row than the bounds allow."""
    count, inner = 0, value
    while isinstance(inner, Subscript | Slice):
        count, inner = count + 1, inner.value
    count += len(inner.path) if isinstance(inner, Ref) else 0
    if count > reading.bounds.steps:
        reading.report(TooManySteps(span=value.span, count=count, limit=reading.bounds.steps))
    return value
