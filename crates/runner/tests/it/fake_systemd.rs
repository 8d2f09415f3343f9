//! A systemd that runs nothing: it answers as systemd does, over D-Bus, and changes its units when it is told to.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use zbus::connection::Builder;
use zbus::export::futures_core::Stream as _;
use zbus::message::Type;
use zbus::{Connection, Guid, Message, MessageStream, ObjectPath, Variant};

use crate::scene::{PATIENCE, block_on};

/// A unit as its properties show it.
#[derive(Clone, Debug)]
pub(crate) struct FakeUnit {
    pub(crate) load: &'static str,
    pub(crate) active: &'static str,
    pub(crate) sub: &'static str,
    pub(crate) job: u32,
    pub(crate) pid: u32,
    pub(crate) result: &'static str,
    pub(crate) restarts: u32,
    pub(crate) exit: (i32, i32),
    pub(crate) restart: &'static str,
    /// What it is after a start.
    pub(crate) starts: bool,
}

impl FakeUnit {
    pub(crate) fn inactive() -> Self {
        Self {
            load: "loaded",
            active: "inactive",
            sub: "dead",
            job: 0,
            pid: 0,
            result: "success",
            restarts: 0,
            exit: (0, 0),
            restart: "no",
            starts: true,
        }
    }

    pub(crate) fn active(pid: u32) -> Self {
        Self { active: "active", sub: "running", pid, ..Self::inactive() }
    }

    fn start(&mut self, pid: u32) {
        let (starts, load, restart) = (self.starts, self.load, self.restart);
        *self = if starts {
            Self { load, restart, ..Self::active(pid) }
        } else {
            let failed =
                Self { active: "failed", sub: "failed", result: "exit-code", ..Self::inactive() };
            Self { exit: (1, 203), starts, load, restart, ..failed }
        };
    }

    fn stop(&mut self) {
        (self.active, self.sub, self.pid, self.job) = ("inactive", "dead", 0, 0);
        (self.result, self.exit) = ("success", (2, 15));
    }

    fn of_unit(&self) -> HashMap<&'static str, Variant<'static>> {
        let job = (self.job, ObjectPath::from_static_str_unchecked("/"));
        HashMap::from([
            ("LoadState", Variant::from(self.load)),
            ("ActiveState", Variant::from(self.active)),
            ("SubState", Variant::from(self.sub)),
            ("Job", Variant::from(job)),
        ])
    }

    fn of_service(&self) -> HashMap<&'static str, Variant<'static>> {
        HashMap::from([
            ("MainPID", Variant::from(self.pid)),
            ("Result", Variant::from(self.result)),
            ("NRestarts", Variant::from(self.restarts)),
            ("ExecMainCode", Variant::from(self.exit.0)),
            ("ExecMainStatus", Variant::from(self.exit.1)),
            ("Restart", Variant::from(self.restart)),
        ])
    }
}

/// Where it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// At a socket of its own, once after the other.
    Peer(std::path::PathBuf),
    /// On a bus at this address.
    Bus(String),
}

pub(crate) struct FakeSystemd {
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    units: BTreeMap<String, FakeUnit>,
    calls: Vec<String>,
    connection: Option<Connection>,
    last_pid: u32,
    /// How often a change was told, and how many of these were told when somebody asked last.
    told: u64,
    answered: u64,
}

impl FakeSystemd {
    pub(crate) fn new(
        place: Place,
        units: impl IntoIterator<Item = (&'static str, FakeUnit)>,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        for (name, unit) in units {
            shared.lock().units.insert(name.to_owned(), unit);
        }
        shared.lock().last_pid = 40_000;
        let (end, ended) = oneshot::channel();
        let theirs = Arc::clone(&shared);
        // It is there before anybody asks.
        let listener = match &place {
            Place::Peer(path) => Some(UnixListener::bind(path).expect("there is room")),
            Place::Bus(_) => None,
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("there is room").block_on(async {
                tokio::select! {
                    () = serve(place, listener, &theirs) => {}
                    _ = ended => {}
                }
                theirs.lock().connection = None;
            });
        });
        Self { shared, end: Some(end), thread: Some(thread) }
    }

    /// Changes a unit and tells so.
    pub(crate) fn change(&self, unit: &str, change: impl FnOnce(&mut FakeUnit)) {
        let connection = {
            let mut state = self.shared.lock();
            change(state.units.get_mut(unit).expect("it is there"));
            state.told += 1;
            state.connection.clone()
        };
        if let Some(connection) = connection {
            block_on(tell(&connection, unit));
        }
    }

    /// Waits until it was asked for something, and returns how often.
    pub(crate) fn until_called(&self, call: &str) -> usize {
        let is_missing = |state: &mut State| !state.calls.iter().any(|one| one == call);
        let state = self.shared.lock();
        let (state, waited) = (self.shared.changed)
            .wait_timeout_while(state, PATIENCE, is_missing)
            .expect("nobody panics");
        assert!(!waited.timed_out(), "{call} is not among {:?}", state.calls);
        state.calls.iter().filter(|one| *one == call).count()
    }

    /// Waits until it can be asked on its bus.
    pub(crate) fn until_there(&self) {
        crate::scene::eventually(|| self.shared.lock().connection.is_some().then_some(()));
    }

    /// Waits until what was told last has been looked at.
    pub(crate) fn until_asked(&self) {
        let is_news = |state: &mut State| state.answered < state.told;
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, is_news);
        assert!(!waited.expect("nobody panics").1.timed_out());
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.shared.lock().calls.clone()
    }

    pub(crate) fn unit(&self, unit: &str) -> FakeUnit {
        self.shared.lock().units[unit].clone()
    }
}

