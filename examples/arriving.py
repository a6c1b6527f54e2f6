"""A model's plan, run while it is still being written: `python examples/arriving.py`.

The text is as models write: a sentence before it, marks around numbers, a bracket missing, a title without quotes.
"""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Final

import atlas

import llmc
from llmc_grammar import render
from llmc_runtime.state import events

TEXT: Final = """\
Sure! Here is the plan:

**1.** country('Lyon')
2) country("Kyoto"
Thought: their capitals, and one mountain
3. capital("$1")
4. capital("$2")
5. search(Mount Fuji)
6. join("$3 and $4. $5")<END_OF_PLAN>
"""

TOOLS: Final = llmc.Toolbox([atlas.country, atlas.capital, atlas.search])


async def written_slowly(began: float) -> AsyncIterator[str]:
    """The text, a few letters at a time."""
    line = ""
    for at in range(0, len(TEXT), 4):
        piece = TEXT[at : at + 4]
        yield piece
        line += piece
        if "\n" in line:
            whole, _, line = line.rpartition("\n")
            for one in filter(None, whole.split("\n")):
                print(f"{perf_counter() - began:7.3f}  written   {one}")
        await asyncio.sleep(0.02 * atlas.PACE)


async def main() -> None:
    """Run the plan, and print what happens when."""
    began = perf_counter()

    def show(event: object) -> None:
        if isinstance(event, (events.Started, events.Finished)):
            what = "started " if isinstance(event, events.Started) else "finished"
            print(f"{perf_counter() - began:7.3f}  {what}  {event.task}")

    run = await llmc.run_stream(written_slowly(began), TOOLS, emit=show)
    assert run.source is not None  # noqa: S101 — a run of a text has one
    print()
    for found in run.diagnostics:
        print(render(found, run.source))
    print(f"\n{run.summary()}\n{run.value}")


if __name__ == "__main__":
    asyncio.run(main())
