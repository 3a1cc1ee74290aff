"""Serinus judges canary releases: promote, hold or roll back, with the evidence.

Examples
--------
>>> import serinus
>>> config = {"version": 1, "metrics": [{
...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
>>> judgement = serinus.judge(config, baseline={"error": [0] * 990 + [1] * 10}, canary={"error": [0] * 800 + [1] * 200})
>>> judgement.decision
'rollback'
"""

import sys as _sys

from serinus import kayenta, monitor, plan, rollout, router, stats
from serinus._native import (
    Anomaly,
    Arms,
    Check,
    Config,
    ConfigCheck,
    ConfigError,
    DataError,
    Decisions,
    Drill,
    Drilled,
    EffectSize,
    Evidence,
    Finding,
    Group,
    Interval,
    Judgement,
    LimitFinding,
    LogE,
    LookRecord,
    Margin,
    MetricAtLook,
    Needs,
    Outcomes,
    Parity,
    Provenance,
    Reason,
    Replay,
    ReplayExposure,
    SegmentFinding,
    SerinusError,
    Spread,
    StageRecord,
    __version__,
    check,
    drill,
    judge,
    parity,
    ramp,
    replay,
    schema,
    template,
)
from serinus._native import _main as _run  # pyright: ignore[reportPrivateUsage]

__all__ = [
    "Anomaly",
    "Arms",
    "Check",
    "Config",
    "ConfigCheck",
    "ConfigError",
    "DataError",
    "Decisions",
    "Drill",
    "Drilled",
    "EffectSize",
    "Evidence",
    "Finding",
    "Group",
    "Interval",
    "Judgement",
    "LimitFinding",
    "LogE",
    "LookRecord",
    "Margin",
    "MetricAtLook",
    "Needs",
    "Outcomes",
    "Parity",
    "Provenance",
    "Reason",
    "Replay",
    "ReplayExposure",
    "SegmentFinding",
    "SerinusError",
    "Spread",
    "StageRecord",
    "__version__",
    "check",
    "drill",
    "judge",
    "kayenta",
    "main",
    "monitor",
    "parity",
    "plan",
    "ramp",
    "replay",
    "rollout",
    "router",
    "schema",
    "stats",
    "template",
]


def main() -> int:
    """Run the command line with the arguments of this process, and return its exit code.

    The console script ``serinus`` and ``python -m serinus`` call this.
    """
    import signal

    # A shell expects Ctrl-C to end a command, and native code asks no interpreter.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _run(["serinus", *_sys.argv[1:]])
