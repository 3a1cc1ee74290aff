"""`serinus.check`, and `serinus.judge(summary=...)`: the same answers as the command line."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

import serinus
from serinus import ConfigError, DataError

ROWS = [
    {"metric": "errors", "arm": "baseline", "n": 9000, "events": 45},
    {"metric": "errors", "arm": "canary", "n": 1000, "events": 60},
    {"metric": "latency", "arm": "baseline", "n": 9000, "mean": 80.0, "m2": 9000 * 400.0},
    {"metric": "latency", "arm": "canary", "n": 1000, "mean": 81.0, "m2": 1000 * 400.0},
]
CONFIG = {"version": 1, "metrics": [
    {"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better", "margin": {"absolute": 0.01},
     "role": "critical"},
    {"name": "latency", "type": "mean", "column": "ms", "direction": "lower_is_better", "margin": {"relative": 0.1}},
]}


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "serinus", *map(str, arguments)], capture_output=True, text=True, timeout=300)


@pytest.fixture
def files(tmp_path):
    config, summary = tmp_path / "canary.json", tmp_path / "day.json"
    config.write_text(json.dumps(CONFIG))
    summary.write_text(json.dumps({"schema": "serinus.summary/1", "rows": ROWS}))
    return config, summary


def test_a_check_is_that_of_the_command_line(root):
    recordings = root / "fixtures" / "recordings"
    config, history = recordings / "demo.yaml", recordings / "aa_parity.parquet"
    printed = command("check", "-c", config, "--history", history, "--percent", 20, "--format", "json")
    found = serinus.check(config, history, percent=20)
    assert found.to_json() + "\n" == printed.stdout, printed.stderr
    assert found.to_dict() == json.loads(printed.stdout)
    assert found.history.metrics[0].text in repr(found) and found.history.percent == 20
    assert pickle.loads(pickle.dumps(found)) == found
    bare = serinus.check(serinus.Config(config))
    assert bare.history is None and bare.config_sha256 == found.config_sha256 == serinus.Config(config).digest
    assert bare.to_json() + "\n" == command("check", "-c", config, "--format", "json").stdout
    assert [f"{w['path']}: {w['message']}" for w in bare.warnings] == list(serinus.Config(config).check())
    frame = pytest.importorskip("pandas") and found.history.to_frame()
    assert {"name", "rows_needed", "canary_rows"} <= set(frame.columns)


def test_what_a_history_shows():
    found = serinus.check(CONFIG, {"error": [0] * 990 + [1] * 10, "ms": [80.0 + i % 7 for i in range(1000)]})
    errors, latency = found.history.metrics
    assert errors.canary_rows == 100 and errors.rows_needed > 100 and latency.rows_needed < 100
    assert found.history.can_promote and latency.detectable_margin["relative"] < 0.1


def test_statistics_in_place_of_rows(files):
    config, summary = files
    printed = command("judge", "-c", config, "--summary", summary, "--format", "json")
    found = serinus.judge(config, summary=summary)
    assert found.to_json() + "\n" == printed.stdout and printed.returncode == 1, printed.stderr
    assert found.decision == "rollback" and found.reasons[0].metric == "errors"
    for same in (ROWS, {"schema": "serinus.summary/1", "rows": ROWS}):
        assert serinus.judge(CONFIG, summary=same) == found
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    # A table has a column for every statistic, and gaps where a metric has none.
    assert serinus.judge(CONFIG, summary=pandas.DataFrame(ROWS)) == found
    assert serinus.judge(CONFIG, summary=polars.DataFrame(ROWS)) == found
    assert serinus.judge(CONFIG, summary=pyarrow.Table.from_pylist([{k: r.get(k) for k in {k for r in ROWS for k in r}} for r in ROWS])) == found


def test_rows_and_their_statistics_agree():
    rows = {arm: {"error": [int(i < events) for i in range(n)]} for arm, n, events in (("baseline", 900, 5), ("canary", 300, 9))}
    config = {"version": 1, "metrics": CONFIG["metrics"][:1]}
    summary = [{"metric": "errors", "arm": arm, "n": len(t["error"]), "events": sum(t["error"])} for arm, t in rows.items()]
    a, b = serinus.judge(config, **rows), serinus.judge(config, summary=summary)
    assert a.metrics[0].evidence == b.metrics[0].evidence


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: serinus.check({}), ConfigError, "metrics"),
    (lambda: serinus.check(CONFIG, percent=0), DataError, "percent"),
    (lambda: serinus.check(CONFIG, percent=float("nan")), DataError, "percent"),
    (lambda: serinus.check(CONFIG, {"error": [0, 1]}), DataError, "ms"),
    (lambda: serinus.check(CONFIG, "no.csv"), DataError, "no.csv"),
    (lambda: serinus.judge(CONFIG, summary=3), DataError, "summary: 3"),
    (lambda: serinus.judge(CONFIG, summary=[]), DataError, "no row of it"),
    (lambda: serinus.judge(CONFIG, summary=[{"metric": "errors"}]), DataError, "arm"),
    (lambda: serinus.judge(CONFIG, summary=[{**ROWS[0], "event": 1}]), DataError, "event"),
    (lambda: serinus.judge(CONFIG, summary=[{**ROWS[0], "n": object()}]), DataError, "summary"),
    (lambda: serinus.judge(CONFIG, summary="no.json"), DataError, "no.json"),
    (lambda: serinus.judge(CONFIG, summary=ROWS, data={}), DataError, "together"),
    (lambda: serinus.judge(CONFIG, summary={"rows": ROWS, "row": 1}), DataError, "row"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
