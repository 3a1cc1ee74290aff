"""Serinus and its peers, call by call in one process, on one thread.

    python scripts/side_by_side.py [--quick] [--rows WORD ...] [--r] [--markdown FILE]

Every round calls each candidate of a row once, in an order that turns around from round to round, so that what else the
machine does falls on both. ``least`` is the peer's least time over ours, ``median`` the median over rounds of the peer's
time over ours in that round; plan with the first, as the second flatters whoever allocates less on a busy machine.
``memory`` is the peak beyond the input in bytes a value, ours and the peer's. With ``--r`` R's ``wilcox.test`` runs for
the Hodges-Lehmann rows as a process of its own, which times itself. ``--markdown`` writes the table into the docs,
between the two marks of that file. The floors are those the project promises; a row below its floor ends the script
with status 1.

It needs numpy, scipy and the wheel, and R for ``--r``.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

os.environ.setdefault("RAYON_NUM_THREADS", "1")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import scipy  # noqa: E402
import scipy.stats as ss  # noqa: E402

import serinus  # noqa: E402
from serinus import stats  # noqa: E402

BEGIN, END = "<!-- side_by_side: begin -->", "<!-- side_by_side: end -->"


@dataclass
class Row:
    """One line of the table."""

    name: str
    against: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    values: int
    floor: float | None = None
    rounds: int = 15
    memory: bool = True
    #: Our calls in one timing, so that a call of microseconds is not the clock's.
    repeat: int = 1
    #: Whether a thread of ours may be at work; its time counts in full once it has ended.
    threaded: bool = False
    notes: list[str] = field(default_factory=list)


def latencies(n: int, seed: int, scale: float = 1.0, digits: int | None = None) -> np.ndarray:
    values = np.random.default_rng(seed).lognormal(3.9, 0.5, n) * scale
    return values if digits is None else np.round(values, digits)


def size(n: int) -> str:
    return f"{n:g}".replace("e+0", "e") if n >= 10_000 else f"{n:,}"


def both(m: int, n: int, digits: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    return latencies(m, 1, 1.02, digits), latencies(n, 2, 1.0, digits)


def rank_rows() -> list[Row]:
    rows = []
    for m, n, floor in [
        (1_000, 1_000, 20), (10_000, 10_000, 8), (100_000, 100_000, 8), (1_000_000, 1_000_000, 8),
        (5_000, 100_000, 7), (50_000, 1_000_000, 7),
    ]:
        x, y = both(m, n)
        rows.append(Row(
            f"Mann-Whitney + KS, {size(m)} v {size(n)}", "SciPy mannwhitneyu",
            lambda x=x, y=y: stats.rank_tests(x, y), lambda x=x, y=y: ss.mannwhitneyu(x, y), m + n, floor,
            rounds=40 if m + n < 50_000 else 12, repeat=10 if m + n < 5_000 else 1,
        ))
    for m, n in [(10_000, 10_000), (100_000, 100_000), (1_000_000, 1_000_000)]:
        x, y = both(m, n, 1)
        rows.append(Row(
            f"ties: the same rounded to 0.1, {size(m)} v {size(n)}", "SciPy mannwhitneyu",
            lambda x=x, y=y: stats.rank_tests(x, y), lambda x=x, y=y: ss.mannwhitneyu(x, y), m + n, 20,
            rounds=40 if m + n < 50_000 else 12,
        ))
    x, y = both(100_000, 100_000, 1)
    rows.append(Row("ties: KS rounded to 0.1, 1e5 v 1e5", "SciPy ks_2samp", lambda: stats.ks_2samp(x, y),
                    lambda: ss.ks_2samp(x, y), 200_000, 8, rounds=12))
    a, b = both(10_000, 10_000)
    rows.append(Row("KS alone, 1e4 v 1e4", "SciPy ks_2samp", lambda: stats.ks_2samp(a, b), lambda: ss.ks_2samp(a, b),
                    20_000, None, rounds=20))
    return rows


def mean_rows() -> list[Row]:
    rows = []
    for n, floor in [(10_000, 60), (1_000_000, 12)]:
        x, y = both(n, n)
        rows.append(Row(
            f"Welch, {size(n)} v {size(n)}", "SciPy ttest_ind",
            lambda x=x, y=y: stats.ttest_ind(x, y, equal_var=False),
            lambda x=x, y=y: ss.ttest_ind(x, y, equal_var=False), 2 * n, floor,
            rounds=60 if n < 50_000 else 20, repeat=10 if n < 50_000 else 1,
        ))
    rows.append(Row(f"Welch, {size(n)} v {size(n)}", "its limit: numpy's sum of both arms",
                    lambda: stats.ttest_ind(x, y, equal_var=False), lambda: (x.sum(), y.sum()), 2 * n, rounds=20))
    return rows


def bootstrap_rows(quick: bool) -> list[Row]:
    x, y = both(500, 5_000)
    draws = 9_999

    def peer(statistic: Callable[..., object], batch: int) -> Callable[[], object]:
        rng = np.random.default_rng(3)
        return lambda: ss.bootstrap((x, y), statistic, n_resamples=draws, batch=batch, method="percentile", rng=rng)

    def mean(a, b, axis=-1):
        return a.mean(axis=axis) - b.mean(axis=axis)

    def p99(a, b, axis=-1):
        return np.percentile(a, 99, axis=axis) - np.percentile(b, 99, axis=axis)

    batches = (100,) if quick else (20, 100, 500)
    rows = []
    for name, statistic, ours, floor in [
        ("mean", mean, {"statistic": "mean"}, 10),
        ("p99", p99, {"statistic": "quantile", "q": 0.99}, 200),
    ]:
        best = min(batches, key=lambda batch: least(peer(statistic, batch), 2))
        rows.append(Row(
            f"bootstrap {name}, 500 v 5,000, 9,999 replicates", f"SciPy bootstrap, batch={best}",
            lambda ours=ours: stats.bootstrap(x, y, direction="lower_is_better", absolute=0.0, method="percentile",
                                              draws=draws, **ours),
            peer(statistic, best), 5_500, floor, rounds=6,
        ))
    big = latencies(1_000_000, 4)
    rows.append(Row(
        "bootstrap p99, 1e6 v 1e6, 9,999 replicates", "numpy's sort of both arms",
        lambda: stats.bootstrap(big, big, direction="lower_is_better", absolute=0.0, method="percentile", draws=draws,
                                statistic="quantile", q=0.99),
        lambda: (np.sort(big), np.sort(big)), 2_000_000, None, rounds=6,
    ))
    return rows


def many_rows() -> list[Row]:
    rng = np.random.default_rng(5)
    x, y = rng.lognormal(3.9, 0.5, (10_000, 200)), rng.lognormal(3.9, 0.5, (10_000, 200))
    rows = [Row("10,000 tests of 200 v 200 in one call", "SciPy mannwhitneyu, axis=1",
                lambda: stats.rank_tests_many(x, y), lambda: ss.mannwhitneyu(x, y, axis=1), 4_000_000, 5, rounds=6)]
    p = np.random.default_rng(6).random(100_000)
    rows.append(Row("Benjamini-Hochberg of 1e5", "SciPy false_discovery_control",
                    lambda: stats.false_discovery_control(p), lambda: ss.false_discovery_control(p), 100_000, 3,
                    rounds=20))
    return rows


def by_hand(baseline: dict[str, np.ndarray], canary: dict[str, np.ndarray]) -> list[tuple[float, float]]:
    """One shifted Mann-Whitney and Cohen's d a metric: what people write."""
    out = []
    for name, y in baseline.items():
        x = canary[name]
        p = ss.mannwhitneyu(x - 0.1 * y.mean(), y, alternative="less").pvalue
        m, n = len(x), len(y)
        spread = np.sqrt(((m - 1) * x.var(ddof=1) + (n - 1) * y.var(ddof=1)) / (m + n - 2))
        out.append((p, (x.mean() - y.mean()) / spread))
    return out


