"""A compiler and a runtime for plans of tool calls.

    program = llmc.compile(text, tools)     # CompileError carries every mistake
    run = program.run_sync(inputs={…})      # or: await program.run(), async for event in program.stream()
    run.value, run.results, run.errors, run.skipped

Each name is imported when it is first used, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmc import events
    from llmc.files import load
    from llmc.models import load_model
    from llmc_compiler.decoder.dialects import GrammarTooLargeError
    from llmc_compiler.decoder.grammar import decoder_grammar
    from llmc_compiler.errors import CompileError
    from llmc_compiler.graph import Graph, Parameter
    from llmc_compiler.json_errors import FormError
    from llmc_compiler.marks import Context, Secret
    from llmc_compiler.pipeline import PIPELINE
    from llmc_compiler.term import Json
    from llmc_compiler.tools import Tool, Toolbox, ToolboxError, nondet, opaque, pure, read, write
    from llmc_grammar.bounds import Bounds
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.parse import Parsed
    from llmc_grammar.stream import PlanStream
    from llmc_runtime.agent import policy as replanning
    from llmc_runtime.agent.answer import Answer
    from llmc_runtime.agent.decided import Finish, Replan
    from llmc_runtime.agent.dialogue import ChatModel, End, Message, Prices, Reasoning, Usage
    from llmc_runtime.agent.failures import AgentError
    from llmc_runtime.agent.ledger import Budget
    from llmc_runtime.agent.local import local_model
    from llmc_runtime.agent.loop import Agent
    from llmc_runtime.agent.model import Model
    from llmc_runtime.agent.model_errors import ModelError
    from llmc_runtime.agent.model_tools import llm_tool, math_tool
    from llmc_runtime.agent.noted import note_usage
    from llmc_runtime.agent.policy import Joiner
    from llmc_runtime.agent.samples import Example
    from llmc_runtime.agent.scripted import ScriptedModel
    from llmc_runtime.approval import Approval
    from llmc_runtime.approval_request import ApprovalRequest
    from llmc_runtime.ending import in_doubt
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
    from llmc_runtime.pending_approval import Approver, PendingApproval
    from llmc_runtime.program import InputError, Program
    from llmc_runtime.program import compile_plan as compile  # noqa: A004 — the name that users look for
    from llmc_runtime.program import parse_plan as parse
    from llmc_runtime.run import Run
    from llmc_runtime.streaming import run_stream

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
    "llmc.files": ("load",),
    "llmc.models": ("load_model",),
    "llmc_compiler.decoder.dialects": ("GrammarTooLargeError",),
    "llmc_compiler.decoder.grammar": ("decoder_grammar",),
    "llmc_compiler.errors": ("CompileError",),
    "llmc_compiler.graph": ("Graph", "Parameter"),
    "llmc_compiler.json_errors": ("FormError",),
    "llmc_compiler.marks": ("Context", "Secret"),
    "llmc_compiler.pipeline": ("PIPELINE",),
    "llmc_compiler.term": ("Json",),
    "llmc_compiler.tools": ("Tool", "Toolbox", "ToolboxError", "nondet", "opaque", "pure", "read", "write"),
    "llmc_grammar.bounds": ("Bounds",),
    "llmc_grammar.diagnostic": ("Diagnostic",),
    "llmc_grammar.parse": ("Parsed",),
    "llmc_grammar.stream": ("PlanStream",),
    "llmc_runtime.agent.decided": ("Finish", "Replan"),
    "llmc_runtime.agent.dialogue": ("ChatModel", "End", "Message", "Prices", "Reasoning", "Usage"),
    "llmc_runtime.agent.local": ("local_model",),
    "llmc_runtime.agent.model": ("Model",),
    "llmc_runtime.agent.model_errors": ("ModelError",),
    "llmc_runtime.agent.scripted": ("ScriptedModel",),
    "llmc_runtime.approval": ("Approval",),
    "llmc_runtime.approval_request": ("ApprovalRequest",),
    "llmc_runtime.pending_approval": ("Approver", "PendingApproval"),
    "llmc_runtime.ending": ("in_doubt",),
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
    "llmc_runtime.agent.answer": ("Answer",),
    "llmc_runtime.agent.failures": ("AgentError",),
    "llmc_runtime.agent.ledger": ("Budget",),
    "llmc_runtime.agent.loop": ("Agent",),
    "llmc_runtime.agent.model_tools": ("llm_tool", "math_tool"),
    "llmc_runtime.agent.noted": ("note_usage",),
    "llmc_runtime.agent.policy": ("Joiner",),
    "llmc_runtime.agent.samples": ("Example",),
    "llmc_runtime.program": ("InputError", "Program", "compile_plan", "parse_plan"),
    "llmc_runtime.run": ("Run",),
    "llmc_runtime.streaming": ("run_stream",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_INSIDE = {"compile": "compile_plan", "parse": "parse_plan"}
_MODULES = {"events": "llmc.events", "replanning": "llmc_runtime.agent.policy"}


def __getattr__(name: str) -> object:
    """Import a name when it is first used; raises AttributeError for one that is not there."""
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
    """Every public name."""
    return list(__all__)
