"""A saved graph: refused with a FormError, or one that is saved again as the same."""

import json
from typing import Final

from llmc_compiler.ir.printer import print_graph
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.serialization.graph_json import FormError
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from tests.fuzz.laws import check_message, check_printable

PROPERTIES: Final = {"entity": {"type": "string"}, "limit": {"type": "integer"}}
SCHEMA: Final = {"properties": PROPERTIES, "required": ["entity"]}
EFFECTS: Final = {"search": "read(web)", "note": "write(notes:{entity})"}
TOOLS: Final = Toolbox(
    [
        *(Tool.from_schema(name, name, SCHEMA, effect, print) for name, effect in EFFECTS.items()),
        *(Tool.from_schema(name, name, {}, name, print) for name in ("pure", "opaque")),
    ]
)
MESSAGE: Final = 2_000
"""Characters of an error."""


def check(data: bytes) -> None:
    """No exception but FormError, and no graph that cannot be printed or read back."""
    try:
        form = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        graph = Graph.from_json(form, TOOLS)
    except FormError as error:
        check_message(error, MESSAGE)
        check_printable(error)
        return
    print_graph(graph)
    saved = json.dumps(graph.to_json(), allow_nan=False)
    assert Graph.from_json(json.loads(saved), TOOLS) == graph
