"""`serinus.replay` and `serinus.drill`: what the command line tells, as objects."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

import serinus
from serinus import ConfigError, DataError

CONFIG = {"version": 1, "data": {"arm": {"column": "arm"}, "time": {"column": "second", "unit": "s"}},
          "metrics": [{"name": "errors", "type": "proportion", "column": "error", "role": "critical",
                       "direction": "lower_is_better", "margin": {"absolute": 0.02}}]}
ROLLOUT = {"version": 1, "stages": [{"percent": 50, "min_samples": 400}]}


def log(rows=2000, every=0):
    return {"arm": ["canary", "baseline"] * (rows // 2), "second": list(range(rows)),
            "error": [int(bool(every) and i % every == 0) for i in range(rows)]}


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "serinus", *map(str, arguments)], capture_output=True, text=True, timeout=300)


def test_a_replay_is_that_of_the_command_line(root, tmp_path):
    recordings = root / "fixtures" / "recordings"
    config, plan, data = (recordings / name for name in ("demo.yaml", "rollout.yaml", "error_spike.parquet"))
    printed = command("replay", "-c", config, "-r", plan, data, "--format", "json", "--picture", tmp_path / "cli.svg",
                      "--metrics-picture", tmp_path / "metrics.svg")
    assert printed.returncode == 1, printed.stderr
    told = serinus.replay(config, plan, data)
    assert told.to_json() + "\n" == printed.stdout
    assert told.to_svg() == (tmp_path / "cli.svg").read_text()
    assert told.to_metrics_svg() == (tmp_path / "metrics.svg").read_text()
    assert told.to_metrics_svg(theme="dark") != told.to_metrics_svg()
    assert (told.outcome, told.decision, told.method) == ("rolled_back", "rollback", "fixed")
    for form, own in (("text", repr(told)), ("markdown", told.to_markdown()), ("html", told.to_html())):
        assert command("replay", "-c", config, "-r", plan, data, "--format", form).stdout.rstrip() == own.rstrip(), form
    # Other words for the same.
    assert serinus.replay(serinus.Config(config), str(plan), str(data)) == told
    anytime = serinus.replay(config, plan, data, look_every=500)
    assert anytime.method == "anytime" and anytime.look_every == {"requests": 500}
    lines = command("replay", "-c", config, "-r", plan, data, "--look-every", 500, "--format", "json")
    assert anytime.to_json() + "\n" == lines.stdout
    assert serinus.replay(config, plan, data, look_every=500, method="fixed").method == "fixed"


def test_what_a_replay_tells(tmp_path):
    told = serinus.replay(CONFIG, ROLLOUT, log(every=6), look_every=50)
    assert told.outcome == "rolled_back" and told.exposure.served.canary < 200
    assert told.looks[-1].decision == "rollback" and told.looks[-1].anomalies[0].name == "errors"
    assert told.looks[0].metrics[0].interval is not None and told.stages[0].percent == 50
    assert isinstance(told.judgement, serinus.Judgement) and told.to_judgement().reasons[0].code == "rollout_rolled_back"
    assert told.rollout.phase == "rolled_back" and len(told.rollout.trail) > 2
    again = serinus.rollout.Rollout.replay(told.rollout.config, told.rollout.trail)
    assert again == told.rollout
    assert pickle.loads(pickle.dumps(told)) == told and json.loads(told.to_json()) == told.to_dict()
    with pytest.raises(TypeError, match="three answers"):
        bool(told)
    assert told._repr_html_().startswith("<svg") and "<script" not in told.to_html()
    assert told.to_html(tmp_path / "r.html") is None and (tmp_path / "r.html").read_text() == told.to_html()
    assert told.to_svg(tmp_path / "r.svg", theme="dark") is None
    assert (tmp_path / "r.svg").read_text() == told.to_svg(theme="dark") != told.to_svg()
    frame = pytest.importorskip("pandas") and told.to_frame()
    assert len(frame) == len(told.looks) and {"number", "decision", "served_canary"} <= set(frame.columns)
    healthy = serinus.replay(CONFIG, ROLLOUT, log())
    assert healthy.decision == "promote" and healthy.method == "fixed"
    # A section `monitoring` asks for the monitor.
    monitored = {**CONFIG, "monitoring": {"look": {"requests": 250}}}
    assert serinus.replay(monitored, ROLLOUT, log()).look_every == {"requests": 250}
    assert serinus.replay(serinus.Config(monitored), ROLLOUT, log()).method == "anytime"


def test_progress_goes_to_stderr(capsys):
    serinus.replay(CONFIG, ROLLOUT, log(), look_every=100, progress=True)
    assert "rows replayed" in capsys.readouterr().err
    serinus.drill(CONFIG, log(), faults=[{"fault": "none"}], replicates=2, progress=True)
    assert "2 of 2 replicates" in capsys.readouterr().err
    serinus.replay(CONFIG, ROLLOUT, log(), look_every=100)
    assert capsys.readouterr().err == ""


def test_a_drill_is_that_of_the_command_line(tmp_path):
    rows = log(800)
    data, config = tmp_path / "log.csv", tmp_path / "canary.json"
    data.write_text("\n".join([",".join(rows), *(",".join(map(str, row)) for row in zip(*rows.values()))]) + "\n")
    config.write_text(json.dumps(CONFIG))
    printed = command("drill", "-c", config, data, "--replicates", 2, "--format", "json")
    found = serinus.drill(config, data, replicates=2)
    assert printed.returncode == 0 and found.to_json() + "\n" == printed.stdout
    assert found == serinus.drill(CONFIG, rows, replicates=2, seed=0)
    assert found.to_markdown() == command("drill", "-c", config, data, "--replicates", 2).stdout
    assert repr(found) == found.to_markdown().rstrip()


def test_what_a_drill_finds():
    faults = [{"fault": "none"}, {"fault": "errors", "share": 0.2}, {"fault": "latency", "factor": 2.0}]
    found = serinus.drill(CONFIG, log(), rollout=ROLLOUT, faults=faults, replicates=3, columns={"error": "error"})
    none, errors, latency = found.faults
    assert none.judged.rollback == 0 and none.rolled_out.rolled_back == 0 and none.exposed is None
    assert errors.judged.rollback == 3 and errors.named == (("errors", 3),) and errors.exposed.least > 0
    assert latency.skipped is not None and latency.fault == {"fault": "latency", "factor": 2.0}
    assert pickle.loads(pickle.dumps(found)) == found
    frame = pytest.importorskip("pandas") and found.to_frame()
    assert list(frame["judged_rollback"]) == [0, 3, 0]


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: serinus.replay({}, ROLLOUT, log()), ConfigError, "metrics"),
    (lambda: serinus.replay(CONFIG, {"version": 1}, log()), ConfigError, "stages"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, 3), DataError, "no table"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, {"arm": ["canary"]}), DataError, "error"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, "no.csv"), DataError, "no.csv"),
    (lambda: serinus.replay({**CONFIG, "data": {"arm": {"column": "arm"}}}, ROLLOUT, log()), DataError, "data.time"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, log(), look_every=0), DataError, "look_every"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, log(), look_every=1.5), DataError, "look_every"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, log(), method="both"), DataError, "method"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, log()).to_svg(theme="pink"), DataError, "theme"),
    (lambda: serinus.replay(CONFIG, ROLLOUT, log()).to_html(3), DataError, "path"),
    (lambda: serinus.drill(CONFIG, log(), replicates=0), DataError, "replicates"),
    (lambda: serinus.drill(CONFIG, log(), replicates=10_001), DataError, "replicates"),
    (lambda: serinus.drill(CONFIG, log(), faults=[{"fault": "fire"}]), ConfigError, "faults"),
    (lambda: serinus.drill(CONFIG, log(), faults=[{"fault": "errors", "share": 2}]), ConfigError, r"faults\[0\].share"),
    (lambda: serinus.drill(CONFIG, log(), columns={"colour": "x"}), ConfigError, "columns"),
    (lambda: serinus.drill(CONFIG, log(), seed=-1), DataError, "seed"),
    (lambda: serinus.drill({**CONFIG, "data": {}}, log()), DataError, "arm"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_ctrl_c_ends_a_long_drill(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        "import os, signal, threading, time\n"
        "import serinus\n"
        f"config, log = {CONFIG!r}, {log(6000)!r}\n"
        "threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "start = time.monotonic()\n"
        "try:\n"
        "    serinus.drill(config, log, replicates=10000)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', time.monotonic() - start < 20, flush=True)\n"
        "    os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout.strip() == "interrupted True", done.stdout + done.stderr
