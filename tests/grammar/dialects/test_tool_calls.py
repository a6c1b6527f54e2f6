"""Native tool calls as text become statements; data, schemas and prose do not."""

import json
import re
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from llmc_grammar import Span, ast, parse
from llmc_grammar.dialects.form import Target
from llmc_grammar.dialects.tool_calls import rewrite
from llmc_grammar.tool_marks import MARKS, ToolCallMark
from tests.grammar.dialects.call_samples import PRICE, READ, REFUSED, SEARCH, TEA, TWINS
from tests.grammar.dialects.plans import (
    KNOWN,
    UNKNOWN,
    Json,
    Planned,
    calls,
    codes,
    lines,
    name_in,
    statement,
    statements,
    texts,
)

Shape = Callable[[Planned], Json]

SHAPES: Final[dict[str, Shape]] = {
    "name and arguments": lambda call: {"name": call.tool, "arguments": call.arguments},
    "Llama": lambda call: {"name": call.tool, "parameters": call.arguments},
    "tool and args": lambda call: {"tool": call.tool, "args": call.arguments},
    "Command": lambda call: {"tool_call_id": "0", "tool_name": call.tool, "parameters": call.arguments},
    "structured chat": lambda call: {"action": call.tool, "action_input": call.arguments},
    "Anthropic": lambda call: {"type": "tool_use", "id": "t_1", "name": call.tool, "input": call.arguments},
    "a recipient": lambda call: {"recipient_name": f"functions.{call.tool}", "parameters": call.arguments},
    "encoded": lambda call: {"name": call.tool, "arguments": json.dumps(call.arguments)},
    "encoded twice": lambda call: {"name": call.tool, "arguments": json.dumps(json.dumps(call.arguments))},
    "OpenAI": lambda call: {
        "id": "call_1",
        "type": "function",
        "index": 0,
        "function": {"name": call.tool, "arguments": json.dumps(call.arguments)},
    },
    "function, plain": lambda call: {"function": {"name": call.tool, "arguments": call.arguments}},
    "function, a name": lambda call: {"function": call.tool, "arguments": call.arguments},
    "with a thought": lambda call: {"thought": "so", "function_name": call.tool, "kwargs": call.arguments},
    "camel case": lambda call: {"toolName": call.tool, "toolInput": call.arguments},
}
DUMPS: Final[dict[str, Callable[[Json], str]]] = {
    "plain": json.dumps,
    "indented": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    "compact": lambda value: json.dumps(value, separators=(",", ":")),
    "Python": repr,
    "raw line breaks": lambda value: re.sub(r"(?<!\\)\\n", "\n", json.dumps(value)),
}
BARE: Final[dict[str, Callable[[list[str]], str]]] = {
    "a list": lambda calls: f"[{', '.join(calls)}]",
    "a list with a comma at its end": lambda calls: f"[{', '.join(calls)},]",
    "lines": "\n".join,
    "paragraphs": "\n\n".join,
    "commas": ",\n".join,
    "bullets": lambda calls: "".join(f"- {call}\n" for call in calls),
    "fence": lambda calls: "```json\n" + "\n".join(calls) + "\n```",
    "fences": lambda calls: "\n".join(f"```tool_call\n{call}\n```" for call in calls),
    "Command": lambda calls: f"Action: ```json\n[{', '.join(calls)}]\n```",
    "tool_calls": lambda calls: f'{{"role": "assistant", "content": null, "tool_calls": [{", ".join(calls)}]}}',
    "tool_uses": lambda calls: f'{{"tool_uses": [{", ".join(calls)}]}}',
    "parallel": lambda calls: (
        '{"name": "multi_tool_use.parallel", "arguments": {"tool_uses": [' + ", ".join(calls) + "]}}"
    ),
    "functools": lambda calls: f"functools[{', '.join(calls)}]",
}
MARKED: Final[dict[str, Callable[[list[str]], str]]] = {
    "Hermes": lambda calls: "".join(f"<tool_call>\n{call}\n</tool_call>\n" for call in calls),
    "without the last mark": lambda calls: "\n</tool_call>\n".join(f"<tool_call>{call}" for call in calls),
    "several in one": lambda calls: "<tool_call>" + "\n".join(calls) + "</tool_call>",
    "fenced in marks": lambda calls: "<tool_call>\n```json\n" + "\n".join(calls) + "\n```\n</tool_call>",
    "fenced marks": lambda calls: "```xml\n<tool_call>\n" + "\n".join(calls) + "\n</tool_call>\n```",
    "Mistral": lambda calls: f"[TOOL_CALLS] [{', '.join(calls)}]",
    "Granite": lambda calls: f"<|tool_call|>[{', '.join(calls)}]",
    "Phi": lambda calls: f"<|tool_call|>[{', '.join(calls)}]<|/tool_call|>",
    "Llama": lambda calls: "<|python_tag|>" + "; ".join(calls) + "<|eom_id|>",
    "function_call": lambda calls: "\n".join(f"<function_call> {call}" for call in calls),
    "in prose": lambda calls: "I look.\n" + "".join(f"<tool_call>{call}</tool_call> So.\n" for call in calls),
}
PAIRED: Final[dict[str, Callable[[Planned], str]]] = {
    "Mistral": lambda call: f"[TOOL_CALLS]{call.tool}[ARGS]{json.dumps(call.arguments)}",
    "Mistral, short": lambda call: f"[TOOL_CALLS]{call.tool}{json.dumps(call.arguments)}",
    "Llama": lambda call: f"<function={call.tool}>{json.dumps(call.arguments)}</function>",
    "Llama, unclosed": lambda call: f"<function={call.tool}{json.dumps(call.arguments)}</function>",
    "Kimi": lambda call: (
        f"<|tool_call_begin|>functions.{call.tool}:0<|tool_call_argument_begin|>"
        f"{json.dumps(call.arguments)}<|tool_call_end|>"
    ),
    "DeepSeek": lambda call: (
        f"<\uff5ctool\u2581call\u2581begin\uff5c>function<\uff5ctool\u2581sep\uff5c>{call.tool}\n"
        f"```json\n{json.dumps(call.arguments)}\n```<\uff5ctool\u2581call\u2581end\uff5c>"
    ),
    "gpt-oss": lambda call: (
        f"<|channel|>commentary to=functions.{call.tool} <|constrain|>json<|message|>"
        f"{json.dumps(call.arguments)}<|call|>"
    ),
    "a name and JSON": lambda call: f"<tool_call>{call.tool}\n{json.dumps(call.arguments)}</tool_call>",
}
ELEMENTS: Final[dict[str, tuple[str, str, str]]] = {
    "Qwen": ("<tool_call>\n<function={}>\n", "<parameter={}>\n{}\n</parameter>\n", "</function>\n</tool_call>\n"),
    "Qwen, without marks": ("<function={}>\n", "<parameter={}>\n{}\n</parameter>\n", "</function>\n"),
    "Anthropic": (
        '<function_calls>\n<invoke name="{}">\n',
        '<parameter name="{}">\n{}\n</parameter>\n',
        "</invoke>\n</function_calls>\n",
    ),
    "MiniMax": (
        '<minimax:tool_call>\n<invoke name="{}">\n',
        '<parameter name="{}">\n{}\n</parameter>\n',
        "</invoke>\n</minimax:tool_call>\n",
    ),
    "GLM": ("<tool_call>{}\n", "<arg_key>{}</arg_key>\n<arg_value>\n{}\n</arg_value>\n", "</tool_call>\n"),
}
ABOVE: Final = ("", "Thought: both at once\n", "\n")
BELOW: Final = ("", "\n", "\njoin()\n", "<END_OF_PLAN>", "\n<|im_end|>", "</s>\n", "\n3. join()<END_OF_PLAN>")


