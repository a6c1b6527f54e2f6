"""Three tools of the atlas: a small model finds its way among them better than among all."""

from typing import Final

from atlas import height, search, subtract

from llmc import Toolbox

TOOLS: Final = Toolbox([search, height, subtract])
