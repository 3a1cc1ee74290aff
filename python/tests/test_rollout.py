"""`serinus.rollout`: the machine takes dicts, gives dicts, and its trail replays to the same bytes."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

import serinus
from serinus import ConfigError, DataError, rollout

STAGES = {"version": 1, "stages": [{"percent": 5, "min_seconds": 60, "min_samples": 10}, {"percent": 50}]}


def look(decision="hold", canary=100, until=None, valid=True):
    verdict = {"promote": "pass", "hold": "marginal", "rollback": "fail"}[decision]
    return {"decision": decision, "verdict": verdict, "valid": valid, "score": None,
            "samples": {"baseline": 900, "canary": canary}, "data_until": until, "trigger": None, "digests": None}


def judged(index, look):
    return {"event": "judged", "phase": {"stage": index}, "look": look}


def test_a_rollout_goes_through_its_stages():
    machine = rollout.Rollout(STAGES)
    assert (machine.phase, machine.percent, machine.revision, machine.is_active) == ("pending", 0, None, False)
    assert machine.waiting(0) == ["the start"]
    assert machine.step({"event": "start", "revision": "v42"}, 0)[0] == {"effect": "set_weight", "percent": 5.0}
    assert machine.phase == {"stage": 0} and machine.is_active and machine.wake_at == 60_000
    assert machine.step(judged(0, look("promote")), 30_000) == [], "before its least seconds"
    effects = machine.step(judged(0, look("hold")), 61_000)
    assert {"effect": "set_weight", "percent": 50.0} in effects and machine.phase == {"stage": 1}
    effects = machine.step(judged(1, look("promote")), 62_000)
    assert machine.phase == "promoted" and {"effect": "promote", "revision": "v42"} in effects
    assert machine.percent == 100 and not machine.is_active
    assert [entry["number"] for entry in machine.trail] == [0, 1, 2, 3]


def test_a_judgement_makes_a_look():
    config = {"version": 1, "metrics": [{"name": "errors", "type": "proportion", "column": "error", "role": "critical",
                                          "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
    judgement = serinus.judge(config, baseline={"error": [0] * 990 + [1] * 10}, canary={"error": [0] * 800 + [1] * 200})
    found = rollout.look(judgement, baseline=1000, canary=1000, data_until=500)
    assert found["decision"] == "rollback" and found["samples"] == {"baseline": 1000, "canary": 1000}
    assert found["trigger"]["metric"] == "errors" and found["digests"]["config_sha256"] == judgement.provenance.config_sha256
    machine = rollout.Rollout(STAGES)
    machine.step({"event": "start", "revision": "v42"}, 0)
    effects = machine.step(judged(0, found), 1000)
    assert effects[0] == {"effect": "set_weight", "percent": 0.0} and machine.phase == "rolled_back"
    assert machine.state["ended"]["cause"] == "verdict"


def test_a_refused_event_changes_nothing_and_is_kept():
    machine = rollout.Rollout(STAGES)
    machine.step({"event": "start", "revision": "v42"}, 1000)
    before = machine.state
    with pytest.raises(rollout.RefusedError, match="the event is of 5 ms") as caught:
        machine.step({"event": "tick"}, 5)
    assert isinstance(caught.value, DataError) and caught.value.reason["refused"] == "backwards"
    with pytest.raises(rollout.RefusedError, match="unknown event"):
        machine.step({"event": "explode"}, 2000)
    with pytest.raises(rollout.RefusedError, match="under way"):
        machine.step({"event": "start", "revision": "v43"}, 2000)
    assert machine.state == before and len(machine.trail) == 4
    # Nothing stands between a person and weight 0, whatever the clock says.
    assert machine.step({"event": "abort", "who": "ada", "why": "pager"}, 0)[0]["percent"] == 0.0


def test_the_trail_replays_to_the_same_bytes(root):
    machine = rollout.Rollout(STAGES)
    machine.step({"event": "start", "revision": "v42"}, 0)
    machine.step({"event": "observed", "phase": {"stage": 0}, "served": {"baseline": 95, "canary": 5}}, 1000)
    with pytest.raises(rollout.RefusedError):
        machine.step({"event": "resume", "who": "ada", "why": "why not"}, 2000)
    machine.step({"event": "pause", "who": "ada", "why": "lunch"}, 3000)
    assert machine.served == {"baseline": 95, "canary": 5}
    again = rollout.Rollout.replay(STAGES, machine.trail)
    assert again == machine and again.to_json() == machine.to_json()
    assert rollout.Rollout.from_json(machine.to_json()).to_json() == machine.to_json()
    assert pickle.loads(pickle.dumps(machine)) == machine == copy.deepcopy(machine)
    apart = copy.copy(machine)
    apart.step({"event": "resume", "who": "ada", "why": "back"}, 4000)
    assert apart != machine and "stage 0" in repr(machine)
    changed = machine.trail
    changed[1]["event"]["served"]["canary"] = 6
    changed[1]["outcome"] = {"taken": {"effects": [{"effect": "set_weight", "percent": 1.0}]}}
    with pytest.raises(DataError, match="entry 1 of the trail"):
        rollout.Rollout.replay(STAGES, changed)
    stored = json.loads((root / "fixtures" / "rollout" / "trail.json").read_text())
    published = rollout.Rollout.from_json(json.dumps(stored))
    assert published.to_dict() == stored
    assert rollout.Rollout.replay(published.config, stored["trail"]) == published


def test_the_bare_step_changes_nothing_that_it_is_given():
    state = rollout.Rollout(STAGES).state
    before = copy.deepcopy(state)
    after, effects = rollout.step(state, {"event": "start", "revision": "v42"}, 0)
    assert state == before and after["percent"] == 5 and effects[0]["effect"] == "set_weight"
    machine = rollout.Rollout(STAGES)
    machine.step({"event": "start", "revision": "v42"}, 0)
    assert machine.state == after and after["schema"] == rollout.STATE_SCHEMA


def test_every_way_in_gives_the_same_rollout(root, tmp_path):
    path = root / "fixtures" / "recordings" / "rollout.yaml"
    machine = rollout.Rollout(path)
    assert [s["percent"] for s in machine.config["stages"]] == [5, 25, 50]
    assert rollout.Rollout(machine.config) == machine == rollout.Rollout(str(path))
    ramp = serinus.ramp(1e6, [])
    assert [s["percent"] for s in rollout.Rollout(ramp.rollout()).config["stages"]] == [5, 25, 50]


def started():
    machine = rollout.Rollout(STAGES)
    machine.step({"event": "start", "revision": "v42"}, 0)
    return machine


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: rollout.Rollout({}), ConfigError, "version|stages"),
    (lambda: rollout.Rollout({"version": 1, "stages": [{"percnt": 5}]}), ConfigError, "did you mean `percent`"),
    (lambda: rollout.Rollout(3), ConfigError, "rollout: 3"),
    (lambda: rollout.Rollout("no.yaml"), ConfigError, "no.yaml"),
    (lambda: started().step({"event": "tick"}, -1), DataError, "now"),
    (lambda: started().step({"event": "tick"}, 1.5), DataError, "now"),
    (lambda: started().step({"event": "tick"}, None), DataError, "now"),
    (lambda: started().step(3, 1), DataError, "unknown event"),
    (lambda: started().step({"event": object()}, 1), DataError, "event"),
    (lambda: started().waiting("soon"), DataError, "now"),
    (lambda: rollout.step({}, {"event": "tick"}, 0), DataError, "schema"),
    (lambda: rollout.step({**started().state, "percent": "five"}, {"event": "tick"}, 0), DataError, "state"),
    (lambda: rollout.step({**started().state, "phase": {"stage": 2**63}}, {"event": "tick"}, 0), DataError, "stage"),
    (lambda: rollout.Rollout.from_json("{"), DataError, "json"),
    (lambda: rollout.Rollout.from_json("[]"), DataError, "schema"),
    (lambda: rollout.Rollout.from_json("{}"), DataError, "schema"),
    (lambda: rollout.Rollout.replay(STAGES, [3]), DataError, "trail"),
    (lambda: rollout.look("promote", baseline=1, canary=1), DataError, "judgement"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
