"""Tracebacks of tools: the place in the tool at which it failed, and all of it as text; frames of llmc are left out."""

import traceback
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Final

from llmc_compiler.tools.callables import layers
from llmc_compiler.tools.tool import Tool
from llmc_grammar.portable import OURS
from llmc_runtime.text_format import cut_middle

Place = tuple[str, int]
"""A file and a line of it."""

LONGEST: Final = 20_000
"""Characters of a traceback as text."""

_MOST_ERRORS: Final = 10
_MOST_FRAMES: Final = 60
_INNER: Final = 5
_CAUSE: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"


def place_in(error: BaseException, tool: Tool) -> Place | None:
    """The innermost place in the tool's own file or module; else the outermost that is not llmc's.

    An exception that a decorator raised is from one that the tool raised: then that one's place is the tool's.
    """
    files = {code.co_filename for code in _codes(tool.call)}
    other: Place | None = None
    for each, _ in _led_to(error):
        own: Place | None = None
        for frame, line in _frames(each):
            place = frame.f_code.co_filename, line
            other = other or place
            # Code that a module executes from a text has its name too, but no file: the place is where it does so.
            is_there = frame.f_globals.get("__name__") == tool.made_in and not place[0].startswith("<")
            if place[0] in files or is_there:
                own = place
        if own is not None:
            return own
    return other


def _codes(function: object) -> Iterator[CodeType]:
    """The code of the function that a tool is at last, without decorators."""
    *_, last = layers(function)
    call = last if hasattr(last, "__code__") else getattr(type(last), "__call__", None)  # noqa: B004 — not a question
    code = getattr(call, "__code__", None)
    if isinstance(code, CodeType):
        yield code


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """The frames of a traceback that are not llmc's, from the outside inwards."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in OURS:
            yield frame, line


def _led_to(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """The exception and those that led to it, each with the words that stand before the one before it."""
    words = ""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen and len(seen) < _MOST_ERRORS:
        seen.add(id(at))
        yield at, words
        words = _CAUSE if at.__cause__ is not None else _CONTEXT
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def traceback_text(error: BaseException, hide: Callable[[str], str] = str) -> str:
    """The traceback of an exception as Python writes it, at most LONGEST characters; `hide` takes secrets out."""
    return cut_middle("".join(_pieces(error, hide)).rstrip("\n"), LONGEST)


def _pieces(error: BaseException, hide: Callable[[str], str], depth: int = 0) -> Iterator[str]:
    """The frames and words of an exception and of its causes; those of a group are indented."""
    for each, words in reversed(list(_led_to(error))):
        yield hide("".join(_stack(each)))
        yield hide(_words(each))
        if isinstance(each, BaseExceptionGroup) and depth < _INNER:
            for inner in each.exceptions[:_INNER]:
                text = "".join(_pieces(inner, hide, depth + 1))
                yield "".join(f"  | {line}\n" for line in text.rstrip("\n").split("\n"))
        yield words


def _stack(error: BaseException) -> Iterator[str]:
    """The lines of an exception's frames."""
    found = list(_frames(error))
    if not found:
        return
    yield "Traceback (most recent call last):\n"
    if len(found) > _MOST_FRAMES:
        left = len(found) - _MOST_FRAMES
        yield from traceback.StackSummary.extract(iter(found[: _MOST_FRAMES // 2])).format()
        yield f"  … {left:,} more frames\n"
        found = found[-_MOST_FRAMES // 2 :]
    yield from traceback.StackSummary.extract(iter(found)).format()


def _words(error: BaseException) -> str:
    """The name of an exception and what it says, as far as it can."""
    try:
        return "".join(traceback.format_exception_only(error))
    except Exception:  # noqa: BLE001 — an exception may fail at describing itself
        return f"{type(error).__name__}\n"
