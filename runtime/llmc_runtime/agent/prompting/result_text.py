"""What became of a plan's tasks, as models are told: bounded, cuts marked, without secrets, unable to pass for more."""

import json
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_grammar import ast, print_statement
from llmc_runtime.agent.answers.answer_data import Planned, ShownTask
from llmc_runtime.agent.plan_statements import numbered
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN

MOST: Final = 24_000
"""Characters of all results together."""

MOST_EACH: Final = 6_000
"""Characters of one."""

_LEAST_EACH: Final = 200


def shown_tasks(
    statements: Sequence[ast.Statement], highest: int, run: Run, writers: Container[str]
) -> tuple[ShownTask, ...]:
    """The tasks with what became of them; `writers` are the tools that change something."""
    return tuple(_shown(name, task, run, writers) for name, task in numbered(statements, highest))


def _shown(name: str, task: ast.Task, run: Run, writers: Container[str]) -> ShownTask:
    """A task with what became of it."""
    written = print_statement(replace(task, binder=name))
    wrote = any(call.tool in writers for call in ast.calls(task))
    if name in run.results:
        text, length = _beginning(run, name)
        return ShownTask(name, written, "done", text, wrote, length)
    if name in run.errors:
        return ShownTask(name, written, "failed", run.secrets.text(str(run.errors[name])), wrote)
    if name in run.skipped:
        return ShownTask(name, written, "skipped", "its condition did not hold, or what it uses was skipped")
    return ShownTask(name, written, "left out", "nobody needed it")


def _beginning(run: Run, name: str) -> tuple[str, int | None]:
    """The beginning of a result as text, and the length of it all if there is more."""
    found, is_whole = run.beginning(name, MOST_EACH)
    text, value = value_text(found), run.results[name]
    if not is_whole and found != HIDDEN:
        return text[:MOST_EACH], len(value) if isinstance(value, str) else 0
    return text[:MOST_EACH], len(text) if len(text) > MOST_EACH else None


def value_text(value: Json) -> str:
    """A value as text: a text as it is, anything else as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bounded(plans: Sequence[Planned]) -> list[Planned]:
    """The plans with results cut to what a prompt has room for."""
    lengths = sorted(len(task.text) for plan in plans for task in plan.tasks)
    each = _share(lengths)
    return [replace(plan, tasks=tuple(_fitted(task, each) for task in plan.tasks)) for plan in plans]


def _fitted(task: ShownTask, most: int) -> ShownTask:
    """The task with no more than so many characters of its text, all lines of it indented."""
    return replace(task, text=_indented(cut(task.text, most, task.length)))


def _share(lengths: Sequence[int]) -> int:
    """The length to which texts are cut so that all have room: short ones leave theirs to the others."""
    room = MOST
    for index, length in enumerate(lengths):
        fair = room // (len(lengths) - index)
        if length > fair:
            return max(min(fair, MOST_EACH), _LEAST_EACH)
        room -= length
    return MOST_EACH


def cut(text: str, most: int, length: int | None = None) -> str:
    """The text, or its beginning with a mark that says how much is missing of so many characters; 0 are not counted."""
    if length is None and len(text) <= most:
        return text
    length = len(text) if length is None else length
    kept = text[:most]
    return f"{kept}… [cut: {f'{length - len(kept):,} of {length:,} characters' if length else 'the rest'}]"


def _indented(text: str) -> str:
    """The text, every further line of it indented: a result cannot look like a line of the plan."""
    return "\n    ".join(text.splitlines())
