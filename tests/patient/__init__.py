"""A folder for PYTHONPATH: in a program that is started with it, event loops are patient; see `environment`."""

import os
import sys
from pathlib import Path


def environment(**variables: str) -> dict[str, str]:
    """The environment of a program whose output does not depend on how fast it runs, with our commands on PATH."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
        **variables,
    }
