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
    """Compile and run a model's plan while its text arrives.

    What its effect allows starts as soon as its line has ended; writes start when the whole plan is known. Raises
    CompileError with all mistakes, and whatever `pieces` raises: then no write was started, and what runs is stopped.
    """
    front = Front(tools, passes=passes, bounds=bounds)
    events, options = recorded(options)
    async with Executor({}, **options) as executor:
        async for piece in pieces:
            executor.apply(front.feed(piece))
        executor.apply(front.close())
        executor.seal()
        outcomes = await executor.settled()
    return conclude(front.graph, executor, outcomes, events)
