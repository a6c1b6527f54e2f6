"""What comes back from a server: text, an end, tokens; whatever it sends, nothing but ModelError is raised."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from llmc_runtime.agent.dialogue import End, Prices, Usage, encodable
from llmc_runtime.agent.model_errors import (
    ContentRefused,
    ModelError,
    QuotaSpent,
    RateLimited,
    ServerFailed,
    StreamBroken,
)
from llmc_runtime.agent.native_calls import NativeCalls, native_call
from llmc_runtime.agent.settings import Settings

Reason = Literal["stop", "length", "refusal"]

MOST_TEXT: Final = 4 * 1024 * 1024
"""Characters of a reply."""

_REASONS: Final[Mapping[str, Reason]] = {
    "length": "length",
    "max_output_tokens": "length",
    "content_filter": "refusal",
}
"""How replies end, as servers say it, if not by themselves."""

_FAULTS: Final = {"abort", "error"}
"""Ends that are none."""

_TOO_MUCH: Final = {"rate_limit_exceeded", "429"}
"""Codes of a server that is asked too much; some say the status of HTTP."""

_TEXT: Final = {"response.output_text.delta", "response.custom_tool_call_input.delta", "response.refusal.delta"}
_ENDS: Final = {"response.completed", "response.incomplete"}


def at(value: object, *path: str | int) -> object:
    """What is found in JSON data along a path, None if nothing is."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def words(value: object) -> str:
    """A text, nothing for anything else."""
    return value if isinstance(value, str) else ""


def fault(settings: Settings, code: object, message: object) -> ModelError:
    """What a server reports in the middle of a reply."""
    why = settings.without_key(words(message) or words(code) or "the server gave the reply up and did not say why")
    if code == "insufficient_quota":
        return QuotaSpent(settings.name, why)
    if words(code) in _TOO_MUCH:
        return RateLimited(settings.name, why)
    return ContentRefused(settings.name, why) if code == "content_filter" else ServerFailed(settings.name, why)


class Reply:
    """A reply as it arrives: events in, text out."""

    __slots__ = (
        "_cached", "_calls", "_length", "_pieces", "_read", "_refused", "_responses", "_settings", "_written", "reason"
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self.reason: Reason | None = None
        self._settings = settings
        self._responses = settings.api == "responses"
        self._pieces = self._length = self._read = self._cached = 0
        self._written: int | None = None
        self._refused = False
        self._calls = NativeCalls()

    def take(self, event: object) -> str:
        """The text of an event; raises ModelError if it reports a fault, or if there is too much of it."""
        text = self._of_responses(event) if self._responses else self._of_choices(event)
        self._pieces += bool(text)
        self._length += len(text)
        if self._length > MOST_TEXT:
            raise StreamBroken(self._settings.name, f"its text is longer than {MOST_TEXT} characters")
        return encodable(text)

    def _of_choices(self, event: object) -> str:
        """The text of an event of the APIs `chat` and `completions`."""
        refusal = words(at(event, "choices", 0, "delta", "refusal"))
        self._refused |= bool(refusal)
        self._count(at(event, "usage"), "prompt", "completion")
        self._take_calls(at(event, "choices", 0, "delta"))
        self._end(words(at(event, "choices", 0, "finish_reason")))
        text = words(at(event, "choices", 0, "delta", "content")) or words(at(event, "choices", 0, "text"))
        return (text or refusal) + (self._calls.text() if self.reason is not None else "")

    def _take_calls(self, delta: object) -> None:
        """Collect the tool calls of an event; they become text when the reply ends."""
        calls = at(delta, "tool_calls")
        for each in (*(calls if isinstance(calls, list) else ()), {"function": at(delta, "function_call")}):
            name, arguments = words(at(each, "function", "name")), words(at(each, "function", "arguments"))
            if name or arguments:
                index = at(each, "index")
                self._length += len(name) + len(arguments)
                self._calls.take(index if isinstance(index, int) else 0, name, arguments)

    def _of_responses(self, event: object) -> str:
        """The text of an event of the API `responses`."""
        kind = words(at(event, "type"))
        if kind in _TEXT:
            self._refused |= kind == "response.refusal.delta"
            return words(at(event, "delta"))
        if kind == "response.output_item.done" and at(event, "item", "type") == "function_call":
            return native_call(words(at(event, "item", "name")), words(at(event, "item", "arguments")))
        if kind in _ENDS:
            self._count(at(event, "response", "usage"), "input", "output")
            self._end(words(at(event, "response", "incomplete_details", "reason")) or "stop")
        elif kind == "response.failed":
            error = at(event, "response", "error")
            raise fault(self._settings, at(error, "code"), at(error, "message"))
        elif kind == "error":
            raise fault(self._settings, at(event, "code"), at(event, "message"))
        return ""

    def _end(self, reason: str) -> None:
        """Note how the reply ended, if this says so."""
        if reason in _FAULTS:
            raise fault(self._settings, reason, None)
        if reason:
            self.reason = _REASONS.get(reason, "stop")

    def _count(self, usage: object, read: str, written: str) -> None:
        """Note the tokens that the server counted, if this says so."""
        counts = (
            at(usage, f"{read}_tokens"),
            at(usage, f"{read}_tokens_details", "cached_tokens"),
            at(usage, f"{written}_tokens"),
        )
        if isinstance(counts[0], int) and isinstance(counts[2], int):
            self._read, self._written = max(counts[0], 0), max(counts[2], 0)
            self._cached = min(max(counts[1], 0), self._read) if isinstance(counts[1], int) else 0

    def end(self, prices: Prices | None, *, seconds: float, first_token: float | None) -> End:
        """How it ended, and what it took; pieces are counted where the server counted no tokens."""
        written = self._pieces if self._written is None else self._written
        cost = None if prices is None else prices.cost(read=self._read, cached=self._cached, written=written)
        usage = Usage(1, self._read, self._cached, written, cost, seconds, first_token)
        return End("refusal" if self._refused else self.reason or "stop", usage)


class Cut:
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
