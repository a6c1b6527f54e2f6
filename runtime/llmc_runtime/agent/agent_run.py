"""An agent run: writes, repairs and runs the plans for one question, one after the other."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import may_write
from llmc_compiler.lowering.secret_labels import PUBLIC, Label
from llmc_compiler.session import Earlier
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from llmc_grammar.portable import Portable
from llmc_runtime.agent import agent_events
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.answers.answer import Answer
from llmc_runtime.agent.answers.answer_data import Planned, Times
from llmc_runtime.agent.answers.answer_redaction import veiled
from llmc_runtime.agent.budget import Role, UsageTracker
from llmc_runtime.agent.completion import bounded_tokens, reasoning_of, reply
from llmc_runtime.agent.joining.prose_replies import no_plan, offered, refused
from llmc_runtime.agent.plan_statements import does_something, highest_number, numbered, renumbered, shape
from llmc_runtime.agent.planning.plan_reader import PlanReader
from llmc_runtime.agent.planning.plan_repair import NO_CALL, BrokenPlan, find_broken
from llmc_runtime.agent.planning.plan_reply import ReplyReading, plan_reply, read_plan
from llmc_runtime.agent.planning.planner import Planner
from llmc_runtime.agent.planning.reply_merge import MergedReply, merged
from llmc_runtime.agent.planning.text_origin import AFTER_ANSWERS, TextOrigin, has_answers
from llmc_runtime.agent.prompting.result_text import shown_tasks
from llmc_runtime.agent.reasoning_text import ReasoningText, TextPieces
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.calls.nested_runs import known_secrets
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.errors import LimitReached, PlanError, Stopped, ToolTimedOut
from llmc_runtime.models.messages import Message
from llmc_runtime.program.incremental import IncrementalRun
from llmc_runtime.program.run_driver import ExecutorOptions
from llmc_runtime.safety.approval import Approval, Hold
from llmc_runtime.safety.approval_request import Origin
from llmc_runtime.state import events

REPAIRS: Final = 2
"""How often a planner is asked to repair a plan."""

AFTER_RESULTS: Final = (
    "its plan was made after results were seen, and one of them may have asked for it; grant the tool beforehand"
)
"""The reason that plans after the first may not write."""

Emit = Callable[[agent_events.Progress], object]


class SamePlanError(Portable, Exception):
    """The planner repeated a plan that was run before and would have the same outcome."""


@dataclass(frozen=True, slots=True)
class AgentTerms:
    """The planner of an agent run, the tools with which replans may write, and how plans are run."""

    planner: Planner
    granted: frozenset[str]
    approval: Approval
    context: object
    options: ExecutorOptions


class AgentRun:
    """A question, its plans so far, the joiner's thoughts about them, and their usage."""

    def __init__(
        self,
        terms: AgentTerms,
        question: str,
        history: Sequence[Message],
        tracker: UsageTracker,
        emit: Emit | None,
        *,
        trust_history: bool = False,
    ) -> None:
        self._is_after_answers = not trust_history and has_answers(history)
        self.question = question
        self.history = history
        self.tracker = tracker
        self.plans: list[Planned] = []
        self.thoughts: list[str] = []
        self._sources: dict[str, tuple[Origin, ...]] = {}
        self._terms = terms
        self._emit = emit
        self._cache = CallCache()
        self._secrets = known_secrets()
        if emit is not None:
            tracker.listener = ReasoningText(self._reasoned, self._secrets)
        self._clock = asyncio.get_running_loop().time
        self._start = self._clock()
        self._made: list[tuple[int, Sequence[ast.Statement], int]] = []
        self._over: frozenset[int] = frozenset()
        self._reported: set[tuple[type, object]] = set()
        self._run_budget: RunBudget | None = None
        self._last = "", ReplyReading(None)
        self._began = 0.0
        self._calls = 0
        self._first_task: float | None = None
        self._plan_time: float | None = None

    def now(self) -> float:
        """Return the seconds since the question was asked."""
        return self._clock() - self._start

    def tell(self, event: agent_events.Progress) -> None:
        """Emit an event with its secrets redacted; an exception of the listener ends the agent run at once."""
        if self._emit is not None:
            try:
                self._emit(veiled(event, self._secrets))
            except BaseException as error:
                if self._run_budget is not None:
                    self._run_budget.end_with(error)
                raise

    def _reasoned(self, role: Role, text: str) -> None:
        """Emit a piece of a model's reasoning."""
        number = self.number if role == "planner" else len(self.plans)
        self.tell(agent_events.Reasoned(number, self.now(), text))

    def close(self) -> None:
        """Stop the current plan from starting calls."""
        if self._run_budget is not None:
            self._run_budget.admission.close()

    @property
    def number(self) -> int:
        """The number of the plan being made."""
        return len(self.plans) + 1

    async def plan(self, tools: Toolbox, thought: str = "") -> Planned:
        """Have the planner write a plan, and run it.

        Raises SamePlanError, PlanFailed, BudgetSpent, RunRefused and the model's errors; then no call of this plan has
        written.
        """
        self._cache.next_plan()
        # Before the planner writes: a call repeated meanwhile would already be in the call cache.
        self._over = frozenset(number for number, *_ in self._made if self._is_over(number))
        self._reported.clear()
        self._began = self.now()
        self.tell(agent_events.PlanBegan(self.number, self._began))
        messages = self._messages(tools, thought)
        contexts = Contexts(tools, self._terms.context)  # a plan that is parsed again shares the open ones
        reader = self._reader(tools)
        async with AsyncExitStack() as stack:
            attempt = await stack.enter_async_context(self._attempt(reader, contexts))
            if self._run_budget is not None:
                attempt.run_budget.continue_from(self._run_budget)
            self._run_budget = attempt.run_budget
            async with attempt.in_time():
                written = await self._write(attempt, messages, tools)
            repairs = 0
            broken = self._broken(attempt, reader, written)
            if broken is not None and (text := self._repeated(attempt, written)) is not None:
                attempt = await stack.enter_async_context(self._attempt(reader, contexts, attempt.run_budget))
                attempt.feed(text)
                broken = self._broken(attempt, reader, written)
            while broken is not None and repairs < REPAIRS:
                repairs += 1
                self.tell(agent_events.Repairing(self.number, self.now(), repairs, broken.report))
                async with attempt.in_time():
                    repaired, reading = await self._again(messages, broken, reader)
                if repaired.unclear is not None:
                    broken = replace(broken, unclear=repaired.unclear, cuts=(*broken.cuts, *repaired.cuts))
                    continue
                # Calls of the intact lines run on in the earlier attempt; the call cache hands their outcomes over.
                attempt = await stack.enter_async_context(self._attempt(reader, contexts, attempt.run_budget))
                attempt.feed(repaired.text)
                written = written.repaired(repaired, reading, is_joined=attempt.compiler.is_joined)
                broken = self._broken(attempt, reader, written)
            if broken is not None and not broken.may_run:
                raise self._failed(repairs, broken, reader)
            self._check_new(attempt)
            attempt.start(*written.holds, *self._holds())
            await attempt.settled()
        return self._planned(attempt, repairs, tools)

    def _failed(self, repairs: int, broken: BrokenPlan, reader: PlanReader) -> PlanFailed:
        """Build the error for a plan that stayed broken, with the prose that the planner wrote instead of a plan."""
        prose = offered(broken.why, *self._last, reader.reasoning, reader.tools)
        return PlanFailed(self.number, repairs, no_plan(broken.why, *self._last, reader.reasoning), prose=prose)

    def _holds(self) -> Iterator[Hold]:
        """Yield a hold on the plan if its planner may have seen results."""
        if self.plans:
            yield Hold(AFTER_RESULTS, self._terms.granted)
        elif self._is_after_answers:
            yield Hold(AFTER_ANSWERS, self._terms.granted)

    def _reader(self, tools: Toolbox) -> PlanReader:
        """Build the reader of the planner's replies."""
        taken = frozenset(name for plan in self.plans for name in plan.ids)
        return PlanReader(tools, taken, reasoning_of(self._terms.planner.chat_model))

    def _messages(self, tools: Toolbox, thought: str) -> list[Message]:
        """Build the planner's messages."""
        callable_tools = [tool for tool in tools if self.may_call(tool)]
        return self._terms.planner.messages(
            self.question,
            callable_tools,
            history=self.history,
            plans=self.plans,
            thought=thought,
            first=self._highest() + 1,
        )

    def may_call(self, tool: Tool) -> bool:
        """Whether the next plan may call a tool.

        Plans after the first may call a tool that writes only if the tool is granted or an approver can be asked.
        """
        may_ask = self._terms.approval.callback is not None and self._terms.approval.word != "none"
        is_free = not self.plans and not self._is_after_answers
        return is_free or not tool.effect.may_write or tool.name in self._terms.granted or may_ask

    def _highest(self) -> int:
        """Return the highest number of a task so far."""
        return highest_number(name for plan in self.plans for name in plan.ids)

    def _attempt(self, reader: PlanReader, contexts: Contexts, run_budget: RunBudget | None = None) -> IncrementalRun:
        """Open a plan that runs while its text is fed; it can read the results of earlier plans."""
        values: dict[str, Json] = {}
        labels: dict[str, Label] = {}
        for plan in self.plans:
            values.update(plan.run.results)
            labels.update(plan.run.labels)
        earlier = Earlier(values, reader.taken, labels)
        options: ExecutorOptions = {**self._terms.options, "memo": self._cache, "allowance": run_budget}
        options["emit"] = lambda event: self._happened(new, event)
        new = IncrementalRun(
            reader.tools,
            name=f"<plan {self.number}>",
            earlier=earlier,
            sources=self._sources,
            secrets=self._secrets,
            contexts=contexts,
            approve=self._terms.approval,
            reasoning=reader.reasoning,
            **options,
        )
        return new

    def _happened(self, attempt: IncrementalRun, event: events.Event) -> None:
        """Emit an event of a run; a task that ends in two attempts at a plan is reported once."""
        listener = self._terms.options.get("emit")
        if listener is not None:
            listener(event)
        if isinstance(event, events.Restarted):
            self._reported.clear()
            self.tell(agent_events.Happened(self.number, self.now(), event, ""))
        if isinstance(event, events.OF_RUNS):
            return
        if isinstance(event, events.Started):
            self._calls += 1
            self._first_task = self.now() if self._first_task is None else self._first_task
        key = (type(event), event.key)
        if key not in self._reported:
            self._reported.add(key)
            self.tell(agent_events.Happened(self.number, self.now(), event, attempt.written(event.key[0])))

    async def _write(self, attempt: IncrementalRun, messages: Sequence[Message], tools: Toolbox) -> TextOrigin:
        """Feed the planner's reply to a plan."""
        planner, compiler = self._terms.planner, attempt.compiler
        readable = tuple(dict.fromkeys(name for plan in self.plans for name in plan.run.results))
        grammar = planner.grammar(tools, self._highest() + 1, readable) if planner.grammar is not None else None
        pieces = reply(planner.chat_model, messages, "planner", self.tracker, grammar=grammar, stop=planner.stops)
        shown = TextPieces(lambda text: self.tell(agent_events.Wrote(self.number, self.now(), text)), self._secrets)

        def feed(piece: str) -> None:
            shown.add(piece)
            attempt.feed(piece)

        reading = await read_plan(pieces, attempt.feed if self._emit is None else feed, compiler)
        shown.end()
        self._last = compiler.source.text, reading
        self._plan_time = self.now() if self._plan_time is None else self._plan_time
        if reading.is_refused:
            raise PlanFailed(self.number, 0, refused(*self._last, reasoning_of(planner.chat_model)))
        return TextOrigin.of(reading, is_joined=compiler.is_joined)

    def _broken(self, attempt: IncrementalRun, reader: PlanReader, written: TextOrigin) -> BrokenPlan | None:
        """Close the plan; return the part that the planner must write again, or None."""
        compiler, whole = attempt.compiler, not written.is_cut
        failure: CompileError | None = None
        try:
            attempt.close(complete=whole)
        except CompileError as error:
            failure = error
        parsed, moved = compiler.parsed, (*compiler.moved, *written.moved)
        find = partial(find_broken, parsed, reader.highest, unended=written.unended, cuts=written.cuts, complete=whole)
        if failure is not None:
            broken = find(failure.diagnostics, moved)
            if compiler.is_over or broken.is_hopeless:
                raise PlanFailed(self.number, 0, broken.report) from failure
            return broken
        if moved and any(map(may_write, compiler.graph.nodes.values())):
            return replace(find(compiler.diagnostics, moved), may_run=True)
        if not compiler.graph.tasks and not compiler.is_joined:
            return find(())
        if does_something(parsed.plan.statements, reader.tools, reader.taken):
            return None
        return BrokenPlan((), NO_CALL, is_cut=True, is_hopeless=False)

    async def _again(
        self, messages: Sequence[Message], broken: BrokenPlan, reader: PlanReader
    ) -> tuple[MergedReply, ReplyReading]:
        """Request the broken lines again; return the repaired plan and how the reply ended."""
        planner = self._terms.planner
        messages, most = planner.repair(messages, broken), bounded_tokens(planner.chat_model)
        answer, reading = await plan_reply(planner, messages, reader, self.tracker, most_tokens=most)
        self._last = answer.source.text, reading
        if reading.is_refused:
            raise PlanFailed(self.number, 0, refused(*self._last, reader.reasoning))
        return merged(broken, answer, reader, complete=reading.is_complete), reading

    def _check_new(self, attempt: IncrementalRun) -> None:
        """Raise SamePlanError for a plan that was run before and would add nothing."""
        statements, highest = attempt.compiler.parsed.plan.statements, self._highest()
        shapes = {shape(earlier, before): number for number, earlier, before in self._made} if self._over else {}
        if shapes and shapes.get(shape(statements, highest)) in self._over:
            raise SamePlanError
        self._made.append((self.number, statements, highest))

    def _repeated(self, attempt: IncrementalRun, written: TextOrigin) -> str | None:
        """Renumber the text of a plan that repeats an earlier one verbatim; return None for any other plan."""
        parsed = attempt.compiler.parsed
        if written.is_cut or attempt.compiler.moved or parsed.lost:
            return None
        texts = (renumbered(parsed.plan.statements, plan.statements, self._highest()) for plan in self.plans)
        text = next(filter(None, texts), None)
        return text if text is None or parsed.unended is not None else f"{text}\n"

    def _is_over(self, number: int) -> bool:
        """Whether running the same plan again would make no call and end as before."""
        errors = (getattr(event, "error", None) for event in self.plans[number - 1].run.events)
        return self._cache.has_all(number) and not any(map(_may_end_otherwise, errors))

    def _planned(self, attempt: IncrementalRun, repairs: int, tools: Toolbox) -> Planned:
        """Record the plan that was run, and return it."""
        run, highest, number = attempt.run(), self._highest(), self.number
        statements = attempt.compiler.parsed.plan.statements
        ids = tuple(name for name, _ in numbered(statements, highest))
        planned = Planned(
            text=attempt.compiler.source.text,
            statements=statements,
            ids=ids,
            run=run,
            repairs=repairs,
            tasks=shown_tasks(statements, highest, run, {tool.name for tool in tools if tool.effect.may_write}),
            reused=tuple(name for name in ids if name in self._cache.plans[number].reused),
            began=self._began,
            ended=self.now(),
        )
        self.plans.append(planned)
        self._sources.update(attempt.sources(number))
        self.tell(agent_events.PlanEnded(number, self.now(), planned.text, run))
        return planned

    def answer(
        self,
        value: Json,
        stopped: str | None,
        *,
        answered: bool = True,
        is_unmarked: bool = False,
        label: Label = PUBLIC,
    ) -> Answer:
        """Build the answer, with the plans, usage and times of this question."""
        now = self.now()
        return Answer(
            question=self.question,
            value=value,
            plans=tuple(self.plans),
            thoughts=tuple(self.thoughts),
            usage=self.tracker.usage,
            times=Times(self._first_task, now if self._plan_time is None else self._plan_time, now),
            calls=self._calls,
            reused=self._cache.reused,
            stopped=stopped,
            answered=answered,
            is_unmarked=is_unmarked,
            secrets=self._secrets,
            label=label,
        )


def _may_end_otherwise(error: PlanError | None) -> bool:
    """Whether a task was given up before its call, so that another run could end otherwise."""
    return isinstance(error, LimitReached | Stopped | ToolTimedOut) and not error.in_doubt