def judge_rows() -> list[Row]:
    rows = []
    for metrics, m, n, floor in [(4, 500, 5_000, 5), (20, 5_000, 95_000, 4)]:
        names = [f"metric_{k}" for k in range(metrics)]
        baseline = {name: latencies(n, 10 + k) for k, name in enumerate(names)}
        canary = {name: latencies(m, 100 + k, 1.02) for k, name in enumerate(names)}

        def config(kinds: list[dict[str, object]], names=names) -> serinus.Config:
            metrics = [
                {"name": name, "column": name, "direction": "lower_is_better", "margin": {"relative": 0.1},
                 **kinds[k % len(kinds)]}
                for k, name in enumerate(names)
            ]
            return serinus.Config({"version": 1, "metrics": metrics})

        kinds = {
            "": [{"type": "distribution"}],
            ", mixed types": [{"type": "distribution"}, {"type": "mean"}, {"type": "quantile", "q": 0.99},
                              {"type": "proportion", "above": 100.0}],
        }
        for label, chosen in kinds.items():
            judge = config(chosen)
            rows.append(Row(
                f"whole judge, {metrics} metrics, {size(m)} v {size(n)}{label}", "do-it-yourself judge with SciPy",
                lambda judge=judge, b=baseline, c=canary: serinus.judge(judge, baseline=b, canary=c),
                lambda b=baseline, c=canary: by_hand(b, c), metrics * (m + n), floor if not label else None,
                rounds=15 if metrics < 10 else 10, threaded=True,
            ))
    return rows


