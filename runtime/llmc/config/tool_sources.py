"""The seam where `use NAME` finds tools."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from llmc_compiler.tools.toolbox import Toolbox


class ToolSource(Protocol):
    """An entry of the configuration that has tools: Python code, a server, a document."""

    @property
    def description(self) -> str:
        """The source in error messages, such as `module company.tools`."""
        ...

    def tools(self) -> "Toolbox":
        """Load the tools; raises ToolboxError. Other exceptions are reported at the `use` line, too."""
        ...
