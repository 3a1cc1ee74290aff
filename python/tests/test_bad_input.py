"""Bad input says place, value and way out; it never panics."""

from __future__ import annotations

import pytest

import serinus
from serinus import ConfigError, DataError, SerinusError

CONFIG = {"version": 1, "metrics": [{"name": "m", "type": "mean", "column": "v", "direction": "either",
                                      "margin": {"absolute": 1.0}}]}
GOOD = {"v": [1.0, 2.0, 3.0]}


def judge(baseline, canary=GOOD):
    return serinus.judge(CONFIG, baseline=baseline, canary=canary)


def test_the_exceptions_are_value_errors():
    assert issubclass(ConfigError, SerinusError) and issubclass(DataError, SerinusError)
    assert issubclass(SerinusError, ValueError)
    assert ConfigError.__module__ == "serinus"


@pytest.mark.parametrize(("config", "message"), [
    (3, "config: 3 is no config"),
    (None, "no config"),
    ([], "no config"),
    ({}, "metrics"),
    ({"version": 1, "metrics": []}, "metrics"),
    ({"version": 1, "metrics": [{"name": "m", "type": "mean", "colum": "v"}]}, "colum"),
    ({"version": 1, "seed": float("nan"), "metrics": []}, "seed: NaN is not finite"),
    ({"version": 1, "seed": 10**30}, "seed"),
    ({"version": 1, "metrics": {1, 2}}, "metrics: "),
    ({"version": 1, ("a",): 2}, "key"),
    ("no/such/file.yaml", "no such file"),
])
def test_bad_configs(config, message):
    with pytest.raises(ConfigError) as caught:
        serinus.judge(config, baseline=GOOD, canary=GOOD)
    assert message in str(caught.value)


def test_a_config_that_contains_itself():
    config = dict(CONFIG)
    config["groups"] = config
    with pytest.raises(ConfigError, match="nested deeper"):
        serinus.Config(config)


@pytest.mark.parametrize(("column", "message"), [
    (3.5, "is no column"),
    ("abc", "is no column"),
    (b"abc", "is no column"),
    (None, "is no column"),
    ({"a": 1}, "is no column"),
    ([[1.0], [2.0, 3.0]], r"row 1: \[1.0\] is a list in a list"),
    ([1.0, "x", 2.0], "row 2: 'x' is text among numbers"),
    (["x", "y", 2.0], "row 3: 2.0 is a number among text"),
    ([1.0, object()], "row 2: "),
    ([1.0, 2j], "row 2: 2j is of type complex"),
    ([1.0, 10**60], "too large"),
])
def test_bad_columns(column, message):
    with pytest.raises(DataError, match=message) as caught:
        judge({"v": column})
    assert "baseline" in str(caught.value)


@pytest.mark.parametrize("make", [
    lambda np: np.ones((3, 2)),
    lambda np: np.array(3.0),
    lambda np: np.array([1.0, "x", None], dtype=object),
    lambda np: np.array([1.0, [2.0]], dtype=object),
    lambda np: np.ones(3, dtype=complex),
    lambda np: np.zeros(3, dtype=[("a", "f8")]),
    lambda np: np.array(["x", "y", "z"]),
])
def test_bad_numpy_arrays(make):
    numpy = pytest.importorskip("numpy")
    with pytest.raises(DataError):
        judge({"v": make(numpy)})


def test_unusual_but_good_numpy_arrays():
    numpy = pytest.importorskip("numpy")
    expected = judge({"v": [1.0, 2.0, 4.0]}).to_dict()["metrics"]
    for values in (
        numpy.array([1, 2, 4], dtype=">f8"), numpy.array([1, 2, 4], dtype=">i4"), numpy.array([1, 2, 4], dtype="f2"),
        numpy.array([1, 2, 4], dtype="g"), numpy.array([1, 2, 4], dtype=object), numpy.array([4, 2, 1])[::-1],
        numpy.array([[1, 0], [2, 0], [4, 0]])[:, 0], memoryview(numpy.array([1.0, 2.0, 4.0])),
        numpy.asfortranarray(numpy.array([1.0, 2.0, 4.0])),
    ):
        assert judge({"v": values}).to_dict()["metrics"] == expected


def test_masked_values_are_missing():
    numpy = pytest.importorskip("numpy")
    masked = numpy.ma.array([1.0, 999.0, 2.0, 4.0], mask=[False, True, False, False])
    assert judge({"v": masked}).metrics[0].missing.baseline == 1


