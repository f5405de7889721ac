"""Run a function in a forked child and take its answer, or its death."""

import os
import pickle
import traceback
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class Died(Exception):
    """The child ended without an answer; `code` is its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the child ended with {code}")
        self.code = code


def in_child(work: Callable[[], Answer]) -> Answer:
    """Fork, run `work`, and return what it returned. Raises Died, or AssertionError with the child's traceback."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(pid, 0)
    if not data:
        raise Died(os.waitstatus_to_exitcode(status))
    ok, answer = pickle.loads(data)
    if not ok:
        raise AssertionError(f"in a child process:\n{answer}")
    result: Answer = answer
    return result


def _child(work: Callable[[], object], writer: int) -> None:
    try:
        message = (True, work())
    except BaseException:  # noqa: BLE001 - handed to the parent, whatever it is
        message = (False, traceback.format_exc())
    with os.fdopen(writer, "wb") as pipe:
        pickle.dump(message, pipe)
    os._exit(0)
