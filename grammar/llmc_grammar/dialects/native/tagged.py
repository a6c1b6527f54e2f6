"""Tool calls in marks: JSON, XML or a name with JSON behind it, as the chat templates of models have them.

    <tool_call>{"name": …, "arguments": …}</tool_call>                     Hermes, Qwen, Granite, Phi; also in lists
    <function=price><parameter=item>tea</parameter></function>             Qwen Coder, Seed, Nemotron
    <invoke name="price"><parameter name="item">tea</parameter></invoke>   Anthropic, MiniMax, DeepSeek
    <tool_call>price<arg_key>item</arg_key><arg_value>tea</arg_value>      GLM
    [TOOL_CALLS]price[ARGS]{"item": "tea"}                                 Mistral; alike DeepSeek, Kimi and gpt-oss

Text outside of the marks is prose. What stands inside is a call or a mistake, never nothing.
"""

import re
from dataclasses import dataclass
from typing import Final

from llmc_grammar.dialects.native.bare_json import END_MARKS
from llmc_grammar.dialects.native.call import Given, NativeCall, arguments_of, native_calls
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
"""The signs with which special tokens begin, which prose does not name."""

_LONGEST: Final = 80
"""More characters than a closing mark has."""

_BLANKS: Final = re.compile(r"(?:[\s,;]|```)*")
_REST: Final = ("{", "[", "}", "]", ")", '"')
"""Signs that cannot begin the prose behind a call."""

_LINE_END: Final = re.compile(r"\r\n")


@dataclass(frozen=True, slots=True)
class Problem:
    """A call that cannot be read, and where reading stopped."""

    why: str
    place: Span


@dataclass(frozen=True, slots=True)
class Block:
    """The calls in a pair of marks."""

    span: Span
    calls: tuple[NativeCall | Problem, ...]


def read_marked(text: str) -> tuple[list[Block], Span | None]:
    """Return the blocks of calls in a text, and what a model wrote behind the end of its reply."""
    return _Marked(text).read()


