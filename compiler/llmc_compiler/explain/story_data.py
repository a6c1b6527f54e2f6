"""The data of a story: remarks of passes, order edges, levels and times."""

from llmc_compiler.analysis.critical_path import Estimate
from llmc_compiler.analysis.what_if import DeclarationGain
from llmc_compiler.effects.effects import Effect
from llmc_compiler.ir.graph import Node
from llmc_compiler.passes.remarks import Remark
from llmc_compiler.representation.brief import Brief
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Source


@frozen
class PassEntry:
    """A remark of a pass; `now` is the text of the changed node, if it differs from the written one."""

    pass_name: str
    remark: Remark
    now: str = ""


@frozen
class OrderEdge:
    """An order edge: `later` waits for the end of `earlier`, because their effects conflict, and not for its value.

    If `is_carried`, `later` waits for `earlier` of the previous loop element.
    """

    earlier: Node
    later: Node
    earlier_effect: Effect
    later_effect: Effect
    is_carried: bool = False


@frozen
class Schedule:
    """Time of a plan with at most `width` calls at once: at least `bound`, and by rank `expected`."""

    width: int
    bound: float
    expected: float


@frozen
class StoryData(Brief):
    """The complete story of a plan's compilation.

    `written` and `left` count calls; a loop counts the calls of one element. `levels` holds the calls that run
    together. `assumed` are the tools without a latency, for which the median of the known ones is used, and `measured`
    those whose latency is from recorded runs.
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
    measured: tuple[str, ...]
    has_loops: bool
    schedule: Schedule | None = None
