"""Builds the tree of a statement while Lark parses it: one method per rule of plan.lark, offsets from the tokens."""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from lark import Token

from llmc_grammar.ast import (
    Argument,
    Call,
    Choice,
    Comprehension,
    Expr,
    Fallback,
    Input,
    List,
    Literal,
    Loop,
    Map,
    Option,
    Ref,
    Retry,
    Slice,
    Statement,
    Text,
    Timeout,
    Type,
    Use,
)
from llmc_grammar.bounds import Bounds
from llmc_grammar.check import check_call, check_default, check_type, finish_task, task_number
from llmc_grammar.diagnose.foreign_types import whole_type
from llmc_grammar.errors.expressions import DuplicateKey, LeadingZero, NumberTooLarge
from llmc_grammar.errors.lines import NumberTooLong
from llmc_grammar.errors.statements import BadDuration, BadRetry, UnknownType
from llmc_grammar.escapes import read_plain
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.parse_state import ParseState
from llmc_grammar.precedence import MINUS, NOT, PRECEDENCE, Item, Operator, climb
from llmc_grammar.references import read_reference
from llmc_grammar.source import Span
from llmc_grammar.subscripts import with_bounds, with_key, with_steps
from llmc_grammar.text import read_string

_FLOAT_LENGTH: Final = 64
_GROUP: Final = 3
_THOUSANDS: Final = re.compile(r"(?<![0-9])([0-9]{1,3}),$")


class Body(NamedTuple):
    """A task's expression with its loops or guard."""

    expr: Expr
    loops: tuple[Loop, ...]
    guard: Expr | None


