"""Redact the secrets in events and plans of a question: any text of a model or user may contain one."""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from llmc_grammar import print_statement
from llmc_grammar.source import Span
from llmc_runtime.agent.answers.answer_data import Planned
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import Secrets
from llmc_runtime.state.events import RunEvent

E = TypeVar("E", bound=RunEvent)

Hide = Callable[[str], str]


def veiled(event: E, secrets: Secrets) -> E:
    """Return an event with its texts redacted; runs and their events redact themselves when they are shown."""
    return _fields(event, secrets.text) if secrets else event


def veiled_plans(plans: Iterable[Planned], secrets: Secrets) -> tuple[Planned, ...]:
    """Return plans with their texts redacted; names of tasks stay."""
    return tuple(_plan(planned, secrets.text) for planned in plans) if secrets else tuple(plans)


def _plan(planned: Planned, hide: Hide) -> Planned:
    """Return a plan with its texts redacted."""
    return replace(
        planned,
        text=hide(planned.text),
        thought=hide(planned.thought),
        statements=tuple(_statement(statement, hide) for statement in planned.statements),
        tasks=tuple(replace(task, written=hide(task.written), text=hide(task.text)) for task in planned.tasks),
    )


def _statement(statement: Any, hide: Hide) -> Any:  # noqa: ANN401 — a statement
    """Return a statement with its texts redacted."""
    text = print_statement(statement)
    return statement if hide(text) == text else _fields(statement, hide)


def _fields(thing: Any, hide: Hide) -> Any:  # noqa: ANN401 — a dataclass
    """Return a dataclass with its fields redacted."""
    return replace(thing, **{each.name: _part(getattr(thing, each.name), hide) for each in fields(thing)})


def _part(part: Any, hide: Hide) -> Any:  # noqa: ANN401 — of a dataclass
    """Return a part of a dataclass with its texts redacted."""
    if isinstance(part, str):
        return hide(part)
    if isinstance(part, tuple) and not isinstance(part, Span):
        return tuple(_part(item, hide) for item in part)
    return _fields(part, hide) if is_dataclass(part) and not isinstance(part, (Run, RunEvent)) else part
