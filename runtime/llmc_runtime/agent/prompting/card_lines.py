"""Lines for the plans of a language card: calls with arguments, loops over lists, conditions on results.

Tools that may write are never called: a card that shows how to send a mail is worse than one without.
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
"""How many tools are tried."""
_MOST_PAIRS: Final = 400
"""How many pairs of tools are looked at for a loop."""


def readable(tool: Tool) -> bool:
    """Whether a plan may compare and loop over a tool's results."""
    return not tool.marks.returns_secret


def has_lists(tool: Tool) -> bool:
    """Whether a tool gives a list, be it inside of a record, or takes one."""
    gives = readable(tool) and any(is_list(part) for part in parts_of(tool.signature.gives, is_list))
    taken = (tool.signature.wants(each.name).at_most for each in tool.signature.takes if not each.many)
    return gives or any(is_list(option) for found in taken for option in types.options(found))


def read_off(tool: Tool) -> str | None:
    """What a condition asks of a tool's result, such as `.price > 3`: of a number, of true or false, of a few words."""
    if not readable(tool):
        return None
    gives = tool.signature.gives
    for fits in (is_bool, is_number, _is_words):
        if (found := _shortest(gives, fits)) is not None:
            steps, part = found
            words = f" == {constant(min(part.words))}" if isinstance(part, types.WordsType) else " > 3"
            return steps if is_bool(part) else f"{steps}{words}"
    return " != null" if NULL in types.options(gives) and gives != NULL else None


def condition(tool: Tool, reference: str) -> str:
    """A condition on a tool's result."""
    asked = read_off(tool)
    if asked is not None:
        return f"{reference}{asked}"
    return f'"…" in {reference}' if tool.signature.gives == types.STR else reference


def _is_words(found: Type) -> bool:
    """Whether a type is that of a few texts."""
    return isinstance(found, types.WordsType)


def _shortest(found: Type, fits: Callable[[Type], bool]) -> tuple[str, Type] | None:
    """The shortest steps to a part of a value that is certainly of a kind, and its type."""
    known = [(path, part) for path, part in ways(found, fits) if part != ANY and "" not in path]
    path, part = min(known, key=lambda way: len(way[0]), default=((), ANY))
    return (_written(path), part) if known else None


def _written(path: Path) -> str:
    """Steps as a plan writes them."""
    return "".join("[0]" if step is None else f".{step}" for step in path)


@dataclass(frozen=True, slots=True)
class CardCall:
    """A call of a tool: its first argument, the text in front of it and behind it, and the type of the parameter."""

    tool: Tool
    head: str
    first: str
    behind: str
    takes: Type
    wants: Type

    @property
    def text(self) -> str:
        """The call as a plan writes it."""
        return f"{self.head}{self.first}{self.behind}"

    def of(self, value: str) -> str:
        """The call with another first argument."""
        return f"{self.head}{value}{self.behind}"


@dataclass(frozen=True)
class CardLines:
    """Lines that call some tools."""

    tools: Toolbox

    @cached_property
    def calls(self) -> list[CardCall]:
        """A call of each of the first tools that do not write, where one can be made and compiles."""
        found = (self._call(tool) for tool in self.tools if not tool.effect.may_write)
        return [call for call in islice(found, _MOST_TOOLS) if call is not None]

    def _call(self, tool: Tool) -> CardCall | None:
        """A call with its required arguments."""
        for parameters in (tool.signature.takes, *tool.signature.forms):
            made = _made(tool, [each for each in parameters if each.required and not each.many])
            if made is not None and is_clean(f"1. {made.text}\njoin()", self.tools):
                return made
        return None

    def loops(self) -> Iterator[list[str]]:
        """A loop over a tool's results, else one over constants, whose results another tool may take."""
        pairs = ((giver, taker) for giver in self.calls for taker in self.calls if taker.first)
        for giver, taker in islice(pairs, _MOST_PAIRS):
            for element, steps in _elements(giver.tool):
                if (value := _passed(element, taker)) is not None:
                    yield [giver.text, f"{taker.of(value)} for x in $1{steps}"]
        for taker in self.calls:
            yield from self._over_constants(taker)

    def _over_constants(self, taker: CardCall) -> Iterator[list[str]]:
        """A loop over two constants, and a call that takes its results."""
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
        """A call, and one that is made only if the first gave something; numbered from there on."""
        givers = [call for call in self.calls if readable(call.tool)]
        for giver in sorted(givers, key=lambda call: read_off(call.tool) is None):
            others = [call for call in self.calls if call is not giver] or [giver]
            for other in others[:1]:
                yield [giver.text, f"{other.text} if {condition(giver.tool, f'${number}')}"]

    def named(self) -> Iterator[tuple[str, Tool]]:
        """A task that has a name: a call inside of a call, where types allow it, with the outer tool."""
        pairs = ((inner, outer) for inner in self.calls for outer in self.calls if outer.first)
        fitting = [(inner, outer) for inner, outer in islice(pairs, _MOST_PAIRS) if _is_taken(inner, outer)]
        for inner, outer in sorted(fitting, key=lambda pair: (pair[0] is pair[1], read_off(pair[1].tool) is None)):
            yield f"a = {outer.of(inner.text)}", outer.tool
        yield from ((f"a = {call.text}", call.tool) for call in self.calls)


def _is_taken(inner: CardCall, outer: CardCall) -> bool:
    """Whether a tool certainly takes what another one gives."""
    gives = inner.tool.signature.gives
    return gives != ANY and types.within(gives, outer.wants)


def _made(tool: Tool, required: Sequence[ToolParameter]) -> CardCall | None:
    """A call with these parameters, by position as far as that goes; None where one cannot be named or filled.

    Grammars take the parameters of forms by name alone.
    """
    positional = () if tool.signature.forms else tool.signature.shape.positional
    given: list[tuple[str, str]] = []
    for at, parameter in enumerate(required):
        by_position = positional[at : at + 1] == (parameter.name,) and all(not head for head, _ in given)
        if not by_position and not is_word(parameter.name):
            return None
        given.append(("" if by_position else f"{parameter.name}=", argument(tool, parameter)))
    head, first = given[0] if given else ("", "")
    rest = "".join(f", {name}{value}" for name, value in given[1:])
    wanted = tool.signature.wants(required[0].name) if required else None
    takes, wants = (ANY, types.NEVER) if wanted is None else (wanted.at_most, wanted.at_least)
    return CardCall(tool, f"{tool.name}({head}", first, f"{rest})", takes, wants)


def _elements(tool: Tool) -> Iterator[tuple[Type, str]]:
    """The elements of the lists that a tool gives, and the steps to them."""
    found = _shortest(tool.signature.gives, is_list) if readable(tool) else None
    if found is not None:
        yield types.element(found[1]), found[0]


def _passed(element: Type, taker: CardCall) -> str | None:
    """How an element is passed to a call: as it is, or a part of it; None where none certainly fits."""
    if ANY in (taker.wants, element):
        return "$x"
    found = _shortest(element, lambda part: types.within(part, taker.wants))
    return None if found is None else f"$x{found[0]}"


def _constants(item: Type, first: str) -> str | None:
    """A list of two constants, the first of which is known to be taken; None for types other than texts and numbers."""
    if isinstance(item, types.WordsType):
        few = sorted(item.words)[:2]
        return f"[{', '.join(map(constant, few))}]"
    if item == types.STR:
        return f"[{first}, {first}]"
    return f"[{first}, 3]" if item in {types.INT, types.FLOAT} else None
