//! A push of metrics in OpenTelemetry's protocol, version 1: the body of `POST /v1/metrics` with the content type
//! `application/x-protobuf`. Sending it is the caller's.

mod message;
mod series;

use std::borrow::Cow;

use wardkit_core::Timestamp;

use crate::{FamilyView, Kind, Samples};
use message::{Message, unit};
use series::{Labels, Shape, shapes};

/// Who pushes, and about which time.
///
/// Exhaustive on purpose: a request says all of it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// What the receiver tells programs apart by: `service.name` first of all.
    pub resource: &'a [(&'a str, &'a str)],
    /// What the names of the program's own metrics begin with: `bot_`. Empty, all are its own.
    pub own: &'a str,
    /// When the program's own counters began at zero. When those of the host and of others began is told to be unknown:
    /// a receiver would take all that they ever counted for what happened since.
    pub start: Timestamp,
    /// When the samples were taken.
    pub now: Timestamp,
}

/// Encodes samples as requests for a collector; none for no samples.
///
/// Counters and histograms are cumulative, names are as Prometheus has them. A request has at most
/// [`POINTS_PER_REQUEST`] samples, because receivers limit the length of a body; all must be sent.
#[must_use]
pub fn encode<'a>(
    sources: impl IntoIterator<Item = &'a Samples>,
    origin: &Origin<'_>,
) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    let mut batch = Vec::new();
    let mut points = 0;
    for family in sources.into_iter().flat_map(Samples::families) {
        let mut shapes = shapes(family);
        while !shapes.is_empty() {
            let room = POINTS_PER_REQUEST - points;
            let rest = shapes.split_off(shapes.len().min(room));
            points += shapes.len();
            batch.push((family, shapes));
            shapes = rest;
            if points == POINTS_PER_REQUEST {
                requests.push(request(&batch, origin));
                batch.clear();
                points = 0;
            }
        }
    }
    if !batch.is_empty() {
        requests.push(request(&batch, origin));
    }
    requests
}

/// How many samples one request has at most. With labels of usual length it is two megabytes; collectors take four
/// and more.
pub const POINTS_PER_REQUEST: usize = 10_000;

type Batch<'a> = [(FamilyView<'a>, Vec<(Labels<'a>, Shape)>)];

fn request(batch: &Batch<'_>, origin: &Origin<'_>) -> Vec<u8> {
    let mut request = Message::default();
    request.nested(1, |resource_metrics| {
        resource_metrics.nested(1, |resource| {
            for (name, value) in origin.resource {
                attribute(resource, 1, name, value);
            }
        });
        resource_metrics.nested(2, |scope_metrics| {
            scope_metrics.nested(1, |scope| {
                scope.text(1, env!("CARGO_PKG_NAME"));
                scope.text(2, env!("CARGO_PKG_VERSION"));
            });
            for (family, points) in batch {
                scope_metrics.nested(2, |metric| write_metric(metric, *family, points, origin));
            }
        });
    });
    request.into_bytes()
}

fn write_metric(
    metric: &mut Message,
    family: FamilyView<'_>,
    points: &[(Labels<'_>, Shape)],
    origin: &Origin<'_>,
) {
    metric.text(1, family.name());
    metric.text(2, family.help());
    metric.text(3, unit(family.name()));
    let field = match family.kind() {
        Kind::Gauge | Kind::Untyped => 5,
        Kind::Counter => 7,
        Kind::Histogram => 9,
        Kind::Summary => 11,
    };
    let start = if family.name().starts_with(origin.own) { nanos(origin.start) } else { UNKNOWN };
    metric.nested(field, |data| {
        for (labels, shape) in points {
            data.nested(1, |point| write_point(point, labels, shape, start, origin.now));
        }
        if matches!(family.kind(), Kind::Counter | Kind::Histogram) {
            data.number(2, CUMULATIVE);
        }
        if family.kind() == Kind::Counter {
            data.number(3, 1);
        }
    });
}

fn write_point(
    point: &mut Message,
    labels: &Labels<'_>,
    shape: &Shape,
    start: u64,
    now: Timestamp,
) {
    // What has no beginning must not be given one.
    if !matches!(shape, Shape::Gauge(_)) {
        point.fixed(2, start);
    }
    point.fixed(3, nanos(now));
    let attributes = match shape {
        Shape::Gauge(value) | Shape::Counter(value) => {
            point.double(4, *value);
            7
        }
        Shape::Histogram { count, sum, bounds, counts } => {
            point.fixed(4, *count);
            if let Some(sum) = sum {
                point.double(5, *sum);
            }
            point.packed(6, counts.iter().map(|count| count.to_le_bytes()));
            point.packed(7, bounds.iter().map(|bound| bound.to_le_bytes()));
            9
        }
        Shape::Summary { count, sum, quantiles } => {
            point.fixed(4, *count);
            point.double(5, sum.unwrap_or_default());
            for (quantile, value) in quantiles {
                point.nested(6, |at| {
                    at.double(1, *quantile);
                    at.double(2, *value);
                });
            }
            7
        }
    };
    for (name, value) in labels {
        attribute(point, attributes, name, value);
    }
}

fn attribute(message: &mut Message, field: u32, name: &str, value: &str) {
    message.nested(field, |pair| {
        pair.text(1, name);
        // An empty text, too, is a value, and must be there to be one.
        pair.nested(2, |any| any.bytes(1, value.as_bytes()));
    });
}

/// Times before 1970 are none.
fn nanos(time: Timestamp) -> u64 {
    u64::try_from(time.as_unix_nanos()).unwrap_or_default()
}

/// What the protocol calls a beginning that nobody knows.
const UNKNOWN: u64 = 0;

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u64 = 2;
