"""Plans that run while they arrive."""

from collections.abc import AsyncIterable, Sequence
from typing import Unpack

from llmc_compiler.front import Front
from llmc_compiler.pipeline import PIPELINE, Pass
from llmc_compiler.tools import Toolbox
from llmc_grammar.bounds import Bounds
from llmc_runtime.executor import Executor
from llmc_runtime.run import Options, Run, conclude, recorded


async def run_stream(
    pieces: AsyncIterable[str | bytes],
    tools: Toolbox,
    *,
    passes: Sequence[Pass] = PIPELINE,
    bounds: Bounds = Bounds.MODEL,
    **options: Unpack[Options],
) -> Run:
    """Compile and run a model's plan while its text arrives: what its effect allows starts as soon as its line has ended.

    Writes start when the whole plan is known. Raises CompileError with all mistakes, and whatever `pieces` raises; either way
    no write was started, and what runs is stopped.
    """
    front = Front(tools, passes=passes, bounds=bounds, name="<stream>", early=True, header=False)
    events, options = recorded(options)
    async with Executor({}, **options) as executor:
        async for piece in pieces:
            executor.apply(front.feed(piece))
        executor.apply(front.close())
        executor.seal()
        outcomes = await executor.settled()
    return conclude(front.graph, executor, outcomes, events)
