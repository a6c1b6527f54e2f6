"""`llmc ask` and `llmc plan`: a model plans, and the plan is run, or written down for reading."""

import json
import os
import sys
from contextlib import AbstractContextManager, aclosing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmc.cli.options import Tools
from llmc.cli.outcome import FOUND, INTERRUPTED, fail, tell
from llmc.cli.plans import named_tools

if TYPE_CHECKING:
    from llmc import Agent, Answer
    from llmc.cli.asking import Board
    from llmc_runtime.agent.dialogue import Speaker

VARIABLE = "LLMC_MODEL"
"""The variable with the model that is meant where none is named."""

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="What is asked.")]
ModelName = Annotated[str | None, typer.Option("--model", metavar="M", help=f"The model; else that of {VARIABLE}.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", metavar="U", help="The address of the model's server.")]
Local = Annotated[bool, typer.Option("--local", help="A model in this process, without network or key.")]


def ask(
    question: Question,
    *,
    tools: Tools = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    local: Local = False,
    show_plan: Annotated[
        bool, typer.Option("--show-plan", help="Show plans and tasks also where there is no terminal.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print everything that was done as JSON.")] = False,
    max_replans: Annotated[int, typer.Option(metavar="N", min=0, help="How many plans may follow the first.")] = 2,
) -> None:
    """Answer a question: a model plans, the plan runs while it is written; the answer goes to stdout."""
    import asyncio

    from llmc import LlmcError

    agent = _agent(tools, model, base_url, local=local, max_replans=max_replans)
    try:
        with _board(wanted=show_plan) as board:
            answer = asyncio.run(_follow(agent, question, board))
    except KeyboardInterrupt as error:
        tell("llmc: interrupted")
        raise typer.Exit(INTERRUPTED) from error
    except LlmcError as error:
        tell(f"llmc: {error}")
        raise typer.Exit(FOUND) from error
    if answer.stopped is not None:
        tell(f"llmc: {answer.stopped}")
    tell(answer.summary())
    if json_:
        print(json.dumps(answer.to_json(), ensure_ascii=False, indent=2))
    elif answer.answered:
        print(answer.text)
    if not answer.answered:
        raise typer.Exit(FOUND)


def plan(
    question: Question,
    *,
    tools: Tools = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there; overwrites nothing.")
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    local: Local = False,
) -> None:
    """Have a plan written for a question, to be read and run later; nothing is called."""
    import asyncio

    from llmc import LlmcError

    if output is not None and output.exists():
        fail(f"{output} is there already: name another file")
    agent = _agent(tools, model, base_url, local=local)
    try:
        program = asyncio.run(agent.plan(question))
    except KeyboardInterrupt as error:
        tell("llmc: interrupted")
        raise typer.Exit(INTERRUPTED) from error
    except LlmcError as error:
        tell(f"llmc: {error}")
        raise typer.Exit(FOUND) from error
    text = _as_file(question, program.source.text, agent)
    if output is None:
        print(text, end="")
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        fail(f"{output}: {(error.strerror or str(error)).lower()}")
    tell(f"wrote {output}: read it, and run it with `llmc run {output}` and the same --tools")


def _agent(
    tools: list[str] | None, model: str | None, base_url: str | None, *, local: bool, max_replans: int = 0
) -> "Agent":
    """The agent that the options describe, or the end with a message."""
    from llmc import Agent

    if local and (model is not None or base_url is not None):
        fail("`--local` is a model already: leave `--model` and `--base-url` out")
    toolbox = named_tools(tools or ())
    if not len(toolbox):
        fail("there are no tools: name a file or a module, `--tools tools.py`")
    return Agent(toolbox, model=_speaker("local" if local else model, base_url), max_replans=max_replans)


def _speaker(model: str | None, base_url: str | None) -> "Speaker":
    """The model of a name, or the end with a message."""
    from llmc_runtime.agent.speakers import speaker

    name = model or os.environ.get(VARIABLE)
    if not name:
        fail(f"no model is named: `--model M`, `--local`, or the variable {VARIABLE}")
    try:
        return speaker(name, base_url=base_url)
    except (ImportError, ValueError) as error:
        fail(str(error))


async def _follow(agent: "Agent", question: str, board: "Board") -> "Answer":
    """Show everything that is told; the answer at its end."""
    from llmc import Answer

    async with aclosing(agent.stream(question)) as events:
        async for event in events:
            if isinstance(event, Answer):
                return event
            board.apply(event)
    raise AssertionError  # the last event is the answer


def _board(*, wanted: bool) -> "AbstractContextManager[Board]":
    """Plans with their tasks beside them on a terminal; else a line for each event, if they are wanted."""
    from llmc.cli.asking import Lines, Nothing, live_board

    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        return live_board(Console(stderr=True, highlight=False))
    return nullcontext(Lines(sys.stderr) if wanted else Nothing())


def _as_file(question: str, text: str, agent: "Agent") -> str:
    """A model's plan as a plan file that means the same, the question above it."""
    from llmc import compile as compile_plan

    # Without passes, so that all of it is there to be read.
    written = compile_plan(text, agent.tools, mode="lenient", passes=()).to_llmc()
    comment = "".join(f"# {line}\n" for line in question.splitlines() or [""])
    return f"{comment}{written}"
