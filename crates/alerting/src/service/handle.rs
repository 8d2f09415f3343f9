//! What the rest of the program holds of the service.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use wardkit_core::{Health, Timestamp};

use super::owner::Owner;
use super::{Channels, ServiceError, ServiceMetrics};
use crate::{
    Alert, Analysis, Analytics, Answer, ChannelId, Engine, HistoryQuery, HistoryRow, Input,
    MessageHead, MessageQuery, MessageState, Outbox, Outcome, Payload, Plan, Record, Refusal,
    Transition,
};

/// Brings things to the service and asks it. Cheap to clone.
///
/// A future that is dropped before it is done has brought what it brings, or not: bring it again.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: Sender<Command>,
    room: Arc<Semaphore>,
}

/// What is to be done in one commit.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// What the engine is told, in order.
    pub inputs: Vec<Input>,
    /// State of others, such as that of rules.
    pub records: Vec<Record>,
    /// What happened elsewhere.
    pub transitions: Vec<Transition>,
}

/// What the service's thread is told.
pub(super) enum Command {
    /// To be done and kept.
    Work(Work, Reply<Vec<Answer>>, OwnedSemaphorePermit),
    /// A question, or a change of what is not kept. It answers by itself.
    Ask(Box<dyn FnOnce(&mut Owner) + Send>, OwnedSemaphorePermit),
    /// Dead messages to be tried again.
    Replay(Vec<u64>, Reply<usize>, OwnedSemaphorePermit),
    /// A new configuration.
    Reload(Box<(Plan, Channels)>, Reply<()>, OwnedSemaphorePermit),
    /// What became of an attempt.
    Outcome(u64, Outcome),
    /// Look at the clocks.
    Tick,
    /// Start no more attempts and end when those under way are decided, or after this time.
    Shutdown(Duration),
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, ServiceError>>;

impl Handle {
    pub(super) fn new(commands: Sender<Command>, room: usize) -> Self {
        Self { commands, room: Arc::new(Semaphore::new(room.max(1))) }
    }

    /// Brings alerts. They are kept when it returns; those that were refused are in the answer.
    ///
    /// # Errors
    ///
    /// When they could not be kept, or the service does not run.
    pub async fn bring(
        &self,
        source: impl Into<String>,
        alerts: Vec<Alert>,
    ) -> Result<Vec<Refusal>, ServiceError> {
        let answers = self.tell(Input::Alerts { source: source.into(), alerts }).await?;
        let refusals = answers.into_iter().filter_map(|answer| match answer {
            Answer::Refused(refusal) => Some(refusal),
            _ => None,
        });
        Ok(refusals.collect())
    }

    /// Tells the engine something: a silence, an acknowledgement. It is kept when it returns.
    ///
    /// # Errors
    ///
    /// When it could not be kept, or the service does not run.
    pub async fn tell(&self, input: Input) -> Result<Vec<Answer>, ServiceError> {
        self.work(Work { inputs: vec![input], ..Work::default() }).await
    }

    /// Does several things in one commit.
    ///
    /// # Errors
    ///
    /// When they could not be kept, or the service does not run.
    pub async fn work(&self, work: Work) -> Result<Vec<Answer>, ServiceError> {
        self.send(|reply, room| Command::Work(work, reply, room)).await
    }

    /// Looks at the engine and the outbox. The look should be short: everybody else waits.
    ///
    /// # Errors
    ///
    /// When the service does not run.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine, &Outbox) -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        self.ask(move |owner| Ok(look(owner.engine(), owner.outbox()))).await
    }

    /// Returns what happened, the newest first, a page at a time.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the service does not run.
    pub async fn history(&self, query: HistoryQuery) -> Result<Vec<HistoryRow>, ServiceError> {
        self.ask(move |owner| owner.store().history(&query).map_err(ServiceError::Read)).await
    }

    /// Returns messages, waiting or done, the newest first, a page at a time.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the service does not run.
    pub async fn messages(&self, query: MessageQuery) -> Result<Vec<MessageHead>, ServiceError> {
        self.ask(move |owner| owner.store().messages(&query).map_err(ServiceError::Read)).await
    }

    /// Returns what a message says.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the service does not run.
    pub async fn payload(&self, sequence: u64) -> Result<Option<Payload>, ServiceError> {
        self.ask(move |owner| owner.store().payload(sequence).map_err(ServiceError::Read)).await
    }

    /// Returns the dead messages, the newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the service does not run.
    pub async fn dead(&self, limit: u32) -> Result<Vec<MessageHead>, ServiceError> {
        let states = vec![MessageState::Dead];
        self.messages(MessageQuery { states, limit, ..MessageQuery::default() }).await
    }

