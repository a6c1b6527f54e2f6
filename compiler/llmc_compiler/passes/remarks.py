"""What a pass did, and what it had to leave, as data: one frozen class a fact, its words as constants with holes.

    Remark           what was done to a node, and why that changes nothing
      Missed         what was not done, for one reason, and what to write for it to be done

A hole is a field, or a property; a place in it is told as a line of the plan. Who finds a remark formats nothing.
Passes are asked for remarks after they were run, by whoever wants to know: compiling as such makes none.
"""

from dataclasses import dataclass
from string import Formatter
from typing import ClassVar, Final, Literal

from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_grammar.source import Source, Span


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a node: `what` was done, and `why` it was allowed; `tasks` are the written tasks concerned."""

    what: ClassVar[str]
    why: ClassVar[str]
    help: ClassVar[str] = ""

    node: NodeId
    tasks: tuple[TaskId, ...]
    span: Span

    def words(self, line: Literal["what", "why", "help"], source: Source) -> str:
        """One of the three lines with its holes filled."""
        template: str = getattr(self, line)
        holes = [name for _, name, _, _ in Formatter().parse(template) if name]
        told = {name: _told(getattr(self, name), source) for name in holes}
        return template.format(**{name: task_of(text) if name in _NODES else text for name, text in told.items()})


class Missed(Remark):
    """What was not done to a node, `why`, and the change of the plan or of a declaration that lets it be done."""

    __slots__ = ()


_NODES: Final = frozenset({"into", "other"})
"""Fields with the id of a node."""


def task_of(node: str) -> str:
    """The task of a node, by its id; a call inside a task has no name in the plan."""
    return node.partition("/")[0]


def _told(value: object, source: Source) -> str:
    """A field as text: places as lines of the source, effects and tasks in a row."""
    if isinstance(value, Span):
        return f"line {source.position(value.start)[0]}"
    if isinstance(value, tuple):
        if all(isinstance(one, Span) for one in value):
            lines = sorted({source.position(place.start)[0] for place in value})
            return f"line{'s' * (len(lines) > 1)} {' to '.join(map(str, lines))}"
        return ", ".join(f"`{one}`" for one in value)
    return str(value)


def _declaration(effect: Effect) -> str:
    """What a declaration says of a tool."""
    return "declares no effect" if effect.kind is Kind.BARE else f"is `{effect}`"


@dataclass(frozen=True, slots=True)
class Computed(Remark):
    """A term, or a part of one, was computed."""

    what = "computed"
    why = "operators and texts of constants need no call"


@dataclass(frozen=True, slots=True)
class Certain(Remark):
    """A condition went that always holds."""

    what = "done unconditionally"
    why = "its condition always holds"


@dataclass(frozen=True, slots=True)
class Untaken(Remark):
    """A nested call or term went that is never reached."""

    what = "left out"
    why = "its condition never holds, and what it reads can block nothing else"


@dataclass(frozen=True, slots=True)
class Hoisted(Remark):
    """A call was moved out of a loop."""

    what = "done once, and not for each `${item}`"
    why = "it does not depend on the element, and `{tool}` is `{effect}`"

    item: str
    tool: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class HoistedRead(Hoisted):
    """A read was moved out of a loop."""

    why = "it does not depend on the element, `{tool}` is `{effect}`, and nothing in the loop writes that"


@dataclass(frozen=True, slots=True)
class LoopWrites(Missed):
    """A call stays in a loop that may change something."""

    what = "done for each `${item}`, though it does not depend on it"
    why = "the loop may change something before an element fails: `{writer}` in {place} {declares}"
    help = "make it a task of its own, above the loop"

    item: str
    writer: str
    place: Span
    effect: Effect

    @property
    def declares(self) -> str:
        """What the writer is known to do."""
        return _declaration(self.effect)


@dataclass(frozen=True, slots=True)
class LoopReads(Missed):
    """A call stays in a loop that would otherwise wait for more where it has no element."""

    what = "done for each `${item}`, though it does not depend on it"
    why = "if the loop has no element, it does not need what the call reads"
    help = "make it a task of its own, above the loop"

    item: str


@dataclass(frozen=True, slots=True)
class Merged(Remark):
    """An expression was merged into an earlier one."""

    what = "has the value of `{into}` ({into_span})"
    why = "the same expression"

    into: NodeId
    into_span: Span

    @property
    def places(self) -> tuple[Span, Span]:
        """Both places."""
        return self.into_span, self.span


@dataclass(frozen=True, slots=True)
class MergedAlias(Merged):
    """A task that is the value of another has no node of its own."""

    why = "it is that value"


@dataclass(frozen=True, slots=True)
class MergedCall(Merged):
    """A call was merged into an earlier one that is identical."""

    what = "merged into `{into}` ({into_span})"
    why = "same tool, same arguments; `{tool}` is `{effect}`"

    tool: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class MergedRead(MergedCall):
    """A read was merged into an earlier one that sees the same."""

    why = "same tool, same arguments; `{tool}` is `{effect}`, and nothing writes that in between ({places})"


@dataclass(frozen=True, slots=True)
class Apart(Missed):
    """Identical calls were not merged; `other` is the earlier one."""

    what = "not merged into `{other}` ({other_span}), which is the same call"

    other: NodeId
    other_span: Span
    tool: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class WrittenBetween(Apart):
    """Something may have been written between two reads."""

    why = "`{tool}` is `{effect}`, and {writer} in {place}, which is {writes}, lies between"
    help = "if what the earlier call gave is good enough, use that"

    writer: str
    place: Span
    writes: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class UndeclaredTwins(Apart):
    """The tool of identical calls may do anything."""

    why = "`{tool}` {declares}: two calls may do more than one"
    help = "declare `{tool}` as `pure` or `read`, if it is"

    @property
    def declares(self) -> str:
        """What the tool is known to do."""
        return _declaration(self.effect)


@dataclass(frozen=True, slots=True)
class OtherOptions(Apart):
    """Identical calls have different options."""

    why = "they have different options"
    help = "give both the same options"


@dataclass(frozen=True, slots=True)
class Pruned(Remark):
    """A task was dropped that calls nothing."""

    what = "left out"
    why = "nothing needs its value"


@dataclass(frozen=True, slots=True)
class PrunedCall(Pruned):
    """A call was dropped, or a loop of calls."""

    why = "nothing needs its value, and it changes nothing: {effects}"

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class KeptUndeclared(Missed):
    """A call is done for what it may do."""

    what = "done, though nothing needs its value"
    why = "`{tool}` {declares}, and may change something"
    help = "declare `{tool}` as `pure` or `read`, if it is; the call is then left out"

    tool: str
    effect: Effect

    @property
    def declares(self) -> str:
        """What the tool is known to do."""
        return _declaration(self.effect)
