"""The script that makes the search work on pages that are opened from a folder: a local file, never one from outside.

`make docs` fetches it from npm. Without it the site is complete, and its search works from a server.
"""

from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files

FETCHED: Final = "build/npm/iframe-worker.js"
SCRIPT: Final = "assets/javascripts/iframe-worker.js"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace the address that the offline plugin adds by that of the local script, or remove it."""
    if _fetched(config).is_file():
        config.extra["polyfills"] = [SCRIPT]
    else:
        config.extra["polyfills"] = []
        get_plugin_logger(__name__).info(
            "The search will not work on pages that are opened from a folder: no %s", FETCHED
        )
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the script."""
    if _fetched(config).is_file():
        files.append(File.generated(config, SCRIPT, abs_src_path=str(_fetched(config))))
    return files


def _fetched(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent / FETCHED