    /// Works out how alerts were dealt with from `from` to `to`, a page of the history at a time, so that nobody
    /// waits long.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the service does not run.
    pub async fn analyse(&self, from: Timestamp, to: Timestamp) -> Result<Analysis, ServiceError> {
        let mut analytics = Analytics::default();
        let mut query = MessageQuery::default();
        (query.from, query.to, query.limit) = (Some(from), Some(to), PAGE);
        loop {
            let page = self.messages(query.clone()).await?;
            for head in &page {
                analytics.message(head);
            }
            let Some(last) = page.last() else { break };
            query.before = Some(last.sequence);
        }
        let mut query = HistoryQuery::default();
        (query.from, query.to, query.limit) = (Some(from), Some(to), PAGE);
        let mut kept = Vec::new();
        // The newest come first, and what begins must be known before what ends: what matters is kept until all is
        // there, and that is no more than the incidents and alerts of the time.
        for what in ["incident.", "alert."] {
            query.what = Some(what.to_owned());
            query.before = None;
            loop {
                let page = self.history(query.clone()).await?;
                let Some(last) = page.last() else { break };
                query.before = Some(last.number);
                kept.extend(page.into_iter().map(|row| row.transition));
                if kept.len() >= MOST_ROWS {
                    break;
                }
            }
            for transition in kept.drain(..).rev() {
                analytics.transition(&transition);
            }
        }
        Ok(Analysis { from: Some(from), to: Some(to), ..analytics.finish() })
    }

    /// Tries dead messages again, as if they were new. Returns how many there were among these.
    ///
    /// # Errors
    ///
    /// When it could not be kept, or the service does not run.
    pub async fn replay(&self, sequences: Vec<u64>) -> Result<usize, ServiceError> {
        self.send(|reply, room| Command::Replay(sequences, reply, room)).await
    }

    /// Tells a channel a test word now, past the queue and its limits, and returns what became of it.
    ///
    /// # Errors
    ///
    /// When there is no such channel, or the service does not run.
    pub async fn test(&self, channel: ChannelId, by: String) -> Result<Outcome, ServiceError> {
        let attempt = self.ask(move |owner| owner.start_test(&channel, &by)).await?;
        attempt.await.map_err(|_| ServiceError::Stopped)
    }

    /// Takes over a new configuration. A channel that it no longer has delivers what waits for it first.
    ///
    /// # Errors
    ///
    /// When it could not be kept, or the service does not run.
    pub async fn reload(&self, plan: Plan, channels: Channels) -> Result<(), ServiceError> {
        self.send(|reply, room| Command::Reload(Box::new((plan, channels)), reply, room)).await
    }

    /// Lets the service look at the clocks, after one of them was set.
    pub fn tick(&self) {
        // A service that is gone needs no clock.
        let _ = self.commands.send(Command::Tick);
    }

    /// Returns what the service measures of itself.
    ///
    /// # Errors
    ///
    /// When the service does not run.
    pub async fn metrics(&self) -> Result<ServiceMetrics, ServiceError> {
        self.ask(|owner| Ok(owner.metrics())).await
    }

    /// Returns whether the service does its work: degraded while the store keeps nothing or a channel takes nothing.
    pub async fn health(&self) -> Health {
        let health = self.ask(|owner| Ok(owner.health())).await;
        health.unwrap_or_else(|error| Health::down(error.to_string()))
    }

    /// Lets the service start no more attempts and end once those under way are decided, or after `patience`. What
    /// waits is kept for the next run.
    pub fn shutdown(&self, patience: Duration) {
        // A service that is gone is shut down.
        let _ = self.commands.send(Command::Shutdown(patience));
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Owner) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ServiceError> {
        self.send(|reply, room| {
            let answer = move |owner: &mut Owner| {
                // Who asked may have given up.
                let _ = reply.send(question(owner));
            };
            Command::Ask(Box::new(answer), room)
        })
        .await
    }

    async fn send<T>(
        &self,
        command: impl FnOnce(Reply<T>, OwnedSemaphorePermit) -> Command,
    ) -> Result<T, ServiceError> {
        let room = Arc::clone(&self.room).acquire_owned().await;
        let room = room.map_err(|_| ServiceError::Stopped)?;
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply, room)).map_err(|_| ServiceError::Stopped)?;
        answer.await.map_err(|_| ServiceError::Stopped)?
    }
}

/// How many rows are read at a time.
const PAGE: u32 = 1000;
/// How many rows of a kind are looked at; older ones are left out.
const MOST_ROWS: usize = 200_000;
