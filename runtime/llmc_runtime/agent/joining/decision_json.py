"""A joiner's decision as JSON, with the keys of its schema or with those of other prompts.

    {"thought": "…", "action": "Finish", "text": "42"}
    {"action": "Final Answer", "action_input": 42}      {"answer": 42}      {"action": "Replan(the height)"}
    {"name": "finish", "arguments": {"answer": "42"}}   {"finish": {"text": "42"}}

A value that is not a text becomes the answer as JSON text. JSON with other keys may be data, and is not a decision.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from llmc_grammar.dialects.native.json_text import Array, Object, Scalar, String, Unreadable, Value, read_whole
from llmc_runtime.agent.joining.decisions import KINDS, Decision, Finish, Replan

_FINISH: Final = ("finish", "final_answer", "answer")
_REPLAN: Final = ("replan", "re_plan")
_ACTIONS: Final = ("action", "decision", "name", "tool", "function", "tool_call", "tool_calls")
_THOUGHTS: Final = ("thought", "thoughts", "reasoning", "rationale", "explanation")
_TEXTS: Final = (
    "text",
    *_FINISH,
    "action_input",
    "input",
    "arguments",
    "args",
    "parameters",
    "content",
    "result",
    "response",
    "value",
    "output",
)
_REASONS: Final = (*_TEXTS, *_REPLAN, "missing", "still_missing", "reason", "why", "what")
_BESIDE: Final = ("confidence", "sources", "citations", "references", "is_final", "final", "done")
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FIRST: Final = json.JSONDecoder(strict=False)
_DEEPEST: Final = 3


def decided_strictly(text: str) -> Decision | None:
    """Return the decision in JSON that follows the schema, possibly with text around it."""
    match _loaded(text):
        case {"thought": str(thought), "action": str(action), "text": str(said)} if action.lower() in KINDS:
            return KINDS[action.lower()](said, thought)
    return None


def decided(text: str, written: Callable[[str], Decision | None], *, final: bool) -> Decision | None:
    """Return the decision in JSON in any of the forms above; `written` reads the text of an action, `Finish(42)`."""
    strict = decided_strictly(text)
    if strict is not None:
        return strict
    try:
        return _of(_loaded(text), written, final=final, depth=0)
    except (ValueError, RecursionError):
        return None


def _loaded(text: str) -> object:
    """Return the JSON object between the outermost braces of a text, or None; reads variants of JSON too."""
    inside = text[text.find("{") : text.rfind("}") + 1]
    try:
        return json.loads(inside, strict=False)  # allows line ends in texts
    except (ValueError, RecursionError):
        pass
    try:
        return _FIRST.raw_decode(inside)[0]  # the first of several objects, such as one decision on each line
    except (ValueError, RecursionError):
        pass
    try:
        return _plain(read_whole(inside)) if inside else None
    except (Unreadable, ValueError):
        return None


def _plain(value: Value) -> object:
    """Convert a value to plain Python data."""
    match value:
        case Scalar(text=text):
            return json.loads(text)
        case String(value=text):
            return text
        case Array(items=items):
            return [_plain(item) for item in items]
        case Object(entries=entries):
            return {key.value: _plain(entry) for key, entry in entries}


def _of(data: object, written: Callable[[str], Decision | None], *, final: bool, depth: int) -> Decision | None:
    """Return the decision of an object."""
    if not isinstance(data, dict) or depth > _DEEPEST:
        return None
    fields = {_folded(key): value for key, value in data.items()}
    is_wanted = any(fields.get(key) is True for key in _REPLAN)
    fields = {key: value for key, value in fields.items() if not _says_nothing(key, value)}
    thought = next((value for key in _THOUGHTS if isinstance(value := fields.get(key), str)), "")
    named = next((fields[key] for key in _ACTIONS if key in fields), None)
    if isinstance(named, list) and len(named) == 1:
        named = named[0]
    if is_wanted:
        return _made(Replan, fields, thought)
    if isinstance(named, dict):
        return _with(_of(named, written, final=final, depth=depth + 1), thought)
    if isinstance(named, str):
        kind = _kind(named)
        return _with(written(named), thought) if kind is None else _made(kind, fields, thought)
    match [(key, value) for key, value in fields.items() if key not in _THOUGHTS and key not in _BESIDE]:
        case [(key, value)] if (kind := _kind(key)) is not None:
            return _made(kind, {"text": value}, thought)
        # A text alone could also be the reason for a replan.
        case [("text", value)] if final or not isinstance(value, str):
            return _made(Finish, {"text": value}, thought)
    return None


def _says_nothing(key: str, value: object) -> bool:
    """Whether a field is only a flag of a decision, or an empty field for the other decision: `"replan": null`."""
    if key in _REPLAN or key in _FINISH:
        return value is None or value == "" or (isinstance(value, bool) and not key.endswith("answer"))
    return False


def _made(kind: type[Decision], fields: Mapping[str, Any], thought: str) -> Decision | None:
    """Build a decision of a kind; an answer needs a text, and the reason for a replan may be in the thought alone."""
    texts = (_text(fields[key]) for key in (_TEXTS if kind is Finish else _REASONS) if key in fields)
    said = next(filter(None, texts), "")
    return kind(said, thought) if said or kind is Replan else None


def said(text: str) -> str:
    """Return the text in an object whose one key names a text, `{"answer": "42"}`; else the text itself."""
    return _text(text)


def _text(value: object, depth: int = 0) -> str:
    """Return a value as text, empty for null; an object whose one key names a text counts as that text."""
    match _loaded(value) if isinstance(value, str) and value.lstrip().startswith("{") else value:
        case dict(inside) if len(inside) == 1 and depth <= _DEEPEST:
            key, said = next(iter(inside.items()))
            if _folded(key) in _REASONS:
                return _text(said, depth + 1)
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _kind(word: str) -> type[Decision] | None:
    """Return the decision that a word names."""
    folded = _folded(word.removesuffix("()"))
    return Finish if folded in _FINISH else Replan if folded in _REPLAN else None


def _with(decision: Decision | None, thought: str) -> Decision | None:
    """Return the decision with the thought of the object around it."""
    return decision if decision is None or not thought else replace(decision, thought=thought)


def _folded(word: object) -> str:
    """Return a key in lower case, with underscores between its words."""
    spaced = _CAPITAL.sub(" ", str(word)).replace("_", " ").replace("-", " ")
    return "_".join(spaced.lower().split())
