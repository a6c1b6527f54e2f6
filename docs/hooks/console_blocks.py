"""Console blocks have `$ ` as their only prompt: lines of output that begin with `#` or `%` are no commands."""

import re

from pygments.lexers.shell import BashSessionLexer

BashSessionLexer._ps1rgx = re.compile(r"^(\$ )(.*\n?)")  # noqa: SLF001 — the lexer has no option for it
