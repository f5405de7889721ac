"""Faults of the Data API by operation, over the loopback proxy."""

import json

from tests.servers.proxy import Answer, Cut, Fault, LoseAnswer, Proxy, Request

CUT, LOST = Cut(), LoseAnswer()
EVER = 1_000_000

_STATUS = {"InternalServerException": 500, "AccessDeniedException": 403, "ExpiredTokenException": 403}


def operation(request: Request) -> str:
    return request.headers["x-amz-target"].partition(".")[2]


def refusal(code: str) -> Answer:
    """The API's answer that an exception was raised."""
    body = json.dumps({"__type": code, "message": f"{code} was asked for"}).encode()
    return Answer(_STATUS.get(code, 400), body, {"Content-Type": "application/x-amz-json-1.1"})


class Faults:
    """What is to go wrong, and how often each operation was called."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    def on(self, *operations: str, fault: Fault, times: int = EVER) -> None:
        """Do this to the next calls of each operation."""
        for name in operations:
            self.proxy.fault(fault, times=times, when=lambda request, name=name: operation(request) == name)  # type: ignore[misc]

    def end_with_transaction(self, number: int) -> None:
        """The answer of this transaction is lost, and no call passes after it."""
        transactions = 0

        def last(request: Request) -> bool:
            nonlocal transactions
            transactions += operation(request) == "BatchExecuteStatement"
            return transactions == number

        self.proxy.fault(LOST, when=last)
        self.proxy.fault(CUT, times=EVER, when=lambda _: transactions == number)

    def seen(self, *operations: str) -> int:
        return sum(operation(request) in operations for request in self.proxy.requests)

    def clear(self) -> None:
        self.proxy.clear()
