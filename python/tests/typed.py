"""Read by the type checkers: the calls that users make have types."""

from __future__ import annotations

from serinus import Config, Judgement, judge, stats


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
