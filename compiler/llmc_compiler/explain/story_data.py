"""The data of a story: remarks of passes, order edges, levels and times."""

from dataclasses import dataclass

from llmc_compiler.analysis.critical_path import Estimate
from llmc_compiler.analysis.what_if import DeclarationGain
from llmc_compiler.effects.effects import Effect
from llmc_compiler.ir.graph import Node
from llmc_compiler.passes.remarks import Remark
from llmc_compiler.representation.brief import Brief
from llmc_grammar.source import Source


@dataclass(frozen=True, slots=True)
class PassEntry:
    """A remark of a pass; `now` is what the node does afterwards, where that is not what is written."""

    pass_name: str
    remark: Remark
    now: str = ""


@dataclass(frozen=True, slots=True)
class OrderEdge:
    """`later` waits for the end of `earlier`, whose value it does not need, because their effects conflict.

    `is_carried` where `earlier` is that of the element before in the same loop.
    """

    earlier: Node
    later: Node
    earlier_effect: Effect
    later_effect: Effect
    is_carried: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a plan takes if at most so many calls run at once: `bound` at least, `expected` by rank."""

    width: int
    bound: float
    expected: float


@dataclass(frozen=True, slots=True, repr=False)
class StoryData(Brief):
    """All that there is to tell about the compilation of a plan.

    `written` and `left` count calls, a loop having those of one element. `levels` are the calls that run together.
    `assumed` are the tools whose latency is taken to be the median of those declared.
    """

    source: Source
    passes: tuple[str, ...]
    written: int
    left: int
    remarks: tuple[PassEntry, ...]
    order: tuple[OrderEdge, ...]
    gains: tuple[DeclarationGain, ...]
    levels: tuple[tuple[Node, ...], ...]
    estimate: Estimate
    chain: tuple[Node, ...]
    assumed: tuple[str, ...]
    has_loops: bool
    schedule: Schedule | None = None
