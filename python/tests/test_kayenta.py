"""``serinus.kayenta`` and the tools for configs: the answers of the command line, as dicts."""

from __future__ import annotations

import doctest
import json
import math
import subprocess
import sys

import pytest

import serinus
from serinus import ConfigError, DataError, _native, kayenta


@pytest.fixture
def request_document(root) -> dict:
    with (root / "fixtures/kayenta/kayenta_requests.jsonl").open() as lines:
        return json.loads(next(lines))["request"]


def command(*arguments: str, text: str = "") -> str:
    done = subprocess.run([sys.executable, "-m", "serinus", *arguments], input=text, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", ["kayenta_judge", "kayenta_judge_native", "kayenta_compare", "kayenta_import", "schema", "template"])
def test_the_examples_are_true(name):
    runner = doctest.DocTestRunner()
    found = doctest.DocTestParser().get_doctest(getattr(_native, name).__doc__, {}, name, None, 0)
    assert found.examples
    runner.run(found)
    assert runner.summarize(verbose=False).failed == 0


def test_the_module_is_documented_by_an_example():
    assert doctest.testmod(kayenta) == (0, 3)


def test_python_and_the_command_line_answer_alike(tmp_path, root):
    lines = (root / "fixtures/kayenta/kayenta_requests.jsonl").read_text().splitlines()[:25]
    lines = [json.dumps(json.loads(line)["request"]) for line in lines]
    file = tmp_path / "requests.jsonl"
    file.write_text("\n".join(lines) + "\n")
    printed = [json.loads(line) for line in command("kayenta", str(file)).splitlines()]
    assert len(printed) == len(lines)
    for line, expected in zip(lines, printed, strict=True):
        assert kayenta.judge(json.loads(line)) == expected


def test_compare_holds_both_answers(request_document):
    both = kayenta.compare(request_document)
    assert both == {"kayenta": kayenta.judge(request_document), "native": kayenta.judge_native(request_document)}


def test_nan_is_what_kayenta_reads():
    def request(control):
        return {"canaryConfig": {"metrics": [{"name": "m", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
                "scoreThresholds": {"pass": 95, "marginal": 75},
                "metricSetPairList": [{"name": "m", "id": "1", "tags": {},
                                       "values": {"control": control, "experiment": [1.0, 2.0, 3.0]}}]}

    assert kayenta.judge(request([1.0, "NaN", 3.0]))["results"]
    with pytest.raises(DataError, match="written as strings"):
        kayenta.judge(request([1.0, math.nan, 3.0]))


@pytest.mark.parametrize("bad", [None, 3, "{}", [], {"canaryConfig": object()}, {1: {2, 3}}, {}])
def test_bad_requests_are_data_errors(bad):
    for function in (kayenta.judge, kayenta.judge_native, kayenta.compare):
        with pytest.raises(DataError):
            function(bad)


def test_a_request_that_contains_itself():
    request: dict = {}
    request["canaryConfig"] = request
    with pytest.raises(DataError, match="request"):
        kayenta.judge(request)


def test_an_imported_config_is_a_config(request_document):
    config, notes = kayenta.import_config(request_document["canaryConfig"])
    assert config["metrics"] and all(isinstance(note, str) for note in notes) and notes
    serinus.Config(config)


def test_the_template_is_a_valid_config_and_what_init_prints(tmp_path):
    path = tmp_path / "canary.yaml"
    path.write_text(serinus.template())
    assert serinus.Config(path).digest
    assert command("init") == serinus.template()


@pytest.mark.parametrize("of", ["all", "config", "judgement", "rollout"])
def test_the_schema_is_what_the_command_line_prints(of):
    assert json.loads(command("schema", of)) == serinus.schema(of)


def test_an_unknown_schema_is_named():
    with pytest.raises(DataError, match="'rolout'; give one of"):
        serinus.schema("rolout")
    with pytest.raises(ConfigError):
        serinus.Config({"version": 1, "metrics": []})
