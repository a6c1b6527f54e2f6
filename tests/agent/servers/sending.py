"""The replies of the APIs `chat` and `completions`, in the fields of each server, as the bytes of its answer."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.agent.events import DONE, event
from tests.agent.server import Sent
from tests.agent.servers.personality import Counts, Fault, Personality
from tests.agent.servers.replies import Form, Turn, pieces

STREAM: Final = "text/event-stream; charset=utf-8"
JSON: Final = "application/json"
BETWEEN: Final = (b"data:\n\n", b"data: \n\n", b"id: 7\n\n", b"event: ping\n\n", b"retry: 3000\n\n")
"""Events of nothing."""

ODD: Final = tuple(
    map(
        event,
        (
            {},
            {"choices": None, "usage": None},
            {"choices": [], "usage": {}},
            {"choices": [{"index": 0, "delta": None, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None, "tool_calls": None}}]},
            {"choices": [{"index": 1, "delta": {"content": "1. order()"}}], "error": None},
        ),
    )
)
"""Events of `chat` that say nothing of the reply."""

PAGE: Final = (
    "<!DOCTYPE html>\n<html><head><title>{}</title></head>\n<body><center><h1>nginx</h1></center></body></html>"
)


NONE: Final = Counts()


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, the tokens that were used for it, and whether the server told them."""

    sent: Sent
    counts: Counts = NONE
    told: bool = True


def counted(turn: Turn, form: Form, read: int, hidden: int = 0) -> Counts:
    """The tokens of a reply: one a piece."""
    thought = len(pieces(turn.thinking, form.units))
    called = sum(1 + len(pieces(arguments, form.units)) for _, arguments in turn.calls)
    said = sum(len(pieces(text, form.units)) for text in (turn.commentary, turn.text, turn.refusal))
    return Counts(read, read // 2, thought + called + said + hidden, thought + hidden)


def usage(server: Personality, counts: Counts) -> dict[str, Any]:
    """The tokens of a reply, as a server tells them."""
    told: dict[str, Any] = {
        "prompt_tokens": counts.read,
        "completion_tokens": counts.written - server.hidden,
        "total_tokens": counts.read + counts.written,
    }
    if server.details:
        told["prompt_tokens_details"] = {"cached_tokens": counts.cached}
        told["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning}
    return told


def _thought(server: Personality, piece: str) -> dict[str, Any]:
    """A piece of reasoning, where the server has it."""
    if server.thinking == "parts":
        return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]}
    if server.thinking == "reasoning_details":
        return {"content": "", "reasoning": piece, "reasoning_details": [{"type": "reasoning.text", "text": piece}]}
    assert server.thinking is not None
    return {server.thinking: piece}


def spoken(server: Personality, turn: Turn) -> Turn:
    """The same, with its reasoning in tags where the server has no field for it."""
    if turn.thinking and server.thinking in {None, "tags"}:
        tag = "thought" if server.thinking else "think"
        return replace(turn, text=f"<{tag}>{turn.thinking}</{tag}>\n{turn.text}", thinking="")
    return turn


def _calls(server: Personality, turn: Turn, form: Form) -> Iterator[dict[str, Any]]:
    """The deltas of tool calls: a name first and its arguments in pieces, or whole calls that are all the first."""
    for index, (name, arguments) in enumerate(turn.calls):
        call: dict[str, Any] = {"index": index, "id": f"call_{index}", "type": "function"}
        if server.one_index:
            yield {"tool_calls": [call | {"index": 0, "function": {"name": name, "arguments": arguments}}]}
            continue
        yield {"tool_calls": [call | {"function": {"name": name, "arguments": ""}}]}
        for piece in pieces(arguments, form.units):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _deltas(server: Personality, turn: Turn, form: Form) -> Iterator[dict[str, Any]]:
    """All deltas of a reply."""
    for piece in pieces(turn.thinking, form.units):
        yield _thought(server, piece)
    for piece in pieces(turn.commentary + turn.text, form.units):
        yield {"content": [{"type": "text", "text": piece}] if form.parts else piece}
    for piece in pieces(turn.refusal, form.units):
        yield {"content": None, "refusal": piece}
    yield from _calls(server, turn, form)


def _end(turn: Turn) -> str:
    """How a reply ends."""
    return "tool_calls" if turn.calls else "stop"


def _chunks(server: Personality, turn: Turn, form: Form) -> list[dict[str, Any]]:
    """The choices of the events of `chat`, the last of them with the end."""
    sent = [{"index": 0, "delta": delta, "finish_reason": None} for delta in _deltas(server, turn, form)]
    if form.unended:
        return sent
    if server.ends_with_text and sent:
        return [*sent[:-1], sent[-1] | {"finish_reason": _end(turn)}]
    return [*sent, {"index": 0, "delta": {}, "finish_reason": _end(turn)}]


def _continued(turn: Turn, form: Form) -> list[dict[str, Any]]:
    """The same of `completions`."""
    sent = [{"index": 0, "text": piece, "finish_reason": None} for piece in pieces(turn.text, form.units)]
    return [*sent, {"index": 0, "text": "", "finish_reason": "stop"}]


