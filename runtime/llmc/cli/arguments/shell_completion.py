"""Completion in the shell: the values that options and arguments may have.

Completion reads plans and the configuration. It never executes Python of the user, never raises, and prints nothing but
its candidates. zsh evaluates them, so only words of harmless characters are offered.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from llmc_grammar import Parsed

VARIABLE: Final = "_LLMC_COMPLETE"
"""The environment variable with which a shell asks for completion."""

PASSES: Final = {
    "fold": "evaluate constant expressions",
    "hoist": "call once instead of once for each element",
    "dedup": "merge identical calls",
    "prune": "leave out tasks that nothing needs",
}
LEVELS: Final = {
    "full": "plans that compile",
    "sound": "plans that compile, without loops",
    "tools": "plans of these tools",
    "plain": "any plan",
}
BUDGETS: Final = {"tokens": "tokens read and written", "cost": "the cost of all replies"}

Candidate = tuple[str, str]
"""A word and its description."""

Completion = Callable[[typer.Context, str], list[Candidate]]

_WORD: Final = re.compile(r"[\w./@%+=:,-]+")
_UNSAFE: Final = re.compile(r"[^\w .,;:=/|+-]+")
_SPACING: Final = ("complete_bash", "complete_zsh")
"""Requests of shells that put a space behind a word, unless a second one begins with it."""

_LONGEST_HELP: Final = 60
_MOST_FILES: Final = 10_000
_LARGEST_PLAN: Final = 256 * 1024


def completion(find: Callable[[typer.Context, str], Iterable[Candidate]]) -> Completion:
    """Return a completion that ends where `find` fails, and that leaves out words with unsafe characters."""

    def complete(context: typer.Context, incomplete: str) -> list[Candidate]:
        found: dict[str, str] = {}
        # A shell that waits for words has no use for an error.
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), suppress(Exception):
            offered = find(context, incomplete)
            found.update(each for each in offered if each[0].startswith(incomplete) and _WORD.fullmatch(each[0]))
        if len(found) == 1 and os.environ.get(VARIABLE) in _SPACING:
            found.update((f"{word}VALUE", "") for word in list(found) if word.endswith(("=", ".")))
        return [(word, _plain(about)) for word, about in found.items()]

    return complete


def _plain(about: str) -> str:
    """Return a description without characters that zsh or rich would interpret."""
    return " ".join(_UNSAFE.sub(" ", about).split())[:_LONGEST_HELP]


def matching_files(endings: tuple[str, ...], incomplete: str) -> Iterator[Candidate]:
    """Yield the files with these endings, and then the folders; nothing without files, so that the shell completes."""
    base, _, start = incomplete.rpartition("/")
    base = f"{base}/" if "/" in incomplete else ""
    with os.scandir(base or ".") as entries:
        here = [entry for entry in islice(entries, _MOST_FILES) if entry.name.startswith(start)]
    seen = sorted((entry for entry in here if start or not entry.name.startswith(".")), key=lambda entry: entry.name)
    files = [f"{base}{entry.name}" for entry in seen if entry.name.endswith(endings) and entry.is_file()]
    yield from ((file, "") for file in files)
    if files:
        yield from ((f"{base}{entry.name}/", "") for entry in seen if entry.is_dir())


def files(*endings: str) -> Completion:
    """Return a completion of files with these endings."""
    return completion(lambda _, incomplete: matching_files(endings, incomplete))


def choices(named: Mapping[str, str], *, ending: str = "") -> Completion:
    """Return a completion of fixed words."""
    return completion(lambda _, __: [(f"{name}{ending}", about) for name, about in named.items()])


@completion
def pass_list(_: typer.Context, incomplete: str) -> Iterator[Candidate]:
    """Yield the passes that may follow those before the last comma."""
    before, comma = incomplete.rpartition(",")[:2]
    given = before.split(",")
    yield from ((f"{before}{comma}{name}", about) for name, about in PASSES.items() if name not in given)


@completion
def limits(context: typer.Context, _: str) -> Iterator[Candidate]:
    """Yield the limits of a run, and those of the tools that the plan calls."""
    from llmc_runtime.limits import limit_fields

    for name, limit in limit_fields().items():
        yield f"{name.replace('_', '-')}=", limit.metadata["what"]
    for tool in _called_tools(context):
        yield f"{tool}.width=", f"calls of {tool} at the same time"
        yield f"{tool}.rate=", f"calls of {tool} in a time, such as 10/s"


@completion
def input_names(context: typer.Context, incomplete: str) -> Iterator[Candidate]:
    """Yield the inputs of the plan that are not given yet, or files of inputs."""
    from llmc_grammar.ast import Input

    if incomplete.startswith("@"):
        yield from ((f"@{file}", "") for file, _ in matching_files((".json",), incomplete.removeprefix("@")))
        return
    given = {str(pair).partition("=")[0] for pair in context.params.get("input_") or ()}
    parsed = _plan(context)
    for line in parsed.plan.statements if parsed else ():
        if isinstance(line, Input) and line.name not in given:
            text = parsed.source.text[line.name_span.end : line.span.end] if parsed else ""
            yield f"{line.name}=", text.removeprefix(":")


@completion
def models(_: typer.Context, __: str) -> Iterator[Candidate]:
    """Yield the models of the configuration, and the local model."""
    from llmc.config.config import find_config

    yield "local", "a model in this process"
    for name, options in find_config(Path.cwd()).models.items():
        yield name, str(options.get("name", ""))


@completion
def model_options(_: typer.Context, __: str) -> Iterator[Candidate]:
    """Yield the options of models."""
    from llmc.cli.arguments.model_options import KNOWN, MAPPINGS

    yield from ((f"{name}." if name in MAPPINGS else f"{name}=", "") for name in KNOWN)


@completion
def documents(_: typer.Context, __: str) -> Iterator[Candidate]:
    """Yield the documents that have a schema."""
    from llmc.schemas import ABOUT

    yield from ABOUT.items()


def _called_tools(context: typer.Context) -> list[str]:
    """Return the names that the plan calls, apart from standard functions."""
    from llmc_compiler.expressions.functions.table import FUNCTIONS
    from llmc_grammar.ast import calls

    parsed = _plan(context)
    return sorted({call.tool for call in calls(parsed.plan)} - set(FUNCTIONS)) if parsed else []


def _plan(context: typer.Context) -> "Parsed | None":
    """Return the plan on the command line, parsed; None if it is missing, large or not a regular file."""
    from llmc_grammar import parse

    # A line that ends with an option has its arguments in `args`.
    for word in (context.params.get("file"), *context.args):
        if isinstance(word, str) and _is_small(word):
            return parse(Path(word).read_bytes(), name=word)
    return None


def _is_small(file: str) -> bool:
    """Whether a name is that of a regular file that is parsed quickly."""
    try:
        status = os.stat(file)  # noqa: PTH116 — accepts any text
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_PLAN
