"""Which random plans are run: 1,000, or as many as LLMC_PLANS says."""

import os
from typing import Final

SEEDS: Final = range(int(os.environ.get("LLMC_PLANS", "400")))

SHOWN: Final = 3
"""How many plans are shown where a law does not hold."""
