"""`llmc ask` and `llmc plan`: let a model write a plan, and run it or print it."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict, cast

import typer

from llmc.cli.arguments.options import (
    MODEL_VARIABLE,
    PROMPT_BUDGET,
    AsJson,
    Asking,
    BaseUrl,
    Budgets,
    GrammarLevel,
    Limit,
    ModelName,
    ModelOptions,
    PlanTools,
    PromptBudget,
    Quiet,
    ShowReasoning,
    Verbose,
)
from llmc.cli.arguments.plan_arguments import STDIN, given_budget, given_limits, named_tools
from llmc.cli.arguments.plan_header import header_for
from llmc.cli.terminal.diagnostic_output import drawn
from llmc.cli.terminal.output import (
    FOUND,
    DisplayError,
    Stderr,
    Waiting,
    fail,
    give,
    note,
    print_json,
    reason,
    say,
    set_verbosity,
    tell,
)
from llmc.cli.terminal.screen import seen

if TYPE_CHECKING:
    from typing import Unpack

    from llmc import Agent, Answer, Approval, Budget, Limits, PlanError, Toolbox
    from llmc.cli.progress.agent_progress import Board
    from llmc_runtime.agent.agent_events import Progress
    from llmc_runtime.models.messages import ChatModel
    from llmc_runtime.program.run_driver import ExecutorOptions
    from llmc_runtime.state.events import Event


class AskSettings(TypedDict, total=False):
    """The arguments of an agent apart from its tools and its model."""

    limits: "Limits"
    budget: "Budget"
    approve: "Approval"
    max_replans: int
    prompt_budget: int
    options: "ExecutorOptions"


LONGEST_QUESTION = 1_000_000  # characters

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="The question, or `-` for standard input.")]
Local = Annotated[bool, typer.Option("--local", help="Use a model in this process, without network or key.")]


def ask(
    question: Question,
    *,
    tools: PlanTools,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOptions = None,
    local: Local = False,
    grammar: GrammarLevel = None,
    limit: Limit = None,
    budget: Budgets = None,
    prompt_budget: PromptBudget = PROMPT_BUDGET,
    approve: Asking = None,
    show_plan: Annotated[bool, typer.Option("--show-plan", help="Show plans and tasks without a terminal.")] = False,
    show_reasoning: ShowReasoning = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the answer and its plans as JSON.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    max_replans: Annotated[int, typer.Option(metavar="N", min=0, help="The maximum number of replans.")] = 2,
) -> None:
    """Answer a question: a model writes a plan, which runs while it is written. The answer goes to stdout."""
    from llmc import Approval, LlmcError
    from llmc.cli.progress.reasoning_lines import reasons_shown
    from llmc.cli.terminal.approval_prompt import Prompt, can_ask
    from llmc.cli.terminal.interrupt import Interruptible, Interruption, left_open

    set_verbosity(quiet=quiet, verbose=verbose)
    question = _asked(question)
    prompt = Prompt() if can_ask() else None
    happened: list[Event] = []
    agent = _agent(
        _toolbox(tools),
        _model(model, base_url, model_option or (), local=local),
        grammar or ("sound" if local else None),
        limits=given_limits(STDIN, limit or ()),
        budget=given_budget(budget or ()),
        approve=Approval(None if approve is None else approve.value, prompt),
        max_replans=max_replans,
        prompt_budget=prompt_budget,
        options={"emit": happened.append},
    )
    try:
        with (
            _board(wanted=show_plan) as plans,
            reasons_shown(plans) if show_reasoning else nullcontext(plans) as board,
        ):
            if prompt is not None:
                prompt.progress = board
            answer = Interruptible(_follow(agent, question, board)).run()
    except Interruption as end:
        end.leave(_written(happened, agent.tools) + left_open(happened))
    except (DisplayError, LlmcError) as error:
        _say(error)
        if done := _written(happened, agent.tools) + left_open(happened):
            say(done.removeprefix("; "))
        if json_ and isinstance(error, LlmcError) and error.answer is not None:
            _print(cast("Answer", error.answer), as_json=True)
        raise typer.Exit(FOUND) from error
    _conclude(answer, as_json=json_)


def plan(
    question: Question,
    *,
    tools: PlanTools,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the plan to a new file.")
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOptions = None,
    local: Local = False,
    grammar: GrammarLevel = None,
    budget: Budgets = None,
    prompt_budget: PromptBudget = PROMPT_BUDGET,
    json_: AsJson = False,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the repairs of the plan.")] = False,
    show_reasoning: ShowReasoning = False,
) -> None:
    """Let a model write a plan for a question, to read and run later. No tool is called."""
    from llmc import LlmcError
    from llmc.cli.progress.reasoning_lines import reasons_shown
    from llmc.cli.terminal.interrupt import Interruptible, Interruption
    from llmc_grammar.terminal_text import visible

    set_verbosity(quiet=quiet, verbose=verbose)
    question = _asked(question)
    if output is not None and os.path.lexists(output):
        fail(f"{output} already exists: name another file")
    followed = grammar or ("sound" if local else None)
    chosen = _model(model, base_url, model_option or (), local=local)
    agent = _agent(_toolbox(tools), chosen, followed, budget=given_budget(budget or ()), prompt_budget=prompt_budget)
    try:
        with reasons_shown(None) if show_reasoning else nullcontext() as reasons:
            emit = None if reasons is None else _showing(reasons)
            program = Interruptible(agent.plan(question, emit=emit)).run()
    except Interruption as end:
        end.leave()
    except (DisplayError, LlmcError) as error:
        _say(error)
        raise typer.Exit(FOUND) from error
    comment, written = _as_file(question, program.source.text, agent)
    if verbose and program.diagnostics:
        tell(drawn(program.diagnostics, program.source, sys.stderr))
    if output is None:
        _print_plan(question, f"{comment}{written}", None, as_json=json_)
        return
    header = header_for(tools, output)
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(f"{comment}{header.text}{written}")
    except (OSError, ValueError) as error:
        _print_plan(question, f"{comment}{written}", None, as_json=json_)  # the plan was paid for, so print it
        fail(f"{output}: {reason(error)}")
    if json_:
        _print_plan(question, f"{comment}{header.text}{written}", output, as_json=True)
    command = " ".join(filter(None, ("llmc run", visible(str(output)), header.options)))
    note(f"wrote {visible(str(output))}: read it, and run it with `{command}`")


def _print_plan(question: str, text: str, file: Path | None, *, as_json: bool) -> None:
    """Print a plan to stdout, or as JSON with its question and its file."""
    if not as_json:
        print(text, end="")
        return
    name = None if file is None else str(file)
    print_json({"version": 1, "language": 1, "question": question, "plan": text, "file": name})


def _asked(question: str) -> str:
    """Return the question, read from standard input for `-`; exit with a message if it is empty or too long."""
    text = _read_question() if question == STDIN else question
    if not text.strip():
        fail("the question is empty")
    if len(text) > LONGEST_QUESTION:
        fail(f"the question is longer than {LONGEST_QUESTION:,} characters")
    return text


def _read_question() -> str:
    """Return the text of standard input, or exit with a message."""
    from llmc_runtime.input_files import read_stdin

    try:
        # A character has at most four bytes in UTF-8.
        return read_stdin(4 * (LONGEST_QUESTION + 1)).decode("utf-8", "replace")
    except OSError as error:
        fail(f"<stdin>: {reason(error)}")


def _toolbox(targets: Sequence[str]) -> "Toolbox":
    """Return the tools of the targets, or exit with a message."""
    toolbox = named_tools(targets)
    if not len(toolbox):
        fail("the targets of `--tools` contain no tools")
    return toolbox


def _agent(tools: "Toolbox", model: "ChatModel", grammar: str | None, **settings: "Unpack[AskSettings]") -> "Agent":
    """Return the agent, or exit with a message."""
    from llmc import Agent
    from llmc_compiler.decoder.decoder_grammar import LEVELS

    level = next((known for known in LEVELS if known == grammar), None)
    if grammar is not None and level is None:
        fail(f"`--grammar {grammar}` is not a level: use {', '.join(LEVELS[:-1])} or {LEVELS[-1]}")
    try:
        return Agent(tools, model=model, grammar=level, **settings)
    except ValueError as error:  # a cost budget for a model with unknown prices
        fail(str(error))


def _model(model: str | None, base_url: str | None, given: Sequence[str], *, local: bool) -> "ChatModel":
    """Return the model of the options, or exit with a message."""
    import llmc
    from llmc.cli.arguments.model_options import given_model_options

    if local and (model is not None or base_url is not None):
        fail("`--local` already names a model: remove `--model` and `--base-url`")
    name = model or os.environ.get(MODEL_VARIABLE)
    options = given_model_options(given)
    try:
        if local:
            return llmc.local_model(**options)
        if not name:
            fail(f"no model is named: use `--model M` or `--local`, or set {MODEL_VARIABLE}")
        if base_url is not None:
            options["base_url"] = base_url
            return llmc.Model(_unconfigured(name), **options)
        if name.endswith(".gguf"):
            if not os.path.isfile(name):  # noqa: PTH113 — returns False instead of raising for a name that is too long
                fail(f"the file {name} does not exist")
            return llmc.local_model(name, **options)
        return llmc.load_model(name, **options)
    except (TypeError, ValueError) as error:  # TypeError: an option of the wrong type
        fail(str(error))


def _unconfigured(name: str) -> str:
    """Return the name of a model at a given address; exit with a message if the model is configured."""
    from llmc.config.config import find_config

    config = find_config(Path.cwd())
    if name in config.models:
        fail(f"`{name}` is configured in {config.path}, and its key is not sent elsewhere: remove `--base-url`")
    return name


def _conclude(answer: "Answer", *, as_json: bool) -> None:
    """Write the last remarks to stderr and the answer to stdout, and exit with a status if it failed."""
    if not (Stderr.is_quiet and answer.answered):
        _remark(answer)
    _print(answer, as_json=as_json)
    if any(plan.run.abandoned for plan in answer.plans):
        Waiting.is_wanted = False
    if not answer.answered or Stderr.is_lost:
        raise typer.Exit(FOUND)


def _remark(answer: "Answer") -> None:
    """Write remarks on an answer, or on its absence."""
    if answer.stopped is not None:
        say(answer.stopped)
    if answer.is_unmarked:
        say("the model wrote prose without marking an answer in it: check the text")
    note(answer.summary())
    if any(_had_nobody(error) for plan in answer.plans for error in plan.run.errors.values()):
        say("approval needs a terminal; `--approve all` approves every call")


def _print(answer: "Answer", *, as_json: bool) -> None:
    """Print the answer to stdout, text unchanged and other values as JSON; or everything as one JSON document."""
    shown = answer.to_json()
    if as_json:
        give(shown)
    elif answer.answered:
        give(shown["answer"])


def _say(error: Exception) -> None:
    """Report an error; the mistakes of a plan with their lines."""
    from llmc_runtime.agent.agent_errors import PlanFailed

    report = error.report if isinstance(error, PlanFailed) else ""
    say(str(error).removesuffix(f"\n{report}"), report)


def _written(happened: "Sequence[Event]", tools: "Toolbox") -> str:
    """Return the tasks that finished and may have written, with their tools."""
    from llmc_runtime.state.events import Finished, Started

    called = {event.key: event.tool for event in happened if isinstance(event, Started)}
    ended = (event for event in happened if isinstance(event, Finished) and event.key in called)
    changing = {tool.name for tool in tools if tool.effect.may_write}
    words = (f"{event.task} ({called[event.key]})" for event in ended if called[event.key] in changing)
    tasks = ", ".join(dict.fromkeys(words))
    return f"; written: {tasks}" if tasks else ""


def _had_nobody(error: "PlanError") -> bool:
    """Whether a call was refused because no approver was available."""
    from llmc import NotApproved

    return isinstance(error, NotApproved) and error.reason == "nobody"


async def _follow(agent: "Agent", question: str, board: "Board") -> "Answer":
    """Return the answer and show the progress meanwhile; raises DisplayError."""
    return await agent.ask(question, emit=_showing(board))


def _showing(board: "Board") -> "Callable[[Progress], None]":
    """Return a callback that shows events on a board; it raises DisplayError."""

    def show(event: "Progress") -> None:
        try:
            board.apply(event)
        except Exception as error:
            raise DisplayError.of(error) from error

    return show


def _board(*, wanted: bool) -> "AbstractContextManager[Board]":
    """Return the board: plans with their tasks on a terminal, else lines if `wanted`."""
    from llmc.cli.progress.agent_progress import AgentLog, live_board
    from llmc.cli.progress.task_lines import TaskLines
    from llmc.cli.terminal.silence import Silent

    if Stderr.is_verbose:
        return nullcontext(AgentLog(sys.stderr))
    if Stderr.is_quiet:
        return nullcontext(Silent())
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        return live_board(Console(stderr=True, highlight=False))
    return nullcontext(AgentLog(sys.stderr, TaskLines()) if wanted else Silent())


def _as_file(question: str, text: str, agent: "Agent") -> tuple[str, str]:
    """Return the question as a comment, and a model's plan as the equivalent plan file."""
    from llmc import compile as compile_plan

    # Without passes, so that the file shows the whole plan.
    written = compile_plan(text, agent.tools, mode="lenient", passes=()).to_llmc()
    comment = "".join(f"# {seen(line)}\n" for line in question.splitlines() or [""])
    return comment, written
