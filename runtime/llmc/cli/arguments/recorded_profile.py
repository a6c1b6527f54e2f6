"""Profiles on the command line: `--profile FILE`, a trace written by `llmc run --trace FILE`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmc.cli.terminal.output import fail, reason

if TYPE_CHECKING:
    from llmc import Profile


def read_profile(files: Sequence[str]) -> "Profile":
    """Return the profile of all traces, or exit with a message that names the file."""
    from llmc import Profile, ProfileError

    try:
        return Profile.from_traces(*files)
    except OSError as error:
        fail(f"{error.filename}: {reason(error)}")
    except ProfileError as error:
        fail(str(error))
