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
        ("compile", "load", "parse", "run_stream", "Program", "Graph", "Parameter", "Parsed", "PlanStream", "PIPELINE")
        + ("Json",),
    ),
    "tools": Subject(
        "Tools",
        "Make tools of functions and declare their effects.",
        ("pure", "nondet", "read", "write", "opaque", "Tool", "Toolbox", "Secret", "Context", "NotSent", "Final")
        + ("in_doubt", "llm_tool", "math_tool"),
        ("llmc_compiler.tools.decorators.ToolSettings",),
    ),
    "runs": Subject(
        "Runs",
        "Options of a run, and its result.",
        ("Run",),
        ("llmc_runtime.program.run_options.RunOptions",),
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
    ),
    "errors": Subject(
        "Errors",
        "The exceptions of llmc, and the diagnostics of a plan.",
        ("Diagnostic", "CompileError", "ToolboxError", "FormError", "LimitError", "InputError", "GrammarTooLargeError")
        + ("LlmcError", "PlanError", "LimitReached", "ToolTimedOut", "NotApproved", "Held", "RunRefused")
        + ("ContextError", "AgentError", "ModelError"),
    ),
    "agents": Subject(
        "Agents",
        "Answer questions with plans that a model writes.",
        ("Agent", "Answer", "Example", "Joiner", "Finish", "Replan"),
    ),
    "models": Subject(
        "Models",
        "Clients of model servers, scripted models, and grammars for constrained decoding.",
        ("load_model", "local_model", "Model", "ScriptedModel", "ChatModel", "Message", "Reasoning", "End", "Usage")
        + ("Prices", "note_usage", "decoder_grammar"),
        ("llmc_runtime.models.openai.client.ModelOptions",),
    ),
}
"""Subjects by the names of their pages."""

MODULES: Final = {
    "events": Subject("Events", "The events of runs and of questions.", ("events",)),
    "replanning": Subject("Replanning", "Policies that decide when a question gets another plan.", ("replanning",)),
    "schemas": Subject("Schemas", "The JSON Schemas of documents, as Python data.", (), ("llmc.schemas",)),
}
"""Public modules."""

PAGES: Final = SUBJECTS | MODULES


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages below their index in the navigation."""
    _replace(config.nav or [], [INDEX, *(f"{FOLDER}/{name}.md" for name in PAGES)])
    return config
