"""The pages of the Python API, by subject: each public name of llmc is on one of them."""

from typing import Any, Final, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

import llmc

FOLDER: Final = "reference/python"
INDEX: Final = f"{FOLDER}/index.md"


class Subject(NamedTuple):
    """A page: its title, its first sentence, public names of llmc, and objects that have no name there."""

    title: str
    purpose: str
    names: tuple[str, ...]
    inner: tuple[str, ...] = ()


SUBJECTS: Final = {
    "programs": Subject(
        "Compile a plan",
        "Read and compile a plan, inspect it, and save it.",
        (
            "compile",
            "load",
            "parse",
            "run_stream",
            "Program",
            "Graph",
            "Parameter",
            "Parsed",
            "PlanStream",
            "PIPELINE",
            "Json",
        ),
        ("llmc_grammar.source.Source", "llmc_grammar.source.Span", "llmc_grammar.statement_reader.Lost"),
    ),
    "tools": Subject(
        "Tools",
        "Make tools of functions and declare their effects.",
        (
            "pure",
            "nondet",
            "read",
            "write",
            "opaque",
            "Tool",
            "Toolbox",
            "Secret",
            "Context",
            "NotSent",
            "Final",
            "in_doubt",
            "llm_tool",
            "math_tool",
        ),
        ("llmc_compiler.tools.tool.ToolSettings",),
    ),
    "runs": Subject(
        "Runs",
        "Options of a run, recorded latencies, and the result.",
        ("Run", "Profile"),
        ("llmc_runtime.program.program.RunOptions", "llmc_runtime.program.dry_run.Planned"),
    ),
    "limits": Subject(
        "Limits",
        "Limits of a run, of a tool, of a text and of the models of a question.",
        ("Limits", "ToolLimits", "Rate", "Bounds", "Budget"),
    ),
    "approval": Subject(
        "Approval",
        "Decide which calls need approval, and answer requests.",
        ("Approval", "ApprovalRequest", "Approver", "PendingApproval"),
        ("llmc_runtime.safety.approval_request.Argument",),
    ),
    "exceptions": Subject(
        "Exceptions",
        "The exceptions of llmc, and the diagnostics of a plan.",
        (
            "Diagnostic",
            "CompileError",
            "ToolboxError",
            "FormError",
            "LimitError",
            "ProfileError",
            "InputError",
            "GrammarTooLargeError",
            "LlmcError",
            "PlanError",
            "LimitReached",
            "ToolTimedOut",
            "NotApproved",
            "Held",
            "RunRefused",
            "ContextError",
            "AgentError",
            "ModelError",
        ),
        ("llmc_grammar.mistake.Edit", "llmc_grammar.mistake.Note"),
    ),
    "agents": Subject(
        "Agents",
        "Answer questions with plans that a model writes.",
        ("Agent", "Answer", "Example", "Joiner", "Finish", "Replan"),
        (
            "llmc_runtime.agent.answers.answer_data.Planned",
            "llmc_runtime.agent.answers.answer_data.Times",
            "llmc_runtime.program.run_driver.ExecutorOptions",
        ),
    ),
    "models": Subject(
        "Models",
        "Clients of model servers, scripted models, and grammars for constrained decoding.",
        (
            "load_model",
            "local_model",
            "Model",
            "ScriptedModel",
            "ChatModel",
            "Message",
            "Reasoning",
            "End",
            "Usage",
            "Prices",
            "note_usage",
            "decoder_grammar",
        ),
        ("llmc_runtime.models.openai.settings.settings.ModelOptions",),
    ),
}
"""Subjects by the names of their pages."""

MODULES: Final = {
    "events": Subject("Events", "The events of runs and of questions.", ("events",)),
    "replanning": Subject("Replanning", "Policies that decide when a question gets another plan.", ("replanning",)),
    "schemas": Subject("Schemas", "The JSON Schemas of documents, as Python data.", (), ("llmc.schemas",)),
}
"""Public modules."""