def shift_rows(with_r: bool) -> list[Row]:
    rows = []
    for m, n in [(10_000, 10_000), (5_000, 95_000)]:
        x, y = both(m, n)
        name = f"Hodges-Lehmann with interval, {size(m)} v {size(n)}"
        if with_r:
            rows.append(Row(name, "R wilcox.test(conf.int=TRUE)", lambda x=x, y=y: stats.hodges_lehmann(x, y),
                            RWilcox(x, y), m + n, 300, rounds=3))
        else:
            rows.append(Row(name, "SciPy mannwhitneyu, which has none", lambda x=x, y=y: stats.hodges_lehmann(x, y),
                            lambda x=x, y=y: ss.mannwhitneyu(x, y), m + n, None, rounds=8))
    x, y = both(1_000_000, 1_000_000)
    rows.append(Row("Hodges-Lehmann with interval, 1e6 v 1e6", "SciPy mannwhitneyu, which has none",
                    lambda: stats.hodges_lehmann(x, y), lambda: ss.mannwhitneyu(x, y), 2_000_000, None, rounds=3))
    return rows


class RWilcox:
    """R's test in a process of its own; its answer is the seconds that R itself counts."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y

    def seconds(self) -> float:
        script = (
            "con <- file('stdin', 'rb'); s <- readBin(con, 'double', 2); x <- readBin(con, 'double', s[1]);"
            "y <- readBin(con, 'double', s[2]);"
            "t <- system.time(wilcox.test(x, y, conf.int = TRUE, exact = FALSE)); cat(t[['user.self']] + t[['sys.self']])"
        )
        sent = np.concatenate([[len(self.x), len(self.y)], self.x, self.y]).tobytes()
        return float(subprocess.run(["Rscript", "-e", script], input=sent, capture_output=True, check=True).stdout)

    def __call__(self) -> object:
        return self.seconds()


def timed(call: Callable[[], object], repeat: int = 1, threaded: bool = False) -> float:
    if isinstance(call, RWilcox):
        return call.seconds()
    start = time.process_time()
    for _ in range(repeat):
        call()
    if threaded:
        time.sleep(0.001)
    return (time.process_time() - start) / repeat


def least(call: Callable[[], object], rounds: int) -> float:
    return min(timed(call) for _ in range(rounds))


def trim_heap() -> None:
    """Gives freed memory back to the system, so that it does not hide what a call takes."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        pass


def peak(call: Callable[[], object], values: int) -> float | None:
    """Bytes a value beyond what the process held before the call."""
    if isinstance(call, RWilcox):
        return None

    def status(field: str) -> int:
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
        return 0

    try:
        trim_heap()
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = status("VmRSS:")
        call()
        return max(0, status("VmHWM:") - before) / values
    except OSError:
        return None


