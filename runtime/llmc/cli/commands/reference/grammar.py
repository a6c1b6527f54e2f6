"""`llmc grammar`: what keeps a model's decoder to plans."""

from typing import Annotated, Literal

import typer

from llmc.cli.arguments.options import AsJson, PlanTools, Quiet
from llmc.cli.arguments.plans import named_tools
from llmc.cli.terminal.output import fail, note, print_json, set_verbosity

# Not those of the compiler: importing it takes longer than all of `--help`.
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
            help="Plans that compile, with loops or without, of these tools, or any; else the first that fits."
        ),
    ] = None,
    tasks: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Tasks that a plan may have.")] = 16,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Print a grammar that lets a model write nothing but plans."""
    from llmc import GrammarTooLargeError, decoder_grammar
    from llmc_compiler.decoder.decoder_grammar import fitting_grammar

    set_verbosity(quiet=quiet)
    known = named_tools(tools)
    try:
        if level is None:
            found, text = fitting_grammar(known, syntax=syntax, tasks=tasks)
            if found != "full":
                note(f"llmc: a grammar that says more would be too large: this one is at level `{found}`")
        else:
            found, text = level, decoder_grammar(known, syntax=syntax, level=level, tasks=tasks)
    except GrammarTooLargeError as error:
        fail(str(error))
    if json_:
        print_json({"version": 1, "syntax": syntax, "dialect": syntax, "level": found, "tasks": tasks, "grammar": text})
    else:
        print(text, end="")
