"""The agent: question in, answer out.

    agent = Agent(tools, model=…)
    answer = await agent.ask("Which of the two is higher?")
    async for event in agent.stream("…"):       # progress events, then the Answer

A planner writes a plan that runs while it is written. If the plan's join makes no answer, a joiner answers or asks for
another plan. An agent keeps no state between questions, and answers any number of them at once.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Final

from llmc_compiler.decoder.decoder_grammar import LEVELS, Level
from llmc_compiler.ir.graph import JOIN
from llmc_compiler.lowering.secret_labels import PUBLIC
from llmc_compiler.session import require_parameters
from llmc_compiler.tools.toolbox import Toolbox, Usable, toolbox_of
from llmc_runtime.agent.agent_errors import NoDecision, PlanFailed
from llmc_runtime.agent.agent_events import Judged, Progress, Reasoned
from llmc_runtime.agent.agent_run import AgentRun, AgentTerms, Emit, SamePlanError
from llmc_runtime.agent.answers.answer import Answer
from llmc_runtime.agent.budget import NO_LIMIT, Budget, kept, tracker_of
from llmc_runtime.agent.completion import has_no_prices
from llmc_runtime.agent.joining.decisions import Decision, Finish, Replan
from llmc_runtime.agent.joining.joiner import ModelJoiner
from llmc_runtime.agent.joining.replan_policy import JOINER, Again, Joiner, Replanning, Turn
from llmc_runtime.agent.plan_only import write_plan
from llmc_runtime.agent.planning.plan_grammar import GrammarFor, following
from llmc_runtime.agent.planning.plan_repair import BrokenPlan
from llmc_runtime.agent.planning.planner import Planner
from llmc_runtime.agent.planning.text_origin import AFTER_ANSWERS, has_answers
from llmc_runtime.agent.prompting.examples import Example, checked
from llmc_runtime.agent.prompting.templates import Prompts
from llmc_runtime.agent.prompting.tool_docs.tool_list import PROMPT_BUDGET
from llmc_runtime.agent.reasoning_text import ReasoningText
from llmc_runtime.calls.nested_runs import known_secrets
from llmc_runtime.concurrency.run_sync import run_sync
from llmc_runtime.errors import LlmcError
from llmc_runtime.foreign_errors import shortened
from llmc_runtime.limits import Limits
from llmc_runtime.models.factory import chat_model
from llmc_runtime.models.messages import ChatModel, Message
from llmc_runtime.models.model_errors import ModelError
from llmc_runtime.program.program import Program
from llmc_runtime.program.run_driver import ExecutorOptions
from llmc_runtime.safety.approval import Approval, Callback, Hold, Word
from llmc_runtime.state.run_ending import name_open
from llmc_runtime.validation import Kinds, check_each, check_kinds, check_method, check_names

MAX_REPLANS: Final = 2

SAME: Final = "the planner wrote the same plan again"
PROSE: Final = "the planner wrote this text instead of another plan"

_KINDS: Final[Kinds] = {
    "prompts": ((Path, str, Mapping, NoneType), "a folder, or a mapping from names to texts"),
    "examples": (Sequence, "a list of llmc.Example"),
    "limits": ((Limits, NoneType), "a llmc.Limits"),
    "budget": (Budget, "a llmc.Budget"),
    "max_replans": (int, "a number from 0"),
    "prompt_budget": (int, "a number of characters"),
    "grant": (Collection, "a list of tool names"),
    "options": ((Mapping, NoneType), "a mapping from the names of settings to their values"),
    "question": (str, "a text"),
    "history": (Sequence, "a list of llmc.Message"),
}
"""The kinds of the parameters of an agent and of a question."""


class Agent:
    """Answers questions with tools.

    `model` is the planner: a ChatModel or a model's name. It is also the joiner, unless `joiner` names another model or
    is a Joiner, an object that decides without a model. `prompts` is a folder or a mapping with replacements of the
    prompts; `examples` show plans for these tools.

    At most `max_replans` plans follow the first, as far as the policy `replan` allows. They may write only with the
    tools named in `grant`, or after a yes from `approve`. `budget` bounds the usage of a question's models, `limits`
    bounds each run. `approve` and `context` are the same as for `Program.run`; `options` are further settings of runs.

    `grammar` is the level that plans have to follow ("full", "sound", "tools" or "plain"), or a function that returns
    the grammar of a plan. The list of tools takes at most `prompt_budget` characters of a prompt, unless names and
    types alone are longer; the logger `llmc` warns if it is cut.

    Raises PromptError, ExampleError, ToolboxError, TypeError and ValueError for invalid arguments.
    """

    def __init__(
        self,
        tools: Toolbox | Iterable[Usable],
        *,
        model: ChatModel | str,
        joiner: Joiner | ChatModel | str | None = None,
        prompts: Path | str | Mapping[str, str] | None = None,
        examples: Sequence[Example] = (),
        limits: Limits | None = None,
        budget: Budget = NO_LIMIT,
        replan: Replanning = JOINER,
        max_replans: int = MAX_REPLANS,
        grant: Collection[str] = (),
        approve: Approval | Word | Callback | None = None,
        context: object = None,
        grammar: Level | GrammarFor | None = None,
        options: ExecutorOptions | None = None,
        prompt_budget: int = PROMPT_BUDGET,
    ) -> None:
        objects = {"prompts": prompts, "examples": examples, "limits": limits, "budget": budget}
        others = {"max_replans": max_replans, "grant": grant, "options": options, "prompt_budget": prompt_budget}
        check_kinds(objects | others, _KINDS)
        check_each("examples", examples, Example, "a llmc.Example")
        check_method("replan", replan, "after", "a policy, such as llmc.replanning.JOINER")
        if max_replans < 0:
            message = f"`max_replans` is a number from 0, not {max_replans}"
            raise ValueError(message)
        if prompt_budget < 0:
            message = f"`prompt_budget` is a number of characters from 0, not {prompt_budget}"
            raise ValueError(message)
        self.tools = box = toolbox_of(tools)
        """The toolbox."""
        _check_grant(grant, box)
        self.max_replans = max_replans
        """The most plans that may follow the first."""
        self._budget = budget
        self._policy = replan
        loaded = Prompts(prompts)
        shown = tuple(checked(example, box) for example in examples)
        followed = following(grammar) if isinstance(grammar, str) else grammar
        if followed is not None:
            check_method("grammar", followed, "__call__", f"one of {', '.join(map(repr, LEVELS))}, or a function")
        self.planner = Planner(chat_model(model), loaded, shown, followed, prompt_budget)
        """The planner, which asks the model for plans and repairs."""
        self.joiner = self._joining(joiner, loaded)
        """The joiner, which answers or asks for another plan."""
        if budget.cost is not None:
            _check_prices(self.planner.chat_model, *_models(self.joiner))
        require_parameters(box)
        self.planner.told(list(box))
        if loaded.are_replaced:
            self._render_all()
        settings: ExecutorOptions = {} if options is None else {**options}
        check_names("options", "setting", settings, ExecutorOptions.__annotations__)
        if limits is not None:
            settings["limits"] = limits
        self._terms = AgentTerms(self.planner, frozenset(grant), Approval.of(approve), context, settings)

    async def ask(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        trust_history: bool = False,
        emit: Emit | None = None,
    ) -> Answer:
        """Answer a question; `history` are the earlier messages, and `emit` receives every progress event.

        Answers in the history may have been shaped by tool results. The first plan is then held like a later plan,
        unless `trust_history` is set.

        Raises AgentError (PlanFailed, NoDecision, BudgetSpent), RunRefused if a limit stops every plan, and the errors
        of the models and of `emit`.
        """
        _check_asked(question, history, emit)
        return await self._ask(self._agent_run(question, history, emit, trust_history=trust_history))

    def ask_sync(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        trust_history: bool = False,
        emit: Emit | None = None,
    ) -> Answer:
        """Answer a question like `ask`, from sync code; a hanging tool does not delay the return."""
        asked = self.ask(question, history=history, trust_history=trust_history, emit=emit)
        return run_sync(asked, "await agent.ask(…)", "agent.ask_sync")

    async def stream(
        self, question: str, *, history: Sequence[Message] = (), trust_history: bool = False
    ) -> AsyncGenerator[Progress | Answer, None]:
        """Yield progress events as they happen, and the Answer last; raises like `ask`.

        Close the iterator (`contextlib.aclosing`) to end the question early.
        """
        _check_asked(question, history)
        waiting: asyncio.Queue[Progress | None] = asyncio.Queue()
        agent_run = self._agent_run(question, history, waiting.put_nowait, trust_history=trust_history)
        end = asyncio.ensure_future(self._ask(agent_run))
        end.add_done_callback(lambda _: waiting.put_nowait(None))
        try:
            while (event := await waiting.get()) is not None:
                yield event
            yield await end
        finally:
            agent_run.close()  # at once: the cancelled task may take a while to close its connections
            end.cancel()
            await asyncio.wait([end])

    async def plan(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        trust_history: bool = False,
        emit: Emit | None = None,
    ) -> Program:
        """Have the planner write a plan, and return it compiled, without running it; raises like `ask`.

        The program holds the calls that `ask` would hold, until it is `approved`. `emit` receives the planner's
        reasoning (Reasoned).
        """
        _check_asked(question, history, emit)
        tracker = tracker_of(self._budget)
        if emit is not None:
            tracker.listener = _told_of_reasons(emit)
        with kept(tracker):
            program = await write_plan(self.planner, self.tools, *_shown(question, history), tracker)
        if has_answers(history) and not trust_history:
            caution = Hold(AFTER_ANSWERS, self._terms.granted)
            return replace(program, cautions=(*program.cautions, caution))
        return program

    def _agent_run(
        self, question: str, history: Sequence[Message], emit: Emit | None, *, trust_history: bool
    ) -> AgentRun:
        """Start the agent run of a question."""
        tracker = tracker_of(self._budget)
        return AgentRun(self._terms, *_shown(question, history), tracker, emit, trust_history=trust_history)

    async def _ask(self, agent_run: AgentRun) -> Answer:
        """Answer a question, and attach an unfinished Answer to any error."""
        with kept(agent_run.tracker):
            try:
                return await self._answer(agent_run)
            except BaseException as error:
                if isinstance(error, LlmcError):
                    error.answer = agent_run.answer(None, str(error), answered=False)
                name_open(error, [event for plan in agent_run.plans for event in plan.run.events])
                raise

    async def _answer(self, agent_run: AgentRun) -> Answer:
        """Plan, run and judge until the question has an answer or no further plan may follow."""
        tools, thought, stopped = self.tools, "", None
        while True:
            try:
                planned = await agent_run.plan(tools, thought)
            except SamePlanError:
                again, stopped = None, SAME
            except (PlanFailed, ModelError) as error:
                if not agent_run.plans:
                    raise
                if isinstance(error, PlanFailed) and error.prose is not None:
                    return agent_run.answer(error.prose, PROSE, is_unmarked=True)
                again, stopped = None, _first_lines(error)
            else:
                if planned.is_answer:
                    return agent_run.answer(planned.run.value, stopped, label=planned.run.labels.get(JOIN, PUBLIC))
                again = self._again(agent_run)
            decision = await self._decide(agent_run, is_final=again is None, stopped=stopped)
            if isinstance(decision, Finish):
                return agent_run.answer(decision.text, stopped, is_unmarked=decision.is_unmarked)
            if again is None:
                missing = decision.text or decision.thought
                why = stopped or self._no_more(agent_run)
                return agent_run.answer(None, f"{why}; still missing: {missing}" if missing else why, answered=False)
            thought = decision.text or decision.thought
            agent_run.plans[-1] = replace(agent_run.plans[-1], thought=thought)
            tools = _narrowed(tools, again)

    async def _decide(self, agent_run: AgentRun, *, is_final: bool, stopped: str | None) -> Decision:
        """Return the joiner's decision; raises NoDecision for any other value."""
        turn = Turn(agent_run.question, tuple(agent_run.plans), agent_run.history, is_final, stopped)
        returned: object = self.joiner.decide(turn)
        decision = _checked(self.joiner, await returned if isinstance(returned, Awaitable) else returned)
        agent_run.tell(Judged(len(agent_run.plans), agent_run.now(), decision))
        agent_run.thoughts.append(decision.thought)
        return decision

    def _render_all(self) -> None:
        """Render each prompt once, to find the mistakes of a user's templates; raises PromptError."""
        messages = self.planner.messages("", list(self.tools))
        self.planner.repair(messages, BrokenPlan((), "", is_cut=False, is_hopeless=False))
        if isinstance(self.joiner, ModelJoiner):
            self.joiner.messages(Turn("", ()))
            self.joiner.reminded(messages, "", final=False)

    def _joining(self, joiner: Joiner | ChatModel | str | None, prompts: Prompts) -> Joiner:
        """Return the joiner itself, or a joiner that asks a model."""
        if joiner is None:
            return ModelJoiner(self.planner.chat_model, prompts, self.tools)
        if isinstance(joiner, Joiner):
            check_method("joiner", joiner, "decide", "a model, a model's name, or an object with a method `decide`")
            return joiner
        return ModelJoiner(chat_model(joiner, "joiner"), prompts, self.tools)

    def _again(self, agent_run: AgentRun) -> Again | None:
        """Return the tools of a further plan, or None if no plan may follow."""
        if len(agent_run.plans) > self.max_replans:
            return None
        return self._policy.after(Turn(agent_run.question, tuple(agent_run.plans)))

    def _no_more(self, agent_run: AgentRun) -> str:
        """Return the reason that no further plan may follow."""
        if len(agent_run.plans) > self.max_replans:
            return f"no further plan may follow (max_replans={self.max_replans})"
        return "the policy allows no further plan"


