"""What models and users wrote in a question, without its secrets: any text may turn out to have one."""

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
    """Return what happened, its texts without secrets; a run, and its events, hide theirs when they are looked at."""
    return _fields(event, secrets.text) if secrets else event


def veiled_plans(plans: Iterable[Planned], secrets: Secrets) -> tuple[Planned, ...]:
    """Return plans, their texts without secrets; names of tasks stay."""
    return tuple(_plan(each, secrets.text) for each in plans) if secrets else tuple(plans)


def _plan(planned: Planned, hide: Hide) -> Planned:
    """A plan without secrets."""
    return replace(
        planned,
        text=hide(planned.text),
        thought=hide(planned.thought),
        statements=tuple(_statement(each, hide) for each in planned.statements),
        tasks=tuple(replace(each, written=hide(each.written), text=hide(each.text)) for each in planned.tasks),
    )


def _statement(statement: Any, hide: Hide) -> Any:  # noqa: ANN401 — a statement
    """A statement without secrets."""
    text = print_statement(statement)
    return statement if hide(text) == text else _fields(statement, hide)


def _fields(thing: Any, hide: Hide) -> Any:  # noqa: ANN401 — a dataclass, and another one of its class
    """A dataclass whose fields have no secrets."""
    return replace(thing, **{each.name: _part(getattr(thing, each.name), hide) for each in fields(thing)})


def _part(part: Any, hide: Hide) -> Any:  # noqa: ANN401 — of a dataclass
    """A part of a dataclass without secrets."""
    if isinstance(part, str):
        return hide(part)
    if isinstance(part, tuple) and not isinstance(part, Span):
        return tuple(_part(each, hide) for each in part)
    return _fields(part, hide) if is_dataclass(part) and not isinstance(part, (Run, RunEvent)) else part
