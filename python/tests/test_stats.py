"""The functions of ``serinus.stats``: examples, results, bad input."""

from __future__ import annotations

import copy
import doctest
import pickle

import pytest

import serinus
from serinus import DataError, _native, stats


@pytest.mark.parametrize("name", [*stats.__all__, "judge", "Config", "Judgement"])
def test_the_examples_are_true(name):
    found = getattr(_native, name)
    parts = [found, *(getattr(found, n) for n in vars(found) if not n.startswith("_"))] if isinstance(found, type) else [found]
    runner, parser = doctest.DocTestRunner(), doctest.DocTestParser()
    for part in parts:
        text = getattr(part, "__doc__", None) or ""
        runner.run(parser.get_doctest(text, {"serinus": serinus}, name, None, 0))
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", stats.__all__)
def test_everything_is_documented(name):
    assert getattr(stats, name).__doc__
    if not isinstance(getattr(stats, name), type):
        assert ">>>" in getattr(stats, name).__doc__, "an example"


def test_the_package_is_documented_by_examples():
    for module in (serinus, stats):
        assert doctest.testmod(module).failed == 0


def test_results_unpack_compare_pickle_and_copy():
    found = stats.mannwhitneyu([1, 2, 3], [4, 5, 6])
    statistic, pvalue = found
    assert (statistic, pvalue) == (found.statistic, found.pvalue) == (found[0], found[-1]) and len(found) == 2
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found) and hash(found) == hash(copy.copy(found))
    assert "statistic=0.0" in repr(found)
    with pytest.raises(IndexError):
        found[2]
    with pytest.raises(AttributeError):
        found.pvalue = 1
    assert found != stats.mannwhitneyu([1, 2, 4], [4, 5, 6])
    match found:
        case stats.SignificanceResult(u, p):
            assert (u, p) == (statistic, pvalue)


@pytest.mark.parametrize("bad", [[], [1.0, "x"], [[1.0], [2.0]], "abc", None, 3.0, [1.0, None], ["a", "b"], [object()]])
def test_bad_samples(bad):
    for function in (stats.mannwhitneyu, stats.brunnermunzel, stats.ks_2samp, stats.hodges_lehmann, stats.energy_distance):
        with pytest.raises(DataError):
            function(bad, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("table", [[[1, 2]], [[1, 2], [3]], [[1, -2], [3, 4]], [[1.5, 2], [3, 4]], "ab", 3, [[1, 2], [3, "x"]], []])
def test_bad_tables(table):
    for function in (stats.fisher_exact, stats.boschloo_exact, stats.barnard_exact):
        with pytest.raises(DataError):
            function(table)


def test_samples_from_every_kind_of_array():
    numpy = pytest.importorskip("numpy")
    pandas, polars, pyarrow = (pytest.importorskip(n) for n in ("pandas", "polars", "pyarrow"))
    x, y = [1.0, 2.0, 4.0, 7.0], [2.0, 3.0, 8.0, 9.0]
    expected = stats.mannwhitneyu(x, y)
    for make in (tuple, numpy.array, lambda v: numpy.array(v, dtype="float32"), lambda v: numpy.array(v, dtype="int16"),
                 lambda v: numpy.repeat(v, 2)[::2], pandas.Series, polars.Series, pyarrow.array,
                 lambda v: pyarrow.chunked_array([v[:1], v[1:]])):
        assert stats.mannwhitneyu(make(x), make(y)) == expected


def test_text_as_categories_and_clusters():
    assert stats.psi(["a", "b"] * 50, ["b", "a"] * 500).statistic < 0.01
    assert stats.jensen_shannon(["a"] * 50, ["a"] * 50).statistic == 0.0
    with pytest.raises(DataError, match="text"):
        stats.psi(["a"], [1.0])


def test_rank_tests_together_say_what_each_says_alone():
    x, y = [float(i * 7919 % 1009) / 8 for i in range(900)], [float(i * 7907 % 1013) / 8 + 1 for i in range(1200)]
    found = stats.rank_tests(x, y, alternative="less", ks="asymp", shift_level=0.9)
    alone = stats.mannwhitneyu(x, y, alternative="less")
    assert (found.statistic, found.pvalue) == (alone.statistic, alone.pvalue)
    # SciPy's word is about distribution functions, ours about values.
    ks = stats.ks_2samp(x, y, alternative="greater", method="asymp")
    assert (found.ks_statistic, found.ks_pvalue, found.ks_location) == (ks.statistic, ks.pvalue, ks.statistic_location)
    assert found.shift == stats.hodges_lehmann(x, y, level=0.9, alternative="less").estimate
    assert stats.rank_tests(x, y, ks=None).ks_pvalue is None and found.shift_low == float("-inf")


def test_many_rank_tests_answer_each_pair_and_say_what_does_not_fit():
    x, y = [[1.0, 4.0, 2.5], [5.0, 3.0, 9.0]], [[2.0, 3.0], [1.0, 1.0]]
    many = stats.rank_tests_many(x, y, ks="auto")
    for k, pair in enumerate(zip(x, y)):
        alone = stats.rank_tests(*pair)
        assert (many.statistic[k], many.pvalue[k], many.ks_pvalue[k]) == (alone.statistic, alone.pvalue, alone.ks_pvalue)
    flat = stats.rank_tests_many(sum(x, []), sum(y, []), x_offsets=[0, 3, 6], y_offsets=[0, 2, 4], ks="auto")
    assert flat == many
    empty = stats.rank_tests_many([1.0, 2.0], [1.0, 2.0], x_offsets=[0, 0, 2], y_offsets=[0, 1, 2])
    assert empty.pvalue[0] is None and empty.pvalue[1] == 1.0
    for bad in [
        lambda: stats.rank_tests_many([1.0, 2.0], y),
        lambda: stats.rank_tests_many([[1.0], [1.0, 2.0]], y),
        lambda: stats.rank_tests_many([], []),
        lambda: stats.rank_tests_many(x, y[:1]),
        lambda: stats.rank_tests_many([1.0], [1.0], x_offsets=[0, 2], y_offsets=[0, 1]),
        lambda: stats.rank_tests_many([1.0], [1.0], x_offsets=[0, -1], y_offsets=[0, 1]),
        lambda: stats.rank_tests(x[0], y[0], ks="no"),
    ]:
        with pytest.raises(DataError):
            bad()
