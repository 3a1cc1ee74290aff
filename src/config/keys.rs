//! The one table of the config's keys. The reader walks it and the JSON Schema is made from it, so they cannot differ.

use super::shape::Shape::{Count, Either, Flag, List, Map, Number, Object, Scalar, Text, Variants, Version, Word};
use super::shape::{Key, Keys, Range, Shape, Some as SomeOf, VAST, Variant, key};

pub(super) const DIRECTIONS: &[&str] = &["higher_is_better", "lower_is_better", "either"];
pub(super) const CORRECTIONS: &[&str] =
    &["none", "bonferroni", "holm", "benjamini_hochberg", "benjamini_yekutieli", "hochberg", "sidak"];

const COLUMN: Shape = Text("a column name");
const PREFIX: Shape = Text("a prefix of column names");
const ALPHA_RANGE: Range = Range::open(0.0, 0.5);
const SECONDS: Range = Range::closed(0.0, 1e12);

/// A whole config file.
pub(crate) static CONFIG: Shape = Object(&Keys {
    keys: &[
        key("version", Version(1), "Version of this format; 1.").required(),
        key("data", Object(&DATA), "How to read a request log; not needed when arrays are passed in."),
        key("alpha", ALPHA, "Error rates of the two questions asked of each metric; one number sets both."),
        key("correction", Word(CORRECTIONS), "How p-values of one family are corrected; default holm."),
        key("thresholds", Object(&THRESHOLDS), "Where the score passes and fails; default 95 and 60."),
        key("policy", Object(&POLICY), "What an open question costs."),
        key(
            "groups",
            Map { names: "group names", of: &Number(Range::closed(0.0, 100.0)), least: 0 },
            "Weights of metric groups in percent.",
        ),
        key("seed", Count(0), "Seed of everything that is resampled; default 0."),
        key("metrics", List { of: &METRIC, least: 1 }, "What is judged.").required(),
        key("monitoring", Object(&MONITORING), "Anytime-valid monitoring; all optional."),
    ],
    some: SomeOf::Any,
    strays: &[
        ("where", "filters stand on a metric, never on all data: there they would empty the error metric"),
        ("filter", "filters stand on a metric, as `where: {column: value}`"),
        ("margin", "a margin stands on a metric"),
    ],
});

static DATA: Keys = Keys {
    keys: &[
        key("arm", Object(&ARM), "The column that says which arm served a row."),
        key("id", COLUMN, "Column that names rows in reports."),
        key("unit", COLUMN, "Column of what was randomised (user, session); makes every test cluster-robust."),
        key(
            "stratum",
            Either(&[COLUMN, Object(&STRATUM)]),
            "Blocks inside which the arms are compared: a column, or {seconds: 600} for time blocks.",
        ),
        key("time", Either(&[COLUMN, Object(&TIME)]), "When a row happened; a plain column name means milliseconds."),
        key(
            "share",
            Either(&[COLUMN, Number(Range::open(0.0, 100.0))]),
            "Declared traffic share of the canary in percent, a column or a number, for the sample-ratio check.",
        ),
        key("segments", List { of: &COLUMN, least: 0 }, "Columns whose values are judged one by one."),
        key("labels", Object(&LABELS), "Labels that arrive late."),
        key("warm_up", Object(&WARM_UP), "What to drop at the start, in both arms."),
        key("paired", Object(&PAIRED), "Column prefixes of a shadow log, in place of `arm`."),
    ],
    some: SomeOf::Any,
    strays: &[
        (
            "where",
            "filters stand on a metric, never at data level: there they would empty the error metric. Move it to the metrics that need it",
        ),
        ("filter", "filters stand on a metric, as `where: {column: value}`"),
        ("strata", "unknown key `strata`; did you mean `stratum`?"),
    ],
};

