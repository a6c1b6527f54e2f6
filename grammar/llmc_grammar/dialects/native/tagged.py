"""Tool calls in the marks of chat templates: JSON, XML, or a name followed by JSON.

    <tool_call>{"name": …, "arguments": …}</tool_call>                     Hermes, Qwen, Granite, Phi; also in lists
    <function=price><parameter=item>tea</parameter></function>             Qwen Coder, Seed, Nemotron
    <invoke name="price"><parameter name="item">tea</parameter></invoke>   Anthropic, MiniMax, DeepSeek
    <tool_call>price<arg_key>item</arg_key><arg_value>tea</arg_value>      GLM
    [TOOL_CALLS]price[ARGS]{"item": "tea"}                                 Mistral; alike DeepSeek, Kimi and gpt-oss

Text outside the marks is prose. Text inside them is a call or a mistake; it is never ignored.
"""

import re
from typing import Final

from llmc_grammar.dialects.native.bare_json import END_MARKS
from llmc_grammar.dialects.native.json_text import (
    Array,
    JsonPlaces,
    Object,
    Scalar,
    String,
    Unreadable,
    Value,
    read_json,
    read_whole,
    skip_blanks,
)
from llmc_grammar.dialects.native.native_call import Given, NativeCall, arguments_of, native_calls
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span
from llmc_grammar.tool_marks import CLOSING, MARKS, OPENING, TURN, mark_of

_PREFIX: Final = r"(?:\uff5cDSML\uff5c|[A-Za-z]+:)?"
_ELEMENTS: Final = ("<function=", "<function name=", "<invoke ")
_OPENERS: Final = "|".join(re.escape(mark.opening) for mark in MARKS if mark.opening not in _ELEMENTS)
_BETWEEN: Final = re.compile(rf"(?:[\s,;]|```\w*[ \t\r]*(?=\n|\Z|[{{\[<])|{_OPENERS})+")
_CLOSERS: Final = re.compile(
    rf"{CLOSING.pattern}|<\|/tool_calls?\|>|</{_PREFIX}(?:tool_calls?|function_calls?|tools?|function|invoke)>"
)
_FUNCTION: Final = re.compile(r"<function(?:=|\s+name=)[\"']?(?P<name>[^<>\"'\s{]+)[\"']?\s*(?:>|(?={))\s*")
_INVOKE: Final = re.compile(rf"<{_PREFIX}invoke\s+name=[\"'](?P<name>[^<>\"'\n]+)[\"'][^<>\n]*>\s*")
_ELEMENT: Final = re.compile(rf"<(?:function[= ]|{_PREFIX}invoke )")
_PARAMETER: Final = re.compile(
    rf"<{_PREFIX}parameter(?:=[\"']?(?P<plain>[^<>\"'\n]+?)[\"']?|\s+name=[\"'](?P<quoted>[^<>\"'\n]+)[\"']"
    r"(?P<more>[^<>\n]*))\s*>"
)
_PARAMETER_END: Final = re.compile(rf"</{_PREFIX}parameter>\s*")
_ELEMENT_END: Final = re.compile(rf"</{_PREFIX}(?:function|invoke)>")
_NAMED: Final = re.compile(
    r"(?:function<\uff5ctool\u2581sep\uff5c>)?(?P<name>[A-Za-z_][\w.\-/]*)(?::[0-9]+)?\s*(?:\[CALL_ID\]\w+)?"
    r"(?:\[ARGS\]|<\uff5ctool\u2581sep\uff5c>|<\|tool_call_argument_begin\|>|<tool_sep>"
    r"|[ ]?(?:<\|constrain\|>)?(?:json|code)?<\|message\|>)?\s*(?:```\w*\s*)?"
)
_NAME_TAG: Final = re.compile(r"<(?P<tag>tool_name|function_name|name)>\s*(?P<name>[A-Za-z_][\w.\-]*)\s*</(?P=tag)>\s*")
_ARGUMENTS_TAG: Final = re.compile(r"<(?P<tag>parameters|arguments|args|input|tool_input)>\s*")
_CHILD: Final = re.compile(r"\s*<(?P<name>[A-Za-z_]\w*)>(?P<value>[^<]*)</(?P=name)>")
_ARG_KEY: Final = re.compile(r"<arg_key>(?P<key>[^<>]*)</arg_key>\s*<arg_value>")
_ARG_END: Final = re.compile(r"</arg_value>\s*")
_TOKENS: Final = ("<|", "<\uff5c")
"""The beginnings of special tokens, which prose does not mention."""

