"""The plan language: text in, tree and diagnostics out.

parse, PlanStream      read a whole text, or one that arrives in pieces
print_plan             write the canonical text of a plan
render, to_json        draw a diagnostic for people, or encode it for programs
ast                    the nodes of the tree
"""

from llmc_grammar import ast
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Edit, Note, mistake
from llmc_grammar.parse import Parsed, parse
from llmc_grammar.print import print_expr, print_plan, print_statement
from llmc_grammar.render import render, to_json
from llmc_grammar.source import Source, Span
from llmc_grammar.statement_reader import Lost
from llmc_grammar.stream import PlanStream

__all__ = [
    "Bounds",
    "Diagnostic",
    "Edit",
    "Lost",
    "Note",
    "Parsed",
    "PlanStream",
    "Source",
    "Span",
    "ast",
    "mistake",
    "parse",
    "print_expr",
    "print_plan",
    "print_statement",
    "render",
    "to_json",
]
