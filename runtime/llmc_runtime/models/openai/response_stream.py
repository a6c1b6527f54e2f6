"""Replies of servers: text, reasoning, end and tokens; a malformed reply raises only ModelError.

Events are read by their shape, since servers mix shapes: pieces (`delta`), whole completions (`message`, `output`),
texts and lists of parts. Reasoning and commentary are separate from the text.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from llmc_runtime.models.messages import End, Message, Prices, Reason, Usage, encodable
from llmc_runtime.models.model_errors import StreamBroken
from llmc_runtime.models.openai.error_mapping import server_error
from llmc_runtime.models.openai.native_calls import NativeCalls, native_call
from llmc_runtime.models.openai.reply_shapes import at, content, reasoning_of, words
from llmc_runtime.models.openai.settings.settings import ModelSettings
from llmc_runtime.models.server_messages import ServerWords, error_in
from llmc_runtime.models.token_estimate import estimated_tokens, text_size, tokens_of
from llmc_runtime.models.usage_formats import TokenCount, token_count

MOST_TEXT: Final = 4 * 1024 * 1024
"""Maximum number of characters in a reply and its reasoning together."""

_REASONS: Final[Mapping[str, Reason]] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    **dict.fromkeys(
        ("blocklist", "content_filter", "prohibited_content", "refusal", "safety", "sensitive", "spii"), "refusal"
    ),
}
"""Finish reasons of servers for replies that did not end with "stop"."""

_FAULTS: Final = {
    "abort",
    "error",
    "function_call_filter",
    "insufficient_system_resource",
    "malformed_function_call",
    "network_error",
}
"""Finish reasons that are errors."""

_TEXT: Final = {"response.output_text.delta", "response.custom_tool_call_input.delta", "response.refusal.delta"}
_REASONING: Final = {
    "response.reasoning_text.delta",
    "response.reasoning_summary_text.delta",
    "response.reasoning.delta",
    "response.reasoning_summary.delta",
}
_ENDS: Final = {"response.completed", "response.incomplete", "response.done"}
_COMMENTARY: Final = {"commentary", "analysis"}


class ParsedReply(NamedTuple):
    """The text and the reasoning of an event."""

    text: str = ""
    reasoning: str = ""


_HALF: Final = re.compile("(?:[\ud800-\udbff]|[\udcc2-\udcf4][\udc80-\udcbf]{0,2})\\Z")
"""The first part of a character at the end of a piece: a high surrogate, or an incomplete sequence of UTF-8."""

_BYTES: Final = re.compile("(?<![\ud800-\udbff])[\udc80-\udcff]+")


class JoinedReply:
    """Joins characters that are split between pieces."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """Return a piece with the half character before it, and without a half character at its end."""
        text = self._half + piece
        if text.isascii():
            return text
        half = _HALF.search(text)
        self._half = half[0] if half else ""
        return _whole(text.removesuffix(self._half))

    def rest(self) -> str:
        """Return the replacement of a half character that was never completed."""
        half, self._half = self._half, ""
        return _whole(half)


def _whole(text: str) -> str:
    """Return a text with its bytes decoded and its surrogates joined; invalid ones are replaced."""
    decoded = _BYTES.sub(lambda match: match[0].encode("ascii", "surrogateescape").decode("utf-8", "replace"), text)
    return encodable(decoded)


class StreamedReply:
    """Reads the events of a reply as they arrive."""

    __slots__ = (
        "_calls", "_count", "_is_commentary", "_item", "_length", "_pieces", "_reasoned", "_reasoning", "_refused",
        "_settings", "_size", "_text", "reason"
    )  # fmt: skip

    def __init__(self, settings: ModelSettings) -> None:
        self.reason: Reason | None = None
        self._settings = settings
        self._text, self._reasoning = JoinedReply(), JoinedReply()
        self._pieces = self._length = self._size = self._reasoned = 0
        self._count: TokenCount | None = None
        self._refused = False
        self._is_commentary: dict[int, bool] = {}
        self._item = -1
        self._calls = NativeCalls()

    def take(self, event: object, name: str = "") -> ParsedReply:
        """Return the text and reasoning of an event; raises ModelError for an error, and for too long a reply."""
        if (said := error_in(event, name)) is not None:
            raise server_error(self._settings, said)
        heard = self._of_responses(event) if _is_of_responses(event) else self._of_choices(event)
        return self._noted(ParsedReply(self._text.feed(heard.text), self._reasoning.feed(heard.reasoning)))

    def _noted(self, heard: ParsedReply) -> ParsedReply:
        """Count text and reasoning."""
        self._pieces += bool(heard.text)
        self._length += len(heard.text) + len(heard.reasoning)
        self._size += text_size([heard.text])
        if heard.reasoning:
            self._reasoned += text_size([heard.reasoning])
        if self._length > MOST_TEXT:
            raise StreamBroken(self._settings.name, f"its text is longer than {MOST_TEXT} characters")
        return heard

    @staticmethod
    def is_reply(value: object) -> bool:
        """Whether the data of a response without events is a reply."""
        return isinstance(value, dict) and (
            isinstance(value.get("choices"), list) or value.get("object") == "response" or "output" in value
        )

    def done(self) -> None:
        """Note the end of the events: a reply without a finish reason then ended with "stop"."""
        self.reason = self.reason or "stop"

    def rest(self) -> ParsedReply:
        """Return the rest at the end of the reply: tool calls, and incomplete characters."""
        return self._noted(ParsedReply(self._text.rest() + encodable(self._calls.text()), self._reasoning.rest()))

    def _of_choices(self, event: object) -> ParsedReply:
        """Read an event of the APIs `chat` and `completions`, or a whole completion."""
        choice = _first(at(event, "choices"))
        self._note_count(at(event, "usage"), at(choice, "usage"), at(event, "x_groq", "usage"), at(event, "timings"))
        if (said := error_in(choice)) is not None:
            raise server_error(self._settings, said)
        message = at(choice, "delta") or at(choice, "message")
        refusal = content(at(message, "refusal"))
        self._refused |= bool(refusal.text)
        self._take_calls(message)
        if reason := words(at(choice, "finish_reason")):
            native = words(at(choice, "native_finish_reason"))
            self._end(native if native.lower() in _FAULTS else reason)
        text = content(at(message, "content"))
        plain = "" if text.text else words(at(choice, "text"))
        reasoning = text.reasoning + reasoning_of(message)
        return ParsedReply((text.text or plain or refusal.text) + self._ended_calls(), reasoning)

    def _ended_calls(self) -> str:
        """Return the tool calls as text, once the reply has ended."""
        return self._calls.text() if self.reason is not None else ""

    def _take_calls(self, message: object) -> None:
        """Collect the tool calls of an event; they become text when the reply ends."""
        calls, function = at(message, "tool_calls"), at(message, "function_call")
        for call in calls if isinstance(calls, list) else ():
            self._length += self._calls.take(call)
        if function:
            self._length += self._calls.take({"function": function})

    def _of_responses(self, event: object) -> ParsedReply:
        """Read an event of the API `responses`, or a whole response."""
        kind = words(at(event, "type"))
        if kind in _TEXT:
            self._refused |= kind == "response.refusal.delta"
            return self._of_item(event, words(at(event, "delta")))
        if kind in _REASONING:
            return ParsedReply(reasoning=words(at(event, "delta")))
        if kind == "response.output_item.added":
            self._is_commentary[_place(event)] = _is_commentary(at(event, "item"))
        elif kind == "response.output_item.done" and at(event, "item", "type") == "function_call":
            return self._of_item(event, _function_call(at(event, "item")))
        elif kind in _ENDS or not kind:
            response = event if not kind else at(event, "response")
            self._note_count(at(response, "usage"))
            self._end_response(response)
            return ParsedReply() if self._pieces else self._of_output(at(response, "output"))
        elif kind == "response.failed":
            error = at(event, "response", "error")
            raise server_error(self._settings, error_in({"error": error}) or ServerWords(""))
        return ParsedReply()

    def _of_item(self, event: object, text: str) -> ParsedReply:
        """Read the text of an item; items are separated by a blank line, and commentary counts as reasoning."""
        item = _place(event)
        if not text:
            return ParsedReply()
        if self._is_commentary.get(item):
            return ParsedReply(reasoning=text)
        gap = "\n\n" if self._pieces and item != self._item else ""
        self._item = item
        return ParsedReply(gap + text)

    def _of_output(self, output: object) -> ParsedReply:
        """Read the items of a whole response."""
        texts: list[str] = []
        reasoning: list[str] = []
        for item in output if isinstance(output, list) else ():
            match at(item, "type"):
                case "function_call":
                    texts.append(_function_call(item))
                case "custom_tool_call":
                    texts.append(words(at(item, "input")))
                case "reasoning":
                    reasoning += [content(at(item, "summary")).reasoning, content(at(item, "content")).text]
                case "message" | None:
                    message = content(at(item, "content"))
                    self._refused |= message.is_refused
                    (reasoning if _is_commentary(item) else texts).append(message.text)
                    reasoning.append(message.reasoning)
                case _:
                    pass
        return ParsedReply("\n\n".join(filter(None, texts)), "".join(reasoning))

    def _end_response(self, response: object) -> None:
        """Note how a response ended."""
        if at(response, "status") == "failed" or (at(response, "error") and not at(response, "output")):
            raise server_error(self._settings, error_in({"error": at(response, "error")}) or ServerWords(""))
        reason = words(at(response, "incomplete_details", "reason"))
        is_cut = at(response, "status") == "incomplete"
        self._end(reason or ("length" if is_cut else "stop"))

    def _end(self, reason: str) -> None:
        """Note how the reply ended; raises ModelError for a finish reason that is an error."""
        kind = reason.lower().partition(":")[0].strip()
        if kind in _FAULTS:
            raise server_error(self._settings, ServerWords("", code=reason))
        self.reason = _REASONS.get(kind, "stop")

    def _note_count(self, *counts: object) -> None:
        """Note the server's token counts; the last one is for the whole reply."""
        for count in counts:
            if count:
                self._count = token_count(count) or self._count

    def end(
        self, prices: Prices | None, messages: Sequence[Message], *, seconds: float, first_token: float | None
    ) -> End:
        """Return the End of the reply with its usage; tokens are estimated if the server did not count them."""
        count = self._count
        if count is None:
            read = estimated_tokens(*(message.text for message in messages))
            reasoned = tokens_of(self._reasoned)
            count = TokenCount(read, 0, max(self._pieces, tokens_of(self._size)) + reasoned, reasoned)
        cost = None if prices is None else prices.cost(read=count.read, cached=count.cached, written=count.written)
        usage = Usage(
            calls=1,
            read=count.read,
            cached=count.cached,
            written=count.written,
            cost=cost,
            seconds=seconds,
            first_token=first_token,
            reasoning=min(tokens_of(self._reasoned), count.written) if count.reasoning is None else count.reasoning,
            estimated=self._count is None,
        )
        return End("refusal" if self._refused else self.reason or "stop", usage)


