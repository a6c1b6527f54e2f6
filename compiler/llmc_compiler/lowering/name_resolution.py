"""The names of a plan, and the resolution of references."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.expressions.terms import Get, MapOf, NodeId, Param, Read, Term
from llmc_compiler.ir.graph import TaskId
from llmc_grammar import ast
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.safety import has_rival
from llmc_grammar.source import Span
from llmc_grammar.suggestion import alike

_HIGHEST_NUMBER = 9999

_MOST_COMPARED = 100_000
"""Pairs of names that are compared to find suggestions, which takes about half a second."""


class ScopeResolver:
    """The names of a plan, in the order of their definition."""

    def __init__(self) -> None:
        self._places: dict[str, Span] = {}
        self._inputs: set[str] = set()
        self._tasks: dict[str, None] = {}
        self._items: dict[str, Span] = {}
        self._used: set[str] = set()
        self._users: dict[str, dict[str, None]] = {}
        self._unknown: list[tuple[ast.Ref, TaskId]] = []
        self._broken: set[str | None] = set()
        self._current = TaskId("")
        self._highest = 0

    def claim(self, binder: str | None, span: Span, diagnostics: list[Diagnostic]) -> TaskId:
        """Take the next task's name or number, and return its id."""
        name = binder or str(self._highest + 1)
        if binder is None and self._highest >= _HIGHEST_NUMBER:
            diagnostics.append(plan_errors.TooManyTasks(span=span, number=self._highest + 1))
        self._take(name, span, diagnostics)
        if name.isdigit():
            self._highest = max(self._highest, int(name))
        return TaskId(name)

    def _take(self, name: str, span: Span, diagnostics: list[Diagnostic]) -> None:
        """Take a name, and report a duplicate."""
        before = self._places.get(name) or self._items.get(name)
        if before is not None:
            diagnostics.append(plan_errors.DuplicateId(span=span, name=name, notes=_first(before)))
        self._places.setdefault(name, span)

    def recall(self, taken: Iterable[str], readable: Collection[str]) -> None:
        """Take the ids of earlier plans, so that numbers continue after them; readable ones are read like inputs."""
        for name in taken:
            self._places[name] = ast.NOWHERE
            if name.isdigit():
                self._highest = max(self._highest, int(name))
        self._inputs.update(readable)

    def claim_input(self, found: ast.Input, diagnostics: list[Diagnostic]) -> None:
        """Take the name of an input."""
        self._take(found.name, found.name_span, diagnostics)
        self._inputs.add(found.name)

    def claim_item(self, loop: ast.Loop, around: Mapping[str, Span], diagnostics: list[Diagnostic]) -> None:
        """Take the name of a loop's element, which differs from tasks and inputs, and from the loops `around` it."""
        before, what = self._places.get(loop.name), "a task or an input"
        if before is None:
            before, what = around.get(loop.name), "a loop around it"
        if before is not None:
            diagnostics.append(
                plan_errors.LoopNameTaken(span=loop.name_span, name=loop.name, what=what, notes=_first(before))
            )
        self._items.setdefault(loop.name, loop.name_span)

    def enter(self, task: TaskId) -> None:
        """Attribute the references that follow to this task."""
        self._current = task

    def define(self, task: TaskId) -> None:
        """Allow references to the task from here on."""
        self._tasks[task] = None

    def tolerate(self, broken: Iterable[str | None]) -> None:
        """Ignore references to these broken statements; if one of them has no name, to any number."""
        self._broken.update(broken)

    @property
    def is_incomplete(self) -> bool:
        """Whether statements are missing because they have mistakes themselves."""
        return bool(self._broken)

    def is_broken(self, name: str) -> bool:
        """Whether a name may belong to a statement with a mistake."""
        return name in self._broken or (None in self._broken and name.isdigit())

    @property
    def count(self) -> int:
        """The number of tasks so far."""
        return len(self._tasks)

    def has(self, name: str) -> bool:
        """Whether an input, a task above or a loop's element has this name."""
        return name in self._places or name in self._items

    def is_gone(self, name: str) -> bool:
        """Whether this is the id of a task of an earlier plan whose value is not available."""
        return self._places.get(name) == ast.NOWHERE and name not in self._inputs

    def find(self, ref: ast.Ref) -> Read | None:
        """Return the read of a reference, or None if the name is not defined yet."""
        if ref.name in self._inputs:
            return Param(ref.name, ref.path, ref.span)
        if ref.name not in self._tasks:
            return None
        self._used.add(ref.name)
        self._users.setdefault(self._current, {})[ref.name] = None
        return Get(NodeId(ref.name), ref.path, ref.span)

    def unknown(self, ref: ast.Ref) -> None:
        """Remember a reference that is not defined yet."""
        self._unknown.append((ref, self._current))
        self._users.setdefault(self._current, {})[ref.name] = None

    def all_tasks(self) -> Term:
        """Return a mapping from id to value, of all tasks."""
        return MapOf(tuple((name, Get(NodeId(name))) for name in self._tasks))

    def unused_tasks(self) -> Term:
        """Return a mapping from id to value, of the tasks that no other task uses."""
        return MapOf(tuple((name, Get(NodeId(name))) for name in self._tasks if name not in self._used))

    def mistakes(self) -> Iterator[Diagnostic]:
        """Yield a diagnostic for each reference that was not defined at its place."""
        circles = self._circles()
        suggest = self._suggestions()
        for ref, task in self._unknown:
            if self.is_broken(ref.name):
                continue
            if ref.name == task:
                yield plan_errors.SelfReference(span=ref.span, name=ref.name)
            elif ref.name in circles and task in circles and circles[ref.name] is circles[task]:
                yield plan_errors.Circle(span=ref.span, circle=circles[task], notes=self._note(ref.name))
            elif ref.name in self._places and not self.is_gone(ref.name):
                yield plan_errors.ForwardReference(span=ref.span, name=ref.name, notes=self._note(ref.name))
            else:
                near = suggest(ref.name)
                yield plan_errors.UnknownReference(
                    span=ref.span,
                    name=ref.name,
                    suggestion=near[0] if near else None,
                    edit=_respelled(ref, near[0]) if near else None,
                    is_guess=has_rival(ref.name, near),
                )

    def _note(self, name: str) -> tuple[Note, ...]:
        """Return a note on the place of a name's definition."""
        return (Note(self._places[name], f"`{name}` is defined here"),)

    def _suggestions(self) -> Callable[[str], list[str]]:
        """Return a function that finds similar names, and finds none after too many comparisons."""
        names = [name for name in self._places if not self.is_gone(name)]
        cache: dict[str, list[str]] = {}

        def suggest(name: str) -> list[str]:
            if name not in cache and len(cache) * len(names) < _MOST_COMPARED:
                cache[name] = alike(name, names)
            return cache.get(name, [])

        return suggest

    def _circles(self) -> dict[str, str]:
        """Map each task that waits for itself to the text of its circle; tasks of one circle share it."""
        if not self._unknown:
            return {}
        from llmc_compiler.ir.networkx_export import circles  # noqa: PLC0415 — networkx is heavy, and good plans have no circles

        tasks_in_circles = circles(self._users, list(self._places))
        distinct = {id(circle): circle for circle in tasks_in_circles.values()}
        texts = {key: " → ".join(f"`{name}`" for name in circle) for key, circle in distinct.items()}
        return {name: texts[id(circle)] for name, circle in tasks_in_circles.items()}


def _respelled(ref: ast.Ref, name: str) -> Edit:
    """Return the edit that changes the name in a reference."""
    start = ref.span.start + 1
    return Edit(Span(start, start + len(ref.name)), name)


def _first(before: Span) -> tuple[Note, ...]:
    """Return a note on the place where a name is taken, unless that is in an earlier plan."""
    return () if before == ast.NOWHERE else (Note(before, "first here"),)
