"""The outcomes of a plan's tasks in prompts.

They are bounded, with marks at cuts, secrets redacted, and further lines indented so that data cannot look like a plan.
"""

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
"""Maximum number of characters in all results together."""

MOST_EACH: Final = 6_000
"""Maximum number of characters in one result."""

_LEAST_EACH: Final = 200


def shown_tasks(
    statements: Sequence[ast.Statement], highest: int, run: Run, writers: Container[str]
) -> tuple[ShownTask, ...]:
    """Return the tasks with their outcomes; `writers` are the tools that change something."""
    return tuple(_shown(name, task, run, writers) for name, task in numbered(statements, highest))


def _shown(name: str, task: ast.Task, run: Run, writers: Container[str]) -> ShownTask:
    """Return a task with its outcome."""
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
    """Return the beginning of a result as text, and the length of the whole text if it is longer."""
    beginning, is_whole = run.beginning(name, MOST_EACH)
    text, value = value_text(beginning), run.results[name]
    if not is_whole and beginning != HIDDEN:
        return text[:MOST_EACH], len(value) if isinstance(value, str) else 0
    return text[:MOST_EACH], len(text) if len(text) > MOST_EACH else None


def value_text(value: Json) -> str:
    """Return a text unchanged, and any other value as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bounded(plans: Sequence[Planned]) -> list[Planned]:
    """Return the plans with their results cut so that all fit into a prompt."""
    lengths = sorted(len(task.text) for plan in plans for task in plan.tasks)
    share = _share(lengths)
    return [replace(plan, tasks=tuple(_fitted(task, share) for task in plan.tasks)) for plan in plans]


def _fitted(task: ShownTask, most: int) -> ShownTask:
    """Cut a task's text to a number of characters, and indent its lines."""
    return replace(task, text=_indented(cut(task.text, most, task.length)))


def _share(lengths: Sequence[int]) -> int:
    """Return the length to which texts are cut so that all have room; short texts leave their rest to the others."""
    room = MOST
    for index, length in enumerate(lengths):
        fair = room // (len(lengths) - index)
        if length > fair:
            return max(min(fair, MOST_EACH), _LEAST_EACH)
        room -= length
    return MOST_EACH


def cut(text: str, most: int, length: int | None = None) -> str:
    """Cut a text to `most` characters, and mark the cut with the number of missing ones.

    `length` is the length of the whole text if `text` is only its beginning, or 0 if that was not counted.
    """
    if length is None and len(text) <= most:
        return text
    length = len(text) if length is None else length
    beginning = text[:most]
    return f"{beginning}… [cut: {f'{length - len(beginning):,} of {length:,} characters' if length else 'the rest'}]"


def _indented(text: str) -> str:
    """Indent every line of a text after the first, so that a result cannot look like a line of the plan."""
    return "\n    ".join(text.splitlines())
