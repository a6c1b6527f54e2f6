"""What a joiner decides, found in its text.

    Thought: both are known now
    Action: Finish(First for Women (magazine))

Read whole: brackets nest, an answer may have many lines, `Action:` may be missing and text may follow. Where a server
makes it follow a schema, it is

    {"thought": "both are known now", "action": "Finish", "text": "First for Women (magazine)"}
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_runtime.agent.dialogue import Schema

_WORD: Final = r"(?P<word>finish|replan)[ \t]*(?P<open>[(\[])"
_MARKS: Final = " \t*_`>#-"
_ACTION: Final = rf"action[ \t]*[0-9]*[{_MARKS}]*:[{_MARKS}]*"
_AT_LINE: Final = re.compile(rf"^[{_MARKS}]*(?:{_ACTION})?{_WORD}", re.IGNORECASE | re.MULTILINE)
_ANYWHERE: Final = re.compile(rf"\b(?:{_ACTION})?{_WORD}", re.IGNORECASE)
_LABEL: Final = re.compile(rf"[{_MARKS}]*thought[ \t]*[0-9]*[{_MARKS}]*:[{_MARKS}]*", re.IGNORECASE)
_END_OF_LINE: Final = re.compile(r"[ \t.`*]*(?:<\w+>)?[ \t]*(?:\r?\n|\Z)")
_ENDED_LINE: Final = re.compile(r"[ \t.`*]*\r?\n\s*\Z")
_IS_JSON: Final = re.compile(r"\s*(?:```\w*\s*)?\{.*\}\s*(?:```\s*)?\Z", re.DOTALL)
_QUOTES: Final = ('"', "'", "“”")


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is known: `text`."""

    text: str
    thought: str = ""


@dataclass(frozen=True, slots=True)
class Replan:
    """Another plan is needed; `text` says why, and what it should find."""

    text: str
    thought: str = ""


Decision = Finish | Replan

_KINDS: Final[Mapping[str, type[Decision]]] = {"finish": Finish, "replan": Replan}


def schema(*, final: bool) -> Schema:
    """What a decision in JSON looks like; a `final` one is an answer."""
    fields = {
        "thought": {"type": "string", "description": "What the results say about the question."},
        "action": {"type": "string", "enum": ["Finish"] if final else ["Finish", "Replan"]},
        "text": {"type": "string", "description": "The answer" + ("." if final else ", or what is still missing.")},
    }
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def read_decision(text: str, reasoning: ReasoningTags = USUAL, *, complete: bool = True) -> Decision | None:
    """Return the decision in a joiner's text, None if there is none.

    Reasoning is ignored; a tag inside a decision is text. In a text that is not `complete`, a decision counts only if
    its line has ended and nothing follows, since later text may withdraw it.
    """
    if _IS_JSON.match(text) and (found := _structured(text)) is not None:
        return found
    text = reasoning.strip(text)
    found = _structured(text) if complete or _IS_JSON.match(text) else None
    return found or _written(text, reasoning, complete=complete)


def _structured(text: str) -> Decision | None:
    """The decision of a text that is JSON, maybe in a fence."""
    try:
        match json.loads(text[text.find("{") : text.rfind("}") + 1]):
            case {"thought": str(thought), "action": str(action), "text": str(said)} if action.lower() in _KINDS:
                return _KINDS[action.lower()](said, thought)
    except (ValueError, RecursionError):
        pass
    return None


def _written(text: str, reasoning: ReasoningTags, *, complete: bool) -> Decision | None:
    """The decision of a text in lines."""
    found = _AT_LINE.search(text) or _ANYWHERE.search(text)
    if found is None or reasoning.opens(text[: found.start()]):
        return None
    start = found.end()
    end = _end(text, start, found["open"])
    if not complete and not _ENDED_LINE.match(text, end + 1):
        return None
    thought = text[: found.start()].strip(f"{_MARKS}\r\n")
    label = _LABEL.match(thought)
    thought = thought[label.end() :] if label else thought
    return _KINDS[found["word"].lower()](_unquoted(text[start:end].strip()), thought)


def _end(text: str, start: int, opening: str) -> int:
    """Where the content ends: at its closing bracket that ends a line, else at the first that closes it.

    A bracket that closes nothing, as in `1) Paris`, is text where more of the line follows. A content that is never
    closed goes to the end.
    """
    closers = list(_closers(text, start, opening))
    at_line_end = (at for at in closers if _END_OF_LINE.match(text, at + 1))
    return next(at_line_end, closers[0] if closers else len(text))


def _closers(text: str, start: int, opening: str) -> Iterator[int]:
    """The places at which the content may be closed."""
    closing = ")" if opening == "(" else "]"
    depth = 0
    for at in range(start, len(text)):
        if text[at] == opening:
            depth += 1
        elif text[at] == closing and depth:
            depth -= 1
        elif text[at] == closing:
            yield at


def _unquoted(text: str) -> str:
    """The text without quotes around all of it."""
    for quotes in _QUOTES:
        inside = text[1:-1]
        if len(text) > 1 and text[0] == quotes[0] and text[-1] == quotes[-1] and not set(quotes) & set(inside):
            return inside
    return text