def meant(planned: list[Planned], text: str, target: Target = KNOWN) -> None:
    """Assert that a text is these calls, each name at its place."""
    rewritten = rewrite(text, target)
    assert statements(rewritten) == [statement(number, call) for number, call in enumerate(planned, target.first)]
    assert rewritten is not None
    assert [name_in(text, written) for written in rewritten.statements] == [call.tool for call in planned]


plans = st.lists(calls(), min_size=1, max_size=2)


@given(plans, st.sampled_from(sorted(SHAPES)), st.sampled_from(sorted(DUMPS)), st.sampled_from(sorted(BARE)), st.data())
@settings(max_examples=200)
def test_json_that_is_calls_is_these_calls(
    planned: list[Planned], shape: str, dump: str, frame: str, data: st.DataObject
) -> None:
    """In each shape of an object, each way to write JSON and each arrangement, without marks."""
    assume(all(call.arguments or call.tool == "clock" for call in planned))
    written = [DUMPS[dump](SHAPES[shape](call)) for call in planned]
    text = data.draw(st.sampled_from(ABOVE)) + BARE[frame](written) + data.draw(st.sampled_from(BELOW))
    meant(planned, text)


@given(plans, st.sampled_from(sorted(SHAPES)), st.sampled_from(sorted(DUMPS)), st.sampled_from(sorted(MARKED)))
@settings(max_examples=80)
def test_json_in_marks_is_calls(planned: list[Planned], shape: str, dump: str, frame: str) -> None:
    """Prose may stand around the marks, and the calls need no known tool."""
    text = MARKED[frame]([DUMPS[dump](SHAPES[shape](call)) for call in planned])
    meant(planned, text)
    meant(planned, text, Target((), 4))


