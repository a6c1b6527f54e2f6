"""From a model's name to what can be asked."""

from llmc_runtime.agent.dialogue import ChatModel
from llmc_runtime.kinds import check_method

GGUF = ".gguf"


def speaker(model: ChatModel | str, option: str = "model") -> ChatModel:
    """The model itself; for a name that of a server, for `local` or a file `*.gguf` one in this process.

    Raises TypeError, with the option, for what is no model.
    """
    if not isinstance(model, str):
        check_method(option, model, "reply", "a model, or the name of one")
        return model
    # What speaks to servers is heavy: whoever brings a model does not wait for it.
    from llmc_runtime.agent.local import local_model  # noqa: PLC0415
    from llmc_runtime.agent.model import Model  # noqa: PLC0415

    return local_model(model) if model.endswith(GGUF) else Model(model)
