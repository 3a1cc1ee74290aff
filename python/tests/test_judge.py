"""One judgement, whatever the data come as."""

from __future__ import annotations

import array
import copy
import json
import pickle
import subprocess
import sys
import threading

import pytest

import serinus


@pytest.fixture
def expected(config, csv):
    return serinus.judge(config, csv)


def test_the_config_may_be_a_path_a_dict_or_a_config(config, config_file, csv, expected):
    assert serinus.judge(config_file, csv) == expected
    assert serinus.judge(str(config_file), str(csv)) == expected
    assert serinus.judge(serinus.Config(config), csv) == expected


def test_pandas(config, columns, expected):
    pandas = pytest.importorskip("pandas")
    assert serinus.judge(config, pandas.DataFrame(columns)) == expected


def test_pandas_with_categories(config, columns, expected):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(columns).astype({"arm": "category", "tier": "category"})
    assert serinus.judge(config, frame) == expected


def test_polars(config, columns, expected):
    polars = pytest.importorskip("polars")
    assert serinus.judge(config, polars.DataFrame(columns)) == expected


def test_pyarrow_table_batch_and_reader(config, columns, expected):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(columns)
    assert serinus.judge(config, table) == expected
    assert serinus.judge(config, table.to_reader(max_chunksize=97)) == expected
    assert serinus.judge(config, table.combine_chunks().to_batches()[0]) == expected


def test_duckdb(config, csv, expected):
    duckdb = pytest.importorskip("duckdb")
    assert serinus.judge(config, duckdb.sql(f"select * from read_csv('{csv}')")) == expected


def test_a_mapping_of_lists(config, columns, expected):
    assert serinus.judge(config, columns) == expected
    assert serinus.judge(config, {**columns, "another": [object()] * 600}) == expected, "only columns in use are read"


def arms(columns, of):
    split = {name: (values[:300], values[300:]) for name, values in columns.items() if name != "arm"}
    return tuple({name: of(halves[i], name) for name, halves in split.items()} for i in (0, 1))


def test_arms_of_lists_buffers_and_series(config, columns, expected):
    def buffers(values, name):
        return values if name == "tier" else array.array("d" if name == "latency" else "i", values)

    makers = [lambda values, _: values, lambda values, _: tuple(values), buffers]
    for maker in makers:
        baseline, canary = arms(columns, maker)
        found = serinus.judge(config, baseline=baseline, canary=canary)
        assert found.to_dict()["metrics"] == expected.to_dict()["metrics"]


def test_arms_of_numpy_arrays(config, columns, expected):
    numpy = pytest.importorskip("numpy")
    for dtype in ("float64", "int32", "uint8", "bool", "int64"):
        def maker(values, name, dtype=dtype):
            values = numpy.asarray(values)
            if name == "error":
                values = values.astype(dtype)
            if name == "latency":
                values = numpy.repeat(values, 2)[::2]
                assert not values.flags.c_contiguous
            return values

        baseline, canary = arms(columns, maker)
        found = serinus.judge(config, baseline=baseline, canary=canary)
        assert found.to_dict()["metrics"] == expected.to_dict()["metrics"]


def test_arms_of_series(config, columns, expected):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    for series in (pandas.Series, polars.Series):
        baseline, canary = arms(columns, lambda values, _, series=series: series(values))
        found = serinus.judge(config, baseline=baseline, canary=canary)
        assert found.to_dict()["metrics"] == expected.to_dict()["metrics"]
    baseline, canary = (pandas.DataFrame(arm) for arm in arms(columns, lambda values, _: values))
    assert serinus.judge(config, baseline=baseline, canary=canary).decision == expected.decision


def test_nulls_are_missing_and_nan_is_not_a_null(config, columns):
    polars = pytest.importorskip("polars")
    columns["latency"][5] = None
    found = serinus.judge(config, polars.DataFrame(columns))
    assert found.metrics[1].missing.baseline == 1
    assert serinus.judge(config, columns).metrics[1].missing.baseline == 1


