"""Secrets of a run: texts that are redacted from all output, and values that are redacted when they are shown.

A run learns a secret together with its value: an input at the start, a result on arrival. From then on the secret is
replaced in every text and value that is shown, also in its JSON, Python and URL forms. Values that a tool derives from
it (another case, a hash, a part) are not recognised.
"""

import json
import re
import traceback
from bisect import bisect, insort
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from operator import neg
from threading import Lock
from typing import Any, Final, Self
from urllib.parse import quote, quote_plus

from llmc_compiler.expressions.terms import Json
from llmc_compiler.lowering.secret_labels import PUBLIC, Label, hidden
from llmc_compiler.representation.brief import REACH, Brief
from llmc_grammar.portable import StandIn, stand_in, words_of
from llmc_runtime.errors import LlmcError, PlanError
from llmc_runtime.text_format import beginning_of
from llmc_runtime.tracebacks import traceback_text

HIDDEN: Final = "[secret]"
"""The replacement of a secret."""

SHORTEST: Final = 4
"""Fewest characters of a secret that is found within other text; a shorter one is redacted only as a whole text."""

LONGEST: Final = 10_000
"""Most characters of a secret that is found within other text."""

_CUTS: Final = 8
"""Most ellipses within a part of a secret that is recognised."""


class HiddenError(StandIn):
    """Replaces an exception whose text, or that of one of its causes, holds a secret; `shown` is its traceback."""

    shown = ""


