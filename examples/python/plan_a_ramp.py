"""Plan a rollout before it starts, from last week's traffic: ``python plan_a_ramp.py [folder]``."""

from __future__ import annotations

import pathlib
import sys

import serinus
from serinus import plan

RECORDINGS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "recordings"


def main(folder: pathlib.Path) -> plan.Ramp:
    # What does the config wait for, and how long, at 900 requests a minute?
    found = plan.from_config(RECORDINGS / "demo.yaml", RECORDINGS / "aa_parity.parquet", "900/min")
    print(found)

    # The stages, and what a canary costs on the way whose errors rise by two points.
    ramp = serinus.ramp("900/min", found, bad={"metric": "errors", "change": {"absolute": 0.02}})
    print("\n", ramp, sep="")
    (folder / "steps.yaml").write_text(ramp.emit("argo-steps"))
    (folder / "rollout.yaml").write_text(ramp.emit("rollout"))
    print("\nsteps for Argo Rollouts:\n", ramp.emit("argo-steps"), sep="")
    return ramp


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
