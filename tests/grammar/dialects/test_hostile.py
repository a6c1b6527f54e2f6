"""Any text is read as calls or left, in time linear in the text."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_grammar import parse
from llmc_grammar.dialects import json_plan, tool_calls
from llmc_grammar.dialects.form import Target
from llmc_grammar.dialects.translation import Dialect
from tests.grammar.dialects.plans import KNOWN, UNKNOWN, is_inside
from tests.growth import is_linear

CALL: Final = '{"name": "price", "arguments": {"a": "${t1} $t2 {{t3}}"}}'
TASK: Final = '{"id": 1, "tool": "price", "args": {"a": "$1"}, "depends_on": [1]},'
UNITS: Final = (
    "<tool_call>", '<tool_call>{"a</tool_call>', "<tool_call>{\u201c</tool_call>", "<tool_call>['</tool_call>', \"",
    "[TOOL_CALLS]", "[TOOL_CALLS]a{", "<function=a><parameter=b>", "<function=a><parameter=b></function>", "<arg_key>",
    "<tool_call>a<arg_key>b</arg_key><arg_value>", "<tool_call> and ", "Action: a\nAction Input: ", "Thought: x\n",
    "```json\n", "- ", "[", '{"a":', '\\"', "\u201c", "${", "{{", "\n", " ", CALL, TASK,
)  # fmt: skip
PLAN: Final = f'{{"tasks": [{TASK} {{"id": "t2", "tool": "price", "args": {{"item": "$t1"}}}}]}}'
FRAMES: Final = (("", ""), ('{"tasks": [', "0]}"), ('{"name": "price", "arguments": {"a": "', '"}}'))


def read(text: str) -> None:
    """Read a text as plans of two kinds."""
    for rewrite in (json_plan.rewrite, tool_calls.rewrite):
        for written in getattr(rewrite(text, KNOWN), "statements", ()):
            assert written.text


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("unit", UNITS)
def test_hostile_texts_cost_what_their_length_says(unit: str, frame: tuple[str, str]) -> None:
    """Eight times the text costs at most 24 times the time: a square would cost 64 times."""
    small, large = (frame[0] + unit * (size // len(unit)) + frame[1] for size in (2_000, 16_000))
    assert is_linear(read, small, large, noise=0.001)


_calls = st.sampled_from(
    [CALL, CALL[:-1], "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<function=price>", "<parameter=item>",
     "</parameter>", "</function>", "<arg_key>", "</arg_value>", "```json\n", "```", "\n", "{", "}", "[", "]", '"', "'",
     "\\", ",", ":", "price", "Action: price\nAction Input: ", "join()", "Thought: ", "</s>", "\ud800", "\x00", "$1"]
)  # fmt: skip
_plans = st.sampled_from(
    [PLAN, '{"tasks": [', '{"id": 1, "tool": "price", "args": {"item": "$1"}, "depends_on": [1]}', "]}", ",", "[", "]",
     "{", "}", '"', ":", '"t1"', "$t1", "${", "{{t1}}", "\n", "```json\n", "```", "null", "-1", '"answer": "$1"',
     '"edges": [["t1", "t2"]]', "\ud800", "\x00"]
)  # fmt: skip


@pytest.mark.parametrize("rewrite", [tool_calls.rewrite, json_plan.rewrite])
@given(st.data(), st.sampled_from([KNOWN, UNKNOWN]))
@settings(max_examples=80)
def test_any_text_is_read_or_left(rewrite: Dialect, data: st.DataObject, target: Target) -> None:
    """Without an error, with all places in the text, and statements that can be read or are refused."""
    fragments = _calls if rewrite is tool_calls.rewrite else _plans
    text = "".join(data.draw(st.lists(fragments | st.text(max_size=3), max_size=14)))
    rewritten = rewrite(text, target)
    for written in () if rewritten is None else rewritten.statements:
        assert is_inside(text, written)
        parsed = parse(written.text)
        assert parsed.plan.statements or parsed.diagnostics
