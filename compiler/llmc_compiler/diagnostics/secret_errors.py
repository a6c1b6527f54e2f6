"""Mistakes about secrets: E230 to E233."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class WrittenSecret(Diagnostic):
    """A secret that stands in the plan."""

    code = "E230"
    title = "a secret stands in the plan"
    label = "goes to `{name}` of `{tool}`, which takes a secret"
    help = "whoever runs the plan gives it: `input {name}: str`, and `${name}` here"

    tool: str
    name: str


@mistake
class SecretArgument(Diagnostic):
    """A secret that goes to a parameter which does not take one."""

    code = "E231"
    title = "a secret goes to `{name}` of `{tool}`, which does not take one"
    label = "this is a secret, or is built from one"
    help = "leave it out; a secret goes only to parameters that are declared `Secret[str]`"

    tool: str
    name: str


@mistake
class SecretRead(Diagnostic):
    """An operator, a condition, a choice or a loop that reads a secret."""

    code = "E232"
    title = "{what} reads a secret"
    label = "this is a secret, or is built from one"
    help = "let a tool decide that takes it as `Secret[str]`"

    what: str


@mistake
class MadeSecret(Diagnostic):
    """A value that turns out to be a secret after a use that is not allowed."""

    code = "E233"
    title = "this makes a secret of what {what} reads above"
    label = "{why}"
    help = "use the value in one way: as a secret, or openly"

    what: str
    why: str
