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
    lambda: stats.harrell_davis([], 0.5),
    lambda: stats.harrell_davis([1.0], 2),
    lambda: stats.effect_size([1.0], ["a"]),
])
def test_bad_input_is_a_data_error(call):
    with pytest.raises(DataError):
        call()
