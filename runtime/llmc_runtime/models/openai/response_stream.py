"""Replies of servers: text, reasoning, the end, tokens; malformed ones raise ModelError alone.

An event is read by its shape, since servers mix them: pieces (`delta`), whole completions (`message`, `output`), texts
and lists of parts. Reasoning and commentary are apart from the text.
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
"""Characters of a reply, and of its reasoning."""

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
"""Finish reasons of servers for a reply that did not end by itself."""

_FAULTS: Final = {
    "abort",
    "error",
    "function_call_filter",
    "insufficient_system_resource",
    "malformed_function_call",
    "network_error",
}
"""Finish reasons that do not end a reply."""

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
"""The first part of a character at the end of a piece: of a pair of surrogates, or of the bytes of UTF-8."""

_BYTES: Final = re.compile("(?<![\ud800-\udbff])[\udc80-\udcff]+")


class JoinedReply:
    """Joins the halves of characters that are cut apart between pieces."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """The piece, with the half before it and without one at its end."""
        text = self._half + piece
        if text.isascii():
            return text
        half = _HALF.search(text)
        self._half = half[0] if half else ""
        return _whole(text.removesuffix(self._half))

    def rest(self) -> str:
        """The replacement of a half that stayed alone."""
        half, self._half = self._half, ""
        return _whole(half)


def _whole(text: str) -> str:
    """The text with its bytes decoded and its surrogates joined; what is neither is replaced."""
    decoded = _BYTES.sub(lambda found: found[0].encode("ascii", "surrogateescape").decode("utf-8", "replace"), text)
    return encodable(decoded)


class StreamedReply:
    """A reply as it arrives: events in, text out."""

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
        """The text and reasoning of an event; raises ModelError if it reports a fault, or if they are too long."""
        if (said := error_in(event, name)) is not None:
            raise server_error(self._settings, said)
        found = self._of_responses(event) if _is_of_responses(event) else self._of_choices(event)
        return self._noted(ParsedReply(self._text.feed(found.text), self._reasoning.feed(found.reasoning)))

    def _noted(self, found: ParsedReply) -> ParsedReply:
        """Count text and reasoning."""
        self._pieces += bool(found.text)
        self._length += len(found.text) + len(found.reasoning)
        self._size += text_size([found.text])
        if found.reasoning:
            self._reasoned += text_size([found.reasoning])
        if self._length > MOST_TEXT:
            raise StreamBroken(self._settings.name, f"its text is longer than {MOST_TEXT} characters")
        return found

    @staticmethod
    def is_reply(value: object) -> bool:
        """Whether data that came as a whole is a reply."""
        return isinstance(value, dict) and (
            isinstance(value.get("choices"), list) or value.get("object") == "response" or "output" in value
        )

    def done(self) -> None:
        """The server says that nothing follows: a reply without a finish reason has ended by itself."""
        self.reason = self.reason or "stop"

    def rest(self) -> ParsedReply:
        """The rest at the end of the reply: tool calls, and halves of characters."""
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
        """The tool calls as text, once the reply has ended."""
        return self._calls.text() if self.reason is not None else ""

    def _take_calls(self, message: object) -> None:
        """Collect the tool calls of an event; they become text when the reply ends."""
        calls, function = at(message, "tool_calls"), at(message, "function_call")
        for each in calls if isinstance(calls, list) else ():
            self._length += self._calls.take(each)
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
        """Keep the texts of items apart; that of commentary is reasoning."""
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
                    found = content(at(item, "content"))
                    self._refused |= found.is_refused
                    (reasoning if _is_commentary(item) else texts).append(found.text)
                    reasoning.append(found.reasoning)
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
        """Note how the reply ended, if this says so."""
        kind = reason.lower().partition(":")[0].strip()
        if kind in _FAULTS:
            raise server_error(self._settings, ServerWords("", code=reason))
        self.reason = _REASONS.get(kind, "stop")

    def _note_count(self, *counts: object) -> None:
        """Note the tokens that the server counted; the last count is that of the whole reply."""
        for each in counts:
            if each:
                self._count = token_count(each) or self._count

    def end(
        self, prices: Prices | None, messages: Sequence[Message], *, seconds: float, first_token: float | None
    ) -> End:
        """How it ended, and what it took; tokens are estimated where the server counted none."""
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
    """The first choice; a request for several has others, which are not read."""
    for each in choices if isinstance(choices, list) else ():
        if at(each, "index") in (None, 0):
            return each
    return None


def _place(event: object) -> int:
    """The place of an event's item among those of a response."""
    index = at(event, "output_index")
    return index if isinstance(index, int) else 0


def _is_commentary(item: object) -> bool:
    """Whether an item of a response is no part of the answer."""
    return words(at(item, "phase")) in _COMMENTARY or words(at(item, "channel")) in _COMMENTARY


def _function_call(item: object) -> str:
    """A call of a function as text."""
    return native_call(words(at(item, "name")), words(at(item, "arguments")))


class StopSequenceFilter:
    """Ends a text in front of the first of some sequences, wherever its pieces were cut.

    What may be the beginning of one is held back until that is decided, but not white space: the end of a line is what
    a plan in progress waits for.
    """

    __slots__ = ("_out", "_stops", "_tail", "hit")

    def __init__(self, stops: Sequence[str]) -> None:
        self.hit = False
        self._stops = [stop for stop in stops if stop]
        self._tail = ""
        self._out = 0

    def feed(self, piece: str) -> str:
        """What is certainly in front of the end."""
        text = self._tail + piece
        found = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if found:
            self.hit = True
            return text[self._out : max(min(found), self._out)]
        start = len(text) - max((_begun(text, stop) for stop in self._stops), default=0)
        self._tail = text[start:]
        upto = max(self._out, start + len(self._tail) - len(self._tail.lstrip()))
        given = text[self._out : upto]
        self._out = upto - start
        return given

    def rest(self) -> str:
        """What was held back, when nothing follows."""
        return "" if self.hit else self._tail[self._out :]


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of a text are the beginning of a sequence that ends it."""
    return max(k for k in range(min(len(stop), len(text) + 1)) if k == 0 or text.endswith(stop[:k]))
