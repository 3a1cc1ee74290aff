"""What happens next: the rollout as a pure machine, events in and effects out, both as dicts.

It has no clock, opens nothing and forgets nothing. A ``Rollout`` keeps every event, so that its trail replays to the same bytes.

Examples
--------
>>> from serinus import rollout
>>> machine = rollout.Rollout({"version": 1, "stages": [{"percent": 5}, {"percent": 50}]})
>>> machine.step({"event": "start", "revision": "v42"}, now=0)[0]
{'effect': 'set_weight', 'percent': 5.0}
>>> machine.waiting(now=0)
['a look at this phase']
>>> rollout.Rollout.replay(machine.config, machine.trail) == machine
True
"""

from serinus._native import _STATE_SCHEMA as STATE_SCHEMA  # pyright: ignore[reportPrivateUsage]
from serinus._native import RefusedError, Rollout, look, step

__all__ = ["STATE_SCHEMA", "RefusedError", "Rollout", "look", "step"]
