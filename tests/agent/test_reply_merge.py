"""A mended plan means what its planner meant, or it is refused: random plans, renumberings and partial repairs.

The planner means a plan of calls of `mix`, whose value tells which results went where, and of `pay`. It writes it with
numbers that may be taken and with wrong lines, and repairs it in one of several ways.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest

import llmc
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.planning import reply_merge
from tests.runtime import clock

EARLIER = "1. mix(1, 2)\n2. mix(3, 4)\njoin()\n"
MORE = "Thought: more\nAction: Replan(go on)"


PAID: list[int] = []
"""What was paid."""


@llmc.pure
async def mix(a: int, b: int) -> int:
    """Two numbers in one."""
    return (31 * a + 7 * b + 1) % 100_003


@llmc.write("bank")
async def pay(amount: int, other: int) -> int:
    """Pay an amount."""
    PAID.append(amount)
    return (amount + 17 * other) % 100_003


SCRIPT: list[str] = []
"""What the planner says, its next words first."""

AGENT = llmc.Agent([mix, pay], model=llmc.ScriptedModel(lambda _: SCRIPT.pop(0)), grant=["pay"])


@dataclass(frozen=True)
class Step:
    """A call: its tool, and its arguments: numbers, ("task", index), or ("earlier", number)."""

    tool: str
    arguments: tuple[object, ...]


@dataclass(frozen=True)
class Meant:
    """What the planner means; `first` is the first number that is free."""

    steps: tuple[Step, ...]
    joined: tuple[int, ...]
    first: int

    def value(self) -> tuple[str, list[int]]:
        """The text of the join, and what is paid."""
        earlier = {1: (31 + 14 + 1), 2: (93 + 28 + 1)}
        found: list[int] = []
        paid: list[int] = []
        for step in self.steps:
            a, b = (
                earlier[each[1]]
                if isinstance(each, tuple) and each[0] == "earlier"
                else each
                if isinstance(each, int)
                else found[each[1]]  # type: ignore[index]
                for each in step.arguments
            )
            if step.tool == "pay":
                paid.append(a)
            found.append((a + 17 * b if step.tool == "pay" else 31 * a + 7 * b + 1) % 100_003)
        return " ".join(str(found[index]) for index in self.joined), paid


def meaning(random: Random) -> Meant:
    """A random plan, the first of its question or one that follows."""
    first = random.choice((1, 3))
    steps: list[Step] = []
    for index in range(random.randint(1, 5)):
        known: list[object] = [random.randint(1, 99)]
        known += [("task", other) for other in range(index)] * 2
        known += [("earlier", number) for number in (1, 2) if first == 3]
        steps.append(Step(random.choice(("mix", "mix", "pay")), (random.choice(known), random.choice(known))))
    joined = sorted(random.sample(range(len(steps)), random.randint(1, len(steps))))
    return Meant(tuple(steps), tuple(joined), first)


def line(step: Step, ids: list[int], index: int, *, wrong: bool = False) -> str:
    """A step as a line, with these ids of all steps."""
    arguments = ", ".join(
        str(each) if isinstance(each, int) else f"${ids[each[1]] if each[0] == 'task' else each[1]}"  # type: ignore[index]
        for each in step.arguments
    )
    return f"{ids[index]}. {'x' if wrong else ''}{step.tool}({arguments})"


def join(meant: Meant, ids: list[int]) -> str:
    """The join as a line."""
    return f'join("{" ".join(f"${ids[index]}" for index in meant.joined)}")'


STYLES = ("asked", "renumbered", "whole", "whole from another number", "sloppy", "with echoes", "backwards", "in parts")


def conversation(random: Random) -> tuple[Meant, list[str], str]:
    """What is meant, what the planner says, and the style of its repairs."""
    meant, style = meaning(random), random.choice(STYLES)
    count = len(meant.steps)
    taken = meant.first == 3 and random.random() < 0.5
    # Behind a line 1 of its own, a planner that says `$1` means that.
    taken &= not any(("earlier", number) in step.arguments for number in (1, 2) for step in meant.steps[number:])
    ids = [(1 if taken else meant.first) + index for index in range(count)]
    wrong = {index for index in range(count) if random.random() < 0.4} or {0}
    text = [line(step, ids, index, wrong=index in wrong) for index, step in enumerate(meant.steps)]
    broken = sorted(wrong | {index for index in range(count) if taken and ids[index] in (1, 2)})
    news = list(ids)
    if style == "renumbered" or taken:
        free = max(*ids, 2) + 1
        for offset, index in enumerate(broken):
            news[index] = free + offset
    lines = {index: line(meant.steps[index], news, index) for index in broken}
    if style == "sloppy":
        old = {index: line(meant.steps[index], ids, index) for index in broken}
        lines = {index: text.replace(f"{ids[index]}.", f"{news[index]}.", 1) for index, text in old.items()}
    replies = _replies(random, meant, style, lines, news)
    first = "\n".join([*text, join(meant, ids)]) + "\n"
    return meant, [*((EARLIER, MORE) if meant.first == 3 else ()), first, *replies], style


def _replies(random: Random, meant: Meant, style: str, lines: dict[int, str], news: list[int]) -> list[str]:
    """The planner's repairs; asked again, it writes all of its plan."""
    start = meant.first + (random.randint(1, 9) if style == "whole from another number" else 0)
    fresh = [start + index for index in range(len(meant.steps))]
    whole = (
        "\n".join([*(line(step, fresh, index) for index, step in enumerate(meant.steps)), join(meant, fresh)]) + "\n"
    )
    if style.startswith("whole"):
        return [whole, whole]
    if style == "with echoes":
        kept = {index: line(step, news, index) for index, step in enumerate(meant.steps)}
        return ["\n".join([*kept.values(), *([join(meant, news)] if random.random() < 0.5 else [])]) + "\n", whole]
    said = list(lines.values())
    if style == "backwards":
        said.reverse()
    if style == "in parts" and len(said) > 1:
        return [f"{said[0]}\n", "\n".join(said[1:]) + "\n"]
    return ["\n".join(said) + "\n", whole]


