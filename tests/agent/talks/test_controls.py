"""What was mended is broken again, one thing at a time: each is found, so none of the counts of zero is blind."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import pytest

from llmc_compiler.effects.effects import RULES, Kind, When
from llmc_compiler.expressions.terms import canonical
from llmc_compiler.ir.graph import Call
from llmc_compiler.steps import Add, Step
from llmc_grammar.reasoning import ReasoningTags
from llmc_runtime.agent.planning import reply_merge
from llmc_runtime.agent.planning.plan_reply import ReplyReading
from llmc_runtime.cache import cached_call, call_cache
from llmc_runtime.program.incremental import IncrementalRun
from llmc_runtime.safety.approval import Hold
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state.instance import Bound
from tests.agent.talks.generator import random_talk
from tests.agent.talks.judge import judged
from tests.agent.talks.play import play, runner

Patch = pytest.MonkeyPatch

TALKS: Final = 400
"""Conversations after which a fault should have been found."""


def an_open_statement_counts(patch: Patch) -> None:
    """A reply that was cut off counts as one that ended there."""
    patch.setattr(ReplyReading, "is_whole", property(lambda reading: reading.end is not None))


def uses_keep_their_numbers(patch: Patch) -> None:
    """Where a mended line has another number, what uses it keeps the old one."""
    patch.setattr(reply_merge, "renamed", lambda node, _names, **_settings: node)


def reasoning_counts(patch: Patch) -> None:
    """What a model thinks before its reply is a part of the reply."""
    patch.setattr(ReasoningTags, "find", lambda _self, _text, _offset=0: [])


def a_write_is_its_spelling(patch: Patch) -> None:
    """A write is the same one where it is spelled the same."""
    identify = cached_call.CachedCall._identify  # noqa: SLF001 — what says which writes are the same

    def by_spelling(self: cached_call.CachedCall, op: Call, bound: Bound) -> None:
        identify(self, op, bound)
        self.keys = (f"{self.tool} {[(name, canonical(value)) for name, value in bound]}",)

    patch.setattr(cached_call.CachedCall, "_identify", by_spelling)


def writes_start_early(patch: Patch) -> None:
    """A write before which nothing has to come starts when its line has ended."""
    for kind in (Kind.WRITE, Kind.IDEMPOTENT):
        patch.setitem(RULES, kind, replace(RULES[kind], early=When.UNWRITTEN))


def nothing_keeps_its_order(patch: Patch) -> None:
    """Calls wait for the values that they read, and for nothing else."""
    apply = Executor.apply

    def unordered(self: Executor, steps: Iterable[Step]) -> None:
        apply(self, map(_unordered, steps))

    patch.setattr(Executor, "apply", unordered)


def _unordered(step: Step) -> Step:
    """A step whose nodes come after nothing."""
    return Add(tuple(replace(node, after=()) for node in step.nodes)) if isinstance(step, Add) else step


def nothing_is_remembered(patch: Patch) -> None:
    """Every call is made."""
    patch.setattr(call_cache.CallCache, "knows", lambda _cache, _call: False)


def everything_is_held(patch: Patch) -> None:
    """Nothing is written that nobody has said yes to."""
    start = IncrementalRun.start

    patch.setattr(IncrementalRun, "start", lambda self, *holds: start(self, *holds, Hold("because")))


CONTROLS: Final[dict[str, tuple[Callable[[Patch], None], str]]] = {
    "cut": (an_open_statement_counts, "not meant"),
    "old numbers": (uses_keep_their_numbers, "not meant"),
    "reasoning": (reasoning_counts, "not meant"),
    "spelling": (a_write_is_its_spelling, "made twice"),
    "writes start early": (writes_start_early, "too early"),
    "no order": (nothing_keeps_its_order, "out of order"),
    "no call cache": (nothing_is_remembered, "made twice"),
    "all held": (everything_is_held, "missing"),
}
"""What is broken again, and what is found then."""


def found_in(seeds: Iterable[int], what: str) -> int | None:
    """The first seed whose conversation has this fault."""
    with runner() as run:
        for seed in seeds:
            talk = random_talk(seed)
            verdict = judged(talk, play(talk, run))
            if what in {"missing" if verdict.missing else "", *(kind for kind, _ in verdict.wrong)}:
                return seed
    return None


@pytest.mark.parametrize("name", CONTROLS)
def test_what_is_broken_again_is_found(name: str) -> None:
    """Each control is found in some conversation, in which nothing is wrong without it."""
    control, what = CONTROLS[name]
    with Patch.context() as patch:
        control(patch)
        seed = found_in(range(TALKS), what)
    print(f"{name}: found in conversation {seed}")  # noqa: T201 — a figure to report
    assert seed is not None
    assert found_in([seed], what) is None
