"""Look every minute, and still be right: anytime-valid monitoring.

A ``Monitor`` is made from the judge's config and fed batch after batch, tables or sufficient statistics; each look answers with
the judgement that ``serinus.judge`` gives too, and its error rates hold over all looks together.

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

from serinus._native import Look, Monitor, Rollback, batches

__all__ = ["Look", "Monitor", "Rollback", "batches"]
