"""One target under the engine, libFuzzer, with the product's branches counted: `python -m tests.fuzz` starts it.

python -m tests.fuzz.engine TARGET FOLDER [OPTION|CORPUS…]

A fault does not end it: the smallest input for each is kept in the folder, under the name of the fault.
"""

import sys
from pathlib import Path
from random import Random
from typing import Final

import atheris

from tests.fuzz.findings import fault_of
from tests.fuzz.mutator import Mutator

COUNTED = [
    "llmc",
    "llmc_compiler",
    "llmc_grammar",
    "llmc_runtime",
    "openai._streaming",
    "tests.fuzz.targets",
    "tomllib",
]
"""Modules whose branches lead the engine."""

JSON_SHARE: Final = 0.5
"""How much of what is changed is JSON, where there is any; the rest is bytes."""


def main(target: str, folder: Path, options: list[str]) -> None:
    """Fuzz until stopped."""
    with atheris.instrument_imports(include=COUNTED):
        from tests.fuzz.targets import check_of  # noqa: PLC0415 — what is imported here is counted

        check = check_of(target)

    def one(data: bytes) -> None:
        fault = fault_of(check, data)
        if fault is not None:
            kept = folder / fault
            if not kept.exists() or len(data) < kept.stat().st_size:
                kept.write_bytes(data)

    mutator = Mutator(target)

    def other(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        found = mutator.mutated(data, random) if random.random() < JSON_SHARE else None
        return atheris.Mutate(data, most) if found is None or len(found) > most else found

    atheris.Setup([sys.argv[0], *options], one, custom_mutator=other)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
