"""Tracebacks of tools without frames of llmc: the place of a failure, and the whole as text."""

import traceback
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Final

from llmc_compiler.tools.callables import layers
from llmc_compiler.tools.tool import Tool
from llmc_grammar.portable import OURS
from llmc_runtime.text_format import cut_middle

Place = tuple[str, int]
"""A file and a line in it."""

LONGEST: Final = 20_000
"""Longest traceback as text, in characters."""

_MOST_ERRORS: Final = 10
_MOST_FRAMES: Final = 60
_INNER: Final = 5
_CAUSE: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"


def place_in(error: BaseException, tool: Tool) -> Place | None:
    """Return the innermost place in the tool's own file or module, else the outermost outside llmc.

    A decorator's exception may come from the tool's exception; then the place of the latter is returned.
    """
    files = {code.co_filename for code in _codes(tool.call)}
    other: Place | None = None
    for cause, _ in _led_to(error):
        own: Place | None = None
        for frame, line in _frames(cause):
            place = frame.f_code.co_filename, line
            other = other or place
            # Code that a module executes from a text has the module's name but no file: the place is the line that
            # executes it.
            is_there = frame.f_globals.get("__name__") == tool.made_in and not place[0].startswith("<")
            if place[0] in files or is_there:
                own = place
        if own is not None:
            return own
    return other


def _codes(function: object) -> Iterator[CodeType]:
    """The code of the tool's innermost function, without decorators."""
    *_, last = layers(function)
    call = last if hasattr(last, "__code__") else getattr(type(last), "__call__", None)  # noqa: B004 — read, not tested
    code = getattr(call, "__code__", None)
    if isinstance(code, CodeType):
        yield code


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """Yield the frames of a traceback outside llmc, outermost first."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in OURS:
            yield frame, line


def _led_to(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield the exception and its causes, each with the words that link it to the one before."""
    words = ""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen and len(seen) < _MOST_ERRORS:
        seen.add(id(cause))
        yield cause, words
        words = _CAUSE if cause.__cause__ is not None else _CONTEXT
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def traceback_text(error: BaseException, hide: Callable[[str], str] = str) -> str:
    """Format the traceback of an exception like Python, in at most LONGEST characters; `hide` redacts secrets."""
    return cut_middle("".join(_pieces(error, hide)).rstrip("\n"), LONGEST)


def _pieces(error: BaseException, hide: Callable[[str], str], depth: int = 0) -> Iterator[str]:
    """Yield the frames and words of an exception and its causes; those of a group are indented."""
    for cause, words in reversed(list(_led_to(error))):
        yield hide("".join(_stack(cause)))
        yield hide(_words(cause))
        if isinstance(cause, BaseExceptionGroup) and depth < _INNER:
            for inner in cause.exceptions[:_INNER]:
                text = "".join(_pieces(inner, hide, depth + 1))
                yield "".join(f"  | {line}\n" for line in text.rstrip("\n").split("\n"))
        yield words


def _stack(error: BaseException) -> Iterator[str]:
    """The lines of an exception's frames."""
    frames = list(_frames(error))
    if not frames:
        return
    yield "Traceback (most recent call last):\n"
    if len(frames) > _MOST_FRAMES:
        left = len(frames) - _MOST_FRAMES
        yield from traceback.StackSummary.extract(iter(frames[: _MOST_FRAMES // 2])).format()
        yield f"  … {left:,} more frames\n"
        frames = frames[-_MOST_FRAMES // 2 :]
    yield from traceback.StackSummary.extract(iter(frames)).format()


def _words(error: BaseException) -> str:
    """The name and message of an exception."""
    try:
        return "".join(traceback.format_exception_only(error))
    except Exception:  # noqa: BLE001 — an exception may fail to describe itself
        return f"{type(error).__name__}\n"
