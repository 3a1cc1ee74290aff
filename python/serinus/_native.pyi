"""What Serinus computes; `serinus` and `serinus.stats` are its faces."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn, Protocol, TypeAlias, final, overload, type_check_only

__version__: str

@type_check_only
class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@type_check_only
class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

@type_check_only
class _Array(Protocol):
    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Any: ...

_Path: TypeAlias = str | os.PathLike[str]
_Column: TypeAlias = _ArrowStream | _ArrowArray | _Array
_Table: TypeAlias = _Path | _ArrowStream | _ArrowArray | Mapping[str, Any]
_Summary: TypeAlias = _Path | _ArrowStream | _ArrowArray | Sequence[Mapping[str, Any]] | Mapping[str, Any]
_Alternative: TypeAlias = Literal["two-sided", "less", "greater"]
_Direction: TypeAlias = Literal["higher_is_better", "lower_is_better"]
_NanPolicy: TypeAlias = Literal["propagate", "omit", "raise"]
_Outcome: TypeAlias = Literal["pass", "fail", "inconclusive", "no_data"]
_Role: TypeAlias = Literal["critical", "scored", "advisory"]
_AnyDirection: TypeAlias = Literal["higher_is_better", "lower_is_better", "either"]
_Scale: TypeAlias = Literal["relative", "absolute"]
_Allocation: TypeAlias = Literal["all_stable", "equal_baseline"]
_Side: TypeAlias = Literal["baseline", "canary", "rest"]
_Division: TypeAlias = Literal["two_arms", "three_arms", "blue_green", "shadow"]
_Method: TypeAlias = Literal["fixed", "anytime"]
_Theme: TypeAlias = Literal["light", "dark", "auto"]
_RampForm: TypeAlias = Literal["json", "argo-steps", "flagger", "istio", "rollout"]

class SerinusError(ValueError):
    """What Serinus cannot do, and why: place, value, way out."""
class ConfigError(SerinusError):
    """The config is at fault; its author has to act."""
class DataError(SerinusError):
    """The data are at fault; their sender has to act."""


@final
class Arms:
    """A value of each arm."""
    __match_args__: tuple[str, str]
    @property
    def baseline(self) -> Any:
        """The baseline's."""
    @property
    def canary(self) -> Any:
        """The canary's."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Interval:
    """A confidence interval; an end is None where the data bound nothing."""
    __match_args__: tuple[str, str, str]
    @property
    def low(self) -> float | None:
        """Lower end."""
    @property
    def high(self) -> float | None:
        """Upper end."""
    @property
    def level(self) -> float:
        """Two-sided level."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Margin:
    """The margin as it was asked about."""
    __match_args__: tuple[str, str, str]
    @property
    def relative(self) -> float | None:
        """As a share of the baseline."""
    @property
    def absolute(self) -> float | None:
        """In the metric's own unit."""
    @property
    def combine(self) -> str | None:
        """How the two combine, when both are given."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class LogE:
    """Natural logarithms of the e-values behind anytime-valid p-values."""
    __match_args__: tuple[str, str]
    @property
    def safe(self) -> float | None:
        """Against "worse than the margin"."""
    @property
    def harm(self) -> float | None:
        """Against "not worse than the margin"."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Evidence:
    """What a test says of one metric."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str, str, str, str, str, str]
    @property
    def test(self) -> str:
        """The test used, such as `farrington_manning`."""
    @property
    def estimand(self) -> str:
        """What is estimated, in words."""
    @property
    def scale(self) -> Literal["difference", "ratio", "distance", "share"]:
        """`difference`, `ratio`, `distance` or `share`."""
    @property
    def estimate(self) -> float | None:
        """Canary minus baseline, or canary over baseline; None where it does not exist."""
    @property
    def interval(self) -> Interval | None:
        """The interval that decides; None where the test has none."""
    @property
    def p_safe(self) -> float | None:
        """p-value of "worse than the margin": small means shown safe."""
    @property
    def p_harm(self) -> float | None:
        """p-value of "not worse than the margin": small means shown harmful."""
    @property
    def p_harm_adjusted(self) -> float | None:
        """`p_harm` after correction in its family."""
    @property
    def margin(self) -> Margin | None:
        """The margin asked about."""
    @property
    def n(self) -> Arms:
        """Rows compared."""
    @property
    def units(self) -> Arms | None:
        """Units compared, when rows are not the units."""
    @property
    def value(self) -> Arms:
        """Each arm's own value of the metric."""
    @property
    def method(self) -> str | dict[str, Any]:
        """How the p-values were found: `exact`, `asymptotic`, `anytime_valid`, or a dict of `resampled`."""
    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader has to know, such as `skew` or `no_events`."""
    @property
    def log_e(self) -> LogE | None:
        """Anytime-valid evidence."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Reason:
    """One reason: a code to match on, the numbers, and the sentence they stand in."""
    __match_args__: tuple[str, str, str, str, str]
    @property
    def code(self) -> str:
        """Stable code, such as `critical_failed`."""
    @property
    def metric(self) -> str | None:
        """The metric concerned."""
    @property
    def segment(self) -> dict[str, str] | None:
        """The segment concerned."""
    @property
    def numbers(self) -> dict[str, Any]:
        """Every number of the sentence, by name."""
    @property
    def text(self) -> str:
        """The sentence."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Group:
    """Score of one group."""
    __match_args__: tuple[str, str, str, str]
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def weight(self) -> float:
        """Its weight in percent."""
    @property
    def score(self) -> float:
        """0 to 100."""
    @property
    def score_best(self) -> float:
        """The score if every open question came out well."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class LimitFinding:
    """What the limit on the canary alone showed."""
    __match_args__: tuple[str, str, str, str, str, str, str, str]
    @property
    def limit(self) -> dict[str, Any]:
        """The limit, a dict of `max` and `min`."""
    @property
    def estimate(self) -> float | None:
        """The canary's own value."""
    @property
    def low(self) -> float | None:
        """Lower one-sided bound on it."""
    @property
    def high(self) -> float | None:
        """Upper one-sided bound on it."""
    @property
    def p_crossed(self) -> float | None:
        """p-value of "the limit is not crossed"."""
    @property
    def p_kept(self) -> float | None:
        """p-value of "the limit is not kept"."""
    @property
    def outcome(self) -> _Outcome:
        """`fail` when shown to be crossed, `pass` when shown to be kept, else `inconclusive`."""
    @property
    def needs(self) -> int | None:
        """Further canary samples that would show it kept at the present estimate."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class EffectSize:
    """Size of an effect on a standard scale."""
    __match_args__: tuple[str, str]
    @property
    def name(self) -> str:
        """`cohens_d`, `cles`, `risk_ratio`, ..."""
    @property
    def value(self) -> float:
        """Its value."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Needs:
    """What an inconclusive metric still needs."""
    __match_args__: tuple[str, str]
    @property
    def canary_samples(self) -> int | None:
        """Further canary samples for power 0.8 at no difference; None when the estimate lies beyond the margin."""
    @property
    def minutes(self) -> float | None:
        """Minutes at the canary's rate so far, when there is a time column."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class SegmentFinding:
    """What one segment of one metric showed."""
    __match_args__: tuple[str, str, str, str, str, str]
    @property
    def segment(self) -> dict[str, str]:
        """Column and value."""
    @property
    def outcome(self) -> _Outcome:
        """`pass`, `fail`, `inconclusive` or `no_data`."""
    @property
    def reason(self) -> str | None:
        """`too_small` when it was not judged."""
    @property
    def text(self) -> str:
        """The finding in a sentence."""
    @property
    def explained_by(self) -> dict[str, str] | None:
        """The stronger failing cell that explains this one."""
    @property
    def evidence(self) -> Evidence | None:
        """The evidence."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Finding:
    """What one metric showed."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str, str, str, str, str, str, str]
    @property
    def name(self) -> str:
        """The metric's name."""
    @property
    def type(self) -> str:
        """Its type, as in the config."""
    @property
    def direction(self) -> Literal["higher_is_better", "lower_is_better", "either"] | None:
        """Which way is better; None where nothing says so."""
    @property
    def role(self) -> _Role:
        """`critical`, `scored` or `advisory`."""
    @property
    def group(self) -> str | None:
        """Its group, when groups are given."""
    @property
    def weight(self) -> float:
        """Its weight."""
    @property
    def outcome(self) -> _Outcome:
        """`pass`, `fail`, `inconclusive` or `no_data`."""
    @property
    def reason(self) -> str | None:
        """Why the outcome is not what the evidence alone says, or why there is none."""
    @property
    def text(self) -> str:
        """The finding in a sentence."""
    @property
    def evidence(self) -> Evidence | None:
        """The evidence, when there is any."""
    @property
    def limit(self) -> LimitFinding | None:
        """Evidence about the limit on the canary alone."""
    @property
    def effect_size(self) -> EffectSize | None:
        """Size of the effect on a standard scale."""
    @property
    def needs(self) -> Needs | None:
        """What is still needed, of an inconclusive metric."""
    @property
    def missing(self) -> Arms | None:
        """Missing rows of each arm."""
    @property
    def segments(self) -> tuple[SegmentFinding, ...]:
        """What each segment showed."""
    @property
    def movers(self) -> tuple[Any, ...]:
        """In shadow mode the pairs whose values differ most, largest first."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Check:
    """A check of validity, or a report beside the metrics."""
    __match_args__: tuple[str, str, str, str, str, str]
    @property
    def name(self) -> str:
        """`sample_ratio`, `missingness`, `baseline_drift`, `segment_balance`, `duplicate_ids`, `label_coverage`."""
    @property
    def outcome(self) -> _Outcome:
        """What it showed; `no_data` when it could not be made."""
    @property
    def p(self) -> float | None:
        """p-value, when it is a test."""
    @property
    def reason(self) -> str | None:
        """`not_declared` and the like."""
    @property
    def text(self) -> str:
        """The check in a sentence."""
    @property
    def details(self) -> dict[str, Any]:
        """Its numbers."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Provenance:
    """Enough to make the same bytes again."""
    __match_args__: tuple[str, str, str, str]
    @property
    def serinus(self) -> str:
        """The library's version."""
    @property
    def config_sha256(self) -> str:
        """SHA-256 of the config's canonical JSON."""
    @property
    def data_sha256(self) -> str:
        """SHA-256 over the columns used, in row order."""
    @property
    def seed(self) -> int:
        """The seed."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Judgement:
    """A whole judgement: verdict, decision, score, and the evidence for them.

    Immutable; made by `judge` or `Judgement.from_json`. It compares, hashes, copies and pickles by its content, and has
    no truth value, because there are three answers.
    """
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str, str]
    @property
    def verdict(self) -> Literal["pass", "marginal", "fail"]:
        """What the statistics say: `pass`, `marginal` or `fail`."""
    @property
    def decision(self) -> Literal["promote", "hold", "rollback"]:
        """What to do: `promote`, `hold` or `rollback`."""
    @property
    def score(self) -> float | None:
        """0 to 100; None when nothing counts."""
    @property
    def score_best(self) -> float | None:
        """The score if every open question came out well."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, the weightiest first."""
    @property
    def groups(self) -> tuple[Group, ...]:
        """Scores of the groups."""
    @property
    def metrics(self) -> tuple[Finding, ...]:
        """What each metric showed, in the config's order."""
    @property
    def checks(self) -> tuple[Check, ...]:
        """Validity, and what is reported beside the metrics."""
    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know; decides nothing."""
    @property
    def provenance(self) -> Provenance:
        """Enough to make the same bytes again."""
    @property
    def schema(self) -> str:
        """The schema's name."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    @staticmethod
    def from_json(json: str) -> Judgement:
        """A stored judgement, read back from its JSON.

        Parameters
        ----------
        json : str
            What `to_json` or the command line wrote.

        Raises
        ------
        DataError
            The text is not a judgement of this schema.
        """
    def to_json(self) -> str:
        """The judgement as JSON text: what the command line prints with `--format json`, without the last line break."""
    def to_markdown(self) -> str:
        """The judgement as Markdown, for a pull request."""
    @overload
    def to_html(self, path: None = None) -> str: ...
    @overload
    def to_html(self, path: _Path) -> None: ...
    def to_frame(self) -> Any:
        """One row a metric, as a pandas DataFrame, or a polars one where pandas is not installed.

        Raises
        ------
        ImportError
            Neither pandas nor polars is installed.
        """
    def plot(self, ax: Any = None) -> Any:
        """A forest plot of every metric's interval against its margin, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure when None.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
    def _forest(self) -> list[dict[str, Any]]: ...
    def _repr_html_(self) -> str: ...
    def _repr_markdown_(self) -> str: ...
    def __bool__(self) -> NoReturn: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Config:
    """A checked config: what is judged, and how.

    Parameters
    ----------
    source : str, os.PathLike or dict
        A YAML, TOML or JSON file, or the same as a dict.

    Raises
    ------
    ConfigError
        With every fault at once: its path, the value found and what is expected.

    Examples
    --------
    >>> import serinus
    >>> config = serinus.Config({"version": 1, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error",
    ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]})
    >>> config.to_dict()["correction"]
    'holm'
    """
    def __new__(cls, source: _Path | Mapping[str, Any] | Config) -> Config: ...
    def to_dict(self) -> dict[str, Any]:
        """The config as a dict with the keys of the file and every default written out."""
    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON after defaults, metrics sorted by name; what a judgement's provenance carries."""
    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that judging reads, sorted."""
    def check(self) -> tuple[str, ...]:
        """Advice on a config that is valid but may not do what its author expects, a line each.

        Examples
        --------
        >>> import serinus
        >>> config = serinus.Config({"version": 1, "metrics": [{
        ...     "name": "errors", "type": "proportion", "column": "error",
        ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]})
        >>> isinstance(config.check(), tuple)
        True
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any]]: ...

def judge(
    config: _Path | Mapping[str, Any] | Config,
    data: _Table | None = None,
    *,
    baseline: _Table | None = None,
    canary: _Table | None = None,
    summary: _Summary | None = None,
    progress: bool = False,
) -> Judgement:
    """Judge a canary: promote, hold or roll back, with the evidence.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        What is judged, and how: a YAML, TOML or JSON file, the same as a dict, or a checked `Config`.
    data : str, os.PathLike or table, optional
        The request log with both arms: a CSV, TSV, NDJSON or Parquet file; a pandas, polars, pyarrow or DuckDB table, or
        anything else with the Arrow C stream or array interface; or a mapping from column to array.
    baseline, canary : table or mapping, optional
        In place of `data`, one table an arm: mappings from column to array, or anything that `data` takes.
    summary : str, os.PathLike, list of dict or table, optional
        In place of rows, sufficient statistics: one row for each metric and arm (and stratum and segment, if there are any)
        with `n` and one of `events`; `mean`, `m2`; `sum`, `sumsq`; `values`, `counts`; or sums over units. A JSON, CSV, NDJSON or
        Parquet file, a list of dicts, or a table.
    progress : bool, default False
        Say on `sys.stderr` how far reading and judging are.

    Returns
    -------
    Judgement
        Has no truth value, because there are three answers; ask for `decision`.

    Raises
    ------
    ConfigError
        The config is at fault.
    DataError
        The data are at fault. "No data" is an outcome, not an error.

    Notes
    -----
    Nulls are missing values; NaN is a value that no test takes, except in pandas, whose NaN means missing. Judging runs
    without the interpreter, on as many threads as there are processors, and gives the same bytes on any number of them.
    Ctrl-C is heard.

    Examples
    --------
    >>> import serinus
    >>> config = {"version": 1, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
    ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
    >>> baseline = {"error": [0] * 4950 + [1] * 50}
    >>> canary = {"error": [0] * 900 + [1] * 100}
    >>> serinus.judge(config, baseline=baseline, canary=canary).decision
    'rollback'
    """
