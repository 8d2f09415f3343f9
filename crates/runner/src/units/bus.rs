//! What is said to systemd, over D-Bus.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use wardkit_supervise::SpawnErrorClass;
use zbus::connection::Builder;
use zbus::export::futures_core::Stream as _;
use zbus::message::Type;
use zbus::{Connection, Error, Message, MessageStream, OwnedObjectPath, OwnedVariant};

use super::follow::Facts;

/// A connection to systemd.
pub(super) struct Bus {
    connection: Connection,
    /// Whether others are on it too; otherwise systemd itself is at the other end.
    is_shared: bool,
    changed: Arc<Changed>,
    pump: AbortHandle,
}

/// The objects of which something has changed.
#[derive(Debug, Default)]
struct Changed {
    paths: Mutex<BTreeSet<String>>,
    notify: Notify,
}

/// What could not be done, and what trying again may do.
pub(super) struct Refused {
    pub(super) why: String,
    pub(super) class: SpawnErrorClass,
}

impl Bus {
    /// Connects to systemd: through a bus by its address, or without one by `peer:` and the path of a socket.
    pub(super) async fn connect(address: &str) -> Result<Self, Refused> {
        let (builder, is_shared) = match address.strip_prefix("peer:") {
            Some(path) => (Builder::address(format!("unix:path={path}").as_str()).p2p(), false),
            None => (Builder::address(address), true),
        };
        let connecting = builder.method_timeout(PATIENCE).build();
        let connection = match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(connected) => connected.map_err(|error| Refused::of(&error))?,
            Err(_) => return Err(Refused::transient("it does not answer".to_owned())),
        };
        let changed = Arc::new(Changed::default());
        let messages = MessageStream::from(&connection);
        let pump = tokio::spawn(pump(messages, Arc::clone(&changed))).abort_handle();
        let bus = Self { connection, is_shared, changed, pump };
        if bus.is_shared {
            // It is absent for a moment when systemd executes itself anew.
            bus.watch(&format!("type='signal',member='NameOwnerChanged',arg0='{SYSTEMD}'")).await?;
        }
        bus.manager("Subscribe", &()).await?;
        Ok(bus)
    }

    /// Has systemd tell of a unit, and returns its object.
    pub(super) async fn follow(&self, unit: &str) -> Result<OwnedObjectPath, Refused> {
        let answer = self.manager("LoadUnit", &(unit,)).await?;
        let path: OwnedObjectPath =
            answer.body().deserialize().map_err(|error| Refused::of(&error))?;
        if self.is_shared {
            let rule = format!(
                "type='signal',interface='{PROPERTIES}',member='PropertiesChanged',path='{}'",
                path.as_str()
            );
            self.watch(&rule).await?;
        }
        Ok(path)
    }

    /// Reads what systemd knows of a unit.
    pub(super) async fn facts(&self, path: &OwnedObjectPath) -> Result<Facts, Refused> {
        let unit = self.properties(path, "org.freedesktop.systemd1.Unit").await?;
        let service = self.properties(path, "org.freedesktop.systemd1.Service").await;
        // A unit that is no service has none of these.
        let service = match service {
            Err(refused) if refused.class == SpawnErrorClass::Transient => return Err(refused),
            service => service.unwrap_or_default(),
        };
        let job =
            unit.get("Job").and_then(|job| <(u32, OwnedObjectPath)>::try_from(job.clone()).ok());
        Ok(Facts {
            load: text(&unit, "LoadState"),
            active: text(&unit, "ActiveState"),
            sub: text(&unit, "SubState"),
            job: job.map_or(0, |(number, _)| number),
            pid: number(&service, "MainPID"),
            result: text(&service, "Result"),
            restarts: number(&service, "NRestarts"),
            exit_kind: signed(&service, "ExecMainCode"),
            exit_status: signed(&service, "ExecMainStatus"),
            restart: text(&service, "Restart"),
        })
    }

    pub(super) async fn start(&self, unit: &str) -> Result<(), Refused> {
        self.manager("StartUnit", &(unit, "replace")).await.map(drop)
    }

    pub(super) async fn stop(&self, unit: &str) -> Result<(), Refused> {
        self.manager("StopUnit", &(unit, "replace")).await.map(drop)
    }

    pub(super) async fn kill(&self, unit: &str) -> Result<(), Refused> {
        self.manager("KillUnit", &(unit, "all", KILL)).await.map(drop)
    }

    pub(super) async fn reset(&self, unit: &str) -> Result<(), Refused> {
        self.manager("ResetFailedUnit", &(unit,)).await.map(drop)
    }

    /// Waits until something of objects has changed, and returns their paths; `None` when the connection is lost.
    pub(super) async fn changed(&self) -> Option<BTreeSet<String>> {
        loop {
            let notified = self.changed.notify.notified();
            let paths = std::mem::take(&mut *self.changed.lock());
            if !paths.is_empty() {
                return Some(paths);
            }
            tokio::select! {
                () = notified => {}
                () = self.connection.closed() => return None,
            }
        }
    }

    async fn properties(
        &self,
        path: &OwnedObjectPath,
        of: &str,
    ) -> Result<HashMap<String, OwnedVariant>, Refused> {
        let body = (of,);
        let call = self.connection.call_method(
            self.is_shared.then_some(SYSTEMD),
            path,
            Some(PROPERTIES),
            "GetAll",
            &body,
        );
        let answer = call.await.map_err(|error| Refused::of(&error))?;
        answer.body().deserialize().map_err(|error| Refused::of(&error))
    }

    async fn manager<B>(&self, method: &'static str, body: &B) -> Result<Message, Refused>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let destination = self.is_shared.then_some(SYSTEMD);
        let interface = Some("org.freedesktop.systemd1.Manager");
        let path = "/org/freedesktop/systemd1";
        let call = self.connection.call_method(destination, path, interface, method, body);
        call.await.map_err(|error| Refused::of(&error))
    }

    async fn watch(&self, rule: &str) -> Result<(), Refused> {
        let (name, body) = ("org.freedesktop.DBus", (rule,));
        let call = self.connection.call_method(
            Some(name),
            "/org/freedesktop/DBus",
            Some(name),
            "AddMatch",
            &body,
        );
        call.await.map(drop).map_err(|error| Refused::of(&error))
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Changed {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    pub(super) fn transient(why: String) -> Self {
        Self { why, class: SpawnErrorClass::Transient }
    }

    fn of(error: &Error) -> Self {
        let class = match error {
            Error::MethodError(name, ..) if LASTING.contains(&name.as_str()) => {
                SpawnErrorClass::Configuration
            }
            Error::FDO(error) if is_lasting(error) => SpawnErrorClass::Configuration,
            _ => SpawnErrorClass::Transient,
        };
        Self { why: error.to_string(), class }
    }
}

/// Takes in all messages, so that none waits, and notes the objects that they are about.
async fn pump(mut messages: MessageStream, changed: Arc<Changed>) {
    while let Some(message) = std::future::poll_fn(|cx| Pin::new(&mut messages).poll_next(cx)).await
    {
        let Ok(message) = message else { continue };
        let header = message.header();
        let is_signal = header.message_type() == Type::Signal;
        let member = header.member().map_or("", |member| member.as_str());
        if !is_signal || !["PropertiesChanged", "NameOwnerChanged"].contains(&member) {
            continue;
        }
        if let Some(path) = header.path() {
            changed.lock().insert(path.as_str().to_owned());
            changed.notify.notify_one();
        }
    }
}

fn is_lasting(error: &zbus::fdo::Error) -> bool {
    matches!(
        error,
        zbus::fdo::Error::AccessDenied(_)
            | zbus::fdo::Error::AuthFailed(_)
            | zbus::fdo::Error::InvalidArgs(_)
            | zbus::fdo::Error::UnknownInterface(_)
    )
}

fn text(of: &HashMap<String, OwnedVariant>, name: &str) -> String {
    of.get(name).and_then(|value| String::try_from(value.clone()).ok()).unwrap_or_default()
}

fn number(of: &HashMap<String, OwnedVariant>, name: &str) -> u32 {
    of.get(name).and_then(|value| u32::try_from(value).ok()).unwrap_or_default()
}

fn signed(of: &HashMap<String, OwnedVariant>, name: &str) -> i32 {
    of.get(name).and_then(|value| i32::try_from(value).ok()).unwrap_or_default()
}

const SYSTEMD: &str = "org.freedesktop.systemd1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// `SIGKILL`.
const KILL: i32 = 9;
/// What systemd answers at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// Asking again changes nothing.
const LASTING: [&str; 4] = [
    "org.freedesktop.systemd1.NoSuchUnit",
    "org.freedesktop.systemd1.UnitMasked",
    "org.freedesktop.systemd1.BadUnitSetting",
    "org.freedesktop.DBus.Error.AccessDenied",
];
