"""Rules in a CSV file."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tidegate.config.lifecycle.rows import Row, parse_csv, render_csv
from tidegate.errors import ConfigError, UsageError


class CsvFile:
    """A file of the sample's form. It is written anew, whole; what it says of checkpoints is as old as the file."""

    keeps_checkpoints = False

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.abspath(path))

    @property
    def address(self) -> str:
        return str(self._path)

    def read(self) -> tuple[list[Row], list[str]]:
        with self._reported("read"):
            data = self._path.read_bytes()
        return parse_csv(data, self.address)

    def write(self, rules: Sequence[Mapping[str, str]]) -> None:
        """Raises UsageError when the file exists: it might be the only place of other rules."""
        if self._path.exists():
            raise UsageError(f"the file {self._path} exists already", hint="Name another file, or remove this one.")
        with self._reported("write"):
            handle, unfinished = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(render_csv(rules))
                os.replace(unfinished, self._path)
            except OSError:
                Path(unfinished).unlink(missing_ok=True)
                raise

    def set_checkpoint(self, cells: Mapping[str, str], value: str) -> None:
        raise AssertionError("a file keeps no checkpoints")

    @contextmanager
    def _reported(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigError(
                f"cannot {verb} {self._path}: {(error.strerror or str(error)).lower()}",
                hint="Check the path and the rights of this user.",
            ) from error
