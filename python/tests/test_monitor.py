"""`serinus.monitor`: the same bytes for the same batches, from tables, from statistics and on the command line."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
import threading

import pytest

import serinus
from serinus import ConfigError, DataError, Judgement, monitor

ERRORS = {"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
          "margin": {"absolute": 0.005}, "role": "critical"}
CONFIG = {"version": 1, "data": {"arm": {"column": "arm"}}, "monitoring": {"look": {"requests": 100}}, "metrics": [ERRORS]}


def batch(minute, baseline=(950, 1), canary=(50, 0), **more):
    statistics = {arm: {"n": n, "events": events} for arm, (n, events) in (("baseline", baseline), ("canary", canary))}
    return {"sequence": minute, "start_seconds": 60 * minute, "end_seconds": 60 * (minute + 1),
            "assigned": {"baseline": baseline[0], "canary": canary[0]}, "metrics": {"errors": statistics}, **more}


def log(rows, every=0):
    return {"arm": ["baseline", "canary"] * (rows // 2), "error": [int(bool(every) and i % every == 1) for i in range(rows)]}


def test_batches_of_statistics():
    watch = monitor.Monitor(CONFIG)
    assert watch.next_sequence is None and watch.rollback is None
    for minute in range(60):
        look = watch.observe(batch(minute))
    assert isinstance(look.judgement, Judgement) and look.decision == look.judgement.decision == "promote"
    assert (look.looks, look.sequence, watch.next_sequence, look.elapsed_seconds) == (60, 59, 60, 3600)
    assert look.assigned.canary == 3000 and look.judgement.metrics[0].evidence.method == "anytime_valid"
    assert watch.look() == look and watch.totals == look.totals
    bad = monitor.Monitor(CONFIG)
    for minute in range(10):
        look = bad.observe(batch(minute, canary=(50, 10)))
    assert look.decision == "rollback" and look.rollback == bad.rollback and bad.rollback.canary_exposed <= 150
    with pytest.raises(TypeError, match="three answers"):
        bool(look)
    assert "<svg" in look._repr_html_() and "look 10" in repr(look)
    assert bad.conclude().judgement.decision == "rollback"


def test_the_same_batches_give_the_same_bytes():
    one, other = monitor.Monitor(CONFIG), monitor.Monitor(CONFIG)
    for minute in range(5):
        assert one.observe(batch(minute)).to_json() == other.observe(batch(minute)).to_json()
        other = monitor.Monitor.resume(CONFIG, other.save())
        other = pickle.loads(pickle.dumps(other))
    assert one == other and one.save() == other.save()
    look = one.look()
    assert pickle.loads(pickle.dumps(look)) == look and json.loads(look.to_json()) == look.to_dict()
    assert one.config == serinus.Config(CONFIG)


def test_the_command_line_answers_the_same(tmp_path):
    config = tmp_path / "canary.json"
    config.write_text(json.dumps(CONFIG))
    lines = "".join(json.dumps(batch(minute)) + "\n" for minute in range(3))
    state = tmp_path / "state.json"
    done = subprocess.run([sys.executable, "-m", "serinus", "monitor", "-c", str(config), "--state", str(state)],
                          input=lines, capture_output=True, text=True, timeout=120)
    watch = monitor.Monitor(config)
    assert done.stdout.splitlines() == [watch.observe(batch(minute)).to_json() for minute in range(3)], done.stderr
    assert state.read_text() == watch.save()


def test_tables_are_cut_into_looks():
    watch = monitor.Monitor(CONFIG)
    looks = watch.feed(log(1000))
    assert len(looks) == 10 and [look.sequence for look in looks] == list(range(10))
    # The same as the batches, one by one.
    other = monitor.Monitor(CONFIG)
    cut = monitor.batches(CONFIG, log(1000))
    assert [other.observe(b).to_json() for b in cut] == [look.to_json() for look in looks]
    pandas = pytest.importorskip("pandas")
    third = monitor.Monitor(CONFIG)
    assert third.feed(pandas.DataFrame(log(1000))) == looks and third == watch
    bad = monitor.Monitor(CONFIG)
    assert bad.feed(log(1000, every=4))[-1].decision == "rollback"


def test_a_recording_fed_in_pieces(root):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    recordings = root / "fixtures" / "recordings"
    frame = pandas.read_parquet(recordings / "error_spike.parquet").sort_values("ts_ms", kind="stable")
    config = {"version": 1, "data": {"arm": {"column": "arm", "ignore": ["rest"]}, "unit": "user_id", "stratum": "stage",
                                      "time": "ts_ms", "warm_up": {"requests": 5}, "segments": ["job"]},
              "monitoring": {"look": {"requests": 200}}, "metrics": [ERRORS]}
    config["data"].pop("unit") if "user_id" not in frame.columns else None
    whole = monitor.Monitor(config)
    whole.feed(frame)
    assert whole.rollback is not None
    # A piece that ends where a look ends changes nothing, and nothing is counted twice: not the warm-up, not a unit.
    pieces, cut = monitor.Monitor(config), 0
    for batch in monitor.batches(config, frame):
        cut += sum(batch["assigned"].values())
    assert cut <= len(frame)
    half = len(frame) // 2
    pieces.feed(frame.iloc[:half])
    looks = pieces.feed(frame.iloc[half:])
    assert sum(looks[-1].assigned.to_dict().values()) == sum(whole.look().assigned.to_dict().values())
    assert pieces.rollback is not None
    # A state does not say which units were seen, so a monitor out of one takes batches only.
    again = pickle.loads(pickle.dumps(pieces))
    with pytest.raises(DataError, match="which units were seen"):
        again.feed(frame)


def test_nothing_changes_on_an_error():
    watch = monitor.Monitor(CONFIG)
    watch.observe(batch(0))
    before = watch.save()
    for wrong, message in [
        (batch(0), "taken already"),
        (batch(5), "batch 5 came where 1 is due"),
        ({**batch(1), "start_seconds": 10}, "rebuild"),
        ({**batch(1), "share_percent": 120.0}, "share_percent"),
        ({**batch(1), "metrics": {"latency": {"baseline": {}, "canary": {}}}}, "no metric latency"),
        (batch(1, canary=(50, 60)), "60 events among 50"),
    ]:
        with pytest.raises(DataError, match=message):
            watch.observe(wrong)
    for wrong, message in [({"sequnce": 1}, "sequnce"), (3, "batch"), ({**batch(1), "sequence": -1}, "batch"),
                           ({**batch(1), "end_seconds": float("nan")}, "end_seconds")]:
        with pytest.raises(DataError, match=message):
            watch.observe(wrong)
    with pytest.raises(DataError, match="start"):
        watch.feed(log(200))
    with pytest.raises(DataError, match="error"):
        watch.feed({"arm": ["baseline"]})
    assert watch.save() == before


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: monitor.Monitor({}), ConfigError, "metrics"),
    (lambda: monitor.Monitor(CONFIG, history={"errors": {"dispersio": 1}}), ConfigError, "history"),
    (lambda: monitor.Monitor.resume(CONFIG, "{"), DataError, "state"),
    (lambda: monitor.Monitor.resume(CONFIG, "{}"), DataError, "format"),
    (lambda: monitor.Monitor.resume({**CONFIG, "seed": 7}, monitor.Monitor(CONFIG).save()), DataError, "config"),
    (lambda: monitor.batches(CONFIG, 3), DataError, "no table"),
    (lambda: monitor.batches(CONFIG, {"arm": ["left"], "error": [0]}), DataError, "left"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_threads_take_turns():
    watch = monitor.Monitor(CONFIG)
    taken, refused = [], []

    def send():
        for _ in range(50):
            try:
                taken.append(watch.observe(batch(watch.next_sequence or 0)).sequence)
            except DataError:
                refused.append(1)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(len(taken))) and len(taken) + len(refused) == 200


def test_e_values():
    logs = [math.log(e) for e in (70, 45, 2)]
    assert monitor.e_holm(logs) == [True, True, False] and monitor.e_holm([]) == []
    adjusted = monitor.e_holm_adjusted(logs)
    assert [p <= 0.05 for p in adjusted] == monitor.e_holm(logs) and adjusted[0] == pytest.approx(3 / 70)
    assert monitor.e_bh(logs, q=0.05) == [True, True, False]
    assert monitor.log_mean_e([math.log(100), 0.0], [1, 3]) == pytest.approx(math.log(25.75))
    assert monitor.log_mean_e([math.log(3), math.log(5)]) == pytest.approx(math.log(4)) and monitor.log_mean_e([]) is None
    assert monitor.p_to_e(0.04) == 2.5 and monitor.p_from_log_e(math.log(20)) == pytest.approx(0.05)
    assert monitor.p_from_log_e(float("inf")) > 0 and monitor.p_from_log_e(-1.0) == 1


def test_bounds_at_every_look():
    rate = monitor.bernoulli_confidence_sequence(3494, 9315, n_opt=5000)
    assert (rate.low, rate.high) == pytest.approx((0.3598359629317766, 0.39049737317418054), abs=1e-7)
    assert monitor.dkw_radius(194430) == pytest.approx(0.006359422988548901)
    bounds = monitor.group_sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0], "pocock")
    assert bounds["z"][0] == pytest.approx(2.43797668805, abs=1e-6) and bounds["alpha_spent"][-1] == pytest.approx(0.025)
    early = monitor.group_sequential_bounds([0.5, 1.0])["z"]
    assert early[0] > monitor.group_sequential_bounds([0.5, 1.0], 1.0)["z"][0] > early[1]
    assert monitor.rate_limit_log_e(100, 9, 0.02, "above") > math.log(20) > monitor.rate_limit_log_e(50, 0, 0.01, "below")
    assert math.isfinite(monitor.rate_limit_log_e(100, 0, 5e-324, "below"))
    assert monitor.dirichlet_log_e([225, 169], [0.5, 0.5]) == pytest.approx(2.386721549322658)


@pytest.mark.parametrize("call", [
    lambda: monitor.e_holm([float("nan")]),
    lambda: monitor.e_holm([1.0], alpha=0),
    lambda: monitor.e_bh([1.0], q=2),
    lambda: monitor.e_holm_adjusted(["a"]),
    lambda: monitor.log_mean_e([1.0], [1.0, 2.0]),
    lambda: monitor.log_mean_e([1.0], [-1.0]),
    lambda: monitor.p_to_e(0),
    lambda: monitor.p_to_e(0.5, kappa=1),
    lambda: monitor.p_from_log_e(float("nan")),
    lambda: monitor.bernoulli_confidence_sequence(5, 4),
    lambda: monitor.bernoulli_confidence_sequence(-1, 4),
    lambda: monitor.bernoulli_confidence_sequence(1, 4, n_opt=float("nan")),
    lambda: monitor.dkw_radius(0),
    lambda: monitor.group_sequential_bounds([0.5, 0.4]),
    lambda: monitor.group_sequential_bounds([float("nan")]),
    lambda: monitor.group_sequential_bounds([0.5], "haybittle"),
    lambda: monitor.group_sequential_bounds([0.5], -1.0),
    lambda: monitor.group_sequential_bounds([0.5], []),
    lambda: monitor.rate_limit_log_e(1, 2, 0.1, "above"),
    lambda: monitor.rate_limit_log_e(2, 1, 0, "above"),
    lambda: monitor.rate_limit_log_e(2, 1, 0.1, "beside"),
    lambda: monitor.dirichlet_log_e([1, 2], [0.5]),
    lambda: monitor.dirichlet_log_e(3, [0.5]),
    lambda: monitor.dirichlet_log_e([1, -2], [0.5, 0.5]),
])
def test_bad_numbers_are_data_errors(call):
    with pytest.raises(DataError):
        call()
