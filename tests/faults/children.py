"""Run a function in a forked child and take its answer, or its death."""

import os
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Died(Exception):
    """The child ended without an answer; `code` is its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the child ended with {code}")
        self.code = code


@dataclass(frozen=True)
class Child(Generic[Answer]):
    """A forked process at work."""

    pid: int
    reader: int

    def answer(self) -> Answer:
        """Wait for its end. Raises Died, or AssertionError with the child's traceback."""
        with os.fdopen(self.reader, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if not data:
            raise Died(os.waitstatus_to_exitcode(status))
        ok, answer = pickle.loads(data)
        if not ok:
            raise AssertionError(f"in a child process:\n{answer}")
        result: Answer = answer
        return result


def start(work: Callable[[], Answer]) -> Child[Answer]:
    """Fork a child that runs `work`. Not from a thread, and not while this process holds a warehouse open."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _run(work, writer)
    os.close(writer)
    return Child(pid, reader)


def in_child(work: Callable[[], Answer]) -> Answer:
    """`start`, and wait for the answer."""
    return start(work).answer()


def _run(work: Callable[[], object], writer: int) -> None:
    try:
        message = (True, work())
    except BaseException:  # noqa: BLE001 - handed to the parent, whatever it is
        message = (False, traceback.format_exc())
    with os.fdopen(writer, "wb") as pipe:
        pickle.dump(message, pipe)
    os._exit(0)
