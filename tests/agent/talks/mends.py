"""How planners mend a plan that has mistakes: the lines alone, all lines, under other numbers, with other words."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from tests.agent.talks import spelling
from tests.agent.talks.meant import Guard, Meaning, Reply, Task
from tests.agent.talks.slips import Saying
from tests.agent.talks.world import EFFECTS


def broken(task: Task, ids: dict[int, str], rng: Random) -> str:
    """The line of a task with a mistake in it."""
    right = spelling.line(task, ids, rng)
    wrong = ("(bogus=1)", "($99)", "(<the name>)", "()")
    if rng.random() < 0.4:
        return right.replace(f"{task.tool}(", f"{task.tool}{rng.choice(('s', '_now', 'x'))}(", 1)
    start = right.index(f"{task.tool}(") + len(task.tool)
    return right[:start] + rng.choice(wrong[: 3 if task.tool == "dice" else 4]) + spelling.tail(task, ids)


def mistaken(saying: Saying) -> None:
    """Make mistakes in one or two lines, and mend them in one of the styles."""
    rng, tasks = saying.rng, saying.plan.tasks
    wrong = sorted(rng.sample(range(len(tasks)), min(len(tasks), rng.choice((1, 1, 2)))))
    parts = saying.lines()
    for index in wrong:
        parts[index] = broken(tasks[index], saying.ids, rng)
    text = "\n".join(parts) + "\n"
    if rng.random() < 0.1:
        saying.kinds.add("thought")
        text = spelling.thinking(saying.draft(), rng) + text
    saying.replies.append(Reply(text))
    saying.kinds.add("repair")
    mend = rng.choice(MENDS)
    mend(saying, [tasks[index] for index in wrong])


def _again(saying: Saying, tasks: Sequence[Task], ids: dict[int, str] | None = None) -> str:
    """Some lines again, without mistakes."""
    return "\n".join(spelling.line(task, ids or saying.ids, saying.rng) for task in tasks) + "\n"


def only(saying: Saying, wrong: list[Task]) -> None:
    """The broken lines alone."""
    saying.say(_again(saying, wrong), apology=True)


def everything(saying: Saying, _wrong: list[Task]) -> None:
    """All lines, under their numbers."""
    parts = saying.lines()
    saying.say("\n".join(parts if saying.rng.random() < 0.6 else parts[:-1]) + "\n", apology=True)


def anew(saying: Saying, _wrong: list[Task]) -> None:
    """The whole plan under other numbers."""
    saying.say("\n".join(saying.lines(saying.renumbered())) + "\n", apology=True)


def under_other_numbers(saying: Saying, wrong: list[Task]) -> None:
    """The broken lines alone, under other numbers: what uses them uses these."""
    other = saying.renumbered()
    ids = {**saying.ids, **{task.at: other[task.at] for task in wrong}}
    saying.say(_again(saying, wrong, ids), apology=True)


def under_a_number_that_stands(saying: Saying, wrong: list[Task]) -> None:
    """A broken line under the number of one that stands: nobody knows which is meant, until it is asked again."""
    good = [task for task in saying.plan.tasks if task not in wrong]
    if not good:
        only(saying, wrong)
        return
    saying.kinds.add("renumbering")
    other = saying.rng.choice(good)
    saying.unsure.update((wrong[0].at, other.at))
    saying.say(_again(saying, wrong, {**saying.ids, wrong[0].at: saying.ids[other.at]}))


def one_by_one(saying: Saying, wrong: list[Task]) -> None:
    """One line, and the next when it is asked for."""
    for task in wrong:
        saying.say(_again(saying, [task]), apology=True)


def after_a_thought(saying: Saying, wrong: list[Task]) -> None:
    """The broken lines after some reasoning."""
    saying.kinds.add("thought")
    saying.replies.append(Reply(spelling.thinking(saying.draft(), saying.rng) + _again(saying, wrong)))


def cut_again(saying: Saying, wrong: list[Task]) -> None:
    """The broken lines, cut off, and then the rest of them."""
    saying.kinds.add("cut")
    text = _again(saying, wrong)
    at = saying.rng.randint(1, len(text))
    saying.replies.append(Reply(text[:at], "length"))
    saying.say(_again(saying, wrong[text[:at].count("\n") :] or wrong))


def stubborn(saying: Saying, wrong: list[Task]) -> None:
    """The same mistakes for ever."""
    said = "\n".join(broken(task, saying.ids, saying.rng) for task in wrong) + "\n"
    saying.replies += [Reply(said), Reply(said)]
    saying.clear = Reply(said)
    saying.meanings = (Meaning(None),)


def with_another_mind(saying: Saying, wrong: list[Task]) -> None:
    """All lines, one of the good ones with another condition or another name: that is the plan now."""
    other = [task for task in saying.plan.tasks if task not in wrong and EFFECTS[task.tool].may_write]
    if not other:
        everything(saying, wrong)
        return
    old = saying.rng.choice(other)
    new = _changed(old, saying)
    saying.kinds.add("contradiction")
    saying.plan = replace(saying.plan, tasks=tuple(new if task is old else task for task in saying.plan.tasks))
    if saying.rng.random() < 0.7:
        saying.say("\n".join(saying.lines()) + "\n", apology=True)
    else:
        saying.say(_again(saying, [task for task in saying.plan.tasks if task in wrong or task is new]))


def _changed(task: Task, saying: Saying) -> Task:
    """A write with another condition, or for somebody else."""
    numbers = [each.at for each in saying.plan.tasks if each.tool in {"balance", "double"} and each.at < task.at]
    if numbers and saying.rng.random() < 0.6:
        least = saying.rng.choice((0, 10, 500, 100_000))
        return replace(task, guard=Guard(saying.rng.choice(numbers), least))
    return replace(task, values=("zoe", *task.values[1:]))


def with_more(saying: Saying, wrong: list[Task]) -> None:
    """The broken lines, and one that was not there: it is done or not, but nothing else is."""
    at = max(task.at for task in saying.plan.tasks) + 100
    more = Task(at, "label", (f"more {at}", "red"))
    saying.ids[at] = str(saying.fresh)
    plan = saying.plan
    saying.plan = replace(plan, tasks=(*plan.tasks, more))
    saying.meanings = (Meaning(saying.plan), Meaning(plan))
    saying.say(_again(saying, [*wrong, more]))


MENDS: Final[tuple[Callable[[Saying, list[Task]], None], ...]] = (
    only,
    only,
    everything,
    everything,
    anew,
    anew,
    under_other_numbers,
    under_other_numbers,
    under_a_number_that_stands,
    one_by_one,
    after_a_thought,
    after_a_thought,
    cut_again,
    stubborn,
    with_another_mind,
    with_another_mind,
    with_more,
)


def unclosed(saying: Saying) -> None:
    """Forget a closing bracket, which a repair adds: the line is written again, or the plan is held back."""
    parts = saying.lines()
    # Behind a bracket that is just open, `name = call()` is an argument.
    plain = [index for index, part in enumerate(parts[:-1]) if part.endswith(")") and not part.endswith("()")]
    plain = [index for index in plain if not spelling.tail(saying.plan.tasks[index], saying.ids)]
    # A tag is text only in a statement that parses.
    plain = [index for index in plain if "</" not in parts[index]]
    if not plain:
        saying.say_plan()
        return
    index = saying.rng.choice(plain)
    parts[index] = parts[index].removesuffix(")")
    saying.kinds |= {"moved", "repair"}
    saying.replies.append(Reply("\n".join(parts) + "\n"))
    if saying.rng.random() < 0.5:
        only(saying, [saying.plan.tasks[index]])
        return
    saying.clear = Reply("It is right as it is.")
    everyone = frozenset(task.at for task in saying.plan.tasks)
    saying.meanings = (Meaning(saying.plan, everyone), Meaning(None))


def taken(saying: Saying) -> None:
    """Give one or two tasks numbers of an earlier plan: these lines come again, under others, or all lines do."""
    rng, tasks = saying.rng, saying.plan.tasks
    read = {need for task in tasks for need in task.needs}
    free = [name for name in saying.taken if name not in {saying.ids[need] for need in read}]
    used = [task for task in tasks if task.at in read]
    chosen = [rng.choice(used)] if used and rng.random() < 0.7 else tasks[: rng.choice((1, 1, 2))]
    wrong = dict(zip((task.at for task in chosen), rng.sample(free, len(free)), strict=False))
    if not wrong:
        saying.say_plan()
        return
    saying.kinds |= {"repair", "renumbering"}
    saying.replies.append(Reply("\n".join(saying.lines({**saying.ids, **wrong})) + "\n"))
    if rng.random() < 0.4:
        saying.say("\n".join(saying.lines()) + "\n")
    else:
        saying.say(_again(saying, [task for task in tasks if task.at in wrong]))
