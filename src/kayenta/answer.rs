//! Text in, text out: what a command line, a server or a script calls.

use super::{KayentaError, Request};

/// Which judge answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// NetflixACAJudge-v1.0, to the letter.
    #[default]
    Compatible,
    /// The rules of this library.
    Native,
}

/// The JSON text of the response to one request, on one line.
///
/// ```
/// use serinus::kayenta::{Mode, answer};
/// let request = r#"{"canaryConfig": {"classifier": {}}, "scoreThresholds": {"pass": 95, "marginal": 75}, "metricSetPairList": []}"#;
/// let response = answer(request, Mode::Compatible)?;
/// assert!(response.starts_with(r#"{"judgeName":"NetflixACAJudge-v1.0","results":[],"groupScores":[],"score":{"score":0.0"#));
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
///
/// # Errors
/// As [`Request::from_json`] and the judge asked.
pub fn answer(request: &str, mode: Mode) -> Result<String, KayentaError> {
    let request = Request::from_json(request)?;
    Ok(match mode {
        Mode::Compatible => request.judge()?,
        Mode::Native => request.judge_native()?,
    }
    .to_json())
}

/// The requests in a text: one JSON document over all of it, or one a line, empty lines left out.
///
/// It is taken as lines when its first line that is not empty is a whole document and others follow.
///
/// ```
/// use serinus::kayenta::documents;
/// assert_eq!(documents("{\"a\": 1}\n\n{\"a\": 2}\n").len(), 2);
/// assert_eq!(documents("{\n  \"a\": 1\n}\n").len(), 1);
/// ```
pub fn documents(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    match lines[..] {
        [] => Vec::new(),
        [first, _, ..] if super::json::Json::parse(first).is_ok() => lines,
        _ => vec![text],
    }
}
