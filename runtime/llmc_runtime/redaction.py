"""Secrets of a run: texts that are taken out of everything that is shown.

A secret is known to a run from the moment at which its value is: an input from the start, a result when it arrives.
From then on it is replaced in every text and every value that leaves the run to be seen, also where it stands as JSON,
Python or a URL writes it. What a tool makes of it (another case, a hash, a part of it) is not known to be one.
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
"""What stands in the place of a secret."""


SHORTEST: Final = 4
"""Characters that a secret has at least to be found in a text; a shorter one is hidden only where it stands alone."""


LONGEST: Final = 10_000
"""Characters that it may have at most for that."""


_CUTS: Final = 8
"""Ellipses that a part of a secret may have in itself."""


class HiddenError(StandIn):
    """Stands for an exception whose text, or that of one of its causes, holds a secret; `shown` is its traceback."""

    shown = ""


class Secrets:
    """The secrets of a run, and of the runs inside it, which may add to them in other threads.

    `longest` is the number of characters of the longest text that is looked for. A copy is the same set, which only
    grows. A pickle holds none of them: see `SecretFree`.
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
        """Whether there is anything to hide."""
        return bool(self._texts)

    def __copy__(self) -> "Secrets":
        """The same."""
        return self

    def __deepcopy__(self, memo: object) -> "Secrets":
        """The same."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """No secrets: a pickle leaves the process."""
        return Secrets, ()

    def add(self, text: str) -> bool:
        """Hide this text from now on; whether it can be found inside of others."""
        can_be_found = SHORTEST <= len(text) <= LONGEST
        with self._adding:
            if text not in self._texts:
                self._texts.add(text)
                # A secret may be a part of what stands for it.
                for form in (*_forms(text), HIDDEN) if can_be_found else ():
                    self._add_form(form)
        return can_be_found

    def unlock(self) -> None:
        """Replace the lock in the child of a fork, since another thread may have held it."""
        self._adding = Lock()

    def share(self, others: "Secrets") -> "Secrets":
        """The others, which hide these from now on as well."""
        for text in tuple(self._texts) if others is not self else ():
            others.add(text)
        return others

    def _add_form(self, form: str) -> None:
        """Find this form too; forms that begin alike stand together, and there may be very many."""
        head = form[:SHORTEST]
        # Whoever looks for forms meanwhile expects lengths where there are forms.
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
        """The text without secrets."""
        if text in self._texts:
            return HIDDEN
        pieces, end = [], 0
        for start, length in self._found(text):
            pieces += [text[end:start], HIDDEN]
            end = start + length
        return "".join(pieces) + text[end:]

    def masked(self, text: str) -> str:
        """The text with as many dots in the place of each secret: places in it stay where they are."""
        for start, length in list(self._found(text)):
            text = text[:start] + "·" * length + text[start + length :]
        return text

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets are in a text, and how long; of those that begin at one place the longest."""
        if self._heads is None:
            return
        end = 0
        for head in self._heads.finditer(text):
            start = head.start()
            key = text[start : start + SHORTEST]
            if start < end or key not in self._forms:
                continue
            found = (each for each in self._lengths[key] if text[start : start + each] in self._forms[key])
            if length := next(found, 0):
                yield start, length
                end = start + length

    def value(self, value: Json) -> Json:
        """The value without secrets, in its texts and its keys."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(each) for key, each in value.items()}
        return value

    def cover(self, error: LlmcError) -> None:
        """Take the secrets out of an error: out of its text, and out of the exception that it is from."""
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
        """The text without beginnings of secrets before an ellipsis or its end, and their ends behind an ellipsis."""
        cuts = [at for at, character in enumerate(text) if character == "…"]
        found = sorted((*self._beginnings(text, cuts), *self._ends(text, cuts)))
        pieces, done = [], 0
        for start, end in found:
            if end > done:
                pieces += [text[done : max(start, done)], HIDDEN if start >= done else ""]
                done = end
        return "".join(pieces) + text[done:]

    def _beginnings(self, text: str, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The places of beginnings of secrets right before a cut."""
        ends = [at for at in (*cuts, len(text)) if not text.endswith(HIDDEN, 0, at)]
        for start in range(len(text) - SHORTEST + 1):
            forms = tuple(self._forms.get(text[start : start + SHORTEST], ()))
            first = bisect(ends, start) if forms else 0
            for end in reversed(ends[first : first + _CUTS] if forms else ()):
                if any(form.startswith(text[start:end]) for form in forms):
                    yield start, end
                    break

    def _ends(self, text: str, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The places of ends of secrets right behind a cut."""
        starts = [at + 1 for at in cuts if not text.startswith(HIDDEN, at + 1)]
        for end in range(SHORTEST, len(text) + 1):
            forms = tuple(self._tails.get(text[end - SHORTEST : end], ()))
            last = bisect(starts, end - SHORTEST) if forms else 0
            for start in starts[max(last - _CUTS, 0) : last]:
                if any(form.endswith(text[start:end]) for form in forms):
                    yield start, end
                    break


def _forms(text: str) -> Iterator[str]:
    """The text as it may be written in others: plain, in one line, and as JSON, Python or a URL has it."""
    yield text
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
    yield from (ascii(text)[1:-1], repr(text.encode(errors="surrogatepass"))[2:-1])
    yield repr(f"'\"{text}")[4:-1]  # inside of a text with both kinds of quotes
    yield from (quote(text), quote(text, safe=""), quote_plus(text))
    if len(line := " ".join(text.split())) >= SHORTEST:
        yield line


def _whole(error: BaseException) -> str:
    """Everything that a traceback of the exception would show, and its parts."""
    try:
        return "".join(traceback.format_exception(error)) + repr(error)
    except Exception:  # noqa: BLE001 — as above; what cannot be looked at is hidden
        return "".join(words_of(each) for each in (error, error.__cause__, error.__context__) if each is not None)


class SecretFree(Brief):
    """Mixin of frozen dataclasses that hold secrets: copies in memory keep them, and a pickle has what is shown.

    A pickle leaves the process: for a queue, a cache, a disk.
    """

    __slots__ = ()

    def _concealed(self) -> dict[str, Any]:
        """The fields that hold secrets, without them."""
        raise NotImplementedError

    def __copy__(self) -> Self:
        """Itself: nothing of it changes."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Another one, with copies of its values."""
        return type(self)(**{name: deepcopy(each, memo) for name, each in _fields(self).items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Its class and its fields, without secrets."""
        return _restored, (type(self), _fields(self) | self._concealed())


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 — any dataclass
    """The fields of a dataclass by name."""
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _restored(kind: type[SecretFree], values: dict[str, Any]) -> SecretFree:
    """The object of a pickle."""
    return kind(**values)


class Veil:
    """Takes the secrets out of values on demand, so that values that are never shown cost nothing.

    `labels` say which parts of values are secret, by the name of what gave them: a task, a node, the join.
    """

    __slots__ = ("_labels", "_secrets")

    def __init__(self, secrets: Secrets, labels: Mapping[str, Label]) -> None:
        self._secrets = secrets
        self._labels = labels

    def value(self, name: str, value: Json) -> Json:
        """The value without secrets: itself, and no copy, where it has none."""
        return self._secrets.value(hidden(value, self._labels.get(name, PUBLIC), HIDDEN))

    def beginning(self, name: str, value: Json, most: int) -> tuple[Json, bool]:
        """A little more than so many parts and characters of it, without secrets; whether it is all."""
        found, is_whole = beginning_of(value, most + REACH)
        return self.value(name, found), is_whole

    def text(self, text: str) -> str:
        """A text without secrets."""
        return self._secrets.text(text)

    def has_label(self, name: str) -> bool:
        """Whether a part of what this gave is secret by where it is from."""
        return name in self._labels


NO_VEIL: Final = Veil(Secrets(), {})
"""Hides nothing."""
