"""What follows from what was meant: which writes are made, given back or refused, told one after the other.

It shares the table of effects with what it judges, and nothing else.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from llmc_compiler.effects.effects import Effect, Kind, conflict, overlap
from tests.agent.talks.meant import Key, Meaning, Ref, Scalar, Talk, Task, Text, Value
from tests.agent.talks.world import (
    ASKING,
    BALANCES,
    EFFECTS,
    OWNERS,
    PARAMETERS,
    fault_of,
    key_of,
    result_of,
)

FALLBACK: Final = "none"

State = Literal["done", "failed", "blocked", "skipped"]


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a task."""

    state: State
    value: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A write that was meant: its plan, and why it is not made, or "made"; `calls` of it are expected."""

    key: Key
    effect: Effect
    plan: int
    fate: str
    calls: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A write that was made: when, in which plan, and whether its outcome is known."""

    moment: int
    plan: int
    in_doubt: bool
    effect: Effect


@dataclass(frozen=True, slots=True)
class _Other:
    """A write that may have changed what others have written."""

    moment: int
    plan: int
    key: Key
    effect: Effect
    was_given_up: bool
    was_sent: bool = True


class Choices:
    """A way through all that may go in more than one way; `more` are the ways that branch off from it."""

    def __init__(self, way: Sequence[int] = ()) -> None:
        self._way = tuple(way)
        self._taken: list[int] = []
        self.more: list[tuple[int, ...]] = []

    def choose(self, count: int) -> int:
        """One of so many alternatives."""
        at = len(self._taken)
        if at >= len(self._way):
            self.more += [(*self._taken, other) for other in range(1, count)]
        self._taken.append(self._way[at] if at < len(self._way) else 0)
        return self._taken[-1]


MOST_WAYS: Final = 64


def ways(talk: Talk) -> Iterator[list[Write]]:
    """The writes of each way in which the conversation may go, the best one first."""
    open_ways: list[tuple[int, ...]] = [()]
    for _ in range(MOST_WAYS):
        if not open_ways:
            return
        choices = Choices(open_ways.pop(0))
        yield _Course(talk, choices).writes
        open_ways += choices.more


