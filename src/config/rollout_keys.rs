//! The one table of the rollout file's keys.

use super::keys::LOOK;
use super::shape::Shape::{self, Count, List, Number, Object, Version, Word};
use super::shape::{Keys, Range, Some as SomeOf, key};

const SECONDS: Range = Range::closed(0.0, 1e12);

/// A whole rollout file.
pub(crate) static ROLLOUT: Shape = Object(&Keys {
    keys: &[
        key("version", Version(1), "Version of this format; 1.").required(),
        key(
            "strategy",
            Word(&["canary", "blue_green", "shadow_then_canary", "direct"]),
            "How traffic moves to the canary; default canary.",
        ),
        key(
            "shadow",
            Object(&SHADOW),
            "The shadow stage of shadow_then_canary: copies of requests, answers thrown away.",
        ),
        key("stages", List { of: &Object(&STAGE), least: 1 }, "Traffic shares on the way to 100 percent, in order."),
        key("warm_up", Object(&WARM_UP), "What to wait for before looks count; default nothing."),
        key("look_every", Object(&LOOK), "How often the judge is asked."),
        key("advance", Word(&["auto", "on_promote", "manual"]), "What moves a stage on; default auto."),
        key("on", Object(&ON), "What the machine does when no answer comes."),
        key("limits", Object(&LIMITS), "How many failed looks end the rollout."),
        key(
            "rollback_window_seconds",
            Number(SECONDS),
            "Time from a blue-green switch for which the old version is kept; default 3600.",
        ),
        key("final_bake_seconds", Number(SECONDS), "Watch at 100 percent before the rollout is done; default 0."),
        key("cool_down_seconds", Number(SECONDS), "Wait after a rollback before the next start; default 0."),
    ],
    some: SomeOf::Any,
    strays: &[],
});

static STAGE: Keys = Keys {
    keys: &[
        key("percent", Number(Range::above(0.0, 100.0)), "Traffic share of the canary in percent.").required(),
        key("min_seconds", Number(SECONDS), "Least time in this stage; default 0."),
        key("min_samples", Count(0), "Least canary rows (units when `unit` is set) in this stage; default 0."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static SHADOW: Keys = Keys {
    keys: &[
        key("percent", Number(Range::above(0.0, 100.0)), "Share of requests that are copied; default 100."),
        key("min_seconds", Number(SECONDS), "Least time in shadow; default 0."),
        key("min_samples", Count(0), "Least copied rows; default 0."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static WARM_UP: Keys = Keys {
    keys: &[
        key("seconds", Number(SECONDS), "So many seconds from the start."),
        key("requests", Count(1), "So many canary requests."),
    ],
    some: SomeOf::ExactlyOne(&["seconds", "requests"]),
    strays: &[],
};

static ON: Keys = Keys {
    keys: &[
        key("hold", Object(&HOLD), "What ends a hold at the last stage."),
        key("no_data", Word(&["hold", "rollback"]), "What a look without data counts as; default hold."),
        key("stale_seconds", Number(SECONDS), "Age at which data count as none; default 300."),
        key("error_spike", Word(&["rollback", "pause"]), "What a spike of errors does at once; default rollback."),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static HOLD: Keys = Keys {
    keys: &[
        key("deadline_seconds", Number(SECONDS), "Longest hold after the last stage's minimum; default 3600."),
        key(
            "then",
            Word(&["rollback", "pause"]),
            "What happens then; default rollback. No deadline promotes: that needs a verdict or a person.",
        ),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static LIMITS: Keys = Keys {
    keys: &[
        key(
            "failures",
            Count(0),
            "Failed looks that are forgiven in all; default 0, or any number when only consecutive_failures is given.",
        ),
        key("consecutive_failures", Count(0), "Failed looks in a row that are forgiven; default any number."),
        key("consecutive_passes", Count(1), "Passed looks in a row that promote; default 1."),
    ],
    some: SomeOf::Any,
    strays: &[],
};
