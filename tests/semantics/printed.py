"""Prints all that compiling random plans gives, to be compared between processes.

    python -m tests.semantics.printed PLANS [NAIVE]

With NAIVE, a pass that goes through a set comes last, as an example of what must not be.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

import llmc
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, Node
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import Pass
from llmc_compiler.serialization.graph_json import to_json
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import print_plan, render
from tests.semantics.compared import TOOLBOX, with_plans
from tests.semantics.generator import random_family


@dataclass(frozen=True, slots=True)
class Unordered:
    """What a node waits for, in whatever order a set of texts has today."""

    name: str = "unordered"

    def __call__(self, graph: Graph) -> Graph:
        """Go through sets."""
        return replace(graph, nodes={key: _shuffled(node) for key, node in graph.nodes.items()})


def _shuffled(node: Node) -> Node:
    found: set[NodeId] = set(node.after)
    return replace(node, after=tuple(found))


def spoiled(text: str, rng: Random) -> str:
    """The text with a few characters exchanged, so that there are mistakes to report."""
    letters = [*text]
    for _ in range(3):
        letters[rng.randrange(len(letters))] = rng.choice("()$,\"'=1ax")
    return "".join(letters)


def lines(seed: int, tools: Toolbox, passes: Sequence[Pass]) -> Iterable[str]:
    """The program and its JSON, and the mistakes of a text that is spoiled."""
    rng = Random(seed)
    sample = random_family(rng)
    text, tools = print_plan(sample.plan), with_plans(sample.plans, tools)
    graph = llmc.compile(text, tools, passes=passes).graph
    yield print_graph(graph)
    yield json.dumps(to_json(graph))
    try:
        program = llmc.compile(spoiled(text, rng), tools, passes=passes, mode=rng.choice(("strict", "lenient")))
    except llmc.CompileError as error:
        yield str(error)
    else:
        yield "".join(render(found, program.source) for found in program.diagnostics)


def digest(seed: int, tools: Toolbox, passes: Sequence[Pass] = PIPELINE) -> str:
    """A line for a seed that is the same for equal output."""
    return f"{seed} {sha256(chr(0).join(lines(seed, tools, passes)).encode()).hexdigest()}"


def main(plans: str, *naive: str) -> None:
    """Print a line for each seed."""
    passes = (*PIPELINE, Unordered()) if naive else PIPELINE
    for seed in range(int(plans)):
        print(digest(seed, TOOLBOX, passes))  # noqa: T201 (what this is for)


if __name__ == "__main__":
    main(*sys.argv[1:])
