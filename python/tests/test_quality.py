"""The functions of `serinus.stats` about losses, agreement, clusters and rates."""

from __future__ import annotations

import math
import pickle
import random

import pytest

from serinus import DataError, stats


def test_losses_item_by_item():
    p, labels = [0.9, 0.2, 0.5, 0.0], [1, 0, 1, 1]
    losses = stats.log_losses(p, labels, clip=1e-6)
    assert losses.clipped == 1 and losses.losses == pytest.approx([-math.log(0.9), -math.log(0.8), math.log(2), -math.log(1e-6)])
    assert stats.brier_losses(p, labels) == pytest.approx([(a - b) ** 2 for a, b in zip(p, labels)])
    assert sum(stats.calibration_terms(p, labels)) == pytest.approx(sum(p) - sum(labels))
    assert stats.calibration_error([0.3] * 10, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]) == pytest.approx(0, abs=1e-15)
    assert stats.calibration_error([], []) is None
    assert stats.average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == pytest.approx(5 / 6)
    assert stats.average_precision([0.1], [0]) is None
    error = stats.regression_error([1.0, 2.0, 4.0], [1.0, 3.0, 2.0])
    assert (error.mae, error.rmse) == pytest.approx((1.0, math.sqrt(5 / 3)))
    assert stats.regression_error([], []) is None


def test_agreement_is_bounded_exactly():
    scipy = pytest.importorskip("scipy.stats")
    same = stats.agreement(list(range(100)), list(range(97)) + [0, 0, 0])
    assert (same.agreeing, same.items, same.rate) == (97, 100, 0.97)
    assert same.lower_bound(0.05) == pytest.approx(scipy.beta.ppf(0.05, 97, 4))
    assert same.p_value(0.9) == pytest.approx(scipy.binom.sf(96, 100, 0.9))
    agreeing, items = same
    assert (agreeing, items) == (97, 100) and pickle.loads(pickle.dumps(same)) == same


def test_clusters():
    draw = random.Random(3)
    users = [f"u{i % 40}" for i in range(800)]
    level = {user: draw.gauss(0, 1) for user in set(users)}
    values = [level[user] + draw.gauss(0, 1) for user in users]
    found = stats.intraclass_correlation(values, users)
    assert 0.25 < found.icc < 0.75 and found.typical_size == 20 and found.between > found.within
    assert stats.design_effect(found.icc, [20] * 40) == pytest.approx(1 + 19 * found.icc)
    assert stats.design_effect(0.5, []) is None
    ratio = stats.cluster_ratio([1, 2, 3], [2, 4, 6])
    assert (ratio.ratio, ratio.standard_error, ratio.clusters) == (0.5, 0.0, 3)
    later = [v + 3 for v in values]
    rank = stats.clustered_rank(later, users, values, [u + "b" for u in users])
    assert rank.estimate > 0.8 and rank.p_greater < 0.01 < rank.p_less


def test_rates():
    scipy = pytest.importorskip("scipy.stats")
    assert stats.trials_without_events(0.01) == 299 and 0.99**299 <= 0.05 < 0.99**298
    exact = stats.rate_interval(7, 100.0, alpha=0.025)
    assert (exact.low, exact.high) == pytest.approx((scipy.chi2.ppf(0.025, 14) / 200, scipy.chi2.ppf(0.975, 16) / 200))
    assert stats.rate_test(12, 1000.0, 0.005, alternative="greater") == pytest.approx(scipy.poisson.sf(11, 5.0))
    assert stats.agresti_coull(5, 50).low < 0.1 < stats.agresti_coull(5, 50).high
    assert stats.agresti_caffo(50, 100, 50, 100).low == pytest.approx(-stats.agresti_caffo(50, 100, 50, 100).high)


def test_poisson_means_test_is_scipys():
    scipy = pytest.importorskip("scipy.stats")
    draw = random.Random(5)
    for _ in range(60):
        k1, k2 = draw.randrange(0, 60), draw.randrange(0, 60)
        # Exposures without a common measure: no other outcome is tied with the one seen.
        n1, n2 = draw.uniform(5, 60), draw.uniform(5, 60)
        diff = draw.choice([0.0, 0.0, 0.3])
        for alternative in ("two-sided", "less", "greater"):
            theirs = scipy.poisson_means_test(k1, n1, k2, n2, diff=diff, alternative=alternative)
            ours = stats.poisson_means_test(k1, n1, k2, n2, diff=diff, alternative=alternative)
            # SciPy counts the outcome seen or not by the last digit of its statistic, and leaves out counts below the
            # quantile at 1e-10.
            rate = max((k1 + k2 - diff * n1) / (n1 + n2), 0.0)
            own = scipy.poisson.pmf(k1, n1 * (rate + diff)) * scipy.poisson.pmf(k2, n2 * rate)
            short = min(abs(ours.pvalue - theirs.pvalue), abs(ours.pvalue - theirs.pvalue - own))
            assert short <= 1e-9 + 1e-8 * theirs.pvalue, (k1, n1, k2, n2, diff, alternative)
            if ours.statistic is not None:
                assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-12)
    assert stats.poisson_means_test(0, 10, 0, 10).pvalue == 1
    # Tied outcomes count: swapping equal exposures changes nothing.
    assert stats.poisson_means_test(3, 10, 9, 10).pvalue == pytest.approx(stats.poisson_means_test(9, 10, 3, 10).pvalue)


