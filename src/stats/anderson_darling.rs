//! Do two samples come from one distribution, with weight on the tails?
//!
//! Scholz & Stephens (1987), Journal of the American Statistical Association 82:918, for two samples, in both versions
//! for tied data. More sensitive in the tails than Kolmogorov-Smirnov.

use super::Unanswerable;
use super::ecdf::{self, Admit};
use crate::arms::Arms;

const TEST: &str = "anderson_darling";
/// Exact p-values visit at most this many (arrangement, distinct value) pairs, about a second's work.
pub const MOST_VISITS: u64 = 50_000_000;
/// [`AdMethod::Auto`] is exact up to this many visits, about ten milliseconds.
const AUTO_VISITS: f64 = 500_000.0;

/// How p-values are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdMethod {
    /// [`AdMethod::Exact`] when that takes milliseconds, else [`AdMethod::Interpolated`].
    #[default]
    Auto,
    /// From every way to deal the pooled values into the arms.
    Exact,
    /// From simulated quantiles of the limit, smoothed and interpolated as R's kSamples 1.2 does.
    Interpolated,
}

/// One version of the statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdVersion {
    /// A^2, whose expectation is 1 when both arms have one distribution.
    pub statistic: f64,
    /// (A^2 - 1) / sigma; `None` for two rows, where sigma is 0.
    pub standardised: Option<f64>,
    /// Probability of a statistic at least this large when both arms have one distribution.
    pub p_value: f64,
}

/// The two-sample Anderson-Darling test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AndersonDarling {
    /// Scholz & Stephens' equation 6: right-continuous distribution functions; kSamples' version 1, SciPy's
    /// `midrank=False`.
    pub right: AdVersion,
    /// Their equation 7: ties split in the middle; kSamples' version 2, SciPy's default.
    pub midrank: AdVersion,
    /// Standard deviation of A^2 without ties.
    pub sigma: f64,
    /// How the p-values were found; never [`AdMethod::Auto`].
    pub method: AdMethod,
}

/// The Anderson-Darling test of canary `x` against baseline `y`.
///
/// The statistics use only ranks, so infinite values are values. When all values are equal both statistics are 0 and
/// the p-values 1. O(N log N); exact p-values visit every arrangement of the pooled values.
///
/// ```
/// use serinus::stats::anderson_darling::{AdMethod, anderson_darling};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let canary = [38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0];
/// let baseline = [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8];
/// let test = anderson_darling(&canary, &baseline, AdMethod::Auto)?;
/// assert!(test.midrank.p_value > 0.05);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An empty arm, a NaN, or more than [`MOST_VISITS`] visits for an exact p-value.
pub fn anderson_darling(x: &[f64], y: &[f64], method: AdMethod) -> Result<AndersonDarling, Unanswerable> {
    let sorted = ecdf::sorted_arms(TEST, x, y, Admit::Infinite)?;
    let (m, n) = (x.len() as f64, y.len() as f64);
    let groups = groups(&sorted);
    let (mut right, mut midrank) = (0.0, 0.0);
    let mut canary = 0;
    for group in &groups {
        let (r, a) = group.terms(canary, group.canary, m, n);
        right += r;
        midrank += a;
        canary += group.canary;
    }
    let sigma = sigma(x.len(), y.len());
    let visits = arrangements(x.len(), y.len()) * groups.len() as f64;
    let method = match method {
        AdMethod::Auto if visits <= AUTO_VISITS => AdMethod::Exact,
        AdMethod::Auto => AdMethod::Interpolated,
        other => other,
    };
    let standardised = |a2: f64| (sigma > 0.0).then(|| (a2 - 1.0) / sigma);
    let p = if method == AdMethod::Exact {
        if visits > MOST_VISITS as f64 {
            return Err(Unanswerable::TooLarge {
                test: "exact anderson_darling",
                limit: MOST_VISITS,
                needed: visits.min(u64::MAX as f64) as u64,
            });
        }
        exact(&groups, x.len(), m, n, (right, midrank))
    } else if groups.len() == 1 {
        (1.0, 1.0)
    } else {
        let p = |a2, table| standardised(a2).map_or(1.0, |t| interpolated(t, table));
        (p(right, &RIGHT), p(midrank, &MIDRANK))
    };
    Ok(AndersonDarling {
        right: AdVersion { statistic: right, standardised: standardised(right), p_value: p.0 },
        midrank: AdVersion { statistic: midrank, standardised: standardised(midrank), p_value: p.1 },
        sigma,
        method,
    })
}