@final
class SampleSize:
    """The rows that a comparison needs."""
    __match_args__: tuple[str, str, str, str]
    @property
    def canary(self) -> int:
        """Canary rows, rounded up."""
    @property
    def baseline(self) -> int:
        """Baseline rows, rounded up."""
    @property
    def exact(self) -> Arms:
        """The same before rounding."""
    @property
    def metric_power(self) -> float:
        """Power planned for this one metric."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class History:
    """What a stretch of the baseline's own history says of a metric: its behaviour, and how dependent its rows are.

    Made from arrays by `mean`, `proportion`, `quantile`, `distribution`, `shift`, `auc`, `ratio` and `rate`; the functions of
    `serinus.plan` take it in place of a behaviour, with its design effect. `units` says who each row belongs to.

    Examples
    --------
    >>> from serinus import plan
    >>> latency = plan.History.mean([80.0 + i % 50 for i in range(1000)])
    >>> latency.behaviour["mean"]
    104.5
    """
    __match_args__: tuple[str, str, str, str]
    @property
    def behaviour(self) -> dict[str, Any]:
        """What is known of the metric, as a dict."""
    @property
    def rows(self) -> int:
        """Rows used."""
    @property
    def units(self) -> int | None:
        """Distinct units, when they were given."""
    @property
    def design_effect(self) -> float:
        """Rows needed for the information of one independent row."""
    @staticmethod
    def mean(values: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of a mean."""
    @staticmethod
    def proportion(values: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of a proportion, from 0 and 1."""
    @staticmethod
    def distribution(values: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of a typical value under a rank test: the sample itself."""
    @staticmethod
    def shift(values: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of a distance between distributions."""
    @staticmethod
    def quantile(values: _Column, q: float, *, units: _Column | None = None) -> History:
        """Behaviour of a quantile of positive values; needs ten rows beyond it."""
    @staticmethod
    def auc(scores: _Column, labels: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of an area under the ROC curve, from scores and labels of 0 and 1."""
    @staticmethod
    def ratio(numerators: _Column, denominators: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of a sum over a sum, by the delta method."""
    @staticmethod
    def rate(events: _Column, exposure: _Column, *, units: _Column | None = None) -> History:
        """Behaviour of a rate of counted events, with its dispersion. A row of the plan is one unit of exposure."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class WeightPlan:
    """One traffic weight of a config's plan."""
    __match_args__: tuple[str, str, str]
    @property
    def percent(self) -> float:
        """Canary share of the traffic in percent."""
    @property
    def minutes(self) -> float | None:
        """Minutes until every metric that has to pass can pass; None when one of them never can."""
    @property
    def bottleneck(self) -> str | None:
        """The metric that takes longest."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class MetricAtWeight:
    """One metric at one weight."""
    __match_args__: tuple[str, str, str, str, str]
    @property
    def percent(self) -> float:
        """Canary share of the traffic in percent."""
    @property
    def canary_rows(self) -> int | None:
        """Canary rows with which an identical canary passes."""
    @property
    def minutes(self) -> float | None:
        """Minutes until they are there."""
    @property
    def detectable_margin(self) -> dict[str, float] | None:
        """Smallest margin that can be shown in the time that this weight takes (in an hour, when it takes forever)."""
    @property
    def detectable_harm(self) -> dict[str, float] | None:
        """Smallest change for the worse that is found in that time."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class MetricPlan:
    """One metric of a config's plan."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str]
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def type(self) -> str:
        """Its type, as in the config."""
    @property
    def role(self) -> _Role:
        """Its role."""
    @property
    def must_pass(self) -> bool:
        """Whether promotion waits for it."""
    @property
    def history_rows(self) -> int:
        """Rows of history that it was planned from."""
    @property
    def history_units(self) -> int | None:
        """Distinct units among them, when the config names a unit."""
    @property
    def design_effect(self) -> float:
        """Rows needed for the information of one independent row."""
    @property
    def usable_share(self) -> float:
        """Share of requests that make a row of this metric."""
    @property
    def weights(self) -> tuple[MetricAtWeight, ...]:
        """Each weight."""
    @property
    def cannot_pass(self) -> str | None:
        """Why it cannot pass, or cannot be planned."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class StageNeed:
    """What one metric needs in one stage."""
    __match_args__: tuple[str, str, str]
    @property
    def metric(self) -> str:
        """The metric."""
    @property
    def canary_rows(self) -> int | None:
        """Canary rows; None when no number of rows is enough."""
    @property
    def minutes(self) -> float | None:
        """Minutes until they are there."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class RampStage:
    """One stage of a ramp."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str]
    @property
    def percent(self) -> float:
        """Canary share of the traffic in percent."""
    @property
    def baseline_per_canary(self) -> float:
        """Baseline rows for each canary row."""
    @property
    def minutes(self) -> float:
        """Bake time: the longest of power, least minutes, least rows and traffic period."""
    @property
    def canary_requests(self) -> int:
        """Canary requests served in that time."""
    @property
    def min_samples(self) -> int:
        """Least canary rows before the stage may end."""
    @property
    def bottleneck(self) -> str:
        """What sets the bake time: a metric's name, `min_minutes`, `min_samples` or `period`."""
    @property
    def needs(self) -> tuple[StageNeed, ...]:
        """What each metric needs here."""
    @property
    def reached(self) -> float | None:
        """Probability that a bad canary gets as far as this stage."""
    @property
    def caught(self) -> float | None:
        """Probability that this stage rolls it back."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Exposure:
    """What a bad canary serves before it is rolled back, judged once at the end of each stage."""
    __match_args__: tuple[str, str, str, str, str, str, str, str]
    @property
    def expected_requests(self) -> float:
        """Canary requests on average."""
    @property
    def worst_requests(self) -> float:
        """Canary requests up to the end of the stage that catches it with probability .95, or of the last stage."""
    @property
    def caught_surely(self) -> bool:
        """Whether some stage catches it with probability .95."""
    @property
    def missed(self) -> float:
        """Probability that no stage rolls it back."""
    @property
    def expected_units(self) -> float | None:
        """Units on average, when requests per unit are known."""
    @property
    def worst_units(self) -> float | None:
        """Units at worst."""
    @property
    def expected_excess(self) -> float | None:
        """Errors more than the baseline would have made, on average; for proportions and rates."""
    @property
    def worst_excess(self) -> float | None:
        """The same at worst."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Ramp:
    """A laid ramp: the stages before 100 percent, how long each bakes, and what a bad canary costs on the way."""
    __match_args__: tuple[str, str, str, str, str, str, str]
    @property
    def schema(self) -> str:
        """The schema's name."""
    @property
    def rate_per_minute(self) -> float:
        """Requests a minute over all versions."""
    @property
    def allocation(self) -> _Allocation:
        """What the canary is compared with."""
    @property
    def stages(self) -> tuple[RampStage, ...]:
        """The stages before 100 percent."""
    @property
    def total_minutes(self) -> float:
        """Minutes until the step to 100 percent."""
    @property
    def exposure(self) -> Exposure | None:
        """What a bad canary costs on average, and at worst, when one was described."""
    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should act on."""
    def to_json(self) -> str:
        """The ramp as JSON text: what `serinus plan --emit json` prints, without the last line break."""
    def to_frame(self) -> Any:
        """One row a stage, as a pandas DataFrame, or a polars one where pandas is not installed."""
    @overload
    def emit(self, form: _RampForm, path: None = None) -> str: ...
    @overload
    def emit(self, form: _RampForm, path: _Path) -> None: ...
    def argo_steps(self, analysis_template: str | None = None) -> list[dict[str, Any]]:
        """Steps of an Argo Rollouts canary, as `yaml.dump` takes them; with a template's name an analysis follows each pause."""
    def flagger(self) -> dict[str, Any]:
        """The `analysis` of a Flagger Canary, as a dict."""
    def istio(self, host: str, *, stable_subset: str = "stable", canary_subset: str = "canary") -> Any:
        """Routes and JSON patches of an Istio VirtualService, stage by stage."""
    def rollout(self) -> dict[str, Any]:
        """A rollout file of this library, as a dict that `serinus.rollout.Rollout` takes."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class MetricOutlook:
    """What one metric of a config can show on traffic like its history."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str, str, str]
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def type(self) -> str:
        """Its type, as in the config."""
    @property
    def role(self) -> _Role:
        """Its role."""
    @property
    def must_pass(self) -> bool:
        """Whether promotion waits for it."""
    @property
    def canary_rows(self) -> int:
        """Canary rows that this traffic gives."""
    @property
    def rows_needed(self) -> int | None:
        """Canary rows with which an identical canary passes."""
    @property
    def detectable_margin(self) -> dict[str, float] | None:
        """Smallest margin that this traffic can show."""
    @property
    def detectable_harm(self) -> dict[str, float] | None:
        """Smallest change for the worse that is found in this traffic."""
    @property
    def constant(self) -> float | None:
        """The one value that the history has, when it has but one."""
    @property
    def usable_share(self) -> float:
        """Share of the history's rows that the metric can use."""
    @property
    def cannot_pass(self) -> str | None:
        """Why it cannot pass, or cannot be planned."""
    @property
    def text(self) -> str:
        """All that in a sentence."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Outlook:
    """What a config can and cannot detect on traffic like its history."""
    __match_args__: tuple[str, str, str, str, str, str]
    @property
    def rows(self) -> int:
        """Rows of the history."""
    @property
    def percent(self) -> float:
        """The canary's share of the traffic, in percent."""
    @property
    def can_promote(self) -> bool:
        """Whether a canary that is like the baseline can ever be promoted, given enough traffic."""
    @property
    def blockers(self) -> tuple[str, ...]:
        """Why it cannot."""
    @property
    def metrics(self) -> tuple[MetricOutlook, ...]:
        """Each metric."""
    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
    def to_frame(self) -> Any:
        """One row a metric, as a pandas DataFrame, or a polars one where pandas is not installed."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class ConfigPlan:
    """What a config needs before it can promote, and what it can detect."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str]
    @property
    def schema(self) -> str:
        """The schema's name."""
    @property
    def rate_per_minute(self) -> float:
        """Requests a minute that were planned with."""
    @property
    def allocation(self) -> _Allocation:
        """What the canary is compared with."""
    @property
    def power(self) -> float:
        """Joint power."""
    @property
    def can_promote(self) -> bool:
        """Whether a canary that is like the baseline can ever be promoted."""
    @property
    def blockers(self) -> tuple[str, ...]:
        """Why it cannot."""
    @property
    def weights(self) -> tuple[WeightPlan, ...]:
        """Each weight: the time it takes and what it waits for."""
    @property
    def metrics(self) -> tuple[MetricPlan, ...]:
        """Each metric."""
    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def to_json(self) -> str:
        """The plan as JSON text: what `serinus plan` prints, without the last line break."""
    def to_frame(self) -> Any:
        """One row a metric and weight, as a pandas DataFrame, or a polars one where pandas is not installed."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

def sample_size(
    behaviour: Mapping[str, Any] | History,
    claim: Mapping[str, Any],
    design: Mapping[str, Any] | None = None,
    *,
    percent: float | None = None,
) -> SampleSize:
    """Rows with which a comparison shows the claim with the design's power.

    Parameters
    ----------
    behaviour : dict or History
        What is known of the metric: `{"type": "mean", "sd", "mean"?}`, `{"type": "proportion", "p"}`, `{"type": "rate",
        "rate", "dispersion"?}`, `{"type": "quantile", "q", "slope", "value"?}`, `{"type": "ranks", "theta"}`, `{"type":
        "distribution", "sample"}`, `{"type": "auc", "auc", "positives"}`, `{"type": "ratio", "ratio", "sd"}`, `{"type":
        "shift"}`; or what a `History` found in an array.
    claim : dict
        What is to be shown: `{"claim": "non_inferiority", "direction", "margin"}`, `{"claim": "harm", "direction", "margin",
        "change"}`, `{"claim": "superiority", "change"}` or `{"claim": "limit", "limit", "bound"}`. Sizes are
        `{"relative": share}` or `{"absolute": difference}`.
    design : dict, optional
        `alpha` (0.05), `sides` ('one', 'two', 'two_directed'), `power` (0.8), `metrics` (1), `split`, `allocation` (baseline
        rows a canary row), `design_effect`, `reference` ('normal', 'pooled_t', 'welch_t').
    percent : float, optional
        In place of the allocation: the canary's share of the traffic, against all the rest.

    Returns
    -------
    SampleSize

    Raises
    ------
    ConfigError
        A dict has another form.
    DataError
        The claim is not true of the canary as described, or a number is out of range.

    Examples
    --------
    >>> from serinus import plan
    >>> claim = {"claim": "superiority", "change": {"absolute": 0.05}}
    >>> plan.sample_size({"type": "mean", "sd": 1.0}, claim, percent=1).canary
    2499
    """
def power(
    behaviour: Mapping[str, Any] | History,
    claim: Mapping[str, Any],
    canary: int,
    design: Mapping[str, Any] | None = None,
    *,
    percent: float | None = None,
) -> float:
    """Power of a comparison with so many canary rows, and `allocation` times as many baseline rows.

    Parameters
    ----------
    behaviour, claim, design, percent
        As in `sample_size`.
    canary : int
        Canary rows.

    Returns
    -------
    float

    Examples
    --------
    >>> from serinus import plan
    >>> claim = {"claim": "superiority", "change": {"absolute": 0.05}}
    >>> plan.power({"type": "mean", "sd": 1.0}, claim, 6000, percent=1) > 0.98
    True
    """
def detectable_margin(
    behaviour: Mapping[str, Any] | History,
    direction: _AnyDirection,
    canary: int,
    design: Mapping[str, Any] | None = None,
    *,
    scale: _Scale = "relative",
    percent: float | None = None,
) -> float | None:
    """The smallest margin that so many canary rows would show to be kept; None when no margin is wide enough.

    Parameters
    ----------
    behaviour, design, percent
        As in `sample_size`.
    direction : {'higher_is_better', 'lower_is_better', 'either'}
        Which way is better.
    canary : int
        Canary rows.
    scale : {'relative', 'absolute'}
        A share of the baseline, or the metric's own unit.

    Examples
    --------
    >>> from serinus import plan
    >>> errors = {"type": "proportion", "p": 0.01}
    >>> round(plan.detectable_margin(errors, "lower_is_better", 2400, percent=1, scale="absolute"), 4)
    0.0059
    """
def detectable_change(
    behaviour: Mapping[str, Any] | History,
    canary: int,
    design: Mapping[str, Any] | None = None,
    *,
    upwards: bool = True,
    scale: _Scale = "relative",
    percent: float | None = None,
) -> float | None:
    """The smallest change that so many canary rows would show to be there; None when no change is large enough.

    Parameters
    ----------
    behaviour, design, percent
        As in `sample_size`.
    canary : int
        Canary rows.
    upwards : bool, default True
        Whether the canary is higher.
    scale : {'relative', 'absolute'}
        A share of the baseline, or the metric's own unit.

    Examples
    --------
    >>> from serinus import plan
    >>> round(plan.detectable_change({"type": "mean", "sd": 1.0}, 2499, scale="absolute", percent=1), 3)
    0.05
    """
def detectable_harm(
    behaviour: Mapping[str, Any] | History,
    direction: _AnyDirection,
    margin: Mapping[str, float],
    canary: int,
    design: Mapping[str, Any] | None = None,
    *,
    scale: _Scale = "relative",
    percent: float | None = None,
) -> float | None:
    """The smallest change for the worse that so many canary rows would show to be beyond a margin; None when there is none.

    Parameters
    ----------
    behaviour, design, percent
        As in `sample_size`.
    direction : {'higher_is_better', 'lower_is_better', 'either'}
        Which way is better.
    margin : dict
        `{"relative": share}` or `{"absolute": difference}`.
    canary : int
        Canary rows.
    scale : {'relative', 'absolute'}
        The scale of the answer.

    Examples
    --------
    >>> from serinus import plan
    >>> errors, margin = {"type": "proportion", "p": 0.01}, {"absolute": 0.005}
    >>> plan.detectable_harm(errors, "lower_is_better", margin, 10_000, scale="absolute") > 0.005
    True
    """
def from_config(
    config: _Path | Mapping[str, Any] | Config,
    history: _Table,
    rate_per_minute: float | str,
    *,
    weights: _Column | None = None,
    allocation: _Allocation = "all_stable",
) -> ConfigPlan:
    """What a config needs before it can promote, and what it can detect: what `serinus plan -c CONFIG --history FILE` prints.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        What is judged, and how.
    history : str, os.PathLike, table or mapping
        Past requests of the serving version, in any form that `judge` takes.
    rate_per_minute : float or str
        Requests a minute over all versions; or text such as '15/s', '900/min' or '54000/h'.
    weights : sequence of float, optional
        The canary's traffic shares in percent; by default 1, 5, 10, 20, 25 and 50.
    allocation : {'all_stable', 'equal_baseline'}
        What the canary is compared with: all traffic beside it, or a baseline of its own size.

    Returns
    -------
    ConfigPlan

    Raises
    ------
    ConfigError
        The config is at fault.
    DataError
        The history or the rate is.

    Examples
    --------
    >>> from serinus import plan
    >>> config = {"version": 1, "metrics": [{
    ...     "name": "latency", "type": "mean", "column": "ms", "direction": "lower_is_better", "margin": {"relative": 0.05}}]}
    >>> found = plan.from_config(config, {"ms": [50 + i * 7919 % 200 for i in range(5000)]}, 10_000)
    >>> found.can_promote, found.weights[0].bottleneck
    (True, 'latency')
    """
def ramp(
    rate_per_minute: float | str,
    metrics: ConfigPlan | Sequence[Mapping[str, Any]],
    *,
    schedule: Literal["aggressive", "standard", "conservative"] | _Column | None = None,
    allocation: _Allocation = "all_stable",
    power: float = 0.8,
    min_minutes: float | None = None,
    min_samples: int | None = None,
    period_minutes: float | None = None,
    longest_minutes: float = 1440.0,
    bad: Mapping[str, Any] | None = None,
    requests_per_unit: float | None = None,
) -> Ramp:
    """Lays the stages of a rollout: how long each bakes, and what a bad canary costs on the way.

    Parameters
    ----------
    rate_per_minute : float or str
        Requests a minute over all versions; or text such as '15/s'.
    metrics : ConfigPlan or sequence of dict
        What every stage waits for: the metrics of `serinus.plan.from_config` that have to pass, or dicts with `name`,
        `behaviour` (a dict or a `History`), `direction`, `margin` and `limit` as in the config, and optionally `alpha_safe`,
        `alpha_harm`, `design_effect`, `usable_share` and `min_rows`.
    schedule : str or sequence of float, default 'standard'
        'aggressive' (10, 50), 'standard' (5, 25, 50), 'conservative' (1, 5, 10, 25, 50), or weights in percent.
    allocation : {'all_stable', 'equal_baseline'}
        What the canary is compared with.
    power : float, default 0.8
        Joint power.
    min_minutes, min_samples : optional
        Least minutes and least canary rows of a stage.
    period_minutes : float, optional
        Length of a traffic period that each stage should see whole.
    longest_minutes : float, default 1440
        A stage longer than this is warned about.
    bad : dict, optional
        The bad canary whose cost is wanted: `{"metric": name, "change": {"relative": 0.3}}`.
    requests_per_unit : float, optional
        Requests of one user over the rollout, for the number of users exposed.

    Returns
    -------
    Ramp

    Raises
    ------
    ConfigError
        A dict has another form.
    DataError
        A rate or weight is out of range, or the bad canary is impossible.

    Examples
    --------
    >>> import serinus
    >>> errors = {"name": "errors", "behaviour": {"type": "proportion", "p": 0.01}, "direction": "lower_is_better",
    ...           "margin": {"absolute": 0.005}}
    >>> ramp = serinus.ramp(1_000_000, [errors])
    >>> [stage.percent for stage in ramp.stages], ramp.total_minutes
    ([5.0, 25.0, 50.0], 30.0)
    """
@final
class Assignment:
    """Who serves, and what the judge needs to know about it."""
    __match_args__: tuple[str, str, str, str, str, str, str, str]
    @property
    def router(self) -> str:
        """Version of the algorithm."""
    @property
    def arm(self) -> _Side:
        """'baseline', 'canary' or 'rest'."""
    @property
    def unit(self) -> str | None:
        """What was assigned; None for a single request."""
    @property
    def stage(self) -> int:
        """The rollout's stage, the judge's stratum."""
    @property
    def weight_percent(self) -> float:
        """The canary's weight in percent of all traffic."""
    @property
    def share_percent(self) -> float:
        """The canary's share in percent of baseline plus canary: what the judge's sample-ratio check expects."""
    @property
    def chance(self) -> str | dict[str, str]:
        """'random', `{'cohort': name}` or 'rolled_back'."""
    @property
    def copy(self) -> bool:
        """Whether the canary gets a copy of the request."""
    @property
    def is_random(self) -> bool:
        """Whether the row may be judged: it was assigned at random."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Rollback:
    """A rollback, once decided for good."""
    __match_args__: tuple[str, str, str, str]
    @property
    def sequence(self) -> int:
        """The batch at which it was decided."""
    @property
    def end_seconds(self) -> float:
        """When that batch ended."""
    @property
    def canary_exposed(self) -> int:
        """Canary requests (units) assigned by then."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Look:
    """What the monitor says after a batch."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str]
    @property
    def schema(self) -> str:
        """The schema's name."""
    @property
    def sequence(self) -> int | None:
        """The last batch consumed."""
    @property
    def looks(self) -> int:
        """Number of looks so far."""
    @property
    def end_seconds(self) -> float:
        """When that batch ended, in seconds."""
    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the start of the first batch."""
    @property
    def stage(self) -> str | None:
        """Ramp stage."""
    @property
    def assigned(self) -> Arms:
        """Requests or units assigned so far."""
    @property
    def totals(self) -> dict[str, float | None]:
        """Logs of the combined e-values and what they are held against, as a dict."""
    @property
    def rollback(self) -> Rollback | None:
        """The rollback, from the look at which it was decided on."""
    @property
    def judgement(self) -> Judgement:
        """Verdict, decision, findings and reasons."""
    @property
    def decision(self) -> Literal["promote", "hold", "rollback"]:
        """What to do: `promote`, `hold` or `rollback`."""
    def to_json(self) -> str:
        """The look as a line of JSON: what `serinus monitor` prints, without the line break."""
    def _repr_html_(self) -> str: ...
    def __bool__(self) -> NoReturn: ...
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class ReplayExposure:
    """What a rollout exposed to the canary, and what it spared."""
    __match_args__: tuple[str, str, str, str]
    @property
    def seconds(self) -> float:
        """Seconds from the first row to the end of the rollout."""
    @property
    def served(self) -> Arms:
        """Requests served until then."""
    @property
    def units(self) -> Arms | None:
        """Distinct units among them, with `data.unit`."""
    @property
    def not_taken(self) -> Arms:
        """Recorded requests that this rollout would not have served so."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class StageRecord:
    """One stage that a replayed rollout entered."""
    __match_args__: tuple[str, str, str, str, str, str, str]
    @property
    def phase(self) -> str | dict[str, int]:
        """Which: 'shadow', `{'stage': index}`, 'final_bake', ..."""
    @property
    def percent(self) -> float:
        """The canary's traffic share in percent."""
    @property
    def entered_seconds(self) -> float:
        """Seconds from the first row to its beginning."""
    @property
    def seconds(self) -> float:
        """Seconds spent in it."""
    @property
    def served(self) -> Arms:
        """Requests served in it."""
    @property
    def looks(self) -> int:
        """Looks in it."""
    @property
    def decision(self) -> Literal["promote", "hold", "rollback"] | None:
        """The latest decision in it."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class MetricAtLook:
    """One metric at one look."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str]
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def role(self) -> _Role:
        """Its role."""
    @property
    def outcome(self) -> _Outcome:
        """What it showed."""
    @property
    def value(self) -> Arms:
        """The arms' own values."""
    @property
    def estimate(self) -> float | None:
        """What was estimated of their difference."""
    @property
    def interval(self) -> Interval | None:
        """The interval around it: a confidence sequence with the monitor."""
    @property
    def p_safe(self) -> float | None:
        """p-value of "worse than the margin"."""
    @property
    def p_harm(self) -> float | None:
        """p-value of "not worse than the margin"."""
    @property
    def log_e(self) -> LogE | None:
        """Logs of the e-values, with the monitor."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Anomaly:
    """Something that failed at a look."""
    __match_args__: tuple[str, str]
    @property
    def name(self) -> str:
        """The check, metric, or metric and segment."""
    @property
    def text(self) -> str:
        """In a sentence."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class LookRecord:
    """One look of a replay."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str, str, str, str, str, str, str, str]
    @property
    def number(self) -> int:
        """Its number, from 1."""
    @property
    def seconds(self) -> float:
        """Seconds since the first row."""
    @property
    def served(self) -> Arms:
        """Requests served so far."""
    @property
    def recorded_stage(self) -> str | None:
        """Stage of the recording, when it has stages."""
    @property
    def phase(self) -> str | dict[str, int]:
        """Where the rollout was."""
    @property
    def percent(self) -> float:
        """The canary's traffic share then, in percent."""
    @property
    def phase_after(self) -> str | dict[str, int]:
        """Where the look has brought it."""
    @property
    def percent_after(self) -> float:
        """The canary's traffic share after it, in percent."""
    @property
    def samples(self) -> Arms:
        """Rows (units with `data.unit`) of this stage that were judged."""
    @property
    def verdict(self) -> Literal["pass", "marginal", "fail"]:
        """What the statistics said."""
    @property
    def decision(self) -> Literal["promote", "hold", "rollback"]:
        """What to do."""
    @property
    def valid(self) -> bool:
        """Whether the comparison was valid."""
    @property
    def score(self) -> float | None:
        """0 to 100; None when nothing counted."""
    @property
    def score_best(self) -> float | None:
        """The score if every open question came out well."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, the weightiest first."""
    @property
    def metrics(self) -> tuple[MetricAtLook, ...]:
        """Each metric, in the config's order."""
    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """Checks, metrics and segments that failed."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Replay:
    """A rollout over a recording, from the first row to the end: when it would have moved on, promoted or rolled back, and at
    what exposure.
    """
    __match_args__: tuple[str, str, str, str, str, str, str, str, str, str, str, str, str]
    @property
    def schema(self) -> str:
        """The schema's name."""
    @property
    def method(self) -> _Method:
        """Who was asked at each look: 'fixed' or 'anytime'."""
    @property
    def look_every(self) -> dict[str, float]:
        """How often, as a dict."""
    @property
    def outcome(self) -> Literal["promoted", "rolled_back", "undecided"]:
        """'promoted', 'rolled_back' or 'undecided'."""
    @property
    def decision(self) -> Literal["promote", "hold", "rollback"]:
        """What to do: 'promote', 'hold' (undecided at the end of the recording) or 'rollback'."""
    @property
    def cause(self) -> str | None:
        """Why it was rolled back."""
    @property
    def text(self) -> str:
        """The whole in a sentence."""
    @property
    def exposure(self) -> ReplayExposure:
        """The canary's traffic until the end of the rollout."""
    @property
    def stages(self) -> tuple[StageRecord, ...]:
        """Each stage that was entered."""
    @property
    def looks(self) -> tuple[LookRecord, ...]:
        """Each look."""
    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know; decides nothing."""
    @property
    def judgement(self) -> Judgement | None:
        """The judgement of the last look, whole."""
    @property
    def rollout(self) -> Rollout:
        """The machine with its audit trail."""
    def to_json(self) -> str:
        """The replay as JSON text: what `serinus replay --format json` prints, without the last line break."""
    def to_markdown(self) -> str:
        """The replay as Markdown, for a pull request."""
    @overload
    def to_html(self, path: None = None) -> str: ...
    @overload
    def to_html(self, path: _Path) -> None: ...
    @overload
    def to_svg(self, path: None = None, *, theme: _Theme = "auto") -> str: ...
    @overload
    def to_svg(self, path: _Path, *, theme: _Theme = "auto") -> None: ...
    @overload
    def to_metrics_svg(self, path: None = None, *, theme: _Theme = "auto") -> str: ...
    @overload
    def to_metrics_svg(self, path: _Path, *, theme: _Theme = "auto") -> None: ...
    def to_frame(self) -> Any:
        """One row a look, as a pandas DataFrame, or a polars one where pandas is not installed."""
    def to_judgement(self) -> Judgement | None:
        """The judgement of the last look with the rollout's own decision and its sentence in front; None without a look."""
    def _repr_html_(self) -> str: ...
    def _repr_markdown_(self) -> str: ...
    def __bool__(self) -> NoReturn: ...
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Decisions:
    """Replicates of a drill by the judge's decision."""
    __match_args__: tuple[str, str, str]
    @property
    def promote(self) -> int:
        """Promoted."""
    @property
    def hold(self) -> int:
        """Held."""
    @property
    def rollback(self) -> int:
        """Rolled back."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Outcomes:
    """Replicates of a drill by the end of the rollout."""
    __match_args__: tuple[str, str, str]
    @property
    def promoted(self) -> int:
        """Promoted."""
    @property
    def undecided(self) -> int:
        """Neither by the end of the recording."""
    @property
    def rolled_back(self) -> int:
        """Rolled back."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Spread:
    """The least, the median (the lower of two) and the most."""
    __match_args__: tuple[str, str, str]
    @property
    def least(self) -> int:
        """The least."""
    @property
    def median(self) -> int:
        """The median."""
    @property
    def most(self) -> int:
        """The most."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Drilled:
    """One fault and what came of it."""
    __match_args__: tuple[str, str, str, str, str, str, str]
    @property
    def fault(self) -> dict[str, Any]:
        """The fault, as a dict."""
    @property
    def name(self) -> str:
        """The same in words."""
    @property
    def skipped(self) -> str | None:
        """Why it was not planted, when it was not."""
    @property
    def judged(self) -> Decisions:
        """What the judge said of the whole recording."""
    @property
    def rolled_out(self) -> Outcomes:
        """How the rollout ended."""
    @property
    def exposed(self) -> Spread | None:
        """Canary requests served until the rollout rolled back, over the replicates that did."""
    @property
    def named(self) -> tuple[tuple[str, int], ...]:
        """What the judge named first where it rolled back, with how often, most often first."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

@final
class Drill:
    """What a drill found: each planted fault, and whether the config catches it."""
    __match_args__: tuple[str, str, str, str, str]
    @property
    def schema(self) -> str:
        """The schema's name."""
    @property
    def replicates(self) -> int:
        """Replicates of each fault."""
    @property
    def seed(self) -> int:
        """The seed."""
    @property
    def columns(self) -> dict[str, str | None]:
        """Where the faults were planted, as a dict."""
    @property
    def faults(self) -> tuple[Drilled, ...]:
        """Each fault, in the order asked."""
    def to_json(self) -> str:
        """The drill as JSON text: what `serinus drill --format json` prints, without the last line break."""
    def to_markdown(self) -> str:
        """The drill as a Markdown table."""
    def to_frame(self) -> Any:
        """One row a fault, as a pandas DataFrame, or a polars one where pandas is not installed."""
    def _repr_markdown_(self) -> str: ...
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

_ROUTER_VERSION: str
_STATE_SCHEMA: str

class RefusedError(DataError):
    """An event that the rollout refused: late, out of order, about another phase, or without sense there. `reason` is the reason as a dict."""
    reason: dict[str, Any]

@final
class Router:
    """A router for a rollout: strategy, cohorts and sessions around the bare assignment. Immutable.

    Parameters
    ----------
    salt : str
        The rollout's name with its revision: a salt that is used again sends the same users into the canary again.
    division : {'two_arms', 'three_arms', 'blue_green', 'shadow'}
        How traffic is divided.
    percent : float, default 0
        The canary's share of the traffic.
    stage : int, default 0
        The rollout's stage.
    cohorts : dict, optional
        From a cohort's name to the side that its units go to. They are marked as not random.

    Examples
    --------
    >>> from serinus import router
    >>> r = router.Router("checkout v42", percent=5, stage=1, cohorts={"staff": "canary"})
    >>> staff = r.route("user-7", ["staff"])
    >>> staff.arm, staff.is_random
    ('canary', False)
    """
    def __new__(
        cls,
        salt: str,
        *,
        division: _Division = "two_arms",
        percent: float = 0.0,
        stage: int | None = None,
        cohorts: Mapping[str, _Side] | None = None,
    ) -> Router: ...
    def at(self, stage: int, percent: float) -> Router:
        """The same router in another stage, at another weight."""
    def with_cohort(self, name: str, side: _Side) -> Router:
        """The same router with units of a cohort sent to one side."""
    def route(self, unit: str, cohorts: Sequence[str] | None = None) -> Assignment:
        """The arm of a unit, sticky for as long as the salt lives.

        Parameters
        ----------
        unit : str
            A user or session id.
        cohorts : sequence of str, optional
            Those that the unit belongs to; the first that has a rule decides.
        """
    def route_many(self, units: _Column) -> list[_Side]:
        """The arms of many units without cohorts in one call: a list of 'baseline', 'canary' and 'rest'."""
    def route_request(self, number: int) -> Assignment:
        """The arm of a single request, by its number: weighted random, the same for the same number."""
    def resume(self, begun: Assignment | Mapping[str, Any]) -> Assignment:
        """The arm of a session that goes on: the one it began with, unless the canary was rolled back.

        Parameters
        ----------
        begun : Assignment or dict
            What `route` gave at its start, or its `to_dict`.
        """
    def to_dict(self) -> dict[str, Any]:
        """The salt, the division, the weight in percent, the stage and the cohorts, as a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

def assign(unit: str | bytes, salt: str, percent: float) -> Literal["baseline", "canary"]:
    """Canary or baseline, for a unit at a weight.

    The same unit, salt and weight give the same side everywhere and always. Raising the weight moves units from the baseline
    to the canary only, never back.

    Parameters
    ----------
    unit : str or bytes
        A user, a session; text counts as its UTF-8 bytes.
    salt : str
        Names the rollout and its revision.
    percent : float
        The canary's share of the traffic.

    Returns
    -------
    str
        'canary' or 'baseline'.

    Examples
    --------
    >>> from serinus import router
    >>> router.assign("user-1", "checkout v42", 50), router.assign("user-1", "checkout v42", 75)
    ('baseline', 'canary')
    """
def assign_three(unit: str | bytes, salt: str, percent: float) -> _Side:
    """Canary, a baseline of the canary's own size, or the rest, for a unit at a weight.

    Parameters
    ----------
    unit, salt, percent
        As in `assign`.

    Returns
    -------
    str
        'canary', 'baseline' or 'rest'.

    Examples
    --------
    >>> from serinus import router
    >>> router.assign_three("user-1", "checkout v42", 5)
    'rest'
    """
def assign_request(number: int, salt: str, percent: float) -> Literal["baseline", "canary"]:
    """Canary or baseline for the request of this number, whoever sent it.

    Parameters
    ----------
    number : int
        The request's number.
    salt, percent
        As in `assign`.

    Examples
    --------
    >>> from serinus import router
    >>> sum(router.assign_request(i, "checkout v42", 25) == "canary" for i in range(4000)) in range(900, 1100)
    True
    """
def assign_many(units: _Column, salt: str, percent: float, *, three_arms: bool = False) -> list[_Side]:
    """The sides of many units in one call.

    Parameters
    ----------
    units : sequence of str or bytes
        A list, an array, or a column of pandas, polars or pyarrow.
    salt, percent
        As in `assign`.
    three_arms : bool, default False
        As `assign_three` has it.

    Returns
    -------
    list of str
        In the order given.

    Examples
    --------
    >>> from serinus import router
    >>> router.assign_many(["a", "user-1"], "checkout v42", 75)
    ['canary', 'canary']
    """
def position(unit: str | bytes, salt: str) -> float:
    """Where a unit stands on [0, 1): it is in the canary when this is below percent / 100.

    Parameters
    ----------
    unit, salt
        As in `assign`.

    Examples
    --------
    >>> from serinus import router
    >>> router.position("user-1", "checkout v42")
    0.5593751245460203
    """
def request_position(number: int, salt: str) -> float:
    """Where the request of this number stands on [0, 1).

    Parameters
    ----------
    number, salt
        As in `assign_request`.
    """
def shadow_position(unit: str | bytes, salt: str) -> float:
    """Where a unit stands for shadow copies, independent of its `position`.

    Parameters
    ----------
    unit, salt
        As in `assign`.
    """
def vectors() -> dict[str, Any]:
    """The published test vectors: positions and sides that every implementation has to give.

    Returns
    -------
    dict
        What `serinus route --vectors` prints.

    Examples
    --------
    >>> from serinus import router
    >>> router.vectors()["version"] == router.VERSION
    True
    """

@final
class Rollout:
    """A rollout with its audit trail: events in, effects out.

    It has no clock and opens nothing: times are milliseconds since an epoch of your choice, and effects are for you to carry
    out. Store `to_json()` after each event; any process can go on with `from_json`.

    Parameters
    ----------
    config : str, os.PathLike or dict
        A rollout file, or the same as a dict.

    Raises
    ------
    ConfigError
        With every fault at once.

    Examples
    --------
    >>> from serinus import rollout
    >>> machine = rollout.Rollout({"version": 1, "stages": [{"percent": 5}]})
    >>> machine.step({"event": "start", "revision": "v42"}, 0)[0]
    {'effect': 'set_weight', 'percent': 5.0}
    >>> machine.step({"event": "abort", "who": "ada", "why": "pager"}, 1000)[0]
    {'effect': 'set_weight', 'percent': 0.0}
    >>> machine.phase, machine.percent
    ('rolled_back', 0.0)
    """
    def __new__(cls, config: _Path | Mapping[str, Any]) -> Rollout: ...
    def step(self, event: Mapping[str, Any], now: int) -> list[dict[str, Any]]:
        """Takes an event and keeps it in the trail, a refused one too.

        Parameters
        ----------
        event : dict
            `{"event": "start", "revision"}`, `{"event": "tick"}`, `{"event": "observed", "phase", "served"}`, `{"event":
            "judged", "phase", "look"}`, `{"event": "no_data", "phase", "why"}`, `{"event": "error_spike", "phase", "trigger"}`,
            or of a person with `who` and `why`: 'pause', 'resume', 'approve', 'abort', and 'override' with an `action`.
        now : int
            The time in milliseconds.

        Returns
        -------
        list of dict
            What to do: 'set_weight', 'set_shadow', 'roll_back', 'promote', 'notify'. Each can be carried out twice without harm.

        Raises
        ------
        RefusedError
            The event was refused; the state is unchanged, and the trail says why. A `DataError` with a `reason`.
        """
    @property
    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as a dict."""
    @property
    def trail(self) -> list[dict[str, Any]]:
        """Every event in the order received, the refused ones too, with what came of each: a list of dicts."""
    @property
    def config(self) -> dict[str, Any]:
        """The rollout file with every default written out, as a dict."""
    @property
    def phase(self) -> str | dict[str, int]:
        """Where it is: 'pending', 'shadow', `{'stage': index}`, 'final_bake', 'promoted' or 'rolled_back'."""
    @property
    def percent(self) -> float:
        """The canary's traffic share in percent."""
    @property
    def revision(self) -> str | None:
        """What is rolled out; None before the start."""
    @property
    def is_active(self) -> bool:
        """Whether traffic goes, or is copied, to a canary that is not yet the stable version."""
    @property
    def served(self) -> dict[str, int]:
        """Requests served by each arm since the start, as a dict."""
    @property
    def wake_at(self) -> int | None:
        """The next moment, in milliseconds, at which the passing of time alone may change something: when to send a tick at the
        latest. None when there is none.
        """
    def waiting(self, now: int) -> list[str]:
        """Everything that the next step still waits for, each as a sentence; empty when the next event takes it."""
    def to_json(self) -> str:
        """State and trail as JSON text, the same for the same events."""
    def to_dict(self) -> dict[str, Any]:
        """State and trail as a dict."""
    @staticmethod
    def from_json(json: str) -> Rollout:
        """A stored rollout, from what `to_json` gave.

        Raises
        ------
        DataError
            The text is no rollout of this version.
        """
    @staticmethod
    def replay(config: _Path | Mapping[str, Any], trail: Sequence[Mapping[str, Any]]) -> Rollout:
        """The rollout that a trail leads to.

        Parameters
        ----------
        config : str, os.PathLike or dict
            The rollout file.
        trail : list of dict
            What `trail` gave.

        Raises
        ------
        DataError
            An entry comes out otherwise than the trail says: it was changed, or made by another version.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, tuple[str]]: ...
    def __copy__(self) -> Rollout: ...

def step(state: Mapping[str, Any], event: Mapping[str, Any], now: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Takes one event: the state and the effects that follow. The state given is not changed.

    Parameters
    ----------
    state : dict
        What `Rollout.state` or this function gave.
    event : dict
        As for `Rollout.step`.
    now : int
        The time in milliseconds.

    Returns
    -------
    tuple of dict and list of dict
        The next state, and what to do.

    Raises
    ------
    RefusedError
        The event was refused.

    Examples
    --------
    >>> from serinus import rollout
    >>> state = rollout.Rollout({"version": 1, "stages": [{"percent": 5}]}).state
    >>> state, effects = rollout.step(state, {"event": "start", "revision": "v42"}, 0)
    >>> state["phase"], effects[0]["percent"]
    ({'stage': 0}, 5.0)
    """
def look(judgement: Judgement, *, baseline: int, canary: int, data_until: int | None = None) -> dict[str, Any]:
    """The look that a judgement amounts to: what the event 'judged' carries.

    Parameters
    ----------
    judgement : Judgement
        What `serinus.judge` said.
    baseline, canary : int
        Rows (units when clustered) of the current phase alone that were judged.
    data_until : int, optional
        Time of the last row judged, in milliseconds.

    Returns
    -------
    dict

    Examples
    --------
    >>> import serinus
    >>> from serinus import rollout
    >>> config = {"version": 1, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
    ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
    >>> judgement = serinus.judge(config, baseline={"error": [0] * 990 + [1] * 10}, canary={"error": [0] * 800 + [1] * 200})
    >>> rollout.look(judgement, baseline=1000, canary=1000)["decision"]
    'rollback'
    """

@final
class Monitor:
    """Watches a canary look by look, with guarantees that hold at every look.

    The rollback error is `monitoring.alpha_rollback` over all looks together, the promotion error `monitoring.alpha_promote`,
    whatever the number of looks and whenever one stops.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        The judge's config; its section `monitoring` is optional.
    history : dict, optional
        What a dry run found about some metrics, by name: `{"errors": {"dispersion": 1.8}}`.

    Raises
    ------
    ConfigError
        The config is at fault, or asks for what cannot be monitored.

    Examples
    --------
    >>> from serinus import monitor
    >>> watch = monitor.Monitor({"version": 1, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
    ...     "margin": {"absolute": 0.005}}]})
    >>> for minute in range(60):
    ...     look = watch.observe({
    ...         "sequence": minute, "start_seconds": 60 * minute, "end_seconds": 60 * (minute + 1),
    ...         "assigned": {"baseline": 950, "canary": 50},
    ...         "metrics": {"errors": {"baseline": {"n": 950, "events": 1}, "canary": {"n": 50, "events": 0}}}})
    >>> look.decision
    'promote'
    """
    def __new__(
        cls,
        config: _Path | Mapping[str, Any] | Config,
        *,
        history: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Monitor: ...
    @staticmethod
    def resume(
        config: _Path | Mapping[str, Any] | Config,
        state: str,
        *,
        history: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Monitor:
        """A monitor that goes on from a stored state.

        Parameters
        ----------
        config, history
            As the monitor was made with.
        state : str
            What `save` gave.

        Raises
        ------
        DataError
            The state is of another version or of another config.
        """
    def save(self) -> str:
        """The state as JSON text, the same for the same batches. It is what `serinus monitor --state` keeps."""
    def observe(self, batch: Mapping[str, Any]) -> Look:
        """Takes one batch of sufficient statistics and answers. On an error nothing has changed.

        Parameters
        ----------
        batch : dict
            A line of what `serinus monitor` reads: `sequence`, `start_seconds`, `end_seconds`, `assigned`, `metrics` (from a
            name to `{"baseline": statistics, "canary": statistics}`), and optionally `stage`, `share_percent`, `segments` and
            `seen_until_seconds`. Statistics are `n` with `events`; `mean` and `m2`; `sum` and `sumsq`; `values` and `counts`; a
            `histogram`; or the sums of a ratio.

        Returns
        -------
        Look

        Raises
        ------
        DataError
            The dict has another form; or the batch is a duplicate, out of order, late or still open, or its statistics do not serve.
        """
    def feed(self, data: _Table, *, progress: bool = False) -> tuple[Look, ...]:
        """Takes the rows of a table and answers at each look: every `monitoring.look`, and at every change of stage.

        The end of a table ends a look. Rows have to come in the order of time from one table to the next. On an error nothing
        has changed.

        Parameters
        ----------
        data : str, os.PathLike, table or mapping
            A request log with both arms, in any form that `judge` takes.
        progress : bool, default False
            Say on `sys.stderr` how far it is.

        Returns
        -------
        tuple of Look

        Raises
        ------
        DataError
            The table does not fit the config or comes late; or the monitor was resumed and the config has units or a warm-up,
            of which the state does not say enough to cut further tables.
        """
    def look(self) -> Look:
        """The answer now, without taking anything."""
    def conclude(self) -> Look:
        """The answer at the end of the window: what was not shown by now stays open, with what it would have needed."""
    @property
    def next_sequence(self) -> int | None:
        """The number of the batch that is due; None before the first, which may have any number."""
    @property
    def totals(self) -> dict[str, float | None]:
        """The combined e-values of this look and what they are held against, as a dict; cheap."""
    @property
    def rollback(self) -> Rollback | None:
        """The rollback, when one was decided."""
    @property
    def config(self) -> Config:
        """The config that it was made with."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

def batches(config: _Path | Mapping[str, Any] | Config, data: _Table) -> list[dict[str, Any]]:
    """A table cut into batches: what `Monitor.feed` takes one after the other, for a monitor elsewhere.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        The judge's config.
    data : str, os.PathLike, table or mapping
        A request log with both arms.

    Returns
    -------
    list of dict
        Lines for `serinus monitor`, and batches for `Monitor.observe`, numbered from 0.

    Examples
    --------
    >>> from serinus import monitor
    >>> config = {"version": 1, "data": {"arm": {"column": "arm"}}, "monitoring": {"look": {"requests": 2}}, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
    ...     "margin": {"absolute": 0.005}}]}
    >>> log = {"arm": ["baseline", "canary", "baseline", "baseline"], "error": [0, 1, 0, 0]}
    >>> [batch["metrics"]["errors"]["canary"] for batch in monitor.batches(config, log)]
    [{'n': 1, 'events': 1}, {}]
    """
def replay(
    config: _Path | Mapping[str, Any] | Config,
    rollout: _Path | Mapping[str, Any],
    data: _Table,
    *,
    look_every: int | None = None,
    method: _Method | None = None,
    progress: bool = False,
) -> Replay:
    """Run a rollout over a recording: when would it have moved on, promoted or rolled back, and at what exposure?

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        What is judged, and how. It has to name a time column.
    rollout : str, os.PathLike or dict
        The rollout file, or the same as a dict.
    data : str, os.PathLike, table or mapping
        A request log with both arms, in any form that `judge` takes.
    look_every : int, optional
        Look every so many requests, whatever the rollout file says, with the monitor.
    method : {'fixed', 'anytime'}, optional
        Who is asked at each look: the judge, whose error rates hold for one look, or the monitor, whose error rates hold for
        all looks together. By default the monitor when `look_every` is given or the config has a section `monitoring`.
    progress : bool, default False
        Say on `sys.stderr` how far it is.

    Returns
    -------
    Replay
        What `serinus replay` tells, with its picture.

    Raises
    ------
    ConfigError
        The config or the rollout file is at fault.
    DataError
        The recording does not fit.

    Notes
    -----
    Runs without the interpreter, gives the same bytes on any number of threads, and hears Ctrl-C.

    Examples
    --------
    >>> import serinus
    >>> config = {"version": 1, "data": {"arm": {"column": "arm"}, "time": {"column": "second", "unit": "s"}}, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
    ...     "direction": "lower_is_better", "margin": {"absolute": 0.02}}]}
    >>> log = {"arm": ["canary", "baseline"] * 1000, "error": [int(i % 6 == 0) for i in range(2000)], "second": range(2000)}
    >>> told = serinus.replay(config, {"version": 1, "stages": [{"percent": 50, "min_samples": 400}]}, log, look_every=50)
    >>> told.outcome, told.exposure.served.canary < 200
    ('rolled_back', True)
    """
def drill(
    config: _Path | Mapping[str, Any] | Config,
    data: _Table,
    *,
    rollout: _Path | Mapping[str, Any] | None = None,
    replicates: int | None = None,
    faults: Sequence[Mapping[str, Any]] | None = None,
    columns: Mapping[str, str] | None = None,
    look_every: int | None = None,
    method: _Method | None = None,
    seed: int | None = None,
    progress: bool = False,
) -> Drill:
    """Plant faults in a healthy recording and see which the config catches, after how many canary requests.

    Each replicate deals the arms again, plants one fault in the canary's rows, and asks twice: the whole judge about the whole
    recording, and the rollout, look by look, how far the canary would have come.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        What is judged, and how. It has to name an arm and a time column.
    data : str, os.PathLike, table or mapping
        A healthy request log with both arms, in any form that `judge` takes.
    rollout : str, os.PathLike or dict, optional
        The rollout; without it, a stage for each declared share of the recording and eight looks.
    replicates : int, default 5
        Replicates of each fault, up to 10,000.
    faults : sequence of dict, optional
        In place of the standard ones: `{"fault": "none"}`, `{"fault": "latency", "factor"}`, `{"fault": "tail", "share",
        "factor"}`, `{"fault": "errors", "share"}`, `{"fault": "score_skew", "factor"}`, `{"fault": "segment"}`, `{"fault":
        "nulls", "share"}`, `{"fault": "cold_start", "requests", "factor"}`.
    columns : dict, optional
        Where they are planted: `latency`, `error`, `score`, `segment`; what is not given is taken from the config's metrics.
    look_every : int, optional
        Look every so many requests, with the monitor.
    method : {'fixed', 'anytime'}, optional
        Who is asked at each look; the monitor when `look_every` is given, else the judge.
    seed : int, optional
        Seed of deals and faults; by default the config's.
    progress : bool, default False
        Say on `sys.stderr` how far it is.

    Returns
    -------
    Drill
        What `serinus drill` prints.

    Raises
    ------
    ConfigError
        The config, the rollout or a fault is at fault.
    DataError
        The recording does not fit.

    Notes
    -----
    Runs without the interpreter on as many threads as there are processors; the answer does not depend on their number.

    Examples
    --------
    >>> import serinus
    >>> config = {"version": 1, "data": {"arm": {"column": "arm"}, "time": {"column": "second", "unit": "s"}}, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
    ...     "direction": "lower_is_better", "margin": {"absolute": 0.02}}]}
    >>> log = {"arm": ["canary", "baseline"] * 1000, "error": [0] * 2000, "second": range(2000)}
    >>> found = serinus.drill(config, log, faults=[{"fault": "none"}, {"fault": "errors", "share": 0.2}], replicates=2)
    >>> [(fault.name, fault.judged.rollback) for fault in found.faults]
    [('none', 0), ('errors in 20 %', 2)]
    """
@final
class Parity:
    """Whether two arms are the same."""
    __match_args__: tuple[str, str, str, str, str, str]
    @property
    def answer(self) -> str:
        """`same`, `different` or `open`."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, the weightiest first."""
    @property
    def metrics(self) -> tuple[Finding, ...]:
        """What each metric showed: `pass` is shown to be the same, `fail` shown to differ."""
    @property
    def checks(self) -> tuple[Check, ...]:
        """Sample ratio, missing values, balance of segments, and what else is reported."""
    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know; decides nothing."""
    @property
    def provenance(self) -> Provenance:
        """Enough to make the same bytes again."""
    def to_json(self) -> str:
        """The answer as JSON text: what `serinus judge --parity --format json` prints, without the last line break."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

