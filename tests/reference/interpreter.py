"""The meaning of plans, told as plainly as possible: one task after the other, one call after the other.

It shares the syntax tree with what it judges, and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_grammar.ast import (
    Call,
    Comprehension,
    Expr,
    Fallback,
    Input,
    Join,
    Loop,
    Option,
    Plan,
    Retry,
    Slice,
    Subscript,
    Task,
)
from tests.reference.expressions import (
    Condition,
    Scope,
    Skip,
    arguments,
    calls,
    constant_texts,
    is_blocked,
    is_reached,
    parts,
    references,
    settle,
)
from tests.reference.operators import LIST_LENGTH, EvaluationError, Json, elements, truth
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
"""The most elements of a loop that makes calls."""

YES: Final = value(data=True)
NO: Final = value(data=False)


def interpret(
    plan: Plan,
    tools: Mapping[str, RefTool],
    inputs: Mapping[str, Json],
    state: State | None = None,
    plans: Mapping[str, Plan] | None = None,
) -> Outcome:
    """What becomes of a plan, started in a state (by default one where nothing has happened), which it changes.

    The other plans are those that it may call.
    """
    run = _Run(tools, plans or {}, State() if state is None else state)
    return run.outcome(run.all(plan, inputs))


@dataclass(slots=True)
class _Run:
    """A plan on its way: what has a name so far, and which writes have failed."""

    tools: Mapping[str, RefTool]
    plans: Mapping[str, Plan]
    state: State
    failed_writes: list[Access] = field(default_factory=list)
    names: dict[str, Result] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    highest: int = 0

    def all(self, plan: Plan, inputs: Mapping[str, Json]) -> Result:
        """One statement after the other; the value is the join's."""
        join = None
        for statement in plan.statements:
            match statement:
                case Input():
                    self.take_input(statement, inputs)
                case Task():
                    self.take_task(statement)
                case Join():
                    join = statement
                case _:
                    pass
        return self.implicit_join() if join is None else self.join(join)

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
        scope = Scope(self.names, {*self.tools, *self.plans})
        # A task without loop is skipped where its guard is false.
        result = self._looped(task, scope) if task.loops else self._guarded(task, task.guard, scope) or SKIPPED
        name = task.binder or str(self.highest + 1)
        if name.isdigit():
            self.highest = max(self.highest, int(name))
        self.names[name] = result
        self.tasks.append(name)

    # Tasks

    def _looped(self, task: Task, scope: Scope) -> Result:
        """A loop without calls and options is an expression."""
        as_value = Comprehension(task.expr, task.loops)
        if task.options or is_reached(as_value, scope.tools):
            return self._loop(task, scope)
        return self._settle(as_value, scope)

    def _loop(self, task: Task, scope: Scope) -> Result:
        """First the source, then whatever the rest refers to outside, then one element after the other."""
        rest = [expr for expr in _exprs(task) if expr is not task.loops[0].source]
        most = MAX_ELEMENTS if self._calls(rest) else LIST_LENGTH
        source = self._source(task.loops[0], rest, scope, most)
        if not isinstance(source.value, list):
            return source
        outside = {name for expr in rest for name in references(expr) if name in scope.names}
        if any(scope.names[name].is_error for name in outside):
            return BLOCKED
        results = list(self._elements(task, task.loops, source.value, scope))
        return _collected(results) if len(results) <= most else FAILED

    def _source(self, loop: Loop, rest: list[Expr], scope: Scope, most: int = MAX_ELEMENTS) -> Result:
        """A loop's elements; where they fail, so do the writes of the rest."""
        source = self._settle(loop.source, scope)
        if source.is_value:
            try:
                return value(elements(source.value, most))
            except EvaluationError:
                source = FAILED
        if source.status is Status.FAILED:
            self._note_failure(self._behind(self._calls(rest)))
        return source

    def _elements(
        self, task: Task, loops: tuple[Loop, ...], source: list[Json], scope: Scope
    ) -> Iterator[Result | None]:
        """What becomes of each element of the innermost loop; none where a condition is false."""
        loop, *inner = loops
        for element in source:
            inside = Scope(scope.names, scope.tools).inside(loop.name, element)
            if not inner:
                yield self._guarded(task, loop.condition, inside)
                continue
            rest = [expr for expr in _exprs(replace(task, loops=tuple(inner))) if expr is not inner[0].source]
            result = self._holds(loop.condition, self._calls(rest), inside)
            if result is YES:
                result = self._source(inner[0], rest, inside)
                if isinstance(result.value, list):
                    yield from self._elements(task, tuple(inner), result.value, inside)
                    continue
            yield None if result is NO else result

    def _guarded(self, task: Task, condition: Expr | None, scope: Scope) -> Result | None:
        """What is repeated or guarded; none where the condition is false."""
        is_whole = is_reached(task.expr, scope.tools)
        holds = self._holds(condition, self._own_calls(task.expr) if is_whole else [], scope)
        if holds is not YES:
            return None if holds is NO else holds
        call = task.expr
        while isinstance(call, (Subscript, Slice)):
            call = call.value
        if not isinstance(call, Call) or call.tool not in scope.tools:
            return self._expression(task.expr, task.options, scope)
        self._reach_inside(call, scope, ())
        result = scope.calls[id(call)] = self._call(call, task.options, scope)
        return result if call is task.expr else self._settle(task.expr, scope)

    def _own_calls(self, expr: Expr) -> list[Call]:
        """The call that is made, or those of a loop's body."""
        if isinstance(expr, Comprehension):
            rest = _exprs(Task(None, expr.element, expr.loops))
            return self._calls([part for part in rest if part is not expr.loops[0].source])
        return [expr] if isinstance(expr, Call) else []

    def _holds(self, condition: Expr | None, behind: list[Call], scope: Scope) -> Result:
        """Whether a condition holds; where it fails, so do the writes of the calls behind it."""
        holds = YES if condition is None else self._settle(condition, scope)
        if holds.status is Status.FAILED:
            self._note_failure(self._behind(behind))
        if not holds.is_value:
            return holds
        return YES if truth(holds.value) else NO

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
        """The outcome of an expression, after that of the calls and loops in it."""
        self._reach(expr, scope, ())
        return settle(expr, scope)

    # Calls

    def _reach(self, expr: Expr, scope: Scope, way: tuple[Condition, ...]) -> None:
        """Run what is nested in an expression, where the conditions on the way hold; what is inside comes first."""
        if id(expr) in scope.calls:
            return
        self._reach_inside(expr, scope, way)
        if is_reached(expr, scope.tools):
            self._nested(expr, scope, way)

    def _reach_inside(self, expr: Expr, scope: Scope, way: tuple[Condition, ...]) -> None:
        """The same for the parts of an expression; of a loop, that is its first source."""
        if isinstance(expr, Comprehension):
            self._reach(expr.loops[0].source, scope, way)
            return
        for part, condition in parts(expr):
            self._reach(part, scope, (*way, condition) if condition else way)

    def _nested(self, expr: Expr, scope: Scope, way: tuple[Condition, ...]) -> None:
        for condition in way:
            holds = settle(condition.expr, scope)
            if holds.status is Status.FAILED:
                return  # it was not run; the expression around it meets the same error
            if not holds.is_value:
                scope.calls[id(expr)] = holds
                return
            if truth(holds.value) is not condition.expected:
                return
        inside = scope.strict()
        if isinstance(expr, Comprehension):
            scope.calls[id(expr)] = self._loop(Task(None, expr.element, expr.loops), inside)
        elif isinstance(expr, Call):
            scope.calls[id(expr)] = self._call(expr, (), inside)

    def _call(self, call: Call, options: tuple[Option, ...], scope: Scope) -> Result:
        """The outcome of a call that was reached."""
        fallback = _fallback(options)
        needed = [argument.value for argument in call.arguments] + ([fallback] if fallback else [])
        access = self._access(call)
        if is_blocked(scope, *needed) or any(conflict(access, write) for write in self.failed_writes):
            return BLOCKED
        try:
            positional, keywords = arguments(call.arguments, scope)
        except Skip:
            return SKIPPED
        except EvaluationError:
            self._note_failure([call])
            return FAILED
        if call.tool in self.plans:
            result = self._plan(self.plans[call.tool], positional, keywords)
        else:
            repeats = sum(option.count for option in options if isinstance(option, Retry))
            result = self._attempts(self.tools[call.tool], 1 + repeats, positional, keywords)
        if result.is_value:
            return result
        self._note_failure([call])  # a fallback replaces the value, and no effect
        return FAILED if fallback is None else _instead(fallback, scope)

    def _attempts(self, tool: RefTool, most: int, positional: list[Json], keywords: dict[str, Json]) -> Result:
        for _ in range(most):
            try:
                return value(tool.function(self.state, *positional, **keywords))
            except ToolError:
                continue
        return FAILED

    def _plan(self, plan: Plan, positional: list[Json], keywords: dict[str, Json]) -> Result:
        """The value of another plan, whose tasks see and change the same state."""
        names = [statement.name for statement in plan.statements if isinstance(statement, Input)]
        inputs = dict(zip(names, positional, strict=False)) | keywords
        return _Run(self.tools, self.plans, self.state, self.failed_writes).all(plan, inputs)

    def _access(self, call: Call) -> Access | None:
        """What a call sees or changes, as far as that is written in the plan."""
        tool = self.tools.get(call.tool)
        return None if tool is None else tool.access_of(constant_texts(call))

    def _calls(self, exprs: list[Expr]) -> list[Call]:
        return [call for expr in exprs for call in calls(expr, {*self.tools, *self.plans})]

    def _behind(self, calls: Iterable[Call]) -> Iterator[Call]:
        """Calls of tools, and those of tasks in the plans that are called, which are not made either."""
        for call in calls:
            if call.tool not in self.plans:
                yield call
                continue
            for line in self.plans[call.tool].statements:
                if isinstance(line, Task) and line.loops:
                    rest = [expr for expr in _exprs(line) if expr is not line.loops[0].source]
                    yield from self._behind(self._calls(rest))
                elif isinstance(line, Task) and is_reached(line.expr, {*self.tools, *self.plans}):
                    yield from self._behind(self._own_calls(line.expr))

    def _note_failure(self, failed: Iterable[Call]) -> None:
        """Remember those of the calls that write: what conflicts with them is blocked from here on."""
        accesses = [self._access(call) for call in failed]
        self.failed_writes += [access for access in accesses if access is not None and access.writes]

    # The end

    def join(self, join: Join) -> Result:
        """The plan's value; an error if what it refers to has one, or it cannot be evaluated."""
        if not join.arguments:
            return self._all(self.tasks)
        scope = Scope(self.names, {*self.tools, *self.plans}, null=True)
        for argument in join.arguments:
            self._reach(argument.value, scope, ())
        if is_blocked(scope, *(argument.value for argument in join.arguments)):
            return BLOCKED
        try:
            positional, keywords = arguments(join.arguments, scope)
        except EvaluationError:
            return FAILED
        return value(keywords or (positional[0] if len(positional) == 1 else positional))

    def implicit_join(self) -> Result:
        """The values of the tasks that nobody uses."""
        return self._all([name for name in self.tasks if name not in self.used])

    def _all(self, tasks: list[str]) -> Result:
        """A mapping from ids to values, null for the skipped; an error if one has an error."""
        if any(self.names[name].is_error for name in tasks):
            return BLOCKED
        return value({name: self.names[name].value for name in tasks})

    def outcome(self, joined: Result) -> Outcome:
        """The outcome of the plan, given the join's value."""
        ended = {name: self.names[name] for name in self.tasks}
        return Outcome(
            value=joined.value,
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


def _collected(elements: list[Result | None]) -> Result:
    """The outcome of a loop whose elements, less those left out, ended so."""
    results = [result for result in elements if result is not None]
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
