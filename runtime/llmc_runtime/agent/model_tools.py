"""Tools that ask a model: a prompt of your own, and problems in words that become one expression.

What they take is noted with the question that they are called for, in the role `tools`.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from llmc_compiler.effects import Effect, Kind
from llmc_compiler.tools import Tool, ToolboxError
from llmc_runtime.agent.arithmetic import FUNCTIONS, ArithmeticFault, Number, evaluate
from llmc_runtime.agent.dialogue import ChatModel, Message
from llmc_runtime.agent.failures import PromptError
from llmc_runtime.agent.ledger import current
from llmc_runtime.agent.speakers import speaker
from llmc_runtime.agent.speaking import continues, reasoning_of, whole_reply
from llmc_runtime.agent.templates import Prompts, sandbox, variables_of

ATTEMPTS: Final = 2
"""How often a model may be asked for an expression."""

EXPRESSION_TOKENS: Final = 200

_NONDET: Final = Effect(Kind.NONDET)
_FENCE: Final = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_PLAIN: Final = re.compile(r"[0-9.+\-*/%^() ]+")


def llm_tool(
    name: str,
    prompt: str,
    model: ChatModel | str,
    *,
    description: str | None = None,
    most_tokens: int | None = None,
) -> Tool:
    """A tool that fills a prompt, as `Summarise in one sentence: {{ text }}`, and gives what the model says to it.

    The prompt is a Jinja template; its variables are the tool's arguments, in their order. Without a description the
    prompt's first line is one. Raises ToolboxError for a prompt that is no template.
    """
    environment = sandbox({name: prompt})
    try:
        arguments = variables_of(environment, name, prompt)
    except PromptError as error:
        raise ToolboxError(str(error)) from error
    asked = speaker(model)

    async def ask(**values: Any) -> str:
        """Ask the model."""
        messages = [Message("user", environment.get_template(name).render(**values))]
        text, _end = await whole_reply(asked, messages, "tools", current(), most_tokens=most_tokens)
        answer = reasoning_of(asked).strip(text).strip()
        if text.strip() and not answer:
            message = f"`{asked.name}` returned only reasoning"
            raise ValueError(message)
        return answer

    schema = {
        "type": "object",
        "properties": {argument: {} for argument in arguments},
        "required": arguments,
        "additionalProperties": False,
    }
    said = description if description is not None else prompt.strip().partition("\n")[0]
    return Tool.from_schema(name, said, schema, _NONDET, ask, returns={"type": "string"})


def math_tool(model: ChatModel | str, *, name: str = "math") -> Tool:
    """A tool that computes what a problem in words asks for: the model writes one expression, which is evaluated here.

    A problem that is an expression already needs no model. What would take long, as `9**9**9`, fails at once.
    """
    asked = speaker(model)
    prompts = Prompts()

    async def compute(problem: str, context: list[Any] | None = None) -> Number:
        """Compute the answer to an arithmetic problem in words; `context` has texts with the numbers it speaks of."""
        if not context and _PLAIN.fullmatch(problem):
            return evaluate(problem)
        text = prompts.render("math", problem=problem, context=context or (), functions=", ".join(FUNCTIONS))
        messages: Sequence[Message] = [Message("user", text)]
        stop = ("\nProblem:",) if continues(asked) else ()
        for attempt in range(1, ATTEMPTS + 1):
            said, end = await whole_reply(asked, messages, "tools", current(), stop=stop, most_tokens=EXPRESSION_TOKENS)
            # The last line of a truncated reply may be incomplete.
            whole = said if end is not None and end.reason == "stop" else said.rpartition("\n")[0]
            try:
                return evaluate(_expression(reasoning_of(asked).strip(whole)))
            except ArithmeticFault as fault:
                if attempt == ATTEMPTS:
                    raise
                again = Message("user", f"That is no such expression: {fault}. Write the expression alone.")
                messages = [*messages, Message("assistant", said or "…"), again]
        raise AssertionError

    return Tool.from_function(compute, _NONDET, name=name)


def _expression(text: str) -> str:
    """The expression in a model's text: what is fenced, else the last line, without what it is said to be equal to."""
    fenced = _FENCE.search(text)
    lines = [line for line in (fenced[1] if fenced else text).splitlines() if line.strip()]
    line = lines[0 if fenced else -1].strip().strip("`$ ") if lines else ""
    left, is_equation, right = line.partition("=")
    return right.strip() if is_equation and not _PLAIN.fullmatch(left) else left.strip()
