"""SIGTERM and Ctrl-C as a wish to stop: work ends after its current step. The second one ends the program at once."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TOLD = b"stopping after the current step; once more ends it at once\n"


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that is set when a signal arrives; one that this process was told to ignore stays ignored.

    The system may hand the signal to any thread, while Python's handler waits for the main one, which may be waiting
    for a lock; so a thread of its own listens at a socket.
    """
    stop = threading.Event()
    arrived, sender = socket.socketpair()
    with arrived, sender:
        sender.setblocking(False)
        listener = threading.Thread(target=_listen, args=(arrived, stop), name="signals", daemon=True)
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        signal.set_wakeup_fd(sender.fileno())
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, lambda *_: None)
        listener.start()
        try:
            yield stop
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(-1)
            sender.send(b"\0")
            listener.join()


def _listen(arrived: socket.socket, stop: threading.Event) -> None:
    """Bytes are the numbers of signals; a zero says that nobody waits for them any more."""
    while number := arrived.recv(1)[0]:
        if number not in _SIGNALS:
            continue
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _TOLD)