def judged(seed: int) -> tuple[str, str, object]:
    """The style of a conversation, and what came of it: as meant, refused, or wrong."""
    meant, script, style = conversation(Random(seed))
    PAID.clear()
    SCRIPT[:] = [*script, "Finish(held)"]
    try:
        answer = clock.run(AGENT.ask("?"))
    except PlanFailed:
        return style, "wrong" if PAID else "refused", script
    if answer.stopped is not None:  # a later plan was refused
        return style, "wrong" if PAID else "refused", script
    value, paid = meant.value()
    return style, "meant" if (answer.text, PAID) == (value, paid) else "wrong", script


SEEDS = range(600)


@pytest.mark.no_cover
def test_a_mended_plan_means_what_was_meant() -> None:
    """Its value and what it pays are those of the plan that the planner meant; few are refused."""
    found = [(seed, *judged(seed)) for seed in SEEDS]
    assert [(seed, script) for seed, _, verdict, script in found if verdict == "wrong"] == []
    counts = Counter((style, verdict) for _, style, verdict, _ in found)
    for style in STYLES:
        total = counts[style, "meant"] + counts[style, "refused"]
        least = {"sloppy": 0.4, "in parts": 0.4}.get(style, 0.9)
        assert counts[style, "meant"] >= least * total, (style, counts[style, "meant"], total)


@pytest.mark.parametrize("rule", ["uses", "order", "clearness"])
def test_without_the_rule_another_plan_runs(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controls: uses that keep their number, and a reply that is taken whatever it contradicts."""
    if rule == "uses":
        monkeypatch.setattr(reply_merge._Match, "_names", lambda *_: {})  # noqa: SLF001 — the rule
    elif rule == "order":
        monkeypatch.setattr(reply_merge, "_is_whole", lambda *_: False)
        monkeypatch.setattr(reply_merge._Match, "unclear", lambda *_, **__: None)  # noqa: SLF001 — the rule
    else:
        monkeypatch.setattr(reply_merge._Match, "unclear", lambda *_, **__: None)  # noqa: SLF001 — the rule
    assert sum(judged(seed)[1] == "wrong" for seed in SEEDS[:200]) >= 3
