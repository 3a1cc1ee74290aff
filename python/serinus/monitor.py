"""Look every minute, and still be right: anytime-valid monitoring.

A ``Monitor`` is made from the judge's config and fed batch after batch, tables or sufficient statistics; each look answers with
the judgement that ``serinus.judge`` gives too, and its error rates hold over all looks together. The functions beside it are the
bare methods: e-values combined and corrected, confidence sequences, bounds for a few planned looks.

Examples
--------
>>> from serinus import monitor
>>> config = {"version": 1, "data": {"arm": {"column": "arm"}}, "monitoring": {"look": {"requests": 500}}, "metrics": [{
...     "name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
...     "margin": {"absolute": 0.01}, "role": "critical"}]}
>>> watch = monitor.Monitor(config)
>>> log = {"arm": ["baseline", "canary"] * 1000, "error": [int(i % 6 == 1) for i in range(2000)]}
>>> [look.decision for look in watch.feed(log)]
['rollback', 'rollback', 'rollback', 'rollback']
>>> monitor.Monitor.resume(config, watch.save()) == watch
True
"""

from serinus._native import (
    Look,
    Monitor,
    Rollback,
    batches,
    bernoulli_confidence_sequence,
    dirichlet_log_e,
    dkw_radius,
    e_bh,
    e_holm,
    e_holm_adjusted,
    group_sequential_bounds,
    log_mean_e,
    p_from_log_e,
    p_to_e,
    rate_limit_log_e,
)

__all__ = [
    "Look",
    "Monitor",
    "Rollback",
    "batches",
    "bernoulli_confidence_sequence",
    "dirichlet_log_e",
    "dkw_radius",
    "e_bh",
    "e_holm",
    "e_holm_adjusted",
    "group_sequential_bounds",
    "log_mean_e",
    "p_from_log_e",
    "p_to_e",
    "rate_limit_log_e",
]
