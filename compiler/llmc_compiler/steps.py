"""What the compiler tells the runtime while a plan is being compiled."""

from collections.abc import Mapping
from dataclasses import dataclass

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Node, TaskId
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.representation.brief import Brief
from llmc_grammar.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, repr=False)
class Add(Brief):
    """These nodes may be run; they never change, and what they wait for was added before or is in the same step."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Drop(Brief):
    """Nobody needs these nodes: stop them, and forget their results and errors."""

    nodes: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Share(Brief):
    """This written task has the value of that node."""

    task: TaskId
    node: NodeId


@dataclass(frozen=True, slots=True, repr=False)
class Conceal(Brief):
    """These parts of inputs and of results are secret, even where nothing is left that takes them as secrets."""

    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True, repr=False)
class Restart(Brief):
    """Stop and forget all nodes so far, whose ids are free again.

    They come from reasoning, or the whole text is of a `dialect`; then `plan` is what it says, unless it has mistakes.
    """

    dialect: str | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Report(Brief):
    """Mistakes found in what was fed last."""

    diagnostics: tuple[Diagnostic, ...]


Step = Add | Conceal | Drop | Share | Restart | Report
