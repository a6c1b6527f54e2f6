"""Reads a text that is only JSON, of any content: bare or fenced, one value or several.

`Thought: …` lines, labels such as `Action:`, bullets, an empty join and end marks may surround the values.
`Action: search` followed by `Action Input: …`, as in ReAct, is a call.
"""

import re
from typing import Final

from llmc_grammar.dialects.native.json_text import (
    JsonPlaces,
    String,
    Unreadable,
    Value,
    read_json,
    read_whole,
    skip_blanks,
)
from llmc_grammar.dialects.native.native_call import NativeCall, arguments_of
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span
from llmc_grammar.tool_marks import TURN

END_MARKS: Final = re.compile(
    r"(?:\s|```|<END_OF_PLAN>|<end_action>|<end_of_turn>|</s>|<\|(?:im_end|eot_id|eom_id|end|end_of_text|endoftext"
    r"|END_OF_TURN_TOKEN|return|call)\|>|<\uff5cend\u2581of\u2581sentence\uff5c>)*"
)
"""Marks at the end of a model's reply."""

_LABEL: Final = re.compile(
    r"[ \t]*(?:\**(?:Actions?|Plan|Steps|Tasks|(?:Tool|Function)[ _]calls?|(?:Step|Task|Call|Action) [0-9]{1,4})"
    r"\**:\**|functools(?=\[))[ \t]*",
    re.IGNORECASE,
)
_THOUGHT: Final = re.compile(r"[ \t]*Thoughts?:[^\n]*(?:\n|\Z)")
_JOIN: Final = re.compile(r"[ \t]*(?:[0-9]+\.[ \t]*)?(?:join|finish|Finish)\(\s*\)")
_FENCE: Final = re.compile(
    r"[ \t]*`(?=[{\[])|[ \t]*```[ \t]*(?:json[cl5]?|python|javascript|js|tool_?calls?|tool_code|tools?"
    r"|function_?calls?|functions?|actions?|text|plaintext|plan)?[ \t\r]*(?:\n|(?=[{\[]))",
    re.IGNORECASE,
)
_CLOSING_FENCE: Final = re.compile(r"```|`(?!`)")
_BULLET: Final = re.compile(r"[ \t]*(?:[-*\u2022]|[0-9]+[.)])[ \t]+(?=[{\[])")
_ACTION: Final = re.compile(
    r"[ \t]*\**Action\**:\**[ \t]*(?P<quote>`?)(?P<name>[A-Za-z_][\w.\-]*)(?P=quote)[ \t\r]*\n"
    r"[ \t]*\**(?:Action[ _])?Input\**:\**[ \t]*(?:\s*(?P<fence>```)(?:json)?\s*|\s*(?=[{\[]))?"
)
_INDENT: Final = 80
"""The maximum indent of a line."""

_OBSERVATION: Final = re.compile(r"Observation:\s*(?=\Z|<)")
_RECIPIENT: Final = re.compile(r"(?P<fence>)>>>(?P<name>[A-Za-z_][\w.\-]*)[ \t\r]*\n\s*(?=\{)")
_SEPARATORS: Final = re.compile(r"[\s,;]*")


@frozen
class Bare:
    """The values and actions of a text, and the span of the text after the end of the reply."""

    values: tuple[Value | NativeCall, ...]
    rest: Span | None


def read_bare(text: str) -> Bare:
    """Return the values of a text that is only JSON; raises Unreadable for any other text."""
    return _Bare(text).read()


class _Bare:
    """Reads a text without marks that contains only calls; raises Unreadable for any other text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_fenced = False
        self._is_joined = False
        self._values: list[Value | NativeCall] = []

    def read(self) -> Bare:
        """Return the values and the actions of the text."""
        offset, end = 0, len(self._text)
        while (offset := self._skip(offset)) < end:
            turn = TURN.match(self._text, offset)
            if turn and self._values and not self._is_fenced:
                return Bare(tuple(self._values), Span(turn.end(), end))
            offset = self._next(offset)
        if self._is_fenced or not self._values:
            raise Unreadable("the text ends inside it", offset)
        return Bare(tuple(self._values), None)

    def _skip(self, offset: int) -> int:
        """Return the offset after blanks and, after a value, commas and end marks."""
        if not self._values:
            return skip_blanks(self._text, offset)
        end = END_MARKS.match(self._text, offset)
        if end and end.end() == len(self._text) and self._text.count("```", offset) <= self._is_fenced:
            self._is_fenced = self._is_fenced and self._text.count("```", offset) == 0
            return end.end()
        match = _SEPARATORS.match(self._text, offset)
        return match.end() if match else offset

    def _next(self, offset: int) -> int:
        """Read the item at an offset; return the offset after it."""
        if self._is_joined:
            raise Unreadable("text follows its end", offset)
        if self._text[offset] in "{[":
            value, end = read_json(self._text, offset)
            self._values.append(value)
            return end
        fence = (_CLOSING_FENCE if self._is_fenced else _FENCE).match(self._text, offset)
        if fence:
            self._is_fenced = not self._is_fenced
            return fence.end()
        if self._text[self._text.rfind("\n", max(0, offset - _INDENT), offset) + 1 : offset].strip():
            raise Unreadable("this is prose", offset)
        return self._line(offset)

    def _line(self, offset: int) -> int:
        """Read an action, a recipient, a thought, a label, a bullet or a join at the start of a line."""
        action = _ACTION.match(self._text, offset) or _RECIPIENT.match(self._text, offset)
        if action:
            return self._action(action)
        join = _JOIN.match(self._text, offset) if self._values else None
        self._is_joined = join is not None
        patterns = (_THOUGHT, _LABEL, _BULLET)
        match = join or next(filter(None, (pattern.match(self._text, offset) for pattern in patterns)), None)
        if match is None:
            raise Unreadable("this is prose", offset)
        return match.end()

    def _action(self, action: re.Match[str]) -> int:
        """Read `Action:` and `Action Input:`; the input is JSON or the rest of the line."""
        offset = action.end()
        if self._text[offset : offset + 1] in ("{", "["):
            value, end = read_json(self._text, offset)
        else:
            end = _line_end(self._text, offset)
            value = _line_value(self._text, offset, end)
        observation = _OBSERVATION.match(self._text, skip_blanks(self._text, end))
        self._is_fenced = bool(action["fence"])
        name, span = Span(*action.span("name")), Span(action.start(), end)
        self._values.append(NativeCall(action["name"], name, arguments_of(value), span, is_exact=True))
        return observation.end() if observation and not self._is_fenced else end


def _line_end(text: str, offset: int) -> int:
    """Return the end of a line, or of the model's turn in it."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    turn = TURN.search(text, offset, end)
    return turn.start() if turn else end


def _line_value(text: str, start: int, end: int) -> Value:
    """Return the JSON value or the text of a line."""
    start = skip_blanks(text, start)
    content = text[start : max(start, end)].rstrip()
    if len(content) > 1 and content[0] == content[-1] == "`":
        start, content = start + 1, content[1:-1]
    try:
        return read_whole(content, JsonPlaces(((0, start),)))
    except Unreadable:
        return String(content, Span(start, start + len(content)), JsonPlaces(((0, start),)))