TYPES: Final = {
    "types": Subject(
        "Types",
        "The types that signatures name. Write the values; the names are not attributes of `llmc`.",
        (),
        (
            "llmc_grammar.stream.Mode",
            "llmc_compiler.tools.toolbox.Usable",
            "llmc_compiler.tools.toolbox.HasTool",
            "llmc_compiler.passes.pipeline.Pass",
            "llmc_compiler.ir.graph.TaskId",
            "llmc_runtime.state.outcomes.Key",
            "llmc_runtime.limits.Policy",
            "llmc_runtime.safety.approval.Word",
            "llmc_runtime.safety.approval.Callback",
            "llmc_runtime.errors.Refusal",
            "llmc_runtime.errors.Timed",
            "llmc_runtime.agent.budget.Role",
            "llmc_runtime.agent.joining.decisions.Decision",
            "llmc_runtime.agent.planning.plan_grammar.GrammarFor",
            "llmc_compiler.decoder.decoder_grammar.Level",
            "llmc_compiler.decoder.syntaxes.Syntax",
            "llmc_runtime.models.messages.Grammar",
            "llmc_runtime.models.messages.Schema",
            "llmc_runtime.models.messages.Part",
            "llmc_runtime.models.messages.Reason",
            "llmc_runtime.models.openai.settings.settings.Server",
            "llmc_runtime.models.openai.settings.settings.Api",
            "llmc_runtime.models.openai.settings.settings.KeySource",
            "llmc_grammar.reasoning.TagName",
            "llmc_runtime.models.scripted.Line",
            "llmc_runtime.models.scripted.Answer",
            "llmc_runtime.models.scripted.Piece",
            "llmc_runtime.models.scripted.Failure",
        ),
    )
}
"""Aliases and protocols."""

PAGES: Final = SUBJECTS | MODULES | TYPES

INTRODUCTION: Final = """\
# Python API

Import `llmc`; every name below is one of its attributes. Names that these pages do not list may change in any version.

| page | purpose | names |
| --- | --- | --- |
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages below their index in the navigation."""
    _replace(config.nav or [], [INDEX, *(f"{FOLDER}/{name}.md" for name in PAGES)])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the index and the pages."""
    check_names()
    files.append(File.generated(config, INDEX, content=index()))
    for name, subject in PAGES.items():
        files.append(File.generated(config, f"{FOLDER}/{name}.md", content=page(subject)))
    return files


def index() -> str:
    """Return the page that lists the subjects with their names."""
    rows = (
        f"| [{subject.title}]({name}.md) | {subject.purpose} | {_links(name, subject)} |\n"
        for name, subject in PAGES.items()
    )
    return f"{INTRODUCTION}{''.join(rows)}"


def page(subject: Subject) -> str:
    """Return a page, on which mkdocstrings puts the documentation of its objects."""
    return "\n\n".join((f"# {subject.title}", subject.purpose, *(f"::: {each}" for each in objects(subject)), ""))


def objects(subject: Subject) -> list[str]:
    """Return the full names of the objects on a page."""
    return [*(f"llmc.{name}" for name in subject.names), *subject.inner]


def _links(page: str, subject: Subject) -> str:
    return ", ".join(f"[`{name}`]({page}.md#llmc.{name})" for name in subject.names)


def check_names() -> None:
    """Raise PluginError unless each public name is on one page."""
    told = [name for subject in PAGES.values() for name in subject.names]
    if sorted(told) != sorted(llmc.__all__):
        names = sorted(set(told) ^ set(llmc.__all__)) or sorted({name for name in told if told.count(name) > 1})
        message = f"docs/hooks/python_pages.py does not list each public name of llmc once: {', '.join(names)}"
        raise PluginError(message)


def _replace(nav: list[Any], pages: list[str]) -> None:
    """Put pages in the place of the first of them."""
    for item in nav:
        for value in item.values() if isinstance(item, dict) else ():
            if isinstance(value, list):
                if pages[0] in value:
                    value[:] = pages
                _replace(value, pages)
