"""Mistakes that the compiler finds: names and types (E2xx), effects (E3xx), and warnings.

`CompileError` is the exception that carries all mistakes of a plan.
"""

from collections.abc import Sequence

from llmc_grammar.diagnostic import Diagnostic, located
from llmc_grammar.mistake import mistake
from llmc_grammar.portable import Portable
from llmc_grammar.source import Source


class CompileError(Portable, Exception):
    """Raised for a plan that cannot run."""

    diagnostics: tuple[Diagnostic, ...]
    """All errors and warnings, in the order of their spans."""
    source: Source | None
    """The text of the plan and its name, None if they are unknown."""

    def __init__(self, diagnostics: Sequence[Diagnostic], source: Source | None = None) -> None:
        self.diagnostics = located(sorted(diagnostics, key=lambda diagnostic: diagnostic.span), source)
        self.source = source
        super().__init__(self.diagnostics, source)

    def __str__(self) -> str:
        """Return every mistake drawn without colour, or only its title if the source is unknown."""
        return ("\n" if self.source is None else "\n\n").join(map(str, self.diagnostics))


@mistake
class UnknownTool(Diagnostic):
    """A call of a tool that is not in the toolbox."""

    code = "E201"
    title = "no tool is called `{name}`"
    label = "{place}"
    help = "{advice}"
    is_safe = True
    renames = True

    name: str
    suggestion: str | None = None
    is_empty: bool = False
    is_file: bool = True
    is_builtin: bool = False

    @property
    def place(self) -> str:
        """The label: where the name was looked up."""
        return "no tools are loaded" if self.is_empty else "not in the toolbox"

    @property
    def advice(self) -> str | None:
        """The help: how to load tools if the toolbox is empty, how to do without, or the most similar name."""
        if self.is_empty and self.suggestion is not None:
            return f"did you mean `{self.suggestion}`?"
        if self.is_empty and self.is_file:
            return (
                'write `use "tools.py"` at the top, or give `--tools tools.py`; in Python, `llmc.compile(text, tools)`'
            )
        if self.is_empty:
            return 'without tools, a plan is `join("…")` with the answer itself; load tools with `--tools tools.py`'
        if self.is_builtin and self.is_file:
            return f"write a tool that works like Python's `{self.name}`"
        return None if self.suggestion is None else f"did you mean `{self.suggestion}`?"


@mistake
class UnknownReference(Diagnostic):
    """A reference to a name that is not defined."""

    code = "E202"
    title = "`${name}` is not defined"
    label = "no input or task above has this name"
    help = "did you mean `${suggestion}`?"
    is_safe = True
    renames = True

    name: str
    suggestion: str | None = None


@mistake
class ForwardReference(Diagnostic):
    """A reference to a later task."""

    code = "E203"
    title = "`${name}` is used before it is defined"
    label = "refers to a later line"
    help = "move the line that defines `{name}` above this one"

    name: str


@mistake
class SelfReference(Diagnostic):
    """A task that refers to itself."""

    code = "E204"
    title = "`{name}` refers to itself"
    label = "its own value"
    help = "refer to a task above"

    name: str


@mistake
class Circle(Diagnostic):
    """Tasks that wait for each other."""

    code = "E205"
    title = "these tasks wait for each other: {circle}"
    label = "refers to a later line that needs this one"
    help = "remove one of the references"

    circle: str


@mistake
class DuplicateId(Diagnostic):
    """An id that is already taken."""

    code = "E206"
    title = "`{name}` is already taken"
    label = "this name is used a second time"
    help = "give it another number or name"

    name: str


@mistake
class TooManyTasks(Diagnostic):
    """An automatic number above 9999."""

    code = "E207"
    title = "no number is left for this task"
    label = "would be number {number}; the highest is 9999"
    help = "give it a name: `name = …`"

    number: int


@mistake
class UnknownArgument(Diagnostic):
    """A named argument that the tool does not have."""

    code = "E208"
    title = "`{tool}` has no argument `{name}`"
    label = "{cause}"
    help = "did you mean `{suggestion}`?"
    is_safe = True
    renames = True

    tool: str
    name: str
    cause: str | None
    suggestion: str | None = None


@mistake
class TooManyArguments(Diagnostic):
    """More positional arguments than the tool takes."""

    code = "E209"
    title = "`{tool}` takes {most} by position"
    label = "one too many"
    help = "its arguments are: {known}"

    tool: str
    most: str
    known: str | None


