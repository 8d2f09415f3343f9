//! Health checks: what they ask HTTP through, and what they tell of themselves.

use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, LongBody, endpoint_policy};
use wardkit_metrics::{Collector, Error, Samples};
use wardkit_probe::{
    BoxFuture, Config, HttpAnswer, HttpFailure, HttpGet, HttpQuestion, Prober, State, Target,
};

use super::{counter, float, gauge};

/// The HTTP client, as checks ask it.
pub(crate) struct Web(HttpClient);

impl Web {
    /// Creates a client that reaches what the checks name and nothing else.
    pub(crate) fn new(config: &Config) -> Result<Self, wardkit_channels::Error> {
        let urls = config.checks.iter().filter_map(|check| match &check.target {
            Target::Http(target) => Some(target.url.as_str()),
            _ => None,
        });
        let mut settings = HttpClientConfig::default();
        settings.policy = endpoint_policy(urls)?;
        settings.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
        HttpClient::new(settings).map(Self)
    }
}

impl HttpGet for Web {
    fn get<'a>(
        &'a self,
        question: &'a HttpQuestion,
    ) -> BoxFuture<'a, Result<HttpAnswer, HttpFailure>> {
        Box::pin(async move {
            // Thresholds are the check's, so one try is one run.
            let mut request = HttpRequest::get(&question.url)
                .once()
                .with_timeout(question.timeout)
                .with_max_body(question.max_body, LongBody::CutOff);
            for (name, value) in &question.headers {
                request = request.with_header(name, value)?;
            }
            let answer = self.0.send(&request).await?;
            Ok(HttpAnswer::new(answer.status(), answer.into_body()))
        })
    }
}

/// What the checks tell of themselves.
pub(super) struct CheckGauges(pub(super) Prober);

impl Collector for CheckGauges {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        let checks = self.0.status();
        if checks.is_empty() {
            return Ok(());
        }
        out.family(gauge("agentd_probe_up", "Whether the check passes."));
        for check in &checks {
            let is_up = matches!(check.state, State::Up | State::Degraded { .. });
            out.push(&[("check", &check.name)], f64::from(u8::from(is_up)));
        }
        out.family(counter("agentd_probe_runs_total", "Runs of the check."));
        for check in &checks {
            out.push(&[("check", &check.name)], float(check.runs));
        }
        out.family(counter("agentd_probe_failures_total", "Runs of the check that failed."));
        for check in &checks {
            out.push(&[("check", &check.name)], float(check.failures));
        }
        out.family(gauge("agentd_probe_duration_seconds", "How long the last run took."));
        for check in &checks {
            if let Some(last) = &check.last {
                out.push(&[("check", &check.name)], last.took.as_secs_f64());
            }
        }
        Ok(())
    }
}
