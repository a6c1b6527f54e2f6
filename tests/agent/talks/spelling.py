"""Plans as texts: the same call in many spellings, and what models write around their plans."""

import json
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from tests.agent.talks.meant import Ids, Plan, Ref, Task, Text, Value
from tests.agent.talks.model import FALLBACK
from tests.agent.talks.world import PARAMETERS

END: Final = "<END_OF_PLAN>"

TAGS: Final = ("think", "thinking", "thought", "reasoning", "reflection", "scratchpad", "analysis", "THINK", "Thinking")
HARMONY: Final = "<|channel|>analysis<|message|>"
HARMONY_END: Final = "<|end|><|start|>assistant<|channel|>final<|message|>"


def line(task: Task, ids: Ids, rng: Random) -> str:
    """The line of a task."""
    return f"{_binder(ids[task.at])}{call(task, ids, rng)}{tail(task, ids)}"


def _binder(name: str) -> str:
    """What stands in front of a call."""
    return f"{name}. " if name.isdigit() else f"{name} = "


def tail(task: Task, ids: Ids) -> str:
    """What stands behind a call: its guard and its options."""
    guard = f" if ${ids[task.guard.task]} > {task.guard.least}" if task.guard else ""
    retries = f" @retry({task.retries})" if task.retries else ""
    return guard + retries + (f' @fallback("{FALLBACK}")' if task.fallback else "")


def call(task: Task, ids: Ids, rng: Random) -> str:
    """A call, spelled in one of many ways that mean the same."""
    written: list[str] = []
    by_name = rng.random() < 0.2
    for (name, default), value in zip(PARAMETERS[task.tool], task.values, strict=True):
        if default is not None and value == default and rng.random() < 0.6:
            by_name = True
            continue
        shown = spelled(value, ids, rng)
        written.append(f"{name}={shown}" if by_name else shown)
    return f"{task.tool}({', '.join(written)})"


def spelled(value: Value, ids: Ids, rng: Random) -> str:
    """A value in one of its spellings."""
    match value:
        case Ref(task):
            return f"${ids[task]}" if rng.random() < 0.8 else f'"${ids[task]}"'
        case Text(task):
            return f'"has ${ids[task]}"' if rng.random() < 0.5 else f'"has ${{{ids[task]}}}"'
        case bool():
            return rng.choice(("true", "True") if value else ("false", "False"))
        case str():
            return json.dumps(value) if rng.random() < 0.8 or "'" in value else f"'{value}'"
        case float():
            forms = (f"{value:g}", f"{value:.1f}", f"{value:.2f}", f"{value:.0e}".replace("e+0", "e"))
            return rng.choice([form for form in forms if float(form) == value])
        case _:
            return str(value)


def join_line(plan: Plan, ids: Ids, rng: Random) -> str:
    """The line of the join."""
    number = f"{highest(ids) + 1}. " if rng.random() < 0.4 else ""
    inside = "" if plan.join is None else f"${ids[plan.join.task]}" if isinstance(plan.join, Ref) else f'"{plan.join}"'
    return f"{number}join({inside})"


def highest(ids: Ids) -> int:
    """The highest number among names."""
    return max((int(name) for name in ids.values() if name.isdigit()), default=0)


def lines(plan: Plan, ids: Ids, rng: Random) -> list[str]:
    """The lines of a plan, its join as the last one."""
    return [*(line(task, ids, rng) for task in plan.tasks), join_line(plan, ids, rng)]


def text_of(parts: Sequence[str], rng: Random) -> str:
    """Lines as a reply, maybe with an end mark, or without the last line's end."""
    is_joined = "join(" in parts[-1]
    return "\n".join(parts) + rng.choice(("\n", "", END, END + "\n") if is_joined else ("\n",))


def dressed(text: str, rng: Random, *, apology: bool = False) -> str:
    """A reply with what models write around it; it ends its last line."""
    text = text if text.endswith(("\n", END)) else text + "\n"
    match rng.randrange(5 if apology else 4):
        case 0:
            return f"```\n{text.removesuffix(END).rstrip()}\n```\n"
        case 1:
            return f"Here is the plan:\n\n{text}"
        case 2:
            return f"Thought: first look, then act\n{text}"
        case 3:
            return text
        case _:
            return f"Sorry for the mistake! Here is the corrected version:\n\n{text}\nI hope this helps."


def thinking(draft: str, rng: Random, *, ends: bool = True) -> str:
    """A draft as the reasoning in front of a reply, in one of the forms of its tags."""
    form = rng.randrange(6)
    if form == 0:
        return f"{HARMONY}{draft}{HARMONY_END if ends else ''}"
    tag = rng.choice(TAGS)
    opening, closing = (f"[{tag}]", f"[/{tag}]") if form == 1 else (f"<{tag}>", f"</{tag}>")
    if not ends:
        return f"{opening}\n{draft}"
    opened = "" if rng.random() < 0.4 else f"{opening}\n"
    return f"{opened}{draft}{rng.choice(('', chr(10)))}{closing}{rng.choice((chr(10), chr(10) * 2, ' '))}"


def pieces(text: str, rng: Random) -> list[str]:
    """A text cut anywhere: into single letters, or into a few long pieces."""
    if rng.random() < 0.1:
        return list(text)
    cuts = sorted(rng.randint(0, len(text)) for _ in range(rng.randint(0, 6)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True) if end > start]


def numbers(tasks: Iterable[Task], first: int) -> dict[int, str]:
    """Numbers for tasks, in a row."""
    return {task.at: str(number) for number, task in enumerate(tasks, first)}
