//! Reads what others registered with the `prometheus` crate's registry.

use prometheus::proto::{Metric, MetricFamily, MetricType};

use crate::{Family, Kind, Samples};

/// Appends the registry's families. `overflowed` is told the names of those in which OpenTelemetry's SDK counts
/// together what its cap leaves no room for.
pub(super) fn gather(
    registry: &prometheus::Registry,
    out: &mut Samples,
    mut overflowed: impl FnMut(&str),
) {
    for family in registry.gather() {
        out.family(Family { name: family.name(), help: family.help(), kind: kind(&family) });
        for metric in family.get_metric() {
            sample(&family, metric, out);
        }
        if family.get_metric().iter().any(is_overflow) {
            overflowed(family.name());
        }
    }
}

fn kind(family: &MetricFamily) -> Kind {
    match family.get_field_type() {
        MetricType::COUNTER => Kind::Counter,
        MetricType::GAUGE => Kind::Gauge,
        MetricType::HISTOGRAM => Kind::Histogram,
        MetricType::SUMMARY => Kind::Summary,
        MetricType::UNTYPED => Kind::Untyped,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the formats know no other numbers")]
#[expect(deprecated, reason = "a collector can still say that it does not know its kind")]
fn sample(family: &MetricFamily, metric: &Metric, out: &mut Samples) {
    let labels: Vec<_> =
        metric.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
    match family.get_field_type() {
        MetricType::COUNTER => out.push(&labels, metric.get_counter().get_value()),
        MetricType::GAUGE => out.push(&labels, metric.get_gauge().get_value()),
        MetricType::UNTYPED => out.push(&labels, metric.get_untyped().get_value()),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let count = histogram.get_sample_count() as f64;
            for bucket in histogram.get_bucket().iter().filter(|at| at.upper_bound().is_finite()) {
                let text = format!("{:?}", bucket.upper_bound());
                let labels = [&labels[..], &[("le", &text)]].concat();
                out.push_suffixed("_bucket", &labels, bucket.cumulative_count() as f64);
            }
            // It is not always among them, and must be there.
            let all = [&labels[..], &[("le", "+Inf")]].concat();
            out.push_suffixed("_bucket", &all, count);
            out.push_suffixed("_sum", &labels, histogram.get_sample_sum());
            out.push_suffixed("_count", &labels, count);
        }
        MetricType::SUMMARY => {
            let summary = metric.get_summary();
            for quantile in summary.get_quantile() {
                let text = format!("{:?}", quantile.quantile());
                let labels = [&labels[..], &[("quantile", &text)]].concat();
                out.push(&labels, quantile.value());
            }
            out.push_suffixed("_sum", &labels, summary.sample_sum());
            out.push_suffixed("_count", &labels, summary.sample_count() as f64);
        }
    }
}

/// Tells whether this is the series that the SDK makes when its cap is reached.
fn is_overflow(metric: &Metric) -> bool {
    metric.get_label().iter().any(|pair| pair.name() == "otel_metric_overflow")
}