/// The p-value of a standardised two-sample statistic from Scholz & Stephens' table 2, as SciPy's `anderson_ksamp`
/// gives it: a parabola through seven quantiles, held to [0.001, 0.25].
///
/// ```
/// use serinus::stats::anderson_darling::table_p_value;
/// assert_eq!(table_p_value(-1.0), 0.25);
/// assert!((table_p_value(1.96) - 0.05).abs() < 0.002);
/// assert_eq!(table_p_value(50.0), 0.001);
/// ```
pub fn table_p_value(standardised: f64) -> f64 {
    // The tabled quantiles of .25 and .001.
    if standardised.is_nan() || standardised < 0.325 {
        return 0.25;
    }
    if standardised > 6.546 {
        return 0.001;
    }
    let [c0, c1, c2] = TABLE_PARABOLA;
    (c0 + standardised * (c1 + standardised * c2)).exp()
}

/// A distinct pooled value.
struct Group {
    /// Pooled rows below it.
    below: usize,
    /// Pooled rows equal to it.
    size: usize,
    /// Canary rows equal to it, as observed.
    canary: usize,
}

impl Group {
    /// What the group adds to both statistics when `before` canary rows lie below it and `here` in it.
    fn terms(&self, before: usize, here: usize, m: f64, n: f64) -> (f64, f64) {
        let total = m + n;
        let (size, x) = (self.size as f64, (before + here) as f64);
        let up_to = (self.below + self.size) as f64;
        // N M - m B for either arm, up to its sign; its square over the arms' sizes sums to N / (m n) times itself.
        let gap = |x: f64, b: f64| total * x - m * b;
        let right =
            if up_to < total { size * gap(x, up_to).powi(2) / (up_to * (total - up_to)) / (m * n) } else { 0.0 };
        let middle = up_to - size / 2.0;
        let spread = middle * (total - middle) - total * size / 4.0;
        let midrank = if spread > 0.0 {
            (total - 1.0) / total * size * gap(x - here as f64 / 2.0, middle).powi(2) / spread / (m * n)
        } else {
            0.0
        };
        (right, midrank)
    }
}

fn groups(sorted: &Arms<Vec<f64>>) -> Vec<Group> {
    let (mut below, mut canary) = (0, 0);
    ecdf::steps(sorted)
        .map(|step| {
            let up_to = step.canary + step.baseline;
            let group = Group { below, size: up_to - below, canary: step.canary - canary };
            (below, canary) = (up_to, step.canary);
            group
        })
        .collect()
}

