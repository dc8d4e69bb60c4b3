"""`python -m local`: run Halte on this machine."""

from __future__ import annotations

import argparse
import sys

from local import preflight

EXAMPLES = """examples:
  python -m local run                        everything, then stay and serve the report until Ctrl-C
  python -m local run --once                 everything, then exit: 0 only if all checks hold
  python -m local run --customers 1000       more customers of the real purchase log (1 to 23,570)
  python -m local run --days 546             all that they bought, not only in the first 240 days
  python -m local run --port 14566           another port for the AWS emulator
  python -m local preflight                  only say what is missing on this machine
"""


def main(arguments: list[str] | None = None) -> int:
    """The exit code of the command line."""
    options = _parser().parse_args(arguments)
    if options.command == "preflight":
        return preflight.complain(preflight.problems())
    from local.run import run  # only now: on a bare machine the preflight must speak first
    from local.stage import Options

    return run(
        Options(
            once=options.once,
            customers=options.customers,
            days=options.days,
            port=options.port,
            page_port=options.page_port,
            gateway_port=options.gateway_port,
            seed=options.seed,
            speed=options.speed,
            withdrawals=options.withdrawals,
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Halte on this machine: the CDK app deployed into an AWS emulator, fed with real purchases.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("preflight", help="say what is missing on this machine")
    run = commands.add_parser("run", help="run everything")
    run.add_argument("--once", action="store_true", help="exit when done; 0 only if all checks hold")
    run.add_argument("--customers", type=_customers, default=12, help="customers to replay (default 12)")
    run.add_argument(
        "--days", type=_days, default=240, help="days of the log to replay, of its 546 (default 240)"
    )
    run.add_argument(
        "--port", type=int, default=4566, help="the emulator's port, or a free one (default 4566)"
    )
    run.add_argument(
        "--page-port", type=int, default=8080, help="the report's port, or a free one (default 8080)"
    )
    run.add_argument(
        "--gateway-port", type=int, default=8000, help="the API's port, or a free one (default 8000)"
    )
    run.add_argument(
        "--seed", type=int, default=1, help="seed of the invented contacts and recipients (default 1)"
    )
    run.add_argument(
        "--speed",
        type=float,
        default=900_000,
        help="virtual seconds per real second, at most (default 900000)",
    )
    run.add_argument(
        "--withdrawals",
        type=_withdrawals,
        default=20,
        help="people who withdraw at the end, to see how soon that counts (default 20)",
    )
    return parser


def _withdrawals(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 150:
        raise argparse.ArgumentTypeError("1 to 150")
    return number


def _customers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 23_570:
        raise argparse.ArgumentTypeError("1 to 23570")
    return number


def _days(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 546:
        raise argparse.ArgumentTypeError("1 to 546")
    return number


if __name__ == "__main__":
    sys.exit(main())
