"""Prints what has no entry in the table yet, as rows of the pages, with the first check that notices it."""

from tests.mutations.checks import checks, is_noticed
from tests.mutations.conditions import Wrong
from tests.mutations.table import everything, row, table


def main() -> None:
    """Try all checks on all that is missing."""
    known = table()
    for mutation in everything():
        if mutation not in known:
            with mutation.applied():
                noticed = next((name for name, check in checks().items() if is_noticed(check)), "nothing: …")
            print(row(mutation, noticed) if isinstance(mutation, Wrong) else f"{mutation}: {noticed}")  # noqa: T201


main()
