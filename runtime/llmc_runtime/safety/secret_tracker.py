"""Tracking of secrets: finds the secret parts of a run as its plan and results arrive."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import JOIN, Call, Loop, Node, TaskId
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_compiler.lowering.secret_labels import Label, texts
from llmc_compiler.tools.parameter_markers import UNMARKED
from llmc_compiler.tools.tool import Tool
from llmc_runtime.redaction import LONGEST, SHORTEST, Secrets, Veil
from llmc_runtime.state.instance import Instance
from llmc_runtime.state.outcomes import Done


class SecretTracker:
    """Adds secrets to `secrets` as they become known; `notes` name those too short or long to hide within other text.

    `labels` mark the inputs and results that are known to be secret in advance. `params` are the values of the inputs.
    The `veil` redacts the values of nodes. As long as nothing `has_labels`, nodes are only kept.
    """

    def __init__(self, secrets: Secrets, notes: dict[str, None], labels: Mapping[str, Label]) -> None:
        self.secrets = secrets
        self.params: Mapping[str, Json] = {}
        self._notes = notes
        self._known = labels
        self.forget()

    def share(self, around: Secrets) -> None:
        """Redact the secrets of the outer run as well, and these secrets there."""
        self.secrets = self.secrets.share(around)
        self.veil = self._veil()

    def _veil(self) -> Veil:
        """The redaction of all nodes, present and future."""
        return Veil(self.secrets, cast("Mapping[str, Label]", self._scheduler.shown))

    def forget(self) -> None:
        """Forget the nodes so far, whose ids may be reused."""
        self._scheduler = SecretFlow(self._known)
        self.has_labels = bool(self._known)
        self._unread: list[Node] = []
        self.veil = self._veil()

    def conceal(self, labels: Mapping[str, Label], instances: Iterable[Instance]) -> None:
        """Mark parts of inputs and results as secret, including results that the instances already have."""
        self._read()
        self._scheduler.recall(labels)
        self.learn((), instances)

    def learn(self, nodes: Sequence[Node], instances: Iterable[Instance]) -> None:
        """Add nodes, and collect the secrets that they reveal, including those in results that exist already."""
        if not self.has_labels and not any(map(_may_be_secret, nodes)):
            self._unread += nodes
            return
        self._read()
        scheduler = self._scheduler
        scheduler.add(nodes)
        changed = scheduler.changed()
        for name in changed:
            for steps in scheduler.sources.inputs.get(name, ()):
                self._keep(texts(self.params.get(name), steps), f"input {name}")
        for instance in instances if changed else ():
            if instance.node.id in changed:
                self.note(instance)

    def _read(self) -> None:
        """Follow secrets through the nodes so far, now that there may be some."""
        self.has_labels = True
        self._scheduler.add(self._unread)
        self._unread = []

    def note(self, instance: Instance) -> Veil:
        """Collect the secrets in an instance's result, and return the redaction of its value."""
        key = instance.node.id
        label = self._scheduler.labels.get(key)
        if label is None or not isinstance(instance.outcome, Done):
            return self.veil
        is_source = bool(self._scheduler.sources.label_of(key))
        for steps in label:
            # A value built from a secret needs no note besides the secret's own.
            what = f"the result of task {instance.node.task}" if is_source else None
            self._keep(texts(instance.outcome.value, steps), what)
        return self.veil

    def labels(self, tasks: Mapping[TaskId, NodeId]) -> dict[str, Label]:
        """Return the labels of inputs, tasks and the join."""
        scheduler = self._scheduler
        labels: dict[str, Label] = {name: scheduler.sources.label_of(name) for name in scheduler.sources.inputs}
        named = {**tasks, TaskId(JOIN): JOIN} if scheduler.shown else {}
        labels.update((task, scheduler.shown[node]) for task, node in named.items() if node in scheduler.shown)
        return labels

    def hear(self, instance: Instance, tool: Tool, bound: Sequence[tuple[str | None, Json]]) -> None:
        """Collect the secret arguments of a call."""
        for name, value in bound if tool.marks.secrets else ():
            if name in tool.marks.secrets:
                self._keep(texts(value), f"`{name}` of task {instance.node.task}")

    def _keep(self, secrets: Iterable[str], what: str | None) -> None:
        """Add secret texts; a note with the noun phrase `what` names those that are redacted only as whole texts."""
        for text in secrets:
            if not self.secrets.add(text) and what is not None:
                size = f"fewer than {SHORTEST}" if len(text) < SHORTEST else f"more than {LONGEST:,}"
                self._notes[f"{what} is a secret of {size} characters: it is hidden only where it stands alone"] = None


def _may_be_secret(node: Node) -> bool:
    """Whether a node has a tool with secrets, or a loop, whose body may have one."""
    op = node.op
    return op.tool.marks is not UNMARKED if type(op) is Call else type(op) is Loop
