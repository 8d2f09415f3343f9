//! Health checks: what they ask HTTP through, and what they tell of themselves.

use std::time::Duration;

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
        HttpClient::new(Self::settings(config)?).map(Self)
    }

    /// Creates a client that reaches these addresses and nothing else, and waits this long at most.
    pub(crate) fn reaching<'a>(
        urls: impl IntoIterator<Item = &'a str>,
        longest: Duration,
    ) -> Result<Self, wardkit_channels::Error> {
        HttpClient::new(Self::settings_of(urls, longest)?).map(Self)
    }

    fn settings(config: &Config) -> Result<HttpClientConfig, wardkit_channels::Error> {
        let urls = config.checks.iter().filter_map(|check| match &check.target {
            Target::Http(target) => Some(target.url.as_str()),
            _ => None,
        });
        let longest = config.checks.iter().map(|check| check.timeout).max().unwrap_or_default();
        Self::settings_of(urls, longest)
    }

    fn settings_of<'a>(
        urls: impl IntoIterator<Item = &'a str>,
        longest: Duration,
    ) -> Result<HttpClientConfig, wardkit_channels::Error> {
        let mut settings = HttpClientConfig::default();
        settings.policy = endpoint_policy(urls)?;
        settings.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
        // The deadline is each check's own; the client's must not come before it.
        for limit in
            [&mut settings.connect_timeout, &mut settings.head_timeout, &mut settings.body_timeout]
        {
            *limit = longest.clamp(*limit, LONGEST_PHASE);
        }
        Ok(settings)
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
        // Before its first run it has neither passed nor failed, and nobody is to be woken.
        for check in checks.iter().filter(|check| check.state != State::Starting) {
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

/// The most that the client takes.
const LONGEST_PHASE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use wardkit_probe::{CheckConfig, HttpTarget};

    use super::*;

    #[test]
    fn a_page_may_take_as_long_as_its_check_says() {
        let mut config = Config::default();
        let limits = |config: &Config| {
            let settings = Web::settings(config).unwrap();
            assert_eq!(settings.violations(), []);
            [settings.connect_timeout, settings.head_timeout, settings.body_timeout]
                .map(|limit| limit.as_secs())
        };
        for (timeout, expected) in [
            (Duration::from_secs(1), [5, 10, 10]),
            (Duration::from_secs(7), [7, 10, 10]),
            (Duration::from_mins(1), [60; 3]),
            (Duration::from_hours(24), [3600; 3]),
        ] {
            let mut check = CheckConfig::new("page", HttpTarget::new("http://127.0.0.1/"));
            check.timeout = timeout;
            config.checks = vec![check];
            assert_eq!(limits(&config), expected);
        }
    }
}
