"""The replies of the API `responses`: items, each with its events, and the whole of them at the end."""

import json
from typing import Any, Final

from tests.agent.events import event
from tests.agent.server import Sent
from tests.agent.servers.personality import Counts, Fault, Personality
from tests.agent.servers.replies import Form, Turn, pieces
from tests.agent.servers.sending import JSON, STREAM, Given, chunked, counted

Event = dict[str, Any]

DONE: Final = b"data: [DONE]\n\n"
"""OpenAI sends none; gateways in front of it do."""


ODD: Final = tuple(
    map(
        event,
        (
            {},
            {"type": "response.ping"},
            {"type": "response.in_progress", "response": None},
            {"type": "response.output_item.added", "output_index": 9, "item": None},
            {"type": "response.output_text.delta", "output_index": 1, "delta": None},
        ),
    )
)
"""Events that say nothing of the reply."""


def named(sent: Event, *, as_ascii: bool = False) -> bytes:
    """An event with its name on a line of its own."""
    return f"event: {sent['type']}\ndata: {json.dumps(sent, ensure_ascii=as_ascii)}\n\n".encode()


def usage(counts: Counts) -> dict[str, Any]:
    """The tokens of a reply."""
    return {
        "input_tokens": counts.read,
        "input_tokens_details": {"cached_tokens": counts.cached},
        "output_tokens": counts.written,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.read + counts.written,
    }


def _message(number: int, text: str, phase: str) -> Event:
    """An item with text."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"id": f"msg_{number}", "type": "message", "role": "assistant", "phase": phase, "content": [part]}


def _refusal(number: int, text: str) -> Event:
    """An item with a refusal."""
    part = {"type": "refusal", "refusal": text}
    return {"id": f"msg_{number}", "type": "message", "role": "assistant", "content": [part]}


def items(turn: Turn) -> list[Event]:
    """The items of a reply."""
    made: list[Event] = []
    if turn.thinking:
        made.append({"id": "rs_0", "type": "reasoning", "summary": [{"type": "summary_text", "text": turn.thinking}]})
    if turn.commentary:
        made.append(_message(len(made), turn.commentary, "commentary"))
    if turn.text or not (turn.calls or turn.refusal or turn.thinking):
        made.append(_message(len(made), turn.text, "final_answer"))
    if turn.refusal:
        made.append(_refusal(len(made), turn.refusal))
    for name, arguments in turn.calls:
        call = {"id": f"fc_{len(made)}", "type": "function_call", "call_id": "call_1", "name": name}
        made.append(call | {"arguments": arguments})
    return made


def _deltas(item: Event, at: int, form: Form) -> list[Event]:
    """The pieces of an item."""
    where = {"item_id": item["id"], "output_index": at}
    if item["type"] == "function_call":
        kind, text = "function_call_arguments", item["arguments"]
    elif item["type"] == "reasoning":
        kind, text = "reasoning_summary_text", item["summary"][0]["text"]
        where["summary_index"] = 0
    else:
        part = item["content"][0]
        kind = part["type"]
        text = part["refusal" if kind == "refusal" else "text"]
        where["content_index"] = 0
    sent = [{"type": f"response.{kind}.delta", **where, "delta": piece} for piece in pieces(text, form.units)]
    if form.parts:
        sent = []  # some gateways send whole items alone
    name = {"function_call_arguments": "arguments", "refusal": "refusal"}.get(kind, "text")
    return [*sent, {"type": f"response.{kind}.done", **where, name: text}]


def _events(turn: Turn, form: Form) -> list[Event]:
    """The events of all items."""
    sent: list[Event] = []
    for at, item in enumerate(items(turn)):
        empty = item | {key: [] for key in ("content", "summary") if key in item}
        empty |= {"arguments": ""} if "arguments" in item else {}
        sent.append({"type": "response.output_item.added", "output_index": at, "item": empty})
        sent += _deltas(item, at, form)
        sent.append({"type": "response.output_item.done", "output_index": at, "item": item})
    return sent


def _response(turn: Turn | None, counts: Counts | None, **how: object) -> Event:
    """The response as an object."""
    made = {"id": "resp_1", "object": "response", "model": "m", "error": None, "incomplete_details": None}
    output = [] if turn is None else items(turn)
    return made | {"output": output, "usage": None if counts is None else usage(counts)} | how


def _failed(fault: Fault) -> Event:
    """The last event of a response that failed."""
    error = {"code": fault.code or "server_error", "message": fault.message}
    return {"type": "response.failed", "response": _response(None, None, status="failed", error=error)}


def _error(fault: Fault) -> Event:
    """An error in the stream."""
    return {"type": "error", "code": "server_error", "message": fault.message, "param": None}


def _broken_off(server: Personality, begun: list[Event], form: Form, read: int) -> Given:
    """A reply that fails in its middle."""
    half = sum(each["type"].endswith(".delta") for each in begun)
    fault = server.trouble
    events = [*begun, _failed(fault) if form.fault == "choice" else _error(fault)]
    return Given(Sent(200, STREAM, list(map(named, events))), Counts(read, read // 2, half), told=False)


def responded(server: Personality, turn: Turn, form: Form, read: int, _body: dict[str, Any]) -> Given:
    """A reply."""
    counts = counted(turn, form, read)
    told = counts if form.told and not form.unended else None
    whole = _response(turn, told, status="completed")
    if form.whole and form.fault:
        whole = _failed(server.trouble)["response"]
        return Given(Sent(200, JSON, [json.dumps(whole).encode()]))
    if form.whole:
        return Given(Sent(200, JSON, [json.dumps(whole).encode()]), counts, told is not None)
    first = {"type": "response.created", "response": _response(None, None, status="in_progress")}
    sent = [first, first | {"type": "response.in_progress"}, *_events(turn, form)]
    if form.fault in {"choice", "stream"}:
        return _broken_off(server, sent[: len(sent) // 2], form, read)
    if not form.unended:
        sent.append({"type": "response.completed", "response": whole})
    if form.fault == "end":
        sent.append(_error(server.trouble))
    numbered = [each | {"sequence_number": number} for number, each in enumerate(sent)]
    events = [named(each, as_ascii=form.units == 1) for each in numbered]
    return Given(
        chunked([*events, *([DONE] if form.unended else [])], form, server.ping, ODD), counts, told is not None
    )


def failed(fault: Fault) -> Given:
    """A request that is taken and then fails at once."""
    return Given(Sent(200, STREAM, [named(_failed(fault))]))
