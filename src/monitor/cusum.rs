//! Has one arm's error rate jumped? The classical detectors: Bernoulli CUSUM and Shiryaev-Roberts.
//!
//! They watch the canary alone against a known rate p0, so an outage that hits both arms fires them; [`super::spike`] does
//! not have that fault. The run length of the CUSUM is exact for whole-number scores (Brook and Evans 1972).

use super::log_sum::log_add_exp;
use crate::stats::Unanswerable;

/// Rates before and after the jump.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateJump {
    p0: f64,
    p1: f64,
}

impl RateJump {
    /// A jump from `p0` to `p1`.
    ///
    /// # Errors
    /// A rate is not in (0, 1), or the two are equal.
    pub fn new(p0: f64, p1: f64) -> Result<Self, Unanswerable> {
        for (argument, value) in [("p0", p0), ("p1", p1)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(Unanswerable::Argument { argument, value, expected: "it has to lie in (0, 1)" });
            }
        }
        if p0 == p1 {
            return Err(Unanswerable::Argument { argument: "p1", value: p1, expected: "it has to differ from p0" });
        }
        Ok(RateJump { p0, p1 })
    }

    /// log likelihood ratio of `events` of `n` rows.
    ///
    /// # Errors
    /// More events than rows.
    pub fn log_ratio(&self, events: u64, n: u64) -> Result<f64, Unanswerable> {
        if events > n {
            return Err(Unanswerable::Argument {
                argument: "events",
                value: events as f64,
                expected: "at most as many as rows",
            });
        }
        let clean = (-self.p1).ln_1p() - (-self.p0).ln_1p();
        Ok(events as f64 * (self.p1 / self.p0).ln() + (n - events) as f64 * clean)
    }
}

/// Path of the CUSUM W = max(0, W) + log likelihood ratio over batches of (events, rows) (Page 1954).
///
/// ```
/// use serinus::monitor::{RateJump, cusum_path};
/// let path = cusum_path(RateJump::new(0.004, 0.02)?, &[(0, 50), (4, 50), (4, 50)])?;
/// assert!(path[0] < 0.0 && path[2] > 10.0);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// A batch has more events than rows.
pub fn cusum_path(jump: RateJump, batches: &[(u64, u64)]) -> Result<Vec<f64>, Unanswerable> {
    let mut w = 0.0f64;
    batches
        .iter()
        .map(|(events, n)| {
            w = w.max(0.0) + jump.log_ratio(*events, *n)?;
            Ok(w)
        })
        .collect()
}

/// Path of the log of the Shiryaev-Roberts statistic R = (1 + R) x likelihood ratio (Roberts 1966; Pollak 1985).
///
/// Without a jump R minus the number of batches is a martingale of mean 0, so a threshold of c gives an average run
/// length to a false alarm of at least c batches.
///
/// ```
/// use serinus::monitor::{RateJump, shiryaev_roberts_log_path};
/// let path = shiryaev_roberts_log_path(RateJump::new(0.004, 0.02)?, &[(0, 50), (4, 50), (4, 50)])?;
/// assert!(path[2] > 10.0);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// A batch has more events than rows.
pub fn shiryaev_roberts_log_path(jump: RateJump, batches: &[(u64, u64)]) -> Result<Vec<f64>, Unanswerable> {
    let mut log_r = f64::NEG_INFINITY;
    batches
        .iter()
        .map(|(events, n)| {
            log_r = log_add_exp(0.0, log_r) + jump.log_ratio(*events, *n)?;
            Ok(log_r)
        })
        .collect()
}

/// Greatest threshold for which [`bernoulli_cusum_arl`] solves its equations.
const LARGEST_THRESHOLD: u64 = 1000;

/// Average number of rows until the CUSUM W = max(0, W + up) on an event, max(0, W - down) otherwise, reaches `h`.
///
/// Exact: the states 0..h-1 are a Markov chain and the run lengths solve (I - Q) L = 1 (Brook and Evans 1972; scores
/// of Reynolds and Stoumbos 1999). O(h³).
///
/// ```
/// use serinus::monitor::bernoulli_cusum_arl;
/// let rows = bernoulli_cusum_arl(9, 1, 18, 0.01)?;
/// assert!((rows / 7587.302934233876 - 1.0).abs() < 1e-8);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `p` is not in (0, 1], a score or the threshold is 0, or the threshold exceeds 1000.
pub fn bernoulli_cusum_arl(up: u64, down: u64, h: u64, p: f64) -> Result<f64, Unanswerable> {
    if !(p > 0.0 && p <= 1.0) {
        return Err(Unanswerable::Argument { argument: "p", value: p, expected: "it has to lie in (0, 1]" });
    }
    for (argument, value) in [("up", up), ("down", down), ("h", h)] {
        if value == 0 {
            return Err(Unanswerable::Argument { argument, value: 0.0, expected: "it has to be at least 1" });
        }
    }
    if h > LARGEST_THRESHOLD {
        return Err(Unanswerable::TooLarge { test: "bernoulli_cusum_arl", limit: LARGEST_THRESHOLD, needed: h });
    }
    let size = h as usize;
    let mut a = vec![vec![0.0f64; size + 1]; size];
    for (state, row) in a.iter_mut().enumerate() {
        row[state] += 1.0;
        row[state.saturating_sub(down as usize)] -= 1.0 - p;
        let next = (state as u64).saturating_add(up);
        if next < h {
            row[next as usize] -= p;
        }
        row[size] = 1.0;
    }
    let lengths = solve(a);
    let length = lengths[0];
    if length.is_finite() && length > 0.0 {
        Ok(length)
    } else {
        Err(Unanswerable::Undefined { test: "bernoulli_cusum_arl", why: "the run length exceeds the range of numbers" })
    }
}

/// Solution of an augmented system by elimination with partial pivots.
fn solve(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|i, j| a[*i][column].abs().total_cmp(&a[*j][column].abs())).unwrap_or(column);
        a.swap(column, pivot);
        let top = a[column].clone();
        for row in a.iter_mut().skip(column + 1) {
            let factor = row[column] / top[column];
            if factor != 0.0 {
                row[column..].iter_mut().zip(&top[column..]).for_each(|(v, t)| *v -= factor * t);
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (a[i][n] - known) / a[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_at_the_first_event_takes_one_over_p_rows() {
        let rows = bernoulli_cusum_arl(5, 1, 5, 0.01).expect("valid");
        assert!((rows - 100.0).abs() < 1e-9);
        assert!((bernoulli_cusum_arl(1, 1, 3, 1.0).expect("valid") - 3.0).abs() < 1e-12);
    }

    #[test]
    fn wrong_arguments_are_named() {
        assert!(RateJump::new(0.0, 0.1).is_err());
        assert!(RateJump::new(0.1, 0.1).is_err());
        assert!(bernoulli_cusum_arl(0, 1, 3, 0.1).is_err());
        assert!(bernoulli_cusum_arl(1, 1, 1001, 0.1).is_err());
        assert!(cusum_path(RateJump::new(0.1, 0.2).expect("valid"), &[(2, 1)]).is_err());
    }
}
