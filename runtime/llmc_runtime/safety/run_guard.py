"""The guard of a run: its approvals, its secrets, and the arguments that it adds to calls."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MethodType, TracebackType
from typing import Final, Protocol
from uuid import uuid4

from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Call, Node
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.terminal_cells import visible
from llmc_compiler.tools.signature import Prepared
from llmc_compiler.tools.tool import Tool
from llmc_grammar.ast import NOWHERE
from llmc_grammar.source import Source
from llmc_runtime.calls.call_errors import unfit
from llmc_runtime.calls.injected_signature import InjectedSignature
from llmc_runtime.calls.nested_runs import Guard
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.errors import ContextError, NotApproved, PlanError, Refusal
from llmc_runtime.foreign_errors import described, shortened
from llmc_runtime.redaction import HIDDEN, Secrets
from llmc_runtime.safety.approval import Approval, Hold, held_for
from llmc_runtime.safety.approval_queue import ApprovalQueue, RunEndedError
from llmc_runtime.safety.approval_request import ApprovalRequest, Origin
from llmc_runtime.safety.provenance import Earlier, file_of, line_of, request_of, sources
from llmc_runtime.safety.secret_tracker import SecretTracker
from llmc_runtime.state.instance import Instance
from llmc_runtime.state.outcomes import Key
from llmc_runtime.state.queued_approval import KnownCall, QueuedApproval
from llmc_runtime.values import thaw

Bound = Sequence[tuple[str | None, Json]]
Verdict = list[tuple["RunGuard", str | None]]
"""The runs in which approval is asked for, with the reason for which the call is held there."""

Asked = tuple["RunGuard", ApprovalRequest]
"""A run that must approve, and the request to it."""

_AROUND: Final = "decided in the run around it"
"""The addition to a refusal by an outer run."""


class ApprovalListener(Protocol):
    """The run that wants to make a call."""

    def asked(self, owner: Instance, tool: str, /) -> None:
        """The approver is asked."""
        ...

    def answered(self, owner: Instance, refusal: PlanError | None, /) -> None:
        """The call was approved, or is refused."""
        ...

    def too_late_around(self) -> str | None:
        """Return why a nested run may start no more calls, None if it may."""
        ...


class RunGuard:
    """The guard of one run.

    `approval` decides which calls need approval. `contexts` are those of its tools. `source` returns the plan's text,
    whose lines a request names, and `earlier` has the provenance of earlier plans' results. `run_id` is part of every
    idempotency key: two runs with the same one use the same keys. `secrets` are those of earlier runs, whose results
    this one reads. `labels` mark the inputs and results that are known to be secret. Unless it `is_strict`, it has no
    question about a first call of a tool that needs no approval.
    """

    def __init__(
        self,
        approval: Approval | None = None,
        contexts: Contexts | None = None,
        *,
        source: Callable[[], Source | None] = lambda: None,
        run_id: str | None = None,
        secrets: Secrets | None = None,
        labels: Mapping[str, Label] | None = None,
        earlier: Earlier | None = None,
    ) -> None:
        self.run_id = run_id or uuid4().hex
        self.notes: dict[str, None] = {}
        self.known_secrets = SecretTracker(Secrets() if secrets is None else secrets, self.notes, labels or {})
        self._approval = approval or Approval()
        self._contexts = contexts or Contexts()
        self._source = source
        self._earlier = earlier or {}
        self._holds: list[Hold] = []
        self._approvals: ApprovalQueue | None = None
        self.around: RunGuard | None = None
        self.inside: tuple[str, ...] = ()
        self.is_strict = self._approval.word == "ask"
        self.is_over = False

    @property
    def secrets(self) -> Secrets:
        """The secrets of the run, and of those around it."""
        return self.known_secrets.secrets

    def finish(self, error: PlanError) -> None:
        """Prepare an error for display: redact it, and set its line if the plan's text is known."""
        self.secrets.cover(error)
        if error.line is None:
            error.line, error.file = line_of(self._source(), error.span), file_of(self._source(), error.span)

    # The run

    def inherit(self, around: Guard, call: str) -> None:
        """Bind this run to the outer run, in whose `call` it begins."""
        assert isinstance(around, RunGuard)  # noqa: S101 — every run has one
        self.known_secrets.share(around.secrets)
        self.around, self.inside, self.is_strict = around, (*around.inside, call), True

    async def open(self) -> None:
        """Open the contexts; raises ContextError."""
        try:
            await self._contexts.open()
        except ContextError as error:
            self.secrets.cover(error)
            raise

    def begin(self, params: Mapping[str, Json], asking: ApprovalListener) -> None:
        """Start the run with these inputs."""
        self.known_secrets.params, self._asking = params, asking
        callback = self._approval.callback
        self._approvals = None if callback is None and self.around is None else ApprovalQueue(callback)

    async def close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End approval requests, and close the contexts."""
        self.is_over = True
        try:
            if self._approvals is not None and (left := await self._approvals.end()):
                self.notes[f"approval requests that did not stop when the run ended: {left}"] = None
        finally:
            await self._contexts.close(kind, error, trace)

    def cut_off(self) -> None:
        """Refuse all requests of this copy of the run, in the child of a fork: its approver is in the parent."""
        self.is_over = True
        self.secrets.unlock()

    def hold(self, *holds: Hold) -> None:
        """Require approval for the calls that these holds cover, from now on."""
        self._holds += holds
        self.is_strict = self.is_strict or bool(holds)

    # Calls

    def prepared(
        self,
        instance: Instance,
        call: Call,
        bound: Bound,
        known: KnownCall | None = None,
        approved: Prepared | None = None,
    ) -> Call:
        """Return the call with the run's own and the prepared arguments; its secret arguments become known secrets."""
        tool, ready = call.tool, known is not None and known.prepared
        self.known_secrets.hear(instance, tool, bound)
        filled: dict[str, object] = {}
        if tool.marks.key is not None:
            filled[tool.marks.key] = idempotency_key(self.run_id, instance.key)
        if tool.marks.context is not None:
            filled[tool.marks.context] = self._contexts.of(tool)
        if not filled and not ready and approved is None:
            return call
        # The function itself is kept, since other code identifies the tool by it.
        signature = InjectedSignature(tool.signature, filled, [ready] if ready else [], approved)
        return replace(call, tool=replace(tool, signature=signature))

    def question(
        self, instance: Instance, call: Call, bound: Bound, known: KnownCall | None = None
    ) -> QueuedApproval | PlanError | None:
        """Return the approval request under way for a call, or the error of a call that is refused; None if neither."""
        node, doubt = instance.node, None if known is None else known.doubt
        is_held = doubt is not None or (bool(self._holds) and self._held_for(node, call) is not None)
        if self.around is None and not self._approval.asks(node, call, held=is_held):
            return None
        verdict = self.verdict(node, call, doubt)
        if isinstance(verdict, PlanError):
            return verdict
        if not verdict:
            return None
        signature = call.tool.signature
        try:
            prepared = (known and known.prepared) or signature.prepare(bound)
        except BaseException as why:  # noqa: BLE001 — validators are the tool's code
            return unfit(node, call.tool.name, 0, why)
        assert self._approvals is not None  # noqa: S101 — refused without an approver
        # A second conversion may differ; otherwise no arguments are kept while the request waits.
        question = QueuedApproval(verdict, prepared if signature.converts else None)
        return self._approvals.start(question, partial(self._ask, verdict, self._approvals, instance, call, bound))

    def sources(self, instance: Instance, plan: int) -> tuple[Origin, ...]:
        """Return the provenance of an instance's result, for later plans; empty in a run that asks no one."""
        return sources(instance, self._source(), self._earlier, plan) if self.is_asking else ()

    def stands(self, question: QueuedApproval, instance: Instance, call: Call, known: KnownCall | None) -> bool:
        """Whether an early answer still stands when the call's turn comes."""
        return question.asked == self.verdict(instance.node, call, None if known is None else known.doubt)

    @property
    def is_asking(self) -> bool:
        """Whether this run can ask anyone."""
        return self._approvals is not None

    def may_ask_for(self, node: Node, call: Call) -> bool:
        """Whether a call may need approval, as far as is known before its turn."""
        return self.around is not None or self._approval.asks(node, call, held=bool(self._holds))

    def verdict(self, node: Node, call: Call, doubt: str | None = None) -> PlanError | Verdict:
        """Return the error of a refused call, or the runs that must approve, each with its reason to hold the call.

        The outermost run comes first. A function that several runs share is asked once. `doubt` is a reason for this
        run to ask regardless of the word.
        """
        asked: list[tuple[RunGuard, str | None]] = []
        for guard in self._chain():
            held = guard._held_for(node, call, guest=guard is not self)  # noqa: SLF001 — of another run
            held = _reasons(doubt, held) if guard is self else held
            if not guard._approval.asks(node, call, held=held is not None):  # noqa: SLF001
                continue
            if (refusal := guard._refusal(node, call, held, self)) is not None:  # noqa: SLF001
                return refusal
            same = next((index for index, (other, _) in enumerate(asked) if guard._asks_like(other)), None)  # noqa: SLF001
            if same is None:
                asked.append((guard, held))
            else:
                asked[same] = (asked[same][0], asked[same][1] or held)
        return asked

    def _chain(self) -> list["RunGuard"]:
        """The runs around this one, outermost first, and this one."""
        chain = [self]
        while (around := chain[-1].around) is not None:
            chain.append(around)
        return chain[::-1]

    def _held_for(self, node: Node, call: Call, *, guest: bool = False) -> str | None:
        """Why a call is held, None if it is not; holds on single tasks do not apply to nested runs (`guest`)."""
        holds = [hold for hold in self._holds if hold.span is None] if guest else self._holds
        return held_for(holds, node, call)

    def _refusal(self, node: Node, call: Call, held: str | None, of: "RunGuard") -> PlanError | None:
        """The error of a call that needs approval and is refused without asking, for this run or one inside it."""
        if self.is_over:
            return NotApproved(node.task, node.span, tool=call.tool.name, reason="nobody", why=RunEndedError())
        error = self._approval.refusal(node, call, held=held)
        if isinstance(error, NotApproved) and of is not self:
            return NotApproved(node.task, node.span, tool=error.tool, reason=error.reason, why=_AROUND)
        return error

    def _asks_like(self, other: "RunGuard") -> bool:
        """Whether another run asks the same function."""
        mine, its = self._approval.callback, other._approval.callback  # noqa: SLF001 — of another run
        return mine is its or (isinstance(mine, MethodType) and isinstance(its, MethodType) and mine == its)

    def place(self, node: Node) -> str:
        """Return a node's place in the plan: its line, or its task if the text is not known."""
        source = self._source()
        return f"task {node.task}" if source is None or node.span == NOWHERE else source.place(node.span)

    def _request(self, instance: Instance, call: Call, bound: Bound, prepared: Prepared | None) -> ApprovalRequest:
        """The approval request for a call."""
        signature = call.tool.signature
        return request_of(
            instance,
            signature.received(bound, prepared or signature.prepare(bound)),
            bound,
            shown=partial(self._shown, call.tool),
            source=self._source(),
            earlier=self._earlier,
            inside=self.inside,
        )

    def _shown(self, tool: Tool, name: str | None, value: Json) -> Json:
        """A redacted copy of an argument."""
        return HIDDEN if name in tool.marks.secrets and value is not None else thaw(self.secrets.value(value))

    async def _ask(  # noqa: PLR0917 — the queue adds the question
        self,
        asked: Verdict,
        approvals: ApprovalQueue,
        instance: Instance,
        call: Call,
        bound: Bound,
        question: QueuedApproval,
    ) -> None:
        """Ask for approval, and report the answer."""
        refusal: PlanError | None = None
        tool = call.tool.name
        try:
            async with approvals.turn_of(guard._approval.callback for guard, _ in asked):  # noqa: SLF001 — of another run
                self._asking.asked(instance, tool)
                request = self._request(instance, call, bound, question.prepared)
                requests = [(guard, replace(request, held=held)) for guard, held in asked]
                refusal = await self._refused(approvals, instance, requests, question)
        except KeyboardInterrupt:
            raise  # the user's, not the function's
        except BaseException as error:
            # Other BaseExceptions would end only this task, and the call would wait forever.
            if not question.is_open:
                if isinstance(error, Exception | asyncio.CancelledError):
                    raise
                return
            refusal = _refusal(instance, tool, "failed", described(error))
            refusal.__cause__ = error
        if question.is_open:
            self._asking.answered(instance, refusal)

    async def _refused(
        self, approvals: ApprovalQueue, instance: Instance, requests: Sequence[Asked], question: QueuedApproval
    ) -> PlanError | None:
        """Return the error for the first answer other than yes; raises the exceptions of the callbacks."""
        if not question.is_open:  # the listener that was told of it has ended the run
            raise asyncio.CancelledError
        for guard, request in requests:
            if (why := self._asking.too_late_around()) is not None:
                return _refusal(instance, request.tool, "nobody", why)
            try:
                answer = await (approvals.ask(request) if guard is self else guard.ask_for_guest(request))
            except RunEndedError as error:
                return _refusal(instance, request.tool, "nobody", error)
            if answer is not True:
                return _refusal(instance, request.tool, "no", self._why(answer, None if guard is self else _AROUND))
        return None

    def _why(self, answer: object, whose: str | None) -> str | None:
        """The reason in an answer, on one line, with the run that it comes from."""
        text = self.secrets.text(answer).strip() if isinstance(answer, str) else ""
        reason = visible(shortened(text), quoted=False)
        return f"{reason} ({whose})" if reason and whose else reason or whose

    async def ask_for_guest(self, request: ApprovalRequest) -> object:
        """Ask on behalf of a nested run; raises RunEndedError, and the function's exceptions."""
        assert self._approvals is not None  # noqa: S101 — refused without an approver
        return await self._approvals.ask_for_guest(request)


def idempotency_key(run_id: str, key: Key) -> str:
    """Return the key of a write: the same for the same run and instance, regardless of the attempt."""
    return hashlib.sha256(json.dumps([run_id, *key]).encode()).hexdigest()[:32]


def _refusal(instance: Instance, tool: str, reason: Refusal, why: object) -> NotApproved:
    """The error of a call without approval."""
    return NotApproved(instance.node.task, instance.node.span, tool=tool, reason=reason, why=why)


def _reasons(doubt: str | None, held: str | None) -> str | None:
    """Combine the reasons to hold a call: its own, and its plan's."""
    if doubt is None or held is None:
        return doubt or held
    return f"{doubt.rpartition('; ')[0]}; {held}"
