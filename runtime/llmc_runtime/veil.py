"""Values without their secrets."""

from collections.abc import Mapping
from typing import Final

from llmc_compiler.brief import REACH
from llmc_compiler.secret_labels import PUBLIC, Label, hidden
from llmc_compiler.term import Json
from llmc_runtime.secrets import HIDDEN, Secrets
from llmc_runtime.text import start


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
        found, is_whole = start(value, most + REACH)
        return self.value(name, found), is_whole

    def text(self, text: str) -> str:
        """A text without secrets."""
        return self._secrets.text(text)

    def has_label(self, name: str) -> bool:
        """Whether a part of what this gave is secret by where it is from."""
        return name in self._labels


NO_VEIL: Final = Veil(Secrets(), {})
"""Hides nothing."""
