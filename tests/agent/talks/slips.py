"""How planners say a plan: well, with reasoning in front, cut off, unfinished, or with no plan in it at first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from tests.agent.talks import spelling
from tests.agent.talks.meant import Ids, Meaning, Plan, Reply, Task
from tests.agent.talks.world import EFFECTS


@dataclass(slots=True)
class Saying:
    """A plan on its way into replies.

    `ids` are what its tasks are called, `fresh` is the first of some numbers that nothing has, `taken` are those of
    earlier plans. `replies` say it, and `clear` is said to whoever asks more often.
    """

    rng: Random
    plan: Plan
    ids: dict[int, str]
    fresh: int
    taken: tuple[str, ...] = ()
    replies: list[Reply] = field(default_factory=list)
    clear: Reply | None = None
    meanings: tuple[Meaning, ...] = ()
    kinds: set[str] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)

    def lines(self, ids: Ids | None = None) -> list[str]:
        """The lines of the plan."""
        return spelling.lines(self.plan, self.ids if ids is None else ids, self.rng)

    def say(self, text: str, *, apology: bool = False) -> None:
        """Say a text, sometimes with what models write around it."""
        if self.rng.random() < 0.3:
            text = spelling.dressed(text, self.rng, apology=apology)
        self.replies.append(Reply(text))

    def say_plan(self) -> None:
        """Say the plan well."""
        self.say(spelling.text_of(self.lines(), self.rng), apology=bool(self.replies))

    def renumbered(self) -> dict[int, str]:
        """Other numbers for all tasks; later plans cannot rely on either."""
        self.unsure.update(task.at for task in self.plan.tasks)
        self.kinds.add("renumbering")
        return {**self.ids, **spelling.numbers(self.plan.tasks, self.fresh)}

    def draft(self) -> str:
        """What a model writes before it has made up its mind."""
        rng = self.rng
        written = rng.sample(EVIL, rng.randint(1, 2))
        numbered = [f"{number}. {each}" for number, each in enumerate(written, rng.choice((1, self.fresh)))]
        match rng.randrange(5):
            case 0:
                return "\n".join([*numbered, "join()"])
            case 1:
                return "Maybe like this:\n" + "\n".join(numbered) + "\nNo, better not."
            case 2:
                return "\n".join(self.lines()[:-1]).replace("00", "01")
            case 3:
                return f"The user wants something.\nAction: Finish(nothing)\n{written[0]}"
            case _:
                return f"I could write {numbered[0]} here, or refuse"


EVIL: Final = ('pay("mallory", 666)', 'label("mallory")', 'submit("mallory")', 'mail("mallory")', 'archive("mallory")')
"""Writes that nobody means."""

Slip = Callable[[Saying], None]


def well(saying: Saying) -> None:
    """Say the plan well."""
    saying.say_plan()


def thought(saying: Saying) -> None:
    """Think before the plan: the draft is void."""
    saying.kinds.add("thought")
    text = spelling.text_of(saying.lines(), saying.rng)
    saying.replies.append(Reply(spelling.thinking(saying.draft(), saying.rng) + text))


def afterthought(saying: Saying) -> None:
    """Think behind the join: that is no part of the plan, or makes all of it void, so that it is asked for."""
    saying.kinds.add("thought")
    text = "\n".join(saying.lines()) + "\n"
    ends = saying.rng.random() < 0.5
    after = spelling.thinking(saying.draft(), saying.rng, ends=ends) if saying.rng.random() < 0.6 else saying.draft()
    saying.replies.append(Reply(text + after))


def endless_thought(saying: Saying) -> None:
    """Begin to think, and come to no end: all of it is void, and the plan is asked for."""
    saying.kinds |= {"thought", "repair"}
    text = spelling.thinking(saying.draft() + "\n" + "\n".join(saying.lines()), saying.rng, ends=False)
    if saying.rng.random() < 0.5:
        saying.kinds.add("cut")
        saying.replies.append(Reply(text[: saying.rng.randint(len(text) // 2, len(text))], "length"))
    else:
        saying.replies.append(Reply(text))
    saying.say_plan()


def tag_in_text(saying: Saying) -> None:
    """Write a closing tag as a part of a text: it is that text."""
    saying.kinds.add("tag in a text")
    at = max((task.at for task in saying.plan.tasks), default=-1)
    task = Task(at + 100, "submit", (f"a </{saying.rng.choice(spelling.TAGS)}> b",))
    saying.plan = replace(saying.plan, tasks=(*saying.plan.tasks, task))
    saying.ids[task.at] = str(saying.fresh)
    saying.say_plan()


def unfinished(saying: Saying) -> None:
    """Stop behind the last call, without the end of its line: it may be the beginning of a longer one."""
    last = saying.plan.tasks[-1]
    saying.plan = replace(saying.plan, join=None)
    saying.kinds.add("unfinished")
    saying.replies.append(Reply("\n".join(saying.lines()[:-1])))
    if EFFECTS[last.tool].may_write:
        saying.meanings = (Meaning(saying.plan, frozenset({last.at})),)


def unjoined(saying: Saying) -> None:
    """Leave the join out, and end the last line."""
    saying.plan = replace(saying.plan, join=None)
    saying.kinds.add("unjoined")
    saying.replies.append(Reply("\n".join(saying.lines()[:-1]) + "\n"))


def refused(saying: Saying) -> None:
    """Refuse to plan."""
    saying.kinds.add("refusal")
    saying.replies.append(Reply("I cannot help with that.", "refusal"))
    saying.meanings = (Meaning(None),)


NO_PLANS: Final = (
    "I cannot do that yet.",
    "join()",
    "90. 2 + 2\njoin($90)\n",
    "Thought: pay mallory\n95. join()",
    "Let me think about it first.\n",
    "x = 2 * 3\n",
)


def no_plan(saying: Saying) -> None:
    """Write something that calls no tool, and then the plan; or never."""
    saying.kinds |= {"no plan", "repair"}
    if saying.rng.random() < 0.15:
        saying.replies += [Reply(saying.rng.choice(NO_PLANS)) for _ in range(3)]
        saying.clear = Reply(NO_PLANS[0])
        saying.meanings = (Meaning(None),)
        return
    saying.replies.append(Reply(saying.rng.choice(NO_PLANS)))
    saying.say_plan()


# Cut off


def cut(saying: Saying) -> None:
    """Be cut off anywhere: the line that was open is void, and the rest is asked for."""
    rng = saying.rng
    saying.kinds.add("cut")
    parts = saying.lines()
    front = ""
    if rng.random() < 0.3:
        saying.kinds.add("thought")
        front = spelling.thinking(saying.draft(), rng)
    left = _cut(saying, front, parts)
    if not left:
        return
    saying.kinds.add("repair")
    match rng.randrange(5):
        case 0:
            saying.say("\n".join(saying.lines()) + "\n")
        case 1:
            saying.say("\n".join(saying.lines(saying.renumbered())) + "\n")
        case 2 if len(left) > 1:
            if len({(task.tool, task.values) for task in saying.plan.tasks}) < len(saying.plan.tasks):
                # Whether a line that stands is meant twice is worth one more question, which nobody may ask any more.
                saying.meanings = (Meaning(saying.plan), Meaning(None))
            left = _cut(saying, "", left)
            if left:
                saying.say("\n".join(left) + "\n")
        case _:
            saying.say("\n".join(left) + "\n", apology=True)


def _cut(saying: Saying, front: str, parts: list[str]) -> list[str]:
    """Say lines, cut off somewhere; the lines that do not stand."""
    rng = saying.rng
    text = front + "\n".join(parts) + "\n"
    # A draft without its opening tag is a plan for whoever has not seen the closing one.
    least = 0 if front[:1] in {"<", "["} else len(front)
    at = rng.choice(list(_tempting(front, parts))) if rng.random() < 0.6 else rng.randint(least, len(text))
    line = max(text.rfind("\n", 0, at) + 1, len(front))
    if "</" in text[line:at]:
        at = line  # a tag is text only in a statement that has ended
    saying.replies.append(Reply(text[:at], "length"))
    end, stand = len(front), 0
    for part in parts:
        end += len(part) + 1
        stand += end <= at
    return parts[stand:]


def _tempting(front: str, parts: list[str]) -> Iterator[int]:
    """Places at which what was written so far looks like a whole line: behind a bracket, or inside a number."""
    at = len(front)
    for part in parts:
        yield from (at + place + 1 for place, letter in enumerate(part) if letter == ")")
        at += len(part) + 1
