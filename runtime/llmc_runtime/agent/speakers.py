"""From a model's name to what can be asked."""

from llmc_runtime.agent.dialogue import Speaker

GGUF = ".gguf"


def speaker(model: Speaker | str) -> Speaker:
    """The model itself; for a name that of a server, for `local` or a file `*.gguf` one in this process."""
    if not isinstance(model, str):
        return model
    # What speaks to servers is heavy: whoever brings a model does not wait for it.
    from llmc_runtime.agent.local import local_model  # noqa: PLC0415
    from llmc_runtime.agent.model import Model  # noqa: PLC0415

    return local_model(model) if model.endswith(GGUF) else Model(model)
