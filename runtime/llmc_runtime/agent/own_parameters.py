"""Parts of a request that llmc adds by itself, and servers refuse.

Such a part is left out, or written in another way, and the question is asked again; see `bodies.body` for how.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, Literal

from llmc_runtime.agent.server_words import ServerWords
from llmc_runtime.agent.settings import Settings

OwnPart = Literal[
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "parallel_tool_calls",
    "stop",
    "store",
    "stream",
    "stream_options",
    "system",
    "temperature",
]
"""A part of a request; `system` are messages with that role, and turns of one side that follow each other."""

LIMITS: Final[tuple[OwnPart, ...]] = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""The names of the bound of a reply, which all mean the same."""

STATUSES: Final = {None, 400, 404, 405, 415, 422, 500, 501}
"""The statuses under which a refused part is looked for: templates fail with 500, or without one in the stream."""

_PARTS: Final[tuple[OwnPart, ...]] = (
    "stream_options",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "parallel_tool_calls",
    "temperature",
    "store",
    "stop",
    "stream",
)
_REFUSES: Final = re.compile(
    r"unsupported|support|unrecogni[sz]ed|unknown|unexpected|unavailable|permitted|extra|allowed|invalid|enabled"
    r"|verified|instead|forbidden|accept|removed|deprecated|available|implemented|must|only|cannot|can't|too large"
    r"|minimum|maximum",
    re.IGNORECASE,
)
_SYSTEM: Final = re.compile(
    r"\bsystem\b.{0,40}\b(?:role|message|prompt|instruction)|\brole.{0,60}\bsystem\b"
    r"|\bdeveloper (?:instruction|message|role)"
    r"|\b(?:role|message|user|turn)s?\b.{0,60}\balternat|only user and assistant|first message.{0,40}\buser\b",
    re.IGNORECASE | re.DOTALL,
)
_FORM: Final = re.compile(
    r"\b(?:grammar|gbnf|ebnf|lark|response_format|json_schema|structured_outputs?|guided\w*|custom tool|tool_choice)\b",
    re.IGNORECASE,
)
_ROLE: Final = re.compile(r"(?:messages|input)\b.*\brole\b")


def refused_part(
    said: ServerWords, request: Mapping[str, Any], asked: Settings, left_out: frozenset[OwnPart]
) -> OwnPart | None:
    """Return the part of a request that a server refuses, if llmc has added it by itself."""
    if said.status not in STATUSES:
        return None
    if "system" not in left_out and _refuses_roles(said, request):
        return "system"
    for part in _PARTS:
        is_sent = request.get(part) is True if part == "stream" else part in request
        if is_sent and part not in left_out and _names(said, part):
            return part if _is_own(part, asked, left_out) else None
    return None


def names_given(said: ServerWords, asked: Settings) -> bool:
    """Whether an error names an option that the user set."""
    given = {name for name in ("temperature", "top_p", "seed", "reasoning_effort") if getattr(asked, name) is not None}
    given |= {"stop"} if asked.stop else set()
    given |= {"reasoning"} if asked.reasoning_effort is not None and asked.api == "responses" else set()
    return any(_names(said, name) for name in (*given, *asked.extra_body))


def names_form(said: ServerWords) -> bool:
    """Whether an error is about the grammar or the schema that a reply has to follow."""
    return _FORM.search(said.text) is not None


def _is_own(part: OwnPart, asked: Settings, left_out: frozenset[OwnPart]) -> bool:
    """Whether a part may be left out; a bound that the user set may have another name."""
    if part in asked.extra_body:
        return False
    if part in LIMITS and asked.max_tokens is not None:
        return asked.api == "chat" and not left_out & set(LIMITS)
    return {"temperature": asked.server == "local", "stop": not asked.stop}.get(part, True)


def _names(said: ServerWords, name: str) -> bool:
    """Whether an error is about a part of the request."""
    word = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    if said.parameter and re.search(word, said.parameter):
        return True
    return re.search(word, said.text) is not None and _REFUSES.search(said.text) is not None


def _refuses_roles(said: ServerWords, request: Mapping[str, Any]) -> bool:
    """Whether an error is about the roles of messages."""
    messages = request.get("messages") or request.get("input") or ()
    roles = [each.get("role") for each in messages if isinstance(each, dict)]
    if "system" not in roles and not any(before == after for before, after in pairwise(roles)):
        return False
    return bool(_ROLE.search(said.parameter) or _SYSTEM.search(said.text))
