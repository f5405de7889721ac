"""What a run costs at most. The amounts are bounds that tests/live keeps; the prices are assumptions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Amounts:
    """`statements` on the warehouse; `scans` of external tables among them; `requests` to S3 of all parties."""

    statements: int = 0
    scans: int = 0
    megabytes: int = 0
    requests: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.statements + other.statements,
            self.scans + other.scans,
            self.megabytes + other.megabytes,
            self.requests + other.requests,
        )


ASSUMPTIONS = Amounts(statements=1_000, scans=60, megabytes=70, requests=2_000)
CONTRACT = Amounts(statements=1_000, scans=0, megabytes=70, requests=4_000)

SECONDS_A_STATEMENT = 1
BASE_RPU = 128
RPU_HOUR = 0.375
SCAN_MEGABYTES = 10
SCANNED_TERABYTE = 5.0
THOUSAND_REQUESTS = 0.005
ASSUMED = (
    f"us-east-1, USD, 2024: {RPU_HOUR} an RPU-hour (not confirmed) at {BASE_RPU} RPU, a smaller workgroup costs less; "
    f"{SCANNED_TERABYTE:g} a TB that external tables read, with {SCAN_MEGABYTES} MB a query at least (not confirmed); "
    f"{THOUSAND_REQUESTS} a thousand requests to S3, as if all were PUTs; a cluster costs nothing beyond its hours"
)


def dollars(amounts: Amounts) -> float:
    seconds = amounts.statements * SECONDS_A_STATEMENT
    return (
        seconds / 3600 * BASE_RPU * RPU_HOUR
        + amounts.scans * SCAN_MEGABYTES / 1e6 * SCANNED_TERABYTE
        + amounts.requests / 1000 * THOUSAND_REQUESTS
    )


def announced(amounts: Amounts) -> list[str]:
    """The lines that a run prints before it asks."""
    return [
        f"{amounts.statements} statements, taken as {amounts.statements * SECONDS_A_STATEMENT} s of the warehouse, "
        f"{amounts.scans} of them read external tables",
        f"{amounts.megabytes} MB written to S3 and removed again, {amounts.requests} requests",
        f"about {dollars(amounts):.2f} USD on a serverless workgroup",
        f"prices that are assumed: {ASSUMED}",
    ]
