"""Plant faults in a healthy recording, see what the config catches and at what exposure: ``python drill_a_config.py [replicates]``."""

from __future__ import annotations

import pathlib
import sys

import serinus

RECORDINGS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "recordings"

FAULTS = [
    {"fault": "none"},
    {"fault": "latency", "factor": 2.0},
    {"fault": "errors", "share": 0.05},
    {"fault": "score_skew", "factor": 0.5},
]


def main(replicates: int) -> serinus.Drill:
    found = serinus.drill(
        RECORDINGS / "demo.yaml", RECORDINGS / "aa_parity.parquet",
        rollout=RECORDINGS / "rollout.yaml", faults=FAULTS, replicates=replicates,
    )
    print(found)
    for fault in found.faults:
        caught = fault.rolled_out.rolled_back
        after = f", after {fault.exposed.median} canary requests" if fault.exposed else ""
        print(f"{fault.name}: rolled back {caught} of {found.replicates}{after}")
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
