"""From a model's name to what can be asked. What speaks to servers is heavy, and imported when it is used."""

from importlib import import_module

from llmc_runtime.agent.dialogue import Speaker

LOCAL = "local"


def speaker(model: Speaker | str, *, base_url: str | None = None) -> Speaker:
    """The model itself; for a name the model of a server, for `local` or a file `*.gguf` one in this process."""
    if not isinstance(model, str):
        return model
    if model == LOCAL or model.endswith(".gguf"):
        local = import_module("llmc_runtime.agent.local").local_model
        found: Speaker = local() if model == LOCAL else local(model)
    else:
        found = import_module("llmc_runtime.agent.model").Model(model, base_url=base_url)
    return found
