//! What probes of services ask pages with: nothing, until one asks for a page.

use std::sync::{Arc, Mutex};

use wardkit_probe::{BoxFuture, HttpAnswer, HttpFailure, HttpGet, HttpQuestion};
use wardkit_supervise::{ProbeConfig, ProbePhase, ServiceSpec};

use super::lock;
use crate::telemetry::Web;

/// An HTTP client that reaches what the probes of services name and nothing else. It is made when there is such a probe.
#[derive(Default)]
pub(crate) struct ProbeWeb(Mutex<Option<Result<Arc<Web>, String>>>);

impl ProbeWeb {
    /// Has it reach what the probes of these services name.
    pub(crate) fn reach(&self, services: &[ServiceSpec]) {
        let probes = || {
            let of = |service: &'_ ServiceSpec| -> Vec<ProbeConfig> {
                let phases = ProbePhase::ALL.into_iter();
                phases.filter_map(|phase| service.probes.of(phase).cloned()).collect()
            };
            services.iter().flat_map(of)
        };
        let urls: Vec<String> = probes().filter_map(|probe| probe.http).collect();
        let longest = probes().map(|probe| probe.timeout).max().unwrap_or_default();
        *lock(&self.0) = (!urls.is_empty()).then(|| {
            let web = Web::reaching(urls.iter().map(String::as_str), longest);
            web.map(Arc::new).map_err(|error| error.to_string())
        });
    }
}

impl HttpGet for ProbeWeb {
    fn get<'a>(
        &'a self,
        question: &'a HttpQuestion,
    ) -> BoxFuture<'a, Result<HttpAnswer, HttpFailure>> {
        let web = lock(&self.0).clone();
        Box::pin(async move {
            match web {
                Some(Ok(web)) => web.get(question).await,
                Some(Err(reason)) => Err(reason.into()),
                None => Err("no probe of a service asks for a page".into()),
            }
        })
    }
}