def parity(
    config: _Path | Mapping[str, Any] | Config,
    data: _Table | None = None,
    *,
    baseline: _Table | None = None,
    canary: _Table | None = None,
    summary: _Summary | None = None,
    progress: bool = False,
) -> Parity:
    """Ask whether two arms are the same: equivalence within the margins both ways, the split, and the mix of segments.

    What an A/A comparison asks before any canary is trusted. A test that finds no difference does not answer it.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        The canary's own config; its margins bound a change in either direction.
    data : str, os.PathLike or table, optional
        The request log with both arms, as in `judge`.
    baseline, canary : table or mapping, optional
        In place of `data`, one table an arm.
    summary : str, os.PathLike, list of dict or table, optional
        In place of rows, sufficient statistics, as in `judge`; they do not tell the mix of segments.
    progress : bool, default False
        Say on `sys.stderr` how far reading and judging are.

    Returns
    -------
    Parity

    Raises
    ------
    ConfigError
        The config is at fault.
    DataError
        The data are at fault, or no metric has a margin.

    Examples
    --------
    >>> import serinus
    >>> config = {"version": 1, "metrics": [{
    ...     "name": "errors", "type": "proportion", "column": "error",
    ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
    >>> arm = {"error": [0] * 9900 + [1] * 100}
    >>> serinus.parity(config, baseline=arm, canary=arm).answer
    'same'
    """

