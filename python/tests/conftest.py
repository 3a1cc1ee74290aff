"""What the tests share: a config, both arms, and the repository's recordings."""

from __future__ import annotations

import json
import pathlib
import random

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def root() -> pathlib.Path:
    return ROOT


@pytest.fixture
def config() -> dict:
    return {
        "version": 1,
        "data": {"arm": {"column": "arm"}, "segments": ["tier"]},
        "metrics": [
            {"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
             "margin": {"absolute": 0.05}, "role": "critical"},
            {"name": "latency", "type": "distribution", "column": "latency", "direction": "lower_is_better",
             "margin": {"relative": 0.25}},
        ],
    }


@pytest.fixture
def columns() -> dict:
    """A log of both arms: 300 rows each, a canary that is 3 percent slower."""
    draw = random.Random(7)
    rows = {"arm": [], "tier": [], "error": [], "latency": []}
    for arm, factor in (("baseline", 1.0), ("canary", 1.03)):
        for i in range(300):
            rows["arm"].append(arm)
            rows["tier"].append("free" if i % 3 else "paid")
            rows["error"].append(int(draw.random() < 0.02))
            rows["latency"].append(round(draw.lognormvariate(4.0, 0.3) * factor, 3))
    return rows


@pytest.fixture
def csv(tmp_path, columns) -> pathlib.Path:
    path = tmp_path / "log.csv"
    lines = [",".join(columns)]
    lines += [",".join(str(v) for v in row) for row in zip(*columns.values())]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def config_file(tmp_path, config) -> pathlib.Path:
    path = tmp_path / "canary.json"
    path.write_text(json.dumps(config))
    return path