static ARM: Keys = Keys {
    keys: &[
        key("column", COLUMN, "Column name; default `arm`."),
        key("baseline", Scalar { booleans: true }, "Value of the baseline's rows; default `baseline`."),
        key("canary", Scalar { booleans: true }, "Value of the canary's rows; default `canary`."),
        key(
            "ignore",
            List { of: &Scalar { booleans: false }, least: 0 },
            "Values whose rows are left out; any other value is an error.",
        ),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static STRATUM: Keys = Keys {
    keys: &[key("seconds", Number(Range::above(0.0, 1e12)), "Length of a time block in seconds.").required()],
    some: SomeOf::Any,
    strays: &[("column", "a stratum column is written as `stratum: NAME`")],
};

static TIME: Keys = Keys {
    keys: &[
        key("column", COLUMN, "Column name.").required(),
        key("unit", Word(&["ms", "s", "rfc3339"]), "Unit of the column; default ms."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static LABELS: Keys = Keys {
    keys: &[
        key("arrive", COLUMN, "Column with the time at which a row's label arrived, in the unit of `time`.").required(),
        key("columns", List { of: &COLUMN, least: 1 }, "Columns that wait for the label.").required(),
        key(
            "as_of",
            Either(&[Text("`last` or a time"), Number(Range::any())]),
            "The moment of judgement: `last` (time of the last row), a number in the unit of `time`, or RFC 3339.",
        ),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static WARM_UP: Keys = Keys {
    keys: &[
        key("requests", Count(1), "Drop rows of both arms up to the time of the canary's k-th row."),
        key("seconds", Number(Range::above(0.0, 1e12)), "Drop rows up to that time after the canary's first row."),
    ],
    some: SomeOf::ExactlyOne(&["requests", "seconds"]),
    strays: &[],
};

static PAIRED: Keys = Keys {
    keys: &[
        key("baseline", PREFIX, "Prefix of the baseline's columns, such as `baseline_`.").required(),
        key("canary", PREFIX, "Prefix of the canary's columns, such as `canary_`.").required(),
    ],
    some: SomeOf::Any,
    strays: &[],
};

const ALPHA: Shape = Either(&[Number(ALPHA_RANGE), Object(&ALPHA_KEYS)]);

static ALPHA_KEYS: Keys = Keys {
    keys: &[
        key("safe", Number(ALPHA_RANGE), "Of calling a canary safe that is worse than the margin; default 0.05."),
        key("harm", Number(ALPHA_RANGE), "Of calling a canary harmful that is not; default 0.01."),
    ],
    some: SomeOf::AtLeastOne(&["safe", "harm"]),
    strays: &[],
};

static THRESHOLDS: Keys = Keys {
    keys: &[
        key("pass", Number(Range::closed(0.0, 100.0)), "Least score that promotes; default 95."),
        key("fail", Number(Range::closed(0.0, 100.0)), "A best score at or below this one rolls back; default 60."),
    ],
    some: SomeOf::Any,
    strays: &[("marginal", "Kayenta's marginal score is called `fail` here: at or below it the canary is rolled back")],
};

static POLICY: Keys = Keys {
    keys: &[
        key("inconclusive", Word(&["hold", "fail", "pass"]), "What an inconclusive metric counts as; default hold."),
        key("no_data", Word(&["hold", "fail", "ignore"]), "What a metric without data counts as; default hold."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static MONITORING: Keys = Keys {
    keys: &[
        key("alpha_rollback", Number(ALPHA_RANGE), "Error rate of a false rollback over all looks; default 0.05."),
        key("split", Object(&SPLIT), "Shares of that rate; at most 1 together."),
        key("alpha_promote", Number(ALPHA_RANGE), "Error rate of a false promotion over all looks; default 0.05."),
        key("look", Object(&LOOK), "How often to look; default every 60 seconds."),
        key("burn_in", Object(&BURN_IN), "Canary rows and expected events before a metric may speak."),
        key("min_bake_seconds", Number(SECONDS), "Least seconds before promotion; default 0."),
        key("expected_rows", Count(1), "Canary rows expected over the whole window; tunes the mixtures."),
        key("watermark_seconds", Number(SECONDS), "How long a batch waits for late rows; default 0."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static SPLIT: Keys = Keys {
    keys: &[
        key("metrics", Number(Range::closed(0.0, 1.0)), "Share of the metrics; default 0.6."),
        key("spike", Number(Range::closed(0.0, 1.0)), "Share of error spikes; default 0.2."),
        key("shift", Number(Range::closed(0.0, 1.0)), "Share of distribution shift; default 0.2."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

pub(crate) static LOOK: Keys = Keys {
    keys: &[
        key("seconds", Number(Range::above(0.0, 1e12)), "Every so many seconds."),
        key("requests", Count(1), "Every so many requests, of both arms."),
    ],
    some: SomeOf::ExactlyOne(&["seconds", "requests"]),
    strays: &[],
};

static BURN_IN: Keys = Keys {
    keys: &[key("rows", Count(0), "Canary rows; default 100."), key("events", Count(0), "Expected events; default 5.")],
    some: SomeOf::Any,
    strays: &[],
};

/// One metric.
pub(super) static METRIC: Shape = Variants {
    tag: "type",
    common: &[&[
        key("name", Text("a name"), "Unique name.").required(),
        key("role", Word(&["critical", "scored", "advisory"]), "What the metric decides; default scored."),
        key("group", Text("a group name"), "Group in which it is scored."),
        key("weight", Number(Range::closed(0.0, 1e6)), "Weight in its group; default 1."),
        key("alpha", ALPHA, "Error rates of its own."),
        key("test", TEST, "Test in place of the type's default."),
        key(
            "where",
            Map { names: "column names", of: &Scalar { booleans: true }, least: 1 },
            "Equality filters: only rows with these values count.",
        ),
        key("missing", Word(&["drop", "fail", "zero"]), "What a missing value is; default drop."),
        key("min_samples", Count(0), "Least rows (units when clustered) of each arm; default 0."),
        key("segments", Flag, "Whether segments are judged; default true."),
    ]],
    of: &[
        Variant {
            tag: "proportion",
            keys: &[
                DIRECTED,
                COMPARED,
                ONE_COLUMN,
                &[
                    key("above", Number(Range::any()), "An event is a value greater than this number."),
                    key("below", Number(Range::any()), "An event is a value less than this number."),
                ],
            ],
            doc: "Share of rows whose value is true, or above or below a number.",
        },
        Variant { tag: "mean", keys: &[DIRECTED, COMPARED, ONE_COLUMN, TRIMMED], doc: "Arithmetic mean." },
        Variant {
            tag: "distribution",
            keys: &[DIRECTED, COMPARED, ONE_COLUMN, TRIMMED],
            doc: "Typical value, by ranks.",
        },
        Variant {
            tag: "quantile",
            keys: &[
                DIRECTED,
                COMPARED,
                ONE_COLUMN,
                TRIMMED,
                &[key("q", Number(Range::open(0.0, 1.0)), "Level of the quantile, such as 0.99.").required()],
            ],
            doc: "A quantile, such as the 99th percentile.",
        },
        Variant { tag: "auc", keys: &[DIRECTED, COMPARED, SCORE_LABEL], doc: "Area under the ROC curve." },
        Variant {
            tag: "ratio",
            keys: &[
                DIRECTED,
                COMPARED,
                &[
                    key("numerator", COLUMN, "Column of the numerator.").required(),
                    key("denominator", COLUMN, "Column of the denominator.").required(),
                ],
            ],
            doc: "Sum over sum, such as clicks over impressions.",
        },
        Variant {
            tag: "shift",
            keys: &[
                ONE_COLUMN,
                &[
                    key("max_distance", Number(Range::above(0.0, 1e6)), "Greatest distance that is acceptable.")
                        .required(),
                    key("direction", Word(&["either"]), "A shift has no direction; `either` is all it can be."),
                ],
            ],
            doc: "Distance of the two distributions of a number or of classes.",
        },
        Variant {
            tag: "calibration",
            keys: &[
                COMPARED,
                SCORE_LABEL,
                &[key("direction", Word(DIRECTIONS), "Which way is better; default either.")],
            ],
            doc: "Mean of score minus label.",
        },
        Variant {
            tag: "agreement",
            keys: &[
                ONE_COLUMN,
                &[
                    key("min", Number(Range::open(0.0, 1.0)), "Least acceptable share of agreeing pairs.").required(),
                    key("tolerance", Number(Range::closed(0.0, VAST)), "Greatest difference that agrees; default 0."),
                    key("direction", Word(&["higher_is_better"]), "Agreement has one direction."),
                ],
            ],
            doc: "Share of pairs whose values differ by at most a tolerance; shadow logs only.",
        },
        Variant {
            tag: "rate",
            keys: &[
                DIRECTED,
                COMPARED,
                &[
                    key("events", COLUMN, "Column of event counts.").required(),
                    key("exposure", COLUMN, "Column of exposures: time, requests.").required(),
                ],
            ],
            doc: "Events per exposure.",
        },
    ],
};

const ONE_COLUMN: &[Key] = &[key("column", COLUMN, "The column it reads.").required()];
const SCORE_LABEL: &[Key] =
    &[key("score", COLUMN, "Column of scores.").required(), key("label", COLUMN, "Column of 0/1 labels.").required()];
const DIRECTED: &[Key] = &[key("direction", Word(DIRECTIONS), "Which way is better.").required()];
const COMPARED: &[Key] = &[
    key("margin", Object(&MARGIN), "How much worse is still acceptable.").bare(
        "{} is a bare number; write {relative: {}} for a share of the baseline or {absolute: {}} in the metric's own unit",
    ),
    key("limit", Object(&LIMIT), "Bounds tested on the canary alone.")
        .bare("{} is a bare number; write {max: {}} or {min: {}}"),
];
const TRIMMED: &[Key] =
    &[key("outliers", Object(&OUTLIERS), "Outliers, found on the baseline, treated alike in both arms.")];

static MARGIN: Keys = Keys {
    keys: &[
        key("relative", Number(Range::closed(0.0, 1e6)), "As a share of the baseline: 0.05 is 5 %."),
        key("absolute", Number(Range::closed(0.0, VAST)), "In the metric's own unit."),
        key(
            "combine",
            Word(&["either", "both"]),
            "With both: the larger is allowed (either), or both have to be kept.",
        ),
    ],
    some: SomeOf::AtLeastOne(&["relative", "absolute"]),
    strays: &[],
};

static LIMIT: Keys = Keys {
    keys: &[
        key("max", Number(Range::any()), "Greatest acceptable value."),
        key("min", Number(Range::any()), "Least acceptable value."),
    ],
    some: SomeOf::AtLeastOne(&["max", "min"]),
    strays: &[],
};

static OUTLIERS: Keys = Keys {
    keys: &[
        key("method", Word(&["iqr", "mad", "sigma", "quantile"]), "How they are found, on the baseline.").required(),
        key(
            "factor",
            Number(Range::above(0.0, 1e6)),
            "Factor of the fence (iqr 1.5, mad 3, sigma 3), or the baseline quantile (0.999).",
        ),
        key("action", Word(&["remove", "clip"]), "Moved to the fence (clip, the default) or left out (remove)."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

const TEST: Shape = Variants {
    tag: "kind",
    common: &[],
    of: &[
        test("mann_whitney", &[], "Rank test of Mann and Whitney."),
        test("brunner_munzel", &[], "Rank test of Brunner and Munzel, for unequal spreads."),
        test("welch", &[], "Difference or ratio of means, unequal variances."),
        test("yuen", &[TRIM], "Difference of trimmed means."),
        test("bootstrap", &[RESAMPLING], "Resampled influences: means, ratios of sums, AUC."),
        test("quantile", &[], "Quantiles from order statistics."),
        test("farrington_manning", &[], "Difference of proportions, score test."),
        test("miettinen_nurminen", &[], "Difference of proportions, score interval."),
        test("newcombe", &[], "Difference of proportions, hybrid score interval."),
        test("score_ratio", &[], "Ratio of proportions, score test."),
        test("conditional_binomial", &[], "Ratio of rates of rare events, exact."),
        test("kolmogorov_smirnov", &[], "Greatest distance of two distribution functions."),
        test("psi", &[BINS], "Population stability index."),
        test("jensen_shannon", &[BINS], "Jensen-Shannon distance."),
        test("chi_square", &[], "Classes against classes."),
        test("delong", &[], "Areas under the ROC curve."),
        test("delta_method", &[], "Sum over sum, linearised."),
        test("poisson_rate", &[], "Events per exposure."),
        test("paired_t", &[], "Mean of paired differences."),
        test("signed_rank", &[], "Signed ranks of paired differences."),
        test("tango", &[], "Difference of paired proportions."),
        test("exact_binomial", &[], "A share against a number, exact."),
    ],
};

const fn test(tag: &'static str, keys: &'static [&'static [Key]], doc: &'static str) -> Variant {
    Variant { tag, keys, doc }
}

const TRIM: &[Key] = &[key(
    "trim",
    Number(Range { low: super::shape::Bound::Closed(0.0), high: super::shape::Bound::Open(0.5) }),
    "Share cut off at each end; default 0.2.",
)];
const BINS: &[Key] = &[key("bins", Count(2), "Number of bins, of equal baseline share.")];
const RESAMPLING: &[Key] = &[
    key(
        "method",
        Word(&["studentized", "percentile", "basic", "bca"]),
        "How the replicates are used; default studentized, the one that holds its level with skewed data.",
    ),
    key("draws", Count(100), "Number of replicates."),
];

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::config::{Correction, Direction, TestKind};

    fn every_word_is_known<T: DeserializeOwned>(words: &[&str]) {
        for word in words {
            assert!(serde_json::from_value::<T>(Value::from(*word)).is_ok(), "{word}");
        }
    }

    #[test]
    fn words_of_the_table_are_words_of_the_enums() {
        every_word_is_known::<Direction>(DIRECTIONS);
        every_word_is_known::<Correction>(CORRECTIONS);
        let Variants { of, .. } = TEST else { unreachable!("test is a table of variants") };
        every_word_is_known::<TestKind>(&of.iter().map(|v| v.tag).collect::<Vec<_>>());
    }
}
