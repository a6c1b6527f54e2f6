"""Bytes as plan text, read in both ways, compiled and printed: no exception but ours, and nothing slow.

python tests/fuzz/text.py [-runs=N] [-max_total_time=SECONDS]
"""

import sys
from time import perf_counter

import atheris

with atheris.instrument_imports(include=["llmc_grammar", "llmc_compiler"]):
    from llmc_compiler.errors import CompileError
    from llmc_compiler.front import compile_parsed
    from llmc_compiler.print import print_graph
    from llmc_compiler.tools import Tool, Toolbox
    from llmc_grammar import PlanStream, parse, print_plan, render

LONGEST = 1.0
"""Seconds that any text may take."""

NAMES = {"f": "pure", "search": "read(web)", "note": "write(notes)", "act": "opaque"}
TOOLS = Toolbox([Tool.from_schema(name, name, {}, effect, lambda *_, **__: None) for name, effect in NAMES.items()])


def read(data: bytes) -> None:
    """Read, draw what is wrong, print what is good, compile and print again."""
    for mode in ("strict", "lenient"):
        parsed = parse(data, mode=mode, tools=TOOLS)
        for found in parsed.diagnostics:
            render(found, parsed.source)
        again = parse(print_plan(parsed.plan))
        assert again.plan == parsed.plan or not again.ok, print_plan(parsed.plan)
        try:
            graph, _ = compile_parsed(parsed, TOOLS, lenient=mode == "lenient")
        except CompileError:
            continue
        print_graph(graph)


def cut(data: bytes) -> None:
    """Read in two pieces and as a whole: the same statements and mistakes."""
    for mode in ("strict", "lenient"):
        whole, pieces = PlanStream(mode=mode), PlanStream(mode=mode)
        at = len(data) // 3
        expected = whole.feed(data) + whole.close()
        assert pieces.feed(data[:at]) + pieces.feed(data[at:]) + pieces.close() == expected
        assert pieces.diagnostics == whole.diagnostics


def one(data: bytes) -> None:
    """One text."""
    began = perf_counter()
    read(data)
    cut(data)
    took = perf_counter() - began
    assert took < LONGEST, f"{took:.2f} s"


def main() -> None:
    """Fuzz until stopped."""
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
