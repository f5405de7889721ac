"""What Lambda gives to a handler, and what it reads of it."""

import json
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Context:
    """A call that may take so many seconds."""

    seconds: float = 300.0
    aws_request_id: str = "r-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lines of the log, and those of metrics, that were written to stdout since the last look."""
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in found if "_aws" not in line], [line for line in found if "_aws" in line]


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return lines(capsys)[0]