class Builder:
    """One method per grammar rule, which Lark calls with the rule's children; `reading` is the current statement."""

    reading = ParseState("", 0, Bounds())

    def _span(self, token: Token) -> Span:
        """Return the span of a token in the text."""
        start = self.reading.base + (token.start_pos or 0)
        return Span(start, start + len(token))

    # ── statements ──

    def numbered(self, children: list[Any]) -> Statement:
        """`1. …`."""
        token, body, options = children
        span = self._span(token)
        number = task_number(token[:-1], Span(span.start, span.end - 1), self.reading)
        return self._task(number, Span(span.start, span.end - 1), span.start, body, options)

    def named(self, children: list[Any]) -> Statement:
        """`name = …`."""
        token, body, options = children
        name = token[:-1].rstrip()
        start = self._span(token).start
        span = Span(start, start + len(name))
        what = "a task" if name != "join" else "the plan's value"
        self.reading.check_name(name, span, what=what)
        return self._task(name, span, start, body, options)

    def bare(self, children: list[Any]) -> Statement:
        """A task without a binder."""
        body, options = children
        first = body.expr if isinstance(body, Body) else body
        return self._task(None, Span(first.span.start, first.span.start), first.span.start, body, options)

    def _task(
        self, binder: str | None, binder_span: Span, start: int, body: Body | Expr, options: list[Option] | None
    ) -> Statement:
        """Build a task or a join from its parts."""
        expr, loops, guard = body if isinstance(body, Body) else (body, (), None)
        last = options[-1] if options else loops[-1] if loops else guard or expr
        span = Span(start, last.span.end)
        return finish_task(binder, expr, loops, guard, tuple(options or ()), span, binder_span, self.reading)

    def use(self, children: list[Any]) -> Use:
        """`use "tools.py"` or `use name`."""
        word, target = children
        span = Span(self._span(word).start, self._span(target).end)
        if target.type == "STRING":
            return Use(read_plain(target, self._span(target).start, self.reading), is_path=True, span=span)
        self.reading.check_name(target, self._span(target))
        return Use(str(target), is_path=False, span=span)

    def input(self, children: list[Any]) -> Input:
        """`input name: type = default`."""
        word, name = children[:2]
        kind = next((child for child in children[2:] if isinstance(child, Type)), None)
        default = children[-1]
        self.reading.check_name(name, self._span(name), what="an input")
        self._join_types()
        if default is not None:
            check_default(default, self.reading)
        end = default.span.end if default is not None else self.reading.base + len(self.reading.text.rstrip())
        return Input(str(name), kind, default, Span(self._span(word).start, end), self._span(name))

    # ── types ──

    def _join_types(self) -> None:
        """Replace the diagnostics of the names in a foreign type by one for the whole type."""
        diagnostics = self.reading.found
        others = [diagnostic for diagnostic in diagnostics if not isinstance(diagnostic, UnknownType)]
        whole = whole_type(self.reading) if len(others) < len(diagnostics) else None
        if whole is not None:
            diagnostics[:] = [*others, whole]

    def plain_type(self, children: list[Any]) -> Type:
        """`str`, `str?`."""
        check_type(children[0], self._span(children[0]), 0, self.reading)
        return Type(str(children[0]), None, optional=children[-1] is not None)

    def list_type(self, children: list[Any]) -> Type:
        """`list[T]`."""
        check_type(children[0], self._span(children[0]), 1, self.reading)
        return Type(str(children[0]), children[2], optional=children[-1] is not None)

    def dict_type(self, children: list[Any]) -> Type:
        """`dict[str, T]`."""
        check_type(children[0], self._span(children[0]), 2, self.reading)
        if children[2] != "str":
            check_type(children[2], self._span(children[2]), -1, self.reading)
        return Type(str(children[0]), children[4], optional=children[-1] is not None)

    # ── loops, guards, options ──

    def guarded(self, children: list[Any]) -> Body:
        """`… if condition`."""
        return Body(children[0], (), children[1])

    def looped(self, children: list[Any]) -> Body:
        """`… for name in source …`."""
        return Body(children[0], tuple(children[1]), None)

    def loop(self, children: list[Any]) -> Loop:
        """`for name in source [if condition]`."""
        word, name, _, source, _, condition = children
        self.reading.check_name(name, self._span(name), what="a loop variable")
        span = Span(self._span(word).start, (condition or source).span.end)
        return Loop(str(name), source, condition, span, self._span(name))

    def timeout(self, children: list[Any]) -> Timeout:
        """`@timeout(5s)`."""
        token = children[1]
        span = Span(self._span(children[0]).start, self._span(children[2]).end)
        unit = token.lstrip("0123456789")
        amount = self._whole(token[: -len(unit)], self._span(token))
        if not token[: -len(unit)].strip("0"):
            self.reading.report(BadDuration(span=self._span(token)))
        return Timeout(amount, unit, span)

    def retry(self, children: list[Any]) -> Retry:
        """`@retry(2)`."""
        token = children[1]
        span = Span(self._span(children[0]).start, self._span(children[2]).end)
        if not token.isdigit():
            self.reading.report(BadRetry(span=self._span(token)))
            return Retry(0, span)
        return Retry(self._whole(token, self._span(token)), span)

    def fallback(self, children: list[Any]) -> Fallback:
        """`@fallback(x)`."""
        return Fallback(children[1], Span(self._span(children[0]).start, self._span(children[2]).end))

    # ── values ──

    def number(self, children: list[Any]) -> Literal:
        """An integer or a floating-point number."""
        token = children[0]
        span = self._span(token)
        if token.isdigit():
            return Literal(self._whole(token, span), span)
        if len(token) > _FLOAT_LENGTH:
            self.reading.report(NumberTooLong(span=span, length=len(token), limit=_FLOAT_LENGTH))
            return Literal(0.0, span)
        value = float(token)
        if math.isinf(value):
            self.reading.report(NumberTooLarge(span=span))
        self._check_zero(token, token.lstrip("0"), span)
        return Literal(value, span)

    def _whole(self, digits: str, span: Span) -> int:
        """Return an integer; report leading zeros and too many digits."""
        if not self.reading.digits_fit(digits, span):
            return 0
        self._check_zero(digits, digits.lstrip("0"), span)
        return int(digits)

    def _check_zero(self, digits: str, short: str, span: Span) -> None:
        """Report a leading zero; in `1,000` the comma is the mistake."""
        if digits[0] == "0" and digits[1:2].isdigit():
            short = short if short[:1].isdigit() else f"0{short}"
            digits_span = Span(span.start, span.start + len(digits))
            edit = Edit(digits_span, short)
            start = span.start - self.reading.base
            before = self.reading.text[max(0, start - 4) : start]
            thousands = _THOUSANDS.search(before) if len(digits) == _GROUP else None
            if thousands:
                short, edit = thousands[1] + digits, Edit(Span(digits_span.start - 1, digits_span.start), "")
            self.reading.report(LeadingZero(span=digits_span, suggestion=short, edit=edit))

    def text(self, children: list[Any]) -> Text:
        """A string."""
        return read_string(children[0], self.reading.base + children[0].start_pos, self.reading)

    def reference(self, children: list[Any]) -> Ref:
        """`$name.step`."""
        token = children[0]
        return read_reference(token, self.reading.base + token.start_pos, self.reading)

    def yes(self, children: list[Any]) -> Literal:
        """`true`."""
        return Literal(value=True, span=self._span(children[0]))

    def no(self, children: list[Any]) -> Literal:
        """`false`."""
        return Literal(value=False, span=self._span(children[0]))

    def null(self, children: list[Any]) -> Literal:
        """`null`."""
        return Literal(None, self._span(children[0]))

    def group(self, children: list[Any]) -> Expr:
        """`(x)`: x, with a span that includes its brackets."""
        expr: Expr = children[1]
        return replace(expr, span=Span(self._span(children[0]).start, self._span(children[2]).end))

    def array(self, children: list[Any]) -> List:
        """`[a, b]`."""
        items = children[1] if isinstance(children[1], list) else ()
        return List(tuple(items), Span(self._span(children[0]).start, self._span(children[-1]).end))

    def comprehension(self, children: list[Any]) -> Comprehension:
        """`[element for name in source …]`."""
        start, element, loops, end = children
        self.reading.operators += 1
        return Comprehension(element, tuple(loops), Span(self._span(start).start, self._span(end).end))

    def steps(self, children: list[Any]) -> Expr:
        """`value.name`, `value[0]` and `value["key"]`, one or more."""
        value, token = children
        return with_steps(value, token, self._span(token).start, self.reading)

    def subscript(self, children: list[Any]) -> Expr:
        """`value[key]` with a computed key, or a constant one between blanks."""
        value, bracket, key, end = children
        return with_key(value, key, Span(self._span(bracket).start, self._span(end).end), self.reading)

    def slice(self, children: list[Any]) -> Slice:
        """`value[start:stop]`."""
        value, bracket, start, _, stop, end = children
        return with_bounds(value, (start, stop), Span(self._span(bracket).start, self._span(end).end), self.reading)

    def mapping(self, children: list[Any]) -> Map:
        """`{"key": value}`."""
        entries = children[1] if isinstance(children[1], list) else ()
        seen: dict[str, Span] = {}
        for key, span, _ in entries:
            if key in seen:
                note = Note(seen[key], "the first")
                self.reading.report(DuplicateKey(span=span, key=key, notes=(note,)))
            seen.setdefault(key, span)
        pairs = tuple((key, value) for key, _, value in entries)
        return Map(pairs, Span(self._span(children[0]).start, self._span(children[-1]).end))

    def entry(self, children: list[Any]) -> tuple[str, Span, Expr]:
        """`"key": value`."""
        span = self._span(children[0])
        return read_plain(children[0], span.start, self.reading), span, children[1]

    def call(self, children: list[Any]) -> Call:
        """`tool(…)`."""
        token = children[0]
        start = self.reading.base + token.start_pos
        tool = token[:-1]
        name_span = Span(start, start + len(tool))
        arguments: Iterable[Argument | Expr] = children[1] if isinstance(children[1], list) else ()
        call = Call(tool, _arguments(arguments), Span(start, self._span(children[-1]).end), name_span)
        check_call(call, self.reading)
        return call

    def keyword(self, children: list[Any]) -> Argument:
        """`name=value`."""
        token, value = children
        span = self._span(token)
        self.reading.check_name(token, span)
        return Argument(str(token), value, Span(span.start, value.span.end))

    # ── operators ──

    def formula(self, children: list[Any]) -> Expr:
        """A flat list of prefixes, operands and operators."""
        items: list[Item] = children[0]
        reading = self.reading
        numbers = {index for index, item in enumerate(items) if isinstance(item, Literal) and self._is_bare(item)}
        reading.operators += sum(isinstance(item, Operator) for item in items)
        return climb(items, numbers, reading)

    def _is_bare(self, literal: Literal) -> bool:
        """Whether a literal is a number without brackets around it."""
        return self.reading.text[literal.span.start - self.reading.base].isdigit()

    def _operator(self, token: Token) -> Operator:
        """An operator between two operands."""
        return Operator(str(token), self._span(token), prefix=False, binds=PRECEDENCE[token])

    def _prefix(self, token: Token) -> Operator:
        """An operator before its operand; `not(` is one token."""
        text = token.removesuffix("(")
        start = self._span(token).start
        return Operator(text, Span(start, start + len(text)), prefix=True, binds=MINUS if text == "-" else NOT)

    def sign(self, children: list[Any]) -> list[Item]:
        """A list that begins with a prefix."""
        items: list[Item] = children[0]
        items.reverse()
        return items

    def first_term(self, children: list[Any]) -> list[Item]:
        """The first operand, an operator and the second operand."""
        return self.next_term([[children[0]], *children[1:]])

    def next_term(self, children: list[Any]) -> list[Item]:
        """One more operator and operand."""
        items, op, term = children
        items.append(op if isinstance(op, Operator) else self._operator(op))
        if isinstance(term, list):
            items.extend(reversed(term))
        else:
            items.append(term)
        return items  # type: ignore[no-any-return]

    def prefixed(self, children: list[Any]) -> list[Item]:
        """A prefix and its operand in reverse order, so that the next prefix can be appended."""
        prefix, operand = children
        items = operand if isinstance(operand, list) else [operand]
        items.append(self._prefix(prefix))
        return items

    def negated(self, children: list[Any]) -> list[Item]:
        """`not(x)`, in reverse order."""
        token, operand, end = children
        span = Span(self._span(token).start + len("not"), self._span(end).end)
        return [replace(operand, span=span), self._prefix(token)]

    def not_in(self, children: list[Any]) -> Operator:
        """`not in`."""
        span = Span(self._span(children[0]).start, self._span(children[1]).end)
        return Operator("not in", span, prefix=False, binds=PRECEDENCE["not in"])

    def choice(self, children: list[Any]) -> Choice:
        """`then if condition else otherwise`."""
        then, condition, otherwise = children
        self.reading.operators += 1
        return Choice(condition, then, otherwise, Span(then.span.start, otherwise.span.end))

    # ── lists ──

    def first(self, children: list[Any]) -> list[Any]:
        """The first item of a list; Lark's own list is reused."""
        return children

    def more(self, children: list[Any]) -> list[Any]:
        """One more item."""
        items: list[Any] = children[0]
        items.append(children[1])
        return items


def _arguments(items: Iterable[Argument | Expr]) -> tuple[Argument, ...]:
    """Wrap the positional arguments."""
    return tuple(item if isinstance(item, Argument) else Argument(None, item, item.span) for item in items)
