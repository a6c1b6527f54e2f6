"""Models that run in this process."""

from pathlib import Path
from typing import Unpack

from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import LOCAL, ModelOptions


def local_model(path: str | Path | None = None, **options: Unpack[ModelOptions]) -> Model:
    """Return a model that runs in this process: the installed one, or that of a GGUF file; raises ValueError."""
    if path is None:
        return Model(LOCAL, **options)
    return Model(Path(path).stem, path=path, **options)
