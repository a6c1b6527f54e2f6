"""How long a test waits for what must happen."""

from typing import Final

PATIENCE: Final = 600.0
"""Real seconds after which a test gives up. Only a test that hangs takes so long, on however slow a machine."""
