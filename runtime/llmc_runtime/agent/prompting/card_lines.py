"""Lines for the plans of a language card: calls with arguments, loops over lists, conditions on results.

The lines never call tools that may write: an example that sends a mail does more harm than good.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

from llmc_compiler.decoder.full_rules import is_bool, is_list, is_number
from llmc_compiler.decoder.values.path_rules import Path, is_word, parts_of, ways
from llmc_compiler.expressions import types
from llmc_compiler.expressions.types import ANY, NULL, Type
from llmc_compiler.tools.signature import ToolParameter
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.prompting.examples import argument, constant, is_clean

_MOST_TOOLS: Final = 50
"""Maximum number of tools that are tried."""
_MOST_PAIRS: Final = 400
"""Maximum number of pairs of tools that are tried for a loop."""


def readable(tool: Tool) -> bool:
    """Whether a plan may compare and loop over a tool's results."""
    return not tool.marks.returns_secret


def has_lists(tool: Tool) -> bool:
    """Whether a tool returns a list, possibly inside a record, or takes one."""
    gives = readable(tool) and any(is_list(part) for part in parts_of(tool.signature.gives, is_list))
    return gives or any(map(is_list, _taken(tool)))


def has_parts(tool: Tool) -> bool:
    """Whether a tool returns or takes a list or a record."""
    gives = types.options(tool.signature.gives) if readable(tool) else ()
    return any(isinstance(option, (types.ListOfType, types.Record)) for option in (*gives, *_taken(tool)))


def has_numbers(tool: Tool) -> bool:
    """Whether a tool returns a number, possibly inside a list or a record."""
    return any(is_number(part) for part in parts_of(tool.signature.gives, is_number))


def _taken(tool: Tool) -> Iterator[Type]:
    """Yield the types of the values that a tool takes."""
    for parameter in tool.signature.takes:
        if not parameter.many:
            yield from types.options(tool.signature.wants(parameter.name).at_most)


def read_off(tool: Tool) -> str | None:
    """Return a test that a condition can apply to a tool's result, such as `.price > 3`, or None."""
    if not readable(tool):
        return None
    gives = tool.signature.gives
    for fits in (is_bool, is_number, _is_words):
        if (way := _shortest(gives, fits)) is not None:
            steps, part = way
            words = f" == {constant(min(part.words))}" if isinstance(part, types.WordsType) else " > 3"
            return steps if is_bool(part) else f"{steps}{words}"
    return " != null" if NULL in types.options(gives) and gives != NULL else None


def condition(tool: Tool, reference: str) -> str:
    """Write a condition on a tool's result."""
    test = read_off(tool)
    if test is not None:
        return f"{reference}{test}"
    return f'"…" in {reference}' if tool.signature.gives == types.STR else reference


def _is_words(kind: Type) -> bool:
    """Whether a type is a set of texts."""
    return isinstance(kind, types.WordsType)


def _shortest(whole: Type, fits: Callable[[Type], bool]) -> tuple[str, Type] | None:
    """Return the shortest steps to a part of a value that certainly fits, and the type of that part."""
    paths = [(path, part) for path, part in ways(whole, fits) if part != ANY and "" not in path]
    path, part = min(paths, key=lambda way: len(way[0]), default=((), ANY))
    return (_written(path), part) if paths else None


def _written(path: Path) -> str:
    """Write steps as in a plan."""
    return "".join("[0]" if step is None else f".{step}" for step in path)


@dataclass(frozen=True, slots=True)
class CardCall:
    """A call of a tool: its first argument, the text before and after it, and the type of the parameter."""

    tool: Tool
    head: str
    first: str
    behind: str
    takes: Type
    wants: Type

    @property
    def text(self) -> str:
        """The call as written in a plan."""
        return f"{self.head}{self.first}{self.behind}"

    def of(self, value: str) -> str:
        """Write the call with another first argument."""
        return f"{self.head}{value}{self.behind}"


