"""Errors as servers report them, in all their forms.

{"error": {"message", "code", "param", "type"}}      OpenAI, Azure, vLLM, llama.cpp, Ollama
{"error": "text"}, {"message": "text"}               Ollama, LM Studio, Mistral
{"detail": "text"}, {"detail": [{"loc", "msg"}]}     FastAPI, Mistral
{"issues": [{"path", "message"}]}                    servers that validate with Zod
[{"error": {…}}]                                     Gemini
{"error": {"message", "metadata": {"raw": "…"}}}     OpenRouter
plain text, an HTML page                             proxies
"""

import html
import json
import re
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import islice
from typing import Final

from llmc_grammar.terminal_text import visible
from llmc_runtime.foreign_errors import shortened

_READ: Final = 64 * 1024
"""Maximum number of characters of an error that are read."""

_DEPTH: Final = 6
_MOST_ITEMS: Final = 3

_FIRST: Final = (
    "message",
    "detail",
    "error",
    "error_description",
    "msg",
    "error_msg",
    "status_msg",
    "base_resp",
    "description",
    "title",
    "reason",
    "Message",
)
"""The keys that may hold an error's words; the first key with words counts."""

_BESIDE: Final = ("error_description", "errors", "issues", "details", "metadata", "raw", "innererror", "inner_error")
"""The keys whose words are added."""

_OF_REPLIES: Final = ("choices", "delta", "output", "type")
"""Keys of data that is a reply or part of a reply."""

_NO_ROUTE: Final = re.compile(
    r"(?:404:? *)?(?:page |file |url |path |resource |route )?(?:was )?not[ _]found\W*|method not allowed\W*"
    r"|.*(?:invalid url|unexpected endpoint|unknown endpoint|no such endpoint|unknown request url|no route)\b.*"
    r"|(?:cannot|could not|can't) (?:post|find) /.*",
    re.IGNORECASE | re.DOTALL,
)
"""Words of a server that does not know the address."""

_UNDERSTOOD: Final = {400, 422}
"""The statuses whose plain text comes from an API: a server that is not one does not validate the request."""

