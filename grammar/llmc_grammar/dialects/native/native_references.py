"""References of a JSON plan to its tasks, in their usual spellings.

    "$t1", "${t1.name}", "{{t1}}", {"ref": "t1"}, {"$ref": "t1.name"}, "<GENERATED>-1", "#E1", "t1.output", "$var_1$"
    "{t1}", "<t1>", "@t1", {"from": "t1"}, {"$ref": "#/tasks/t1"}, and "t1" alone where the task depends on it

A reference to an unknown id stays as written. Tasks without ids are numbered by position, but `$1` keeps its meaning
in the plan language: it may be a task of an earlier plan.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.dialects.form import Written, string
from llmc_grammar.dialects.native.json_text import Array, Object, Scalar, String, Value
from llmc_grammar.dialects.native.native_call import plain_key
from llmc_grammar.print import quoted
from llmc_grammar.source import Span

_REF_KEYS: Final = frozenset(["ref", "$ref", "reference", "outputof", "resultof", "fromtask", "fromstep"])
_WEAK_KEYS: Final = frozenset(["task", "step", "node", "from", "source", "id", "value"])
"""Keys that refer to a task only by an id that is a word, or together with a path or a type."""

_TYPES: Final = frozenset(["ref", "reference", "taskoutput", "stepoutput", "output", "result", "variable"])
_PATH_KEYS: Final = frozenset(["path", "field", "key", "property", "index"])
_ID: Final = r"[A-Za-z_][\w-]*|[0-9]{1,9}"
_STEPS: Final = r"(?:\.[A-Za-z_]\w*|\.[0-9]{1,9}|\[-?[0-9]{1,9}\]|\[\"[^\"\]\\]*\"\]|\['[^'\]\\]*'\])*"
_STEP: Final = re.compile(r"\.(?P<index>[0-9]+)|\.(?P<name>\w+)|\[(?P<at>-?[0-9]+)\]|\[[\"'](?P<key>[^\]]*)[\"']\]")
_TARGET: Final = re.compile(
    rf"\s*[$#]?(?:(?:tasks?|steps?|nodes?|results?|outputs?)\.)?(?P<id>{_ID})(?P<steps>{_STEPS})\s*\Z"
)
_SLOT: Final = re.compile(
    r"\$\$|\$\{(?P<braced>[^{}]{0,200})\}|\{\{(?P<double>[^{}]{0,200})\}\}"
    r"|\{(?P<single>[A-Za-z_]+[0-9][\w-]*(?:\.\w+){0,8})\}"
    r"|\$(?P<dollar>(?:[A-Za-z_]\w*)(?P<dashed>(?:-\w+)*)|[0-9]{1,9}(?![.,][0-9]|\w))"
    r"|<(?:GENERATED|resource|output|result)>-(?P<generated>[0-9]{1,9})"
    r"|<(?:GENERATED|resource|output|result)-(?P<resource>[0-9]{1,9})>"
    r"|<node-(?P<node>[0-9]{1,9})>"
    r"|#(?P<hash>[A-Za-z]+[0-9]{1,9})(?!\w)"
)
_WHOLE: Final = re.compile(rf"\$(?P<id>{_ID})(?P<steps>{_STEPS})\$?\Z")
_WRAPPED: Final = re.compile(r"(?:\{([^{}]+)\}|<([^<>]+)>|\$\(([^()]+)\)|#\{([^{}]+)\}|@(\S+))\Z")
_POINTER: Final = re.compile(r"#/(?:(?:tasks?|steps?|nodes?|plan|results?|outputs?)/)*")
_GLUED: Final = re.compile(r"[.,][0-9]|\w")
_MONEY: Final = re.compile(r"\$[0-9]+[.,][0-9]")
_OUTPUT: Final = re.compile(r"(?P<id>[A-Za-z_][\w-]*)\.(?:outputs?|results?)\Z")
_VALUE: Final = re.compile(r"\.(?:outputs?|results?|response)(?![\w])")
_NUMBERED: Final = re.compile(
    r"[#$<]?(?:tasks?|steps?|nodes?|calls?|[a-zA-Z])?[ _-]?(?P<number>[0-9]{1,9})>?\Z", re.IGNORECASE
)


def number_in(name: str) -> str | None:
    """Return the number in an id such as `t1`, `#1` or `step 1`."""
    match = _NUMBERED.match(name)
    return None if match is None else match["number"]


def numbered(number: str) -> str:
    """Return the key of a task by the number in its id."""
    return f"\0{int(number)}"


def placed(number: str) -> str:
    """Return the key of a task without an id by its position, counted from 1."""
    return f"\1{int(number)}"


def indexed(number: str) -> str:
    """Return the key of a task by its position counted from 0, as in `<node-0>`."""
    return f"\2{int(number)}"


@dataclass(slots=True)
class References:
    """The tasks of a plan by id, and their numbers once these are known.

    `uses` are the tasks that the values of the current task refer to, `before` those that it depends on.
    """

    ids: Mapping[str, int]
    numbers: dict[int, int] = field(default_factory=dict)
    uses: set[int] = field(default_factory=set)
    before: Collection[int] = ()

    def task(self, name: str) -> int | None:
        """Return the task with an id, in any spelling of its number."""
        stripped = name.strip()
        for spelling in (stripped, stripped.lstrip("#$"), f"#{stripped}"):
            if spelling in self.ids:
                return self.ids[spelling]
        number = number_in(stripped)
        return None if number is None else self._by_number(number)

    def _by_number(self, number: str) -> int | None:
        """Return the task with a number in its id or, without ids, at that position."""
        return self.ids.get(numbered(number), self.ids.get(placed(number)))

    def special(self, written: Written, value: Value) -> bool:
        """Write a value that refers to a task; return False for any other value."""
        if isinstance(value, Object):
            reference = self._of_object(value)
            if reference is not None:
                self._write(written, reference, value.span)
            return reference is not None
        if not isinstance(value, String):
            return False
        whole = self._of_whole(value.value)
        if whole is None:
            return self._write_text(written, value)
        self._write(written, whole, value.span)
        return True

    def _write(self, written: Written, reference: tuple[int, str], place: Span) -> None:
        """Write a reference as a string, which becomes text if the parameter takes text."""
        written.add(quoted(self._shown(reference)), *place)

    def _shown(self, reference: tuple[int, str]) -> str:
        """Return a reference as the language writes it, and record its use."""
        task, steps = reference
        self.uses.add(task)
        return f"${self.numbers.get(task, 1)}{steps}"

    def _of_object(self, value: Object) -> tuple[int, str] | None:
        """Return the target of `{"ref": "t1", "path": "name"}`."""
        keys = {key.value if key.value == "$ref" else plain_key(key.value): item for key, item in value.entries}
        kind = keys.pop("type", None)
        if kind is not None and (not isinstance(kind, String) or plain_key(kind.value) not in _TYPES):
            return None
        refs = [key for key in keys if key in _REF_KEYS] or [key for key in keys if key in _WEAK_KEYS]
        paths = [key for key in keys if key in _PATH_KEYS]
        if len(refs) != 1 or len(paths) > 1 or len(keys) != len(refs) + len(paths):
            return None
        target = _plain(keys[refs[0]]) or ""
        if refs[0] in _WEAK_KEYS and kind is None and not paths and (target not in self.ids or target.isdigit()):
            return None
        reference = self._pointed(target) if target.startswith("#/") else self._parsed(target)
        steps = _path(keys[paths[0]]) if paths else ""
        return None if reference is None or steps is None else (reference[0], reference[1] + steps)

    def _pointed(self, text: str) -> tuple[int, str] | None:
        """Return the target of a pointer such as `#/tasks/t1/output`; a number is an id or a position from 0 on."""
        pointer = _POINTER.match(text)
        parts = text[pointer.end() :].split("/") if pointer else [text]
        if parts[0].isdigit() and parts[0] not in self.ids:
            parts[0] = indexed(parts[0])
        return self._known(parts[0], "".join(f".{part}" for part in parts[1:]))

    def _of_whole(self, text: str) -> tuple[int, str] | None:
        """Return the reference that makes up a whole text."""
        whole = _WHOLE.match(text)
        if whole is not None and not _MONEY.match(text):
            return self._known(whole["id"], whole["steps"], is_dollar=True)
        output = _OUTPUT.match(text)
        if output is not None:
            return (self.ids[output["id"]], "") if output["id"] in self.ids else None
        if text in self.ids and (text[0] == "#" or (self.ids[text] in self.before and _has_both(text))):
            return self.ids[text], ""
        slot = _SLOT.fullmatch(text)
        if slot is not None:
            return self._of_slot(slot)
        wrapped = _WRAPPED.match(text)
        inner = wrapped[wrapped.lastindex or 0] if wrapped else ""
        return self._parsed(inner) if inner and not inner[0].isdigit() else None

    def _of_slot(self, slot: re.Match[str]) -> tuple[int, str] | None:
        """Return the target of a reference inside a text."""
        if slot["braced"] is not None or slot["double"] is not None:
            return self._parsed(slot["braced"] or slot["double"] or "", is_dollar=slot["braced"] is not None)
        if slot["single"] is not None:
            return self._parsed(slot["single"])
        if slot["dollar"] is not None:
            return self._known(slot["dollar"], "", is_dollar=True)
        if slot["node"] is not None:
            task = self.ids.get(indexed(slot["node"]))
            return None if task is None else (task, "")
        if slot["hash"] is not None:
            task = self.ids.get(slot["hash"], self.ids.get(f"#{slot['hash']}"))
            return None if task is None else (task, "")
        number = slot["generated"] or slot["resource"]
        return None if number is None else self._known(number, "")

    def _parsed(self, text: str, *, is_dollar: bool = False) -> tuple[int, str] | None:
        """Return the reference between braces."""
        match = _TARGET.match(text)
        if match is None:
            return (self.ids[text], "") if text in self.ids else None
        reference = self._known(match["id"], match["steps"], is_dollar=is_dollar)
        return reference or self._known(text.strip().lstrip("$#"), "")

    def _known(self, name: str, steps: str, *, is_dollar: bool = False) -> tuple[int, str] | None:
        """Return the task of an id and its steps, without a first step such as `.output` for the task's value."""
        task = self.ids.get(name)
        if task is None and name.isdigit():
            task = self.ids.get(numbered(name)) if is_dollar else self._by_number(name)
        if task is None:
            return None
        value = _VALUE.match(steps)
        return task, "".join(map(_step, _STEP.finditer(steps, value.end() if value else 0)))

    def _write_text(self, written: Written, value: String) -> bool:
        """Write a text that contains references; return False for a text without references."""
        text, offset = value.value, 0
        parts: list[tuple[str, int, int]] = []
        for slot in _SLOT.finditer(text):
            end = slot.end()
            if slot["dashed"] and slot["dollar"] not in self.ids:
                end = slot.start("dashed")
            shown = self._slot_text(slot, end)
            if shown is not None:
                parts += ((string(text[offset : slot.start()])[1:-1], offset, slot.start()), (shown, slot.start(), end))
                offset = end
        if not parts:
            return False
        written.found += value.found
        written.add('"', value.span.start, value.span.start + 1)
        for piece, start, end in (*parts, (string(text[offset:])[1:-1], offset, len(text))):
            written.add(piece, *value.places.span(start, end))
        written.add('"', value.span.end - 1, value.span.end)
        return True

    def _slot_text(self, slot: re.Match[str], end: int) -> str | None:
        """Return a reference as written in a string, None to leave it unchanged; it may end before a dash."""
        is_cut = end < slot.end()
        reference = self._known(slot.string[slot.start("dollar") : end], "") if is_cut else self._of_slot(slot)
        if reference is not None:
            shown = self._shown(reference)
            is_bare = slot["dollar"] is not None and not _GLUED.match(slot.string, end)
            return quoted(shown if is_bare else f"${{{shown[1:]}}}")[1:-1]
        taken = set(self.numbers.values())
        number = slot["dollar"] or ""
        return f"$${number}" if number.isdigit() and int(number) in taken else None


