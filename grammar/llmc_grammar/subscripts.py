"""Steps behind a value: `.name`, `[key]` and `[start:stop]`, glued to it."""

from dataclasses import replace

from llmc_grammar.ast import Expr, Literal, Ref, Slice, Slot, Subscript, Text
from llmc_grammar.errors.expressions import BadSlice, LooseStep
from llmc_grammar.errors.lines import TooManySteps
from llmc_grammar.errors.repairs import WholeSlice
from llmc_grammar.escapes import read_plain
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.references import read_steps
from llmc_grammar.source import Span


def with_steps(value: Expr, token: str, start: int, reading: ParseState) -> Expr:
    """Return the value with the constant steps of a token that begins at offset `start`."""
    _check_glued(value, Span(start, start + len(token)), reading)
    span = Span(value.span.start, start + len(token))
    path = read_steps(token, start, reading)
    if isinstance(value, Ref):
        return _counted(replace(value, path=(*value.path, *path), span=span), value, reading)
    inner = value
    for step in path:
        key: Expr = Literal(step) if isinstance(step, int) else Text((step,) if step else ())
        reading.operators += 1
        value = Subscript(value, key, span)
    return _counted(value, inner, reading)


def with_key(value: Expr, key: Expr, brackets: Span, reading: ParseState) -> Expr:
    """Return `value[key]`; a constant key behind a reference becomes a part of it."""
    _check_glued(value, brackets, reading)
    span = Span(value.span.start, brackets.end)
    key = _plain(key, reading)
    step = constant_step(key)
    if step is not None and isinstance(value, Ref):
        if len(value.path) > reading.bounds.steps:
            return replace(value, span=span)  # reported already: a longer path would take quadratic time
        return _counted(replace(value, path=(*value.path, step), span=span), value, reading)
    reading.operators += 1
    return _counted(Subscript(value, key, span), value, reading)


def with_bounds(value: Expr, bounds: tuple[Expr | None, Expr | None], brackets: Span, reading: ParseState) -> Slice:
    """Return `value[start:stop]`; a slice without bounds is an error, and in a model's text the whole value."""
    _check_glued(value, brackets, reading)
    start, stop = bounds
    if start is None and stop is None:
        inside = Span(brackets.start + 1, brackets.start + 1)
        start, edit = Literal(0, inside), Edit(inside, "0")
        if reading.lenient:
            reading.report(WholeSlice(span=brackets, edit=edit))
        else:
            suggestion = "write `[0:]` for the whole value"
            reading.report(BadSlice(span=brackets, bounds="at least one bound", suggestion=suggestion, edit=edit))
    reading.operators += 1
    sliced = Slice(value, start, stop, Span(value.span.start, brackets.end))
    _counted(sliced, value, reading)
    return sliced


def _check_glued(value: Expr, step: Span, reading: ParseState) -> None:
    """Report a space between a value and the step behind it."""
    if value.span.end != step.start:
        gap = Span(value.span.end, step.start)
        is_blank = not reading.text[gap.start - reading.base : gap.end - reading.base].strip()
        reading.report(LooseStep(span=step, edit=Edit(gap, "") if is_blank else None))


def _plain(key: Expr, reading: ParseState) -> Expr:
    """Return a key, without references if it is a string; in round brackets a string may have them."""
    if not isinstance(key, Text) or reading.text[key.span.start - reading.base] not in "\"'":
        return key
    reading.found = [mistake for mistake in reading.found if mistake.span.start < key.span.start]
    reading.references -= sum(isinstance(part, Slot) for part in key.parts)
    token = reading.text[key.span.start - reading.base : key.span.end - reading.base]
    text = read_plain(token, key.span.start, reading)
    return Text((text,) if text else (), key.span)


def constant_step(key: Expr) -> str | int | None:
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


def _counted(value: Expr, inner: Expr, reading: ParseState) -> Expr:
    """Return a value, and report it if it has more steps in a row than the bounds allow, but not `inner`."""
    most = reading.bounds.steps
    count = _count(value, most + len(value.path) if isinstance(value, Ref) else 2 * most)
    if count > most >= _count(inner, most + 1):
        reading.report(TooManySteps(span=value.span, count=count, limit=most))
    return value


def _count(value: Expr, most: int) -> int:
    """Return the number of steps in a row at the end of a value; count no further than `most`."""
    count = 0
    while count < most and isinstance(value, Subscript | Slice):
        count, value = count + 1, value.value
    return count + (len(value.path) if isinstance(value, Ref) else 0)
