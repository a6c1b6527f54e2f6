"""The state of reading one statement: its offset, the bounds, the counters and the diagnostics."""

from collections.abc import Container

from llmc_grammar.ast import KEYWORDS, Call
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.lines import NameTooLong, NumberTooLong, TooManyReferences
from llmc_grammar.errors.statements import ReservedName
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span


class ParseState:
    """The state of reading one statement; `base` is its offset in the text.

    `plain` turns every `$` in strings into text; `lenient` does so with the backslashes of a string with an unknown
    escape. `names` are those of the inputs and tasks above; they only affect the wording of diagnostics.
    """

    __slots__ = ("base", "bounds", "found", "joins", "lenient", "names", "operators", "plain", "references", "text")

    def __init__(
        self,
        text: str,
        base: int,
        bounds: Bounds,
        *,
        plain: bool = False,
        lenient: bool = False,
        names: Container[str] = (),
    ) -> None:
        self.text = text
        self.base = base
        self.bounds = bounds
        self.plain = plain
        self.lenient = lenient
        self.names = names
        self.found: list[Diagnostic] = []
        self.joins: list[Call] = []
        self.operators = 0
        self.references = 0

    def report(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic."""
        self.found.append(diagnostic)

    def count_reference(self, span: Span) -> None:
        """Count a reference and report the first one above the bound."""
        self.references += 1
        if self.references == self.bounds.references + 1:
            self.report(TooManyReferences(span=span, limit=self.bounds.references))

    def check_name(self, name: str, span: Span, *, what: str | None = None) -> None:
        """Report a name that is too long, or, as the name of `what`, reserved."""
        if len(name) > self.bounds.name:
            self.report(NameTooLong(span=span, length=len(name), limit=self.bounds.name))
        elif what:
            self.check_reserved(name, span, what)

    def check_reserved(self, name: str, span: Span, what: str) -> None:
        """Report a reserved word as the name of `what`."""
        if name in KEYWORDS:
            self.report(ReservedName(span=span, name=name, what=what, edit=Edit(span, f"{name}_")))

    def digits_fit(self, digits: str, span: Span) -> bool:
        """Whether an integer has few enough digits; report it otherwise."""
        fits = len(digits) <= self.bounds.digits
        if not fits:
            self.report(NumberTooLong(span=span, length=len(digits), limit=self.bounds.digits))
        return fits
