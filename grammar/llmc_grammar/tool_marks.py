"""Marks that models put around tool calls in a text."""

import re
from typing import Final

from llmc_grammar.frozen_data import frozen


@frozen
class ToolCallMark:
    """A pair of marks; without a closing one, the calls extend to the end of the text."""

    opening: str
    closing: str | None = None


MARKS: Final = (
    ToolCallMark("<tool_call>", "</tool_call>"),
    ToolCallMark("<tool_calls>", "</tool_calls>"),
    ToolCallMark("<function_call>", "</function_call>"),
    ToolCallMark("<function_calls>", "</function_calls>"),
    ToolCallMark("<functioncall>", "</functioncall>"),
    ToolCallMark("<function=", "</function>"),
    ToolCallMark("<function name=", "</function>"),
    ToolCallMark("<invoke ", "</invoke>"),
    ToolCallMark("<invoke>", "</invoke>"),
    ToolCallMark("<tool_use>", "</tool_use>"),
    ToolCallMark("<TOOLCALL>", "</TOOLCALL>"),
    ToolCallMark("<minimax:tool_call>", "</minimax:tool_call>"),
    ToolCallMark("<seed:tool_call>", "</seed:tool_call>"),
    ToolCallMark("<|tool_call|>"),
    ToolCallMark("<|tool_calls|>"),
    ToolCallMark("<|tool_call_start|>", "<|tool_call_end|>"),
    ToolCallMark("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    ToolCallMark("<|tool_call_begin|>", "<|tool_call_end|>"),
    ToolCallMark("<\uff5ctool\u2581calls\u2581begin\uff5c>", "<\uff5ctool\u2581calls\u2581end\uff5c>"),
    ToolCallMark("<\uff5ctool\u2581call\u2581begin\uff5c>", "<\uff5ctool\u2581call\u2581end\uff5c>"),
    ToolCallMark("<\uff5cDSML\uff5cfunction_calls>", "</\uff5cDSML\uff5cfunction_calls>"),
    ToolCallMark("<\uff5cDSML\uff5ctool_calls>", "</\uff5cDSML\uff5ctool_calls>"),
    ToolCallMark("<|START_ACTION|>", "<|END_ACTION|>"),
    ToolCallMark("<|action_start|><|plugin|>", "<|action_end|>"),
    ToolCallMark("<|channel|>commentary to=functions.", "<|call|>"),
    ToolCallMark("<|python_tag|>"),
    ToolCallMark("<|python_start|>", "<|python_end|>"),
    ToolCallMark("<tool_code>", "</tool_code>"),
    ToolCallMark("[TOOL_CALLS]"),
    ToolCallMark("[TOOL_CALL]", "[/TOOL_CALL]"),
)
"""Marks of Qwen, Hermes, GLM, MiniMax, Phi, Granite, Liquid, Kimi, DeepSeek, Command, InternLM, Llama, Mistral,
gpt-oss."""

TURN: Final = re.compile(
    r"<\|(?:im_end|im_start|eot_id|eom_id|start_header_id|endoftext|end_of_text|end|user|observation|start_of_role"
    r"|END_OF_TURN_TOKEN)\|>|<(?:start|end)_of_turn>|</s>|\[INST\]|\[TOOL_RESULTS\]|<tool_(?:response|result|output)s?>"
    r"|<function_(?:response|result|output)s?>|<\uff5c(?:end\u2581of\u2581sentence|tool\u2581outputs\u2581begin)\uff5c>"
)
"""Marks that end a model's turn, or begin the next one: text after them is not part of the reply."""

OPENING: Final = re.compile("|".join(re.escape(mark.opening) for mark in MARKS))
CLOSING: Final = re.compile("|".join(sorted({re.escape(mark.closing) for mark in MARKS if mark.closing})))
_BY_OPENING: Final = {mark.opening: mark for mark in MARKS}


def mark_of(opening: str) -> ToolCallMark:
    """Return the pair of marks for an opening one."""
    return _BY_OPENING[opening]
