//! Asks a target once, with a deadline.

mod conversation;
mod exec;
mod file;
mod http;
mod password;
#[cfg(feature = "postgres")]
mod postgres;
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use wardkit_core::{Clock, SystemClock};

use crate::{CheckId, HttpGet, Outcome, Target};

/// Asks a target once: what a check does each time, without thresholds and history.
///
/// It takes no longer than `timeout`. Dropping the future gives the run up and kills its program.
///
/// ```
/// use std::time::Duration;
/// use wardkit_probe::{ExecTarget, NoHttp, Outcome, ask};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let target = ExecTarget::new(["/bin/sh", "-c", "exit 3"]).into();
/// let outcome = ask(&target, &NoHttp, Duration::from_mins(1)).await;
/// assert_eq!(outcome, Outcome::failed("exit code 3"));
/// # }
/// ```
pub async fn ask(target: &Target, http: &dyn HttpGet, timeout: Duration) -> Outcome {
    ask_at(target, http, timeout, &SystemClock, &Place::new()).await
}

/// Asks for many checks.
pub(crate) struct Asker {
    http: Arc<dyn HttpGet>,
    clock: Arc<dyn Clock>,
    places: Mutex<HashMap<CheckId, Place>>,
}

impl Asker {
    pub(crate) fn new(http: Arc<dyn HttpGet>, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock, places: Mutex::default() }
    }

    /// Takes over the looks that have not come back yet; `checks` says which check became which.
    pub(crate) fn take_over(&self, from: &Self, checks: &[(CheckId, CheckId)]) {
        let before = from.places.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = checks.iter().filter_map(|(old, new)| Some((*new, before.get(old)?.clone())));
        places.extend(taken);
    }

    pub(crate) async fn ask(&self, check: CheckId, target: &Target, timeout: Duration) -> Outcome {
        let place = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.entry(check).or_insert_with(Place::new).clone()
        };
        ask_at(target, &*self.http, timeout, &*self.clock, &place).await
    }
}

async fn ask_at(
    target: &Target,
    http: &dyn HttpGet,
    timeout: Duration,
    clock: &dyn Clock,
    place: &Place,
) -> Outcome {
    let asking = async {
        match target {
            Target::Exec(target) => exec::ask(target).await,
            Target::Http(target) => http::ask(target, http, timeout).await,
            Target::Tcp(target) => match TcpStream::connect(target.address.as_str()).await {
                Ok(stream) => {
                    conversation::ask(stream, target.send.as_deref(), target.expect.as_deref())
                        .await
                }
                Err(error) => unreachable(&target.address, &error),
            },
            Target::Unix(target) => match UnixStream::connect(&target.path).await {
                Ok(stream) => {
                    conversation::ask(stream, target.send.as_deref(), target.expect.as_deref())
                        .await
                }
                Err(error) => unreachable(&target.path.display(), &error),
            },
            Target::File(target) => file::ask(target, clock.now(), place).await,
            Target::Redis(target) => redis::ask(target, place).await,
            #[cfg(feature = "postgres")]
            Target::Postgres(target) => postgres::ask(target, place).await,
            #[cfg(feature = "sqlite")]
            Target::Sqlite(target) => sqlite::ask(target, timeout, place).await,
        }
    };
    let late = |_| Outcome::failed(format!("no answer within {timeout:?}"));
    tokio::time::timeout(timeout, asking).await.unwrap_or_else(late)
}

fn unreachable(at: &dyn std::fmt::Display, error: &std::io::Error) -> Outcome {
    Outcome::failed(format!("cannot connect to {at}: {error}"))
}

/// Where the one blocking look of a check takes place. A look that never comes back, at a file of a dead server for
/// one, keeps its thread; the next one is refused instead of taking another.
#[derive(Clone, Debug)]
struct Place(Arc<Semaphore>);

impl Place {
    fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    async fn block<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let taken = |_| "the last look at it has not come back yet".to_owned();
        let permit = Arc::clone(&self.0).try_acquire_owned().map_err(taken)?;
        let looking = tokio::task::spawn_blocking(move || {
            let found = look();
            drop(permit);
            found
        });
        looking.await.unwrap_or_else(|_| Err("the look at it broke off".to_owned()))
    }
}
