"""Parts that llmc itself adds to a request and that some servers refuse.

A refused part is left out or written in another form, and the question is asked again; see `request_body.body`.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, Literal

from llmc_runtime.models.openai.settings.settings import ModelSettings
from llmc_runtime.models.server_messages import ServerWords

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
"""A part of a request; `system` stands for messages with that role, and for consecutive messages of the same role."""

LIMITS: Final[tuple[OwnPart, ...]] = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""The names that APIs give to the bound of a reply."""

STATUSES: Final = {None, 400, 404, 405, 415, 422, 500, 501}
"""The statuses of errors that may be about a part: templates fail with 500, or without a status in the stream."""

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
_SPELLINGS: Final[Mapping[str, str]] = {
    **{str(name): "max_?(?:completion_?|output_?|new_?)?tokens" for name in LIMITS},
    "parallel_tool_calls": "parallel_tool_calls|parallelToolCalls",
    "stop": "stop|stop[ _]sequences?|stopSequences?",
    "stream": "stream|streaming",
    "stream_options": "stream_?options|streamOptions|include_?usage",
}
"""The names of parts in the messages of servers that forward a request to another API."""

_WORDS: Final = {"stop", "store", "stream", "temperature"}
"""Names that are also ordinary words: they count only if an error marks them as names."""

_REFUSES: Final = re.compile(
    r"unsupported|support|unrecogni[sz]ed|unknown|unexpected|unavailable|permitted|extra|allowed|valid|enabled"
    r"|verified|instead|forbidden|accept|removed?|deprecated|available|implemented|must|should|only|cannot|can't"
    r"|too (?:large|long|many)|minimum|maximum|less than|greater than|exceed|range",
    re.IGNORECASE,
)
_NAME: Final = r"(?<![\w-])({0})(?![\w-])"
_QUOTED: Final = r"[`'\"]({0})[`'\"]"
_MARKED: Final = (
    _QUOTED + r"|[:,\[]\s*({0})\s*(?:[.,;\]]|$)"
    r"|(?:^|[\s.(])({0})\s*:"
    r"|\b({0})\s+(?:parameter|argument|field|option|mode|responses?|requests?|isn't|must be|should be|cannot be"
    r"|(?:is|are) (?:not |un|only )(?!readable|writable|available))"
    r"|\b(?:parameter|argument|field|option|param|property|(?:un)?support(?:s|ed)?(?: for)?|accepts?|allow|verified to)"
    r"(?: the| a|:)? ({0})\b"
)
_SYSTEM: Final = re.compile(
    r"\bsystem\b\W{0,3}(?:(?:and|or) \w{1,20} )?(?:role|message|prompt|instruction)|\brole.{0,60}\bsystem\b"
    r"|\b(?:variant|value)\b\W{0,4}system\b|\bdeveloper (?:instruction|message|role)",
    re.IGNORECASE | re.DOTALL,
)
_NO_ROLE: Final = re.compile(
    r"n[o']t(?: currently| yet)? (?:support|allow|enabled|permit|accept|available|implement|a valid)|unsupported"
    r"|unexpected|unknown|invalid|must be|should be|cannot be|no system|expected",
    re.IGNORECASE,
)
_TURNS: Final = re.compile(
    r"\b(?:must|should)(?: be)? alternat(?:e|ing)\b|\balternat(?:e|ing) between\b|only user and assistant"
    r"|first message.{0,40}\buser\b|\brole must be (?:in|one of)\b",
    re.IGNORECASE | re.DOTALL,
)
_FORM: Final = re.compile(
    r"\b(?:grammar|gbnf|ebnf|lark|response_format|json_schema|structured_outputs?|guided\w*|custom tool|tool_choice)\b",
    re.IGNORECASE,
)
_ROLE: Final = re.compile(r"(?:messages|input)\b.*\brole\b")


def refused_part(
    said: ServerWords, request: Mapping[str, Any], asked: ModelSettings, left_out: frozenset[OwnPart], *, is_fault: bool
) -> OwnPart | None:
    """Return the part of a request that a server refuses, if llmc itself has added it.

    In an error inside the server (`is_fault`), an ordinary word counts only in quotes.
    """
    if said.status not in STATUSES:
        return None
    if "system" not in left_out and _refuses_roles(said, request):
        return "system"
    for part in _PARTS:
        is_sent = request.get(part) is True if part == "stream" else part in request
        if is_sent and part not in left_out and _names(said, part, _form(part, is_fault=is_fault)):
            return part if _is_own(part, asked, left_out) else None
    return None


def names_given(said: ServerWords, asked: ModelSettings) -> bool:
    """Whether an error names an option that the user set."""
    options = ("temperature", "top_p", "seed", "reasoning_effort")
    names = {name for name in options if getattr(asked, name) is not None}
    names |= {"stop"} if asked.stop else set()
    names |= {"reasoning"} if asked.reasoning_effort is not None and asked.api == "responses" else set()
    return any(_names(said, name, _NAME) for name in (*names, *asked.extra_body))


def names_form(said: ServerWords) -> bool:
    """Whether an error is about the grammar or the schema that a reply has to follow."""
    return _FORM.search(said.words) is not None


def _is_own(part: OwnPart, asked: ModelSettings, left_out: frozenset[OwnPart]) -> bool:
    """Whether a part may be left out; a bound that the user set may only be sent under another name."""
    if part in asked.extra_body:
        return False
    if part in LIMITS and asked.max_tokens is not None:
        return asked.api == "chat" and not left_out & set(LIMITS)
    return {"temperature": asked.server == "local", "stop": not asked.stop}.get(part, True)


def _form(part: OwnPart, *, is_fault: bool) -> str:
    """Return the pattern in which an error has to name a part."""
    if part not in _WORDS:
        return _NAME
    return _QUOTED if is_fault else _MARKED


def _names(said: ServerWords, name: str, form: str) -> bool:
    """Whether an error is about the part of the request with this name."""
    spelled = _SPELLINGS.get(name, re.escape(name))
    if said.parameter and re.search(_NAME.format(spelled), said.parameter, re.IGNORECASE):
        return True
    if _REFUSES.search(said.words) is None:
        return False
    return re.search(form.format(spelled), said.words, re.IGNORECASE) is not None


def _refuses_roles(said: ServerWords, request: Mapping[str, Any]) -> bool:
    """Whether an error is about the roles of messages."""
    messages = request.get("messages") or request.get("input") or ()
    roles = [message.get("role") for message in messages if isinstance(message, dict)]
    if "system" not in roles and not any(before == after for before, after in pairwise(roles)):
        return False
    if _ROLE.search(said.parameter) or _TURNS.search(said.words):
        return True
    return _SYSTEM.search(said.words) is not None and _NO_ROLE.search(said.words) is not None
