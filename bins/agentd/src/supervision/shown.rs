//! Services as documents, as health, and as metrics.

use serde_json::{Value, json};
use wardkit_api::ServiceLine;
use wardkit_core::Health;
use wardkit_metrics::Samples;
use wardkit_runner::Services;
use wardkit_supervise::{Config, Graph, ServiceSpec, ServiceStatus, State};

use super::Supervision;
use crate::telemetry::{counter, float, gauge};

/// Returns the list of services: name, state, pid and more of each.
pub(super) fn list(services: &Services) -> Value {
    services.list().iter().map(one).collect()
}

fn one(status: &ServiceStatus) -> Value {
    let mut shown = json!(status);
    if let (Value::Object(shown), Some(why)) = (&mut shown, why(&status.state)) {
        shown.insert("why".to_owned(), json!(why));
    }
    shown
}

/// Returns why a service does not run although it is to, in a few words.
fn why(state: &State) -> Option<String> {
    match state {
        State::Failed { why } => Some(why.clone()),
        State::Held { by } => by.first().map(ToString::to_string),
        State::Recovering { step } => Some(step.clone()),
        _ => None,
    }
}

/// Returns who needs whom, how each is, and who starts together.
pub(super) fn graph(declared: &[ServiceSpec], statuses: &[ServiceStatus]) -> Value {
    let state_of = |name: &str| {
        let status = statuses.iter().find(|status| status.name == name);
        status.map(|status| status.state.as_str())
    };
    let services: Vec<_> = (declared.iter())
        .map(|spec| json!({"name": spec.name, "state": state_of(&spec.name)}))
        .collect();
    let edges: Vec<_> = (declared.iter())
        .flat_map(|spec| {
            let kinds = [
                ("depends", &spec.depends),
                ("binds_to", &spec.binds_to),
                ("wants", &spec.wants),
                ("after", &spec.after),
                ("conflicts", &spec.conflicts),
            ];
            kinds.into_iter().flat_map(move |(kind, names)| {
                names.iter().map(move |to| json!({"from": spec.name, "to": to, "kind": kind}))
            })
        })
        .collect();
    let graph = Graph::new(&Config::new(declared.to_vec()));
    json!({"services": services, "edges": edges, "waves": graph.waves()})
}

/// Returns whether somebody should look.
const fn is_amiss(state: &State) -> bool {
    matches!(state, State::Failed { .. } | State::CrashLoop { .. } | State::Unkillable)
}

/// Returns how services are as a whole: one that needs somebody makes it less than well.
pub(crate) fn health(services: &[ServiceStatus]) -> Health {
    let amiss: Vec<_> = services.iter().filter(|status| is_amiss(&status.state)).collect();
    let shown = amiss.iter().take(MOST_SHOWN);
    let shown: Vec<_> =
        shown.map(|status| format!("{}: {}", status.name, status.state.as_str())).collect();
    match amiss.len() {
        0 => Health::Up,
        many if many > MOST_SHOWN => {
            Health::degraded(format!("{} and {} more", shown.join(", "), many - MOST_SHOWN))
        }
        _ => Health::degraded(shown.join(", ")),
    }
}

impl Supervision {
    /// Returns how each service is, for the status.
    pub(crate) fn lines(&self) -> Vec<ServiceLine> {
        let line = |status: ServiceStatus| ServiceLine {
            state: status.state.as_str().to_owned(),
            is_amiss: is_amiss(&status.state),
            name: status.name,
            pid: status.pid,
            since: status.since,
            restarts: status.restarts,
        };
        self.services().map(|all| all.list().into_iter().map(line).collect()).unwrap_or_default()
    }

    /// Appends the metrics of services.
    pub(crate) fn collect(&self, out: &mut Samples) {
        let Some(services) = self.services() else { return };
        let all = services.metrics();
        if all.is_empty() {
            return;
        }
        out.family(gauge("agentd_service_up", "Whether the service runs."));
        for one in &all {
            let runs = matches!(one.state, State::Running { .. });
            out.push(&[("service", &one.name)], f64::from(u8::from(runs)));
        }
        out.family(gauge("agentd_service_state_info", "How the service is, as one word."));
        for one in &all {
            out.push(&[("service", &one.name), ("state", one.state.as_str())], 1.0);
        }
        let help = "How often the service was started again.";
        out.family(counter("agentd_service_restarts_total", help));
        for one in &all {
            out.push(&[("service", &one.name)], float(one.restarts));
        }
        out.family(gauge("agentd_service_uptime_seconds", "How long its present run lasts."));
        for one in all.iter().filter(|one| one.uptime.is_some()) {
            let uptime = one.uptime.unwrap_or_default();
            out.push(&[("service", &one.name)], uptime.as_secs_f64());
        }
        let help = "Ends of runs since agentd runs, by reason.";
        out.family(counter("agentd_service_exits_total", help));
        for one in &all {
            for (reason, count) in &one.exits {
                out.push(&[("service", &one.name), ("reason", reason)], float(*count));
            }
        }
        if all.iter().any(|one| one.denied_calls.is_some()) {
            let help = "System calls that the service tried and its sandbox denied.";
            out.family(counter("agentd_service_denied_syscalls_total", help));
        }
        for (name, count) in all.iter().filter_map(|one| Some((&one.name, one.denied_calls?))) {
            out.push(&[("service", name)], float(count));
        }
        let help = "Runs of probes that failed since agentd runs.";
        out.family(counter("agentd_service_probe_failures_total", help));
        for one in &all {
            out.push(&[("service", &one.name)], float(one.probe_failures));
        }
    }
}

/// As many as fit a line.
const MOST_SHOWN: usize = 3;
