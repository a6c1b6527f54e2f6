"""`llmc grammar`: print the decoder grammar of a toolbox."""

from typing import Annotated, Literal

import typer

from llmc.cli.arguments.options import AsJson, PlanTools, Quiet
from llmc.cli.arguments.plan_arguments import named_tools
from llmc.cli.terminal.output import fail, note, print_json, set_verbosity

# Not imported from the compiler, which takes longer to import than `--help` takes to run.
Syntax = Literal["lark", "gbnf"]
Level = Literal["full", "sound", "tools", "plain"]


def grammar(
    *,
    tools: PlanTools,
    syntax: Annotated[
        Syntax, typer.Option(help="`lark` for OpenAI and llguidance, `gbnf` for llama.cpp, vLLM and SGLang.")
    ] = "lark",
    level: Annotated[
        Level | None,
        typer.Option(
            help="full: plans that compile; sound: those without loops; tools: plans of these tools, with lists in "
            "place and functions; plain: any plan. By default, the strictest level that fits."
        ),
    ] = None,
    tasks: Annotated[
        int, typer.Option(metavar="N", min=1, max=256, help="The maximum number of tasks in a plan.")
    ] = 16,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Print a grammar that restricts a model's output to plans."""
    from llmc import GrammarTooLargeError, decoder_grammar
    from llmc_compiler.decoder.decoder_grammar import fitting_grammar

    set_verbosity(quiet=quiet)
    toolbox = named_tools(tools)
    try:
        if level is None:
            found, text = fitting_grammar(toolbox, syntax=syntax, tasks=tasks)
            if found != "full":
                note(f"llmc: a stricter grammar would be too large: this one has level `{found}`")
        else:
            found, text = level, decoder_grammar(toolbox, syntax=syntax, level=level, tasks=tasks)
    except GrammarTooLargeError as error:
        fail(str(error))
    if json_:
        print_json({"version": 1, "syntax": syntax, "dialect": syntax, "level": found, "tasks": tasks, "grammar": text})
    else:
        print(text, end="")
