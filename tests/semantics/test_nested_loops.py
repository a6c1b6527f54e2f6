"""Random plans that are mostly loops in loops, run in all ways and in the worst order, against the reference."""

import os
from collections.abc import Iterator
from random import Random
from typing import Final

from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_grammar import parse
from llmc_runtime.program.program import Program
from tests.semantics.compared import TOOLBOX, WORLD, Difference, Passes, Trial, in_trials
from tests.semantics.generator import Sample
from tests.semantics.hostile import run_hostile
from tests.semantics.naive import NaiveOrder

PLANS: Final = int(os.environ.get("LLMC_PLANS", "24"))
TOOLS: Final = (
    *("echo", "size", "need", "guess", "inbox", "rows", "row_a", "count_b", "survey"),
    *("send", "store", "put_a", "put_b", "look", "act", "refuse"),
)
"""Tools of one argument."""


class Texts:
    """Plans of loops in loops; every loop has a name of its own."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._loops = 0
        self._tasks = ["t0"]

    def plan(self) -> str:
        """A list, some tasks, and all of them in the join."""
        lines = ["t0 = items(3)"]
        for number in range(1, self._rng.randint(2, 4)):
            lines.append(f"t{number} = {self.task()}")
            self._tasks.append(f"t{number}")
        return "\n".join(lines) + f"\njoin({', '.join(f'${task}' for task in self._tasks)})\n"

    def task(self) -> str:
        """A row of loops, or a value that may have a guard."""
        if self._rng.random() < 0.5:
            names: list[str] = []
            rows = " ".join(self.row(2, names) for _ in range(self._rng.choice((1, 1, 2, 3))))
            return f"{self.value(2, names)} {rows}{self._rng.choice((' @fallback(0)', '', '', ''))}"
        return f"({self.value(3, [])}){f' if {self.value(1, [])}' if self._rng.random() < 0.2 else ''}"

    def row(self, depth: int, names: list[str]) -> str:
        """One loop of a row, whose name the following parts may read."""
        source = self.source(depth, names)
        self._loops += 1
        names.append(f"v{self._loops}")
        condition = f" if {self.value(1, names)}" if self._rng.random() < 0.3 else ""
        return f"for {names[-1]} in {source}{condition}"

    def source(self, depth: int, names: list[str]) -> str:
        """What mostly is a list; an element of another loop may be one."""
        read = self.leaf(names)
        made = f"[{self.value(depth, names)}, {read}]"
        count = self._rng.randint(0, 3)
        return self._rng.choice((f"items({count})", f"items({read})", "rows()", made, "[]", read, f"[{count}, {read}]"))

    def value(self, depth: int, names: list[str]) -> str:
        """An expression whose calls and loops stand at most so deep."""
        kind = self._rng.random()
        if not depth or kind > 0.95:
            return self.leaf(names)
        if kind < 0.3:
            inside = list(names)
            rows = " ".join(self.row(depth - 1, inside) for _ in range(self._rng.choice((1, 1, 2))))
            return f"[{self.value(depth - 1, inside)} {rows}]"
        first, second = self.value(depth - 1, names), self.value(depth - 1, names)
        if kind < 0.5:
            both = f"({first} if {self.leaf(names)} else {second})"
            return self._rng.choice((both, f"({first} and {second})", f"({first} or {second})"))
        return f"[{first}, {second}]" if kind < 0.6 else f"{self._rng.choice(TOOLS)}({first})"

    def leaf(self, names: list[str]) -> str:
        """A number, or a read."""
        return self._rng.choice((str(self._rng.randint(0, 3)), *(f"${name}" for name in (*names, *self._tasks))))


def trials() -> Iterator[Trial]:
    """The random plans that have no mistakes."""
    for seed in range(PLANS):
        parsed = parse(Texts(seed).plan())
        try:
            Program.of(parsed, TOOLBOX)
        except CompileError:
            continue
        yield Trial.of(Sample(parsed.plan, {}), seed)


def hostile(passes: Passes) -> Iterator[Difference]:
    """Where the worst order and the reference do not agree."""
    for trial in trials():
        WORLD.begin(trial.seed)
        done = run_hostile(trial.program(passes), {})
        found = trial.difference(done, "the worst order", complete=not passes)
        if found is not None:
            yield found


def test_nested_loops_do_what_the_reference_says() -> None:
    """Before the passes, and after all of them."""
    found = list(in_trials(trials(), lambda _: {"": (), "all": PIPELINE}))
    assert not found, str(found[0])


def test_nested_loops_keep_their_order() -> None:
    """In the worst order too; without order edges plans end otherwise."""
    found = [*hostile(()), *hostile(PIPELINE)]
    assert not found, str(found[0])
    assert next(hostile((NaiveOrder(),)), None) is not None
