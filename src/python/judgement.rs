//! The class `Judgement`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::config::path;
use super::errors::bad_data;
use super::frame;
use super::records::record;
use super::shown;
use super::values::from_value;
use crate::judge::judgement::{Judgement, SCHEMA};
use crate::report;

fn table(_name: &str, judgement: &Judgement) -> String {
    shown::text(judgement)
}

record!(
    /// A whole judgement: verdict, decision, score, and the evidence for them.
    ///
    /// Immutable; made by `judge` or `Judgement.from_json`. It compares, hashes, copies and pickles by its content, and has
    /// no truth value, because there are three answers.
    PyJudgement, "Judgement", Judgement, table,
    {
        /// What the statistics say: `pass`, `marginal` or `fail`.
        verdict = verdict,
        /// What to do: `promote`, `hold` or `rollback`.
        decision = decision,
        /// 0 to 100; None when nothing counts.
        score = score,
        /// The score if every open question came out well.
        score_best = score_best,
        /// Why, the weightiest first.
        reasons = reasons,
        /// Scores of the groups.
        groups = groups,
        /// What each metric showed, in the config's order.
        metrics = metrics,
        /// Validity, and what is reported beside the metrics.
        checks = checks,
        /// What a reader should know; decides nothing.
        warnings = warnings,
        /// Enough to make the same bytes again.
        provenance = provenance,
        /// The schema's name.
        schema = schema,
    },
    {
        /// A stored judgement, read back from its JSON.
        ///
        /// Parameters
        /// ----------
        /// json : str
        ///     What `to_json` or the command line wrote.
        ///
        /// Raises
        /// ------
        /// DataError
        ///     The text is not a judgement of this schema.
        #[staticmethod]
        fn from_json(json: &str) -> PyResult<PyJudgement> {
            let judgement: Judgement = serde_json::from_str(json)
                .map_err(|e| bad_data(format!("json: {e}; give a judgement as `to_json` writes it")))?;
            if judgement.schema != SCHEMA {
                return Err(bad_data(format!("json: schema is `{}`; this version reads {SCHEMA}", judgement.schema)));
            }
            Ok(PyJudgement(judgement))
        }

        /// The judgement as JSON text: what the command line prints with `--format json`, without the last line break.
        fn to_json(&self) -> PyResult<String> {
            super::judge::json(&self.0)
        }

        /// The judgement as Markdown, for a pull request.
        fn to_markdown(&self) -> String {
            report::markdown(&self.0)
        }

        /// The judgement as one HTML page without scripts; written to `path` when given, else returned.
        #[pyo3(signature = (path=None))]
        fn to_html(&self, path: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
            let page = report::html(&self.0);
            let Some(target) = path else { return Ok(Some(page)) };
            let Some(target) = self::path(target)? else {
                return Err(bad_data(format!("path: {} is no path", super::values::shown(target))));
            };
            std::fs::write(&target, page)?;
            Ok(None)
        }

        /// One row a metric, as a pandas DataFrame, or a polars one where pandas is not installed.
        ///
        /// Raises
        /// ------
        /// ImportError
        ///     Neither pandas nor polars is installed.
        fn to_frame(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            let columns = shown::frame(&self.0)?;
            frame::data_frame(py, columns.into_iter().map(|(name, values)| (name.to_owned(), values)).collect())
        }

        /// A forest plot of every metric's interval against its margin, with matplotlib.
        ///
        /// Parameters
        /// ----------
        /// ax : matplotlib.axes.Axes, optional
        ///     Where to draw; a new figure when None.
        ///
        /// Returns
        /// -------
        /// matplotlib.axes.Axes
        ///
        /// Raises
        /// ------
        /// ImportError
        ///     matplotlib is not installed.
        #[pyo3(signature = (ax=None))]
        fn plot(slf: &Bound<'_, Self>, ax: Option<Py<PyAny>>) -> PyResult<Py<PyAny>> {
            let forest = slf.py().import("serinus._plot")?.getattr("forest")?;
            Ok(forest.call1((slf, ax))?.unbind())
        }

        /// What `plot` draws: one dict a metric, its estimate and interval in margins, harm positive.
        fn _forest(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            from_value(py, &shown::forest(&self.0))
        }

        fn _repr_html_(&self) -> String {
            shown::html(&self.0)
        }

        fn _repr_markdown_(&self) -> String {
            report::markdown(&self.0)
        }

        fn __bool__(&self) -> PyResult<bool> {
            Err(PyTypeError::new_err(
                "a judgement has three answers and no truth value; compare judgement.decision with 'promote', 'hold' or 'rollback'",
            ))
        }
    }
);
