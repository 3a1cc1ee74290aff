"""Three doors, one answer: the command line, Python, and the stored bytes that the Rust tests read too."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

import serinus

DOORS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "doors"
CASES = sorted(path.parent for path in DOORS.glob("*/case.json"))
BINARY = os.environ.get("SERINUS_BINARY")


def command(*arguments):
    head = [BINARY] if BINARY else [sys.executable, "-m", "serinus"]
    return subprocess.run([*head, *map(str, arguments)], capture_output=True, check=False, timeout=300)


def test_there_are_cases():
    assert len(CASES) >= 4


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_doors_agree(folder):
    case = json.loads((folder / "case.json").read_text())
    config = folder / case["config"]
    arms = {arm: folder / case[arm] for arm in ("baseline", "canary") if arm in case}
    if arms:
        judgement = serinus.judge(config, **arms)
        printed = command("judge", "-c", config, "--baseline", arms["baseline"], "--canary", arms["canary"], "--format", "json")
    else:
        judgement = serinus.judge(config, folder / case["data"])
        printed = command("judge", "-c", config, folder / case["data"], "--format", "json")
    assert printed.stdout.decode() == judgement.to_json() + "\n", printed.stderr.decode()
    assert printed.returncode == {"promote": 0, "rollback": 1, "hold": 3}[judgement.decision]
    assert judgement.decision == case["decision"]
    # Every other form of the same rows.
    pandas = pytest.importorskip("pandas")
    if not arms:
        frame = pandas.read_csv(folder / case["data"])
        assert serinus.judge(config, frame).to_json() == judgement.to_json()
        assert serinus.judge(config, dict(frame)).to_json() == judgement.to_json()


def test_the_command_says_its_version_and_refuses_nonsense():
    assert serinus.__version__ in command("--version").stdout.decode()
    assert command("wobble").returncode == 2
    assert command("judge", "-c", "no.yaml", "no.csv").returncode == 2
