"""The meaning of plans, told as plainly as possible: one task after the other, one call after the other.

It shares the syntax tree with what it judges, and nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.ast import Argument, Call, Expr, Fallback, Input, Join, Loop, Option, Plan, Retry, Task
from tests.reference.expressions import (
    Condition,
    Scope,
    Skip,
    calls,
    constant_texts,
    evaluate,
    is_blocked,
    parts,
    references,
    settle,
)
from tests.reference.operators import EvaluationError, Json, truth
from tests.reference.outcome import (
    BLOCKED,
    FAILED,
    SKIPPED,
    Access,
    Outcome,
    RefTool,
    Result,
    State,
    Status,
    ToolError,
    conflict,
    value,
)

MAX_ELEMENTS: Final = 1_000


def interpret(
    plan: Plan, tools: Mapping[str, RefTool], inputs: Mapping[str, Json], state: State | None = None
) -> Outcome:
    """What becomes of a plan, started in a state (by default one where nothing has happened), which it changes."""
    run = _Run(tools, State() if state is None else state)
    join = None
    for statement in plan.statements:
        match statement:
            case Input():
                run.take_input(statement, inputs)
            case Task():
                run.take_task(statement)
            case Join():
                join = statement
            case _:
                pass
    return run.outcome(run.implicit_join() if join is None else run.join(join))


@dataclass(slots=True)
class _Run:
    """A plan on its way: what has a name so far, and which writes have failed."""

    tools: Mapping[str, RefTool]
    state: State
    names: dict[str, Result] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    failed_writes: list[Access] = field(default_factory=list)
    highest: int = 0

    def take_input(self, statement: Input, inputs: Mapping[str, Json]) -> None:
        """An input has the value given, else its default."""
        if statement.name in inputs:
            self.names[statement.name] = value(inputs[statement.name])
        else:
            assert statement.default is not None, f"input {statement.name} is missing"
            self.names[statement.name] = settle(statement.default, Scope({}))

    def take_task(self, task: Task) -> None:
        """The outcome of a task gets its name."""
        self.used.update(name for expr in _exprs(task) for name in references(expr) if name in self.names)
        result = self._loop(task, task.loops[0]) if task.loops else self._plain(task)
        name = task.binder or str(self.highest + 1)
        if name.isdigit():
            self.highest = max(self.highest, int(name))
        self.names[name] = result
        self.tasks.append(name)

    # Tasks

    def _plain(self, task: Task) -> Result:
        """A task without loop is skipped where its guard is false."""
        return self._guarded(task, task.guard, Scope(self.names)) or SKIPPED

    def _loop(self, task: Task, loop: Loop) -> Result:
        """First the source, then whatever filter and body refer to outside, then one element after the other."""
        source = _elements(self._settle(loop.source, Scope(self.names)))
        if source.status is Status.FAILED:
            self._note_failure(*(call for expr in _body(task, loop) for call in calls(expr)))
        if not isinstance(source.value, list):
            return source
        outside = [name for expr in _body(task, loop) for name in references(expr) if name in self.names]
        if any(self.names[name].is_error for name in outside):
            return BLOCKED
        scopes = [Scope(self.names | {loop.name: value(element)}) for element in source.value]
        results = [self._guarded(task, loop.condition, scope) for scope in scopes]
        return _collected([result for result in results if result is not None])

    def _guarded(self, task: Task, condition: Expr | None, scope: Scope) -> Result | None:
        """What is repeated or guarded; none where the condition is false."""
        if condition is not None:
            holds = self._settle(condition, scope)
            if holds.status is Status.FAILED and isinstance(task.expr, Call):
                self._note_failure(task.expr)
            if not holds.is_value:
                return holds
            if not truth(holds.value):
                return None
        if not isinstance(task.expr, Call):
            return self._expression(task.expr, task.options, scope)
        self._reach_arguments(task.expr, scope, ())
        return self._call(task.expr, task.options, scope)

    def _expression(self, expr: Expr, options: tuple[Option, ...], scope: Scope) -> Result:
        fallback = _fallback(options)
        if fallback is None:
            return self._settle(expr, scope)
        self._reach(expr, scope, ())
        if is_blocked(scope, expr, fallback):
            return BLOCKED
        result = settle(expr, scope)
        return _instead(fallback, scope) if result.status is Status.FAILED else result

    def _settle(self, expr: Expr, scope: Scope) -> Result:
        """The outcome of an expression, after that of the calls in it."""
        self._reach(expr, scope, ())
        return settle(expr, scope)

    # Calls

    def _reach(self, expr: Expr, scope: Scope, way: tuple[Condition, ...]) -> None:
        """Run what is nested in an expression, where the conditions on the way hold; what is inside comes first."""
        if isinstance(expr, Call):
            self._reach_arguments(expr, scope, way)
            self._nested(expr, scope, way)
            return
        for part, condition in parts(expr):
            self._reach(part, scope, (*way, condition) if condition else way)

    def _reach_arguments(self, call: Call, scope: Scope, way: tuple[Condition, ...]) -> None:
        for argument in call.arguments:
            self._reach(argument.value, scope, way)

    def _nested(self, call: Call, scope: Scope, way: tuple[Condition, ...]) -> None:
        for condition in way:
            holds = settle(condition.expr, scope)
            if holds.status is Status.FAILED:
                return  # the call was not run; the expression around it meets the same error
            if not holds.is_value:
                scope.calls[id(call)] = holds
                return
            if truth(holds.value) is not condition.expected:
                return
        scope.calls[id(call)] = self._call(call, (), scope.strict())

    def _call(self, call: Call, options: tuple[Option, ...], scope: Scope) -> Result:
        """The outcome of a call that was reached."""
        tool = self.tools[call.tool]
        fallback = _fallback(options)
        needed = [argument.value for argument in call.arguments] + ([fallback] if fallback else [])
        if is_blocked(scope, *needed) or any(conflict(self._access(call), write) for write in self.failed_writes):
            return BLOCKED
        result = self._attempts(tool, call, options, scope)
        if result.status is Status.FAILED:
            self._note_failure(call)
        return result

    def _attempts(self, tool: RefTool, call: Call, options: tuple[Option, ...], scope: Scope) -> Result:
        try:
            positional, keywords = _arguments(call.arguments, scope)
        except Skip:
            return SKIPPED
        except EvaluationError:
            return FAILED
        for _ in range(1 + sum(option.count for option in options if isinstance(option, Retry))):
            try:
                return value(tool.function(self.state, *positional, **keywords))
            except ToolError:
                continue
        self._note_failure(call)  # a fallback replaces the value, and no effect
        fallback = _fallback(options)
        return FAILED if fallback is None else _instead(fallback, scope)

    def _access(self, call: Call) -> Access | None:
        """What a call sees or changes, as far as that is written in the plan."""
        return self.tools[call.tool].access_of(constant_texts(call))

    def _note_failure(self, *failed: Call) -> None:
        """Remember those of the calls that write: what conflicts with them is blocked from here on."""
        accesses = [self._access(call) for call in failed]
        self.failed_writes += [access for access in accesses if access is not None and access.writes]

    # The end

    def join(self, join: Join) -> Json:
        """The plan's value; none if what it refers to has an error, or it cannot be evaluated."""
        if not join.arguments:
            return self._all(self.tasks)
        scope = Scope(self.names, null=True)
        for argument in join.arguments:
            self._reach(argument.value, scope, ())
        if is_blocked(scope, *(argument.value for argument in join.arguments)):
            return None
        try:
            positional, keywords = _arguments(join.arguments, scope)
        except EvaluationError:
            return None
        if keywords:
            return keywords
        return positional[0] if len(positional) == 1 else positional

    def implicit_join(self) -> Json:
        """The values of the tasks that nobody uses."""
        return self._all([name for name in self.tasks if name not in self.used])

    def _all(self, tasks: list[str]) -> Json:
        """A mapping from ids to values, null for the skipped; none if one has an error."""
        if any(self.names[name].is_error for name in tasks):
            return None
        return {name: self.names[name].value for name in tasks}

    def outcome(self, joined: Json) -> Outcome:
        """The outcome of the plan, given the join's value."""
        ended = {name: self.names[name] for name in self.tasks}
        return Outcome(
            value=joined,
            results={name: result.value for name, result in ended.items() if result.is_value},
            errors={name for name, result in ended.items() if result.is_error},
            skipped={name for name, result in ended.items() if result is SKIPPED},
            effects={resource: log for resource, log in self.state.effects.items() if log},
        )