def fresh_peak(place: str) -> float | None:
    """`peak` of a row in a process of its own, whose heap holds nothing of the rows before."""
    done = subprocess.run([sys.executable, __file__, "--peak", place], capture_output=True, text=True, check=True)
    return float(done.stdout) if done.stdout.strip() != "None" else None


def run(row: Row, place: str) -> dict[str, object]:
    row.ours(), row.peer() if row.rounds > 3 else None
    ours, peer = [], []
    for k in range(row.rounds):
        order = [(ours, row.ours, row.repeat), (peer, row.peer, 1)]
        for into, call, repeat in order if k % 2 == 0 else order[::-1]:
            into.append(timed(call, repeat, row.threaded))
    big = row.values >= 200_000
    return {
        "row": row,
        "ours": min(ours), "peer": min(peer), "least": min(peer) / min(ours),
        "median": statistics.median(p / o for o, p in zip(ours, peer)),
        "memory": fresh_peak(f"{place}:ours") if big else None,
        "peer_memory": fresh_peak(f"{place}:peer") if big else None,
    }


def seconds(value: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.0f} ns"


def cells(found: dict[str, object]) -> list[str]:
    row = found["row"]
    ratio = lambda v: f"{v:,.0f}" if v >= 20 else f"{v:.1f}"  # noqa: E731
    memory = lambda v: "" if v is None else f"{v:.0f}"  # noqa: E731
    return [row.name, row.against, seconds(found["ours"]), seconds(found["peer"]), ratio(found["least"]),
            ratio(found["median"]), "" if row.floor is None else f"{row.floor:g}",
            memory(found["memory"]), memory(found["peer_memory"])]


#: Promised of the tests of ranks and means.
MOST_BYTES = 17

HEAD = ["row", "against", "ours", "peer", "least", "median", "at least", "memory", "peer's"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a third of the rounds")
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose name holds one of these words")
    parser.add_argument("--r", action="store_true", help="run R's wilcox.test too")
    parser.add_argument("--markdown", type=pathlib.Path, help="write the table between the marks of this file")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    options = parser.parse_args()
    quick = options.quick or options.peak is not None
    wanted = lambda row: not options.rows or any(w in row.name for w in options.rows)  # noqa: E731
    groups = [rank_rows, mean_rows, lambda: shift_rows(options.r), lambda: bootstrap_rows(quick), many_rows, judge_rows]
    if options.peak is not None:
        group, index, side = options.peak.split(":")
        row = groups[int(group)]()[int(index)]
        call = row.ours if side == "ours" else row.peer
        # The first call also loads what is loaded once.
        call()
        print(peak(call, row.values))
        return 0
    lines, below = [], []
    print(" | ".join(HEAD))
    for k, group in enumerate(groups):
        for i, row in enumerate(group()):
            if not wanted(row):
                continue
            if options.quick:
                row.rounds = max(2, row.rounds // 3)
            found = run(row, f"{k}:{i}")
            lines.append(cells(found))
            print(" | ".join(lines[-1]), flush=True)
            if row.floor is not None and found["least"] < row.floor:
                below.append(f"{row.name}: {found['least']:.1f}, at least {row.floor:g} is promised")
            if group in (rank_rows, mean_rows) and found["memory"] is not None and found["memory"] > MOST_BYTES:
                below.append(f"{row.name}: {found['memory']:.1f} bytes a value, at most {MOST_BYTES} is promised")
    if options.markdown:
        write(options.markdown, lines)
    print("\n".join(below))
    return 1 if below else 0


def write(path: pathlib.Path, lines: list[list[str]]) -> None:
    table = ["| " + " | ".join(HEAD) + " |", "| --- | --- | " + "---: | " * 7]
    table += ["| " + " | ".join(line) + " |" for line in lines]
    versions = f"Python {sys.version.split()[0]}, numpy {np.__version__}, scipy {scipy.__version__}; one thread."
    text = path.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    path.write_text(text[:start] + "\n" + "\n".join(table) + "\n\n" + versions + "\n" + text[end:])


if __name__ == "__main__":
    sys.exit(main())
