"""What 64 KiB of hostile text cost, beside 64 KiB of ordinary plan: time to the verdict, and memory.

Texts are read in both ways and compiled. The last column says which bound or mistake came first; all ratios should be
below 4, and the memory below 64 MB.

    python benchmarks/hostile.py [ROUNDS]
"""

import sys
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Final

from llmc_compiler.compiler import check
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Bounds, Diagnostic, parse
from llmc_grammar.stream import Mode

ROUNDS: Final = 3
SIZE: Final = 64 * 1024
BOUNDS: Final[dict[Mode, Bounds]] = {"strict": Bounds.FILE, "lenient": Bounds.MODEL}
USUAL: Final[dict[Mode, int]] = {"strict": 1_500, "lenient": 256}
"""Tasks of an ordinary plan of that size."""

TOOLS: Final = Toolbox([Tool.from_schema(name, name, {}, "pure", lambda *_, **__: None) for name in ("f", "search")])


def filled(unit: str, *, head: str = "", tail: str = "") -> str:
    """As many units as fit between head and tail."""
    room = SIZE - len((head + tail).encode())
    return head + unit * (room // len(unit.encode())) + tail


def ordinary(tasks: int) -> str:
    """A plan of that size and so many tasks, as a planner writes it."""
    length = SIZE // tasks - 2
    lines: list[str] = []
    for number in range(1, tasks):
        line = f'{number}. search("entity {number}", ["${number - 1 or "$"}"], limit=3'
        while len(line) < length - 30:
            line += f', more{len(line)}="of the entity"'
        lines.append(line + ")\n")
    return "".join(lines) + "join()\n"


HOSTILE: Final = {
    "open brackets": filled("["),
    "open calls": filled("f("),
    "open calls, a line each": filled("a=f(\n"),
    "open numbered calls": filled("1. f(\n"),
    "closing brackets": filled(")]}"),
    "double quotes": filled('"'),
    "single quotes": filled("'"),
    "quotes in a call": filled("'a' ", head="1. f('", tail="')"),
    "apostrophes": filled("'s ", head="1. f('x", tail="')"),
    "open strings, a line each": filled("1. f('x\n"),
    "triple quotes": filled('"""\n'),
    "backslashes": filled("\\", head='1. f("', tail='")'),
    "dollars": filled("$", head='1. f("', tail='")'),
    "open slots": filled("${", head='1. f("', tail='")'),
    "slots": filled("$x ", head='1. f("', tail='")'),
    "references": filled("$x,", head="1. f(", tail=")"),
    "steps": filled(".a", head="1. f($x", tail=")"),
    "sums": filled("1+", head="1. f(", tail="1)"),
    "nots": filled("not ", head="1. f(", tail="1)"),
    "signs": filled("- ", head="1. f(", tail="1)"),
    "choices": filled("1 if 2 else ", head="1. f(", tail="1)"),
    "powers": filled("9**", head="1. f(", tail="9)"),
    "digits": filled("9", head="1. f(", tail=")"),
    "a name": filled("a", head="1. ", tail="()"),
    "commas": filled(",", head="1. f(", tail=")"),
    "bare words": filled("word ", head="1. f(", tail=")"),
    "bare arguments": filled("a b, ", head="1. f(", tail="c)"),
    "keywords": filled("a:1,", head="1. f(", tail=")"),
    "fences": filled("```\n"),
    "prose": filled("and then we look it up\n"),
    "numbered prose": filled("1. look it up\n"),
    "thoughts": filled("Thought: x\n"),
    "joins": filled("join()\n"),
    "the same task": filled("1. f()\n"),
    "blank lines": filled("\n"),
    "nulls": filled("\0"),
    "nulls and letters": filled("\0a"),
    "carriage returns": filled("\r"),
    "curly quotes": filled("“"),
    "surrogates": filled('1. f("\\ud83d")\n'),
    "comments": filled("#\n"),
    "angles": filled("<a>,", head="1. f(", tail=")"),
    "arrows": filled("1. f() -> "),
    "options": filled("@retry(1) ", head="1. f() "),
}


def verdict(text: str, mode: Mode) -> tuple[Diagnostic, ...]:
    """Everything that is wrong."""
    return check(parse(text, mode=mode, bounds=BOUNDS[mode], tools=TOOLS), TOOLS, lenient=mode == "lenient")


def seconds(text: str, mode: Mode, rounds: int) -> float:
    """The median time to the verdict."""

    def once() -> float:
        began = perf_counter()
        verdict(text, mode)
        return perf_counter() - began

    return median(once() for _ in range(rounds))


def megabytes(work: Callable[[], object]) -> float:
    """The most memory that was in use at one time."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Print the table; end with 1 where a limit is broken."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    bad = False
    for mode, tasks in USUAL.items():
        usual = seconds(ordinary(tasks), mode, rounds)
        print(
            f"{mode}: an ordinary plan of {tasks} tasks takes {1e3 * usual:.0f} ms\n{'':26}ratio      MB  first found"
        )
        for name, text in HOSTILE.items():
            ratio = seconds(text, mode, rounds) / usual
            memory = megabytes(lambda text=text, mode=mode: verdict(text, mode))  # type: ignore[misc]
            found = verdict(text, mode)
            bad |= ratio >= 4 or memory >= 64
            print(f"{name:26}{ratio:5.2f}{memory:8.1f}  {found[0].code if found else 'fine'}, {len(found)} in all")
    sys.exit(bad)


if __name__ == "__main__":
    main()