@dataclass(slots=True)
class _Course:
    """One way in which a conversation goes."""

    talk: Talk
    choices: Choices
    writes: list[Write] = field(default_factory=list)
    plan: int = -1
    _became: dict[int, Became] = field(default_factory=dict)
    _kept: dict[Key, _Kept] = field(default_factory=dict)
    _since: list[_Other] = field(default_factory=list)
    _counts: Counter[Key] = field(default_factory=Counter)
    _failed: list[Effect] = field(default_factory=list)
    _moment: int = 0

    def __post_init__(self) -> None:
        """Go through all plans."""
        for scene in self.talk.scenes:
            self.plan += 1
            meanings = scene.meanings
            meaning = meanings[self.choices.choose(len(meanings)) if len(meanings) > 1 else 0]
            if meaning.plan is None:
                return
            self._failed = []
            for task in meaning.plan.tasks:
                self._became[task.at] = self._task(task, meaning)

    def _task(self, task: Task, meaning: Meaning) -> Became:
        """What becomes of a task."""
        for need in sorted(task.needs):
            if (found := self._became[need]).state != "done":
                return self._not_done(task, "skipped" if found.state == "skipped" else "blocked")
        if task.guard is not None and not _number(self._became[task.guard.task]) > task.guard.least:
            return self._not_done(task, "skipped")
        values = [self._value(value) for value in task.values]
        effect = _effect(task, values)
        if any(conflict(effect, earlier) for earlier in self._failed):
            return self._not_done(task, "blocked")
        if not effect.may_write:
            return _looked_up(task.tool, values)
        return self._write(task, key_of(task.tool, values), effect, meaning)

    def _not_done(self, task: Task, state: State) -> Became:
        """A task that is not done, noted where it would have written."""
        effect = EFFECTS[task.tool]
        if effect.may_write:
            self.writes.append(Write((task.tool, ()), effect, self.plan, state))
        return Became(state)

    def _value(self, value: Value) -> Scalar:
        """The value of an argument."""
        if isinstance(value, Ref | Text):
            found = self._became[value.task].value
            assert found is not None
            return f"has {found}" if isinstance(value, Text) else found
        return value

    # Writes

    def _write(self, task: Task, key: Key, effect: Effect, meaning: Meaning) -> Became:
        """A write whose turn has come."""
        refusal = self._refusal(task, meaning)
        kept = self._kept.get(key)
        if kept is not None and kept.plan < self.plan:
            is_idempotent = effect.kind is Kind.IDEMPOTENT
            is_undone = self._undone(key, kept)
            if kept.in_doubt and not is_idempotent and not (is_undone and self.talk.approver == "yes"):
                return self._refused(task, key, effect, "repeated in doubt")
            if not kept.in_doubt and not is_undone:
                # Nobody says whether asking comes first where the answer would change nothing that is written.
                if refusal is not None and self.choices.choose(2):
                    return self._refused(task, key, effect, refusal)
                self.writes.append(Write(key, effect, self.plan, "given"))
                return Became("done", result_of(key))
            if not is_idempotent and self.talk.approver != "yes":
                return self._refused(task, key, effect, "repeated after another write")
        if refusal is not None:
            return self._refused(task, key, effect, refusal)
        return self._made(task, key, effect)

    def _undone(self, key: Key, kept: _Kept) -> bool:
        """Whether another write may have changed what a write has written.

        It may go either way where that one was given up before and may have happened since, or both have no order.
        """
        since = [
            each for each in self._since if each.key != key and overlap(each.effect.resource, kept.effect.resource)
        ]
        found = [each for each in since if each.was_sent]
        if any(each.moment > kept.moment and (each.effect.is_write or kept.effect.is_write) for each in found):
            return True
        may_be_later = any(
            each.was_given_up
            or each.moment > kept.moment
            or (each.plan == kept.plan and not (each.effect.is_write or kept.effect.is_write))
            for each in found
        )
        # One without order to this call may still go on, and is not known to be unsent by then.
        may_be_later |= any(each.plan == self.plan and not each.effect.is_write for each in since if not each.was_sent)
        return may_be_later and self.choices.choose(2) == 1

    def _refusal(self, task: Task, meaning: Meaning) -> str | None:
        """Why a write is not allowed, if so."""
        talk = self.talk
        is_later = self.plan > 0 or (talk.history == "answered" and not talk.trusted)
        if task.at in meaning.asked or (is_later and task.tool not in talk.grant):
            why = "unclear" if task.at in meaning.asked else "not granted"
            return None if talk.approver == "yes" else f"{why}, {talk.approver}"
        if task.tool in ASKING and talk.approver not in {"yes", "all"}:
            return f"asks, {talk.approver}"
        return None

    def _refused(self, task: Task, key: Key, effect: Effect, why: str) -> Became:
        """A write that is not made."""
        self.writes.append(Write(key, effect, self.plan, why))
        if effect.may_write:
            self._failed.append(effect)
        return Became("failed")

    def _made(self, task: Task, key: Key, effect: Effect) -> Became:
        """A write that is made, with its attempts."""
        calls, fault = 0, None
        for _ in range(1 + task.retries):
            fault = fault_of(self.talk.seed, self.talk.faults, key, self._counts[key])
            self._counts[key] += 1
            calls += 1
            if fault is None or (fault != "not sent" and effect.kind is not Kind.IDEMPOTENT):
                break
        self.writes.append(Write(key, effect, self.plan, "made", calls))
        self._moment += 1
        if fault != "not sent":
            self._keep(key, effect, in_doubt=fault is not None)
        self._since.append(_Other(self._moment, self.plan, key, effect, fault == "hung", fault != "not sent"))
        if fault is None:
            return Became("done", result_of(key))
        if effect.may_write:
            self._failed.append(effect)
        return Became("done", FALLBACK) if task.fallback else Became("failed")

    def _keep(self, key: Key, effect: Effect, *, in_doubt: bool) -> None:
        """Keep how a write ended; of two equal ones without order, either may be the last."""
        earlier = self._kept.get(key)
        is_open = earlier is not None and earlier.plan == self.plan and earlier.in_doubt != in_doubt
        if is_open and not effect.is_write:
            in_doubt = self.choices.choose(2) == 1
        self._kept[key] = _Kept(self._moment, self.plan, in_doubt, effect)


def _effect(task: Task, values: Sequence[Scalar]) -> Effect:
    """The effect of a call with these arguments."""
    names = [name for name, _ in PARAMETERS[task.tool]]
    constants = {name: value for name, value in zip(names, values, strict=True) if isinstance(value, str)}
    return EFFECTS[task.tool].of(constants)


def _number(became: Became) -> float:
    """The number that a task gave."""
    assert isinstance(became.value, int | float)
    return became.value


def _looked_up(tool: str, values: Sequence[Scalar]) -> Became:
    """What a look-up gives."""
    match tool, values:
        case "balance", [str(who)]:
            return Became("done", BALANCES[who]) if who in BALANCES else Became("failed")
        case "owner", [str(place)]:
            return Became("done", OWNERS[place])
        case "double", [int() | float() as x]:
            return Became("done", 2.0 * x)
        case _:
            return Became("done", 0)