def _checked(joiner: Joiner, decision: object) -> Decision:
    """Return the decision of a joiner, which may be a user's object; raises NoDecision for any other value."""
    words = f"`decide` of `{type(joiner).__name__}` returned a `{type(decision).__name__}`"
    if not isinstance(decision, Finish | Replan):
        raise NoDecision("", f"{words}; return llmc.Finish or llmc.Replan")
    texts: dict[str, object] = {"text": decision.text, "thought": decision.thought}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise NoDecision("", f"{words} whose `{name}` is a `{type(text).__name__}`; give it a text")
    return decision


def _models(joiner: Joiner) -> tuple[ChatModel, ...]:
    """Return the model that a joiner asks, if it is known."""
    return (joiner.chat_model,) if isinstance(joiner, ModelJoiner) else ()


def _first_lines(error: LlmcError) -> str:
    """Return the first two lines of an error, which show the first mistake, as one line."""
    return shortened("\n".join(str(error).split("\n", 2)[:2]))


def _check_asked(question: str, history: Sequence[Message], emit: Emit | None = None) -> None:
    """Raise TypeError if the question, the history or `emit` has a wrong type."""
    check_kinds({"question": question, "history": history}, _KINDS)
    check_each("history", history, Message, "a llmc.Message")
    if emit is not None:
        check_method("emit", emit, "__call__", "a function that receives progress events")


