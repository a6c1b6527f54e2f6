r"""Reads a tool call from JSON in any of its usual shapes, and writes it as a statement.

    {"name": "price", "arguments": {"item": "tea"}}                   also parameters, args, input, action_input …
    {"type": "function", "function": {"name": …, "arguments": "{\"item\": \"tea\"}"}}
    {"tool_calls": [ … ]}, {"function_call": { … }}, {"tool_uses": [ … ]}, and lists

An object is a call only if all its keys belong to a call: any other key makes it data.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from llmc_grammar.dialects.form import Target, Written, argument_name
from llmc_grammar.dialects.native.json_text import (
    HERE,
    Array,
    Object,
    Scalar,
    Special,
    String,
    Unreadable,
    Value,
    read_whole,
    write_value,
)
from llmc_grammar.errors.repairs import UnreadableCall
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

NAMES: Final = frozenset(
    ["name", "tool", "toolname", "toolcall", "function", "functionname", "action", "recipientname", "api", "method"]
)
"""Keys of a tool's name; keys are compared without case and separators."""

_ARGUMENTS: Final = ("arguments", "args", "parameters", "params", "input", "inputs")
ARGUMENTS: Final = frozenset(
    ["kwargs", *(before + word for before in ("", "tool", "function", "action") for word in _ARGUMENTS)]
)
"""Keys of a call's arguments."""

_WRAPPERS: Final = frozenset(
    ["toolcalls", "toolcall", "functioncalls", "functioncall", "tooluses", "tooluse", "command", "parts", "content"]
)
_PARALLEL: Final = frozenset(["multi_tool_use.parallel", "parallel"])
_PROTOCOL: Final = "tools/call"
_IDS: Final = frozenset(["id", "callid", "toolcallid", "tooluseid", "index"])
WORDS: Final = frozenset(
    ["thought", "thoughts", "reason", "reasoning", "rationale", "explanation", "comment", "plan", "analysis"]
)
"""Keys of a model's remarks about its calls."""

_MESSAGE: Final = frozenset(["role", "content", "refusal", "reasoningcontent"])
_TYPES: Final = frozenset(["function", "tool", "call", "toolcall", "functioncall", "tooluse"])
_CLASSICAL: Final = frozenset(["name", "arguments"])
_EXACT: Final = frozenset(
    [("name", "arguments"), ("name", "parameters"), ("action", "actioninput")]
    + [(name, given) for name in ("tool", "toolname") for given in ("args", "arguments", "parameters", "toolinput")]
)
"""Pairs of keys that make an object a call even if the tools are unknown."""

_SCHEMA_TYPES: Final = frozenset(
    ["string", "str", "integer", "int", "number", "float", "boolean", "bool", "array", "list", "object", "dict", "any"]
)
JOINS: Final = frozenset(["join", "finish", "finalanswer"])
_NAMED: Final = re.compile(r"\s*[A-Za-z_][\w.\-/: ]*\Z")
_ENCODINGS: Final = 3


@frozen
class Given:
    """An argument. Without a name it is positional or, if `lone`, for the tool's only required parameter."""

    name: str | None
    place: Span
    value: Value
    lone: bool = False


@frozen
class NativeCall:
    """A call.

    `is_classical` and `is_exact`: its keys are certainly those of a call. `is_bare`: it is a call only if its tool is
    known.
    """

    name: str
    name_place: Span
    arguments: tuple[Given, ...]
    span: Span
    is_classical: bool = False
    is_exact: bool = False
    is_bare: bool = False


def plain_key(key: str) -> str:
    """Return a key in lower case without separators."""
    return key.replace("_", "").replace("-", "").replace(" ", "").lower()


def native_calls(value: Value) -> Iterator[NativeCall]:
    """Yield the calls in a value; raises Unreadable if any part of it is not a call."""
    if isinstance(value, Array):
        if not value.items:
            raise Unreadable("it contains no call", value.span.start)
        for item in value.items:
            if isinstance(item, Array):
                raise Unreadable("a list in a list is not a call", item.span.start)
            yield from native_calls(item)
    elif isinstance(value, Object):
        yield from _calls_of_object(value)
    else:
        raise Unreadable("it is not a call", value.span.start)


def _calls_of_object(value: Object) -> Iterator[NativeCall]:
    """Yield an object as a call, or the calls that it wraps."""
    keys = keyed(value)
    wrappers = [key for key in keys if key in _WRAPPERS and isinstance(keys[key][1], Array | Object)]
    if len(wrappers) == 1:
        for key in keys.keys() - wrappers:
            _check_extra(key, *keys[key], message=True)
        yield from native_calls(_without_speech(keys[wrappers[0]][1]))
        return
    yield from _unfolded(native_call(value, keys))


