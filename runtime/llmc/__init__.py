"""A compiler and a runtime for plans of tool calls.

    program = llmc.compile(text, tools)     # CompileError carries every mistake
    run = program.run_sync(inputs={…})      # or: await program.run(), async for event in program.stream()
    run.value, run.results, run.errors, run.skipped

Each name is imported on first use, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmc import events
    from llmc.config.models import load_model
    from llmc.plan_files import load
    from llmc_compiler.decoder.decoder_grammar import decoder_grammar
    from llmc_compiler.decoder.syntaxes import GrammarTooLargeError
    from llmc_compiler.diagnostics.plan_errors import CompileError
    from llmc_compiler.expressions.terms import Json
    from llmc_compiler.ir.graph import Parameter
    from llmc_compiler.passes.pipeline import PIPELINE
    from llmc_compiler.serialization.compiled_graph import Graph
    from llmc_compiler.serialization.form_errors import FormError
    from llmc_compiler.tools.decorators import nondet, opaque, pure, read, write
    from llmc_compiler.tools.parameter_markers import Context, Secret
    from llmc_compiler.tools.signature import ToolboxError
    from llmc_compiler.tools.tool import Tool
    from llmc_compiler.tools.toolbox import Toolbox
    from llmc_grammar.bounds import Bounds
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.parse import Parsed
    from llmc_grammar.stream import PlanStream
    from llmc_runtime.agent.agent import Agent
    from llmc_runtime.agent.agent_errors import AgentError
    from llmc_runtime.agent.answers.answer import Answer
    from llmc_runtime.agent.budget import Budget
    from llmc_runtime.agent.joining import replan_policy as replanning
    from llmc_runtime.agent.joining.decisions import Finish, Replan
    from llmc_runtime.agent.joining.replan_policy import Joiner
    from llmc_runtime.agent.noted_usage import note_usage
    from llmc_runtime.agent.prompting.examples import Example
    from llmc_runtime.agent.tools.llm_tools import llm_tool, math_tool
    from llmc_runtime.errors import (
        ContextError,
        Final,
        Held,
        LimitReached,
        LlmcError,
        NotApproved,
        NotSent,
        PlanError,
        RunRefused,
        ToolTimedOut,
    )
    from llmc_runtime.limits import LimitError, Limits, Rate, ToolLimits
    from llmc_runtime.models.local_model import local_model
    from llmc_runtime.models.messages import ChatModel, End, Message, Prices, Reasoning, Usage
    from llmc_runtime.models.model_errors import ModelError
    from llmc_runtime.models.openai.client import Model
    from llmc_runtime.models.scripted import ScriptedModel
    from llmc_runtime.program.incremental import run_stream
    from llmc_runtime.program.program import InputError, Program
    from llmc_runtime.program.program import compile_plan as compile  # noqa: A004 — the name that users expect
    from llmc_runtime.program.program import parse_plan as parse
    from llmc_runtime.program.run_result import Run
    from llmc_runtime.safety.approval import Approval
    from llmc_runtime.safety.approval_request import ApprovalRequest
    from llmc_runtime.safety.pending_approval import Approver, PendingApproval
    from llmc_runtime.state.run_ending import in_doubt
    from llmc_runtime.tracing.profile import Profile, ProfileError

__all__ = [
    "PIPELINE",
    "Agent",
    "AgentError",
    "Answer",
    "Approval",
    "ApprovalRequest",
    "Approver",
    "Bounds",
    "Budget",
    "ChatModel",
    "CompileError",
    "Context",
    "ContextError",
    "Diagnostic",
    "End",
    "Example",
    "Final",
    "Finish",
    "FormError",
    "GrammarTooLargeError",
    "Graph",
    "Held",
    "InputError",
    "Joiner",
    "Json",
    "LimitError",
    "LimitReached",
    "Limits",
    "LlmcError",
    "Message",
    "Model",
    "ModelError",
    "NotApproved",
    "NotSent",
    "Parameter",
    "Parsed",
    "PendingApproval",
    "PlanError",
    "PlanStream",
    "Prices",
    "Profile",
    "ProfileError",
    "Program",
    "Rate",
    "Reasoning",
    "Replan",
    "Run",
    "RunRefused",
    "ScriptedModel",
    "Secret",
    "Tool",
    "ToolLimits",
    "ToolTimedOut",
    "Toolbox",
    "ToolboxError",
    "Usage",
    "compile",
    "decoder_grammar",
    "events",
    "in_doubt",
    "llm_tool",
    "load",
    "load_model",
    "local_model",
    "math_tool",
    "nondet",
    "note_usage",
    "opaque",
    "parse",
    "pure",
    "read",
    "replanning",
    "run_stream",
    "write",
]

_HOMES = {
    "llmc.config.models": ("load_model",),
    "llmc.plan_files": ("load",),
    "llmc_compiler.decoder.decoder_grammar": ("decoder_grammar",),
    "llmc_compiler.decoder.syntaxes": ("GrammarTooLargeError",),
    "llmc_compiler.diagnostics.plan_errors": ("CompileError",),
    "llmc_compiler.expressions.terms": ("Json",),
    "llmc_compiler.ir.graph": ("Parameter",),
    "llmc_compiler.passes.pipeline": ("PIPELINE",),
    "llmc_compiler.serialization.compiled_graph": ("Graph",),
    "llmc_compiler.serialization.form_errors": ("FormError",),
    "llmc_compiler.tools.decorators": ("nondet", "opaque", "pure", "read", "write"),
    "llmc_compiler.tools.parameter_markers": ("Context", "Secret"),
    "llmc_compiler.tools.signature": ("ToolboxError",),
    "llmc_compiler.tools.tool": ("Tool",),
    "llmc_compiler.tools.toolbox": ("Toolbox",),
    "llmc_grammar.bounds": ("Bounds",),
    "llmc_grammar.diagnostic": ("Diagnostic",),
    "llmc_grammar.parse": ("Parsed",),
    "llmc_grammar.stream": ("PlanStream",),
    "llmc_runtime.agent.agent": ("Agent",),
    "llmc_runtime.agent.agent_errors": ("AgentError",),
    "llmc_runtime.agent.answers.answer": ("Answer",),
    "llmc_runtime.agent.budget": ("Budget",),
    "llmc_runtime.agent.joining.decisions": ("Finish", "Replan"),
    "llmc_runtime.agent.joining.replan_policy": ("Joiner",),
    "llmc_runtime.agent.noted_usage": ("note_usage",),
    "llmc_runtime.agent.prompting.examples": ("Example",),
    "llmc_runtime.agent.tools.llm_tools": ("llm_tool", "math_tool"),
    "llmc_runtime.errors": (
        "ContextError",
        "Final",
        "Held",
        "LimitReached",
        "LlmcError",
        "NotApproved",
        "NotSent",
        "PlanError",
        "RunRefused",
        "ToolTimedOut",
    ),
    "llmc_runtime.limits": ("LimitError", "Limits", "Rate", "ToolLimits"),
    "llmc_runtime.models.local_model": ("local_model",),
    "llmc_runtime.models.messages": ("ChatModel", "End", "Message", "Prices", "Reasoning", "Usage"),
    "llmc_runtime.models.model_errors": ("ModelError",),
    "llmc_runtime.models.openai.client": ("Model",),
    "llmc_runtime.models.scripted": ("ScriptedModel",),
    "llmc_runtime.program.incremental": ("run_stream",),
    "llmc_runtime.program.program": ("InputError", "Program", "compile_plan", "parse_plan"),
    "llmc_runtime.program.run_result": ("Run",),
    "llmc_runtime.safety.approval": ("Approval",),
    "llmc_runtime.safety.approval_request": ("ApprovalRequest",),
    "llmc_runtime.safety.pending_approval": ("Approver", "PendingApproval"),
    "llmc_runtime.state.run_ending": ("in_doubt",),
    "llmc_runtime.tracing.profile": ("Profile", "ProfileError"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_INSIDE = {"compile": "compile_plan", "parse": "parse_plan"}
_MODULES = {"events": "llmc.events", "replanning": "llmc_runtime.agent.joining.replan_policy"}


def __getattr__(name: str) -> object:
    """Import a name on first use; raises AttributeError for an unknown name."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    if name in _MODULES:
        value: object = import_module(_MODULES[name])
    else:
        inside = _INSIDE.get(name, name)
        value = getattr(import_module(_HOME[inside]), inside)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return every public name."""
    return list(__all__)
