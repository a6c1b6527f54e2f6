"""The result of a run; as JSON data, and as a sheet for notebooks and `rich.print`, without its secrets.

    {"version": 1, "language": 1, "id",
     "value", "has_value", "results": {task: value}, "skipped": [task],
     "errors": {task: {"type", "message", "line"?, "file"?, "line_in_file"?, "tool"?, "attempt"?, "in_doubt"?,
                       "cause"?, "cause_line"?, "reason"?, "why"?, "plan"?}},
     "seconds", "processor_seconds", "calls", "sum_of_calls", "longest_chain", "chain": [task],
     "in_doubt": [task], "abandoned": [name], "notes": [sentence]}

The error of a call has `tool`, `attempt` and `in_doubt`. If the tool raised, `file` and `line_in_file` are the
innermost place in the tool's own file; for a loop, that of its first failure. The error of a blocked task has the
failed task as `cause`, and that task's line in the plan as `cause_line`. The error of a task without approval has a
`reason`, and the text that came with a no as `why`.

`sum_of_calls` is the time that the calls would take one after another. It is null if the process used processors for
more than a quarter of the time (`processor_seconds`), since calls may have waited for each other.

An error in a plan that this one calls has that plan's file as `plan`, and its `line` is a line of that file.

Keys may be added within a version. No key is removed or changes its meaning.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from llmc_compiler.expressions.terms import SCALARS, Json, NodeId
from llmc_compiler.ir.graph import JOIN, Graph, TaskId
from llmc_compiler.lowering.secret_labels import Label, hidden
from llmc_compiler.representation.brief import LENGTH, REACH, brief_fields
from llmc_compiler.representation.sheet import LONGEST_CELL, Displayed, Sheet
from llmc_compiler.serialization.graph_json import LANGUAGE
from llmc_grammar.diagnostic import Diagnostic, located, masked
from llmc_grammar.source import Source
from llmc_runtime.errors import Blocked, CallError, NotApproved, PlanError
from llmc_runtime.program.inner_errors import inner_errors
from llmc_runtime.redaction import HIDDEN, SecretFree, Secrets, Veil
from llmc_runtime.safety.provenance import line_of
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.scheduler.loop_expansion import reason
from llmc_runtime.state.events import OF_ERRORS, Event, in_doubt
from llmc_runtime.state.outcomes import BlockedBy, Cancelled, Done, Failed, Key, Outcome, Skipped
from llmc_runtime.text_format import beginning_of, start_of_json
from llmc_runtime.values import thaw

VERSION: Final = 1

_ENDS: Final = ("done", "failed", "blocked", "held back", "not approved", "cancelled", "skipped")
"""Outcomes of tasks, in the order in which they are listed."""

_HEADS: Final = ("task", "", "value")

Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Run(Displayed, SecretFree):
    """The result of a run.

    `value` and `results` are as the tools returned them. `repr`, `to_json` and pickles redact secrets.
    """

    value: Json
    """The value of the join, None without one."""
    has_value: bool
    """True if the join has a value."""
    results: Mapping[str, Json]
    """The values of the tasks, by their names as written."""
    errors: Mapping[str, PlanError]
    """The errors of the tasks, and of the join if it failed itself.

    A failed write in a called plan on which no value depends has an entry too, such as `3/other/1`.
    """
    skipped: tuple[str, ...]
    """The tasks whose condition did not hold."""
    events: tuple[Event, ...]
    """The events, in their order."""
    seconds: float
    """The time of the run, in seconds."""
    calls: int
    """The number of calls, regardless of their attempts."""
    sum_of_calls: float | None
    """The time of all calls together in seconds.

    None if it would mislead: calls may have waited for processors, because the process used them for more than a
    quarter of the time.
    """
    processor_seconds: float
    """The processor time of the process and its children, in seconds."""
    longest_chain: float
    """The longest time that calls took one after another, in seconds."""
    chain: tuple[str, ...]
    """The tasks of the longest chain."""
    abandoned: tuple[str, ...]
    """The calls that did not end when they were cancelled."""
    id: str
    """The id of the run, a part of its idempotency keys."""
    notes: tuple[str, ...]
    """Remarks that are not errors."""
    secrets: Secrets = field(repr=False)
    """The secrets of the run, which `repr`, `to_json` and pickles redact."""
    labels: Mapping[str, Label] = field(repr=False)
    """The secret parts of inputs, tasks and the join."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """The warnings of the plan."""
    source: Source | None = None
    """The text of the plan and its name, None if they are unknown."""

    def __repr__(self) -> str:
        name = None if self.source is None else self.source.name
        results = {task: self._unlabelled(task, value) for task, value in islice(self.results.items(), LENGTH)}
        value = self._unlabelled(JOIN, self.value)
        return brief_fields(self, self.secrets.text, source=name, value=value, results=results)

    @property
    def shown_value(self) -> Json:
        """The value without secrets; a value built from a secret is `[secret]` as a whole."""
        return self._shown(JOIN, self.value) if self.has_value else None

    @property
    def shown_results(self) -> dict[str, Json]:
        """The results without secrets."""
        return {task: self._shown(task, value) for task, value in self.results.items()}

    def beginning(self, task: str, most: int) -> tuple[Json, bool]:
        """Return a task's result without secrets, cut to about `most` parts and characters, and whether it is whole."""
        return Veil(self.secrets, self.labels).beginning(task, self.results[task], most)

    def _shown(self, task: str, value: Json) -> Json:
        """A value of a task without secrets."""
        return Veil(self.secrets, self.labels).value(task, value)

    def _concealed(self) -> dict[str, Any]:
        """The redacted values and texts of a pickle; errors learn secrets that were found after them."""
        if not self.secrets and not self.labels:
            return {}
        for error in (*self.errors.values(), *(item.error for item in self.events if isinstance(item, OF_ERRORS))):
            self.secrets.cover(error)
        mask = self.secrets.masked
        source = self.source and _masked(self.source, mask)
        warnings = tuple(masked(item, mask, source) for item in self.diagnostics)
        return {"value": self.shown_value, "results": self.shown_results, "source": source, "diagnostics": warnings}

    def _unlabelled(self, task: str, value: Json) -> Json:
        """The beginning of a value, without the parts that are labelled secret."""
        label = self.labels.get(task)
        return value if label is None else hidden(beginning_of(value, LENGTH + REACH)[0], label, HIDDEN)

    def to_json(self) -> dict[str, Any]:
        """Return the run as JSON data, without its secrets: see `llmc_runtime.program.run_result`."""
        return to_json(self)

    def _sheet(self) -> Sheet:
        """The run for notebooks."""
        return run_sheet(self)

    @property
    def failed(self) -> bool:
        """Whether a task failed, or was blocked by a failure."""
        return bool(self.errors)

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """The tasks, with loop indices, that may or may not have written."""
        return in_doubt(self.events)

    def summary(self) -> str:
        """Return one line: outcomes if a task failed, calls, times, the longest chain, and open calls."""
        words = f"{self._counts()}; " if self.failed else ""
        words += f"{self.calls} {'call' if self.calls == 1 else 'calls'} in {self.seconds:.2f} s"
        if self.calls:
            words += "" if self.sum_of_calls is None else f"; one after another {self.sum_of_calls:.2f} s"
            words += f"; longest chain {self.longest_chain:.2f} s: {', '.join(_shortened(self.chain))}"
        words += f"; in doubt: {', '.join(_shortened(self.in_doubt))}" if self.in_doubt else ""
        return words + (f"; still running: {', '.join(self.abandoned)}" if self.abandoned else "")

    def _counts(self) -> str:
        """The outcomes in words: `6 done, 1 failed, 2 blocked, 1 skipped`."""
        ends = Counter(error.ended for error in self.errors.values())
        ends.update(done=len(self.results), skipped=len(self.skipped))
        return ", ".join(f"{ends[how]:,} {how}" for how in _ENDS if ends[how])


