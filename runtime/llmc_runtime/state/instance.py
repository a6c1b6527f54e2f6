"""What runs: a node, at a position in the loops around it, with what it waits for and what is known of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Protocol

from llmc_compiler.expressions.evaluation import SkippedRead
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
    """The instances that a term may read: the plan's, or those of a loop's element and of what is around it."""

    __slots__ = ("_around", "_params", "indices", "instances", "item", "main")

    skipped_is_null = False

    def __init__(self, params: Mapping[str, Json]) -> None:
        self.instances: dict[NodeId, Instance] = {}
        self.indices: tuple[int, ...] = ()
        self.item: Json = None
        self.main: NodeId | None = None
        self._around: Scope | None = None
        self._params = params

    def inside(self, index: int, item: Json, main: NodeId) -> "Scope":
        """The scope of a loop's element, where `main` gives the element's result."""
        scope = Scope(self._params)
        scope.indices = (*self.indices, index)
        scope.item = item
        scope.main = main
        scope._around = self
        return scope

    def find(self, node: NodeId) -> "Instance":
        """The instance of a node that is seen from here; raises KeyError."""
        scope: Scope | None = self
        while scope is not None:
            if (found := scope.instances.get(node)) is not None:
                return found
            scope = scope._around  # noqa: SLF001 — its own kind
        raise KeyError(node)

    def get(self, node: NodeId) -> Json:
        """The value of a node; raises SkippedRead."""
        outcome = (self.instances.get(node) or self.find(node)).outcome
        if type(outcome) is Done:
            return outcome.value
        if isinstance(outcome, (Skipped, Dropped)):
            raise SkippedRead(node)
        raise RuntimeError(f"{node} is read before it has a value: it is missing in `needs`")

    def param(self, name: str) -> Json:
        """The value of an input."""
        return self._params[name]


class NullReads:
    """The same scope for join and fallbacks: what was skipped reads as null."""

    __slots__ = ("_scope",)

    skipped_is_null = True

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @property
    def item(self) -> Json:
        """The element that the loop is at."""
        return self._scope.item

    def get(self, node: NodeId) -> Json:
        """The value of a node; raises SkippedRead."""
        return self._scope.get(node)

    def param(self, name: str) -> Json:
        """The value of an input."""
        return self._scope.param(name)


class Ongoing(Protocol):
    """What an instance waits for that is no other instance: its call, or the question whether to make it."""

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may have changed something, though nobody knows."""
        ...

    @property
    def is_writing(self) -> bool:
        """Whether something is under way that may change something."""
        ...

    def time_out(self, seconds: float, limit: Timed) -> None:
        """Its time, or that of the run, is over."""
        ...

    def hold_back(self) -> None:
        """Do not begin what was not begun yet; what is under way goes on."""
        ...

    def give_up(self) -> None:
        """Stop: nobody wants the outcome."""
        ...


class Instance:
    """A node that runs, or ran.

    `cause` is what failed first, where this or what it needs failed, and `error` its own error; `failed_writes` are
    those that came before. `verdict` is the outcome of a loop that has no elements and still waits for its end.
    `chain` is the longest time in tools up to here, in seconds, and `via` the instance before this one on that chain.
    `elements` are the scopes of a loop's elements, once it has them. `calling` is the call that is being made, or the
    open question whether it may be made. `question` is that, also when it is answered and the call waits for its turn,
    and `arguments` are then those of the call; `held` are the bytes that were put together for them. `needed`: what a
    call still needs before somebody may be asked for it.
    """

    __slots__ = (
        "arguments",
        "calling",
        "cause",
        "chain",
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
        "via",
        "waiting",
    )

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node = node
        self.scope = scope
        self.key: Key = (node.id, scope.indices)
        self.number = next(_sequence)
        self.waiting = 0
        self.users: list[Instance] | None = None  # most have few or none, and a list each is work for the collector
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
        self.via: Instance | None = None

    @property
    def order(self) -> tuple[int, int]:
        """Its place in the plan: by the text, then in the order in which nodes were added."""
        return self.node.span.start, self.number

    def wait_for(self, other: "Instance") -> None:
        """Be decided after the end of another instance."""
        if other.outcome is None:
            if other.users is None:
                other.users = [self]
            else:
                other.users.append(self)
            self.waiting += 1
        else:
            self.learn(other)

    def wait_for_order(self) -> bool:
        """Be decided after the end of what its node comes after; whether that is still to come."""
        for other in self.node.after:
            self.wait_for(self.scope.find(other))
        return self.waiting > 0

    def ask(self, question: QueuedApproval, arguments: Bound, known: KnownCall | None) -> None:
        """Wait for the answer to a question."""
        self.arguments, self.calling, self.question, question.call = arguments, question, question, known

    def give_up(self) -> bool:
        """Stop its call, or the question whether to make it; whether something is in doubt then."""
        calling, self.calling, self.question = self.calling, None, None
        if calling is None:
            return False
        in_doubt = calling.is_in_doubt
        calling.give_up()
        return in_doubt

    def learn(self, other: "Instance") -> None:
        """Take over what follows from the end of another instance."""
        if other.chain >= self.chain:
            self.chain = other.chain
            self.via = other
        if other.cause is not None:
            self.has_failed_dependency = True
        if other.failed_writes:
            self.failed_writes = tuple(dict.fromkeys(self.failed_writes + other.failed_writes))


def instances_of(nodes: Iterable[Node], scope: Scope) -> list[Instance]:
    """The instances of nodes that are new in a scope, each waiting for what its node says; raises ValueError."""
    known = scope.instances
    new = []
    for node in nodes:
        if node.id in known:
            raise ValueError(f"node {node.id} was added before")
        known[node.id] = instance = Instance(node, scope)
        new.append(instance)
    for instance in new:
        node = instance.node
        # What happens in a loop waits for earlier effects by itself.
        for other in node.needs if type(node.op) is Loop else node.needs + node.after:
            instance.wait_for(known[other])
    return new


def hold_back(instances: Iterable[Instance]) -> None:
    """Begin no call and ask no question that was not begun yet."""
    for instance in instances:
        if instance.calling is not None:
            instance.calling.hold_back()


def later_end(last: Instance | None, instance: Instance) -> Instance:
    """The end of the longer chain; the later of two, so that the plan's end is on it."""
    return instance if last is None or instance.chain >= last.chain else last


Verdict = tuple[Outcome, Instance | None]
"""An outcome, and what failed first if that is why."""