def _exprs(task: Task) -> Iterator[Expr]:
    yield task.expr
    if task.guard is not None:
        yield task.guard
    for loop in task.loops:
        yield loop.source
        if loop.condition is not None:
            yield loop.condition
    yield from (option.value for option in task.options if isinstance(option, Fallback))


def _body(task: Task, loop: Loop) -> list[Expr]:
    """A loop's filter, body and fallback."""
    return [expr for expr in _exprs(task) if expr is not loop.source]


def _elements(source: Result) -> Result:
    """A list's elements or a mapping's keys; failed if it is neither, or too long."""
    if not source.is_value:
        return source
    if not isinstance(source.value, (list, dict)) or len(source.value) > MAX_ELEMENTS:
        return FAILED
    return value(list(source.value))


def _collected(results: list[Result]) -> Result:
    """The outcome of a loop whose elements, less those left out, ended so."""
    if any(result.is_error for result in results):
        return FAILED
    if not all(result.is_value for result in results):
        return SKIPPED
    return value([result.value for result in results])


def _fallback(options: tuple[Option, ...]) -> Expr | None:
    return next((option.value for option in options if isinstance(option, Fallback)), None)


def _instead(fallback: Expr, scope: Scope) -> Result:
    """The outcome of a fallback, in which what is skipped reads null."""
    return settle(fallback, scope.reading_null())


def _arguments(arguments: tuple[Argument, ...], scope: Scope) -> tuple[list[Json], dict[str, Json]]:
    """Positional arguments and keywords; raises Skip and EvaluationError."""
    positional: list[Json] = []
    keywords: dict[str, Json] = {}
    for argument in arguments:
        found = evaluate(argument.value, scope)
        if argument.name is None:
            positional.append(found)
        else:
            keywords[argument.name] = found
    return positional, keywords