class _Marked:
    """Reads the blocks of one text; the work on what cannot be read is bounded by `_spare` characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spare = 4 * len(text)
        self._dry: dict[re.Pattern[str], int] = {}

    def read(self) -> tuple[list[Block], Span | None]:
        """Read all blocks of the reply."""
        found: list[Block] = []
        at = 0
        while opening := OPENING.search(self._text, at):
            turn = TURN.search(self._text, at, opening.start()) if found else None
            if turn:
                return found, Span(turn.end(), len(self._text))
            if self._is_mention(opening):
                at = _past(_BETWEEN, self._text, opening.end())
                continue
            block = self._block(opening)
            found.append(block)
            at = max(block.span.end, opening.end())
        return found, None

    def _is_mention(self, opening: re.Match[str]) -> bool:
        """Whether prose only names the mark: in quotes, or in a sentence without a closing mark."""
        text = self._text
        if text[opening.start() - 1 : opening.start()] in ("`", '"', "'"):
            return True
        if opening[0].startswith(_TOKENS):
            return False
        at = opening.start() if opening[0] in _ELEMENTS else _past(_BETWEEN, text, opening.end())
        if at >= len(text) or text[at] in "{[<" or self._is_named(at):
            return False
        return mark_of(opening[0]).closing is None or self._find(_CLOSERS, at) is None

    def _is_named(self, at: int) -> bool:
        """Whether a tool's name with arguments, or with nothing behind it, begins at an offset."""
        named = _NAMED.match(self._text, at)
        following = self._text[named.end() : named.end() + 1] if named else " "
        return following in ("{", "<", "(", "")

    def _find(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        """Find a pattern from an offset on; behind the offset of a search in vain nothing is searched again."""
        dry = self._dry.get(pattern, len(self._text))
        found = pattern.search(self._text, at, dry + _LONGEST) if at < dry else None
        if found is None:
            self._dry[pattern] = min(at, dry)
        return found

    def _block(self, opening: re.Match[str]) -> Block:
        """Read the calls from an opening mark to its closing one, or to the end of what can be read."""
        calls: list[NativeCall | Problem] = []
        try:
            at = self._content(opening, calls)
        except Unreadable as stop:
            at = self._after(opening, stop)
            calls.append(Problem(stop.why, Span(stop.at, min(stop.at + 1, len(self._text)))))
        return Block(Span(opening.start(), at), tuple(calls))

    def _content(self, opening: re.Match[str], calls: list[NativeCall | Problem]) -> int:
        """Read calls behind an opening mark, and return the offset behind its closing one; raises Unreadable."""
        text, at = self._text, opening.end()
        is_open = mark_of(opening[0]).closing is not None
        if opening[0] in _ELEMENTS:
            at, is_open = opening.start(), False
        while True:
            end = at
            at = _past(_BETWEEN if is_open or not calls else _BLANKS, text, at)
            closer = _CLOSERS.match(text, at)
            if closer and not calls:
                raise Unreadable("there is no call in these marks", opening.end())
            if closer:
                return closer.end()
            if calls and self._may_end(at, is_open=is_open):
                return at if is_open else end
            item, at = self._item(at, is_first=not calls)
            calls += item

    def _may_end(self, at: int, *, is_open: bool) -> bool:
        """Whether calls may end at an offset without a closing mark."""
        if is_open:
            return _past(END_MARKS, self._text, at) == len(self._text)
        if OPENING.match(self._text, at):
            return True
        named = _NAMED.match(self._text, at)
        is_call = named is not None and self._text[named.end() : named.end() + 1] == "{"
        return not is_call and self._text[at : at + 1] not in _REST and not _ELEMENT.match(self._text, at)

    def _after(self, opening: re.Match[str], stop: Unreadable) -> int:
        """Return the offset at which reading goes on behind a block that cannot be read."""
        self._spare -= stop.reach - opening.end()
        closer = self._find(_CLOSERS, opening.end())
        return closer.end() if closer and self._spare > 0 else len(self._text)

    def _item(self, at: int, *, is_first: bool) -> tuple[list[NativeCall], int]:
        """Read one call, or a list of calls."""
        text = self._text
        if text[at : at + 1] in ("{", "["):
            value, end = read_json(text, at)
            return list(native_calls(value)), end
        element = _FUNCTION.match(text, at) or _INVOKE.match(text, at)
        if element:
            return self._element(element)
        tag = _NAME_TAG.match(text, at)
        if tag:
            return self._tags(tag)
        named = _NAMED.match(text, at)
        if named is None:
            raise Unreadable("the text ends within it" if at >= len(text) else "this is not a call", at)
        return self._named(named, is_first=is_first)

    def _named(self, named: re.Match[str], *, is_first: bool) -> tuple[list[NativeCall], int]:
        """Read a name with JSON or with `<arg_key>` behind it."""
        text, at = self._text, named.end()
        arguments: tuple[Given, ...] = ()
        if text[at : at + 1] == "{":
            value, at = read_json(text, at)
            arguments = arguments_of(value)
        elif text.startswith("<arg_key>", at):
            arguments, at = self._pairs(at)
        elif not is_first or not _CLOSERS.match(text, at):
            why = "the text ends within it" if at >= len(text) and is_first else "this is not a call"
            raise Unreadable(why, named.start())
        is_bare = at == named.end()
        place, span = Span(*named.span("name")), Span(named.start(), at)
        return [NativeCall(named["name"], place, arguments, span, is_bare=is_bare)], at

    def _pairs(self, at: int) -> tuple[tuple[Given, ...], int]:
        """Read pairs of `<arg_key>` and `<arg_value>`."""
        found: list[Given] = []
        while key := _ARG_KEY.match(self._text, at):
            end = self._find(_ARG_END, key.end())
            if end is None:
                raise Unreadable("an `<arg_value>` has no end", key.start())
            value = parameter_value(self._text, key.end(), end.start())
            found.append(Given(key["key"].strip(), Span(*key.span("key")), value))
            at = end.end()
        return tuple(found), at

    def _element(self, element: re.Match[str]) -> tuple[list[NativeCall], int]:
        """Read a call in XML, whose content is parameters or JSON."""
        text, at = self._text, element.end()
        arguments: list[Given] = []
        if text[at : at + 1] == "{":
            value, at = read_json(text, at)
            arguments += arguments_of(value)
        while parameter := _PARAMETER.match(text, at):
            given, at = self._parameter(parameter)
            arguments.append(given)
        at = skip_blanks(text, at)
        end = _ELEMENT_END.match(text, at)
        if end is None and not (arguments and _CLOSERS.match(text, at)):
            why = "the text ends within it" if at >= len(text) else "only parameters can stand here"
            raise Unreadable(why, at)
        at = end.end() if end else at
        name = Span(*element.span("name"))
        return [NativeCall(element["name"], name, tuple(arguments), Span(element.start(), at))], at

    def _tags(self, tag: re.Match[str]) -> tuple[list[NativeCall], int]:
        """Read a call whose name and arguments have tags of their own; arguments are JSON or have one tag each."""
        arguments: list[Given] = []
        at = tag.end()
        opening = _ARGUMENTS_TAG.match(self._text, at)
        if opening:
            at = opening.end()
            if self._text[at : at + 1] == "{":
                value, at = read_json(self._text, at)
                arguments += arguments_of(value)
            while child := _CHILD.match(self._text, at):
                value = parameter_value(self._text, *child.span("value"))
                arguments.append(Given(child["name"], Span(*child.span("name")), value))
                at = child.end()
            at = skip_blanks(self._text, at)
            end = f"</{opening['tag']}>"
            if not self._text.startswith(end, at):
                raise Unreadable(f"`<{opening['tag']}>` has no end", opening.start())
            at += len(end)
        elif not _CLOSERS.match(self._text, at):
            raise Unreadable("the text ends within it" if at >= len(self._text) else "its arguments are missing", at)
        return [NativeCall(tag["name"], Span(*tag.span("name")), tuple(arguments), Span(tag.start(), at))], at

    def _parameter(self, parameter: re.Match[str]) -> tuple[Given, int]:
        """Read a parameter."""
        group = "plain" if parameter["plain"] else "quoted"
        end = self._find(_PARAMETER_END, parameter.end())
        if end is None:
            raise Unreadable(f"the parameter `{parameter[group]}` has no end", parameter.start())
        if inner := _PARAMETER.search(self._text, parameter.end(), end.start()):
            raise Unreadable("a parameter stands inside another one", inner.start())
        is_text = 'string="true"' in (parameter["more"] or "")
        value = parameter_value(self._text, parameter.end(), end.start(), is_text=is_text)
        return Given(parameter[group], Span(*parameter.span(group)), value), end.end()


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the offset behind a pattern, or the offset itself."""
    match = pattern.match(text, at)
    return match.end() if match else at


def parameter_value(text: str, start: int, end: int, *, is_text: bool = False) -> Value:
    """Return the value between two tags: JSON that is not a string, else the text without one line break around it."""
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
    pairs, length, at = [(0, start)], 0, start
    for line_end in _LINE_END.finditer(text, start, end):
        length += line_end.start() - at + 1
        at = line_end.end()
        pairs.append((length, at))
    return String(text[start:end].replace("\r\n", "\n"), Span(start, end), JsonPlaces(tuple(pairs)))
