"""The table of mutations: what is made wrong, and which check notices it, or why nothing can.

Conditions of passes are on the pages beside this module, cells of the effect table below.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from llmc_compiler.effects.effects import RULES, Kind, When
from llmc_compiler.passes.pipeline import PIPELINE
from tests.mutations.cells import ANSWERS, Cell, cells
from tests.mutations.conditions import Wrong, wrongs

MODULES: Final = (
    *(type(known).__module__ for known in PIPELINE),
    "llmc_compiler.passes.term_folding",
    "llmc_compiler.ir.graph",
    "llmc_compiler.ir.order_edges",
    "llmc_compiler.effects.access_history",
)
"""Where conditions guard what is rewritten or ordered."""

PAGES: Final = Path(__file__).parent
"""Where each of them has its page, by the last part of its name."""

FEWEST: Final = 590
"""There are at least so many entries, so that no page can go unseen: the shortest has more than are over."""

ROW: Final = re.compile(
    r"^\| `(?P<function>[\w.]+)` \| `(?P<text>.+?)`(?: (?P<number>\d))? \| `(?P<becomes>\S+)` \| (?P<noticed>.+) \|$"
)

Mutation = Wrong | Cell

NOTHING: Final = "nothing: "
"""What an entry begins with that says why nothing can notice."""

MERGED: Final = "nothing: dedup compares the last writers of all that it merges, and a pure call comes after nobody"
WRITERS: Final = "nothing: dedup compares the last writers, and of two writes the first is that of the second"
LOOPS: Final = "nothing: hoist leaves loops alone in which something may write"
AFTER: Final = "nothing: what starts early depends on what it comes after, and this comes after nobody"
SENT: Final = "nothing: what was certainly not sent is repeated, whatever the kind"
HARMLESS: Final = "nothing: what changes nothing is asked for again, whatever the column says"
OTHER_KEY: Final = "nothing: another plan has other keys, and so makes again only what needs none"

WRITING: Final = (Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE)

NOTICED: Final[dict[tuple[str, Kind, When], str]] = {
    ("merge", Kind.PURE, When.NO): "page: dedup: Identical calls are one",
    ("merge", Kind.PURE, When.UNWRITTEN): MERGED,
    ("merge", Kind.NONDET, When.UNWRITTEN): "plan: Answers vary",
    ("merge", Kind.NONDET, When.YES): "plan: Answers vary",
    ("merge", Kind.READ, When.NO): "page: dedup: Reads",
    ("merge", Kind.READ, When.YES): MERGED,
    ("merge", Kind.BARE, When.UNWRITTEN): "page: dedup: Functions that say nothing",
    ("merge", Kind.BARE, When.YES): "page: dedup: Functions that say nothing",
    **{("merge", kind, answer): WRITERS for kind in WRITING for answer in (When.UNWRITTEN, When.YES)},
    ("prune", Kind.PURE, When.NO): "page: prune: What nobody needs",
    ("prune", Kind.NONDET, When.NO): "page: prune: Reads and varying answers",
    ("prune", Kind.READ, When.NO): "page: prune: Reads and varying answers",
    ("prune", Kind.BARE, When.YES): "page: prune: Functions that say nothing stay",
    **{("prune", kind, When.YES): "plan: An effect that nobody needs" for kind in WRITING},
    **{("early", kind, When.NO): "early" for kind in (Kind.PURE, Kind.NONDET, Kind.READ)},
    **{("early", kind, When.UNWRITTEN): AFTER for kind in (Kind.PURE, Kind.NONDET)},
    ("early", Kind.READ, When.YES): "early",
    **{("early", kind, answer): "early" for kind in (Kind.BARE, *WRITING) for answer in (When.UNWRITTEN, When.YES)},
    ("hoist", Kind.PURE, When.NO): "page: hoist: A call inside the body",
    ("hoist", Kind.PURE, When.INVARIANT): LOOPS,
    ("hoist", Kind.NONDET, When.INVARIANT): "page: hoist: Models and clocks",
    ("hoist", Kind.NONDET, When.YES): "page: hoist: Models and clocks",
    ("hoist", Kind.READ, When.NO): "page: hoist: Reads",
    ("hoist", Kind.READ, When.YES): LOOPS,
    **{("hoist", kind, answer): LOOPS for kind in (Kind.BARE, *WRITING) for answer in (When.INVARIANT, When.YES)},
    **{
        ("retry", kind, answer): "attempts"
        for kind in (Kind.PURE, Kind.NONDET, Kind.READ, Kind.IDEMPOTENT)
        for answer in (When.NO, When.SURE)
    },
    **{("retry", kind, When.YES): "attempts" for kind in (Kind.BARE, Kind.WRITE, Kind.OPAQUE)},
    ("retry", Kind.WRITE, When.NO): SENT,
    **{("retry", kind, When.SURE): SENT for kind in (Kind.BARE, Kind.OPAQUE)},
    **{
        ("rerun", kind, answer): HARMLESS
        for kind in (Kind.PURE, Kind.NONDET, Kind.READ, Kind.BARE)
        for answer in ANSWERS["rerun"]
        if answer is not RULES[kind].rerun
    },
    **{("rerun", Kind.IDEMPOTENT, answer): "again" for answer in (When.NO, When.KEYED)},
    **{("rerun", kind, When.YES): "again" for kind in (Kind.WRITE, Kind.OPAQUE)},
    ("rerun", Kind.WRITE, When.NO): OTHER_KEY,
    ("rerun", Kind.OPAQUE, When.KEYED): OTHER_KEY,
}
"""Which check notices another answer in a cell."""


def table() -> dict[Mutation, str]:
    """Every entry, and the check that notices it or, after `nothing: `, why none can."""
    conditions = {wrong: noticed for module in MODULES for wrong, noticed in _rows(module)}
    return conditions | {cell: noticed for cell in cells() if (noticed := _noticed(cell)) is not None}


def everything() -> list[Mutation]:
    """All that can be made wrong."""
    return [*(wrong for module in MODULES for wrong in wrongs(module)), *cells()]


def _noticed(cell: Cell) -> str | None:
    """The entry of a cell; a kind more or less in the column `after` is always an edge more or less."""
    if isinstance(cell.becomes, Kind):
        return "order: kinds"
    return NOTICED.get((cell.column, cell.kind, cell.becomes))


def page(module: str) -> Path:
    """The page of a module."""
    return PAGES / f"{module.rpartition('.')[2]}.md"


def strays() -> Iterator[str]:
    """The rows that belong to nothing: what a module or a function leaves behind that has another name now."""
    modules = {page(module): module for module in MODULES}
    for path in sorted(PAGES.glob("*.md")):
        functions = {wrong.function for wrong in wrongs(modules[path])} if path in modules else set()
        for line in path.read_text(encoding="utf-8").splitlines():
            found = ROW.match(line)
            if line.startswith("| `") and (found is None or found["function"] not in functions):
                yield f"{path.name}: {line}"


def _rows(module: str) -> Iterator[tuple[Wrong, str]]:
    """The rows of a module's page, which need not be there."""
    path = page(module)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if found := ROW.match(line):
            number = int(found["number"] or 1) - 1
            yield Wrong(module, found["function"], found["text"], found["becomes"], number), found["noticed"]


def row(wrong: Wrong, noticed: str) -> str:
    """The row of a page."""
    number = f" {wrong.number + 1}" if wrong.number else ""
    return f"| `{wrong.function}` | `{wrong.text}`{number} | `{wrong.becomes}` | {noticed} |"
