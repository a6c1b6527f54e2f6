"""Tools, toolboxes and decorators, as other modules import them."""

from llmc_compiler.decorators import nondet, opaque, pure, read, write
from llmc_compiler.outside_names import plan_name
from llmc_compiler.signature import ArgumentError, ResultError, Signature, ToolboxError, Wanted
from llmc_compiler.tool import Tool
from llmc_compiler.toolbox import Toolbox

__all__ = [
    "ArgumentError",
    "ResultError",
    "Signature",
    "Tool",
    "Toolbox",
    "ToolboxError",
    "Wanted",
    "nondet",
    "opaque",
    "plan_name",
    "pure",
    "read",
    "write",
]
