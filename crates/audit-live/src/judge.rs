//! Judges answers.

mod exposure;
mod http;
mod transport;

use std::time::Duration;

use wardkit_audit::Status;

use crate::observed::{Burst, Observed, StoreState};

/// How a check ended.
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) current: String,
    /// Where, of the origin.
    pub(crate) paths: Vec<String>,
    pub(crate) evidence: Vec<String>,
}

impl Verdict {
    fn new(status: Status, current: impl Into<String>) -> Self {
        Self { status, current: current.into(), paths: Vec::new(), evidence: Vec::new() }
    }

    fn pass(current: impl Into<String>) -> Self {
        Self::new(Status::Pass, current)
    }

    fn fail(current: impl Into<String>, path: &str) -> Self {
        Self { paths: vec![path.to_owned()], ..Self::new(Status::Fail, current) }
    }

    fn not_applicable(current: impl Into<String>) -> Self {
        Self::new(Status::NotApplicable, current)
    }

    fn unknown(current: impl Into<String>) -> Self {
        Self::new(Status::Unknown, current)
    }

    fn with(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

/// Judges by the check of this name.
pub(crate) fn by_id(id: &str, seen: &Observed) -> Verdict {
    match id {
        "live-cleartext" => transport::cleartext(seen),
        "live-tls-untrusted" => transport::untrusted(seen),
        "live-tls-expiry" => transport::expiry(seen),
        "live-tls-old" => transport::old(seen),
        "live-headers" => http::headers(seen),
        "live-version-told" => http::version(seen),
        "live-cors" => http::cors(seen),
        "live-metrics-open" => exposure::metrics(seen),
        "live-debug-open" => exposure::debug(seen),
        "live-health-detail" => exposure::health_detail(seen),
        "live-error-leak" => exposure::errors(seen),
        "live-rate-limit" => rate_limit(&seen.burst, &seen.front.path),
        "live-webhook-open" => webhook(seen),
        "live-store-open" => stores(seen),
        "live-health" => health(seen),
        "live-slow" => slow(&seen.burst, seen.slowest, &seen.front.path),
        _ => Verdict::unknown("nobody judges it"),
    }
}

fn rate_limit(burst: &Burst, path: &str) -> Verdict {
    let Burst { sent, at_once, refused, lost, .. } = burst;
    if *refused > 0 {
        return Verdict::pass(format!("{refused} of {sent} requests were refused"));
    }
    if *at_once == 0 {
        return Verdict::not_applicable("not asked for");
    }
    if *lost > 0 {
        // Whether a limit or a weakness closed connections nobody can tell from here.
        return Verdict::unknown(format!("{lost} of {sent} requests had no answer"));
    }
    Verdict::fail(format!("{sent} requests within seconds were all answered."), path)
}

fn webhook(seen: &Observed) -> Verdict {
    let Some(page) = &seen.webhook else { return Verdict::not_applicable("not asked for") };
    match &page.answer {
        Err(reason) => Verdict::unknown(reason.as_str()),
        Ok(answer) => match answer.status {
            200..=299 => {
                let current =
                    format!("An update without a secret is answered with {}.", answer.status);
                Verdict::fail(current, &page.path)
            }
            404 | 405 => Verdict::unknown(format!("no webhook is there: {}", answer.status)),
            400..=499 => Verdict::pass(format!("refused with {}", answer.status)),
            status => Verdict::unknown(format!("answered with {status}")),
        },
    }
}

fn stores(seen: &Observed) -> Verdict {
    if seen.stores.is_empty() {
        return Verdict::not_applicable("not asked for");
    }
    let said = seen.stores.iter().map(|store| {
        let state = match &store.state {
            StoreState::Closed => "closed",
            StoreState::Guarded => "wants to know who asks",
            StoreState::Open => "lets anybody in",
            StoreState::Unclear(reason) => reason,
        };
        format!("{} at {}: {state}", store.name, store.address)
    });
    let said: Vec<String> = said.collect();
    if seen.stores.iter().any(|store| store.state == StoreState::Open) {
        return Verdict::fail("Without a password a database does what it is told.", "").with(said);
    }
    if seen.stores.iter().any(|store| matches!(store.state, StoreState::Unclear(_))) {
        return Verdict::unknown("").with(said);
    }
    Verdict::pass("").with(said)
}

fn health(seen: &Observed) -> Verdict {
    if let Some(page) = seen.health.iter().find(|page| page.shown().is_some()) {
        return Verdict::pass(format!("{} answers", page.path));
    }
    let ill = seen.health.iter().find_map(|page| {
        let answer = page.answer.as_ref().ok()?;
        (answer.status == 503).then(|| format!("{} says 503: it is not well", page.path))
    });
    if let Some(ill) = ill {
        return Verdict::new(Status::Manual, ill);
    }
    let paths: Vec<&str> = seen.health.iter().map(|page| page.path.as_str()).collect();
    let first = paths.first().copied().unwrap_or_default();
    Verdict::fail(format!("None of these answers: {}.", paths.join(", ")), first)
}

fn slow(burst: &Burst, slowest: Duration, path: &str) -> Verdict {
    if burst.took.len() < FEWEST {
        return Verdict::unknown(format!("only {} answers to judge by", burst.took.len()));
    }
    let at = (burst.took.len() * 95).div_ceil(100) - 1;
    let p95 = burst.took[at];
    let said = format!("95 of 100 answers took at most {} ms", p95.as_millis());
    if p95 <= slowest {
        return Verdict::pass(said);
    }
    Verdict::fail(format!("{said}; the limit is {} ms.", slowest.as_millis()), path)
}

/// Fewer answers say nothing of 95 in 100.
const FEWEST: usize = 10;
