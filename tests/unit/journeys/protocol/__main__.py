"""`python -m tests.unit.journeys.protocol --steps 1000000`: the model, for as long as one likes."""

from __future__ import annotations

import argparse
import sys
import time

from tests.unit.journeys.protocol.chaos import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.unit.journeys.protocol", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000, help="random steps (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first episode (%(default)s)")
    options = parser.parse_args()
    began = time.process_time()
    done = run(options.steps, options.seed)
    seconds = time.process_time() - began
    sys.stdout.write(
        f"{done.steps:,} random steps in {done.episodes:,} episodes, {done.walks:,} walks, {done.deaths:,} "
        f"workers killed, {done.asked:,} messages asked for: no violation of I1-I8, {seconds:.0f} s\n"
    )


if __name__ == "__main__":
    main()
