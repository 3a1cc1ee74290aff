"""`serinus.plan` and `serinus.ramp`: the planner's answers are those of Rust and of the command line."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys

import pytest

import serinus
from serinus import ConfigError, DataError, plan

MEAN = {"type": "mean", "sd": 1.0}
DETECT = {"claim": "superiority", "change": {"absolute": 0.05}}
ERRORS = {"name": "errors", "behaviour": {"type": "proportion", "p": 0.01}, "direction": "lower_is_better",
          "margin": {"absolute": 0.005}}


def command(*arguments):
    done = subprocess.run([sys.executable, "-m", "serinus", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_two_published_claims():
    # 6,000 canary rows an hour at 1 percent show 0.05 standard deviations, one-sided, against all stable traffic.
    assert plan.sample_size(MEAN, DETECT, percent=1).canary == 2499
    assert plan.power(MEAN, DETECT, 6000, percent=1) > 0.98
    assert plan.sample_size(MEAN, DETECT, {"sides": "two"}).canary == 6280
    # "2 percent fewer clicks needs 40,000 users a group" is true at a click rate of 50 percent only.
    claim, design = {"claim": "superiority", "change": {"relative": -0.02}}, {"sides": "two_directed"}
    users = [plan.sample_size({"type": "proportion", "p": p, "variance": "unpooled"}, claim, design).canary for p in (0.5, 0.05)]
    assert users == [39_237, 738_572]


@pytest.mark.parametrize("behaviour", [
    {"type": "mean", "sd": 2.0, "mean": 10.0},
    {"type": "proportion", "p": 0.02},
    {"type": "rate", "rate": 0.5, "dispersion": 1.5},
    {"type": "quantile", "q": 0.95, "slope": 8.0, "value": 200.0},
    {"type": "distribution", "sample": [float(v) for v in range(1, 200)]},
    {"type": "auc", "auc": 0.8, "positives": 0.1},
    {"type": "ratio", "ratio": 0.3, "sd": 1.2},
], ids=lambda b: b["type"])
def test_size_and_power_and_margin_agree(behaviour):
    claim = {"claim": "non_inferiority", "direction": "lower_is_better", "margin": {"relative": 0.1}}
    size = plan.sample_size(behaviour, claim, {"power": 0.9}, percent=20)
    assert size.baseline == pytest.approx(4 * size.canary, abs=4)
    assert plan.power(behaviour, claim, size.canary, percent=20) == pytest.approx(0.9, abs=0.03)
    margin = plan.detectable_margin(behaviour, "lower_is_better", size.canary, {"power": 0.9}, percent=20)
    assert margin == pytest.approx(0.1, rel=0.02)
    harm = plan.detectable_harm(behaviour, "lower_is_better", {"relative": 0.1}, size.canary, percent=20)
    assert harm is None or harm > 0.1
    changed = plan.detectable_change(behaviour, 10 * size.canary, percent=20)
    assert 0 < changed < 0.2


def test_histories_say_what_arrays_hold():
    numpy = pytest.importorskip("numpy")
    values = numpy.arange(1000) % 50 + 80.0
    history = plan.History.mean(values)
    assert history.behaviour["mean"] == 104.5 and history.behaviour["sd"] == pytest.approx(values.std(ddof=1))
    assert (history.rows, history.units, history.design_effect) == (1000, None, 1.0)
    # Twenty rows a user, all alike: as good as one row.
    level = numpy.random.default_rng(1).normal(size=50).repeat(20)
    users = plan.History.mean(level, units=[f"user-{i // 20}" for i in range(1000)])
    assert users.units == 50 and users.design_effect == pytest.approx(20, rel=0.05)
    assert users == plan.History.mean(level, units=numpy.arange(1000) // 20)
    independent = plan.sample_size(users.behaviour, DETECT)
    clustered = plan.sample_size(users, DETECT)
    assert clustered.canary == pytest.approx(users.design_effect * independent.canary, rel=1e-3)
    assert plan.sample_size(users, DETECT, {"design_effect": 1.0}) == independent
    events = plan.History.proportion([0, 1] * 50)
    assert events.behaviour["p"] == 0.5
    assert plan.History.rate([1, 2, 3], [1.0, 1.0, 1.0]).behaviour["rate"] == 2.0
    assert plan.History.auc([1, 2, 3, 4], [0, 1, 0, 1]).behaviour["auc"] == 0.75
    assert plan.History.ratio([1, 2, 3], [2, 4, 6]).behaviour["ratio"] == 0.5
    assert plan.History.quantile(values, 0.9).behaviour["value"] == 124.0
    assert plan.History.shift(values).behaviour == {"type": "shift"}
    assert len(plan.History.distribution(values).behaviour["sample"]) == 1000
    for record in (history, users):
        assert pickle.loads(pickle.dumps(record)) == record == copy.copy(record)


def test_a_config_is_planned_as_on_the_command_line(root, tmp_path):
    recordings = root / "fixtures" / "recordings"
    config, history = recordings / "demo.yaml", recordings / "aa_parity.parquet"
    printed = command("plan", "-c", config, "--history", history, "--rate", "15/s")
    found = plan.from_config(config, history, "15/s")
    assert found.to_json() + "\n" == printed
    assert found.to_dict() == json.loads(printed)
    assert found == plan.from_config(config, history, 900) and hash(found) == hash(plan.from_config(config, history, 900))
    assert "requests a minute" in repr(found) and found.weights[0].percent == 1.0
    assert [w.percent for w in plan.from_config(config, history, 900, weights=[10, 40]).weights] == [10, 40]
    assert plan.from_config(config, history, 900, allocation="equal_baseline") != found
    # A pickled plan can still be ramped.
    again = pickle.loads(pickle.dumps(found))
    assert again == found and serinus.ramp(900, again) == serinus.ramp(900, found)
    for form in ("json", "argo-steps", "flagger", "istio"):
        emitted = command("plan", "-c", config, "--history", history, "--rate", "900/min", "--emit", form)
        assert serinus.ramp(900, found).emit(form) == emitted, form
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    assert plan.from_config(config, pandas.read_parquet(history), 900) == found
    assert {"metric", "percent", "minutes", "must_pass"} <= set(found.to_frame().columns)


def test_ramps():
    ramp = serinus.ramp(1_000_000, [ERRORS], bad={"metric": "errors", "change": {"absolute": 0.02}}, requests_per_unit=10)
    assert [stage.percent for stage in ramp.stages] == [5, 25, 50] and ramp.total_minutes == 30
    assert ramp.exposure is not None and ramp.exposure.caught_surely
    assert ramp.exposure.expected_units == pytest.approx(ramp.exposure.expected_requests / 10)
    assert ramp.argo_steps()[:2] == [{"setWeight": 5}, {"pause": {"duration": "600s"}}]
    assert ramp.argo_steps("judge")[2] == {"analysis": {"templates": [{"templateName": "judge"}]}}
    assert ramp.flagger()["analysis"]["stepWeights"] == [5, 25, 50]
    assert "checkout" in json.dumps(ramp.istio("checkout", stable_subset="v1"))
    assert ramp.rollout()["stages"][0]["percent"] == 5
    assert json.loads(ramp.emit("json")) == ramp.to_dict() == json.loads(ramp.to_json())
    assert "minutes to 100 percent" in repr(ramp)
    assert pickle.loads(pickle.dumps(ramp)) == ramp
    slow = serinus.ramp(60, [{**ERRORS, "margin": {"absolute": 0.002}}], schedule=[1, 10, 50], min_samples=100)
    assert slow.warnings[0].startswith("at 1 % this takes") and slow.stages[0].bottleneck == "errors"
    history = plan.History.proportion([0] * 99 + [1])
    assert serinus.ramp(1e6, [{**ERRORS, "behaviour": history}]) == serinus.ramp(1e6, [ERRORS])
    assert [s.percent for s in serinus.ramp(1e6, [], schedule="conservative").stages] == [1, 5, 10, 25, 50]
    frame = pytest.importorskip("pandas") and ramp.to_frame()
    assert list(frame["percent"]) == [5, 25, 50]


def test_a_ramp_is_written_to_a_file(tmp_path):
    ramp = serinus.ramp(1e6, [ERRORS])
    assert ramp.emit("rollout", tmp_path / "rollout.yaml") is None
    assert (tmp_path / "rollout.yaml").read_text() == ramp.emit("rollout")


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: plan.sample_size({"type": "means"}, DETECT), ConfigError, "behaviour"),
    (lambda: plan.sample_size(3, DETECT), ConfigError, "behaviour"),
    (lambda: plan.sample_size({"type": "mean", "sd": "wide"}, DETECT), ConfigError, "behaviour"),
    (lambda: plan.sample_size({"type": "mean", "sd": float("nan")}, DETECT), ConfigError, "behaviour.sd"),
    (lambda: plan.sample_size(MEAN, {"claim": "superiority"}), ConfigError, "claim"),
    (lambda: plan.sample_size(MEAN, DETECT, {"pwer": 0.8}), ConfigError, "pwer"),
    (lambda: plan.sample_size(MEAN, DETECT, [1]), ConfigError, "design"),
    (lambda: plan.sample_size(MEAN, DETECT, {"allocation": 2.0}, percent=5), ConfigError, "allocation"),
    (lambda: plan.sample_size(MEAN, DETECT, percent=0), DataError, "percent"),
    (lambda: plan.sample_size(MEAN, DETECT, percent=float("nan")), DataError, "percent"),
    (lambda: plan.sample_size(MEAN, DETECT, {"power": 2}), DataError, "power"),
    (lambda: plan.sample_size({"type": "mean", "sd": -1}, DETECT), DataError, "sd"),
    (lambda: plan.power(MEAN, DETECT, -1), DataError, "canary"),
    (lambda: plan.power(MEAN, DETECT, 2**70), DataError, "canary"),
    (lambda: plan.power(MEAN, DETECT, "ten"), DataError, "canary"),
    (lambda: plan.detectable_margin(MEAN, "up", 10), DataError, "direction"),
    (lambda: plan.detectable_margin(MEAN, "either", 10, scale="log"), DataError, "scale"),
    (lambda: plan.detectable_harm(MEAN, "either", {"relative": 0.1, "absolute": 1}, 10), ConfigError, "margin"),
    (lambda: plan.sample_size({"type": "shift"}, {"claim": "non_inferiority", "direction": "either",
                                                  "margin": {"absolute": 1e-300}}), DataError, "1e15"),
    (lambda: plan.sample_size(MEAN, DETECT, {"allocation": 1e308}), DataError, "baseline rows"),
    (lambda: plan.History.rate([1, 1e300], [1e300, 1e-300]), DataError, "dispersion"),
    (lambda: plan.History.mean([1.0]), DataError, "rows"),
    (lambda: plan.History.mean([1.0, float("nan")]), DataError, "NaN"),
    (lambda: plan.History.mean(["a", "b"]), DataError, "values"),
    (lambda: plan.History.mean([1.0, 2.0], units=["a"]), DataError, "units"),
    (lambda: plan.History.mean([1.0, 2.0], units=["a", None]), DataError, "units, row 2"),
    (lambda: plan.History.proportion([0, 2]), DataError, "0 or 1"),
    (lambda: plan.History.quantile([1.0] * 5, 0.99), DataError, "rows"),
    (lambda: plan.History.auc([1, 2, 3], [0, 1]), DataError, "length"),
    (lambda: plan.from_config({}, {}, 1), ConfigError, "metrics"),
    (lambda: serinus.ramp(0, []), DataError, "rate_per_minute"),
    (lambda: serinus.ramp("15/year", []), DataError, "year"),
    (lambda: serinus.ramp(None, []), DataError, "rate_per_minute"),
    (lambda: serinus.ramp(10, "errors"), ConfigError, "metrics"),
    (lambda: serinus.ramp(10, [3]), ConfigError, r"metrics\[0\]"),
    (lambda: serinus.ramp(10, [{"name": "m"}]), ConfigError, r"metrics\[0\]"),
    (lambda: serinus.ramp(10, None), ConfigError, "metrics"),
    (lambda: serinus.ramp(10, [], schedule="fast"), DataError, "schedule"),
    (lambda: serinus.ramp(10, [], schedule=[50, 10]), DataError, "weights"),
    (lambda: serinus.ramp(10, [], schedule=[]), DataError, "weight"),
    (lambda: serinus.ramp(10, [ERRORS], bad={"metric": "m", "change": {"relative": 1}}), DataError, "bad canary"),
    (lambda: serinus.ramp(10, [ERRORS], min_minutes=float("nan")), DataError, "min_minutes"),
    (lambda: serinus.ramp(10, [ERRORS]).emit("helm"), DataError, "form"),
    (lambda: serinus.ramp(10, [ERRORS], schedule=[2.5]).emit("argo-steps"), DataError, "whole"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_history_without_the_columns(config):
    with pytest.raises(DataError, match="latency"):
        plan.from_config(config, {"error": [0, 1], "tier": ["a", "b"]}, 900)
    with pytest.raises(DataError, match="no.csv"):
        plan.from_config(config, "no.csv", 900)
