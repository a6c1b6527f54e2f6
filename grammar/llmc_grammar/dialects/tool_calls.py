r"""Native tool calls written as text: bare or fenced JSON that is only calls, and calls of any form in marks.

    {"name": "price", "arguments": {"item": "tea"}}      →  1. price(item="tea")
    {"name": "note", "arguments": "{\"text\": \"ok\"}"}     2. note(text="ok")

Without marks, JSON objects are calls only if all their keys are those of a call, and they name a known tool or have
exactly the keys `name` and `arguments`.
"""

from collections.abc import Sequence
from typing import Final

from llmc_grammar.dialects.form import Rewritten, Target, Written
from llmc_grammar.dialects.native.bare_json import read_bare
from llmc_grammar.dialects.native.json_text import Unreadable, Value
from llmc_grammar.dialects.native.native_call import (
    NativeCall,
    is_join,
    is_known,
    is_named,
    may_be_bare,
    native_calls,
    refused,
    write_call,
    write_join,
)
from llmc_grammar.dialects.native.tagged import Problem, read_marked
from llmc_grammar.errors.repairs import AfterTheEnd
from llmc_grammar.source import Span

NAME: Final = "tool_calls"


def rewrite(text: str, target: Target) -> Rewritten | None:
    """Return the calls of a text as statements, None if the text has another form."""
    try:
        bare = read_bare(text)
    except Unreadable:
        return _marked(text, target)
    try:
        calls = _calls(bare.values)
    except Unreadable:
        return None  # marks inside data are data
    return Rewritten(_statements([*calls], bare.rest, target)) if _accepts(calls, target) else None


def _marked(text: str, target: Target) -> Rewritten | None:
    """Return the calls in marks as statements, None without marks."""
    blocks, rest = read_marked(text)
    calls = [_checked(call, target) for block in blocks for call in block.calls]
    return Rewritten(_statements(calls, rest, target), tuple(block.span for block in blocks)) if blocks else None


def _checked(call: NativeCall | Problem, target: Target) -> NativeCall | Problem:
    """Return a call in marks; a name without arguments must be that of a known tool."""
    if isinstance(call, Problem) or not call.is_bare or not target.is_known or is_known(call, target):
        return call
    return Problem(f"`{call.name[:40]}` is not the name of a tool", call.name_place)


def _calls(values: Sequence[Value | NativeCall]) -> list[NativeCall]:
    """Return values as calls; raises Unreadable."""
    calls: list[NativeCall] = []
    for value in values:
        calls += [value] if isinstance(value, NativeCall) else native_calls(value)
    return calls


def _accepts(calls: list[NativeCall], target: Target) -> bool:
    """Whether objects without marks are calls, not data."""
    joins = [call for call in calls if is_join(call, target)]
    others = [call for call in calls if not is_join(call, target)]
    if any(join is not calls[-1] for join in joins) or not all(is_named(call, target) for call in others):
        return False
    are_sure = all(call.is_classical for call in others) and all(call.is_classical or call.is_exact for call in joins)
    if not target.is_known:
        return all(call.is_exact for call in calls)
    is_any_known = any(is_known(call, target) for call in others)
    return (is_any_known or are_sure) and all(not call.is_bare or may_be_bare(call, target) for call in others)


def _statements(calls: list[NativeCall | Problem], rest: Span | None, target: Target) -> tuple[Written, ...]:
    """Return calls as statements; text after the end of the reply is left out with a warning."""
    last = len(calls) - 1
    written = tuple(
        refused(call.why, call.place, target, index)
        if isinstance(call, Problem)
        else _statement(call, target, index, is_last=index == last)
        for index, call in enumerate(calls)
    )
    if rest is not None:
        written[-1].found.append(AfterTheEnd(span=rest))
    return written


def _statement(call: NativeCall, target: Target, index: int, *, is_last: bool) -> Written:
    """Return a call as a statement; a join is refused unless it comes last."""
    if not is_join(call, target):
        return write_call(call, target, index)
    return write_join(call) if is_last else refused("a call follows the end of the plan", call.span, target, index)