_LONGEST: Final = 80
"""An upper bound of the length of a closing mark."""

_BLANKS: Final = re.compile(r"(?:[\s,;]|```)*")
_REST: Final = ("{", "[", "}", "]", ")", '"')
"""Characters that cannot begin prose after a call."""

_LINE_END: Final = re.compile(r"\r\n")


@frozen
class Problem:
    """A call that cannot be read, and the span at which reading stopped."""

    why: str
    place: Span


@frozen
class Block:
    """The calls in a pair of marks."""

    span: Span
    calls: tuple[NativeCall | Problem, ...]


def read_marked(text: str) -> tuple[list[Block], Span | None]:
    """Return the blocks of calls in a text, and the span of the text after the end of the reply."""
    return _Marked(text).read()


class _Marked:
    """Reads the blocks of one text; `_spare` bounds the characters read in vain."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spare = 4 * len(text)
        self._dry: dict[re.Pattern[str], int] = {}

    def read(self) -> tuple[list[Block], Span | None]:
        """Read all blocks of the reply."""
        blocks: list[Block] = []
        offset = 0
        while opening := OPENING.search(self._text, offset):
            turn = TURN.search(self._text, offset, opening.start()) if blocks else None
            if turn:
                return blocks, Span(turn.end(), len(self._text))
            if self._is_mention(opening):
                offset = _past(_BETWEEN, self._text, opening.end())
                continue
            block = self._block(opening)
            blocks.append(block)
            offset = max(block.span.end, opening.end())
        return blocks, None

    def _is_mention(self, opening: re.Match[str]) -> bool:
        """Whether prose only mentions the mark: in quotes, or in a sentence without a closing mark."""
        text = self._text
        if text[opening.start() - 1 : opening.start()] in ("`", '"', "'"):
            return True
        if opening[0].startswith(_TOKENS):
            return False
        offset = opening.start() if opening[0] in _ELEMENTS else _past(_BETWEEN, text, opening.end())
        if offset >= len(text) or text[offset] in "{[<" or self._is_named(offset):
            return False
        return mark_of(opening[0]).closing is None or self._find(_CLOSERS, offset) is None

    def _is_named(self, offset: int) -> bool:
        """Whether a tool's name begins at an offset, with arguments or with nothing after it."""
        named = _NAMED.match(self._text, offset)
        following = self._text[named.end() : named.end() + 1] if named else " "
        return following in ("{", "<", "(", "")

    def _find(self, pattern: re.Pattern[str], offset: int) -> re.Match[str] | None:
        """Find a pattern from an offset on; a failed search is not repeated from a later offset."""
        dry = self._dry.get(pattern, len(self._text))
        match = pattern.search(self._text, offset, dry + _LONGEST) if offset < dry else None
        if match is None:
            self._dry[pattern] = min(offset, dry)
        return match

    def _block(self, opening: re.Match[str]) -> Block:
        """Read the calls from an opening mark to its closing mark, or as far as the text can be read."""
        calls: list[NativeCall | Problem] = []
        try:
            offset = self._content(opening, calls)
        except Unreadable as stop:
            offset = self._after(opening, stop)
            calls.append(Problem(stop.why, Span(stop.at, min(stop.at + 1, len(self._text)))))
        return Block(Span(opening.start(), offset), tuple(calls))

    def _content(self, opening: re.Match[str], calls: list[NativeCall | Problem]) -> int:
        """Read calls after an opening mark; return the offset after its closing mark; raises Unreadable."""
        text, offset = self._text, opening.end()
        is_open = mark_of(opening[0]).closing is not None
        if opening[0] in _ELEMENTS:
            offset, is_open = opening.start(), False
        while True:
            end = offset
            offset = _past(_BETWEEN if is_open or not calls else _BLANKS, text, offset)
            closer = _CLOSERS.match(text, offset)
            if closer and not calls:
                raise Unreadable("these marks contain no call", opening.end())
            if closer:
                return closer.end()
            if calls and self._may_end(offset, is_open=is_open):
                return offset if is_open else end
            item, offset = self._item(offset, is_first=not calls)
            calls += item

    def _may_end(self, offset: int, *, is_open: bool) -> bool:
        """Whether calls may end at an offset without a closing mark."""
        if is_open:
            return _past(END_MARKS, self._text, offset) == len(self._text)
        if OPENING.match(self._text, offset):
            return True
        named = _NAMED.match(self._text, offset)
        is_call = named is not None and self._text[named.end() : named.end() + 1] == "{"
        return not is_call and self._text[offset : offset + 1] not in _REST and not _ELEMENT.match(self._text, offset)

    def _after(self, opening: re.Match[str], stop: Unreadable) -> int:
        """Return the offset to continue at after a block that cannot be read."""
        self._spare -= stop.reach - opening.end()
        closer = self._find(_CLOSERS, opening.end())
        return closer.end() if closer and self._spare > 0 else len(self._text)

    def _item(self, offset: int, *, is_first: bool) -> tuple[list[NativeCall], int]:
        """Read one call, or a list of calls."""
        text = self._text
        if text[offset : offset + 1] in ("{", "["):
            value, end = read_json(text, offset)
            return list(native_calls(value)), end
        element = _FUNCTION.match(text, offset) or _INVOKE.match(text, offset)
        if element:
            return self._element(element)
        tag = _NAME_TAG.match(text, offset)
        if tag:
            return self._tags(tag)
        named = _NAMED.match(text, offset)
        if named is None:
            raise Unreadable("the text ends inside it" if offset >= len(text) else "this is not a call", offset)
        return self._named(named, is_first=is_first)

    def _named(self, named: re.Match[str], *, is_first: bool) -> tuple[list[NativeCall], int]:
        """Read a name followed by JSON or `<arg_key>`."""
        text, offset = self._text, named.end()
        arguments: tuple[Given, ...] = ()
        if text[offset : offset + 1] == "{":
            value, offset = read_json(text, offset)
            arguments = arguments_of(value)
        elif text.startswith("<arg_key>", offset):
            arguments, offset = self._pairs(offset)
        elif not is_first or not _CLOSERS.match(text, offset):
            why = "the text ends inside it" if offset >= len(text) and is_first else "this is not a call"
            raise Unreadable(why, named.start())
        is_bare = offset == named.end()
        place, span = Span(*named.span("name")), Span(named.start(), offset)
        return [NativeCall(named["name"], place, arguments, span, is_bare=is_bare)], offset

    def _pairs(self, offset: int) -> tuple[tuple[Given, ...], int]:
        """Read pairs of `<arg_key>` and `<arg_value>`."""
        pairs: list[Given] = []
        while key := _ARG_KEY.match(self._text, offset):
            end = self._find(_ARG_END, key.end())
            if end is None:
                raise Unreadable("an `<arg_value>` has no end", key.start())
            value = parameter_value(self._text, key.end(), end.start())
            pairs.append(Given(key["key"].strip(), Span(*key.span("key")), value))
            offset = end.end()
        return tuple(pairs), offset

    def _element(self, element: re.Match[str]) -> tuple[list[NativeCall], int]:
        """Read a call in XML with parameters or JSON as its content."""
        text, offset = self._text, element.end()
        arguments: list[Given] = []
        if text[offset : offset + 1] == "{":
            value, offset = read_json(text, offset)
            arguments += arguments_of(value)
        while parameter := _PARAMETER.match(text, offset):
            given, offset = self._parameter(parameter)
            arguments.append(given)
        offset = skip_blanks(text, offset)
        end = _ELEMENT_END.match(text, offset)
        if end is None and not (arguments and _CLOSERS.match(text, offset)):
            why = "the text ends inside it" if offset >= len(text) else "only parameters may appear here"
            raise Unreadable(why, offset)
        offset = end.end() if end else offset
        name = Span(*element.span("name"))
        return [NativeCall(element["name"], name, tuple(arguments), Span(element.start(), offset))], offset

    def _tags(self, tag: re.Match[str]) -> tuple[list[NativeCall], int]:
        """Read a call with separate tags for its name and its arguments; arguments are JSON or have one tag each."""
        arguments: list[Given] = []
        offset = tag.end()
        opening = _ARGUMENTS_TAG.match(self._text, offset)
        if opening:
            offset = opening.end()
            if self._text[offset : offset + 1] == "{":
                value, offset = read_json(self._text, offset)
                arguments += arguments_of(value)
            while child := _CHILD.match(self._text, offset):
                value = parameter_value(self._text, *child.span("value"))
                arguments.append(Given(child["name"], Span(*child.span("name")), value))
                offset = child.end()
            offset = skip_blanks(self._text, offset)
            end = f"</{opening['tag']}>"
            if not self._text.startswith(end, offset):
                raise Unreadable(f"`<{opening['tag']}>` has no end", opening.start())
            offset += len(end)
        elif not _CLOSERS.match(self._text, offset):
            raise Unreadable(
                "the text ends inside it" if offset >= len(self._text) else "its arguments are missing", offset
            )
        return [NativeCall(tag["name"], Span(*tag.span("name")), tuple(arguments), Span(tag.start(), offset))], offset

    def _parameter(self, parameter: re.Match[str]) -> tuple[Given, int]:
        """Read a parameter."""
        group = "plain" if parameter["plain"] else "quoted"
        end = self._find(_PARAMETER_END, parameter.end())
        if end is None:
            raise Unreadable(f"the parameter `{parameter[group]}` has no end", parameter.start())
        if inner := _PARAMETER.search(self._text, parameter.end(), end.start()):
            raise Unreadable("a parameter is inside another one", inner.start())
        is_text = 'string="true"' in (parameter["more"] or "")
        value = parameter_value(self._text, parameter.end(), end.start(), is_text=is_text)
        return Given(parameter[group], Span(*parameter.span(group)), value), end.end()


def _past(pattern: re.Pattern[str], text: str, offset: int) -> int:
    """Return the offset after a pattern, or the offset itself."""
    match = pattern.match(text, offset)
    return match.end() if match else offset


def parameter_value(text: str, start: int, end: int, *, is_text: bool = False) -> Value:
    """Return the value between two tags: JSON other than a string, else the text without one surrounding line break."""
    inner = text[start:end]
    if not is_text:
        try:
            value = read_whole(inner, JsonPlaces(((0, start),)))
        except Unreadable:
            value = None
        if isinstance(value, Scalar | Array | Object):
            return value
    lead = 2 if inner.startswith("\r\n") else int(inner.startswith("\n"))
    trail = 2 if inner.endswith("\r\n") else int(inner.endswith("\n"))
    start, end = start + lead, max(end - trail, start + lead)
    pairs, length, offset = [(0, start)], 0, start
    for line_end in _LINE_END.finditer(text, start, end):
        length += line_end.start() - offset + 1
        offset = line_end.end()
        pairs.append((length, offset))
    return String(text[start:end].replace("\r\n", "\n"), Span(start, end), JsonPlaces(tuple(pairs)))