def conclude(graph: Graph, executor: Executor, outcomes: Mapping[Key, Outcome], events: list[Event]) -> Run:
    """Build the Run of a graph whose nodes were all executed."""
    results: dict[str, Json] = {}
    copies: dict[NodeId, Json] = {}
    errors: dict[str, PlanError] = {}
    skipped: list[str] = []
    join = TaskId(JOIN)
    for task, node in {**graph.tasks, join: JOIN}.items():
        outcome = outcomes.get((node, ()))
        if type(outcome) is Done:
            value = outcome.value
            if type(value) not in SCALARS:
                # Tasks that share a node share one copy, as counted in the budget.
                value = copies[node] if node in copies else copies.setdefault(node, thaw(value))
            results[task] = value
            continue
        match outcome:
            case Failed(error):
                errors[task] = error
            # A join that is blocked or stopped by a task adds nothing to that task's own error.
            case Cancelled(error) if task != join:
                errors[task] = error
            case BlockedBy() as blocked if task != join or blocked.cause == join:
                errors[task] = reason(task, graph.nodes[node], blocked)
            case Skipped():
                skipped.append(task)
            case _:
                pass  # dropped: no longer needed
    errors.update(tuple(inner_errors(graph, outcomes, errors)))
    longest, chain = executor.longest_chain()
    return Run(
        has_value=join in results,
        value=results.pop(join, None),
        results=results,
        errors=errors,
        skipped=tuple(skipped),
        events=tuple(events),
        seconds=executor.seconds,
        calls=executor.calls,
        sum_of_calls=executor.sum_of_calls,
        processor_seconds=executor.processor_seconds,
        longest_chain=longest,
        chain=chain,
        abandoned=executor.abandoned,
        id=executor.guard.run_id,
        notes=tuple(executor.guard.notes),
        secrets=executor.guard.secrets,
        labels=executor.guard.known_secrets.labels(graph.tasks),
    )