impl Drop for FakeSystemd {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics")
    }
}

async fn serve(place: Place, listener: Option<UnixListener>, shared: &Shared) {
    match place {
        Place::Bus(address) => {
            let builder = Builder::address(address.as_str()).name("org.freedesktop.systemd1");
            let connection = builder.build().await.expect("the bus is there");
            answer(connection, shared).await;
        }
        Place::Peer(_) => {
            let listener = listener.expect("it was made");
            listener.set_nonblocking(true).expect("it is ours");
            let listener = tokio::net::UnixListener::from_std(listener).expect("it is ours");
            loop {
                let (stream, _) = listener.accept().await.expect("it is ours");
                let stream = stream.into_std().expect("it is ours");
                let builder = Builder::unix_stream(stream).server(Guid::generate()).p2p();
                if let Ok(connection) = builder.build().await {
                    answer(connection, shared).await;
                }
            }
        }
    }
}

async fn answer(connection: Connection, shared: &Shared) {
    let mut messages = MessageStream::from(&connection);
    shared.lock().connection = Some(connection.clone());
    loop {
        let next = std::future::poll_fn(|cx| Pin::new(&mut messages).poll_next(cx)).await;
        let Some(Ok(message)) = next else { return };
        if message.header().message_type() == Type::MethodCall
            && one(&connection, shared, &message).await.is_err()
        {
            return;
        }
    }
}

async fn one(connection: &Connection, shared: &Shared, message: &Message) -> zbus::Result<()> {
    let header = message.header();
    let member = header.member().map_or("", |member| member.as_str()).to_owned();
    let path = header.path().map_or("", |path| path.as_str()).to_owned();
    if member == "GetAll" {
        let of: (String,) = message.body().deserialize()?;
        let found = {
            let mut state = shared.lock();
            if of.0.ends_with(".Unit") {
                state.answered = state.told;
            }
            let found = state.units.iter().find(|(name, _)| object(name) == path);
            found.map(|(_, unit)| unit.clone())
        };
        shared.changed.notify_all();
        let unit = found.unwrap_or_else(|| FakeUnit { load: "not-found", ..FakeUnit::inactive() });
        let properties = if of.0.ends_with(".Unit") { unit.of_unit() } else { unit.of_service() };
        return connection.reply(&header, &properties).await;
    }
    if member == "Subscribe" {
        return connection.reply(&header, &()).await;
    }
    let unit = first(message)?;
    if member == "LoadUnit" {
        return connection.reply(&header, &ObjectPath::try_from(object(&unit))?).await;
    }
    let is_masked = {
        let mut state = shared.lock();
        state.calls.push(format!("{member} {unit}"));
        state.last_pid += 1;
        let pid = state.last_pid;
        let unit = state.units.get_mut(&unit);
        let is_masked = unit.as_ref().is_some_and(|unit| unit.load == "masked");
        match (&*member, unit) {
            ("StartUnit", Some(unit)) => unit.start(pid),
            ("StopUnit", Some(unit)) => unit.stop(),
            ("ResetFailedUnit", Some(unit)) => (unit.active, unit.sub) = ("inactive", "dead"),
            _ => {}
        }
        is_masked
    };
    shared.changed.notify_all();
    if is_masked {
        let error = "org.freedesktop.systemd1.UnitMasked";
        return connection.reply_error(&header, error, &("it is masked",)).await;
    }
    match &*member {
        "StartUnit" | "StopUnit" => {
            let job = ObjectPath::from_static_str_unchecked("/org/freedesktop/systemd1/job/1");
            connection.reply(&header, &job).await?;
        }
        _ => connection.reply(&header, &()).await?,
    }
    tell(connection, &unit).await;
    Ok(())
}

/// Returns the first argument.
fn first(message: &Message) -> zbus::Result<String> {
    let body = message.body();
    if let Ok((unit, _)) = body.deserialize::<(String, String)>() {
        return Ok(unit);
    }
    if let Ok((unit, _, _)) = body.deserialize::<(String, String, i32)>() {
        return Ok(unit);
    }
    body.deserialize::<(String,)>().map(|(unit,)| unit)
}

/// Says that something of a unit has changed, and not what: whoever wants to know asks.
async fn tell(connection: &Connection, unit: &str) {
    let nothing: HashMap<&str, Variant<'_>> = HashMap::new();
    let changed = ["ActiveState", "SubState", "MainPID"];
    let body = ("org.freedesktop.systemd1.Unit", nothing, changed);
    let path = object(unit);
    let properties = "org.freedesktop.DBus.Properties";
    let to: Option<&str> = None;
    let told = connection.emit_signal(to, path.as_str(), properties, "PropertiesChanged", &body);
    let _ = told.await;
}

/// The object of a unit, its name escaped as systemd does.
fn object(unit: &str) -> String {
    let escape = |one: char| {
        if one.is_ascii_alphanumeric() {
            one.to_string()
        } else {
            format!("_{:02x}", u32::from(one))
        }
    };
    format!("/org/freedesktop/systemd1/unit/{}", unit.chars().map(escape).collect::<String>())
}

/// Returns the socket of a systemd that is asked without a bus.
pub(crate) fn socket(folder: &Path) -> std::path::PathBuf {
    folder.join("systemd")
}
