"""Where a command is to write, tried before the work begins: what cannot be written is told at once, not at its end."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

STDOUT = Path("-")
"""Stands for standard output where a file is asked for."""


class FolderToWrite(click.ParamType[Path]):
    """A folder that files can be made in; it is made when it is not there."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The folder, which is there now."""
        folder = Path(value)
        if folder.exists() and not folder.is_dir():
            self.fail(f"{folder} is not a folder. Name a folder, which need not be there yet.", param, ctx)
        if refusal := _try_to_write(folder):
            self.fail(refusal, param, ctx)
        return folder


class FileToWrite(click.ParamType[Path]):
    """A file that can be written, or `STDOUT`; its folder is made when it is not there."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The file, which need not be there; what it holds is still in it."""
        file = Path(value)
        if file.is_dir():
            self.fail(f"{file} is a folder. Name a file, or - for standard output.", param, ctx)
        if file != STDOUT and (refusal := _try_to_open(file) if file.exists() else _try_to_write(file.parent)):
            self.fail(refusal, param, ctx)
        return file


def _try_to_write(folder: Path) -> str:
    """What keeps files from being made in it, "" when nothing does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return _refused(folder, error)
    return ""


def _try_to_open(file: Path) -> str:
    try:
        file.open("ab").close()
    except OSError as error:
        return _refused(file, error)
    return ""


def _refused(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {error.strerror}. Name another place."
