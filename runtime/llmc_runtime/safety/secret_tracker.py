"""Finds out what is secret of a run, as its plan and its results arrive."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import JOIN, Node, TaskId
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_compiler.lowering.secret_labels import Label, texts
from llmc_compiler.tools.tool import Tool
from llmc_runtime.redaction import LONGEST, SHORTEST, Secrets, Veil
from llmc_runtime.state.instance import Instance
from llmc_runtime.state.outcomes import Done


class SecretTracker:
    """Adds what turns out to be secret to `secrets`; `notes` say of which secrets only whole values are hidden.

    `labels` say which inputs and results are known to be secret beforehand; `params` are the values of the inputs.
    The `veil` hides what is secret of the values of nodes.
    """

    def __init__(self, secrets: Secrets, notes: dict[str, None], labels: Mapping[str, Label]) -> None:
        self.secrets = secrets
        self.params: Mapping[str, Json] = {}
        self._notes = notes
        self._known = labels
        self._flow = SecretFlow(labels)
        self.veil = self._veil()

    def share(self, around: Secrets) -> None:
        """Hide the secrets of the run around as well, and there those of this one."""
        self.secrets = self.secrets.share(around)
        self.veil = self._veil()

    def _veil(self) -> Veil:
        """Hides what is secret of the nodes so far, and of those that come."""
        return Veil(self.secrets, cast("Mapping[str, Label]", self._flow.shown))

    def forget(self) -> None:
        """The nodes so far are void, and their ids may mean others."""
        self._flow = SecretFlow(self._known)
        self.veil = self._veil()

    def conceal(self, labels: Mapping[str, Label], instances: Iterable[Instance]) -> None:
        """Keep these parts of inputs and results secret: of the instances, what they gave already."""
        self._flow.recall(labels)
        self.learn((), instances)

    def learn(self, nodes: Iterable[Node], instances: Iterable[Instance]) -> None:
        """Find out what is secret, now that there are these nodes too: of the instances, what they gave already."""
        flow = self._flow
        flow.add(nodes)
        changed = flow.changed()
        for name in changed:
            for steps in flow.sources.inputs.get(name, ()):
                self._keep(texts(self.params.get(name), steps), f"input {name}")
        for instance in instances if changed else ():
            if instance.node.id in changed:
                self.note(instance)

    def note(self, instance: Instance) -> Veil:
        """An instance has its outcome: keep what is secret of it; gives the veil of its value."""
        key = instance.node.id
        label = self._flow.labels.get(key)
        if label is None or not isinstance(instance.outcome, Done):
            return self.veil
        is_source = bool(self._flow.sources.label_of(key))
        for steps in label:
            # Of what was built from a secret, nothing is said that was not said of the secret.
            what = f"the result of task {instance.node.task}" if is_source else None
            self._keep(texts(instance.outcome.value, steps), what)
        return self.veil

    def labels(self, tasks: Mapping[TaskId, NodeId]) -> dict[str, Label]:
        """What is secret of inputs, and what is hidden of the values of tasks and of the join."""
        flow = self._flow
        found: dict[str, Label] = {name: flow.sources.label_of(name) for name in flow.sources.inputs}
        named = {**tasks, TaskId(JOIN): JOIN} if flow.shown else {}
        found.update((task, flow.shown[node]) for task, node in named.items() if node in flow.shown)
        return found

    def hear(self, instance: Instance, tool: Tool, bound: Sequence[tuple[str | None, Json]]) -> None:
        """Keep the secret arguments of a call."""
        for name, value in bound if tool.marks.secrets else ():
            if name in tool.marks.secrets:
                self._keep(texts(value), f"`{name}` of task {instance.node.task}")

    def _keep(self, found: Iterable[str], what: str | None) -> None:
        """Keep these texts secret; `what` they are is said of those that are hidden only where they stand alone."""
        for text in found:
            if not self.secrets.add(text) and what is not None:
                size = f"fewer than {SHORTEST}" if len(text) < SHORTEST else f"more than {LONGEST:,}"
                self._notes[f"{what} is a secret of {size} characters: it is hidden only where it stands alone"] = None
