"""The rows of the table: what the model says as planner and as joiner, and how that arrives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import llmc
from llmc_runtime.agent.agent_errors import NoDecision, PlanFailed
from llmc_runtime.errors import LlmcError
from llmc_runtime.models.model_errors import AuthenticationFailed, ContextTooLong, ModelError, NoStream, RequestRefused
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.servers.personality import Personality
from tests.agent.servers.replies import Form, Turn

Failure = Literal["busy", "body", "body-as-stream", "plain", "page", "login", "wrong-key", "no-model", "context"]
"""What comes instead of a reply: a status, the error in the body of status 200, or as a stream, a text, a page, …"""

PLAN: Final = Turn('1. price("tea")\n2. join()\n')
DONE: Final = Turn("Thought: the price is known\nAction: Finish(Tea costs 3.5.)")
DRAFT: Final = 'I could begin so:\n1. order("ham")\n2. join()\nbut a price is asked for.\n'
"""A plan that must not be run."""

AGAIN: Final = Turn("Thought: ham is missing\nAction: Replan(the price of ham)")
PROSE: Final = Turn("Tea costs 3.5 in the shop.")
NO_PLAN: Final = Turn("Tea is a drink that is made of leaves.")
SORRY: Final = "I'm sorry, but I can't help with that."
TAIL: Final = "This looks the price up and then the answer is known.\n"
BOUNDED: Final = llmc.Budget(tokens=10_000_000)


PLAIN: Final = Form()


@dataclass(frozen=True, slots=True)
class Shape:
    """A row. Of the turns of a role the last one is repeated.

    `refuses` are the parameters that the server does not take, and `logged` whether users are told of them. `fails` is
    what comes instead of all replies, `fails_once` instead of the first. An answer is `unmarked` where the joiner's
    prose is taken for it, `stopped` where a plan that was wanted is missing, and `cut` where a reply is longer than is
    read. `chat` are the plans where a reply has one text alone. An `error` of a shape is of this type.
    """

    name: str
    plans: tuple[Turn, ...] = (PLAN,)
    joins: tuple[Turn, ...] = (DONE,)
    form: Form = PLAIN
    error: type[LlmcError] = ModelError
    refuses: Callable[[Personality], tuple[str, ...]] | None = None
    fails: Failure | None = None
    fails_once: Failure | None = None
    model: Mapping[str, Any] = field(default_factory=dict)
    agent: Mapping[str, Any] = field(default_factory=dict)
    api: Api | None = None
    chat: tuple[Turn, ...] = ()
    item: str = "tea"
    unmarked: bool = False
    stopped: bool = False
    logged: bool = True
    cut: bool = False


def _joined(name: str, *texts: str, unmarked: bool = False) -> Shape:
    """A row about what a joiner says."""
    return Shape(name, joins=tuple(map(Turn, texts)), unmarked=unmarked, error=NoDecision)


LEAF: Final = "tea 🍵"

SHAPES: Final = (
    Shape("plain"),
    Shape("parts", form=Form(parts=True)),
    Shape("phases", plans=(Turn(PLAN.text, commentary=DRAFT),), chat=(Turn(f"Here is the plan:{PLAN.text}"),)),
    Shape("heading", plans=(Turn("Plan:" + PLAN.text),)),
    Shape("whole", form=Form(whole=True)),
    Shape("not-streamed", form=Form(whole=True), model={"stream": False}),
    Shape("whole-parts", form=Form(whole=True, parts=True)),
    Shape("whole-calls", plans=(Turn(calls=(("price", '{"item": "tea"}'),)),), form=Form(whole=True)),
    Shape("unended", form=Form(unended=True)),
    Shape("pings", form=Form(pings=True)),
    Shape("odd-events", form=Form(odd=True)),
    Shape(
        "half-emoji",
        plans=(Turn(f'1. price("{LEAF}")\n2. join()\n'),),
        joins=(Turn(f"Thought: it is known\nAction: Finish(A {LEAF} costs 3.5.)"),),
        form=Form(units=1),
        item=LEAF,
    ),
    Shape(
        "cut-bytes",
        plans=(Turn(f'1. price("{LEAF}")\n2. join()\n'),),
        joins=(Turn(f"Thought: it is known\nAction: Finish(A {LEAF} costs 3.5.)"),),
        form=Form(units=40, bytes=7),
        item=LEAF,
    ),
    Shape(
        "half-calls",
        plans=(Turn(calls=(("price", f'{{"item": "{LEAF}"}}'),)),),
        form=Form(units=1),
        item=LEAF,
    ),
    Shape("tool-calls", plans=(Turn(calls=(("price", '{"item": "tea"}'), ("price", '{"item": "ham"}'))),)),
    Shape(
        "calls-and-text",
        plans=(Turn(commentary="I will look up the price of tea.", calls=(("price", '{"item": "tea"}'),)),),
    ),
    Shape(
        "reasoning",
        plans=(Turn(PLAN.text, thinking=DRAFT),),
        joins=(Turn(DONE.text, thinking="Should I write Replan(the price of ham)?\n"),),
    ),
    Shape("think-tags", plans=(Turn(f"<think>\n{DRAFT}</think>\n{PLAN.text}"),)),
    Shape("long", plans=(Turn(PLAN.text + TAIL * 100),), form=Form(units=40), cut=True),
    Shape("uncounted", form=Form(told=False)),
    Shape("refused-option", refuses=lambda server: (server.option,)),
    Shape("refused-bound", refuses=lambda server: (server.bound,), agent={"budget": BOUNDED}),
    Shape("refused-format", refuses=lambda server: (server.format,), logged=False),
    Shape("refused-system", refuses=lambda _: ("system",)),
    Shape("refused-two", refuses=lambda server: (server.option, "system")),
    Shape("refused-stream", refuses=lambda _: ("stream",)),
    Shape("refused-stop", refuses=lambda _: ("stop",), api="completions"),
    Shape("user-temperature", refuses=lambda _: ("temperature",), model={"temperature": 0.3}, error=RequestRefused),
    Shape("user-extra", refuses=lambda _: ("top_k",), model={"extra_body": {"top_k": 5}}, error=RequestRefused),
    Shape("busy-once", fails_once="busy"),
    Shape("error-200-once", fails_once="body"),
    Shape("error-behind", form=Form(fault="end")),
    Shape("error-200", fails="body"),
    Shape("error-200-stream", fails="body-as-stream"),
    Shape("error-choice", form=Form(fault="choice")),
    Shape("error-whole", form=Form(whole=True, fault="choice")),
    Shape("error-stream", form=Form(fault="stream")),
    Shape("error-text", fails="plain"),
    Shape("error-page", fails="page"),
    Shape("login-page", fails="login", error=NoStream),
    Shape("wrong-key", fails="wrong-key", error=AuthenticationFailed),
    Shape("no-model", fails="no-model", error=RequestRefused),
    Shape("context", fails="context", error=ContextTooLong),
    _joined("final-answer", "I have it.\nFinal Answer: Tea costs 3.5."),
    _joined("no-thought", '{"action": "Finish", "text": "Tea costs 3.5."}'),
    _joined("fenced", '```json\n{"action": "Finish", "text": "Tea costs 3.5."}\n```'),
    _joined("number", '{"thought": "it is known", "action": "Finish", "text": 3.5}'),
    _joined("colon", "Thought: it is known\nAction: Finish: Tea costs 3.5."),
    _joined("think-first", "<think>Final Answer: ham? Replan(ham)?</think>\nFinal Answer: Tea costs 3.5."),
    _joined("prose-once", PROSE.text, DONE.text),
    _joined("prose-twice", PROSE.text, unmarked=True),
    _joined("prose-replan", "Tea costs 3.5. One could re-plan (for ham) or not."),
    _joined("prose-call", 'You could call price("ham") as well.'),
    Shape("called-finish", joins=(Turn(calls=(("Finish", '{"text": "Tea costs 3.5."}'),)),)),
    Shape("join-refusal", joins=(Turn(refusal=SORRY),), error=NoDecision),
    Shape("join-thinking", joins=(Turn(thinking="Tea costs 3.5, so that is it."),), error=NoDecision),
    Shape("join-failed", joins=(Turn(fails=True),)),
    Shape("no-plan", plans=(NO_PLAN,), error=PlanFailed),
    Shape("refusal", plans=(Turn(refusal=SORRY),), error=PlanFailed),
    Shape("only-thinking", plans=(Turn(thinking="I should look up the price of tea."),), error=PlanFailed),
    Shape(
        "replan-inside",
        plans=(PLAN, Turn('3. price("ham")\n4. join()\n')),
        joins=(Turn("Tea costs 3.5. For ham I would Replan(the price of ham) at once."), DONE),
    ),
    Shape("replan-prose", plans=(PLAN, PROSE), joins=(AGAIN, PROSE), unmarked=True, stopped=True),
    Shape("replan-failed", plans=(PLAN, Turn(fails=True)), joins=(AGAIN, DONE), stopped=True),
    Shape("replan-broken", plans=(PLAN, Turn("2. nonsense(((\n3. join(")), joins=(AGAIN, DONE), stopped=True),
)