def test_columns_of_different_length():
    config = {"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": CONFIG["metrics"]}
    with pytest.raises(DataError, match="2 rows where the first column has 3|3 rows where the first column has 2"):
        serinus.judge(config, {"arm": ["baseline", "canary", "canary"], "v": [1.0, 2.0]})


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="no column `v`; did you mean `V`"):
        judge({"V": [1.0]})


def test_an_unknown_arm_is_named():
    config = {"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": CONFIG["metrics"]}
    with pytest.raises(DataError, match="blue"):
        serinus.judge(config, {"arm": ["baseline", "blue"], "v": [1.0, 2.0]})


@pytest.mark.parametrize("data", [3, object(), [1, 2], [{"v": 1}]])
def test_what_is_no_table(data):
    config = {"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": CONFIG["metrics"]}
    with pytest.raises(DataError, match="is no table"):
        serinus.judge(config, data)


def test_arguments_that_do_not_go_together():
    with pytest.raises(DataError, match="nothing to judge"):
        serinus.judge(CONFIG)
    with pytest.raises(DataError, match="canary"):
        serinus.judge(CONFIG, baseline=GOOD)
    with pytest.raises(DataError, match="together"):
        serinus.judge(CONFIG, GOOD, baseline=GOOD, canary=GOOD)
    with pytest.raises(ConfigError, match=r"data\.arm"):
        serinus.judge(CONFIG, GOOD)


def test_files_that_are_not_there_or_not_tables(tmp_path):
    config = {"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": CONFIG["metrics"]}
    with pytest.raises(DataError, match="no such file"):
        serinus.judge(config, tmp_path / "log.csv")
    (tmp_path / "log.xyz").write_text("a,b\n")
    with pytest.raises(DataError, match="does not tell the format"):
        serinus.judge(config, tmp_path / "log.xyz")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="empty"):
        serinus.judge(config, tmp_path / "empty.csv")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(DataError, match="damaged"):
        serinus.judge(config, tmp_path / "bad.parquet")
    handle = (tmp_path / "log.csv").open("w")
    handle.close()
    with pytest.raises(DataError, match="is no table"):
        serinus.judge(config, handle)


def test_empty_frames():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    config = {"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": CONFIG["metrics"]}
    for empty in (pandas.DataFrame(), polars.DataFrame(), {}):
        with pytest.raises(DataError, match="no column"):
            serinus.judge(config, empty)
    # Columns without rows are no data, and no data is an outcome.
    assert serinus.judge(config, pandas.DataFrame({"arm": [], "v": []})).decision == "hold"


def test_streams_that_were_read_or_closed():
    pyarrow = pytest.importorskip("pyarrow")
    config = {"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": CONFIG["metrics"]}
    table = pyarrow.table({"arm": ["baseline", "canary"], "v": [1.0, 2.0]})
    reader = table.to_reader()
    serinus.judge(config, reader)
    with pytest.raises(DataError, match="read before"):
        serinus.judge(config, reader)

    class Once:
        def __init__(self, capsule):
            self.capsule = capsule

        def __arrow_c_stream__(self, requested_schema=None):
            return self.capsule

    once = Once(table.__arrow_c_stream__())
    serinus.judge(config, once)
    with pytest.raises(DataError, match="anew"):
        serinus.judge(config, once)
    with pytest.raises(DataError):
        serinus.judge(config, Once("no capsule"))
    with pytest.raises(DataError):
        serinus.judge(config, pyarrow.array([1.0, 2.0]))


def test_arrow_columns_that_cannot_be_judged():
    pyarrow = pytest.importorskip("pyarrow")
    for values in ([[1.0], [2.0]], [{"a": 1}, {"a": 2}], [b"a", b"b"]):
        with pytest.raises(DataError, match="column"):
            judge(pyarrow.table({"v": values}))
        with pytest.raises(DataError, match="column"):
            judge({"v": pyarrow.array(values)})


def test_two_columns_of_one_name():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_arrays([pyarrow.array([1.0]), pyarrow.array([1.0])], names=["v", "v"])
    with pytest.raises(DataError, match="stands twice"):
        judge(table)


def test_an_exception_of_the_callers_object_is_not_swallowed():
    class Broken:
        def __arrow_c_stream__(self, requested_schema=None):
            raise RuntimeError("the connection is closed")

    with pytest.raises(DataError, match="the connection is closed"):
        judge(Broken())


def test_a_stored_judgement_of_another_schema():
    for text in ("", "{}", "[1]", '{"schema": "serinus.judgement/9"}'):
        with pytest.raises(DataError):
            serinus.Judgement.from_json(text)
