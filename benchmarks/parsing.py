"""What reading costs: the front end beside bare Lark, a stream of small pieces, and the method of one expression.

All rows are measured in one process, in turns; the figures are medians. Times depend on the machine, ratios hardly.

    python benchmarks/parsing.py [ROUNDS]
"""

import re
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Final

from lark import Lark

from llmc_grammar import Bounds, PlanStream, parse
from llmc_grammar.tables import STARTS, WholeWords, grammar

ROUNDS: Final = 5
TOKEN: Final = 4
"""Characters in a model's token, on average."""

WIDE: Final = Bounds(text=2**30, tasks=10**6)

_LINE: Final = re.compile(r"(?:Thought: ([^\n]*)\n)?\s*(\d+)\. (\w+)\((.*)\)(\s*#\w+\n)?")


def statements(count: int) -> list[str]:
    """Named statements, three of four with references to those above."""
    kinds = (
        't{0} = search("entity {0}")',
        't{0} = compare($t{1}, "with $t{1}", limit=3)',
        "t{0} = add($t{1}, [1, 2.5, $t{1}])",
        't{0} = pick({{"key": $t{1}}}) if $t{1} > 3 @timeout(5s)',
    )
    return [kinds[number % 4].format(number, max(number - 1, 0)) for number in range(count)]


def bare(lines: Sequence[str]) -> None:
    """Parse every line with the same grammar into Lark's own trees, and keep them."""
    _ = [LARK.parse(line, start="named") for line in lines]


LARK: Final = Lark(grammar(), parser="lalr", start=list(STARTS), maybe_placeholders=True, postlex=WholeWords())


def whole(lines: Sequence[str]) -> None:
    """Read the text of all lines."""
    assert parse("\n".join(lines), bounds=WIDE).ok


def streamed(lines: Sequence[str]) -> None:
    """Read the text in pieces of one token."""
    text = "\n".join(lines)
    stream = PlanStream(bounds=WIDE)
    for at in range(0, len(text), TOKEN):
        stream.feed(text[at : at + TOKEN])
    stream.close()


def by_expression(lines: Sequence[str]) -> None:
    """One expression finds the tasks; in the arguments of each, a reference to each earlier id is looked for."""
    text = "\n".join(f"{number}. {line.partition('= ')[2]}" for number, line in enumerate(lines, 1))
    tasks: list[int] = []
    for found in _LINE.finditer(text):
        number, arguments = int(found[2]), found[4]
        _ = [other for other in tasks if f"${other}" in arguments or f"${{{other}}}" in arguments]
        tasks.append(number)


def seconds(work: Callable[[Sequence[str]], None], lines: Sequence[str]) -> float:
    """How long it takes."""
    began = perf_counter()
    work(lines)
    return perf_counter() - began


def medians(works: Sequence[Callable[[Sequence[str]], None]], lines: Sequence[str], rounds: int) -> list[float]:
    """The median time of each, in turns, after one that fills the caches."""
    times = [[seconds(work, lines) for work in works] for _ in range(rounds + 1)][1:]
    return [median(column) for column in zip(*times, strict=True)]


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print("statements   Lark µs each   whole µs each   ratio   streamed: tokens a second")
    for count in (1_000, 10_000, 100_000):
        lines = statements(count)
        lark, ours, pieces = medians((bare, whole, streamed), lines, rounds if count < 100_000 else 1)
        tokens = len("\n".join(lines)) / TOKEN
        print(
            f"{count:10,}{1e6 * lark / count:15.1f}{1e6 * ours / count:16.1f}{ours / lark:8.2f}{tokens / pieces:28,.0f}"
        )
    print("\none expression, then a search for each earlier id")
    for count in (500, 1_000, 2_000):
        (time,) = medians((by_expression,), statements(count), rounds)
        print(f"{count:10,}{1e6 * time / count:15.1f} µs each")


if __name__ == "__main__":
    main()
