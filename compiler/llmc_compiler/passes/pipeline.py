"""The passes and their order."""

from collections.abc import Iterable
from typing import Final

from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.prune import Prune
from llmc_compiler.passes.stages import Pass
from llmc_grammar.portable import Portable
from llmc_grammar.suggestion import closest

PIPELINE: Final[tuple[Pass, ...]] = (Fold(), Hoist(), Dedup(), Prune())
"""The passes that `compile` runs, in their order."""


class UnknownPassError(Portable, ValueError):
    """Raised for an unknown name of a pass; the message suggests a known one."""


def named_passes(names: Iterable[str]) -> tuple[Pass, ...]:
    """Return the passes of these names, in this order; raises UnknownPassError."""
    known = {transform.name: transform for transform in PIPELINE}
    return tuple(known[require_pass(name, known)] for name in names)


def require_pass(name: str, known: Iterable[str]) -> str:
    """Return the name if it is known; raises UnknownPassError."""
    names = list(known)
    if name in names:
        return name
    suggestion = closest(name, names)
    advice = f"the passes are {', '.join(names) or 'none'}" if suggestion is None else f"did you mean `{suggestion}`?"
    raise UnknownPassError(f"no pass is called `{name}`: {advice}")
