"""A compiler and a runtime for plans of tool calls.

    program = llmc.compile(text, tools)     # CompileError carries every mistake
    run = program.run_sync(inputs={…})      # or: await program.run(), async for event in program.stream()
    run.value, run.results, run.errors, run.skipped

Each name is imported when it is first used, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llmc.files import load
    from llmc_compiler.decoder.dialects import GrammarTooLargeError
    from llmc_compiler.decoder.grammar import decoder_grammar
    from llmc_compiler.errors import CompileError
    from llmc_compiler.graph import Graph, Parameter
    from llmc_compiler.pipeline import PIPELINE
    from llmc_compiler.term import Json
    from llmc_compiler.tools import Tool, Toolbox, ToolboxError, nondet, opaque, pure, read, write
    from llmc_grammar.bounds import Bounds
    from llmc_grammar.diagnostic import Diagnostic
    from llmc_grammar.parse import Parsed
    from llmc_grammar.stream import PlanStream
    from llmc_runtime.errors import Held, LlmcError, NotSent, PlanError
    from llmc_runtime.program import InputError, Program
    from llmc_runtime.program import compile_plan as compile  # noqa: A004 — the name that users look for
    from llmc_runtime.program import parse_plan as parse
    from llmc_runtime.run import Run
    from llmc_runtime.streaming import run_stream

__all__ = [
    "PIPELINE",
    "Bounds",
    "CompileError",
    "Diagnostic",
    "GrammarTooLargeError",
    "Graph",
    "Held",
    "InputError",
    "Json",
    "LlmcError",
    "NotSent",
    "Parameter",
    "Parsed",
    "PlanError",
    "PlanStream",
    "Program",
    "Run",
    "Tool",
    "Toolbox",
    "ToolboxError",
    "compile",
    "decoder_grammar",
    "load",
    "nondet",
    "opaque",
    "parse",
    "pure",
    "read",
    "run_stream",
    "write",
]

_HOMES: Final = {
    "llmc.files": ("load",),
    "llmc_compiler.decoder.dialects": ("GrammarTooLargeError",),
    "llmc_compiler.decoder.grammar": ("decoder_grammar",),
    "llmc_compiler.errors": ("CompileError",),
    "llmc_compiler.graph": ("Graph", "Parameter"),
    "llmc_compiler.pipeline": ("PIPELINE",),
    "llmc_compiler.term": ("Json",),
    "llmc_compiler.tools": ("Tool", "Toolbox", "ToolboxError", "nondet", "opaque", "pure", "read", "write"),
    "llmc_grammar.bounds": ("Bounds",),
    "llmc_grammar.diagnostic": ("Diagnostic",),
    "llmc_grammar.parse": ("Parsed",),
    "llmc_grammar.stream": ("PlanStream",),
    "llmc_runtime.errors": ("Held", "LlmcError", "NotSent", "PlanError"),
    "llmc_runtime.program": ("InputError", "Program", "compile_plan", "parse_plan"),
    "llmc_runtime.run": ("Run",),
    "llmc_runtime.streaming": ("run_stream",),
}
_HOME: Final = {name: module for module, names in _HOMES.items() for name in names}
_INSIDE: Final = {"compile": "compile_plan", "parse": "parse_plan"}


def __getattr__(name: str) -> object:
    """Import a name when it is first used; raises AttributeError for one that is not there."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    inside = _INSIDE.get(name, name)
    value = getattr(import_module(_HOME[inside]), inside)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Every public name."""
    return list(__all__)