class Secrets:
    """The secrets of a run, and of the runs inside it, which may add to them from other threads.

    `longest` is the length of the longest text that is searched for. A copy is the same set, which only grows. A pickle
    has no secrets: see `SecretFree`.
    """

    def __init__(self) -> None:
        self._adding = Lock()
        self._texts: set[str] = set()
        self._forms: dict[str, set[str]] = {}
        self._tails: dict[str, set[str]] = {}
        self._lengths: dict[str, list[int]] = {}
        self._heads: re.Pattern[str] | None = None
        self._first: set[str] = set()
        self.longest = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __copy__(self) -> "Secrets":
        return self

    def __deepcopy__(self, memo: object) -> "Secrets":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out the secrets: a pickle leaves the process."""
        return Secrets, ()

    def add(self, text: str) -> bool:
        """Redact this text from now on, and return whether it can be found within other text."""
        can_be_found = SHORTEST <= len(text) <= LONGEST
        with self._adding:
            if text not in self._texts:
                self._texts.add(text)
                # A secret may be a part of the replacement.
                for form in (*_forms(text), HIDDEN) if can_be_found else ():
                    self._add_form(form)
        return can_be_found

    def unlock(self) -> None:
        """Replace the lock in the child of a fork, since another thread may have held it."""
        self._adding = Lock()

    def share(self, others: "Secrets") -> "Secrets":
        """Add these secrets to others, and return those."""
        for text in tuple(self._texts) if others is not self else ():
            others.add(text)
        return others

    def _add_form(self, form: str) -> None:
        """Add a form of a secret; forms are grouped by their first characters, as there may be very many."""
        head = form[:SHORTEST]
        # Concurrent searches expect lengths wherever there are forms.
        lengths = self._lengths.setdefault(head, [])
        forms = self._forms.setdefault(head, set())
        if form not in forms:
            forms.add(form)
            self.longest = max(self.longest, len(form))
            self._tails.setdefault(form[-SHORTEST:], set()).add(form)
            if len(form) not in lengths:
                insort(lengths, len(form), key=neg)
        if form[0] not in self._first:
            self._first.add(form[0])
            self._heads = re.compile("|".join(map(re.escape, sorted(self._first))))

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if text in self._texts:
            return HIDDEN
        pieces, end = [], 0
        for start, length in self._found(text):
            pieces += [text[end:start], HIDDEN]
            end = start + length
        return "".join(pieces) + text[end:]

    def masked(self, text: str) -> str:
        """Return the text with dots for the characters of each secret, so that positions do not change."""
        for start, length in list(self._found(text)):
            text = text[:start] + "·" * length + text[start + length :]
        return text

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield position and length of secrets in a text; of those at the same position the longest."""
        if self._heads is None:
            return
        end = 0
        for head in self._heads.finditer(text):
            start = head.start()
            key = text[start : start + SHORTEST]
            if start < end or key not in self._forms:
                continue
            lengths = (length for length in self._lengths[key] if text[start : start + length] in self._forms[key])
            if length := next(lengths, 0):
                yield start, length
                end = start + length

    def value(self, value: Json) -> Json:
        """Return the value without secrets in its texts and keys."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(part) for key, part in value.items()}
        return value

    def cover(self, error: LlmcError) -> None:
        """Redact an error: its text, and the exception that caused it."""
        if not self._texts:
            return
        error.secrets = self
        error.args = tuple(self._cut(self.text(part)) if isinstance(part, str) else part for part in error.args)
        if isinstance(error, PlanError) and error.place is not None:
            error.place = self.text(error.place[0]), error.place[1]
        cause = error.__cause__
        if isinstance(cause, LlmcError):
            self.cover(cause)
        elif cause is not None and self._is_in(_whole(cause)):
            kind, words = type(cause), self._cut(self.text(words_of(cause)))
            other = error.__cause__ = stand_in(HiddenError, kind.__name__, kind.__module__, words)
            other.shown = traceback_text(cause, self.text)
            error.__suppress_context__ = True

    def _is_in(self, text: str) -> bool:
        """Whether a secret is in a text."""
        return any(text[start : start + length] != HIDDEN for start, length in self._found(text))

    def _cut(self, text: str) -> str:
        """The text without cut secrets: beginnings before an ellipsis or at the end, and ends after an ellipsis."""
        cuts = [position for position, character in enumerate(text) if character == "…"]
        spans = sorted((*self._beginnings(text, cuts), *self._ends(text, cuts)))
        pieces, done = [], 0
        for start, end in spans:
            if end > done:
                pieces += [text[done : max(start, done)], HIDDEN if start >= done else ""]
                done = end
        return "".join(pieces) + text[done:]

    def _beginnings(self, text: str, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The spans of beginnings of secrets right before a cut."""
        ends = [cut for cut in (*cuts, len(text)) if not text.endswith(HIDDEN, 0, cut)]
        for start in range(len(text) - SHORTEST + 1):
            forms = tuple(self._forms.get(text[start : start + SHORTEST], ()))
            first = bisect(ends, start) if forms else 0
            for end in reversed(ends[first : first + _CUTS] if forms else ()):
                if any(form.startswith(text[start:end]) for form in forms):
                    yield start, end
                    break

    def _ends(self, text: str, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The spans of ends of secrets right after a cut."""
        starts = [cut + 1 for cut in cuts if not text.startswith(HIDDEN, cut + 1)]
        for end in range(SHORTEST, len(text) + 1):
            forms = tuple(self._tails.get(text[end - SHORTEST : end], ()))
            last = bisect(starts, end - SHORTEST) if forms else 0
            for start in starts[max(last - _CUTS, 0) : last]:
                if any(form.endswith(text[start:end]) for form in forms):
                    yield start, end
                    break


def _forms(text: str) -> Iterator[str]:
    """Yield the forms that a text may take within others: plain, in one line, and as JSON, Python or URL text."""
    yield text
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
    yield from (ascii(text)[1:-1], repr(text.encode(errors="surrogatepass"))[2:-1])
    yield repr(f"'\"{text}")[4:-1]  # within a text with both kinds of quotes
    yield from (quote(text), quote(text, safe=""), quote_plus(text))
    if len(line := " ".join(text.split())) >= SHORTEST:
        yield line


def _whole(error: BaseException) -> str:
    """All text that a traceback of the exception would show, and its parts."""
    try:
        return "".join(traceback.format_exception(error)) + repr(error)
    except Exception:  # noqa: BLE001 — as above; unreadable exceptions are redacted
        return "".join(words_of(cause) for cause in (error, error.__cause__, error.__context__) if cause is not None)


class SecretFree(Brief):
    """Mixin of frozen dataclasses that hold secrets: copies in memory keep them, and pickles are redacted.

    A pickle leaves the process: for a queue, a cache, a disk.
    """

    __slots__ = ()

    def _concealed(self) -> dict[str, Any]:
        """The fields that hold secrets, redacted."""
        raise NotImplementedError

    def __copy__(self) -> Self:
        """Return the object itself, as it never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return another object with copies of its values."""
        return type(self)(**{name: deepcopy(value, memo) for name, value in _fields(self).items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the class and the redacted fields."""
        return _restored, (type(self), _fields(self) | self._concealed())


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 — any dataclass
    return {item.name: getattr(value, item.name) for item in fields(value)}


def _restored(kind: type[SecretFree], values: dict[str, Any]) -> SecretFree:
    """Restore the object of a pickle."""
    return kind(**values)


class Veil:
    """Redacts values on demand, so that values that are never shown cost nothing.

    `labels` mark the secret parts of values by the name of their task or node, or the join.
    """

    __slots__ = ("_labels", "_secrets")

    def __init__(self, secrets: Secrets, labels: Mapping[str, Label]) -> None:
        self._secrets = secrets
        self._labels = labels

    def value(self, name: str, value: Json) -> Json:
        """Return the value without secrets; without any it is the same object, not a copy."""
        return self._secrets.value(hidden(value, self._labels.get(name, PUBLIC), HIDDEN))

    def beginning(self, name: str, value: Json, most: int) -> tuple[Json, bool]:
        """Return the redacted beginning of a value, about `most` parts and characters, and whether it is whole."""
        beginning, is_whole = beginning_of(value, most + REACH)
        return self.value(name, beginning), is_whole

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        return self._secrets.text(text)

    def has_label(self, name: str) -> bool:
        """Whether a part of this value is labelled secret."""
        return name in self._labels


NO_VEIL: Final = Veil(Secrets(), {})
"""Redacts nothing."""
