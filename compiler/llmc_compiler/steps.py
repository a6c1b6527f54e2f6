"""Compiler steps: the messages from the incremental compiler to the executor."""

from collections.abc import Mapping

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Node, TaskId
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.representation.brief import Brief
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen


@frozen
class Add(Brief):
    """These nodes may run. They never change, and the nodes they wait for were added before or in this message."""

    nodes: tuple[Node, ...]


@frozen
class Drop(Brief):
    """These nodes are not needed: stop them, and forget their results and errors."""

    nodes: tuple[NodeId, ...]


@frozen
class Share(Brief):
    """This written task uses the value of that node."""

    task: TaskId
    node: NodeId


@frozen
class Conceal(Brief):
    """These parts of inputs and results are secret, even if no remaining call takes them as secrets."""

    labels: Mapping[str, Label]


@frozen
class Restart(Brief):
    """Stop and forget all nodes so far; their ids are free again.

    They came from reasoning, or the whole text is in another `dialect`. In that case `plan` is its translation, unless
    it has mistakes.
    """

    dialect: str | None = None
    plan: str = ""


@frozen
class Report(Brief):
    """Mistakes in the statement or text that was fed last."""

    diagnostics: tuple[Diagnostic, ...]


Step = Add | Conceal | Drop | Share | Restart | Report