@final
class ConfigCheck:
    """A config without faults: what seems not to be meant in it, and what it can detect on traffic like its history."""
    __match_args__: tuple[str, str, str]
    @property
    def warnings(self) -> tuple[dict[str, str], ...]:
        """Remarks, each a dict of `path` and `message`."""
    @property
    def config_sha256(self) -> str:
        """SHA-256 of the config's canonical JSON."""
    @property
    def history(self) -> Outlook | None:
        """What it can and cannot detect, when a history was given."""
    def to_json(self) -> str:
        """The check as JSON text: what `serinus check --format json` prints, without the last line break."""
    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, with the names of the JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str]]: ...

def check(
    config: _Path | Mapping[str, Any] | Config,
    history: _Table | None = None,
    *,
    percent: float = 10.0,
) -> ConfigCheck:
    """Check a config: every fault at once, what seems not to be meant, and with a history what it can and cannot detect.

    Parameters
    ----------
    config : str, os.PathLike, dict or Config
        What is judged, and how.
    history : str, os.PathLike, table or mapping, optional
        Past requests of the serving version, in any form that `judge` takes.
    percent : float, default 10
        Share of that traffic that the canary would take.

    Returns
    -------
    ConfigCheck

    Raises
    ------
    ConfigError
        The config is at fault; every fault at once.
    DataError
        The history does not fit, or the share leaves an arm without traffic.

    Examples
    --------
    >>> import serinus
    >>> config = {"version": 1, "metrics": [{
    ...     "name": "latency", "type": "mean", "column": "ms", "direction": "lower_is_better", "margin": {"relative": 0.001}}]}
    >>> found = serinus.check(config, {"ms": [50 + i * 7919 % 200 for i in range(5000)]})
    >>> found.history.can_promote, found.history.metrics[0].rows_needed > 500
    (True, True)
    """
def _restore(name: str, json: str, /) -> Any: ...
def kayenta_judge(request: dict[str, Any], /) -> dict[str, Any]:
    """What Kayenta's NetflixACAJudge-v1.0 answers to a judge request.

    Parameters
    ----------
    request : dict
        A remote judge request: `canaryConfig`, `scoreThresholds` and `metricSetPairList`.

    Returns
    -------
    dict
        The response, as Kayenta writes it.

    Raises
    ------
    DataError
        Where the original throws, and for what is no request: place, value, way out.

    Examples
    --------
    >>> from serinus import kayenta
    >>> request = {
    ...     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
    ...     "scoreThresholds": {"pass": 95, "marginal": 75},
    ...     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
    ...         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]}}]}
    >>> kayenta.judge(request)["results"][0]["classification"]
    'Pass'
    """

def kayenta_judge_native(request: dict[str, Any], /) -> dict[str, Any]:
    """The same request judged by the rules of this library.

    Parameters
    ----------
    request : dict
        As for `judge`.

    Returns
    -------
    dict
        A response of the same form.

    Raises
    ------
    DataError
        As `judge`; an unknown setting; thresholds closer than 2.

    Examples
    --------
    >>> from serinus import kayenta
    >>> request = {
    ...     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"],
    ...         "analysisConfigurations": {"canary": {"direction": "increase"}}}], "classifier": {}},
    ...     "scoreThresholds": {"pass": 95, "marginal": 75},
    ...     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
    ...         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]}}]}
    >>> kayenta.judge_native(request)["results"][0]["classification"]
    'High'
    """