def _without_speech(value: Value) -> Value:
    """Return a message without its text parts."""
    if not isinstance(value, Array):
        return value
    return replace(value, items=tuple(item for item in value.items if not _is_speech(item)))


def _is_speech(value: Value) -> bool:
    """Whether a part of a message is text."""
    match value:
        case Object(entries=((String(value="text"), String()),)):
            return True
        case Object(entries=((String(value="type"), String(value="text")), (String(value="text"), String()))):
            return True
        case _:
            return False


def _unfolded(call: NativeCall) -> Iterator[NativeCall]:
    """Yield a call, or the calls in its arguments if it only wraps others."""
    names = [given.name for given in call.arguments]
    if call.name in _PARALLEL and names == ["tool_uses"]:
        yield from native_calls(call.arguments[0].value)
    elif call.name == _PROTOCOL and "name" in names:
        entries = tuple((String(given.name or "", given.place, HERE), given.value) for given in call.arguments)
        yield from native_calls(Object(entries, call.span))
    else:
        yield call


def keyed(value: Object) -> dict[str, tuple[String, Value]]:
    """Return the entries of an object by plain key; raises Unreadable if a key repeats."""
    keys: dict[str, tuple[String, Value]] = {}
    for key, item in value.entries:
        plain = plain_key(key.value)
        if plain in keys:
            raise Unreadable(f"the key `{key.value}` appears twice", key.span.start)
        keys[plain] = key, item
    return keys


def native_call(value: Object, keys: dict[str, tuple[String, Value]]) -> NativeCall:
    """Return an object as a call; raises Unreadable."""
    names = [key for key in keys if key in NAMES]
    given = [key for key in keys if key in ARGUMENTS]
    if len(names) != 1:
        raise Unreadable("it names no tool" if not names else "it names two tools", value.span.start)
    if len(given) > 1:
        raise Unreadable("its arguments appear twice", keys[given[1]][0].span.start)
    for key in keys.keys() - {*names, *given}:
        _check_extra(key, *keys[key])
    name = keys[names[0]][1]
    if isinstance(name, Object) and not given:
        return replace(native_call(name, keyed(name)), span=value.span)
    if not isinstance(name, String) or not name.value.strip():
        raise Unreadable("the name of its tool is not a string", name.span.start)
    return make_call(name, (names[0], *given), keys[given[0]][1] if given else None, value.span)


def make_call(name: String, keys: tuple[str, ...], given: Value | None, span: Span) -> NativeCall:
    """Return a call made from its parts."""
    arguments = arguments_of(given)
    if any(one.name is None for one in arguments) and keys != ("action", "actioninput"):
        is_bare = True
    else:
        is_bare = given is None or (isinstance(given, Scalar) and not arguments)
    is_exact = not is_bare and keys in _EXACT
    is_classical = not is_bare and frozenset(keys) == _CLASSICAL
    return NativeCall(name.value, name.content, arguments, span, is_classical, is_exact, is_bare)


def _check_extra(key: str, name: String, value: Value, *, message: bool = False) -> None:
    """Raise Unreadable unless an extra entry of a call carries no meaning."""
    text = value.value if isinstance(value, String) else None
    allowed = (
        (key in _IDS and isinstance(value, String | Scalar))
        or (key == "type" and text is not None and plain_key(text) in _TYPES)
        or (key in WORDS and is_said(value))
        or (key == "jsonrpc" and text is not None)
        or (message and key in _MESSAGE and (text is not None or _is_null(value)))
    )
    if not allowed:
        raise Unreadable(f"`{name.value[:40]}` is not a key of a call", name.span.start)


def is_said(value: Value) -> bool:
    """Whether a value is only text, or an object of texts."""
    if isinstance(value, Object):
        return all(isinstance(item, String | Scalar) for _, item in value.entries)
    return isinstance(value, String | Scalar)


def _is_null(value: Value) -> bool:
    """Whether a value is null."""
    return isinstance(value, Scalar) and value.text == "null"


def arguments_of(given: Value | None) -> tuple[Given, ...]:
    """Return a value as arguments; raises Unreadable."""
    if given is None or _is_null(given):
        return ()
    match decoded(given):
        case Object() as named:
            if is_definition(named):
                raise Unreadable("this defines a tool and does not call it", named.span.start)
            return tuple(Given(key.value, key.span, value) for key, value in named.entries)
        case Array(items=items):
            pairs = tuple(pair for pair in map(_pair, items) if pair is not None)
            return pairs if len(pairs) == len(items) else tuple(Given(None, item.span, item) for item in items)
        case String(value=text) if not text.strip():
            return ()
        case other:
            return (Given(None, other.span, other, lone=True),)


