"""Tools that ask a model: one fills a given prompt, another turns a problem in words into an expression.

Their usage is noted for the question that they are called for, in the role `tools`.
"""

import asyncio
import re
from collections.abc import Coroutine, Mapping, Sequence
from math import inf
from typing import Any, Final

from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from llmc_runtime.agent.agent_errors import PromptError
from llmc_runtime.agent.budget import current
from llmc_runtime.agent.completion import continues, name_of, reasoning_of, whole_reply
from llmc_runtime.agent.prompting.templates import Prompts, sandbox, variables_of
from llmc_runtime.agent.tools.calculator import FUNCTIONS, ArithmeticFault, Number, evaluate
from llmc_runtime.agent.tools.json_replies import JsonForm, NoJsonError
from llmc_runtime.foreign_errors import shortened
from llmc_runtime.models.factory import chat_model
from llmc_runtime.models.messages import ChatModel, End, Message, Schema
from llmc_runtime.validation import check_method

ATTEMPTS: Final = 2
"""How often a model is asked for an expression or for JSON."""

MOST_REPLIES: Final = 64
"""Maximum number of replies that one call of a tool may ask for."""

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
    temperature: float | None = None,
    n: int | None = None,
    schema: Mapping[str, Any] | object = None,
) -> Tool:
    """Make a tool that fills a prompt such as `Summarise in one sentence: {{ text }}` and returns the model's reply.

    The prompt is a Jinja template; its variables are the tool's parameters, in order. The description defaults to the
    first line of the prompt. With `n`, the tool returns a list of `n` replies, which are requested at once. With
    `schema`, a JSON Schema or a type, it returns JSON data that follows the schema; a model whose reply does not is
    asked once more. `temperature` applies to this tool alone.

    Raises ToolboxError for an invalid template, schema or number, and for `temperature` with a model that has no
    `with_options`.
    """
    environment = sandbox({name: prompt})
    try:
        arguments = variables_of(environment, name, prompt)
    except PromptError as error:
        raise ToolboxError(str(error)) from error
    _check_numbers(name, n, temperature)
    asked = chat_model(model) if temperature is None else _tempered(name, chat_model(model), temperature)
    form = None if schema is None else JsonForm(name, schema)
    item = {"type": "string"} if form is None else form.schema
    listed = {"type": "array", "items": item} if form is None else form.listed(name) if n is not None else {}

    async def ask(**values: Any) -> object:
        """Ask the model."""
        text = environment.get_template(name).render(**values)
        left = current().most_tokens()
        most = most_tokens if left is None else min(left // (n or 1) or 1, left if most_tokens is None else most_tokens)
        if n is None:
            return await _answer(asked, text, form, most)
        return await _at_once([_answer(asked, text, form, most) for _ in range(n)])

    parameters = {
        "type": "object",
        "properties": {argument: {} for argument in arguments},
        "required": arguments,
        "additionalProperties": False,
    }
    said = description if description is not None else prompt.strip().partition("\n")[0]
    return Tool.from_schema(name, said, parameters, _NONDET, ask, returns=item if n is None else listed)


def _check_numbers(tool: str, n: object, temperature: object) -> None:
    """Raise ToolboxError for an invalid number of replies or temperature."""
    if n is not None and (not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MOST_REPLIES):
        message = f"the `n` of `{tool}` is a number of replies from 1 to {MOST_REPLIES}, not {short_repr(n)}"
        raise ToolboxError(message)
    is_number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if temperature is not None and not (is_number and 0 <= temperature < inf):  # type: ignore[operator]  # a number
        message = f"the `temperature` of `{tool}` is a number from 0, not {short_repr(temperature)}"
        raise ToolboxError(message)


def _tempered(tool: str, asked: ChatModel, temperature: float) -> ChatModel:
    """Return the model with another temperature."""
    with_options = getattr(asked, "with_options", None)
    if not callable(with_options):
        message = (
            f"`{tool}` cannot set the temperature of `{name_of(asked)}`, which has no method `with_options`: "
            "leave `temperature` out, or give the model the method"
        )
        raise ToolboxError(message)
    tempered: ChatModel = with_options(temperature=temperature)
    check_method("with_options", tempered, "reply", "a method that returns a model")
    return tempered


async def _at_once(replies: Sequence[Coroutine[Any, Any, object]]) -> list[object]:
    """Await replies together; the first error cancels the others, and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(reply) for reply in replies]
    except ExceptionGroup as errors:
        first = errors.exceptions[0]
        raise first from first.__cause__
    return [task.result() for task in tasks]


async def _answer(asked: ChatModel, prompt: str, form: JsonForm | None, most: int | None) -> object:
    """Return a model's reply to a prompt, as text or as JSON of a form; raises ValueError for any other reply."""
    if form is None:
        return (await _said(asked, [Message("user", prompt)], None, most))[0]
    messages = [Message("user", f"{prompt}\n\n{form.request}")]
    for attempt in range(1, ATTEMPTS + 1):
        text, end = await _said(asked, messages, form.schema, most)
        if end is not None and end.reason == "refusal":
            message = f"`{name_of(asked)}` refused: {shortened(text)}"
            raise ValueError(message)
        try:
            return form.read(text)
        except NoJsonError as error:
            if end is None or end.reason == "length":
                message = f"the reply of `{name_of(asked)}` was cut off before its JSON ended: increase `most_tokens`"
                raise ValueError(message) from error
            if attempt == ATTEMPTS:
                message = f"`{name_of(asked)}` wrote no JSON that follows the schema: {error}: {shortened(text)}"
                raise ValueError(message) from error
            again = f"That does not follow the schema: {error}. Write the JSON alone."
            messages = [*messages, Message("assistant", text or "…"), Message("user", again)]
    raise AssertionError


async def _said(
    asked: ChatModel, messages: Sequence[Message], schema: Schema | None, most: int | None
) -> tuple[str, End | None]:
    """Return a model's reply without its reasoning, and its End; raises ValueError for a reply of only reasoning."""
    text, end, _ = await whole_reply(asked, messages, "tools", current(), schema=schema, most_tokens=most)
    answer = reasoning_of(asked).strip(text).strip()
    if text.strip() and not answer:
        message = f"`{name_of(asked)}` returned only reasoning"
        raise ValueError(message)
    return answer, end


def math_tool(model: ChatModel | str, *, name: str = "math") -> Tool:
    """Make a tool that solves arithmetic problems in words: the model writes one expression, which is evaluated here.

    A problem that is already an expression needs no model. An expression that would take too long, such as `9**9**9`,
    fails at once.
    """
    asked = chat_model(model)
    prompts = Prompts()

    async def compute(problem: str, context: list[Any] | None = None) -> Number:
        """Compute the answer to an arithmetic problem in words; `context` has texts with the numbers it speaks of."""
        if not context and _PLAIN.fullmatch(problem):
            return evaluate(problem)
        text = prompts.render("math", problem=problem, context=context or (), functions=", ".join(FUNCTIONS))
        messages: Sequence[Message] = [Message("user", text)]
        stop = ("\nProblem:",) if continues(asked) else ()
        for attempt in range(1, ATTEMPTS + 1):
            said, end, _ = await whole_reply(
                asked, messages, "tools", current(), stop=stop, most_tokens=EXPRESSION_TOKENS
            )
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
    """Return the expression in a model's text: in a fence or on the last line, on one side of `=`."""
    fenced = _FENCE.search(text)
    lines = [line for line in (fenced[1] if fenced else text).splitlines() if line.strip()]
    line = lines[0 if fenced else -1].strip().strip("`$ ") if lines else ""
    left, is_equation, right = line.partition("=")
    return right.strip() if is_equation and not _PLAIN.fullmatch(left) else left.strip()
