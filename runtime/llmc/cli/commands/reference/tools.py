"""`llmc tools`: list the tools of a file or module, or the standard functions."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmc.cli.arguments.options import PROMPT_BUDGET, TOOLS, AsJson, Quiet
from llmc.cli.arguments.plan_arguments import named_tools
from llmc.cli.terminal.output import fail, note, set_verbosity
from llmc.cli.terminal.screen import INDENT, Painted, put_out

if TYPE_CHECKING:
    from llmc import Tool, Toolbox


def tools(
    target: Annotated[
        str | None,
        typer.Argument(metavar="FILE|MODULE", help="A Python file or an importable module.", autocompletion=TOOLS),
    ] = None,
    *,
    std: Annotated[bool, typer.Option("--std", help="List the standard functions, which every plan may call.")] = False,
    json_: AsJson = False,
    quiet: Quiet = False,
    prompt: Annotated[bool, typer.Option("--prompt", help="Print the planner's prompt and its size.")] = False,
    budget: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="With --prompt: the maximum number of characters for the tools (24000)."),
    ] = None,
) -> None:
    """List the tools of a Python file or module, or the standard functions."""
    from llmc_grammar.terminal_text import json_text, marked

    set_verbosity(quiet=quiet)
    if std:
        _refuse_with_std(target, prompt=prompt, budget=budget)
        _print_functions(as_json=json_)
        return
    if target is None:
        fail("name a Python file or a module, or give `--std` for the standard functions")
    if budget is not None and not prompt:
        fail("`--budget` needs `--prompt`: add it")
    if prompt and json_:
        fail("`--prompt` prints text, not JSON: remove `--json`")
    toolbox = named_tools([target])
    if prompt:
        _print_prompt(toolbox, PROMPT_BUDGET if budget is None else budget)
        return
    if json_:
        print(json_text([_as_json(tool) for tool in toolbox]))
        return

    for tool in toolbox:
        lines = *_heading(tool).split("\n"), tool.description.partition("\n")[0], *tool.notes
        print(Painted(f"\n{INDENT}".join(marked(line) for line in lines if line)))


def _refuse_with_std(target: str | None, *, prompt: bool, budget: int | None) -> None:
    """Refuse arguments that say something of tools."""
    given = {f"`{target}`": target is not None, "`--prompt`": prompt, "`--budget`": budget is not None}
    for name, is_given in given.items():
        if is_given:
            fail(f"`--std` lists standard functions, not tools: remove {name}")


def _print_functions(*, as_json: bool) -> None:
    """Print the standard functions with a description and an example each."""
    import json

    from llmc_compiler.expressions.functions.table import FUNCTIONS
    from llmc_compiler.expressions.types import describe
    from llmc_grammar.terminal_text import json_text

    if not as_json:
        for function in FUNCTIONS.values():
            call, value = function.example
            put_out(
                "\n".join((function.signature, f"{INDENT}{function.description}", f"{INDENT}{call}  # {value}")), "\n"
            )
        return
    listed = [
        {
            "name": function.name,
            "signature": function.signature,
            "description": function.description,
            "example": {"call": function.example[0], "value": json.loads(function.example[1])},
            "parameters": [
                {
                    "name": each.name,
                    "type": describe(each.type),
                    "required": each.required,
                    "many": each.many,
                    **({} if each.required or each.many or not each.has_default else {"default": each.default}),
                }
                for each in function.parameters
            ],
        }
        for function in FUNCTIONS.values()
    ]
    print(json_text(listed))


def _print_prompt(toolbox: "Toolbox", budget: int) -> None:
    """Print the planner's prompt to stdout, and its size and omissions to stderr."""
    from llmc_runtime.agent.planning.planner import planner_prompt
    from llmc_runtime.models.token_estimate import tokens_of

    text, shown = planner_prompt(toolbox, budget)
    put_out(text, "\n")
    for length, what in ((shown.characters, "tools"), (len(text), "prompt")):
        note(f"{what}: {length:,} characters, about {tokens_of(length):,} tokens")
    for words in shown.left_out:
        note(words)


def _as_json(tool: "Tool") -> dict[str, Any]:
    """Return a tool as JSON data."""
    return {
        "name": tool.name,
        "own_name": tool.own_name,
        "spellings": {each.own_name: each.name for each in tool.signature.takes if not each.many},
        "description": tool.description,
        "effect": str(tool.effect),
        "latency": tool.latency,
        "cost": tool.cost,
        "approve": tool.approve,
        "reuse": tool.reuse,
        "secrets": sorted(tool.marks.secrets),
        "notes": list(tool.notes),
        "parameters": tool.signature.parameters,
        "returns": tool.signature.returns,
    }


def _heading(tool: "Tool") -> str:
    """Return a tool's signature, effect and settings in one line."""
    from llmc_runtime.agent.prompting.tool_docs.tool_list import signature

    latency = "" if tool.latency is None else f", about {tool.latency:g} s"
    asks = ", asks first" if tool.approve else ""
    asks += "" if tool.reuse else ", answers change"
    return f"{signature(tool)}  [{tool.effect}{latency}{asks}]"