def _has_both(text: str) -> bool:
    """Whether an id has both letters and digits, unlike ordinary words."""
    return any(map(str.isalpha, text)) and any(map(str.isdigit, text))


def _plain(value: Value) -> str | None:
    """Return a string or a number as text, None for any other value."""
    if isinstance(value, String):
        return value.value
    return value.text if isinstance(value, Scalar) and value.text.isdigit() else None


def _path(value: Value) -> str | None:
    """Return the steps of a path, which is a string, a number or a list of both."""
    if isinstance(value, Array):
        steps = [_path(item) for item in value.items]
        return None if None in steps else "".join(step for step in steps if step is not None)
    if isinstance(value, Scalar):
        return f"[{value.text}]" if value.text.lstrip("-").isdigit() else None
    if not isinstance(value, String):
        return None
    text = value.value.removeprefix("$")
    text = text.replace("/", ".") if text.startswith("/") else text
    text = text if text[:1] in ("", ".", "[") else f".{text}"
    if re.fullmatch(_STEPS, text):
        return "".join(map(_step, _STEP.finditer(text)))
    return f"[{quoted(value.value)}]" if not re.search(r"[\"\\\]]", value.value) else None


def _step(step: re.Match[str]) -> str:
    """Return a step as the language writes it."""
    if step["name"]:
        return f".{step['name']}" if step["name"].isascii() else f'["{step["name"]}"]'
    return f"[{step['index'] or step['at']}]" if step["key"] is None else f'["{step["key"]}"]'
