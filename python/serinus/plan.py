"""Before the rollout: how long, how big, how much is at risk.

A plan asks what is known of a metric (a dict, or a ``History`` made from an array), what is to be shown (a claim), how the
comparison is made (a design), and then the ``sample_size``, the ``power`` or what is detectable. ``from_config`` asks it of every
metric of a judge's config; ``ramp`` lays the stages of a rollout and writes them for Argo Rollouts, Flagger and Istio.

Examples
--------
>>> from serinus import plan
>>> errors = {"type": "proportion", "p": 0.01}
>>> claim = {"claim": "non_inferiority", "direction": "lower_is_better", "margin": {"absolute": 0.005}}
>>> size = plan.sample_size(errors, claim, percent=1)
>>> 2400 < size.canary < 3600
True
"""

from serinus._native import (
    ConfigPlan,
    Exposure,
    History,
    MetricAtWeight,
    MetricOutlook,
    MetricPlan,
    Outlook,
    Ramp,
    RampStage,
    SampleSize,
    StageNeed,
    WeightPlan,
    detectable_change,
    detectable_harm,
    detectable_margin,
    from_config,
    power,
    ramp,
    sample_size,
)

__all__ = [
    "ConfigPlan",
    "Exposure",
    "History",
    "MetricAtWeight",
    "MetricOutlook",
    "MetricPlan",
    "Outlook",
    "Ramp",
    "RampStage",
    "SampleSize",
    "StageNeed",
    "WeightPlan",
    "detectable_change",
    "detectable_harm",
    "detectable_margin",
    "from_config",
    "power",
    "ramp",
    "sample_size",
]
