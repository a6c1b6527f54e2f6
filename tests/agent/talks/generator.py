"""Random conversations: what is meant first, and then how it is said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.agent.talks import mends, slips, spelling
from tests.agent.talks.meant import Approver, Guard, History, Meaning, Plan, Ref, Reply, Scene, Talk, Task, Text, Value
from tests.agent.talks.slips import Saying, Slip
from tests.agent.talks.world import BALANCES, EFFECTS, OWNERS, UNKNOWN_NAME, WRITERS

ROOM: Final = 20
"""Numbers for one plan: half of them for what it is said with first, half for other numbers."""

AMOUNTS: Final = (5.0, 20.0, 100.0, 300.0, 4000.0)
PEOPLE: Final = ("bob", "eve", "ann")

SLIPS: Final[tuple[tuple[Slip, int], ...]] = (
    (slips.well, 20),
    (slips.thought, 10),
    (slips.afterthought, 3),
    (slips.endless_thought, 4),
    (slips.tag_in_text, 3),
    (slips.unfinished, 5),
    (slips.unjoined, 3),
    (slips.refused, 1),
    (slips.no_plan, 5),
    (slips.cut, 14),
    (mends.mistaken, 28),
    (mends.unclosed, 5),
    (mends.taken, 9),
)

TOOLS: Final[tuple[tuple[str, int], ...]] = (
    ("balance", 4),
    ("owner", 2),
    ("double", 2),
    ("dice", 1),
    ("pay", 8),
    ("refund", 2),
    ("label", 4),
    ("mail", 4),
    ("submit", 3),
    ("archive", 3),
    ("store", 3),
)

APPROVERS: Final[tuple[Approver, ...]] = ("nobody",) * 7 + ("yes",) * 6 + ("no",) * 2 + ("all",) * 3 + ("none",) * 2

HISTORIES: Final[tuple[History, ...]] = ("none",) * 7 + ("asked",) + ("answered",) * 2

GRANTS: Final = (
    frozenset[str](),
    frozenset(WRITERS),
    frozenset(WRITERS),
    frozenset({"pay", "label"}),
    frozenset({"mail", "store", "archive", "refund", "submit"}),
)


def random_talk(seed: int) -> Talk:
    """The conversation of a seed."""
    return _Author(Random(seed)).talk(seed)


@dataclass(slots=True)
class _Author:
    """Writes a conversation, and remembers what was meant so far.

    `known` are earlier look-ups that later plans can read, with their names; `written` are earlier writes.
    """

    rng: Random
    count: int = 0
    known: dict[int, Task] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    written: list[Task] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def talk(self, seed: int) -> Talk:
        """The whole conversation."""
        rng = self.rng
        plans = rng.choices((1, 2, 3), (35, 40, 25))[0]
        scenes: list[Scene] = []
        for number in range(plans):
            scenes.append(self.scene(number, is_last=number == plans - 1))
            if any(meaning.plan is None for meaning in scenes[-1].meanings):
                break
        history = rng.choice(HISTORIES)
        return Talk(
            seed=seed,
            scenes=tuple(scenes),
            approver=rng.choice(APPROVERS),
            grant=rng.choice(GRANTS),
            history=history,
            trusted=history == "answered" and rng.random() < 0.5,
            faults=rng.choice((0.0, 0.0, 0.0, 0.15, 0.5)),
            kinds=frozenset(self.kinds).union(*(scene.kinds for scene in scenes)),
        )

    def scene(self, number: int, *, is_last: bool) -> Scene:
        """One plan, and how it is said."""
        rng = self.rng
        plan = self.plan(number, is_last=is_last)
        first = ROOM * number + 1
        names = spelling.numbers(plan.tasks, first)
        for task in plan.tasks:
            if rng.random() < 0.15:
                names[task.at] = f"t{task.at}"
        saying = Saying(rng, plan, {**self.ids, **names}, first + ROOM // 2, tuple(self.taken))
        _slip(rng, number)(saying)
        clear = saying.clear or Reply("\n".join(saying.lines()) + "\n")
        meanings = saying.meanings or (Meaning(saying.plan),)
        ids = {at: name for at, name in saying.ids.items() if at not in saying.unsure}
        self.remember(meanings, ids)
        is_last = is_last or any(meaning.plan is None for meaning in meanings)
        decision = self.decision(is_last=is_last)
        return Scene(tuple(saying.replies), clear, meanings, ids, decision, frozenset(saying.kinds))

    def remember(self, meanings: Sequence[Meaning], ids: dict[int, str]) -> None:
        """What later plans can read, repeat or take back."""
        plan = meanings[0].plan
        is_free = True  # nothing that fails stands before it
        for task in plan.tasks if plan is not None else ():
            if EFFECTS[task.tool].may_write:
                self.written.append(task)
                is_free = False
            elif is_free and task.at in ids and not task.guard and _is_known(task):
                self.known[task.at] = task
            if task.at in ids:
                self.ids[task.at] = ids[task.at]
                self.taken.append(ids[task.at])

    def decision(self, *, is_last: bool) -> str:
        """What the joiner says, sometimes after it has thought of the opposite."""
        words = ("Finish(it is done)", "Replan(go on)")
        real, other = words if is_last else words[::-1]
        text = f"Thought: I see\nAction: {real}"
        if self.rng.random() < 0.8:
            return text
        self.kinds.add("thought")
        return spelling.thinking(f"Maybe this is it.\nAction: {other}\nOr not.", self.rng) + text

    # Plans

    def plan(self, number: int, *, is_last: bool) -> Plan:
        """A plan; one that follows others looks up something new, so that it is another plan."""
        rng = self.rng
        tasks: list[Task] = []
        if number:
            who = list(BALANCES)[2 + number]
            tasks.append(Task(self.next(), "balance", (who,)))
        for _ in range(rng.randint(1, 5 - len(tasks))):
            tasks.append(self.task(tasks, number))
        if not number and rng.random() < 0.7 and not any(EFFECTS[task.tool].may_write for task in tasks):
            tasks[-1] = self.new(rng.choice(("pay", "label", "mail")), tasks[:-1])
        if not is_last or rng.random() < 0.5:
            return Plan(tuple(tasks))
        return Plan(tuple(tasks), "that is it" if rng.random() < 0.6 else Ref(rng.choice(tasks).at))

    def next(self) -> int:
        """The next number of a task in the conversation."""
        self.count += 1
        return self.count

    def task(self, before: Sequence[Task], number: int) -> Task:
        """A task that is new, or does again or takes back what an earlier plan did."""
        rng = self.rng
        said = {(task.tool, task.values) for task in before}
        free = [task for task in self.written if (task.tool, task.values) not in said and self.is_constant(task)]
        if number and free and rng.random() < 0.6:
            old = rng.choice(free)
            if old.tool == "pay" and rng.random() < 0.35:
                self.kinds.add("undo")
                return Task(self.next(), "refund", old.values[:2])
            self.kinds.add("repeat")
            return Task(self.next(), old.tool, tuple(map(self.again, old.values)))
        names = [name for name, _ in TOOLS]
        return self.new(rng.choices(names, [weight for _, weight in TOOLS])[0], before)

    def again(self, value: Value) -> Value:
        """A value that an earlier plan has read, maybe written out."""
        if not isinstance(value, Ref) or self.rng.random() < 0.5:
            return value
        task = self.known[value.task]
        given = str(task.values[0])
        return OWNERS[given] if task.tool == "owner" else float(BALANCES[given])

    def is_constant(self, task: Task) -> bool:
        """Whether a later plan can say all values of a task."""
        return all(not isinstance(value, Ref | Text) or value.task in self.known for value in task.values)

    def new(self, tool: str, before: Sequence[Task]) -> Task:
        """A task with random arguments, which may read earlier ones."""
        rng = self.rng
        values = self.values(tool, before)
        numbers = [task.at for task in (*before, *self.known.values()) if task.tool in {"balance", "double"}]
        guard = None
        if numbers and rng.random() < 0.2:
            guard = Guard(rng.choice(numbers), rng.choice((0, 50, 500, 2000)))
        may_write = EFFECTS[tool].may_write
        fallback = may_write and rng.random() < 0.1
        return Task(self.next(), tool, values, guard, fallback, rng.choice((1, 2)) if rng.random() < 0.12 else 0)

    def values(self, tool: str, before: Sequence[Task]) -> tuple[Value, ...]:
        """Random arguments of a tool."""
        rng = self.rng
        earlier = [*before, *self.known.values()]
        who = self.name(earlier)
        amount = self.number(earlier)
        match tool:
            case "balance":
                return (UNKNOWN_NAME if rng.random() < 0.06 else rng.choice(("ann", "bob", "hal")),)
            case "owner":
                return (rng.choice(list(OWNERS)),)
            case "double":
                return (amount,)
            case "dice":
                return (6,)
            case "pay":
                return who, amount, rng.choice(("", "", "rent"))
            case "refund":
                return who, amount
            case "label":
                return who, rng.choice(("red", "red", "blue"))
            case "mail":
                return who, self.text(earlier), rng.choice((1, 1, 2))
            case "submit":
                return (rng.choice((1.0, 100.0, True, "1", "form", who)),)
            case "archive":
                return who, rng.choice((1, 1, 3))
            case _:
                return rng.choice(("a.txt", "b.txt")), self.text(earlier)

    def name(self, earlier: Sequence[Task]) -> Value:
        """A name, or a task that gives one."""
        owners = [task.at for task in earlier if task.tool == "owner"]
        return Ref(self.rng.choice(owners)) if owners and self.rng.random() < 0.5 else self.rng.choice(PEOPLE)

    def number(self, earlier: Sequence[Task]) -> Value:
        """A number, or a task that gives one."""
        given = [task.at for task in earlier if task.tool in {"balance", "double"}]
        return Ref(self.rng.choice(given)) if given and self.rng.random() < 0.5 else self.rng.choice(AMOUNTS)

    def text(self, earlier: Sequence[Task]) -> Value:
        """A text, maybe one that holds what a task gives, or is that."""
        rng = self.rng
        named = [task.at for task in earlier if task.tool in {"balance", "owner"}]
        given = [task.at for task in earlier if task.tool == "owner" or EFFECTS[task.tool].may_write]
        if named and rng.random() < 0.3:
            return Text(rng.choice(named))
        if given and rng.random() < 0.3:
            return Ref(rng.choice(given))
        return rng.choice(("hello", "hello", "the rent is due"))


def _is_known(task: Task) -> bool:
    """Whether a look-up certainly gives something that other tasks can use."""
    return task.tool in {"balance", "owner"} and UNKNOWN_NAME not in task.values


def _slip(rng: Random, number: int) -> Slip:
    """How a plan is said."""
    choices = [(slip, weight) for slip, weight in SLIPS if number or slip is not mends.taken]
    slip: Slip = rng.choices([each for each, _ in choices], [weight for _, weight in choices])[0]
    return slip