def signed(run: Run, source: Source, diagnostics: tuple[Diagnostic, ...]) -> Run:
    """Return the run with its source and warnings; its errors learn their lines."""
    for error in run.errors.values():
        error.line, error.file = source.position(error.span.start)[0], source.file_of(error.span)
    return replace(run, source=source, diagnostics=located(diagnostics, source))


def _masked(source: Source, mask: Callable[[str], str]) -> Source:
    """The texts of a plan and of those that it calls, masked."""
    return Source(source.name, mask(source.text), tuple(_masked(other, mask) for other in source.others))


def to_json(run: Run) -> dict[str, Any]:
    """Return the run as JSON data."""
    return {
        "version": VERSION,
        "language": LANGUAGE,
        "id": run.id,
        "value": run.shown_value,
        "has_value": run.has_value,
        "results": run.shown_results,
        "errors": {task: _error(error, run) for task, error in run.errors.items()},
        "skipped": list(run.skipped),
        "seconds": run.seconds,
        "processor_seconds": run.processor_seconds,
        "calls": run.calls,
        "sum_of_calls": run.sum_of_calls,
        "longest_chain": run.longest_chain,
        "chain": list(run.chain),
        "in_doubt": list(run.in_doubt),
        "abandoned": list(run.abandoned),
        "notes": list(run.notes),
    }


def beginnings(run: Run, most: int) -> dict[str, Json]:
    """Return the results without secrets, each cut to about `most` parts and characters."""
    return {task: run.beginning(task, most)[0] for task in run.results}


def run_sheet(run: "Run") -> Sheet:
    """Return the display of a run: its value, then failed, done and skipped tasks."""
    count = run.has_value + len(run.errors) + len(run.results) + len(run.skipped)
    notes = [run.secrets.text(note) for note in run.notes]
    return Sheet(run.secrets.text(run.summary()), _HEADS, _rows(run), notes=notes, count=count)


def _shortened(chain: tuple[str, ...]) -> tuple[str, ...]:
    """The beginning and the end of a long chain."""
    return chain if len(chain) <= 9 else (*chain[:4], "…", *chain[-4:])  # noqa: PLR2004 — fits in a line


def _error(error: PlanError, run: Run) -> dict[str, Any]:
    """An error as JSON data."""
    data: dict[str, Any] = {"type": type(error).__name__, "message": run.secrets.text(str(error))}
    if (line := line_of(run.source, error.span)) is not None:
        data["line"] = line
    if run.source is not None and (plan := run.source.file_of(error.span)) is not None:
        data["plan"] = run.secrets.text(plan)
    if error.place is not None:
        data["file"], data["line_in_file"] = run.secrets.text(error.place[0]), error.place[1]
    match error:
        case CallError(tool=tool, attempt=attempt, in_doubt=in_doubt):
            data.update(tool=tool, attempt=attempt, in_doubt=in_doubt)
        case NotApproved(tool=tool, reason=refusal, why=why):
            data.update(tool=tool, reason=refusal)
            if why is not None:
                data["why"] = run.secrets.text(why)
        case Blocked(cause=cause, cause_line=cause_line):
            data["cause"] = cause
            if cause_line is not None:
                data["cause_line"] = cause_line
        case _:
            pass
    return data


def _rows(run: "Run") -> Iterator[Row]:
    veil = Veil(run.secrets, run.labels)
    if run.has_value:
        yield JOIN, "✓", _short(veil.beginning(JOIN, run.value, LONGEST_CELL)[0])
    for task, error in run.errors.items():
        yield task, "✗", run.secrets.text(str(error))
    for task in run.results:
        yield task, "✓", _short(run.beginning(task, LONGEST_CELL)[0])
    for task in run.skipped:
        yield task, "-", "skipped"


def _short(value: Json) -> str:
    """The beginning of a value without secrets, as JSON."""
    return start_of_json(value, LONGEST_CELL)
