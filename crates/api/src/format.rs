//! The two forms in which metrics are shown, and who gets which.

use http::HeaderMap;
use http::header::ACCEPT;

/// The form in which metrics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus's text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    Open,
}

impl Format {
    /// Finds the form that a client prefers: OpenMetrics where it asks for that at least as much as for text.
    pub(crate) fn accepted(fields: &HeaderMap) -> Self {
        let accepted = fields.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut weights = [0.0_f64; 2];
        for (media, weight) in accepted.flat_map(|value| value.split(',')).filter_map(weigh) {
            let index = usize::from(media.eq_ignore_ascii_case(OPEN_MEDIA));
            weights[index] = weights[index].max(weight);
        }
        if weights[1] > 0.0 && weights[1] >= weights[0] { Self::Open } else { Self::Text }
    }
}

/// Reads one item of an `Accept` field: a media type that metrics have, and its weight.
fn weigh(item: &str) -> Option<(&str, f64)> {
    let mut pieces = item.split(';').map(str::trim);
    let media = pieces.next()?;
    [OPEN_MEDIA, TEXT_MEDIA].iter().find(|known| media.eq_ignore_ascii_case(known))?;
    let mut weight = 1.0;
    for piece in pieces {
        if let Some(value) = piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")) {
            weight = value.parse().ok().filter(|value| (0.0..=1.0).contains(value))?;
        }
    }
    Some((media, weight))
}

const OPEN_MEDIA: &str = "application/openmetrics-text";
const TEXT_MEDIA: &str = "text/plain";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_shown_to_who_asks_for_it_at_least_as_much_as_for_text() {
        for (accept, open) in [
            ("", false),
            ("*/*", false),
            ("text/plain", false),
            ("application/openmetrics-text", true),
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4",
                true,
            ),
            ("application/openmetrics-text;q=0.4, text/plain;q=0.5", false),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=nonsense", false),
            ("text/html, APPLICATION/OpenMetrics-Text", true),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(Format::accepted(&fields) == Format::Open, open, "{accept}");
        }
    }
}
