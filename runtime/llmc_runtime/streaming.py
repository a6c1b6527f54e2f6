"""Plans that run while they arrive."""

from collections.abc import AsyncIterable, Sequence
from functools import partial
from typing import Unpack

from llmc_compiler.front import Front
from llmc_compiler.pipeline import PIPELINE, Pass
from llmc_compiler.rank import rank
from llmc_compiler.tools import Toolbox
from llmc_grammar.bounds import Bounds
from llmc_grammar.stream import Mode
from llmc_runtime.approval import Approval, Callback, Word
from llmc_runtime.contexts import Contexts
from llmc_runtime.executor import Executor
from llmc_runtime.run import Options, Run, conclude, recorded, signed
from llmc_runtime.trust import Trust


async def run_stream(
    pieces: AsyncIterable[str | bytes],
    tools: Toolbox,
    *,
    mode: Mode = "lenient",
    passes: Sequence[Pass] = PIPELINE,
    bounds: Bounds = Bounds.MODEL,
    context: object = None,
    approve: Approval | Word | Callback | None = None,
    **options: Unpack[Options],
) -> Run:
    """Compile and run a model's plan while its text arrives.

    What its effect allows starts as soon as its line has ended. Writes start when the whole plan is known, and are held
    back where a repair decided where a statement begins or ends. `context` and `approve` are as for `Program.run`.
    Raises CompileError with all mistakes, ContextError, and whatever `pieces` raises: then no write was started, and
    what runs is stopped.
    """
    front = Front(tools, mode=mode, passes=passes, bounds=bounds)
    options["trust"] = Trust(Approval.of(approve), Contexts(tools, context), source=lambda: front.source)
    events, options = recorded(options)
    async with Executor({}, **options) as executor:
        async for piece in pieces:
            executor.apply(front.feed(piece))
        last = front.close()
        if front.moved:
            executor.hold()
        executor.rank_by(partial(rank, front.graph))
        executor.apply(last)
        executor.seal()
        outcomes = await executor.settled()
    return signed(conclude(front.graph, executor, outcomes, events), front.source, front.diagnostics)