_TAG: Final = re.compile(r"<[^<>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class ServerWords:
    """A server's error: its words in one bounded line, and its other fields.

    `code` and `kind` are for machines, `parameter` names a part of the request, and `status` is the HTTP status, or the
    status that the error itself states. `is_of_api` is False if a page or an unknown address answered. `whole` is the
    text before it was cut.
    """

    text: str
    code: str = ""
    kind: str = ""
    parameter: str = ""
    status: int | None = None
    is_of_api: bool = True
    whole: str = field(default="", repr=False)

    @property
    def words(self) -> str:
        """The words of the error before they were cut, as far as they are read."""
        return self.whole or self.text


def answered(status: int, body: str) -> ServerWords:
    """Read the body of a response with an error status."""
    value = _json(body)
    said = None if value is None else error_in(value) or (_said(value) if isinstance(value, dict | list) else None)
    if said is None:
        plain = _plain(value if isinstance(value, str) else body)
        said = ServerWords(cleaned(plain), is_of_api=status in _UNDERSTOOD and "<" not in body[:_READ], whole=plain)
    if not said.text and value:
        said = replace(said, text=cleaned(body[:_READ]))  # under keys that are not known
    if not said.text:
        said = replace(said, text=_phrase(status), is_of_api=False)
    if _NO_ROUTE.fullmatch(said.text):
        said = replace(said, is_of_api=False)
    return replace(said, status=status)


def error_in(value: object, name: str = "") -> ServerWords | None:
    """Return the error in the JSON data of a reply, or of an event with this name; return None for other data."""
    if isinstance(value, list):
        return next((said for item in value[:_MOST_ITEMS] if (said := error_in(item, name)) is not None), None)
    if not isinstance(value, dict):
        return _said(value) if name == "error" else None
    error, base = value.get("error"), value.get("base_resp")
    if error and not (isinstance(error, dict) and not any(error.values())):
        return _said(value)
    if isinstance(base, dict) and base.get("status_code"):
        return _said(base)
    if name == "error" or "error" in (value.get("type"), value.get("object")):
        return _said(value)
    if not value.keys().isdisjoint(_OF_REPLIES):
        return None
    texts = (value.get(key) for key in ("message", "msg", "error_msg"))
    has_words = "detail" in value or value.get("errors") or any(isinstance(text, str) for text in texts)
    return _said(value) if has_words else None


def _said(value: object) -> ServerWords:
    """Read an error."""
    error: object = value
    for _ in range(_DEPTH):
        if isinstance(error, list) and error:
            error = error[0]
        elif isinstance(error, dict) and isinstance(error.get("error"), dict | list):
            error = error["error"]
        elif isinstance(error, dict) and isinstance(error.get("message"), dict):
            error = error["message"]
        elif isinstance(error, dict) and not error.get("message") and isinstance(error.get("errors"), list):
            error = error["errors"]
        else:
            break
    fields = error if isinstance(error, dict) else {}
    code = fields.get("code")
    whole = words_of(value)
    text = cleaned(whole)
    return ServerWords(
        text=text,
        code=code if isinstance(code, str) else "",
        kind=_text(fields.get("type")),
        parameter=_text(fields.get("param")) or ".".join(_places(fields.get("detail"))),
        status=_status(code) or _status(fields.get("status")) or _status(fields.get("status_code")),
        is_of_api=_NO_ROUTE.fullmatch(text) is None,
        whole=whole[:_READ],
    )


def _status(value: object) -> int | None:
    """Return an HTTP status that is an error, None for any other value."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:4])
    return value if type(value) is int and 400 <= value < 600 else None  # noqa: PLR2004 — the statuses of errors


def _text(value: object) -> str:
    """Return a text, or an empty one for any other value."""
    return value if isinstance(value, str) else ""


def _places(detail: object) -> list[str]:
    """Return the places in the request that a validation names."""
    places: list[str] = []
    for item in detail[:_MOST_ITEMS] if isinstance(detail, list) else ():
        place = item.get("loc") if isinstance(item, dict) else None
        places += [step for step in place if isinstance(step, str)] if isinstance(place, list) else []
    return places


def words_of(value: object, depth: int = _DEPTH) -> str:
    """Collect the words of an error in JSON data."""
    if isinstance(value, str):
        inner = _json(value) if value[:1] in {"{", "["} else None
        return (words_of(inner, depth - 1) if inner is not None and depth else "") or _plain(value)
    if not depth or not value or isinstance(value, bool | int | float):
        return ""
    if isinstance(value, list):
        texts = (words_of(item, depth - 1) for item in value[:_MOST_ITEMS])
        return "; ".join(dict.fromkeys(filter(None, texts)))
    if not isinstance(value, dict):
        return ""
    first = next(filter(None, (words_of(value.get(key), depth - 1) for key in _FIRST)), "")
    place = value.get("loc") or value.get("path")
    if first and isinstance(place, list):
        first = f"{'.'.join(str(step) for step in place if isinstance(step, str | int))}: {first}"
    beside = (words_of(value.get(key), depth - 1) for key in _BESIDE)
    more = [text for text in (*beside, _of_fields(value.get("errors"), depth)) if text and text not in first]
    return ": ".join(filter(None, [first, *more])) or _text(value.get("code")) or _text(value.get("type"))


def _of_fields(errors: object, depth: int) -> str:
    """Collect the words of a validation that has a list of errors for each field."""
    if not isinstance(errors, dict) or "message" in errors:
        return ""
    fields = ((name, words_of(listed, depth - 1)) for name, listed in islice(errors.items(), _MOST_ITEMS))
    return "; ".join(f"{name}: {text}" for name, text in fields if text)


def cleaned(text: str) -> str:
    """Return a text as one bounded line, with control characters escaped."""
    return visible(shortened(text))


def _json(text: str) -> object:
    """Parse a text as JSON; return None for an invalid text."""
    try:
        return json.loads(text[:_READ])
    except (ValueError, RecursionError):
        return None


def _plain(text: str) -> str:
    """Return the words of a text that is not JSON: title, heading or message of a page or of XML, else all of it."""
    text = text[:_READ]
    lower = text.lower()
    if not any(mark in lower for mark in ("<html", "<!doctype", "<title", "<?xml")):
        return text.strip()
    for tag in ("title", "h1", "message", "body"):
        start = lower.find(f"<{tag}")
        begin = lower.find(">", start) + 1
        if start >= 0 and begin:
            end = lower.find(f"</{tag}", begin)
            inside = _TAG.sub(" ", text[begin:] if end < 0 else text[begin:end])
            if found := " ".join(html.unescape(inside).split()):
                return found
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _phrase(status: int) -> str:
    """Return the name of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"


_TOO_LARGE: Final = 413

_TOO_LONG_CODES: Final = {"context_length_exceeded", "exceed_context_size_error", "context_too_long", "prompt_too_long"}
_TOO_LONG: Final = re.compile(
    r"maximum context|context[ _-]?(?:length|window|size|limit)|(?:prompt|input|request) is too (?:long|large)"
    r"|too many (?:input |prompt )?tokens|maximum (?:prompt|input|model|sequence) length"
    r"|token count[^.]{0,60}(?:exceeds|only supports)|tokens? (?:is|are) greater than[^.]{0,40}(?:maximum|limit)"
    r"|\btokens?\b[^.]{0,40}\bexceeds?\b[^.]{0,40}(?:maximum|limit)"
    r"|exceeds? (?:the )?(?:maximum )?(?:number of )?(?:input |prompt |context )?tokens?\b"
    r"|exceed(?:s|ed)? (?:the )?(?:model|max(?:imum)?) token limit|prompt exceeds (?:the )?max|prompt \u8d85\u957f"
    r"|inputs?\W{1,3}must have less than|input length|longer than the (?:model|context)|reduce the length",
    re.IGNORECASE,
)
_RATE: Final = re.compile(r"per (?:second|min|hour|day)", re.IGNORECASE)
_ADVICE: Final = re.compile(r"(?:reduce|decrease|lower)(?: the)? [`'\"]?max_(?:completion_|output_|new_)?tokens")
_REPLY_LIMIT: Final = re.compile(r"max_(?:completion_|output_|new_)?tokens")
"""An error about the bound of the reply is not about the length of the question."""


def is_too_long(said: ServerWords) -> bool:
    """Whether the question does not fit into the model's context."""
    if said.status == _TOO_LARGE or said.code in _TOO_LONG_CODES or said.kind in _TOO_LONG_CODES:
        return True
    words = _ADVICE.sub("", said.words)
    if said.status not in {None, 400, 422, 500} or _REPLY_LIMIT.search(words) or _RATE.search(words):
        return False
    return _TOO_LONG.search(words) is not None


def quoted(values: object) -> str:
    """Return the beginning of data that is neither a reply nor an error, as one line."""
    return cleaned("".join(islice(json.JSONEncoder(ensure_ascii=False).iterencode(values), 200)))