def test_welch_from_moments_is_scipys():
    scipy = pytest.importorskip("scipy.stats")
    draw = random.Random(11)
    for _ in range(100):
        args = [x for _ in range(2) for x in (draw.gauss(0, 5), draw.uniform(0.1, 9), draw.randrange(2, 200))]
        for alternative in ("two-sided", "less", "greater"):
            theirs = scipy.ttest_ind_from_stats(*args, equal_var=False, alternative=alternative)
            ours = stats.ttest_ind_from_stats(*args, equal_var=False, alternative=alternative)
            assert (ours.statistic, ours.pvalue) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-10)
    x, y = [draw.gauss(0, 1) for _ in range(30)], [draw.gauss(0, 2) for _ in range(40)]
    whole = stats.ttest_ind(x, y, equal_var=False)
    mean = lambda v: sum(v) / len(v)  # noqa: E731
    std = lambda v: math.sqrt(sum((a - mean(v)) ** 2 for a in v) / (len(v) - 1))  # noqa: E731
    again = stats.ttest_ind_from_stats(mean(x), std(x), 30, mean(y), std(y), 40, equal_var=False)
    assert (again.pvalue, again.df) == pytest.approx((whole.pvalue, whole.df), rel=1e-10)


def test_pairs_and_odds():
    scipy = pytest.importorskip("scipy.stats")
    signs = stats.sign_test([3, 2, 5, 7, 1], [1, 2, 4, 3, 2])
    assert (signs.statistic, signs.estimate) == (3, 0.75)
    assert signs.p_greater == pytest.approx(scipy.binomtest(3, 4, alternative="greater").pvalue)
    differences = [1.0, 2.0, 3.0, 7.0]
    walsh = sorted((a + b) / 2 for i, a in enumerate(differences) for b in differences[i:])
    typical = stats.pseudo_median(differences, level=0.8)
    assert typical.estimate == (walsh[4] + walsh[5]) / 2 and typical.low <= typical.estimate <= typical.high
    odds = stats.score_odds_ratio(56, 70, 48, 80)
    assert odds.estimate == pytest.approx(8 / 3) and odds.p_greater < 0.01
    kept = stats.score_odds_ratio_interval(56, 70, 48, 80, alpha=0.025, variance="miettinen_nurminen")
    assert (kept.low, kept.high) == pytest.approx((1.281573, 5.540202), abs=1e-5)
    plain = stats.log_ratio_interval(30, 100, 20, 100, alpha=0.025, smoothing=False)
    katz = scipy.contingency.relative_risk(30, 100, 20, 100).confidence_interval(0.95)
    assert (plain.low, plain.high) == pytest.approx((katz.low, katz.high), rel=1e-10)


def test_smaller_things():
    scipy = pytest.importorskip("scipy.stats")
    draw = random.Random(9)
    x = [draw.gauss(0, 1) for _ in range(50)]
    theirs = float(scipy.mstats.hdquantiles(x, prob=[0.9])[0])
    assert stats.harrell_davis(x, 0.9) == pytest.approx(theirs, rel=1e-9)
    assert stats.kish_size([2, 2, 2]) == 3 and stats.kish_size([]) is None
    size = stats.effect_size([2, 4, 6], [1, 3, 5])
    assert (size.cohen_d, size.glass_delta) == (0.5, 0.5) and size.hedges_g < 0.5


@pytest.mark.parametrize("call", [
    lambda: stats.log_losses([0.5], [1, 0]),
    lambda: stats.log_losses([1.5], [1]),
    lambda: stats.log_losses([0.5], [2]),
    lambda: stats.log_losses([0.5], [1], clip=-1),
    lambda: stats.brier_losses(["a"], [1]),
    lambda: stats.calibration_error([0.5], [1], bins=0),
    lambda: stats.calibration_error([0.5], [1], bins=-1),
    lambda: stats.regression_error([1.0], [float("nan")]),
    lambda: stats.agreement([], []),
    lambda: stats.agreement([1.0], [1.0, 2.0]),
    lambda: stats.agreement([1.0], [1.0], relative=-1),
    lambda: stats.intraclass_correlation([1, 2], ["a"]),
    lambda: stats.design_effect(0.1, [1.5]),
    lambda: stats.design_effect(0.1, [-1]),
    lambda: stats.cluster_ratio([1], [0]),
    lambda: stats.trials_without_events(0),
    lambda: stats.trials_without_events(0.1, alpha=2),
    lambda: stats.agresti_caffo(5, 4, 1, 2),
    lambda: stats.rate_interval(1, 0),
    lambda: stats.rate_test(-1, 1, 0.5),
    lambda: stats.rate_test(1, 1, 0.5, alternative="more"),
    lambda: stats.poisson_means_test(-1, 1, 1, 1),
    lambda: stats.poisson_means_test(1.5, 1, 1, 1),
    lambda: stats.poisson_means_test(1, 0, 1, 1),
    lambda: stats.poisson_means_test(1, 1, 1, 1, diff=-1),
    lambda: stats.poisson_means_test(10**12, 1, 1, 1),
    lambda: stats.ttest_ind_from_stats(1, 1, 5, 2, 1, 5),
    lambda: stats.ttest_ind_from_stats(1, -1, 5, 2, 1, 5, equal_var=False),
    lambda: stats.ttest_ind_from_stats(1, 1, 1, 2, 1, 5, equal_var=False),
    lambda: stats.ttest_ind_from_stats(float("nan"), 1, 5, 2, 1, 5, equal_var=False),
    lambda: stats.sign_test([1], [1, 2]),
    lambda: stats.pseudo_median([]),
    lambda: stats.score_odds_ratio(1, 2, 1, 2, ratio=0),
    lambda: stats.score_odds_ratio(1, 2, 1, 2, variance="wald"),
    lambda: stats.log_ratio_interval(0, 2, 1, 2, smoothing=False),
    lambda: stats.harrell_davis([], 0.5),
    lambda: stats.harrell_davis([1.0], 2),
    lambda: stats.effect_size([1.0], ["a"]),
])
def test_bad_input_is_a_data_error(call):
    with pytest.raises(DataError):
        call()
