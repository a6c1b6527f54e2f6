"""JSON Schemas (draft 2020-12) of the output of `--json`, of traces and of the configuration.

    schema("run")      the schema of a document, as JSON data
    ABOUT              a description of each document

A version of a document may gain keys, so unknown keys are valid; in a configuration they are mistakes.
"""

from typing import Any, Final

ABOUT: Final = {
    "run": "a run: `llmc run --json`, `Run.to_json()`",
    "dry-run": "the calls that a run would make: `llmc run --dry-run --json`",
    "trace": "a recorded run: `llmc trace --json`, and each line of a trace file",
    "events": "an event of a run or of a question: `event.to_json()`, and each line of a trace file except the first",
    "answer": "a question and its answer: `llmc ask --json`, `Answer.to_json()`",
    "plan": "a plan written by a model: `llmc plan --json`",
    "graph": "a compiled plan: `llmc graph --json`, `llmc compile --json`, `Program.to_json()`",
    "explanation": "the compilation of a plan: `llmc explain FILE --json`",
    "codes": "a mistake, or the list of all mistakes: `llmc explain CODE --json`, `llmc explain --list --json`",
    "diagnostics": "the mistakes in plans: `llmc check --json`",
    "tools": "tools: `llmc tools --json`",
    "functions": "the standard functions: `llmc tools --std --json`",
    "fmt": "formatted plans: `llmc fmt --json`",
    "grammar": "a decoder grammar: `llmc grammar --json`",
    "new": "new files to start from: `llmc new --json`",
    "config": "the configuration: llmc.toml, or [tool.llmc] in pyproject.toml",
}
"""The names of the documents, with a description of each."""


def schema(name: str) -> dict[str, Any]:
    """Return the schema of a document; raises KeyError for an unknown name."""
    import json

    from llmc.schemas.configuration import configuration
    from llmc.schemas.documents import document

    title = f"llmc {name}"
    about = ABOUT[name]
    if name == "graph":
        from llmc_compiler.serialization.graph_json import schema as graph_schema

        found: dict[str, Any] = json.loads(graph_schema())
        return found
    found = configuration() if name == "config" else document(name)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "description": about}
    return {**head, **{key: value for key, value in found.items() if key not in head}}
