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


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Every line that was written to stdout since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