@given(plans, st.sampled_from(sorted(PAIRED)))
@settings(max_examples=40)
def test_a_name_with_json_behind_it_is_a_call(planned: list[Planned], form: str) -> None:
    """As Mistral, Llama, Kimi and DeepSeek write it."""
    meant(planned, "".join(map(PAIRED[form], planned)))


def as_text(value: Json) -> str:
    """A value as it stands in an element."""
    return value if isinstance(value, str) else json.dumps(value)


def is_plain(value: Json) -> bool:
    """Whether an element can hold a value: a text that reads as other JSON is that."""
    try:
        return not isinstance(value, str) or isinstance(json.loads(value), str)
    except ValueError:
        return True


@given(plans, st.sampled_from(sorted(ELEMENTS)))
@settings(max_examples=80)
def test_elements_are_calls(planned: list[Planned], form: str) -> None:
    """A parameter is JSON if it reads as JSON other than a string, and else a text without quotes."""
    assume(all(is_plain(value) for call in planned for value in call.arguments.values()))
    head, parameter, end = ELEMENTS[form]
    parts = [
        head.format(call.tool) + "".join(parameter.format(name, as_text(each)) for name, each in call.arguments.items())
        for call in planned
    ]
    meant(planned, "".join(part + end for part in parts))


@given(st.lists(calls(), min_size=1, max_size=2), st.sampled_from(sorted(SHAPES)), st.data())
@settings(max_examples=25)
def test_half_a_text_is_not_a_call(planned: list[Planned], shape: str, data: st.DataObject) -> None:
    """Each proper beginning of a list is not of the form."""
    text = json.dumps([SHAPES[shape](call) for call in planned])
    cut = data.draw(st.integers(0, len(text) - 1))
    assert rewrite(text[:cut], KNOWN) is None


@pytest.mark.parametrize("text", TWINS.values(), ids=list(TWINS))
def test_harmless_text_stays_text(text: str) -> None:
    """Data, definitions, prose and quotations are not calls, whether the tools are known or not."""
    assert (rewrite(text, KNOWN), rewrite(text, UNKNOWN)) == (None, None)
    assert lines(rewrite(PRICE, KNOWN)) == lines(rewrite(PRICE, UNKNOWN)) == [TEA]


@pytest.mark.parametrize("text", TWINS.values(), ids=list(TWINS))
def test_harmless_text_calls_nothing_in_any_dialect(text: str) -> None:
    """The whole reader, with every dialect, finds no call in it."""
    parsed = parse(text, mode="lenient", tools=KNOWN.tools)
    assert (parsed.dialect, any(ast.calls(parsed.plan.statements))) == (None, False)
    assert any(ast.calls(parse(PRICE, mode="lenient", tools=KNOWN.tools).plan.statements))


