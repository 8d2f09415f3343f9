//! What people do without forecasts: a line through the last hours, a test for a trend.

use super::number;
use super::simulated::disks::Disk;

/// Returns the hours until a line by least squares through the last hours meets the limit, as `predict_linear` of
/// Prometheus draws it; `None` when it does not.
pub(super) fn predict_linear(disk: &Disk, hours: f64) -> Option<f64> {
    let points = last(disk, hours);
    let (slope, _, mean) = line(&points)?;
    let now = points.last()?.0;
    let value = mean.1 + slope * (now - mean.0);
    (slope > 0.0).then(|| (disk.limit - value).max(0.0) / slope)
}

/// The same with the median of the slopes of pairs, from the last value.
pub(super) fn theil_sen(disk: &Disk, hours: f64) -> Option<f64> {
    let points: Vec<_> = last(disk, hours).into_iter().step_by(4).collect();
    let mut slopes = Vec::new();
    for (at, earlier) in points.iter().enumerate() {
        slopes.extend(
            points[at + 1..].iter().map(|later| (later.1 - earlier.1) / (later.0 - earlier.0)),
        );
    }
    slopes.sort_by(f64::total_cmp);
    let slope = *slopes.get(slopes.len() / 2)?;
    (slope > 0.0).then(|| Some((disk.limit - points.last()?.1) / slope)).flatten()
}

/// Tells whether the slope by least squares is above zero with a `t` of 2.33.
pub(super) fn slope_rises(hourly: &[f64]) -> bool {
    let points: Vec<_> = (0_u32..).map(f64::from).zip(hourly.iter().copied()).collect();
    line(&points).is_some_and(|(slope, error, _)| slope > 2.33 * error)
}

/// Tells whether Mann and Kendall's test finds a rise with a score of 2.33.
pub(super) fn trend_rises(hourly: &[f64]) -> bool {
    let mut score = 0.0;
    for (at, earlier) in hourly.iter().enumerate() {
        for later in &hourly[at + 1..] {
            score += f64::from(i8::from(later > earlier) - i8::from(later < earlier));
        }
    }
    let n = number(hourly.len());
    score / (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt() > 2.33
}

fn last(disk: &Disk, hours: f64) -> Vec<(f64, f64)> {
    let mut points: Vec<_> =
        disk.history.iter().copied().filter(|(_, value)| value.is_finite()).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let from = points.last().map_or(0.0, |last| last.0) - hours;
    points.retain(|(hour, _)| *hour >= from);
    points
}

/// Returns the slope by least squares, its standard error, and the mean that the line goes through.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64, (f64, f64))> {
    let count = number(points.len());
    if points.len() < 3 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let width: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / width;
    let rest: f64 = points.iter().map(|point| (point.1 - y - slope * (point.0 - x)).powi(2)).sum();
    Some((slope, (rest / (count - 2.0) / width).sqrt(), (x, y)))
}
