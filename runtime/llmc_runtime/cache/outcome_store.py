"""The seam where outcomes are kept: a store recalls those of earlier calls, and records new ones.

The call cache is the store of one question. A journal keeps outcomes beyond the process: it commits the intent of a
write before the tool is called, so that an intent without a record is a write in doubt.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, TypeVar

from llmc_compiler.effects.effects import Effect
from llmc_compiler.expressions.terms import canonical
from llmc_compiler.ir.graph import Call
from llmc_runtime.state.instance import Bound, Instance
from llmc_runtime.state.outcomes import Done, Failed, Key

C_contra = TypeVar("C_contra", contravariant=True)


class OutcomeStore(Protocol[C_contra]):
    """Keeps the outcomes of calls by their keys; all methods are called on the loop's thread."""

    def recall(self, key: str, /) -> Done | Failed | None:
        """The outcome that is kept for a key; a call with this key is not made."""
        ...

    async def intend(self, call: C_contra, /) -> None:
        """Commit that a call will be made; awaited before calls that may write. If it raises, the call is not made."""
        ...

    def record(self, call: C_contra, outcome: Done | Failed | None, /) -> None:
        """Keep the outcome of a call, without waiting; None for a write that was given up before it did anything."""
        ...

    async def flush(self) -> None:
        """Write all records; awaited at the end of a run."""
        ...


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as a store sees it: its node and loop indices, the tool, the arguments as written, and its exact effect.

    `key` is the same for all attempts and runs. The arguments may be secret.
    """

    place: Key
    tool: str
    arguments: Bound
    effect: Effect
    key: str

    @staticmethod
    def of(instance: Instance, op: Call, bound: Bound) -> "StoredCall":
        """The call of an instance; its key is made of its place, the tool and the canonical arguments."""
        node, indices = instance.key
        place = "".join([node, *(f"[{index}]" for index in indices)])
        key = f"{place} {call_digest(op.tool.name, bound)}"
        return StoredCall(instance.key, op.tool.name, bound, op.tool.effect_of(bound), key)


def call_digest(tool: str, bound: Bound) -> str:
    """A digest of a tool and canonical arguments: keys are kept for long, and arguments may be long."""
    digest = sha256(tool.encode())
    for name, value in sorted(bound, key=lambda pair: pair[0] or ""):
        digest.update(f" {name}={canonical(value)}".encode())
    return digest.hexdigest()