@mistake
class MissingArgument(Diagnostic):
    """A required argument that is missing."""

    code = "E210"
    title = "`{tool}` needs `{name}`"
    label = "`{name}` is missing"
    help = "write `{name}=…`"

    tool: str
    name: str


@mistake
class ArgumentTwice(Diagnostic):
    """An argument given by position and by name."""

    code = "E211"
    title = "`{name}` is given twice"
    label = "already given by position"
    help = "remove one of the two"

    name: str


@mistake
class WrongArgument(Diagnostic):
    """An argument whose value the tool does not accept."""

    code = "E212"
    title = "`{tool}` does not accept this for `{name}`"
    label = "{reason}"
    help = "{suggestion}"

    tool: str
    name: str
    reason: str
    suggestion: str | None = None


@mistake
class LoopNameTaken(Diagnostic):
    """A loop variable with the name of a task, an input or a loop around it."""

    code = "E213"
    title = "`{name}` is already the name of {what}"
    label = "cannot name the loop's element too"
    help = "give the element another name"

    name: str
    what: str


@mistake
class WrongDefault(Diagnostic):
    """A default that does not fit the input's type."""

    code = "E214"
    title = "the default of `{name}` is not of type {type}"
    label = "this is {found}"
    help = "change the type or the default"

    name: str
    type: str
    found: str


@mistake
class WrongOperand(Diagnostic):
    """An operation that fails for all possible values."""

    code = "E215"
    title = "this cannot be computed"
    label = "{reason}"

    reason: str


@mistake
class BrokenOff(Diagnostic):
    """A text that ends before the plan does."""

    code = "E216"
    title = "the plan breaks off"
    label = "the text ends here, but the plan does not"
    help = "ask for the rest, or for a shorter plan"


@mistake
class NoPart(Diagnostic):
    """A step to a part that the value does not have."""

    code = "E217"
    title = "`{place}` has no `{step}`"
    label = "`{place}` is {found}"
    help = "{suggestion}"

    place: str
    step: str
    found: str
    suggestion: str


@mistake
class NoElements(Diagnostic):
    """A loop over a value that is neither a list nor a mapping."""

    code = "E218"
    title = "this cannot be looped over"
    label = "this is {found}, not a list"
    help = "put it into a list: `[…]`"

    found: str


@mistake
class WrongTogether(Diagnostic):
    """Arguments that are accepted one by one, but not together."""

    code = "E219"
    title = "`{tool}` does not accept these arguments together"
    label = "{reason}"

    tool: str
    reason: str


@mistake
class WrongIndex(Diagnostic):
    """A computed key that is neither a text nor an integer, or a bound of a slice that is not an integer."""

    code = "E227"
    title = "{what} is {wanted}"
    label = "this is {found}"
    help = "{suggestion}"

    what: str
    wanted: str
    found: str
    suggestion: str | None = None


@mistake
class TooManyLoops(Diagnostic):
    """More loops in a row than allowed."""

    code = "E228"
    title = "there are more than {most} loops in a row"
    label = "at most {most} may stand in a row"
    help = "make a list with the first loops in a separate task, and loop over that"

    most: int


@mistake
class UnusedSlot(Diagnostic):
    """A `$name` in a string, although no input or task above has that name."""

    code = "W201"
    title = "`{raw}` stays as it is"
    label = "no input or task above has this name"
    help = "write `$${rest}` if it is meant as text"

    raw: str
    rest: str


@mistake
class UnusedTask(Diagnostic):
    """A task without an effect whose result is needed neither by the join nor by a task with an effect."""

    code = "W204"
    title = "nothing needs task `{name}`"
    label = "{reason}"
    help = "use `${name}`, or delete the line"

    name: str
    user: str | None = None

    @property
    def reason(self) -> str:
        """The label: why nothing needs the task."""
        if self.user is None:
            return "its result is not used"
        return f"its result is used only by tasks that nothing needs, such as `{self.user}`"


@mistake
class UnsureRetry(Diagnostic):
    """`@retry` on a write that has no idempotency key."""

    code = "W301"
    title = "`@retry` repeats `{tool}` only if the call was certainly not sent"
    label = "a write that may have happened is not repeated"

    tool: str


@mistake
class Unended(Diagnostic):
    """The last task of a model's text may write, and no newline, join or end mark follows it."""

    code = "W302"
    title = "`{tool}` needs approval: its task may be incomplete"
    label = "the text ends here, without a newline, a join or an end mark"
    help = "add a newline if the task is complete"

    tool: str