@dataclass(frozen=True)
class CardLines:
    """Lines that call some tools."""

    tools: Toolbox

    @cached_property
    def calls(self) -> list[CardCall]:
        """Calls that compile, one of each of the first tools that do not write."""
        calls = (self._call(tool) for tool in self.tools if not tool.effect.may_write)
        return [call for call in islice(calls, _MOST_TOOLS) if call is not None]

    def _call(self, tool: Tool) -> CardCall | None:
        """Make a call with the required arguments; return None if it does not compile."""
        for parameters in (tool.signature.takes, *tool.signature.forms):
            call = _made(tool, [parameter for parameter in parameters if parameter.required and not parameter.many])
            if call is not None and is_clean(f"1. {call.text}\njoin()", self.tools):
                return call
        return None

    def loops(self) -> Iterator[list[str]]:
        """Yield loops over a tool's results, then loops over constants, with a tool that takes their results."""
        pairs = ((giver, taker) for giver in self.calls for taker in self.calls if taker.first)
        for giver, taker in islice(pairs, _MOST_PAIRS):
            for element, steps in _elements(giver.tool):
                if (value := _passed(element, taker)) is not None:
                    yield [giver.text, f"{taker.of(value)} for x in $1{steps}"]
        for taker in self.calls:
            yield from self._over_constants(taker)

    def _over_constants(self, taker: CardCall) -> Iterator[list[str]]:
        """Yield a loop over two constants, with and without a call that takes its results."""
        item, value = taker.takes, "$x"
        if isinstance(item, types.ListOfType):
            item, value = item.item, "[$x]"
        constants = _constants(item, taker.first.strip("[]"))
        if not taker.first or constants is None:
            return
        loop = f"{taker.of(value)} for x in {constants}"
        whole = types.list_of(taker.tool.signature.gives)
        for user in islice(self.calls, _MOST_PAIRS):
            if user.first and types.within(whole, user.wants) and user.wants != ANY:
                yield [loop, user.of("$1")]
        yield [loop]

    def guards(self, number: int = 1) -> Iterator[list[str]]:
        """Yield a call and a guarded call whose condition reads its result; `number` is the number of the first."""
        givers = [call for call in self.calls if readable(call.tool)]
        for giver in sorted(givers, key=lambda call: read_off(call.tool) is None):
            others = [call for call in self.calls if call is not giver] or [giver]
            for other in others[:1]:
                yield [giver.text, f"{other.text} if {condition(giver.tool, f'${number}')}"]

    def named(self) -> Iterator[tuple[str, Tool]]:
        """Yield tasks with a name and their outer tools: nested calls if types allow them, then single calls."""
        pairs = ((inner, outer) for inner in self.calls for outer in self.calls if outer.first)
        fitting = [(inner, outer) for inner, outer in islice(pairs, _MOST_PAIRS) if _is_taken(inner, outer)]
        for inner, outer in sorted(fitting, key=lambda pair: (pair[0] is pair[1], read_off(pair[1].tool) is None)):
            yield f"a = {outer.of(inner.text)}", outer.tool
        yield from ((f"a = {call.text}", call.tool) for call in self.calls)


def _is_taken(inner: CardCall, outer: CardCall) -> bool:
    """Whether a tool certainly takes the result of another."""
    gives = inner.tool.signature.gives
    return gives != ANY and types.within(gives, outer.wants)


def _made(tool: Tool, required: Sequence[ToolParameter]) -> CardCall | None:
    """Make a call with these parameters, by position if possible; return None if one can be given in neither way.

    Grammars take the parameters of forms by name alone.
    """
    positional = () if tool.signature.forms else tool.signature.shape.positional
    given: list[tuple[str, str]] = []
    for index, parameter in enumerate(required):
        by_position = positional[index : index + 1] == (parameter.name,) and all(not head for head, _ in given)
        if not by_position and not is_word(parameter.name):
            return None
        given.append(("" if by_position else f"{parameter.name}=", argument(tool, parameter)))
    head, first = given[0] if given else ("", "")
    rest = "".join(f", {name}{value}" for name, value in given[1:])
    wanted = tool.signature.wants(required[0].name) if required else None
    takes, wants = (ANY, types.NEVER) if wanted is None else (wanted.at_most, wanted.at_least)
    return CardCall(tool, f"{tool.name}({head}", first, f"{rest})", takes, wants)


def _elements(tool: Tool) -> Iterator[tuple[Type, str]]:
    """Yield the type of the elements of a list that a tool returns, and the steps to the list."""
    way = _shortest(tool.signature.gives, is_list) if readable(tool) else None
    if way is not None:
        yield types.element(way[1]), way[0]


def _passed(element: Type, taker: CardCall) -> str | None:
    """Write the reference to an element, or to a part of it, that certainly fits a call; return None if none does."""
    if ANY in (taker.wants, element):
        return "$x"
    way = _shortest(element, lambda part: types.within(part, taker.wants))
    return None if way is None else f"$x{way[0]}"


def _constants(item: Type, first: str) -> str | None:
    """Write a list of two constants that starts with `first`; return None for types other than texts and numbers."""
    if isinstance(item, types.WordsType):
        few = sorted(item.words)[:2]
        return f"[{', '.join(map(constant, few))}]"
    if item == types.STR:
        return f"[{first}, {first}]"
    return f"[{first}, 3]" if item in {types.INT, types.FLOAT} else None