def _is_of_responses(event: object) -> bool:
    """Whether an event is of the API `responses`."""
    if not isinstance(event, dict):
        return False
    is_whole = event.get("object") == "response" or isinstance(event.get("output"), list)
    return is_whole or words(event.get("type")).startswith("response.")


def _first(choices: object) -> object:
    """Return the first choice; others, of a request for several replies, are ignored."""
    for choice in choices if isinstance(choices, list) else ():
        if at(choice, "index") in (None, 0):
            return choice
    return None


def _place(event: object) -> int:
    """Return the index of an event's item in its response."""
    index = at(event, "output_index")
    return index if isinstance(index, int) else 0


def _is_commentary(item: object) -> bool:
    """Whether an item of a response is commentary, which is not part of the answer."""
    return words(at(item, "phase")) in _COMMENTARY or words(at(item, "channel")) in _COMMENTARY


def _function_call(item: object) -> str:
    """Return a function call as text."""
    return native_call(words(at(item, "name")), words(at(item, "arguments")))


class StopSequenceFilter:
    """Ends a text before the first stop sequence, even if it is split between pieces.

    Text that may begin a sequence is held back until more arrives, except for white space: a plan in progress waits for
    the end of its line.
    """

    __slots__ = ("_out", "_stops", "_tail", "hit")

    def __init__(self, stops: Sequence[str]) -> None:
        self.hit = False
        self._stops = [stop for stop in stops if stop]
        self._tail = ""
        self._out = 0

    def feed(self, piece: str) -> str:
        """Return the text that is certainly before the end."""
        text = self._tail + piece
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            self.hit = True
            return text[self._out : max(min(places), self._out)]
        start = len(text) - max((_begun(text, stop) for stop in self._stops), default=0)
        self._tail = text[start:]
        upto = max(self._out, start + len(self._tail) - len(self._tail.lstrip()))
        given = text[self._out : upto]
        self._out = upto - start
        return given

    def rest(self) -> str:
        """Return the text that was held back, at the end of the reply."""
        return "" if self.hit else self._tail[self._out :]


def _begun(text: str, stop: str) -> int:
    """Count the characters at the end of a text that may begin a stop sequence."""
    return max(k for k in range(min(len(stop), len(text) + 1)) if k == 0 or text.endswith(stop[:k]))
