"""`llmc schema`: the JSON Schemas of the documents that llmc prints, writes and reads."""

from typing import Annotated

import typer

from llmc.cli.arguments.shell_completion import documents
from llmc.cli.terminal.output import fail, print_json


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A document, such as run, trace or config.", autocompletion=documents),
    ] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="List all documents.")] = False,
) -> None:
    """Print the JSON Schema of a document: of the output of `--json`, of a trace, or of the configuration."""
    from llmc.schemas import ABOUT, schema

    if list_ == (name is not None):
        fail("name one document, as in `llmc schema run`; `llmc schema --list` lists all documents")
    if name is None:
        width = max(map(len, ABOUT))
        print("\n".join(f"{each:<{width}}  {about}" for each, about in ABOUT.items()))
    elif name in ABOUT:
        print_json(schema(name))
    else:
        from llmc_grammar.suggestion import suggest

        hint = suggest(name[:100], ABOUT, "`llmc schema --list` lists all documents")
        fail(f"no document is named `{name[:100]}`; {hint}")
