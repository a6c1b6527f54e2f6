"""Instances: nodes that run, at a position in the loops around them, with their dependencies and state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Protocol

from llmc_compiler.expressions.environment import SkippedRead
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import Loop, Node
from llmc_runtime.errors import (
    PlanError,
    Timed,
)
from llmc_runtime.state.outcomes import Done, Dropped, Key, Outcome, Skipped
from llmc_runtime.state.queued_approval import KnownCall, QueuedApproval

Bound = Sequence[tuple[str | None, Json]]


_sequence = count()


class Scope:
    """The instances that a term may read: those of the plan, or of a loop element and everything around it.

    In an element, `loop` is the instance of its loop, and `carried` maps nodes of the body, at every depth, to the
    instances of the previous element that they wait for.
    """

    __slots__ = ("_around", "_item", "_params", "carried", "indices", "instances", "loop", "main")

    skipped_is_null = False

    def __init__(self, params: Mapping[str, Json]) -> None:
        self.instances: dict[NodeId, Instance] = {}
        self.indices: tuple[int, ...] = ()
        self._item: tuple[str, Json] = ("", None)
        self.main: NodeId | None = None
        self.loop: Instance | None = None
        self.carried: Mapping[NodeId, Sequence[Instance]] = {}
        self._around: Scope | None = None
        self._params = params

    def inside(self, index: int, item: tuple[str, Json], main: NodeId, loop: "Instance | None" = None) -> "Scope":
        """Return the scope of a loop element, a name and a value, where the node `main` gives the element's result."""
        scope = Scope(self._params)
        scope.indices = (*self.indices, index)
        scope._item = item
        scope.main = main
        scope.loop = loop
        scope._around = self
        return scope

    def loop_of(self, name: str) -> "Instance | None":
        """Return the instance of the loop with this name around here; None for a loop inside a term."""
        scope: Scope | None = self
        while scope is not None:
            if scope.loop is not None and scope._item[0] == name:  # noqa: SLF001 — same class
                return scope.loop
            scope = scope._around  # noqa: SLF001 — same class
        return None

    def before(self, node: NodeId) -> Iterator["Instance"]:
        """Yield the instances of previous elements, of each loop around here, that a node waits for."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.carried.get(node, ())
            scope = scope._around  # noqa: SLF001 — same class

    def find(self, node: NodeId) -> "Instance":
        """Return the visible instance of a node; raises KeyError."""
        scope: Scope | None = self
        while scope is not None:
            if (instance := scope.instances.get(node)) is not None:
                return instance
            scope = scope._around  # noqa: SLF001 — same class
        raise KeyError(node)

    def get(self, node: NodeId) -> Json:
        """Return the value of a node; raises SkippedRead."""
        outcome = (self.instances.get(node) or self.find(node)).outcome
        if type(outcome) is Done:
            return outcome.value
        if isinstance(outcome, (Skipped, Dropped)):
            raise SkippedRead(node)
        raise RuntimeError(f"{node} is read before it has a value: it is missing from `needs`")

    def item(self, name: str) -> Json:
        """Return the current element of the loop with this name; raises KeyError."""
        scope: Scope | None = self
        while scope is not None:
            if scope._item[0] == name:  # noqa: SLF001 — same class
                return scope._item[1]  # noqa: SLF001 — same class
            scope = scope._around  # noqa: SLF001 — same class
        raise KeyError(name)

    def param(self, name: str) -> Json:
        """Return the value of an input."""
        return self._params[name]


class NullReads:
    """The same scope for joins and fallbacks: skipped nodes read as null."""

    __slots__ = ("_scope",)

    skipped_is_null = True

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def item(self, name: str) -> Json:
        """Return the current element of the loop with this name."""
        return self._scope.item(name)

    def get(self, node: NodeId) -> Json:
        """Return the value of a node; raises SkippedRead."""
        return self._scope.get(node)

    def param(self, name: str) -> Json:
        """Return the value of an input."""
        return self._scope.param(name)


class Ongoing(Protocol):
    """A call or an approval request that an instance waits for."""

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may or may not have written."""
        ...

    @property
    def is_writing(self) -> bool:
        """Whether a write may be under way."""
        ...

    def time_out(self, seconds: float, limit: Timed) -> None:
        """Time out, because its own time or the run's is over."""
        ...

    def hold_back(self) -> None:
        """Start no further work; work under way goes on."""
        ...

    def give_up(self) -> None:
        """Stop without an outcome."""
        ...


