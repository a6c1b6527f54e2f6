"""The judge: what an agent did, against all that may have been meant."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from operator import itemgetter

from llmc_compiler.effects.effects import conflict
from tests.agent.talks.meant import Key, Talk
from tests.agent.talks.model import Write, ways
from tests.agent.talks.play import Played
from tests.agent.talks.world import Made, shown


@dataclass(slots=True)
class Verdict:
    """What is wrong with a conversation: writes that should not have been, and those that are missing.

    `expected` are the writes of the meaning that comes closest.
    """

    expected: list[Write]
    wrong: list[tuple[str, Made]] = field(default_factory=list)
    missing: list[tuple[str, Write]] = field(default_factory=list)

    @property
    def cost(self) -> tuple[int, int]:
        """How far a meaning is from what was done."""
        return len(self.wrong), len(self.missing)


def judged(talk: Talk, played: Played) -> Verdict:
    """The verdict by the meaning that comes closest to what was done."""
    best: Verdict | None = None
    for expected in ways(talk):
        found = _compared(expected, played)
        if best is None or found.cost < best.cost:
            best = found
        if best.cost == (0, 0):
            break
    assert best is not None
    best.wrong += [("too early", made) for made in played.made if made.was_early]
    return best


def _compared(expected: list[Write], played: Played) -> Verdict:
    """What was done against one meaning."""
    verdict = Verdict(expected)
    left: Counter[Key] = Counter()
    for write in expected:
        left[write.key] += write.calls
    refused = {write.key for write in expected if write.fate != "made"}
    for made in played.made:
        if left[made.key] > 0:
            left[made.key] -= 1
        elif any(write.key == made.key and write.calls for write in expected):
            verdict.wrong.append(("made twice", made))
        else:
            verdict.wrong.append(("not allowed" if made.key in refused else "not meant", made))
    verdict.wrong += _disorder(expected, played.made)
    for write in reversed(expected):
        if write.calls and left[write.key] > 0:
            left[write.key] -= write.calls
            verdict.missing.append((_reason(write, played), write))
    return verdict


def _disorder(expected: Sequence[Write], made: Sequence[Made]) -> list[tuple[str, Made]]:
    """Calls that began before the end of one that conflicts with them and comes first."""
    turns: dict[Key, list[int]] = {}
    for index, write in enumerate(expected):
        turns.setdefault(write.key, []).extend([index] * write.calls)
    placed = sorted(((turn.pop(0), call) for call in made if (turn := turns.get(call.key))), key=itemgetter(0))
    return [
        ("out of order", later)
        for (one, earlier), (other, later) in combinations(placed, 2)
        if one != other and later.began < earlier.ended and conflict(expected[other].effect, expected[one].effect)
    ]


def _reason(write: Write, played: Played) -> str:
    """Why a write is missing, as far as anything says so."""
    plans = len(played.answer.plans) if played.answer is not None else 0
    if write.plan >= plans:
        return "no plan" if played.error is None else type(played.error).__name__
    named = [error for number, error in played.errors() if number == write.plan]
    return type(named[0]).__name__ if named else "left out"


@dataclass(slots=True)
class Tally:
    """What many conversations came to: kinds of conversations, fates of writes, and what was wrong."""

    talks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, talk: Talk, verdict: Verdict) -> None:
        """Count a conversation."""
        self.talks += 1
        fates = Counter(write.fate for write in verdict.expected)
        self.fates += fates
        self.missing += Counter(reason for reason, _ in verdict.missing)
        self.wrong += Counter(what for what, _ in verdict.wrong)
        self.kinds.update({*talk.kinds, *_kinds(talk, fates)})

    @property
    def meant(self) -> int:
        """Writes that were meant, allowed and clear."""
        return self.fates["made"]

    @property
    def missing_share(self) -> float:
        """The share of these that were not made."""
        return self.missing.total() / max(1, self.meant)

    def share(self, kind: str) -> float:
        """The share of conversations of a kind."""
        return self.kinds[kind] / max(1, self.talks)

    def __str__(self) -> str:
        """Shares of conversations, and of writes, by kind."""
        total = max(1, self.fates.total())
        rows = [f"{self.talks:,} conversations with {total:,} writes that were meant"]
        rows += [f"  {kind:28} {self.share(kind):6.1%} of conversations" for kind, _ in self.kinds.most_common()]
        rows += [f"  {fate:28} {count / total:6.1%} of writes" for fate, count in self.fates.most_common()]
        rows += [f"  missing: {reason:19} {count / max(1, self.meant):6.2%}" for reason, count in self.missing.items()]
        rows += [f"  wrong: {what:21} {count:6}" for what, count in self.wrong.items()]
        return "\n".join(rows)


def _kinds(talk: Talk, fates: Counter[str]) -> set[str]:
    """What happens in a conversation."""
    found = {"replan"} if len(talk.scenes) > 1 else set()
    if talk.faults:
        found.add("faults")
    if talk.history == "answered":
        found.add("history")
    if any("granted" in fate or "unclear" in fate or "asks" in fate for fate in fates):
        found.add("held")
    if fates["repeated in doubt"]:
        found.add("in doubt")
    return found | ({"given back"} if fates["given"] else set())


def report(talk: Talk, played: Played, verdict: Verdict) -> str:
    """A conversation and its verdict, to be read."""
    rows = [f"seed {talk.seed}: approver {talk.approver}, grant {sorted(talk.grant)}, history {talk.history}"]
    rows[0] += f"{' (trusted)' if talk.trusted else ''}, faults {talk.faults:g}; {', '.join(sorted(talk.kinds))}"
    for who, text in played.said:
        rows += [f"{who}:", *(f"    | {line}" for line in text.splitlines() or [""])]
    rows.append(f"ended with {type(played.error).__name__}: {played.error}" if played.error else "ended well")
    rows += [f"    plan {number + 1}: {type(error).__name__}: {error}" for number, error in played.errors()]
    rows.append("meant:")
    rows += [f"    plan {each.plan + 1}: {shown(each.key)}: {each.fate}" for each in verdict.expected]
    rows += ["made:", *(f"    {made}" for made in played.made)]
    rows += [f"WRONG, {what}: {made}" for what, made in verdict.wrong]
    rows += [f"MISSING, {reason}: {shown(write.key)}" for reason, write in verdict.missing]
    return "\n".join(rows)
