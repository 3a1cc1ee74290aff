"""Read by the type checkers: the calls that users make have types."""

from __future__ import annotations

from serinus import Config, Judgement, Replay, judge, monitor, plan, ramp, replay, rollout, router, stats


def decide(config: Config, path: str) -> str:
    """Use a judgement by its attributes."""
    judgement: Judgement = judge(config, path)
    for finding in judgement.metrics:
        if finding.evidence is not None and finding.evidence.interval is not None:
            print(finding.name, finding.evidence.interval.low)
    return judgement.decision


def p_value(x: list[float], y: list[float]) -> float:
    """Use a test by its attributes."""
    return stats.mannwhitneyu(x, y, alternative="less").pvalue


def rows_needed(latency: list[float]) -> int:
    """Use a plan by its attributes."""
    history = plan.History.mean(latency)
    return plan.sample_size(history, {"claim": "superiority", "change": {"relative": 0.05}}, percent=10).canary


def steps(config: Config, log: str) -> list[dict[str, object]]:
    """Use a ramp by its methods."""
    found = plan.from_config(config, log, "900/min")
    text: str = ramp(900, found).emit("argo-steps")
    print(text)
    return ramp(900, found).argo_steps()


def watch(config: Config, log: str) -> list[str]:
    """Use a monitor, a replay and a router by their attributes."""
    decisions = [look.judgement.decision for look in monitor.Monitor(config).feed(log)]
    told: Replay = replay(config, "rollout.yaml", log, look_every=100)
    machine: rollout.Rollout = told.rollout
    print(machine.phase, told.exposure.served.canary, router.Router("v42", percent=5).route("user-1").arm)
    return [*decisions, told.decision]