def kayenta_compare(request: dict[str, Any], /) -> dict[str, Any]:
    """Both judges on one request.

    Parameters
    ----------
    request : dict
        As for `judge`.

    Returns
    -------
    dict
        `kayenta` and `native`, each a whole response.

    Raises
    ------
    DataError
        As `judge` and `judge_native`.

    Examples
    --------
    >>> from serinus import kayenta
    >>> request = {
    ...     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
    ...     "scoreThresholds": {"pass": 95, "marginal": 75},
    ...     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
    ...         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]}}]}
    >>> sorted(kayenta.compare(request))
    ['kayenta', 'native']
    """

def kayenta_import(canary_config: dict[str, Any], /) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A Kayenta canary config as one of ours, with a note on each thing that has no equal.

    Parameters
    ----------
    canary_config : dict
        A Kayenta canary config, or a stored request that holds one.

    Returns
    -------
    tuple of dict and tuple of str
        The config, to be checked by `serinus.Config`, and the notes.

    Raises
    ------
    DataError
        It is no dict of JSON values, or it has no list of metrics.

    Examples
    --------
    >>> from serinus import kayenta
    >>> config, notes = kayenta.import_config({"metrics": [{"name": "errors", "groups": ["g"],
    ...     "analysisConfigurations": {"canary": {"direction": "increase", "critical": True}}}]})
    >>> config["metrics"][0]["direction"]
    'lower_is_better'
    """

def schema(of: Literal["all", "config", "judgement", "rollout"] = "all") -> dict[str, Any]:
    """JSON Schema of the config, the judgement and the rollout file, for editors and contract tests.

    Parameters
    ----------
    of : {'all', 'config', 'judgement', 'rollout'}
        Which; 'all' has the three under `$defs`.

    Returns
    -------
    dict
        What `serinus schema` prints.

    Raises
    ------
    DataError
        An unknown word.

    Examples
    --------
    >>> import serinus
    >>> "metrics" in serinus.schema("config")["properties"]
    True
    """

def template() -> str:
    """A commented YAML config to start from: what `serinus init` writes.

    Returns
    -------
    str
        YAML; valid as it stands.

    Examples
    --------
    >>> import serinus
    >>> serinus.template().splitlines()[0].startswith("#")
    True
    """

def _main(args: Sequence[str], /) -> int: ...


@final
class ConfidenceInterval:
    """A confidence interval; an end is infinite where the data bound nothing."""
    __match_args__: tuple[str, str, str]
    def __new__(cls, low: float, high: float, level: float) -> ConfidenceInterval: ...
    @property
    def low(self) -> float:
        """Lower end."""
    @property
    def high(self) -> float:
        """Upper end."""
    @property
    def level(self) -> float:
        """Two-sided level."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class SignificanceResult:
    """A statistic with its p-value."""
    __match_args__: tuple[str, str]
    def __new__(cls, statistic: float | None, pvalue: float) -> SignificanceResult: ...
    @property
    def statistic(self) -> float | None:
        """The statistic; None where it does not exist."""
    @property
    def pvalue(self) -> float:
        """The p-value."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class TtestResult:
    """Student's or Welch's t."""
    __match_args__: tuple[str, str, str, str, str, str]
    def __new__(cls, statistic: float | None, pvalue: float, df: float | None, estimate: float, standard_error: float, alternative: str) -> TtestResult: ...
    @property
    def statistic(self) -> float | None:
        """t; None when no arm varies."""
    @property
    def pvalue(self) -> float:
        """The p-value."""
    @property
    def df(self) -> float | None:
        """Degrees of freedom; None when no arm varies."""
    @property
    def estimate(self) -> float:
        """The difference of means."""
    @property
    def standard_error(self) -> float:
        """Its standard error."""
    @property
    def alternative(self) -> str:
        """The alternative that was tested."""
    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """The interval of the difference, one-sided when the alternative is."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class KstestResult:
    """Kolmogorov and Smirnov's test."""
    __match_args__: tuple[str, str, str, str]
    def __new__(cls, statistic: float, pvalue: float, statistic_location: float, statistic_sign: int) -> KstestResult: ...
    @property
    def statistic(self) -> float:
        """The gap, in [0, 1]."""
    @property
    def pvalue(self) -> float:
        """The p-value."""
    @property
    def statistic_location(self) -> float:
        """The smallest value at which the gap is reached."""
    @property
    def statistic_sign(self) -> int:
        """1 where the first sample's distribution function lies above, else -1."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class Chi2ContingencyResult:
    """Pearson's chi-square of a table."""
    __match_args__: tuple[str, str, str, str]
    def __new__(cls, statistic: float, pvalue: float, dof: int, expected_freq: Sequence[Sequence[float]]) -> Chi2ContingencyResult: ...
    @property
    def statistic(self) -> float:
        """Chi-square."""
    @property
    def pvalue(self) -> float:
        """The p-value."""
    @property
    def dof(self) -> int:
        """Degrees of freedom."""
    @property
    def expected_freq(self) -> Sequence[Sequence[float]]:
        """What each cell would hold without association, row by row."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class QuantileTestResult:
    """A test of a quantile."""
    __match_args__: tuple[str, str, str, str, str, str]
    def __new__(cls, statistic: int, statistic_type: int, pvalue: float, alternative: str, p: float, sample: Sequence[float]) -> QuantileTestResult: ...
    @property
    def statistic(self) -> int:
        """Number of values at most (type 1) or below (type 2) the hypothesised quantile."""
    @property
    def statistic_type(self) -> int:
        """Which of the two counts was used."""
    @property
    def pvalue(self) -> float:
        """The p-value."""
    @property
    def alternative(self) -> str:
        """The alternative that was tested."""
    @property
    def p(self) -> float:
        """The probability of the quantile."""
    @property
    def sample(self) -> Sequence[float]:
        """The sample in ascending order."""
    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """The interval of the quantile between order statistics, one-sided when the alternative is."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class BinomTestResult:
    """An exact binomial test."""
    __match_args__: tuple[str, str, str, str, str]
    def __new__(cls, k: int, n: int, alternative: str, statistic: float | None, pvalue: float) -> BinomTestResult: ...
    @property
    def k(self) -> int:
        """Successes."""
    @property
    def n(self) -> int:
        """Trials."""
    @property
    def alternative(self) -> str:
        """The alternative that was tested."""
    @property
    def statistic(self) -> float | None:
        """The share of successes; None without trials."""
    @property
    def pvalue(self) -> float:
        """The p-value."""
    @property
    def proportion_estimate(self) -> float | None:
        """The share of successes; None without trials."""
    def proportion_ci(
        self, confidence_level: float = 0.95, method: Literal["exact", "wilson"] = "exact"
    ) -> ConfidenceInterval:
        """The interval of the proportion, one-sided when the alternative is; `method` is `exact` (Clopper and Pearson's) or
        `wilson`.
        """
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class EstimateResult:
    """An estimate with its interval."""
    __match_args__: tuple[str, str, str, str]
    def __new__(cls, estimate: float | None, low: float, high: float, level: float) -> EstimateResult: ...
    @property
    def estimate(self) -> float | None:
        """The estimate; None where it does not exist."""
    @property
    def low(self) -> float:
        """Lower end of the interval."""
    @property
    def high(self) -> float:
        """Upper end of the interval."""
    @property
    def level(self) -> float:
        """Level of the interval."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class MarginResult:
    """A contrast tested against a margin from both sides."""
    __match_args__: tuple[str, str, str, str, str, str, str]
    def __new__(cls, p_noninferior: float, p_inferior: float, estimate: float, low: float, high: float, level: float, flags: Sequence[str]) -> MarginResult: ...
    @property
    def p_noninferior(self) -> float:
        """p-value of "worse than the margin": small shows safety."""
    @property
    def p_inferior(self) -> float:
        """p-value of "not worse than the margin": small shows harm."""
    @property
    def estimate(self) -> float:
        """The estimate, on the test's own scale."""
    @property
    def low(self) -> float:
        """Lower end of the interval at 1 - 2 alpha."""
    @property
    def high(self) -> float:
        """Upper end of the interval at 1 - 2 alpha."""
    @property
    def level(self) -> float:
        """Level of the interval."""
    @property
    def flags(self) -> Sequence[str]:
        """What has to be known to read it."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class TailsResult:
    """A test of a value from both sides."""
    __match_args__: tuple[str, str, str, str]
    def __new__(cls, p_less: float, p_greater: float, statistic: float | None, estimate: float | None) -> TailsResult: ...
    @property
    def p_less(self) -> float:
        """p-value of "at least this value": small shows that it is less."""
    @property
    def p_greater(self) -> float:
        """p-value of "at most this value": small shows that it is greater."""
    @property
    def statistic(self) -> float | None:
        """The test statistic; None where it has none."""
    @property
    def estimate(self) -> float | None:
        """The estimate; None where it does not exist."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class ShiftResult:
    """A distance between distributions with its test of "nothing has shifted"."""
    __match_args__: tuple[str, str, str, str]
    def __new__(cls, statistic: float, pvalue: float, dof: int, standard_error: float) -> ShiftResult: ...
    @property
    def statistic(self) -> float:
        """The distance."""
    @property
    def pvalue(self) -> float:
        """p-value of "nothing has shifted"."""
    @property
    def dof(self) -> int:
        """Degrees of freedom."""
    @property
    def standard_error(self) -> float:
        """Standard error of the distance by the delta method."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class RankTestsResult:
    """Several rank tests of one pair of samples."""
    __match_args__: tuple[str, str, str, str, str, str, str, str, str]
    def __new__(
        cls,
        statistic: float,
        pvalue: float,
        superiority: float,
        ks_statistic: float | None,
        ks_pvalue: float | None,
        ks_location: float | None,
        shift: float | None,
        shift_low: float | None,
        shift_high: float | None,
    ) -> RankTestsResult: ...
    @property
    def statistic(self) -> float:
        """U of x: pairs in which x is larger, ties counting half."""
    @property
    def pvalue(self) -> float:
        """p-value of Mann and Whitney's test."""
    @property
    def superiority(self) -> float:
        """P(X > Y) + P(X = Y)/2 in the sample."""
    @property
    def ks_statistic(self) -> float | None:
        """The largest gap between the distribution functions; None when it was not asked for."""
    @property
    def ks_pvalue(self) -> float | None:
        """p-value of Kolmogorov and Smirnov's test."""
    @property
    def ks_location(self) -> float | None:
        """The smallest value at which the gap is reached."""
    @property
    def shift(self) -> float | None:
        """The median of all differences x - y; None when no level was given."""
    @property
    def shift_low(self) -> float | None:
        """Lower end of its interval."""
    @property
    def shift_high(self) -> float | None:
        """Upper end of its interval."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class LogLossesResult:
    """Log-losses item by item."""
    __match_args__: tuple[str, str]
    def __new__(
        cls,
        losses: list[float],
        clipped: int,
    ) -> LogLossesResult: ...
    @property
    def losses(self) -> list[float]:
        """-ln of the probability that was given to what happened."""
    @property
    def clipped(self) -> int:
        """Items whose probability was clipped; report it, because the clip decides their loss."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class RegressionErrorResult:
    """How far predictions lie from what came."""
    __match_args__: tuple[str, str]
    def __new__(
        cls,
        mae: float,
        rmse: float,
    ) -> RegressionErrorResult: ...
    @property
    def mae(self) -> float:
        """Mean absolute error."""
    @property
    def rmse(self) -> float:
        """Root of the mean squared error."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class AgreementResult:
    """How often two answers to the same items agree."""
    __match_args__: tuple[str, str, str]
    def __new__(
        cls,
        agreeing: int,
        items: int,
        rate: float,
    ) -> AgreementResult: ...
    @property
    def agreeing(self) -> int:
        """Items whose answers agree."""
    @property
    def items(self) -> int:
        """All items."""
    @property
    def rate(self) -> float:
        """Share of items that agree."""
    def lower_bound(self, alpha: float = 0.05) -> float:
        """The exact lower bound of the share that agrees, at one-sided `alpha`."""
    def p_value(self, threshold: float) -> float:
        """The exact p-value of "at most this share agrees": small shows that more do."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class IntraclassCorrelationResult:
    """How alike the rows of one cluster are."""
    __match_args__: tuple[str, str, str, str]
    def __new__(
        cls,
        icc: float | None,
        between: float,
        within: float,
        typical_size: float,
    ) -> IntraclassCorrelationResult: ...
    @property
    def icc(self) -> float | None:
        """The intraclass correlation; None when all values are equal."""
    @property
    def between(self) -> float:
        """Mean square between clusters."""
    @property
    def within(self) -> float:
        """Mean square within clusters."""
    @property
    def typical_size(self) -> float:
        """The size that stands for sizes that differ."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class ClusterRatioResult:
    """A sum over a sum with its cluster-robust error."""
    __match_args__: tuple[str, str, str, str]
    def __new__(
        cls,
        ratio: float,
        standard_error: float,
        standard_error_hc0: float,
        clusters: int,
    ) -> ClusterRatioResult: ...
    @property
    def ratio(self) -> float:
        """Sum of numerators over sum of denominators."""
    @property
    def standard_error(self) -> float:
        """Its standard error, with G / (G - 1)."""
    @property
    def standard_error_hc0(self) -> float:
        """The same without G / (G - 1)."""
    @property
    def clusters(self) -> int:
        """Number of clusters."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class EffectSizeResult:
    """Standardised differences of two samples; None where one does not exist."""
    __match_args__: tuple[str, str, str]
    def __new__(
        cls,
        cohen_d: float | None,
        hedges_g: float | None,
        glass_delta: float | None,
    ) -> EffectSizeResult: ...
    @property
    def cohen_d(self) -> float | None:
        """Difference over the pooled standard deviation."""
    @property
    def hedges_g(self) -> float | None:
        """Cohen's d without its small-sample bias."""
    @property
    def glass_delta(self) -> float | None:
        """Difference over the baseline's standard deviation."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class RankTestsManyResult:
    """Rank tests of many pairs of samples: lists with one answer a pair."""
    __match_args__: tuple[str, str, str, str, str]
    def __new__(
        cls,
        statistic: list[float | None],
        pvalue: list[float | None],
        superiority: list[float | None],
        ks_statistic: list[float | None],
        ks_pvalue: list[float | None],
    ) -> RankTestsManyResult: ...
    @property
    def statistic(self) -> list[float | None]:
        """U of x; None where a pair has no answer."""
    @property
    def pvalue(self) -> list[float | None]:
        """p-values of Mann and Whitney's test."""
    @property
    def superiority(self) -> list[float | None]:
        """P(X > Y) + P(X = Y)/2 in each pair."""
    @property
    def ks_statistic(self) -> list[float | None]:
        """The largest gaps between the distribution functions; None when they were not asked for."""
    @property
    def ks_pvalue(self) -> list[float | None]:
        """p-values of Kolmogorov and Smirnov's test."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...
def rank_tests(
    x: _Column,
    y: _Column,
    *,
    use_continuity: bool = True,
    alternative: _Alternative = "two-sided",
    method: Literal["auto", "exact", "asymptotic"] = "auto",
    ks: Literal["auto", "exact", "asymp"] | None = "auto",
    shift_level: float | None = None,
) -> RankTestsResult:
    """Mann and Whitney's test and Kolmogorov and Smirnov's of two samples, each put in order once.

    Values on a grid, such as milliseconds with one decimal, are counted and not sorted.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    use_continuity : bool, default True
        As in `mannwhitneyu`.
    alternative : {'two-sided', 'less', 'greater'}
        About values: 'less' asks whether x tends to be smaller, in both tests.
    method : {'auto', 'exact', 'asymptotic'}
        As in `mannwhitneyu`.
    ks : {'auto', 'exact', 'asymp'} or None
        `auto` is exact up to 10,000 pairs of values, given the ties; None leaves the test out.
    shift_level : float, optional
        Level of the interval for the median of all differences x - y. None leaves it out: it costs several times the rest.

    Returns
    -------
    RankTestsResult

    Examples
    --------
    >>> from serinus import stats
    >>> found = stats.rank_tests([31, 35, 38, 44, 52], [11, 12, 15, 19, 22, 24], shift_level=0.9)
    >>> found.statistic, found.ks_statistic, found.shift
    (30.0, 1.0, 22.5)
    """
def rank_tests_many(
    x: Any,
    y: Any,
    *,
    x_offsets: _Column | None = None,
    y_offsets: _Column | None = None,
    use_continuity: bool = True,
    alternative: _Alternative = "two-sided",
    method: Literal["auto", "exact", "asymptotic"] = "auto",
    ks: Literal["auto", "exact", "asymp"] | None = None,
) -> RankTestsManyResult:
    """`rank_tests` of many pairs of samples in one call, such as every metric in every segment, on all threads.

    Parameters
    ----------
    x, y : array_like
        Tables with one sample in a row; or all samples of an arm one behind the other, with offsets.
    x_offsets, y_offsets : sequence of int, optional
        Sample k runs from offset k up to offset k + 1, as in Arrow's lists.
    use_continuity, alternative, method
        As in `rank_tests`.
    ks : {'auto', 'exact', 'asymp'} or None, default None
        None leaves Kolmogorov and Smirnov's test out.

    Returns
    -------
    RankTestsManyResult
        Lists with one answer a pair; None where a pair has none, such as one with an empty sample.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.rank_tests_many([[5, 6, 7], [1, 2, 3]], [[1, 2, 3], [4, 5, 6]]).statistic
    [9.0, 0.0]
    >>> stats.rank_tests_many([5, 6, 7, 1], [1, 2, 3, 4], x_offsets=[0, 3, 4], y_offsets=[0, 2, 4]).statistic
    [6.0, 0.0]
    """
def mannwhitneyu(
    x: _Column,
    y: _Column,
    use_continuity: bool = True,
    alternative: _Alternative = "two-sided",
    axis: int | None = 0,
    method: Literal["auto", "exact", "asymptotic"] = "auto",
    *,
    nan_policy: _NanPolicy = "propagate",
    keepdims: bool = False,
) -> SignificanceResult:
    """Whether x tends to be larger or smaller than y, by ranks.

    Parameters
    ----------
    x, y : array_like
        Samples of one dimension.
    use_continuity : bool, default True
        Correct the normal approximation by half a step.
    alternative : {'two-sided', 'less', 'greater'}
    axis, keepdims
        For SciPy's sake; samples have one dimension.
    method : {'auto', 'exact', 'asymptotic'}
        `auto` is exact wherever that is cheap, with ties too; SciPy's is exact up to 8 values and without ties only.
    nan_policy : {'propagate', 'omit', 'raise'}
        NaN raises `DataError` unless it is left out.

    Returns
    -------
    SignificanceResult
        `statistic` is U of x.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.mannwhitneyu([1, 2, 3, 4], [3, 5, 6, 7], method="asymptotic").statistic
    1.5
    """
def brunnermunzel(
    x: _Column,
    y: _Column,
    alternative: _Alternative = "two-sided",
    distribution: Literal["t", "normal", "permutation"] = "t",
    nan_policy: _NanPolicy = "propagate",
    *,
    axis: int | None = 0,
    keepdims: bool = False,
) -> SignificanceResult:
    """Whether x tends to be larger or smaller than y, without assuming equal spread.

    Parameters
    ----------
    x, y : array_like
        Samples of one dimension.
    alternative : {'two-sided', 'less', 'greater'}
        As in SciPy: 'less' means that x tends to be smaller.
    distribution : {'t', 'normal', 'permutation'}
        What the statistic is referred to; 'permutation' is Neubert and Brunner's (2007), for small samples.
    nan_policy : {'propagate', 'omit', 'raise'}
    axis, keepdims
        For SciPy's sake; samples have one dimension.

    Returns
    -------
    SignificanceResult
        `statistic` is None when one sample lies wholly beyond the other; the p-value is then that of the exact rank test.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.brunnermunzel([1, 2, 3, 4, 5], [3, 4, 5, 6, 7]).pvalue, 4)
    0.0479
    """
def ttest_ind(
    a: _Column,
    b: _Column,
    *,
    axis: int | None = 0,
    equal_var: bool = True,
    nan_policy: _NanPolicy = "propagate",
    alternative: _Alternative = "two-sided",
    trim: float = 0.0,
    method: None = None,
    keepdims: bool = False,
) -> TtestResult:
    """Whether the means of a and b differ: Welch's test, or Yuen's when trimmed.

    Parameters
    ----------
    a, b : array_like
        Samples of one dimension.
    axis, keepdims
        For SciPy's sake; samples have one dimension.
    equal_var : bool
        Has to be False. Student's test, SciPy's default, assumes that both arms vary alike, which a canary's do not.
    nan_policy : {'propagate', 'omit', 'raise'}
    alternative : {'two-sided', 'less', 'greater'}
    trim : float, default 0
        Share of values taken off each end, in [0, 0.5): Yuen's test.
    method : None
        For SciPy's sake.

    Returns
    -------
    TtestResult
        With `df` and `confidence_interval()`.

    Examples
    --------
    >>> from serinus import stats
    >>> result = stats.ttest_ind([5.1, 4.9, 5.6, 5.8], [4.1, 4.4, 4.0, 4.3], equal_var=False)
    >>> result.pvalue < 0.01
    True
    """
def ttest_rel(
    a: _Column,
    b: _Column,
    axis: int | None = 0,
    nan_policy: _NanPolicy = "propagate",
    alternative: _Alternative = "two-sided",
    *,
    keepdims: bool = False,
) -> TtestResult:
    """Whether the mean of the differences of pairs is zero.

    Parameters
    ----------
    a, b : array_like
        Paired samples of one length.
    axis, keepdims
        For SciPy's sake; samples have one dimension.
    nan_policy : {'propagate', 'omit', 'raise'}
        'omit' leaves out pairs.
    alternative : {'two-sided', 'less', 'greater'}

    Returns
    -------
    TtestResult
        With `df` and `confidence_interval()`.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.ttest_rel([3.0, 4.0, 5.5], [2.0, 3.5, 4.0]).df
    2.0
    """
def ks_2samp(
    data1: _Column,
    data2: _Column,
    alternative: _Alternative = "two-sided",
    method: Literal["auto", "exact", "asymp", "exact-ties"] = "auto",
    *,
    axis: int | None = 0,
    nan_policy: _NanPolicy = "propagate",
    keepdims: bool = False,
) -> KstestResult:
    """Whether two samples come from one distribution, by the largest gap between their distribution functions.

    Parameters
    ----------
    data1, data2 : array_like
        Samples of one dimension.
    alternative : {'two-sided', 'less', 'greater'}
        About distribution functions, as in SciPy: 'greater' means that the function of data1 lies above, and so that its
        values are smaller.
    method : {'auto', 'exact', 'asymp', 'exact-ties'}
        'exact' counts as if there were no ties, as SciPy does; 'exact-ties' allows for them and is less conservative.
    axis, keepdims
        For SciPy's sake; samples have one dimension.
    nan_policy : {'propagate', 'omit', 'raise'}

    Returns
    -------
    KstestResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.ks_2samp([1, 2, 3], [4, 5, 6]).statistic
    1.0
    """
def wilcoxon(
    x: _Column,
    y: _Column | None = None,
    zero_method: Literal["wilcox", "pratt", "zsplit"] = "wilcox",
    correction: bool = False,
    alternative: _Alternative = "two-sided",
    method: Literal["auto", "exact", "asymptotic"] = "auto",
    *,
    axis: int | None = 0,
    nan_policy: _NanPolicy = "propagate",
    keepdims: bool = False,
) -> SignificanceResult:
    """Whether the differences of pairs lie symmetrically about zero, by signed ranks.

    Parameters
    ----------
    x : array_like
        The first of each pair, or the differences when y is None.
    y : array_like, optional
        The second of each pair.
    zero_method : {'wilcox', 'pratt', 'zsplit'}
        What becomes of differences of zero.
    correction : bool, default False
        Correct the normal approximation by half a step.
    alternative : {'two-sided', 'less', 'greater'}
    method : {'auto', 'exact', 'asymptotic'}
        `auto` is exact up to 50 differences, with ties and zeros too.
    axis, keepdims
        For SciPy's sake; samples have one dimension.
    nan_policy : {'propagate', 'omit', 'raise'}

    Returns
    -------
    SignificanceResult
        `statistic` is the smaller rank sum when two-sided, else that of the positive differences.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.wilcoxon([6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]).statistic
    24.0
    """
def cramervonmises_2samp(
    x: _Column,
    y: _Column,
    method: Literal["auto", "exact", "asymptotic", "exact-ties", "asymptotic-ties"] = "auto",
    *,
    axis: int | None = 0,
    nan_policy: _NanPolicy = "propagate",
    keepdims: bool = False,
) -> SignificanceResult:
    """Whether two samples come from one distribution, by the squared gap between their distribution functions.

    Parameters
    ----------
    x, y : array_like
        Samples of one dimension.
    method : {'auto', 'exact', 'asymptotic', 'exact-ties', 'asymptotic-ties'}
        The first three are SciPy's: midranks for ties, which inflate the statistic. The last two allow for ties.
    axis, keepdims
        For SciPy's sake; samples have one dimension.
    nan_policy : {'propagate', 'omit', 'raise'}

    Returns
    -------
    SignificanceResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.cramervonmises_2samp([1, 2, 3, 4], [5, 6, 7, 8]).pvalue < 0.05
    True
    """
def anderson_ksamp(
    samples: Sequence[_Column],
    *,
    variant: Literal["midrank", "right"] = "midrank",
    method: Literal["auto", "exact", "interpolated"] = "auto",
) -> SignificanceResult:
    """Whether two samples come from one distribution, by a gap that weighs the tails.

    Parameters
    ----------
    samples : sequence of two array_like
        Two samples of one dimension; SciPy takes more.
    variant : {'midrank', 'right'}
        How ties are split.
    method : {'auto', 'exact', 'interpolated'}
        Where the p-value comes from. SciPy's is interpolated in a table and capped to [0.001, 0.25]; this one is exact for
        small samples.

    Returns
    -------
    SignificanceResult
        `statistic` is standardised, as SciPy's.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.anderson_ksamp([[1, 2, 3, 4], [5, 6, 7, 8]]).pvalue < 0.05
    True
    """
def wasserstein_distance(
    u_values: _Column,
    v_values: _Column,
    u_weights: _Column | None = None,
    v_weights: _Column | None = None,
) -> float:
    """How far values have to be moved, on average, to turn one distribution into the other.

    Parameters
    ----------
    u_values, v_values : array_like
        Samples of one dimension.
    u_weights, v_weights : array_like, optional
        Weights of the values, by default equal.

    Returns
    -------
    float
        In the unit of the values.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.wasserstein_distance([0, 1, 3], [5, 6, 8])
    5.0
    """
def energy_distance(u_values: _Column, v_values: _Column) -> float:
    """The energy distance of Székely and Rizzo between two samples.

    Parameters
    ----------
    u_values, v_values : array_like
        Samples of one dimension.

    Returns
    -------
    float
        Root of 2 E|X - Y| - E|X - X'| - E|Y - Y'|.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.energy_distance([0], [2])
    2.0
    """
def false_discovery_control(
    ps: _Column,
    *,
    axis: int | None = 0,
    method: Literal["bh", "by"] = "bh",
) -> list[float]:
    """p-values adjusted to control the false discovery rate.

    Parameters
    ----------
    ps : array_like
        p-values in [0, 1], in one dimension.
    axis : int, default 0
        For SciPy's sake.
    method : {'bh', 'by'}
        Benjamini and Hochberg's, or Benjamini and Yekutieli's under any dependence.

    Returns
    -------
    list of float
        In the order given.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.false_discovery_control([0.01, 0.02, 0.04])
    [0.03, 0.03, 0.04]
    """
def adjust(
    ps: _Column,
    *,
    method: Literal[
        "bonferroni", "sidak", "holm", "holm_sidak", "hochberg", "hommel", "benjamini_hochberg", "benjamini_yekutieli"
    ] = "holm",
) -> list[float | None]:
    """p-values adjusted for the number of tests, by any of eight rules.

    Parameters
    ----------
    ps : array_like
        p-values in [0, 1]; None stands for a test that could not be made, does not count and stays None.
    method : str
        'bonferroni', 'sidak', 'holm', 'holm_sidak', 'hochberg', 'hommel', 'benjamini_hochberg' or 'benjamini_yekutieli'.

    Returns
    -------
    list of float or None
        In the order given.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.adjust([0.01, None, 0.04, 0.03], method="holm")
    [0.03, None, 0.06, 0.06]
    """
def fisher_exact(
    table: Any,
    alternative: _Alternative | None = None,
    *,
    method: None = None,
) -> SignificanceResult:
    """Fisher's exact test of a two-by-two table.

    Parameters
    ----------
    table : array_like
        Two rows of two whole counts.
    alternative : {'two-sided', 'less', 'greater'}, optional
        'greater' means an odds ratio above one.
    method : None
        For SciPy's sake.

    Returns
    -------
    SignificanceResult
        `statistic` is the sample odds ratio; None where it does not exist.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.fisher_exact([[6, 2], [1, 4]]).pvalue, 5)
    0.10256
    """
def boschloo_exact(
    table: Any,
    alternative: _Alternative = "two-sided",
    n: int = 32,
) -> SignificanceResult:
    """Boschloo's exact test of a two-by-two table whose columns are two samples.

    Parameters
    ----------
    table : array_like
        Two rows of two whole counts.
    alternative : {'two-sided', 'less', 'greater'}
        'less' means that the first column's share of the first row is smaller.
    n : int
        For SciPy's sake: the worst common proportion is found to full precision here, not among n points.

    Returns
    -------
    SignificanceResult
        `statistic` is Fisher's p-value.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.boschloo_exact([[74, 31], [43, 32]], alternative="greater").pvalue, 4)
    0.0356
    """
def barnard_exact(
    table: Any,
    alternative: _Alternative = "two-sided",
    pooled: bool = True,
    n: int = 32,
) -> SignificanceResult:
    """Barnard's exact test of a two-by-two table whose columns are two samples.

    Parameters
    ----------
    table : array_like
        Two rows of two whole counts.
    alternative : {'two-sided', 'less', 'greater'}
        'less' means that the first column's share of the first row is smaller.
    pooled : bool, default True
        Order the tables by z with the pooled variance.
    n : int
        For SciPy's sake: the worst common proportion is found to full precision here, not among n points.

    Returns
    -------
    SignificanceResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.barnard_exact([[7, 12], [8, 3]], alternative="less").pvalue < 0.05
    True
    """
def chi2_contingency(
    observed: Any,
    correction: bool = True,
    lambda_: Literal["pearson", "log-likelihood"] | None = None,
    *,
    method: None = None,
) -> Chi2ContingencyResult:
    """Whether rows and columns of a table of counts are independent.

    Parameters
    ----------
    observed : array_like
        Rows of counts, two rows or columns at least.
    correction : bool, default True
        Yates' correction, with one degree of freedom only.
    lambda\\_ : {'pearson', 'log-likelihood'}, optional
        Pearson's chi-square or the likelihood ratio.
    method : None
        For SciPy's sake.

    Returns
    -------
    Chi2ContingencyResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.chi2_contingency([[10, 10, 20], [20, 20, 20]]).dof
    2
    """
def quantile_test(
    x: _Column,
    *,
    q: float = 0.0,
    p: float = 0.5,
    alternative: _Alternative = "two-sided",
) -> QuantileTestResult:
    """Whether the p quantile of x is q.

    Parameters
    ----------
    x : array_like
        A sample of one dimension.
    q : float, default 0
        The hypothesised value of the quantile.
    p : float, default 0.5
        The probability of the quantile, in (0, 1).
    alternative : {'two-sided', 'less', 'greater'}
        'less' means that the quantile lies below q.

    Returns
    -------
    QuantileTestResult
        With `confidence_interval()`.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.quantile_test([1, 2, 3, 4, 5, 6], q=10).pvalue, 9)
    0.03125
    """
def binomtest(k: int, n: int, p: float = 0.5, alternative: _Alternative = "two-sided") -> BinomTestResult:
    """Whether k successes of n fit a probability of p, exactly.

    Parameters
    ----------
    k, n : int
        Successes and trials.
    p : float, default 0.5
        The probability under the null.
    alternative : {'two-sided', 'less', 'greater'}

    Returns
    -------
    BinomTestResult
        With `proportion_ci()`.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.binomtest(3, n=15, p=0.1, alternative="greater").pvalue, 4)
    0.1841
    """
def wilson(events: float, trials: float, *, alpha: float = 0.05) -> ConfidenceInterval:
    """Wilson's interval of a proportion.

    Parameters
    ----------
    events, trials : float
        Counts; effective ones need not be whole.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.wilson(0, 50).high < 0.08
    True
    """
def clopper_pearson(events: float, trials: float, *, alpha: float = 0.05) -> ConfidenceInterval:
    """Clopper and Pearson's exact interval of a proportion.

    Parameters
    ----------
    events, trials : float
        Counts; effective ones need not be whole.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.clopper_pearson(0, 100, alpha=0.1).high, 5)
    0.02276
    """
def jeffreys(events: float, trials: float, *, alpha: float = 0.05) -> ConfidenceInterval:
    """Jeffreys' interval of a proportion.

    Parameters
    ----------
    events, trials : float
        Counts; effective ones need not be whole.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.jeffreys(5, 10).low < 0.5 < stats.jeffreys(5, 10).high
    True
    """
def newcombe(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    alpha: float = 0.05,
) -> ConfidenceInterval:
    """Newcombe's hybrid interval of the difference of two proportions, x minus y.

    Parameters
    ----------
    x_events, x_n : int
        Events and trials of the canary.
    y_events, y_n : int
        Events and trials of the baseline.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.newcombe(56, 70, 48, 80).low > 0
    True
    """
def score_difference(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    delta: float = 0.0,
    variance: Literal["farrington_manning", "miettinen_nurminen"] = "farrington_manning",
) -> TailsResult:
    """The score test of a difference of proportions, x minus y, against delta.

    Parameters
    ----------
    x_events, x_n : int
        Events and trials of the canary.
    y_events, y_n : int
        Events and trials of the baseline.
    delta : float, default 0
        The difference asked about: a margin shows safety when `p_less` is small there.
    variance : {'farrington_manning', 'miettinen_nurminen'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.score_difference(20, 2000, 200, 20000, delta=0.01).p_less < 0.001
    True
    """
def score_difference_interval(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    alpha: float = 0.05,
    variance: Literal["farrington_manning", "miettinen_nurminen"] = "farrington_manning",
) -> ConfidenceInterval:
    """The score interval of a difference of proportions, x minus y.

    Parameters
    ----------
    x_events, x_n : int
        Events and trials of the canary.
    y_events, y_n : int
        Events and trials of the baseline.
    alpha : float, default 0.05
        One minus the level.
    variance : {'farrington_manning', 'miettinen_nurminen'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.score_difference_interval(0, 50, 0, 50).high > 0.05
    True
    """
def score_ratio(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    ratio: float = 1.0,
    variance: Literal["farrington_manning", "miettinen_nurminen"] = "farrington_manning",
) -> TailsResult:
    """The score test of a ratio of proportions, x over y, against ratio.

    Parameters
    ----------
    x_events, x_n : int
        Events and trials of the canary.
    y_events, y_n : int
        Events and trials of the baseline.
    ratio : float, default 1
        The ratio asked about: a margin shows safety when `p_less` is small there.
    variance : {'farrington_manning', 'miettinen_nurminen'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.score_ratio(100, 1000, 1000, 10000, ratio=1.5).p_less < 0.01
    True
    """
def score_ratio_interval(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    alpha: float = 0.05,
    variance: Literal["farrington_manning", "miettinen_nurminen"] = "farrington_manning",
) -> ConfidenceInterval:
    """The score interval of a ratio of proportions, x over y.

    Parameters
    ----------
    x_events, x_n : int
        Events and trials of the canary.
    y_events, y_n : int
        Events and trials of the baseline.
    alpha : float, default 0.05
        One minus the level.
    variance : {'farrington_manning', 'miettinen_nurminen'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.score_ratio_interval(10, 1000, 0, 1000).high
    inf
    """
def conditional_binomial(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    ratio: float = 1.0,
) -> TailsResult:
    """The exact conditional test of a ratio of rare events, x over y.

    Parameters
    ----------
    x_events, x_n : int
        Events and trials of the canary.
    y_events, y_n : int
        Events and trials of the baseline.
    ratio : float, default 1
        The ratio asked about: a margin shows safety when `p_less` is small there.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.conditional_binomial(9, 1000, 20, 10000).p_greater < 0.01
    True
    """
def mcnemar(
    only_x: int,
    only_y: int,
    *,
    method: Literal["exact", "corrected", "uncorrected"] = "exact",
) -> SignificanceResult:
    """McNemar's test of paired proportions.

    Parameters
    ----------
    only_x, only_y : int
        Pairs with the event in the canary alone, and in the baseline alone.
    method : {'exact', 'corrected', 'uncorrected'}

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.mcnemar(1, 9).pvalue, 9)
    0.021484375
    """
def tango(only_x: float, only_y: float, n: float, *, delta: float = 0.0) -> TailsResult:
    """Tango's score test of a difference of paired proportions, x minus y, against delta.

    Parameters
    ----------
    only_x, only_y : float
        Pairs with the event in the canary alone, and in the baseline alone.
    n : float
        All pairs.
    delta : float, default 0
        The difference asked about.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.tango(2, 3, 500, delta=0.02).p_less < 0.01
    True
    """
def tango_interval(only_x: float, only_y: float, n: float, *, alpha: float = 0.05) -> ConfidenceInterval:
    """Tango's score interval of a difference of paired proportions, x minus y.

    Parameters
    ----------
    only_x, only_y : float
        Pairs with the event in the canary alone, and in the baseline alone.
    n : float
        All pairs.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.tango_interval(0, 0, 100).high < 0.05
    True
    """
def rate_ratio_test(
    x_events: int,
    x_exposure: float,
    y_events: int,
    y_exposure: float,
    *,
    ratio: float = 1.0,
    method: Literal["exact", "mid_p", "score", "square_root"] = "exact",
) -> TailsResult:
    """Whether two rates of events over exposures differ, conditionally on all events.

    Parameters
    ----------
    x_events : int
    x_exposure : float
        Events of the canary and what they are counted over.
    y_events : int
    y_exposure : float
        The same of the baseline, in the same unit.
    ratio : float, default 1
        The ratio asked about.
    method : {'exact', 'mid_p', 'score', 'square_root'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.rate_ratio_test(11, 800.0, 5, 1011.0).p_greater < 0.06
    True
    """
def rate_ratio_interval(
    x_events: int,
    x_exposure: float,
    y_events: int,
    y_exposure: float,
    *,
    alpha: float = 0.05,
    method: Literal["exact", "mid_p", "score"] = "exact",
) -> EstimateResult:
    """The interval of a ratio of rates, x over y.

    Parameters
    ----------
    x_events : int
    x_exposure : float
        Events of the canary and what they are counted over.
    y_events : int
    y_exposure : float
        The same of the baseline, in the same unit.
    alpha : float, default 0.05
        One minus the level.
    method : {'exact', 'mid_p', 'score'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.rate_ratio_interval(10, 100.0, 0, 100.0).high
    inf
    """
def welch_noninferiority(
    x: _Column,
    y: _Column,
    *,
    direction: _Direction,
    relative: float | None = None,
    absolute: float | None = None,
    alpha: float = 0.05,
) -> MarginResult:
    """Whether the canary's mean keeps a margin, by Welch's test.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    direction : {'higher_is_better', 'lower_is_better'}
    relative, absolute : float, optional
        How much worse is acceptable, as a share of the baseline's mean, in the metric's unit, or both added.
    alpha : float, default 0.05
        The interval is at 1 - 2 alpha, and lies inside the margin exactly when `p_noninferior` is below alpha.

    Returns
    -------
    MarginResult
        `estimate` and interval are of mean_x - (1 + or - relative) mean_y.

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [10.1, 10.3, 9.9, 10.0, 10.2], [10.0, 10.2, 9.8, 10.1, 9.9]
    >>> stats.welch_noninferiority(x, y, direction="lower_is_better", relative=0.1).p_noninferior < 0.01
    True
    """
def welch_equivalence(
    x: _Column,
    y: _Column,
    *,
    low: float,
    high: float,
    relative: bool = False,
    alpha: float = 0.05,
) -> TailsResult:
    """Whether two means are equivalent, by two one-sided Welch tests.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    low, high : float
        Bounds of the difference of means, or of their ratio when `relative`.
    relative : bool, default False
    alpha : float, default 0.05

    Returns
    -------
    TailsResult
        `p_less`: shown above the low bound when small; `p_greater`: shown below the high bound when small. The larger of the
        two, `statistic` being None, is the p-value of equivalence.

    Examples
    --------
    >>> from serinus import stats
    >>> found = stats.welch_equivalence([10.1, 10.3, 9.9, 10.0], [10.0, 10.2, 9.8, 10.1], low=-1, high=1)
    >>> max(found) < 0.01
    True
    """
def yuen_noninferiority(
    x: _Column,
    y: _Column,
    *,
    direction: _Direction,
    relative: float | None = None,
    absolute: float | None = None,
    trim: float = 0.2,
    alpha: float = 0.05,
) -> MarginResult:
    """Whether the canary's trimmed mean keeps a margin, by Yuen's test.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    trim : float, default 0.2
        Share of values taken off each end.
    direction : {'higher_is_better', 'lower_is_better'}
    relative, absolute : float, optional
        How much worse is acceptable.
    alpha : float, default 0.05

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [10.1, 10.3, 9.9, 10.0, 99.0], [10.0, 10.2, 9.8, 10.1, 9.9]
    >>> stats.yuen_noninferiority(x, y, direction="lower_is_better", relative=0.2).p_noninferior < 0.05
    True
    """
def paired_t_noninferiority(
    x: _Column,
    y: _Column,
    *,
    direction: _Direction,
    relative: float | None = None,
    absolute: float | None = None,
    alpha: float = 0.05,
) -> MarginResult:
    """Whether the canary's mean keeps a margin over pairs.

    Parameters
    ----------
    x, y : array_like
        Pairs: the canary's values and the baseline's, of one length.
    direction : {'higher_is_better', 'lower_is_better'}
    relative, absolute : float, optional
        How much worse is acceptable.
    alpha : float, default 0.05

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [5.1, 7.0, 9.2, 4.1], [5.0, 7.1, 9.0, 4.0]
    >>> stats.paired_t_noninferiority(x, y, direction="lower_is_better", absolute=0.5).p_noninferior < 0.05
    True
    """
def rank_noninferiority(
    x: _Column,
    y: _Column,
    *,
    direction: _Direction,
    relative: float | None = None,
    absolute: float | None = None,
    method: Literal["mann_whitney", "brunner_munzel"] = "mann_whitney",
) -> TailsResult:
    """Whether the canary tends to keep a margin, by ranks.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    direction : {'higher_is_better', 'lower_is_better'}
    relative, absolute : float, optional
        How much worse is acceptable; one of the two.
    method : {'mann_whitney', 'brunner_munzel'}
        Brunner and Munzel's does not assume equal spread.

    Returns
    -------
    TailsResult
        `p_less` is the p-value of "worse than the margin": small shows safety. `p_greater` is that of "not worse than the
        margin": small shows harm. `estimate` is P(X > Y) + P(X = Y)/2 at the margin.

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [10.1, 10.3, 9.9, 10.0], [10.0, 10.2, 9.8, 10.1]
    >>> stats.rank_noninferiority(x, y, direction="lower_is_better", relative=0.2).p_less < 0.05
    True
    """
def hodges_lehmann(
    x: _Column,
    y: _Column,
    *,
    level: float = 0.95,
    alternative: _Alternative = "two-sided",
) -> EstimateResult:
    """The median of all differences x - y, with the interval that inverts the rank test.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    level : float, default 0.95
    alternative : {'two-sided', 'less', 'greater'}
        'less' bounds above, 'greater' below.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.hodges_lehmann([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]).estimate
    1.0
    """
def hodges_lehmann_ratio(
    x: _Column,
    y: _Column,
    *,
    level: float = 0.95,
    alternative: _Alternative = "two-sided",
) -> EstimateResult:
    """The median of all ratios x / y of positive values, with the interval that inverts the rank test.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    level : float, default 0.95
    alternative : {'two-sided', 'less', 'greater'}

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.hodges_lehmann_ratio([2.0, 4.0, 8.0], [1.0, 2.0, 4.0]).estimate, 9)
    2.0
    """
def fieller_ratio(x: _Column, y: _Column, *, level: float = 0.95) -> EstimateResult:
    """The ratio of means with Fieller's interval, variances unequal.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    level : float, default 0.95

    Returns
    -------
    EstimateResult
        Unbounded when the baseline's mean is not shown to differ from 0.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.fieller_ratio([11.0, 10.0, 12.0], [10.0, 9.0, 11.0]).estimate
    1.1
    """
def geometric_ratio(x: _Column, y: _Column, *, level: float = 0.95) -> EstimateResult:
    """The ratio of geometric means of positive values, by Welch's test on logarithms.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    level : float, default 0.95

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.geometric_ratio([2.0, 8.0], [1.0, 4.0]).estimate, 9)
    2.0
    """
def quantile_mover(
    x: _Column,
    y: _Column,
    *,
    q: float,
    direction: _Direction,
    relative: float | None = None,
    absolute: float | None = None,
    scale: Literal["log_ratio", "difference"] = "log_ratio",
    alpha: float = 0.05,
) -> MarginResult:
    """Whether a quantile of the canary keeps a margin, from order statistics of both arms (MOVER).

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    q : float
        The probability of the quantile, such as 0.99.
    direction : {'higher_is_better', 'lower_is_better'}
    relative, absolute : float, optional
        How much worse is acceptable.
    scale : {'log_ratio', 'difference'}
    alpha : float, default 0.05

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [float(v) for v in range(1, 400)], [float(v) for v in range(1, 400)]
    >>> stats.quantile_mover(x, y, q=0.5, direction="lower_is_better", relative=0.3).estimate
    1.0
    """
def bootstrap(
    x: _Column,
    y: _Column,
    *,
    direction: _Direction,
    relative: float | None = None,
    absolute: float | None = None,
    statistic: Literal["mean", "trimmed_mean", "quantile"] = "mean",
    q: float = 0.5,
    method: Literal["studentized", "percentile", "basic", "bca"] = "studentized",
    scale: Literal["difference", "log_ratio"] = "difference",
    draws: int | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> MarginResult:
    """Whether a statistic of the canary keeps a margin, by resampling.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.
    direction : {'higher_is_better', 'lower_is_better'}
    relative, absolute : float, optional
        How much worse is acceptable.
    statistic : {'mean', 'trimmed_mean', 'quantile'}
    q : float, default 0.5
        The probability of the quantile, or the share that is trimmed off each end.
    method : {'studentized', 'percentile', 'basic', 'bca'}
    scale : {'difference', 'log_ratio'}
    draws : int, optional
        Number of replicates; as many as the answer needs when None.
    alpha : float, default 0.05
    seed : int, default 0
        The same seed gives the same bits, on any number of threads.

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [10.1, 10.3, 9.9, 10.0, 10.2], [10.0, 10.2, 9.8, 10.1, 9.9]
    >>> stats.bootstrap(x, y, direction="lower_is_better", relative=0.1).p_noninferior < 0.05
    True
    """
def auc(scores: _Column, labels: _Column, *, level: float = 0.95) -> EstimateResult:
    """The area under the ROC curve, with DeLong's interval.

    Parameters
    ----------
    scores, labels : array_like
        Scores, and labels of 0 and 1, of one length.
    level : float, default 0.95

    Examples
    --------
    >>> from serinus import stats
    >>> stats.auc([0.9, 0.8, 0.7, 0.3, 0.2], [1, 1, 0, 1, 0]).estimate
    0.8333333333333334
    """
def delong(
    x_scores: _Column,
    y_scores: _Column,
    x_labels: _Column,
    y_labels: _Column | None = None,
    *,
    null: float = 0.0,
) -> TailsResult:
    """Whether two areas under ROC curves differ, by DeLong's test.

    Parameters
    ----------
    x_scores, y_scores : array_like
        Scores of the canary and of the baseline.
    x_labels : array_like
        Labels of 0 and 1 of the canary's rows.
    y_labels : array_like, optional
        Labels of the baseline's rows; None when both arms scored the same rows.
    null : float, default 0
        The difference asked about, canary minus baseline; minus a margin shows safety when `p_greater` is small there.

    Examples
    --------
    >>> from serinus import stats
    >>> labels = [1, 1, 1, 0, 0, 0]
    >>> round(stats.delong([.9, .8, .3, .4, .2, .1], [.9, .2, .3, .4, .8, .1], labels).estimate, 4)
    0.3333
    """
def cluster_contrast(
    x: _Column,
    x_clusters: _Column,
    y: _Column,
    y_clusters: _Column,
    *,
    relative: float = 0.0,
    level: float = 0.95,
) -> EstimateResult:
    """The difference of means with an error that allows for users who return.

    Parameters
    ----------
    x, y : array_like
        Values of the canary and of the baseline.
    x_clusters, y_clusters : array_like
        Who each value belongs to: numbers or text.
    relative : float, default 0
        mean_x - (1 + relative) mean_y is estimated.
    level : float, default 0.95

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 1.5, 2.5, 3.5, 4.5]
    >>> found = stats.cluster_contrast(x, list("abcde"), y, list("fghij"))
    >>> round(found.estimate, 9)
    0.5
    """
def cuped(
    x: _Column,
    y: _Column,
    *,
    x_before: _Column,
    y_before: _Column,
    level: float = 0.95,
) -> EstimateResult:
    """The difference of means after taking off what a covariate from before the canary explains.

    Parameters
    ----------
    x, y : array_like
        Outcomes of the canary and of the baseline.
    x_before, y_before : array_like
        The covariate, of one length with the outcomes.
    level : float, default 0.95

    Examples
    --------
    >>> from serinus import stats
    >>> x, y = [2.1, 3.9, 6.1, 8.0], [1.0, 3.1, 5.0, 6.9]
    >>> found = stats.cuped(x, y, x_before=[1, 2, 3, 4], y_before=[1, 2, 3, 4])
    >>> found.high - found.low < 1
    True
    """
def van_elteren(
    x: _Column,
    x_strata: _Column,
    y: _Column,
    y_strata: _Column,
    *,
    alternative: _Alternative = "two-sided",
) -> SignificanceResult:
    """The stratified rank test of van Elteren: whether x tends to be larger or smaller than y inside strata.

    Parameters
    ----------
    x, y : array_like
        Values of the canary and of the baseline.
    x_strata, y_strata : array_like of numbers
        The stratum of each value.
    alternative : {'two-sided', 'less', 'greater'}

    Examples
    --------
    >>> from serinus import stats
    >>> stats.van_elteren([5, 6, 15, 16], [1, 1, 2, 2], [1, 2, 11, 12], [1, 1, 2, 2]).pvalue < 0.05
    True
    """
def mantel_haenszel(
    tables: Sequence[tuple[int, int, int, int]],
    *,
    correction: bool = False,
) -> SignificanceResult:
    """The common difference of event rates over strata, x minus y, with Sato's error (Mantel and Haenszel).

    Parameters
    ----------
    tables : sequence of tuples
        One tuple a stratum: events and trials of the canary, events and trials of the baseline.
    correction : bool, default False
        Correct the test by one half.

    Returns
    -------
    SignificanceResult
        The Cochran-Mantel-Haenszel test.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.mantel_haenszel([(30, 100, 100, 1000), (40, 100, 200, 1000)]).pvalue < 0.001
    True
    """
def psi(x: _Column, y: _Column, *, bins: int = 10, smoothing: float = 0.5) -> ShiftResult:
    """The population stability index, with what it is worth at these sizes.

    Parameters
    ----------
    x, y : array_like
        Values of the canary and of the baseline: numbers, or text as categories.
    bins : int, default 10
        Quantile bins of the baseline, for numbers.
    smoothing : float, default 0.5
        Rows added to each category of each arm.

    Returns
    -------
    ShiftResult
        `pvalue` is of "nothing has shifted"; the customary alarms at 0.1 and 0.25 are noise at canary sizes.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.psi(["a"] * 50 + ["b"] * 50, ["a"] * 500 + ["b"] * 500).statistic < 0.01
    True
    """
def jensen_shannon(x: _Column, y: _Column, *, bins: int = 10) -> ShiftResult:
    """Jensen and Shannon's divergence in bits, between 0 and 1, with its test.

    Parameters
    ----------
    x, y : array_like
        Values of the canary and of the baseline: numbers, or text as categories.
    bins : int, default 10
        Quantile bins of the baseline, for numbers.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.jensen_shannon(["a"] * 50, ["b"] * 50).statistic, 12)
    1.0
    """
def log_losses(probabilities: _Column, labels: _Column, *, clip: float | None = None) -> LogLossesResult:
    """The log-loss of each item: a column to compare the arms' means of.

    Parameters
    ----------
    probabilities, labels : array_like
        Probabilities in [0, 1], and labels of 0 and 1, of one length.
    clip : float, optional
        Probabilities are clipped to [clip, 1 - clip]; by default as scikit-learn does, at 2^-52. Both arms have to be clipped alike.

    Returns
    -------
    LogLossesResult
        `losses`, and how many items were `clipped`.

    Examples
    --------
    >>> from serinus import stats
    >>> [round(loss, 4) for loss in stats.log_losses([0.5, 0.9], [1, 0]).losses]
    [0.6931, 2.3026]
    """
def brier_losses(probabilities: _Column, labels: _Column) -> list[float]:
    """The Brier loss of each item, (probability - label)^2: a column to compare the arms' means of.

    Parameters
    ----------
    probabilities, labels : array_like
        Probabilities in [0, 1], and labels of 0 and 1, of one length.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.brier_losses([0.5, 1.0], [1, 1])
    [0.25, 0.0]
    """
def calibration_terms(probabilities: _Column, labels: _Column) -> list[float]:
    """Probability minus label of each item; their mean is calibration in the large.

    Parameters
    ----------
    probabilities, labels : array_like
        Probabilities in [0, 1], and labels of 0 and 1, of one length.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.calibration_terms([0.75, 0.25], [1, 0])
    [-0.25, 0.25]
    """
def calibration_error(probabilities: _Column, labels: _Column, *, bins: int | None = None) -> float | None:
    """The expected calibration error over bins of equal numbers of items; None without items.

    Parameters
    ----------
    probabilities, labels : array_like
        Probabilities in [0, 1], and labels of 0 and 1, of one length.
    bins : int, default 10
        Number of bins. Equal probabilities stay in one.

    Notes
    -----
    Biased upwards by about the root of bins / n: compare arms of one size.

    Examples
    --------
    >>> from serinus import stats
    >>> p = [0.2] * 5 + [0.8] * 5
    >>> stats.calibration_error(p, [1, 0, 0, 0, 0, 1, 1, 1, 1, 0], bins=2) < 1e-15
    True
    """
def average_precision(scores: _Column, labels: _Column) -> float | None:
    """Average precision: the precision at each threshold times the recall gained, as scikit-learn; None without positives.

    Parameters
    ----------
    scores, labels : array_like
        Scores, and labels of 0 and 1, of one length.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 4)
    0.8333
    """
def regression_error(predicted: _Column, actual: _Column) -> RegressionErrorResult | None:
    """How far predictions lie from what came: mean absolute error and root of the mean squared error; None without items.

    Parameters
    ----------
    predicted, actual : array_like
        Of one length.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.regression_error([3.0, 1.0], [0.0, 5.0]).mae
    3.5
    """
def agreement(x: _Column, y: _Column, *, absolute: float = 0.0, relative: float = 0.0) -> AgreementResult:
    """How often two models give the same answer to the same items, within a tolerance.

    Parameters
    ----------
    x, y : array_like
        Answers of the canary and of the baseline, item by item.
    absolute, relative : float, default 0
        Answers agree within absolute + relative |y|.

    Returns
    -------
    AgreementResult
        With `lower_bound(alpha)` and `p_value(threshold)`, both exact.

    Examples
    --------
    >>> from serinus import stats
    >>> same = stats.agreement([1.0, 2.0, 3.0], [1.0, 2.1, 9.0], relative=0.05)
    >>> same.agreeing, same.items, same.p_value(0.5) > 0.05
    (2, 3, True)
    """
def intraclass_correlation(x: _Column, clusters: _Column) -> IntraclassCorrelationResult:
    """How alike the rows of one cluster (a user) are, by one-way analysis of variance.

    Parameters
    ----------
    x : array_like
        Values of one arm.
    clusters : array_like
        Who each value belongs to: numbers or text.

    Returns
    -------
    IntraclassCorrelationResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.intraclass_correlation([1, 1, 5, 5, 9, 9], list("aabbcc")).icc
    1.0
    """
def design_effect(icc: float, sizes: _Column) -> float | None:
    """By how much clusters of these sizes inflate a variance; None without rows.

    Parameters
    ----------
    icc : float
        The intraclass correlation; a negative one counts 0.
    sizes : sequence of int
        Rows of each cluster.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.design_effect(0.1, [21, 21, 21])
    3.0
    """
def cluster_ratio(numerators: _Column, denominators: _Column) -> ClusterRatioResult:
    """A sum over a sum of one arm, with an error that allows for users who return: each entry is one cluster's totals.

    Parameters
    ----------
    numerators, denominators : array_like
        Of one length.

    Returns
    -------
    ClusterRatioResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.cluster_ratio([0, 1, 0, 2, 1], [1, 4, 1, 8, 6]).ratio
    0.2
    """
def clustered_rank(
    x: _Column,
    x_clusters: _Column,
    y: _Column,
    y_clusters: _Column,
    *,
    null: float = 0.5,
) -> TailsResult:
    """Whether the canary's values tend to be larger, by ranks, with an error that allows for users who return.

    Parameters
    ----------
    x, y : array_like
        Values of the canary and of the baseline.
    x_clusters, y_clusters : array_like
        Who each value belongs to: numbers or text.
    null : float, default 0.5
        P(x > y) + P(x = y) / 2 is tested against this.

    Returns
    -------
    TailsResult
        `estimate` is that probability.

    Examples
    --------
    >>> from serinus import stats
    >>> found = stats.clustered_rank([1, 2, 3, 4, 6], list("aabbc"), [0, 1, 2, 3, 5], list("ddeef"))
    >>> found.estimate
    0.66
    """
def trials_without_events(threshold: float, *, alpha: float = 0.05) -> int:
    """How many trials without a single event show that the rate is below a threshold.

    Parameters
    ----------
    threshold : float
        In (0, 1).
    alpha : float, default 0.05
        One-sided error rate.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.trials_without_events(0.01)
    299
    """
def agresti_coull(events: float, trials: float, *, alpha: float = 0.05) -> ConfidenceInterval:
    """Agresti and Coull's interval of a proportion.

    Parameters
    ----------
    events, trials : float
        Counts; effective ones need not be whole.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.agresti_coull(0, 50).high < 0.1
    True
    """
def agresti_caffo(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    alpha: float = 0.05,
) -> ConfidenceInterval:
    """Agresti and Caffo's interval of a difference of proportions, canary minus baseline.

    Parameters
    ----------
    x_events, x_n, y_events, y_n : int
        Events of trials of the canary and of the baseline.
    alpha : float, default 0.05
        Error rate of each end.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.agresti_caffo(6, 200, 90, 6000, alpha=0.025).low, 6)
    -0.005919
    """
def rate_interval(events: float, exposure: float, *, alpha: float = 0.05) -> ConfidenceInterval:
    """Garwood's exact interval of a rate of events.

    Parameters
    ----------
    events : float
        Their number.
    exposure : float
        Requests, hours, anything that events are counted over.
    alpha : float, default 0.05
        Error rate of each end.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.rate_interval(0, 1000.0, alpha=0.05).high, 6)
    0.002996
    """
def rate_test(events: int, exposure: float, threshold: float, *, alternative: _Alternative = "two-sided") -> float:
    """The exact p-value of a rate of events against a threshold.

    Parameters
    ----------
    events : int
        Their number.
    exposure : float
        Requests, hours, anything that events are counted over.
    threshold : float
        The rate under the null.
    alternative : {'two-sided', 'less', 'greater'}, optional

    Examples
    --------
    >>> from serinus import stats
    >>> stats.rate_test(12, 1000.0, 0.005, alternative="greater") < 0.01
    True
    """
def poisson_means_test(
    k1: int,
    n1: float,
    k2: int,
    n2: float,
    *,
    diff: float = 0.0,
    alternative: _Alternative = "two-sided",
) -> SignificanceResult:
    """Whether two Poisson rates differ, unconditionally: the E-test.

    Parameters
    ----------
    k1, n1 : int, float
        Events and exposure of the canary.
    k2, n2 : int, float
        Events and exposure of the baseline.
    diff : float, default 0
        The difference of rates under the null, at least 0.
    alternative : {'two-sided', 'less', 'greater'}, optional

    Returns
    -------
    SignificanceResult
        `statistic` is None where it does not exist.

    Notes
    -----
    SciPy's test. Outcomes tied with the one seen count here; there they count or not by their last digit.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.poisson_means_test(0, 100, 3, 100).pvalue, 6)
    0.088379
    """
def harrell_davis(x: _Column, q: float) -> float:
    """Harrell and Davis' estimate of a quantile: a mean over all order statistics, smoother than one of them.

    Parameters
    ----------
    x : array_like
        One sample.
    q : float
        The quantile's probability.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.harrell_davis([1, 2, 3, 4, 5], 0.5), 9)
    3.0
    """
def kish_size(weights: _Column) -> float | None:
    """Kish's effective size of a weighted sample; None without weight.

    Parameters
    ----------
    weights : array_like
        At least 0 each.

    Examples
    --------
    >>> from serinus import stats
    >>> stats.kish_size([1, 1, 2])
    2.6666666666666665
    """
def effect_size(x: _Column, y: _Column) -> EffectSizeResult:
    """Cohen's d, Hedges' g and Glass' delta of two samples.

    Parameters
    ----------
    x, y : array_like
        Samples of the canary and of the baseline.

    Returns
    -------
    EffectSizeResult
        None where a size does not exist.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.effect_size([2, 4, 6], [1, 3, 5]).cohen_d, 9)
    0.5
    """
def e_holm(log_e: _Column, *, alpha: float = 0.05) -> list[bool]:
    """Which e-values survive e-Holm at `alpha`: controls the chance of any false one under any dependence.

    Parameters
    ----------
    log_e : array_like
        Natural logarithms of e-values.
    alpha : float, default 0.05
        Error rate.

    Examples
    --------
    >>> from math import log
    >>> from serinus import monitor
    >>> monitor.e_holm([log(70), log(45), log(2)])
    [True, True, False]
    """
def e_holm_adjusted(log_e: _Column) -> list[float]:
    """The p-value that e-Holm gives each e-value: the least alpha at which it is rejected, at most 1.

    Parameters
    ----------
    log_e : array_like
        Natural logarithms of e-values.

    Examples
    --------
    >>> from math import log
    >>> from serinus import monitor
    >>> [round(p, 4) for p in monitor.e_holm_adjusted([log(100), log(10)])]
    [0.02, 0.1]
    """
def e_bh(log_e: _Column, *, q: float = 0.05) -> list[bool]:
    """Which e-values survive e-BH at false discovery rate `q`, under any dependence.

    Parameters
    ----------
    log_e : array_like
        Natural logarithms of e-values.
    q : float, default 0.05
        False discovery rate.

    Examples
    --------
    >>> from math import log
    >>> from serinus import monitor
    >>> monitor.e_bh([log(45), log(41), log(1)], q=0.1)
    [True, True, False]
    """
def log_mean_e(log_e: _Column, weights: _Column | None = None) -> float | None:
    """The log of the weighted mean of e-values: again an e-value; None when no weight is positive.

    Parameters
    ----------
    log_e : array_like
        Natural logarithms of e-values.
    weights : array_like, optional
        Of one length; equal ones by default.

    Examples
    --------
    >>> from math import exp, log
    >>> from serinus import monitor
    >>> round(exp(monitor.log_mean_e([log(100), 0.0], [1, 3])), 9)
    25.75
    """
def p_to_e(p: float, *, kappa: float = 0.5) -> float:
    """The e-value of a p-value from a test that was made once, kappa p^(kappa - 1).

    Parameters
    ----------
    p : float
        In (0, 1].
    kappa : float, default 0.5
        In (0, 1).

    Examples
    --------
    >>> from serinus import monitor
    >>> monitor.p_to_e(0.04)
    2.5
    """
def p_from_log_e(log_e: float) -> float:
    """The p-value that an e-value gives at any stopping time: min(1, 1/E).

    Parameters
    ----------
    log_e : float
        Natural logarithm of the e-value.

    Examples
    --------
    >>> from math import log
    >>> from serinus import monitor
    >>> round(monitor.p_from_log_e(log(20)), 9)
    0.05
    """
def bernoulli_confidence_sequence(
    events: int,
    n: int,
    *,
    alpha: float = 0.05,
    n_opt: float | None = None,
) -> ConfidenceInterval:
    """The rate that `events` of `n` rows bound at every look at once: a confidence sequence.

    Parameters
    ----------
    events, n : int
        Events so far, and rows so far.
    alpha : float, default 0.05
        One minus the level.
    n_opt : float, optional
        Rows at which it is tightest; by default `n`.

    Returns
    -------
    ConfidenceInterval

    Examples
    --------
    >>> from serinus import monitor
    >>> round(monitor.bernoulli_confidence_sequence(3494, 9315, n_opt=5000).low, 6)
    0.359836
    """
def dkw_radius(n: int, *, alpha: float = 0.05) -> float:
    """Half-width of a band around an empirical distribution function that holds at every number of rows at once.

    Parameters
    ----------
    n : int
        Rows so far.
    alpha : float, default 0.05
        One minus the level.

    Examples
    --------
    >>> from serinus import monitor
    >>> round(monitor.dkw_radius(194430), 6)
    0.006359
    """
def group_sequential_bounds(
    fractions: _Column,
    spending: Literal["o_brien_fleming", "pocock"] | float | None = None,
    *,
    alpha: float = 0.025,
) -> dict[str, list[float]]:
    """One-sided bounds for a few planned looks (Lan and DeMets).

    Parameters
    ----------
    fractions : array_like
        Information so far over the planned one at each look, ascending.
    spending : {'o_brien_fleming', 'pocock'} or float
        How the error is spent: almost none early, evenly, or as alpha times the fraction to this power.
    alpha : float, default 0.025
        One-sided error rate.

    Returns
    -------
    dict
        `z`, the bound at each look, and `alpha_spent` by each.

    Examples
    --------
    >>> from serinus import monitor
    >>> round(monitor.group_sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0], "pocock")["z"][0], 5)
    2.43798
    """
def rate_limit_log_e(n: int, events: int, limit: float, side: Literal["above", "below"]) -> float:
    """The log of an e-value for "the rate lies on this side of the limit", from `events` of `n` rows.

    Parameters
    ----------
    n, events : int
        Rows and events so far.
    limit : float
        In (0, 1).
    side : {'above', 'below'}
        What is to be shown.

    Examples
    --------
    >>> from math import log
    >>> from serinus import monitor
    >>> monitor.rate_limit_log_e(100, 9, 0.02, "above") > log(20)
    True
    """
def dirichlet_log_e(counts: Sequence[int], shares: _Column, *, concentration: float = 100.0) -> float:
    """The log of an e-value of class counts against given shares.

    Parameters
    ----------
    counts : sequence of int
        Rows of each class so far.
    shares : array_like
        The share of each class under the null; they sum to 1.
    concentration : float, default 100
        A larger one looks nearer to the null: 1000 for a few percent.

    Examples
    --------
    >>> from serinus import monitor
    >>> round(monitor.dirichlet_log_e([225, 169], [0.5, 0.5]), 6)
    2.386722
    """
def ttest_ind_from_stats(
    mean1: float,
    std1: float,
    nobs1: int,
    mean2: float,
    std2: float,
    nobs2: int,
    equal_var: bool = True,
    alternative: _Alternative = "two-sided",
) -> TtestResult:
    """Whether two means differ, from means, standard deviations and numbers of values: Welch's test.

    Parameters
    ----------
    mean1, std1, nobs1 : float, float, int
        Mean, standard deviation (n - 1) and number of values of the canary.
    mean2, std2, nobs2 : float, float, int
        Those of the baseline.
    equal_var : bool, default True
        Has to be False: Student's test assumes that both arms vary alike.
    alternative : {'two-sided', 'less', 'greater'}, optional

    Returns
    -------
    TtestResult

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.ttest_ind_from_stats(15.0, 9.3, 13, 12.0, 5.8, 11, equal_var=False).pvalue, 4)
    0.347
    """
def sign_test(x: _Column, y: _Column) -> TailsResult:
    """Whether the median difference within pairs is zero, by the signs alone: exact.

    Parameters
    ----------
    x, y : array_like
        Values of the canary and of the baseline, pair by pair.

    Returns
    -------
    TailsResult
        `statistic` is the number of pairs in which x is larger, `estimate` their share among the pairs that differ.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.sign_test([2.0, 3.0, 9.0, 4.0], [1.0, 2.0, 3.0, 4.0]).p_greater, 9)
    0.125
    """
def pseudo_median(
    d: _Column,
    *,
    level: float = 0.95,
    alternative: _Alternative = "two-sided",
) -> EstimateResult:
    """The typical difference within pairs: the median of all averages of two differences, with its interval.

    Parameters
    ----------
    d : array_like
        Differences, canary minus baseline.
    level : float, default 0.95
    alternative : {'two-sided', 'less', 'greater'}

    Returns
    -------
    EstimateResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.pseudo_median([1.0, 2.0, 3.0, 7.0], level=0.8).estimate
    2.75
    """
def score_odds_ratio(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    ratio: float = 1.0,
    variance: Literal["farrington_manning", "miettinen_nurminen"] = "farrington_manning",
) -> TailsResult:
    """The score test of a ratio of odds, x over y, against `ratio`.

    Parameters
    ----------
    x_events, x_n, y_events, y_n : int
        Events and trials of the canary and of the baseline.
    ratio : float, default 1
        The ratio under the null.
    variance : {'farrington_manning', 'miettinen_nurminen'}

    Returns
    -------
    TailsResult

    Examples
    --------
    >>> from serinus import stats
    >>> stats.score_odds_ratio(56, 70, 48, 80).p_greater < 0.01
    True
    """
def score_odds_ratio_interval(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    alpha: float = 0.05,
    variance: Literal["farrington_manning", "miettinen_nurminen"] = "farrington_manning",
) -> ConfidenceInterval:
    """The ratios of odds that `score_odds_ratio` keeps.

    Parameters
    ----------
    x_events, x_n, y_events, y_n : int
        Events and trials of the canary and of the baseline.
    alpha : float, default 0.05
        Error rate of each end.
    variance : {'farrington_manning', 'miettinen_nurminen'}

    Examples
    --------
    >>> from serinus import stats
    >>> found = stats.score_odds_ratio_interval(56, 70, 48, 80, alpha=0.025, variance="miettinen_nurminen")
    >>> round(found.low, 4), round(found.high, 4)
    (1.2816, 5.5402)
    """
def log_ratio_interval(
    x_events: int,
    x_n: int,
    y_events: int,
    y_n: int,
    *,
    alpha: float = 0.05,
    smoothing: bool = True,
) -> ConfidenceInterval:
    """The interval of a ratio of proportions from the normal limit of its logarithm: for display; the score interval decides.

    Parameters
    ----------
    x_events, x_n, y_events, y_n : int
        Events and trials of the canary and of the baseline.
    alpha : float, default 0.05
        Error rate of each end.
    smoothing : bool, default True
        Whether half an event is added in each arm; without it an arm without events has no interval.

    Examples
    --------
    >>> from serinus import stats
    >>> round(stats.log_ratio_interval(6, 200, 90, 6000, alpha=0.025).low, 6)
    0.982047
    """
