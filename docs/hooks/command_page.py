"""The page of the commands, made from the command line itself."""

import re
from typing import Final

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.cli import get_docs_for_click

from llmc.cli import app

PAGE: Final = "reference/cli.md"

INTRODUCTION: Final = """\
# Commands

Every command of `llmc` with its arguments and options, as `llmc COMMAND --help` prints them.
[The command line](command-line.md) describes exit codes, output and the options that several commands share.

| command | purpose |
| --- | --- |
"""

_SECTION: Final = re.compile(r"^## `llmc (?P<name>\w+)`\n\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """Return the page: a table of the commands, the options of `llmc`, and a section for each command."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="llmc", title="Commands")
    sections = list(_SECTION.finditer(text))
    rows = (f"| [`llmc {each['name']}`](#llmc-{each['name']}) | {_purpose(each['text'])} |\n" for each in sections)
    bare = text[: sections[0].start()].partition("**Usage**")[2].partition("**Commands**")[0]
    return f"{INTRODUCTION}{''.join(rows)}\n## `llmc`\n\n**Usage**{bare}{''.join(each[0] for each in sections)}"


def _purpose(text: str) -> str:
    """Return the first sentence of a command's description."""
    return re.split(r"(?<=\.)\s", " ".join(text.partition("\n\n")[0].split()))[0].replace("|", "\\|")
