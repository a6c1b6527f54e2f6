"""What a run is trusted with: whom it asks before a call, which secrets it keeps, what it fills in for a plan."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Protocol
from uuid import uuid4

from llmc_compiler.graph import Call, Node
from llmc_compiler.marks import UNMARKED
from llmc_compiler.secrecy import Secrecy, texts
from llmc_compiler.signature import Prepared
from llmc_compiler.term import Json
from llmc_compiler.tools import Tool
from llmc_grammar.source import Source
from llmc_runtime.approval import Approval, ApprovalRequest, Argument, Hold, held_for
from llmc_runtime.asking import Asker, Question
from llmc_runtime.call import unfit
from llmc_runtime.contexts import Contexts
from llmc_runtime.errors import BadArgument, ContextError, NotApproved, PlanError, Refusal
from llmc_runtime.filled import Filled
from llmc_runtime.instance import Instance
from llmc_runtime.origins import line_of, origins
from llmc_runtime.outcomes import Done, Key
from llmc_runtime.secrets import HIDDEN, LONGEST, SHORTEST, Secrets
from llmc_runtime.values import thaw

Bound = Sequence[tuple[str | None, Json]]


class Asking(Protocol):
    """Who wants a call to be made."""

    def asked(self, owner: Instance, tool: str, /) -> None:
        """Somebody is asked."""
        ...

    def answered(self, owner: Instance, refusal: PlanError | None, /) -> None:
        """They said yes, or the call is refused."""
        ...


class Recollection(Protocol):
    """What is remembered of a call before it is made."""

    @property
    def doubt(self) -> str | None:
        """Why it has to be asked for: an earlier plan made the same call, and it may have been undone since."""
        ...

    @property
    def prepared(self) -> Prepared | None:
        """Its arguments, where they were checked and converted before."""
        ...


class Trust:
    """The trust of one run.

    `approval` says what asks; `contexts` are those of its tools; `source` gives the plan's text, whose lines a request
    names. `run_id` is part of every idempotency key: two runs with the same one use the same keys. `secrets` are those
    of the runs before, whose results this one reads.
    """

    def __init__(
        self,
        approval: Approval | None = None,
        contexts: Contexts | None = None,
        *,
        source: Callable[[], Source | None] = lambda: None,
        run_id: str | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.run_id = run_id or uuid4().hex
        self.secrets = Secrets() if secrets is None else secrets
        self.notes: dict[str, None] = {}
        self._approval = approval or Approval()
        self._contexts = contexts or Contexts()
        self._source = source
        self._secrecy = Secrecy()
        self._params: Mapping[str, Json] = {}
        self._holds: list[Hold] = []
        self._asker: Asker | None = None

    # The run

    async def open(self) -> None:
        """Open the contexts; raises ContextError."""
        try:
            await self._contexts.open()
        except ContextError as error:
            self.secrets.cover(error)
            raise

    def begin(self, params: Mapping[str, Json], asking: Asking) -> None:
        """The run begins, with these inputs."""
        self._params, self._asking = params, asking
        callback = self._approval.callback
        self._asker = None if callback is None else Asker(callback)

    async def close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The run is over: questions were given up, and contexts are closed."""
        try:
            if self._asker is not None and (left := await self._asker.end()):
                self.notes[f"{left} of those that were asked did not stop when the run ended"] = None
        finally:
            await self._contexts.close(kind, error, trace)

    def hold(self, *holds: Hold) -> None:
        """From here on, call nothing that these holds cover without being asked for."""
        self._holds += holds

    # Secrets

    def forget(self) -> None:
        """The nodes so far are void, and their ids may mean others."""
        self._secrecy = Secrecy()

    def learn(self, nodes: Iterable[Node], instances: Iterable[Instance]) -> None:
        """Find out what is secret, now that there are these nodes too: of the instances, what they gave already."""
        known = {node: len(parts) for node, parts in self._secrecy.results.items()}
        self._secrecy.add(nodes)
        for name, parts in self._secrecy.inputs.items():
            for steps in parts:
                self._keep(texts(self._params.get(name), steps), f"input {name}")
        fresh = {node for node, parts in self._secrecy.results.items() if len(parts) != known.get(node)}
        for instance in instances if fresh else ():
            if instance.node.id in fresh:
                self.note(instance)

    def note(self, instance: Instance) -> None:
        """An instance has its outcome: keep what is secret of it."""
        parts = self._secrecy.results.get(instance.node.id)
        if parts is not None and isinstance(instance.outcome, Done):
            for steps in parts:
                self._keep(texts(instance.outcome.value, steps), f"the result of task {instance.node.task}")

    def _keep(self, found: Iterable[str], what: str) -> None:
        """Keep these texts secret."""
        for text in found:
            if not self.secrets.add(text):
                size = f"fewer than {SHORTEST}" if len(text) < SHORTEST else f"more than {LONGEST:,}"
                self.notes[f"{what} is a secret of {size} characters: it is hidden only where it stands alone"] = None

    # Calls

    def hear(self, instance: Instance, tool: Tool, bound: Bound) -> None:
        """Keep the secret arguments of a call."""
        for name, value in bound if tool.marks.secrets else ():
            if name in tool.marks.secrets:
                self._keep(texts(value), f"`{name}` of task {instance.node.task}")

    def prepared(self, instance: Instance, call: Call, bound: Bound, known: Recollection | None = None) -> Call:
        """The call with what the run fills in and with arguments that are known; its secret arguments are kept."""
        tool, ready = call.tool, known is not None and known.prepared
        if tool.marks is UNMARKED and not ready:
            return call
        self.hear(instance, tool, bound)
        filled: dict[str, object] = {}
        if tool.marks.key is not None:
            filled[tool.marks.key] = idempotency_key(self.run_id, instance.key)
        if tool.marks.context is not None:
            filled[tool.marks.context] = self._contexts.of(tool)
        if not filled and not ready:
            return call
        # The function itself stays the tool's own, by which others know it.
        return replace(call, tool=replace(tool, signature=Filled(tool.signature, filled, [ready] if ready else [])))

    def question(
        self, instance: Instance, call: Call, bound: Bound, known: Recollection | None = None
    ) -> Question | PlanError | None:
        """What has to be asked before the call is made, or why it is not made at all; None where nothing asks."""
        node, doubt = instance.node, None if known is None else known.doubt
        held = doubt or held_for(self._holds, node, call)
        if not self._approval.asks(node, call, held=held is not None):
            return None
        refusal = self._approval.refusal(node, call, held=held)
        if refusal is not None:
            return refusal
        assert self._asker is not None  # noqa: S101 — without anybody to ask it was refused
        is_checked = known is not None and known.prepared is not None
        if not is_checked and (error := _unfit(node, call.tool, bound)) is not None:
            return error  # not left to the call: what is checked twice may come out differently
        return self._asker.start(partial(self._ask, self._asker, instance, self._request(instance, call, bound, doubt)))

    def place(self, node: Node) -> str:
        """Where a node stands in the plan: its line, or where the text is not known its task."""
        line = line_of(self._source(), node.span)
        return f"task {node.task}" if line is None else f"line {line}"

    def _request(self, instance: Instance, call: Call, bound: Bound, doubt: str | None) -> ApprovalRequest:
        """What is asked."""
        node, source, tool = instance.node, self._source(), call.tool
        return ApprovalRequest(
            task=node.task,
            indices=instance.key[1],
            line=line_of(source, node.span),
            tool=tool.name,
            effect=", ".join(map(str, node.effects)),
            arguments=tuple(
                Argument(
                    name,
                    HIDDEN if name in tool.marks.secrets and value is not None else thaw(self.secrets.value(value)),
                    origins(term, instance, source),
                )
                for (name, value), (_, term) in zip(bound, call.bound, strict=True)
            ),
            held=_reasons(doubt, held_for(self._holds, node, call)),
        )

    async def _ask(self, asker: Asker, instance: Instance, request: ApprovalRequest, question: Question) -> None:
        """Ask, and tell the answer."""
        refusal: PlanError | None = None
        try:
            if await asker.ask(request, partial(self._asking.asked, instance, request.tool)) is not True:
                refusal = _refusal(instance, request, "no")
        except (Exception, asyncio.CancelledError) as error:
            if not question.is_open:
                raise
            refusal = _refusal(instance, request, "failed", error)
        if question.is_open:
            self._asking.answered(instance, refusal)


def idempotency_key(run_id: str, key: Key) -> str:
    """The key of a write: the same for the same run and instance, whatever the attempt."""
    return hashlib.sha256(json.dumps([run_id, *key]).encode()).hexdigest()[:32]


def _refusal(
    instance: Instance, request: ApprovalRequest, reason: Refusal, cause: BaseException | None = None
) -> NotApproved:
    """The error of a call that nobody approved."""
    words = None if cause is None else f"{type(cause).__name__}: {cause}".removesuffix(": ")
    error = NotApproved(instance.node.task, instance.node.span, tool=request.tool, reason=reason, why=words)
    error.__cause__ = cause
    return error


def _reasons(doubt: str | None, held: str | None) -> str | None:
    """Why a call is held back: because of itself, because of its plan, or both."""
    if doubt is None or held is None:
        return doubt or held
    return f"{doubt.rpartition('; ')[0]}; {held}"


def _unfit(node: Node, tool: Tool, bound: Bound) -> BadArgument | None:
    """The error of a call with an argument that does not fit: nobody is asked for it."""
    try:
        for name, value in bound:
            tool.signature.check(name, value)
    except BaseException as why:  # noqa: BLE001 — validators are the tool's code
        return unfit(node, tool.name, 0, why)
    return None