def _told_of_reasons(emit: Emit) -> ReasoningText:
    """Build a listener that emits the reasoning about the first plan."""
    now = asyncio.get_running_loop().time
    start = now()
    return ReasoningText(lambda _, text: emit(Reasoned(1, now() - start, text)), known_secrets())


def _shown(question: str, history: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """Redact the secrets of the surrounding run in a question and its history."""
    secrets = known_secrets()
    return secrets.text(question), [replace(message, text=secrets.text(message.text)) for message in history]


def _check_prices(*models: ChatModel) -> None:
    """Refuse models without prices, whose cost a budget could not bound; raises ValueError."""
    for model in models:
        if has_no_prices(model):
            message = f"a cost budget needs the prices of `{model.name}`: set `prices=llmc.Prices(read=…, written=…)`"
            raise ValueError(message)


def _check_grant(grant: Collection[str], tools: Toolbox) -> None:
    """Refuse names of tools that do not exist; raises ValueError."""
    if isinstance(grant, str):
        message = f"`grant` is a list of tool names: [{grant!r}]"
        raise ValueError(message)  # noqa: TRY004 — a text is a collection of texts, but not of names
    for name in grant:
        if name not in tools:
            message = f"`grant` names `{name}`, which is not a tool of this agent"
            raise ValueError(message)


def _narrowed(tools: Toolbox, again: Again) -> Toolbox:
    """Return the tools of the next plan: those of the last plan, or fewer."""
    if again.tools is None:
        return tools
    return Toolbox(tool for tool in tools if tool.name in again.tools)
