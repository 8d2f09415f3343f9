//! Robust statistics over short slices of finite numbers.

/// Returns the median, 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the value below which a share of the values lies, between neighbours in proportion; 0 of nothing.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let position = share.clamp(0.0, 1.0) * number(last);
    let below = index(position).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (position - number(below))
}

/// Returns the standard score of Mann and Kendall's test for a trend: how many more pairs rise than fall.
pub(crate) fn mann_kendall(values: &[f64]) -> f64 {
    let mut rising = 0_i64;
    for (index, earlier) in values.iter().enumerate() {
        for later in &values[index + 1..] {
            rising += i64::from(later > earlier) - i64::from(later < earlier);
        }
    }
    let n = number(values.len());
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    if variance <= 0.0 {
        return 0.0;
    }
    // Towards zero by one: pairs are counted, the normal law is continuous.
    let rising = i32::try_from(rising - rising.signum()).map_or(0.0, f64::from);
    rising / variance.sqrt()
}

/// Returns a count as a number.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Returns the whole part of a number as a position; what is below zero or no number is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-int casts saturate"
)]
pub(crate) fn index(position: f64) -> usize {
    position as usize
}

/// Returns Theil and Sen's slope of hourly values, the median of the slopes of pairs, over those pairs that are whole
/// days apart: what comes every day does not bend it.
pub(crate) fn daily_slope(hours: &[Option<f64>]) -> f64 {
    let lags = (24..=(hours.len() / 2).max(24)).step_by(24);
    let slopes = lags.flat_map(|lag| {
        let pairs = hours.iter().skip(lag).zip(hours);
        pairs.filter_map(move |(later, earlier)| Some(((*later)? - (*earlier)?) / number(lag)))
    });
    median(&slopes.collect::<Vec<_>>())
}

/// Returns the share of a normal law that lies below a value: Abramowitz and Stegun 26.2.17, to seven digits.
pub(crate) fn normal_below(value: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * value.abs());
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = (-0.5 * value * value).exp() / std::f64::consts::TAU.sqrt() * sum;
    if value > 0.0 { 1.0 - tail } else { tail }
}
