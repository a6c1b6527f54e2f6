"""Options and arguments shared by several commands."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from llmc.cli.arguments.shell_completion import (
    BUDGETS,
    LEVELS,
    choices,
    files,
    limits,
    model_options,
    models,
    pass_list,
)
from llmc.cli.terminal.output import fail

PROMPT_BUDGET: Final = 24_000
"""The same value as in `prompting.tool_docs`, which takes longer to import than `--help` takes to run."""

PLANS: Final = files(".llmc")
TOOLS: Final = files(".py", ".llmc")
TRACES: Final = files(".jsonl")

MODEL_VARIABLE: Final = "LLMC_MODEL"
"""The environment variable with the default model."""

PlanFile = Annotated[
    str, typer.Argument(metavar="FILE", help="A plan, or `-` for standard input.", autocompletion=PLANS)
]

PlanFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE|DIR", help="Plans, folders with plans, or `-` for standard input.", autocompletion=PLANS
    ),
]

Tools = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE|MODULE",
        help="Tools in addition to those of the plan's `use` lines; may be repeated.",
        autocompletion=TOOLS,
    ),
]

PlanTools = Annotated[
    list[str],
    typer.Option(
        "--tools", metavar="FILE|MODULE", help="The tools that plans may call; may be repeated.", autocompletion=TOOLS
    ),
]

Optimize = Annotated[bool, typer.Option("--optimize/--no-optimize", help="Run the passes.")]

Passes = Annotated[
    str | None,
    typer.Option(
        "--passes", metavar="A,B", help="Run only these passes, in this order; none if empty.", autocompletion=pass_list
    ),
]

Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=VALUE",
        help="A limit of the run, such as `run-time=60s`; may be repeated.",
        autocompletion=limits,
    ),
]

Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="FILE",
        help="A trace of an earlier run: the median times of its tools replace the latencies they declare; may be "
        "repeated.",
        autocompletion=TRACES,
    ),
]

Budgets = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        metavar="NAME=VALUE",
        help="A budget for the models: `tokens=N` or `cost=X`; may be repeated.",
        autocompletion=choices(BUDGETS, ending="="),
    ),
]

ShowReasoning = Annotated[
    bool, typer.Option("--show-reasoning", help="Show the reasoning that a server sends with its reply, on stderr.")
]

ModelOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--model-option",
        metavar="NAME=VALUE",
        help="An option of the model, such as `max_tokens=4000` or `extra_body.top_k=20`; may be repeated.",
        autocompletion=model_options,
    ),
]

ModelName = Annotated[
    str | None,
    typer.Option("--model", metavar="M", help=f"The model (default: ${MODEL_VARIABLE}).", autocompletion=models),
]

BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="U",
        help="The address of the model's server; LLMC_API_KEY is its key if LLMC_BASE_URL is the same address.",
    ),
]

GrammarLevel = Annotated[
    str | None,
    typer.Option(
        "--grammar",
        metavar="LEVEL",
        help="The level of the decoder grammar: full, sound, tools or plain (with --local, the default is sound).",
        autocompletion=choices(LEVELS),
    ),
]

PromptBudget = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, help="The maximum number of characters for the tools in a prompt, about 4 per token."
    ),
]

FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first failure instead of running the other tasks.")
]

MaxTasks = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="The maximum number of tasks in a plan (20000).")
]

MaxText = Annotated[int | None, typer.Option(metavar="BYTES", min=1, help="The maximum size of a plan (4 MiB).")]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only results and errors.")]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every event on stderr, one per line.")]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; `llmc schema` describes it.")]

Lenient = Annotated[
    bool, typer.Option("--lenient", help="Read a model's text: repair damage, and read calls in other forms.")
]


class Approve(StrEnum):
    """The calls that need approval."""

    ASK = "ask"
    ALL = "all"
    NONE = "none"


Asking = Annotated[
    Approve | None,
    typer.Option(
        "--approve",
        help="ask: ask before each call that may write; all: approve all calls; none: refuse calls that need approval. "
        "By default, calls ask if their tool requires approval; without a terminal, such calls are refused.",
    ),
]


def one_form(named: str, *, as_json: bool, option: str) -> str:
    """Return the requested format, or exit with a message if it contradicts `--json`."""
    if as_json and named not in {"text", "json"}:
        fail(f"`--json` and `{option} {named}` are different formats: use one of them")
    return "json" if as_json else named
