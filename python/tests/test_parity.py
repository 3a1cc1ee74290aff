"""`serinus.parity`: the answer of `serinus judge --parity`, and errors as of `serinus.judge`."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import serinus
from serinus import DataError

CONFIG = {"version": 1, "metrics": [
    {"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better", "margin": {"absolute": 0.01},
     "role": "critical"}]}


def test_the_answer_is_that_of_the_command_line(root):
    recordings = root / "fixtures" / "recordings"
    config = recordings / "demo.yaml"
    for name, answer in (("aa_parity", "open"), ("null_feature", "different")):
        data = recordings / f"{name}.parquet"
        printed = subprocess.run(
            [sys.executable, "-m", "serinus", "judge", "--parity", "-c", str(config), str(data), "--format", "json"],
            capture_output=True, text=True, timeout=300)
        found = serinus.parity(config, data)
        assert found.answer == answer
        assert found.to_json() + "\n" == printed.stdout, printed.stderr
        assert pickle.loads(pickle.dumps(found)) == found
        assert found.reasons[0].text.split()[0] in repr(found)


def test_every_form_of_input_is_taken():
    def arm(n, bad):
        return {"error": [0] * (n - bad) + [1] * bad}

    assert serinus.parity(CONFIG, baseline=arm(10_000, 100), canary=arm(10_000, 100)).answer == "same"
    # A canary with fewer errors is not the same either.
    assert serinus.parity(CONFIG, baseline=arm(10_000, 900), canary=arm(10_000, 100)).answer == "different"
    rows = [{"metric": "errors", "arm": "baseline", "n": 50, "events": 1}, {"metric": "errors", "arm": "canary", "n": 50, "events": 1}]
    assert serinus.parity(CONFIG, summary=rows).answer == "open"
    with pytest.raises(DataError, match="nothing to judge"):
        serinus.parity(CONFIG)
    bare = {"version": 1, "metrics": [{"name": "errors", "type": "proportion", "column": "error",
                                       "direction": "lower_is_better", "limit": {"max": 0.1}}]}
    with pytest.raises(DataError, match="no metric has a margin"):
        serinus.parity(bare, baseline=arm(100, 1), canary=arm(100, 1))
