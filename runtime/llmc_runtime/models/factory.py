"""Resolve the names of models to chat models."""

from llmc_runtime.models.messages import ChatModel
from llmc_runtime.validation import check_method

GGUF = ".gguf"


def chat_model(model: ChatModel | str, option: str = "model") -> ChatModel:
    """Return a chat model unchanged; for a name, the model on a server, or in this process for `local` or `*.gguf`.

    Raises TypeError, naming the option, for any other value.
    """
    if not isinstance(model, str):
        check_method(option, model, "reply", "a model or a model's name")
        return model
    # The clients of servers are slow to import, and a program with another chat model does not need them.
    from llmc_runtime.models.local_model import local_model  # noqa: PLC0415
    from llmc_runtime.models.openai.client import Model  # noqa: PLC0415

    return local_model(model) if model.endswith(GGUF) else Model(model)
