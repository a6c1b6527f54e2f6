"""How hypothesis draws: the same examples at every run, or many new ones."""

import os

from hypothesis import settings

# No deadline: a slow machine is not a mistake in the code.
settings.register_profile("check", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=int(os.environ.get("LLMC_PLANS", "1000")), deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))
