"""Options and arguments that several commands have."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from llmc.cli.terminal.output import fail

PROMPT_BUDGET: Final = 24_000
"""That of `llmc_runtime.agent.prompting.tool_docs`, which takes longer to import than `--help` does."""


PlanFile = Annotated[str, typer.Argument(metavar="FILE", help="A plan, or `-` for standard input.")]


PlanFiles = Annotated[
    list[str], typer.Argument(metavar="FILE|DIR", help="Plans, folders with plans, or `-` for standard input.")
]


Tools = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE|MODULE", help="More tools than the plan names with `use`; may be repeated."),
]


PlanTools = Annotated[
    list[str], typer.Option("--tools", metavar="FILE|MODULE", help="The tools that plans may call; may be repeated.")
]


Optimize = Annotated[bool, typer.Option("--optimize/--no-optimize", help="Run the passes.")]


Passes = Annotated[
    str | None, typer.Option("--passes", metavar="A,B", help="Run only these passes, in this order; none if empty.")
]


Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", metavar="NAME=VALUE", help="What the run may take, such as `run-time=60s`; may be repeated."
    ),
]


Budgets = Annotated[
    list[str] | None,
    typer.Option("--budget", metavar="NAME=VALUE", help="What the models may take: `tokens=N`, `cost=X`; both may be."),
]


ShowReasoning = Annotated[
    bool, typer.Option("--show-reasoning", help="Show the reasoning that a server sends beside the text, on stderr.")
]


ModelOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--model-option",
        metavar="NAME=VALUE",
        help="How the model is asked, such as `max_tokens=4000` or `extra_body.top_k=20`; may be repeated.",
    ),
]


PromptBudget = Annotated[
    int, typer.Option(metavar="N", min=0, help="Characters that the tools may take in a prompt, 4 of them a token.")
]


FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failure, instead of doing the rest.")]


MaxTasks = Annotated[int | None, typer.Option(metavar="N", min=1, help="Tasks that a plan may have (20000).")]


MaxText = Annotated[int | None, typer.Option(metavar="BYTES", min=1, help="Bytes that a plan may have (4 MiB).")]


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors alone: nothing else on stderr.")]


Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every event on stderr, a line each.")]


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; `llmc schema` describes it.")]


Lenient = Annotated[
    bool, typer.Option("--lenient", help="Read a model's text: repair what can be, and read other forms of calls.")
]


def one_form(named: str, *, as_json: bool, option: str) -> str:
    """Return the form that is asked for, which `--json` says too, or end with a message where that is another one."""
    if as_json and named not in {"text", "json"}:
        fail(f"`--json` and `{option} {named}` are two forms: give one of them")
    return "json" if as_json else named


class Approve(StrEnum):
    """What asks before it is called."""

    ASK = "ask"
    ALL = "all"
    NONE = "none"


Asking = Annotated[
    Approve | None,
    typer.Option(
        "--approve",
        help="ask: every call that may change something asks first; all: nothing asks; none: refuse what asks. "
        "By default only tools ask that say so; without a terminal they are refused.",
    ),
]