def _pair(value: Value) -> Given | None:
    """Return `{"name": "item", "value": "tea"}` as an argument, None for any other value."""
    match value:
        case Object(entries=((String(value="name"), String() as name), (String(value="value"), inner))):
            return Given(name.value, name.content, inner)
        case _:
            return None


def decoded(value: Value) -> Value:
    """Return the object or list in a string of JSON, or the value itself; raises Unreadable if the JSON is cut off."""
    inner = value
    for _ in range(_ENCODINGS):
        if not isinstance(inner, String) or inner.value.strip()[:1] not in ("{", "[", '"'):
            break
        inner = read_whole(inner.value, inner.places)
    return inner if isinstance(inner, Object | Array) else value


def is_definition(value: Object) -> bool:
    """Whether an object describes parameters, as a JSON Schema or in a short form."""
    keys = {key.value: item for key, item in value.entries}
    kind = keys.get("type")
    if isinstance(kind, String) and kind.value == "object" and isinstance(keys.get("properties"), Object):
        return True
    return bool(keys) and all(isinstance(item, Object) and _is_parameter(item) for item in keys.values())


def _is_parameter(value: Object) -> bool:
    """Whether an object describes a parameter, with a type."""
    kinds = [item for key, item in value.entries if key.value == "type"]
    return any(isinstance(kind, String) and kind.value.lower().split("[")[0] in _SCHEMA_TYPES for kind in kinds)


def is_join(call: NativeCall, target: Target) -> bool:
    """Whether a call is a join: it has such a name, and no tool does."""
    return plain_key(call.name) in JOINS and not target.has(call.name)


def is_known(call: NativeCall, target: Target) -> bool:
    """Whether the toolbox is known and has the tool of a call."""
    tool = target.tool(call.name)
    return tool is not None and target.has(tool)


def is_named(call: NativeCall, target: Target) -> bool:
    """Whether a call's name can be the name of a tool."""
    return is_known(call, target) or _NAMED.match(call.name) is not None


def may_be_bare(call: NativeCall, target: Target) -> bool:
    """Whether a bare call has a known tool and, if it has no arguments, the tool requires none."""
    return is_known(call, target) and (bool(call.arguments) or not target.required(target.tool(call.name) or ""))


def write_call(call: NativeCall, target: Target, index: int, special: Special | None = None) -> Written:
    """Return a call as a statement, refused if its name cannot be a tool's."""
    tool = target.tool(call.name)
    if tool is None:
        return refused(f"`{call.name[:40]}` cannot be the name of a tool", call.name_place, target, index)
    written = Written()
    written.add(target.binder(index), call.span.start)
    place = call.name_place
    start = place.end - len(tool) if call.name.endswith(tool) and place.end - len(tool) > place.start else place.start
    written.add(tool, start, place.end)
    _write_arguments(written, call, target.required(tool), special)
    return written


def write_join(call: NativeCall, special: Special | None = None) -> Written:
    """Return a call that ends a plan as its join; a single named value becomes positional."""
    written = Written()
    written.add("join", *call.name_place)
    alone = call.arguments if len(call.arguments) > 1 else [replace(one, name=None) for one in call.arguments]
    _write_arguments(written, replace(call, arguments=tuple(alone)), None, special)
    return written


def _write_arguments(
    written: Written, call: NativeCall, required: tuple[str, ...] | None, special: Special | None
) -> None:
    """Write the arguments of a call in their brackets."""
    written.add("(", call.name_place.end)
    for index, given in enumerate(call.arguments):
        written.add(", " if index else "", given.place.start)
        name = given.name
        if given.lone and required is not None:
            name = required[0] if len(required) == 1 else None
            if name is None:
                why = f"`{call.name}` does not take a single value, and its arguments have no names"
                written.found.append(UnreadableCall(span=given.place, why=why))
        if name is not None:
            _write_name(written, name, given.place)
        write_value(written, given.value, special)
    written.add(")", max(call.span.end - 1, call.span.start), call.span.end)


def _write_name(written: Written, name: str, place: Span) -> None:
    """Write the name of an argument."""
    plain = argument_name(name)
    if plain is None:
        written.found.append(UnreadableCall(span=place, why=f"`{name[:40]}` cannot be the name of an argument"))
    written.add(f"{plain or 'unnamed'}=", *place)


def refused(why: str, place: Span, target: Target, index: int) -> Written:
    """Return a refused statement at a span."""
    written = Written([UnreadableCall(span=place, why=why)])
    written.add(f"{target.binder(index)}null", *place)
    return written
