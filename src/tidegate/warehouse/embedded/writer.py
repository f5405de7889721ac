"""The lock of the one writing transaction, whose waiters can be called off."""

import threading
from collections.abc import Callable


class WriterLock:
    """Held by at most one transaction of the process, whichever thread began it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = False

    def take(self, timeout: float, called_off: Callable[[], bool]) -> bool:
        """Wait for the lock; False when `timeout` seconds went by, or the wait was called off."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held or called_off(), timeout=max(timeout, 0))
            if self._held or called_off():
                return False
            self._held = True
            return True

    def release(self) -> None:
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def look_again(self) -> None:
        """Let the waiters ask whether they are called off."""
        with self._changed:
            self._changed.notify_all()