def _streamed(server: Personality, choices: Sequence[dict[str, Any]], counts: Counts | None) -> list[dict[str, Any]]:
    """The events of a reply around its choices, with the tokens where this server tells them."""
    around = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1764495000,
        "model": "m",
        **server.extra,
    }
    sent = [{**around, "choices": [{**choice, **server.in_choice}]} for choice in choices]
    if counts is None:
        return sent
    if server.has_timings:
        took = {"cache_n": counts.cached, "prompt_n": counts.read - counts.cached, "predicted_n": counts.written}
        sent[-1]["timings"] = took
    if server.usage == "each":
        for number, chunk in enumerate(sent[:-1], 1):
            chunk["usage"] = usage(server, Counts(counts.read, counts.cached, server.hidden + number))
    if server.usage in {"own", "beside"}:
        for chunk in sent:
            chunk["usage"] = None
        beside = [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
        choices_left = beside if server.usage == "beside" else []
        return [*sent, {**around, "choices": choices_left, "usage": usage(server, counts)}]
    sent[-1]["usage"] = usage(server, counts)
    return sent


def _around(server: Personality, choices: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """The events before and after the text."""
    whole = [each if "choices" in each else {"choices": [each]} for each in choices]
    return [event({**server.extra, **each}) for each in whole]


def _completion(server: Personality, turn: Turn, form: Form, counts: Counts | None) -> bytes:
    """A reply of `chat` as one completion."""
    text = turn.commentary + turn.text
    content = [{"type": "text", "text": text}] if form.parts else text or None
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if turn.thinking:
        thought = _thought(server, turn.thinking)
        parts = thought.pop("content", None)
        message |= thought
        if server.thinking == "parts":
            message["content"] = [*parts, {"type": "text", "text": turn.text}]
    if turn.refusal:
        message["refusal"] = turn.refusal
    if turn.calls:
        called = ({"name": name, "arguments": arguments} for name, arguments in turn.calls)
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": each} for each in called]
    choice = {"index": 0, "message": message, "finish_reason": _end(turn), **server.in_choice}
    said: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]}
    return server.blank + json.dumps(said | ({"usage": usage(server, counts)} if counts else {})).encode()


def chunked(events: Sequence[bytes], form: Form, ping: bytes, odd: Sequence[bytes] = ()) -> Sent:
    """Events as they arrive: with pings or odd events between them, or cut anywhere."""
    if form.odd:
        tight = [each.replace(b"data: ", b"data:") for each in events]
        events = [b"\xef\xbb\xbf", *(part for each in tight for part in (*odd, each))]
    if form.pings:
        between = (ping, *BETWEEN)
        events = [part.replace(b"\n", b"\r\n") for each in events for part in (*between, each)]
    if form.bytes:
        data = b"".join(events)
        events = [data[at : at + form.bytes] for at in range(0, len(data), form.bytes)]
    return Sent(200, STREAM, events)


def broken_off(server: Personality, events: Sequence[bytes], form: Form, read: int, half: int) -> Given:
    """A reply that fails in its middle, after `half` pieces of it, or as a whole; its tokens are told by no one."""
    body = server.body(server.trouble)
    around = {"id": "chatcmpl-1", "object": "chat.completion.chunk", **server.extra}
    if form.whole:
        choice = server.choice(body)
        choice["message"] = {"role": "assistant", "content": choice.pop("delta")["content"]}
        whole = json.dumps({**around, "object": "chat.completion", "choices": [choice]}).encode()
        return Given(Sent(200, JSON, [whole]))
    if form.fault == "choice":
        last = [event({**around, "choices": [server.choice(body)]}), DONE]
    else:
        last = [server.in_stream(body), DONE]
    return Given(Sent(200, STREAM, [*events, *last]), Counts(read, read // 2, half), told=False)


def replied(server: Personality, turn: Turn, form: Form, read: int, body: dict[str, Any]) -> Given:
    """A reply of `chat`."""
    turn = spoken(server, turn)
    counts = counted(turn, form, read, server.hidden)
    asked = bool((body.get("stream_options") or {}).get("include_usage"))
    told = form.told and (server.tells_unasked or server.has_timings or asked or form.whole)
    shown = counts if told else None
    if form.whole and form.fault is None:
        return Given(Sent(200, JSON, [_completion(server, turn, form, shown)]), counts, told)
    choices = _chunks(server, turn, form)
    opening = _around(server, server.opening)
    if form.fault in {"choice", "stream"}:
        half = len(choices) // 2
        begun = [event(each) for each in _streamed(server, choices[:half], None)]
        return broken_off(server, [*opening, *begun], form, read, half)
    plain = form.units == 1  # then a piece may be half a character, which is no UTF-8
    chunks = _streamed(server, choices, shown)
    events = [f"data: {json.dumps(each)}\n\n".encode() if plain else event(each) for each in chunks]
    closing = _around(server, server.closing)
    if form.fault == "end":
        closing.append(server.in_stream(server.body(server.trouble)))
    return Given(chunked([*opening, *events, *closing, DONE], form, server.ping, ODD), counts, told)


def continued(server: Personality, turn: Turn, form: Form, read: int, body: dict[str, Any]) -> Given:
    """A reply of `completions`."""
    counts = counted(turn, form, read, server.hidden)
    told = server.tells_unasked or server.has_timings or bool((body.get("stream_options") or {}).get("include_usage"))
    choices = _continued(turn, form)
    events = [event(each) for each in _streamed(server, choices, counts if told else None)]
    return Given(chunked([*events, DONE], form, server.ping), counts, told)


def refused(server: Personality, fault: Fault) -> Given:
    """A request that is not taken."""
    return Given(Sent(fault.status, JSON, [json.dumps(server.body(fault)).encode()]))
