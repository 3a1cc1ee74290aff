"""The scripts in ``examples/python`` run and say what they promise."""

from __future__ import annotations

import json
import subprocess
import sys

import serinus


def run(root, name, *arguments):
    script = root / "examples" / "python" / name
    return subprocess.run([sys.executable, str(script), *map(str, arguments)], capture_output=True, text=True)


def test_judge_a_canary(root, tmp_path):
    done = run(root, "judge_a_canary.py", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ROLLBACK" in done.stdout and "why:" in done.stdout
    assert json.loads((tmp_path / "judgement.json").read_text())["decision"] == "rollback"
    assert "<script" not in (tmp_path / "report.html").read_text()


def test_shadow_comparison(root):
    done = run(root, "shadow_comparison.py")
    assert done.returncode == 0, done.stderr
    assert "shadow_healthy: promote" in done.stdout and "shadow_skew: rollback" in done.stdout


def test_use_in_ci(root, tmp_path):
    recordings, summary = root / "fixtures" / "recordings", tmp_path / "summary.md"
    for name, code in (("aa_parity", 0), ("aa_sticky_users", 1), ("error_spike", 2)):
        done = run(root, "use_in_ci.py", recordings / "demo.yaml", recordings / f"{name}.parquet", summary)
        assert done.returncode == code, (name, done.stdout, done.stderr)
    assert summary.read_text().count("latency") >= 3
    done = run(root, "use_in_ci.py", recordings / "demo.yaml", tmp_path / "no.parquet")
    assert done.returncode == 3 and "no.parquet" in done.stderr


def test_plan_a_ramp(root, tmp_path):
    done = run(root, "plan_a_ramp.py", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "can be promoted" in done.stdout and "minutes to 100 percent" in done.stdout
    steps = (tmp_path / "steps.yaml").read_text()
    assert steps.startswith("- setWeight: 5\n") and steps in done.stdout
    assert [s["percent"] for s in serinus.rollout.Rollout(tmp_path / "rollout.yaml").config["stages"]] == [5, 25, 50]
    # What docs/python.md shows is what the script says.
    table = done.stdout.split("\nsteps for Argo")[0].strip()
    assert table in (root / "docs" / "python.md").read_text()


def test_drill_a_config(root):
    done = run(root, "drill_a_config.py", 1)
    assert done.returncode == 0, done.stderr
    assert "none: rolled back 0 of 1" in done.stdout and "errors in 5 %: rolled back 1 of 1" in done.stdout
