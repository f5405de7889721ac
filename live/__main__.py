"""`python -m live`: check on a real Redshift and a real S3 what Tidegate assumes of them."""

import argparse
import os
import signal
import sys
import uuid
from collections.abc import Callable, Sequence

from live.assumption import Verdict, examine
from live.assumptions import chosen
from live.contract import run_contract
from live.costs import ASSUMPTIONS, CONTRACT, Amounts, announced
from live.site import Site, of_run, running_site
from live.target import CONFIG, configured
from tidegate.config.settings import Settings
from tidegate.errors import ConfirmationNeeded, DifferenceFound, Interrupted, TidegateError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 6 when something does not hold, else that of the error."""
    options = _options(arguments)
    try:
        settings = of_run(configured(os.environ), uuid.uuid4().hex[:10])
        _say(*_announcement(settings, options))
        if not options.yes:
            _confirm()
        with running_site(settings) as site:
            return _run(site, options)
    except TidegateError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return Interrupted.exit_code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m live", description=f"{__doc__} {CONFIG} names the target.")
    parser.add_argument("--yes", action="store_true", help="do not ask before anything is made")
    parser.add_argument("--only", choices=["assumptions", "contract"], help="run this part alone")
    parser.add_argument("-k", metavar="TEXT", help="only assumptions and tests whose name contains this")
    return parser.parse_args(arguments)


def _announcement(settings: Settings, options: argparse.Namespace) -> list[str]:
    amounts = Amounts()
    lines = [
        f"warehouse {settings.warehouse.address}, lake {settings.lake_address}, as {settings.iam_role}",
        f"makes the schema {settings.control_schema}, the external schema {settings.external_schema} over the database "
        f"{settings.glue_database} of the data catalog, and objects below {settings.lake_address}; removes them at the "
        "end, after a failure or Ctrl-C too",
    ]
    if options.only != "contract":
        lines.append(f"checks {sum(map(len, chosen(options.k).values()))} assumptions (docs/assumptions.md)")
        amounts += ASSUMPTIONS
    if options.only != "assumptions":
        lines.append(
            "runs the contract suites of warehouse and lake in a database of its own, or, where the user may not make "
            "one, in the configured one if it holds no tables"
        )
        amounts += CONTRACT
    return [*lines, "at most:", *(f"  {line}" for line in announced(amounts))]


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise ConfirmationNeeded("this costs money, and nobody is there to ask", hint="Run it with --yes.")
    if input("go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ConfirmationNeeded("not confirmed", hint="Nothing was made.")


def _run(site: Site, options: argparse.Namespace) -> int:
    capabilities = site.warehouse.capabilities
    _say(f"engine {capabilities.engine} {capabilities.engine_version}, {capabilities.hash_function}")
    if capabilities.engine != "redshift":
        _say("this is a local Redshift: it shows that the checks work, and nothing of Amazon's")
    kept = True
    if options.only != "contract":
        kept = _assumptions(site, options.k, _say)
    if options.only != "assumptions":
        passed = run_contract(site, options.k, _say)
        _say(f"contract: {'every test passed' if passed else 'tests failed'}")
        kept = kept and passed
    return 0 if kept else DifferenceFound.exit_code


def _assumptions(site: Site, text: str | None, tell: Callable[[str], None]) -> bool:
    """One line each; True when none does not hold."""
    counts = dict.fromkeys(Verdict, 0)
    for room, checks in chosen(text).items():
        tell(f"{room}:")
        for each in checks:
            finding = examine(each, site)
            counts[finding.verdict] += 1
            tell(f"  {finding.id}: {finding.verdict}: {finding.detail}")
    tell(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return not counts[Verdict.DOES_NOT_HOLD]


def _say(*lines: str) -> None:
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