/// The standard deviation of A^2 for two samples without ties (equation 4). O(N).
fn sigma(m: usize, n: usize) -> f64 {
    let total = m + n;
    match total {
        0..=2 => return 0.0,
        // The formula divides by N - 3; at N = 3 the arrangements give 5/4, 1/2 and 5/4.
        3 => return (1.0f64 / 8.0).sqrt(),
        _ => {}
    }
    let h: f64 = (1..total).rev().map(|i| 1.0 / i as f64).sum();
    let (mut g, mut rest) = (0.0, 0.0);
    // g = sum over i < j of 1 / ((N - i) j), from the largest i down so that the inner sum is carried along.
    for i in (1..total - 1).rev() {
        rest += 1.0 / (i + 1) as f64;
        g += rest / (total - i) as f64;
    }
    let inverse = 1.0 / m as f64 + 1.0 / n as f64;
    let (k, total) = (2.0, total as f64);
    let a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * inverse;
    let b = (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * inverse - 8.0 * h + 4.0 * g - 6.0;
    let c = (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k + (2.0 * h - 6.0) * inverse + 4.0 * h;
    let d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    let numerator = a + b / total + c / (total * total) + d / (total * total * total);
    (numerator / ((1.0 - 1.0 / total) * (1.0 - 2.0 / total) * (1.0 - 3.0 / total))).sqrt()
}

/// N choose m, infinite when it is out of range.
fn arrangements(m: usize, n: usize) -> f64 {
    let (few, total) = (m.min(n), (m + n) as f64);
    let mut count = 1.0;
    for i in 0..few {
        count *= (total - i as f64) / (i + 1) as f64;
        if count > 1e18 {
            return f64::INFINITY;
        }
    }
    count
}

/// t choose a.
fn choose(t: usize, a: usize) -> f64 {
    (0..a.min(t - a)).fold(1.0, |c, i| c * (t - i) as f64 / (i + 1) as f64)
}

/// Shares of the arrangements whose statistics are at least those observed.
fn exact(groups: &[Group], canary: usize, m: f64, n: f64, observed: (f64, f64)) -> (f64, f64) {
    struct Partial {
        group: usize,
        canary: usize,
        sums: (f64, f64),
        weight: f64,
    }
    // Equal arrangements differ by rounding, far less than different ones do.
    let floor = |a2: f64| a2 - 1e-10 * a2.max(1.0);
    let floors = (floor(observed.0), floor(observed.1));
    let (mut hits, mut all) = ((0.0, 0.0), 0.0);
    let mut stack = vec![Partial { group: 0, canary: 0, sums: (0.0, 0.0), weight: 1.0 }];
    while let Some(partial) = stack.pop() {
        let Some(group) = groups.get(partial.group) else {
            all += partial.weight;
            hits.0 += if partial.sums.0 >= floors.0 { partial.weight } else { 0.0 };
            hits.1 += if partial.sums.1 >= floors.1 { partial.weight } else { 0.0 };
            continue;
        };
        let left = canary - partial.canary;
        let later = (m + n) as usize - group.below - group.size;
        for here in left.saturating_sub(later)..=left.min(group.size) {
            let terms = group.terms(partial.canary, here, m, n);
            stack.push(Partial {
                group: partial.group + 1,
                canary: partial.canary + here,
                sums: (partial.sums.0 + terms.0, partial.sums.1 + terms.1),
                weight: partial.weight * choose(group.size, here),
            });
        }
    }
    (hits.0 / all, hits.1 / all)
}

/// The p-value of a standardised statistic: a cubic spline for log(p / (1 - p)), straight beyond its ends.
fn interpolated(t: f64, table: &[(f64, f64, f64)]) -> f64 {
    let right = table.partition_point(|knot| knot.0 < t).clamp(1, table.len() - 1);
    let ((t0, v0, c0), (t1, v1, c1)) = (table[right - 1], table[right]);
    let width = t1 - t0;
    let slope = (v1 - v0) / width;
    let logit = if t < t0 {
        v0 + (slope - width * (2.0 * c0 + c1) / 6.0) * (t - t0)
    } else if t > t1 {
        v1 + (slope + width * (c0 + 2.0 * c1) / 6.0) * (t - t1)
    } else {
        let (a, b) = ((t1 - t) / width, (t - t0) / width);
        a * v0 + b * v1 + ((a * a * a - a) * c0 + (b * b * b - b) * c1) * width * width / 6.0
    };
    1.0 / (1.0 + (-logit).exp())
}

/// log p = c0 + c1 t + c2 t^2 by least squares through the critical values 0.325, 1.226, 1.961, 2.718, 3.752, 4.592 and
/// 6.546 of .25, .1, .05, .025, .01, .005 and .001 (Scholz & Stephens' table 2 for two samples).
const TABLE_PARABOLA: [f64; 3] = [-1.077770279820486, -1.0082265644652515, 0.018198094574111343];

// Both tables: knot, log(p / (1 - p)) there, and its second derivative. They are R 4.2.2's smoothing spline through
// the quantiles that kSamples 1.2-12 simulated from 2 million pairs of samples of 500, for two samples.

/// The spline of the right-continuous version.
#[rustfmt::skip]
const RIGHT: [(f64, f64, f64); 35] = [
    (-1.19175288740761, 11.4230890519619, -1.42688969930904), (-1.17479142098735, 10.0417909724461, 848.288205236942),
    (-1.16240620063387, 9.14899594588324, 512.443203404092), (-1.13761630309606, 7.63335062709428, 688.537815164449),
    (-1.12247459488577, 6.89822206067785, 518.178242931734), (-1.0756525624071, 5.28537209983597, 213.125282733719),
    (-1.0471953965445, 4.5931520613012, 153.862355613211), (-0.996641998319026, 3.66338307365452, 103.267580657882),
    (-0.941033392325165, 2.94335849376429, 53.1931616947277), (-0.897690795216625, 2.51228040336063, 40.2345545220162),
    (-0.85962124458246, 2.19693949079848, 29.3825245713832), (-0.726067077337614, 1.3861392363497, 12.4057315836647),
    (-0.597056352881692, 0.847263495188871, 7.16993947453444), (-0.45778782023478, 0.405445616006618, 4.16344688031699),
    (-0.297178155606329, -1.15479157180584e-05, 2.44053949385439), (-0.101401043857629, -0.405467984105733, 1.59683359901),
    (0.156806900662297, -0.847300724568564, 0.896480827486309), (0.535801630163938, -1.38629565175789, 0.472539701964044),
    (1.2261454107846, -2.19722516610219, 0.194974088668178), (1.52702130552797, -2.51230539935185, 0.172996656736252),
    (1.96412919049629, -2.94443924356703, 0.0858733176704383), (2.73272377107017, -3.66356176747561, 0.0458385925498704),
    (3.78421799570615, -4.59511947861793, 0.0621151816710242), (4.12594061779036, -4.88532416476674, -0.0032171203181747),
    (4.60563577595032, -5.29330522577185, -0.0489939350593093), (5.41035544870731, -5.98896102903377, 0.0541629708408377),
    (6.49729759657493, -6.90675382756486, -0.0413586790258244), (6.82911119797695, -7.19469075562023, -0.246631451441032),
    (7.27765528313076, -7.60039875764499, 0.397394920507549), (8.19059284775785, -8.29380039199746, -0.11132885788036),
    (9.30787665627435, -9.21024466263545, -0.2461707630637), (9.61567971460395, -9.4979411035036, 0.452924660938747),
    (10.0981767758958, -9.90343997164164, -0.154534337438732), (10.8855327909211, -10.596609727881, -0.0835943391339701),
    (11.8505944301768, -11.5129153089947, 4.58247398880253e-05),
];

/// The spline of the midrank version.
#[rustfmt::skip]
const MIDRANK: [(f64, f64, f64); 35] = [
    (-1.19393211116987, 11.4249694265417, -1.39220226771619), (-1.17682859585017, 10.03729765439, 829.217714381252),
    (-1.16452117740713, 9.15179289194705, 516.501628611168), (-1.13963350524451, 7.63398839537361, 689.008262161903),
    (-1.12438798253777, 6.89725203388032, 512.271340030488), (-1.07736718852876, 5.28566178165558, 212.796908826432),
    (-1.0487073712413, 4.5930185578733, 151.461328614684), (-0.997853569456698, 3.6633017576088, 100.845767645258),
    (-0.942136897529659, 2.94344670486073, 53.4241827457206), (-0.89870160814782, 2.51227887506321, 40.2090067243211),
    (-0.860525962115718, 2.19692565698504, 29.1553537180281), (-0.726676580869152, 1.38613994052964, 12.3491168010926),
    (-0.597458172521298, 0.847263518197765, 7.14525651469461), (-0.457991493814657, 0.40544553521791, 4.15017166393055),
    (-0.297172235049833, -1.15005881095153e-05, 2.43304491358104), (-0.101201775465342, -0.405468280269924, 1.5807003001565),
    (0.157012676148973, -0.847300465271107, 0.908215752266892), (0.536405270051778, -1.38629579687457, 0.464496137873445),
    (1.22695425716718, -2.19722503168841, 0.202139814880985), (1.52822754881661, -2.512305556412, 0.163453300446124),
    (1.96523080146349, -2.94443917821197, 0.0905947309416688), (2.7347379828835, -3.66356175831334, 0.0467347157049945),
    (3.78681955338961, -4.59511965864114, 0.0518107923389212), (4.12735567867988, -4.8853238997615, 0.0175996406683081),
    (4.60796833608745, -5.29330535171645, -0.0553999418381848), (5.41348141602905, -5.98896099798161, 0.056613417946032),
    (6.50192288686444, -6.9067537351238, -0.0435639838709824), (6.83355901823606, -7.19469105223187, -0.265301884072204),
    (7.28019228540267, -7.60039848069175, 0.41776365951158), (8.19483869045177, -8.29380055633595, -0.128291699516663),
    (9.31170051535022, -9.210244128714, -0.210869477545434), (9.62325208682218, -9.4979416481092, 0.412155502902653),
    (10.1068470335133, -9.90343993514628, -0.165824807376187), (10.8903888199628, -10.5966096497973, -0.0714636585213855),
    (11.8569526621431, -11.5129153304396, 2.22486110199088e-05),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spline_agrees_with_ksamples() {
        // kSamples 1.2-12 ad.pval(t, 1, version) in R 4.2.2
        for (t, right, midrank) in [
            (-1.3, 0.999_999_998_746_294, 0.999_999_998_443_036_3),
            (-1.0, 0.976_236_048_771_724, 0.975_786_946_575_757_5),
            (0.47438, 0.21329890475861008, 0.213_418_172_607_717_9),
            (5.0, 0.0035600913050464985, 0.003_569_051_880_806_038),
            (11.0, 2.248_268_561_294_442e-5, 2.258_027_809_995_188e-5),
            (13.0, 3.306_261_794_109_927e-6, 3.3395240357540093e-06),
        ] {
            for (table, expected) in [(&RIGHT, right), (&MIDRANK, midrank)] {
                let found = interpolated(t, table);
                assert!((found - expected).abs() <= 1e-9 * expected, "{t}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn interpolated_p_falls_with_the_statistic() {
        for table in [&RIGHT, &MIDRANK] {
            let mut last = 1.0;
            for i in 0..2000 {
                let p = interpolated(-1.3 + f64::from(i) * 0.01, table);
                assert!(p <= last, "{i}");
                last = p;
            }
        }
    }

    #[test]
    fn the_table_agrees_with_scipy() {
        // scipy 1.17.1 anderson_ksamp(.., midrank=False)
        assert!((table_p_value(0.4743811489911734) - 0.21183265003420212).abs() < 1e-12);
    }

    #[test]
    fn three_rows_have_the_spread_of_their_three_arrangements() {
        let a2 = |x: &[f64], y: &[f64]| anderson_darling(x, y, AdMethod::Exact).unwrap().right.statistic;
        let all = [a2(&[1.0], &[2.0, 3.0]), a2(&[2.0], &[1.0, 3.0]), a2(&[3.0], &[1.0, 2.0])];
        assert_eq!(all, [1.25, 0.5, 1.25]);
        assert!((sigma(1, 2).powi(2) - 0.125).abs() < 1e-15);
    }

    #[test]
    fn exact_p_with_ties_counts_every_arrangement() {
        // Four ones and two twos, two rows in the canary: both twos there is 1 of 15 arrangements.
        let test = anderson_darling(&[2.0, 2.0], &[1.0; 4], AdMethod::Exact).unwrap();
        assert!((test.right.p_value - 1.0 / 15.0).abs() < 1e-15);
        assert!((test.midrank.p_value - 1.0 / 15.0).abs() < 1e-15);
    }

    #[test]
    fn constants_do_not_differ() {
        for method in [AdMethod::Exact, AdMethod::Interpolated, AdMethod::Auto] {
            for (m, n) in [(1, 1), (1, 2), (5, 40)] {
                let test = anderson_darling(&vec![1.0; m], &vec![1.0; n], method).unwrap();
                assert_eq!((test.right.statistic, test.midrank.statistic), (0.0, 0.0));
                assert_eq!((test.right.p_value, test.midrank.p_value), (1.0, 1.0));
            }
        }
    }

    #[test]
    fn too_many_arrangements_are_refused_and_not_tried() {
        let x: Vec<f64> = (0..60).map(f64::from).collect();
        assert!(matches!(anderson_darling(&x, &x, AdMethod::Exact), Err(Unanswerable::TooLarge { .. })));
        assert_eq!(anderson_darling(&x, &x, AdMethod::Auto).unwrap().method, AdMethod::Interpolated);
    }
}