@given(calls(), st.sampled_from(["result", "age", "output", "status", "url", "description", "error"]), texts)
@settings(max_examples=25)
def test_one_more_key_makes_data_of_a_call(call: Planned, key: str, value: str) -> None:
    """A call is nothing else."""
    shape = {"name": call.tool, "arguments": call.arguments}
    assert rewrite(json.dumps({**shape, key: value}), KNOWN) is None
    meant([call], json.dumps(shape))


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=list(READ))
def test_what_a_call_may_look_like(text: str, expected: list[str]) -> None:
    """Shapes that few models write, and what models do to JSON."""
    rewritten = rewrite(text, KNOWN)
    assert lines(rewritten) == expected
    statements(rewritten)
    for same in (text.replace("\n", "\r\n"), f"\n{text}\n \n", f"{text}<|im_end|>"):
        assert lines(rewrite(same, KNOWN)) == expected


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_read_is_a_mistake(text: str, expected: list[list[str]]) -> None:
    """A mark says that it is a call, so nothing in it is left out, and the other calls stand."""
    assert codes(rewrite(text, KNOWN)) == expected


def test_a_backslash_is_decided_once_a_string() -> None:
    """As everywhere in a model's text: one escape that does not exist makes the others text."""
    rewritten = rewrite('{"name": "price", "arguments": {"item": "C:\\Users\\nina"}}', KNOWN)
    assert (lines(rewritten), codes(rewritten)) == (['1. price(item="C:\\\\Users\\\\nina")'], [["W124"]])
    assert lines(rewrite('{"name": "price", "arguments": {"item": "C:\\nina"}}', KNOWN)) == [
        '1. price(item="C:\\nina")'
    ]


@pytest.mark.parametrize("text", [PRICE, f"<tool_call>{PRICE}</tool_call>"])
def test_what_follows_the_end_of_a_turn_is_left_out(text: str) -> None:
    """A model that does not stop makes up results and goes on with them."""
    rewritten = rewrite(f"{text}<|im_end|>\n<|im_start|>user\n3\n<tool_call>{SEARCH}</tool_call>", KNOWN)
    assert (lines(rewritten), codes(rewritten)) == ([TEA], [["W111"]])
    assert codes(rewrite(f"<|im_start|>assistant\n<tool_call>{SEARCH}</tool_call>\nSo.", KNOWN)) == [[]]


def test_blocks_are_the_calls_in_marks() -> None:
    """They tell what needs no approval, and what in a text is prose."""
    text = f"I look.\n<tool_call>\n{PRICE}\n</tool_call>\nand\n[TOOL_CALLS][{SEARCH}] Done."
    rewritten = rewrite(text, KNOWN)
    assert rewritten is not None
    found = [text[slice(*block)] for block in rewritten.blocks]
    assert found == [f"<tool_call>\n{PRICE}\n</tool_call>", f"[TOOL_CALLS][{SEARCH}]"]
    bare = rewrite(PRICE, KNOWN)
    assert bare is not None
    assert bare.blocks == ()


def test_marks_of_two_forms_lose_no_call() -> None:
    """A call in Python beside one in JSON is refused, wherever the marks stand."""
    for between in ("", "\n", " and "):
        text = f'<tool_call>price(item="tea")</tool_call>{between}<tool_call>{SEARCH}</tool_call>'
        parsed = parse(text, mode="lenient", tools=KNOWN.tools)
        assert (parsed.dialect, [each.code for each in parsed.diagnostics]) == ("tool_calls", ["W131", "E126"])


@pytest.mark.parametrize("mark", MARKS, ids=[mark.opening for mark in MARKS])
def test_every_mark_opens_a_block(mark: ToolCallMark) -> None:
    """Those in the table of marks are the ones that are read."""
    opening, closing = mark.opening, mark.closing or ""
    content = {
        "<function=": 'price>{"item": "tea"}',
        "<function name=": '"price">{"item": "tea"}',
        "<invoke ": 'name="price"><parameter name="item">tea</parameter>',
    }.get(opening, PRICE)
    assert lines(rewrite(f"So:\n{opening}{content}{closing}\n", KNOWN)) == [TEA]


def test_places_inside_encoded_arguments_are_those_of_the_text() -> None:
    """A mistake in an argument stands where the model wrote it, whatever the encoding."""
    text = json.dumps({"name": "price", "arguments": json.dumps({"item": 'a "b"', "colour": [1, "red"]})})
    rewritten = rewrite(text, KNOWN)
    assert rewritten is not None
    (written,) = rewritten.statements
    for part in ("item", "colour", "red"):
        at = written.text.index(part)
        start, end = written.span(Span(at, at + len(part)))
        assert part in text[start : end + 2]
        assert end - start < 2 * len(part) + 4
