"""From a model's name to what can be asked."""

from llmc_runtime.models.messages import ChatModel
from llmc_runtime.validation import check_method

GGUF = ".gguf"


def speaker(model: ChatModel | str, option: str = "model") -> ChatModel:
    """The model itself; for a name that of a server, for `local` or a file `*.gguf` one in this process.

    Raises TypeError, with the option, for what is no model.
    """
    if not isinstance(model, str):
        check_method(option, model, "reply", "a model, or the name of one")
        return model
    # What speaks to servers is heavy: whoever brings a model does not wait for it.
    from llmc_runtime.models.local_model import local_model  # noqa: PLC0415
    from llmc_runtime.models.openai.client import Model  # noqa: PLC0415

    return local_model(model) if model.endswith(GGUF) else Model(model)
