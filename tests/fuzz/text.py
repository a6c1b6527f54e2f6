"""Bytes as plan text, read, compiled and printed: no exception but ours, and nothing slow.

python tests/fuzz/text.py [-runs=N] [-max_total_time=SECONDS]
"""

import sys
from contextlib import suppress
from time import process_time

import atheris

with atheris.instrument_imports(include=["llmc_grammar", "llmc_compiler"]):
    from llmc_compiler.errors import CompileError
    from llmc_compiler.front import compile_parsed
    from llmc_compiler.print import print_graph
    from llmc_compiler.tools import Tool, Toolbox
    from llmc_grammar import PlanStream, parse, print_plan, render
    from llmc_grammar.stream import Mode

LONGEST = 1.0
"""Seconds of the processor that any text may take."""

NAMES = {"f": "pure", "search": "read(web)", "note": "write(notes)", "act": "opaque"}
TOOLS = Toolbox([Tool.from_schema(name, name, {}, effect, lambda *_, **__: None) for name, effect in NAMES.items()])


def check(data: bytes, mode: Mode) -> None:
    """Read whole and in two pieces, draw what is wrong, print what is good, compile and print again."""
    parsed = parse(data, mode=mode, tools=TOOLS)
    stream, at = PlanStream(mode, tools=TOOLS), len(data) // 3
    statements = stream.feed(data[:at]) + stream.feed(data[at:]) + stream.close()
    assert statements == parsed.plan.statements
    assert stream.diagnostics == parsed.diagnostics
    for found in parsed.diagnostics:
        render(found, parsed.source)
    again = parse(print_plan(parsed.plan))
    assert again.plan == parsed.plan or not again.ok, print_plan(parsed.plan)
    with suppress(CompileError):
        print_graph(compile_parsed(parsed, TOOLS, lenient=mode == "lenient")[0])


def one(data: bytes) -> None:
    """One text; its first bit says how it is read."""
    began = process_time()
    check(data[1:], "lenient" if data[:1] and data[0] & 1 else "strict")
    took = process_time() - began
    assert took < LONGEST, f"{took:.2f} s"


def main() -> None:
    """Fuzz until stopped."""
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
