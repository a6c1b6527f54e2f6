"""Prompts: Jinja templates in files, which users can replace one by one.

Templates run in a sandbox and receive data only as variables. A template with an unknown variable is an error when it
is loaded.
"""

import os
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llmc_grammar.suggestion import suggest
from llmc_runtime.agent.agent_errors import PromptError
from llmc_runtime.input_files import read_input

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LARGEST: Final = 1024 * 1024
"""Maximum number of bytes in a prompt's file."""

_KEPT: Final = 16
"""Cached environments: agents with the same prompts share one."""

_CARD: Final = frozenset({"samples", "loops", "guards", "free", "formats", "lists", "functions"})
_PLAN: Final = _CARD | {"tools", "examples", "first", "question", "plans", "thought", "history", "worked"}
_JUDGE: Final = frozenset({"question", "plans", "final", "stopped", "history", "structured"})

VARIABLES: Final[Mapping[str, frozenset[str]]] = {
    "card": _CARD,
    "tools": frozenset({"tools"}),
    "planner": _PLAN,
    "question": _PLAN,
    "planner_completion": _PLAN,
    "repair": frozenset({"report", "lines", "rest", "plan", "unclear"}),
    "joiner": _JUDGE,
    "results": _JUDGE,
    "joiner_completion": _JUDGE,
    "reminder": frozenset({"final", "structured"}),
    "tasks": frozenset({"plans"}),
    "math": frozenset({"problem", "context", "functions"}),
}
"""The prompts and their variables."""


class Prompts:
    """The prompts of an agent; `own` is a folder of `NAME.j2` files, or a mapping from names to texts.

    Prompts with the same texts share their compiled templates. They are read and compiled on first use, except for
    those of a user, whose mistakes are found at once.

    Raises PromptError for an unknown prompt, an invalid template, or a template with an unknown variable.
    """

    def __init__(self, own: Path | str | Mapping[str, str] | None = None) -> None:
        replaced: Mapping[str, str | None] = {} if own is None else _own(own)
        self._replaced = tuple((name, text) for name, text in replaced.items() if text is not None)
        if self.are_replaced:
            _environment(self._replaced)

    @property
    def are_replaced(self) -> bool:
        """Whether a user replaced any prompt."""
        return bool(self._replaced)

    @property
    def texts(self) -> dict[str, str]:
        """The templates by name."""
        return {**_shipped(), **dict(self._replaced)}

    def render(self, name: str, **variables: Any) -> str:
        """Return the prompt's text for these values; raises PromptError if the template cannot be rendered."""
        try:
            return _environment(self._replaced).get_template(f"{name}.j2").render(**variables).strip()
        except Exception as error:  # a template may divide by zero, or include itself
            raise PromptError(f"prompt `{name}` cannot be filled: {error}") from error


@cache
def _shipped() -> Mapping[str, str]:
    """Return the templates of this package by name."""
    folder = resources.files("llmc_runtime.agent") / "prompts"
    return {name: (folder / f"{name}.j2").read_text("utf-8") for name in VARIABLES}


@lru_cache(maxsize=_KEPT)
def _environment(replaced: tuple[tuple[str, str], ...]) -> "ImmutableSandboxedEnvironment":
    """Return the sandbox for all templates; raises PromptError for a mistake in a replaced one."""
    texts = {**_shipped(), **dict(replaced)}
    environment = sandbox({f"{name}.j2": text for name, text in texts.items()})
    for name, text in replaced:
        _check(environment, name, text)
    return environment


def sandbox(texts: Mapping[str, str]) -> "ImmutableSandboxedEnvironment":
    """Return an environment in which these templates reach only their data, and cannot change it."""
    from jinja2 import DictLoader, StrictUndefined  # noqa: PLC0415 — slow to import, and only models need it
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 — the same

    return ImmutableSandboxedEnvironment(
        loader=DictLoader(texts),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def variables_of(environment: "ImmutableSandboxedEnvironment", name: str, text: str) -> list[str]:
    """Return the variables of a template, in the order of its text; raises PromptError for an invalid template."""
    from jinja2 import TemplateSyntaxError, meta  # noqa: PLC0415 — slow to import, and only models need it

    try:
        variables = meta.find_undeclared_variables(environment.parse(text))
    except TemplateSyntaxError as error:
        raise PromptError(f"prompt `{name}`, line {error.lineno}: {error.message}") from error
    except (RecursionError, ValueError) as error:
        fault = "a number has too many digits" if isinstance(error, ValueError) else "it is nested too deeply"
        raise PromptError(f"prompt `{name}`: {fault}") from error
    return sorted(variables, key=text.find)


def _check(environment: "ImmutableSandboxedEnvironment", name: str, text: str) -> None:
    """Refuse a template with an unknown variable; raises PromptError."""
    for variable in variables_of(environment, name, text):
        if variable not in VARIABLES[name]:
            available = ", ".join(f"`{other}`" for other in sorted(VARIABLES[name]))
            raise PromptError(f"prompt `{name}` has no variable `{variable}`: it has {available}")


def _own(given: Path | str | Mapping[str, str]) -> dict[str, str]:
    """Return a user's prompts by name; raises PromptError."""
    texts = dict(given) if isinstance(given, Mapping) else _read(Path(given))
    for name in texts:
        if name not in VARIABLES:
            hint = suggest(name, VARIABLES, f"there are: {', '.join(VARIABLES)}")
            raise PromptError(f"no prompt is called `{name}`: {hint}")
    return texts


def _read(folder: Path) -> dict[str, str]:
    """Read the prompts of a folder; raises PromptError."""
    if not os.path.isdir(folder):  # noqa: PTH112 — returns False, and does not raise, for an unreadable path
        raise PromptError(f"{folder} is not a folder with prompts")
    texts: dict[str, str] = {}
    path = folder
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix == ".j2":
                texts[path.stem] = read_input(path, LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PromptError(f"{path} cannot be read: {reason}") from error
    return texts
