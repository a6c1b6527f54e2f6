"""Remarks of passes as data: one frozen class for each kind of fact, its words as templates.

    Remark           a change to a node, and the reason why the meaning stays the same
      Missed         a change that was not possible, for one reason, and how to make it possible

The holes of a template are fields or properties; spans are printed as lines of the plan. Code that finds a remark
formats nothing. Remarks are made on request after the passes have run; compiling alone makes none.
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
    """A change to a node (`what`), and the reason that allowed it (`why`); `tasks` are the written tasks concerned."""

    what: ClassVar[str]
    why: ClassVar[str]
    help: ClassVar[str] = ""

    node: NodeId
    tasks: tuple[TaskId, ...]
    span: Span

    def words(self, line: Literal["what", "why", "help"], source: Source) -> str:
        """Return one of the three lines with its holes filled."""
        template: str = getattr(self, line)
        holes = [name for _, name, _, _ in Formatter().parse(template) if name]
        texts = {name: _told(getattr(self, name), source) for name in holes}
        return template.format(**{name: task_of(text) if name in _NODES else text for name, text in texts.items()})


class Missed(Remark):
    """A change that was not made, the reason, and the edit of the plan or declaration that would allow it."""

    __slots__ = ()


_NODES: Final = frozenset({"into", "other"})
"""Fields that hold the id of a node."""


def task_of(node: str) -> str:
    """Return the task of a node; a call inside a task has no name in the plan."""
    return node.partition("/")[0]


def _told(value: object, source: Source) -> str:
    """Return a field as text: spans as lines of the source, effects and tasks as a list."""
    if isinstance(value, Span):
        return source.place(value)
    if isinstance(value, tuple):
        if all(isinstance(part, Span) for part in value):
            lines = sorted({source.position(place.start)[0] for place in value})
            return f"line{'s' * (len(lines) > 1)} {' to '.join(map(str, lines))}"
        return ", ".join(f"`{part}`" for part in value)
    return str(value)


def _declaration(effect: Effect) -> str:
    """Describe the declared effect of a tool."""
    return "declares no effect" if effect.kind is Kind.BARE else f"is `{effect}`"


@dataclass(frozen=True, slots=True)
class Computed(Remark):
    """A term, or a part of one, was computed."""

    what = "evaluated"
    why = "it depends only on constants"


@dataclass(frozen=True, slots=True)
class Certain(Remark):
    """A condition that always holds was removed."""

    what = "runs unconditionally"
    why = "its condition always holds"


@dataclass(frozen=True, slots=True)
class Untaken(Remark):
    """A nested call or term that is never reached was removed."""

    what = "left out"
    why = "its condition never holds, and the values it reads block nothing else"


@dataclass(frozen=True, slots=True)
class Hoisted(Remark):
    """A call was moved out of a loop."""

    what = "called once instead of for each `${item}`"
    why = "it does not depend on the element, and `{tool}` is `{effect}`"

    item: str
    tool: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class HoistedRead(Hoisted):
    """A read was moved out of a loop."""

    why = "it does not depend on the element, `{tool}` is `{effect}`, and nothing in the loop writes to that"


@dataclass(frozen=True, slots=True)
class LoopWrites(Missed):
    """A call stays in a loop that may change something."""

    what = "called for each `${item}`, although it does not depend on it"
    why = "the loop may change something before an element fails: `{writer}` in {place} {declares}"
    help = "move it into a separate task above the loop"

    item: str
    writer: str
    place: Span
    effect: Effect

    @property
    def declares(self) -> str:
        """The declared effect of the writer."""
        return _declaration(self.effect)


@dataclass(frozen=True, slots=True)
class LoopReads(Missed):
    """A call stays in a loop, since a loop without elements would wait for more if the call moved out."""

    what = "called for each `${item}`, although it does not depend on it"
    why = "a loop without elements does not need the values that the call reads"
    help = "move it into a separate task above the loop"

    item: str


@dataclass(frozen=True, slots=True)
class Merged(Remark):
    """An expression was merged into an earlier one."""

    what = "uses the value of `{into}` ({into_span})"
    why = "the same expression"

    into: NodeId
    into_span: Span

    @property
    def places(self) -> tuple[Span, Span]:
        """The spans of both nodes."""
        return self.into_span, self.span


@dataclass(frozen=True, slots=True)
class MergedAlias(Merged):
    """A task that only repeats the value of another has no separate node."""

    why = "it only repeats that value"


@dataclass(frozen=True, slots=True)
class MergedCall(Merged):
    """A call was merged into an earlier, identical one."""

    what = "merged into `{into}` ({into_span})"
    why = "same tool, same arguments; `{tool}` is `{effect}`"

    tool: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class MergedRead(MergedCall):
    """A read was merged into an earlier read of the same state."""

    why = "same tool, same arguments; `{tool}` is `{effect}`, and nothing writes to that in between ({places})"


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
    """Something may have been written between two identical reads."""

    why = "`{tool}` is `{effect}`, and {writer} in {place}, which is {writes}, runs in between"
    help = "if the earlier result is good enough, refer to it instead"

    writer: str
    place: Span
    writes: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class UndeclaredTwins(Apart):
    """Identical calls of a tool that may have any effect were not merged."""

    why = "`{tool}` {declares}: two calls may have more effect than one"
    help = "declare `{tool}` as `pure` or `read`, if it is"

    @property
    def declares(self) -> str:
        """The declared effect of the tool."""
        return _declaration(self.effect)


@dataclass(frozen=True, slots=True)
class OtherOptions(Apart):
    """Identical calls with different options were not merged."""

    why = "they have different options"
    help = "give both the same options"


@dataclass(frozen=True, slots=True)
class Pruned(Remark):
    """A task without calls was dropped."""

    what = "left out"
    why = "nothing needs its value"


@dataclass(frozen=True, slots=True)
class PrunedCall(Pruned):
    """A call or a loop of calls was dropped."""

    why = "nothing needs its value, and it changes nothing: {effects}"

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class KeptUndeclared(Missed):
    """An unused call stays, since it may change something."""

    what = "called, although nothing needs its value"
    why = "`{tool}` {declares}, and may change something"
    help = "declare `{tool}` as `pure` or `read`, if it is; the call is then left out"

    tool: str
    effect: Effect

    @property
    def declares(self) -> str:
        """The declared effect of the tool."""
        return _declaration(self.effect)
