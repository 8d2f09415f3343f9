//! What local users want of services, and want to know of them.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wardkit_api::services::{Command, Log, Outcome, Refused};
use wardkit_api::{Answer, Caller};
use wardkit_auditlog::Entry;
use wardkit_runner::{Refused as NotDone, Services};

use super::{lock, shown};
use crate::app::App;

impl App {
    /// Does what somebody wants of services, or answers what is asked of them.
    pub(crate) async fn answer_services(
        &self,
        by: Option<Caller>,
        command: Command,
    ) -> Result<Answer, Refused> {
        if let Command::Wait { ticket } = command {
            let waiting = lock(&self.supervision.tickets).open.remove(&ticket);
            let gone =
                || Refused::Unavailable("nothing is waited for under this ticket".to_owned());
            return self.wait(waiting.ok_or_else(gone)?).await;
        }
        let Some(services) = self.supervision.services() else {
            return match command {
                Command::List {} if !self.supervises() => Ok(Answer::new(&json!([]))),
                Command::Graph {} if !self.supervises() => Ok(Answer::new(&shown::graph(&[], &[]))),
                _ if self.supervises() => {
                    Err(Refused::Unavailable("the services are not taken up yet".to_owned()))
                }
                _ => Err(Refused::NotFound(
                    "there is no service: the configuration has no [[service]]".to_owned(),
                )),
            };
        };
        if command.writes() {
            let (what, name) = command.about();
            let who = by.map_or_else(String::new, |by| match by.pid {
                Some(pid) => format!("uid {}, pid {pid}", by.uid),
                None => format!("uid {}", by.uid),
            });
            let entry = Entry::new("control.services.allowed", format!("{what} {name}"));
            self.events.recorder().record(entry.by(who));
        }
        match command {
            Command::List {} => Ok(Answer::new(&shown::list(&services))),
            Command::Graph {} => {
                let config = self.supervision.wanted();
                Ok(Answer::new(&shown::graph(&config.services, &services.list())))
            }
            Command::Explain { name } => {
                // It reads the log.
                let explained =
                    tokio::task::spawn_blocking(move || explain(&services, &name)).await;
                explained.unwrap_or_else(|panic| Err(Refused::Unavailable(panic.to_string())))
            }
            Command::Log { name } => match services.log_path(&name) {
                Some(path) => Ok(Answer::new(&Log::new(path.display().to_string()))),
                None => Err(unknown(&name, &names(&services))),
            },
            command => self.wait(tokio::spawn(act(services, command))).await,
        }
    }

    /// Returns whether there are services, taken up or not.
    pub(crate) fn supervises(&self) -> bool {
        self.parts.status().iter().any(|part| part.name == "services")
    }

    /// Waits until it is done, or an answer is due.
    async fn wait(&self, mut doing: JoinHandle<Result<(), NotDone>>) -> Result<Answer, Refused> {
        match timeout(ANSWER_WITHIN, &mut doing).await {
            Ok(Ok(Ok(()))) => Ok(Answer::new(&Outcome::done())),
            Ok(Ok(Err(error))) => Err(refused(error)),
            Ok(Err(panic)) => Err(Refused::Unavailable(panic.to_string())),
            Err(_) => {
                let mut tickets = lock(&self.supervision.tickets);
                tickets.last += 1;
                let ticket = tickets.last;
                // What nobody asked about for so long is done all the same.
                while tickets.open.len() >= MOST_TICKETS {
                    tickets.open.pop_first();
                }
                tickets.open.insert(ticket, doing);
                Ok(Answer::new(&Outcome::pending(ticket)))
            }
        }
    }
}

async fn act(services: Services, command: Command) -> Result<(), NotDone> {
    match command {
        Command::Start { name, by } => services.start_service(&name, &by).await,
        Command::Stop { name, by } => services.stop_service(&name, &by).await,
        Command::Restart { name, by } => services.restart_service(&name, &by).await,
        Command::Maintenance { name, comment, by } => {
            services.begin_maintenance(&name, &comment, &by).await
        }
        Command::EndMaintenance { name, by } => services.end_maintenance(&name, &by).await,
        // The others were answered before.
        _ => Ok(()),
    }
}

fn explain(services: &Services, name: &str) -> Result<Answer, Refused> {
    let explained = services.explain(name).map_err(refused)?;
    let ends = explained.explanation.exits.iter().map(|end| end.reason.to_string());
    let ends: Vec<String> = ends.collect();
    let document = serde_json::to_value(&explained);
    let document = document.map_err(|error| Refused::Unavailable(error.to_string()))?;
    let Value::Object(mut document) = document else { return Ok(Answer::new(&document)) };
    // As in the list: the state is beside the name, not below another key.
    if let Some(Value::Object(status)) = document.remove("status") {
        let rest = std::mem::take(&mut document);
        document = status;
        document.extend(rest);
    }
    document.insert("exit_reason".to_owned(), json!(ends.last()));
    if let Some(exits) = document.get_mut("exits").and_then(Value::as_array_mut) {
        let objects = exits.iter_mut().filter_map(Value::as_object_mut);
        let add = |(exit, why): (&mut Map<String, Value>, String)| {
            exit.insert("why".to_owned(), json!(why))
        };
        objects.zip(ends).map(add).for_each(drop);
    }
    Ok(Answer::new(&Value::Object(document)))
}

fn refused(error: NotDone) -> Refused {
    match error {
        NotDone::Unknown { name, known } => unknown(&name, &known),
        NotDone::ShutDown => Refused::Unavailable(error.to_string()),
        error => Refused::Failed(error.to_string()),
    }
}

fn names(services: &Services) -> Vec<String> {
    services.list().into_iter().map(|status| status.name).collect()
}

fn unknown(name: &str, known: &[String]) -> Refused {
    let distance = |known: &&String| strsim::damerau_levenshtein(name, known);
    let nearest = known.iter().min_by_key(distance);
    let hint = match nearest.filter(|known| distance(known) <= (name.len() / 3).max(1)) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    };
    Refused::NotFound(format!("there is no service `{name}`{hint}"))
}

/// Well before a request is too old to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// As many as connections may wait at a time.
const MOST_TICKETS: usize = 64;