def test_a_judgement_has_the_names_of_its_json(expected):
    record = json.loads(expected.to_json())
    assert expected.to_dict() == record
    assert [m.name for m in expected.metrics] == ["errors", "latency"]
    finding = expected.metrics[1]
    assert finding.type == "distribution" and finding.role == "scored"
    assert finding.evidence.n.canary == 300
    assert finding.evidence.interval.low == record["metrics"][1]["evidence"]["interval"]["low"]
    assert finding.to_dict() == record["metrics"][1]
    assert expected.checks[0].name == record["checks"][0]["name"]
    assert expected.provenance.seed == 0
    assert expected.decision in ("promote", "hold", "rollback")


def test_a_judgement_is_immutable_and_has_no_truth_value(expected):
    with pytest.raises(AttributeError):
        expected.decision = "promote"
    with pytest.raises(TypeError, match="three answers"):
        bool(expected)


def test_pickle_copy_equality_and_hash(expected, config, columns):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(expected, protocol)) == expected
    assert copy.copy(expected) == expected == copy.deepcopy(expected)
    assert hash(copy.deepcopy(expected)) == hash(expected)
    part = expected.metrics[1].evidence
    assert pickle.loads(pickle.dumps(part)) == part and hash(copy.copy(part)) == hash(part)
    assert expected != serinus.judge({**config, "seed": 1}, columns)
    assert expected != 3
    assert serinus.Judgement.from_json(expected.to_json()) == expected


def test_it_shows_itself(expected, tmp_path):
    text = repr(expected)
    assert "errors" in text and expected.decision.upper() in text
    assert "<script" not in expected._repr_html_()
    assert "errors" in expected._repr_html_()
    assert expected._repr_markdown_() == expected.to_markdown()
    assert expected.to_html(tmp_path / "report.html") is None
    assert (tmp_path / "report.html").read_text() == expected.to_html()


def test_names_are_escaped_in_html(config, columns):
    config["metrics"][0]["name"] = "<script>alert(1)</script>"
    assert "<script>alert" not in serinus.judge(config, columns)._repr_html_()


def test_to_frame(expected):
    pandas = pytest.importorskip("pandas")
    frame = expected.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["metric"]) == ["errors", "latency"]
    assert frame["n_canary"].tolist() == [300, 300]


def test_plot(expected):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    axes = expected.plot()
    assert [label.get_text().split(":")[0] for label in axes.get_yticklabels()] == ["errors", "latency"]
    assert expected.plot(axes) is axes
    pyplot.close("all")


def test_eight_threads_give_the_answers_of_one(config, columns, expected):
    found = [None] * 8

    def work(i):
        found[i] = [serinus.judge(config, columns).to_json() for _ in range(3)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer for answers in found for answer in answers} == {expected.to_json()}


def test_progress_is_told_on_stderr_and_only_on_request(config, csv, capsys):
    serinus.judge(config, csv)
    assert capsys.readouterr() == ("", "")
    serinus.judge(config, csv, progress=True)
    out, err = capsys.readouterr()
    assert out == "" and "600 rows" in err


def test_config(config):
    found = serinus.Config(config)
    assert found == serinus.Config(found.to_dict()) and hash(found) == hash(serinus.Config(config))
    assert found.digest == serinus.judge(config, {"arm": [], "tier": [], "error": [], "latency": []}).provenance.config_sha256
    assert found.columns == ("arm", "error", "latency", "tier")
    assert pickle.loads(pickle.dumps(found)) == found
    assert "errors" in repr(found)
    assert all(isinstance(line, str) for line in found.check())


def test_ctrl_c_ends_a_long_call(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        "import array, random, signal, threading, os, time\n"
        "import serinus\n"
        "config = {'version': 1, 'metrics': [{'name': 'm', 'type': 'mean', 'column': 'v', 'direction': 'either',\n"
        "  'margin': {'absolute': 1.0}, 'test': {'kind': 'bootstrap', 'method': 'studentized', 'draws': 1000000}}]}\n"
        "rows = {'v': array.array('d', [random.random() for _ in range(200000)])}\n"
        "threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "start = time.monotonic()\n"
        "try:\n"
        "    serinus.judge(config, baseline=rows, canary=rows)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', time.monotonic() - start < 20, flush=True)\n"
        "    os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout.strip() == "interrupted True", done.stdout + done.stderr