class Instance:
    """A node that runs, or has run.

    `cause` is the instance that failed first, if this one or one of its needs failed, and `error` its own error.
    `failed_writes` are the failed writes before it. `verdict` is the outcome of a loop without elements that waits for
    its end. `chain` is the longest time in tools up to here in seconds, and `critical_predecessor` the instance before
    it on that chain.
    `elements` are the scopes of a loop's elements, once it has them. `calling` is the call under way, or the open
    approval request. `question` is that request, kept once answered until the call's turn, with the call's `arguments`;
    `held` bytes are reserved for them. `needed` are the instances without which the call cannot be asked about.
    """

    __slots__ = (
        "arguments",
        "calling",
        "cause",
        "chain",
        "critical_predecessor",
        "elements",
        "error",
        "failed_writes",
        "has_failed_dependency",
        "held",
        "key",
        "needed",
        "node",
        "number",
        "outcome",
        "question",
        "scope",
        "seconds",
        "started",
        "users",
        "verdict",
        "waiting",
    )

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node = node
        self.scope = scope
        self.key: Key = (node.id, scope.indices)
        self.number = next(_sequence)
        self.waiting = 0
        self.users: list[Instance] | None = None  # most have few or none, and a list for each burdens the collector
        self.outcome: Outcome | None = None
        self.verdict: Verdict | None = None
        self.cause: Instance | None = None
        self.error: PlanError | None = None
        self.has_failed_dependency = False
        self.failed_writes: tuple[Instance, ...] = ()
        self.calling: Ongoing | None = None
        self.question: QueuedApproval | None = None
        self.arguments: Bound = ()
        self.held = 0
        self.needed: set[Instance] | None = None
        self.elements: list[Scope] | None = None
        self.started: float | None = None
        self.seconds = 0.0
        self.chain = 0.0
        self.critical_predecessor: Instance | None = None

    @property
    def order(self) -> tuple[tuple[int, ...], int]:
        """Its position: by the text, after the calls that brought it, then by the order in which nodes were added."""
        node = self.node
        calls = () if node.inlined is None else tuple(call.start for call in node.inlined.calls)
        return (*calls, node.span.start), self.number

    def wait_for(self, other: "Instance") -> None:
        """Wait for the end of another instance."""
        if other.outcome is None:
            if other.users is None:
                other.users = [self]
            else:
                other.users.append(self)
            self.waiting += 1
        else:
            self.learn(other)

    def wait_for_order(self) -> bool:
        """Wait for the nodes before it in order, and return whether any has not ended."""
        for other in self.node.after:
            self.wait_for(self.scope.find(other))
        for earlier in self.scope.before(self.node.id):
            self.wait_for(earlier)
        return self.waiting > 0

    def ask(self, question: QueuedApproval, arguments: Bound, known: KnownCall | None) -> None:
        """Wait for the answer to an approval request."""
        self.arguments, self.calling, self.question, question.call = arguments, question, question, known

    def give_up(self) -> bool:
        """Stop its call or its approval request, and return whether a write is in doubt."""
        calling, self.calling, self.question = self.calling, None, None
        if calling is None:
            return False
        in_doubt = calling.is_in_doubt
        calling.give_up()
        return in_doubt

    def learn(self, other: "Instance") -> None:
        """Inherit chain, failures and failed writes from an instance that ended."""
        if other.chain >= self.chain:
            self.chain = other.chain
            self.critical_predecessor = other
        if other.cause is not None or other.failed_writes:
            self.has_failed_dependency = self.has_failed_dependency or other.cause is not None
            self.failed_writes = tuple(dict.fromkeys(self.failed_writes + other.failed_writes))


def instances_of(nodes: Iterable[Node], scope: Scope) -> list[Instance]:
    """Create the instances of nodes that are new in a scope, and link them to their dependencies; raises ValueError."""
    instances = scope.instances
    new = []
    for node in nodes:
        if node.id in instances:
            raise ValueError(f"node {node.id} was added before")
        instances[node.id] = instance = Instance(node, scope)
        new.append(instance)
    for instance in new:
        node = instance.node
        for need in node.needs:
            # As in `wait_for`, which is called less often.
            if (other := instances[need]).outcome is not None:
                instance.learn(other)
                continue
            instance.waiting += 1
            if other.users is None:
                other.users = [instance]
            else:
                other.users.append(instance)
        # Elements of a loop wait for earlier effects by themselves.
        if node.after and type(node.op) is not Loop:
            for earlier in node.after:
                instance.wait_for(instances[earlier])
    return new


def hold_back(instances: Iterable[Instance]) -> None:
    """Start no further calls and approval requests."""
    for instance in instances:
        if instance.calling is not None:
            instance.calling.hold_back()


def later_end(last: Instance | None, instance: Instance) -> Instance:
    """Return the instance with the longer chain; of equal ones the later, so that the chain reaches the plan's end."""
    return instance if last is None or instance.chain >= last.chain else last


Verdict = tuple[Outcome, Instance | None]
"""An outcome, and the instance that failed first if that is the reason."""
