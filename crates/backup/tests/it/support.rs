//! Small repositories in memory, with keys that cost nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_backup::engine::{
    Event, InitOptions, Observer, OpenOptions, Password, Repository, Writer,
};
use wardkit_backup::format::{Id, KdfParams, KeyFile, MasterKey};
use wardkit_backup::store::{Key, Kind, Memory, ObjectStore};
use wardkit_core::{Clock, ManualClock, Timestamp};
use wardkit_retry::Sleep;

pub(crate) const PASSWORD: &str = "correct horse";

/// A clock whose sleeping moves it on, and first lets something happen.
pub(crate) struct StepClock {
    pub(crate) time: ManualClock,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

/// Writes down what it was told.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<String>>);

impl StepClock {
    pub(crate) fn new() -> Arc<Self> {
        let time = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
        Arc::new(Self { time, meanwhile: Mutex::new(None) })
    }

    /// Something that happens when the next sleep begins.
    pub(crate) fn meanwhile(&self, happens: impl FnOnce() + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::new(happens));
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn uptime(&self) -> Duration {
        self.time.uptime()
    }
}

impl Sleep for StepClock {
    fn sleep(&self, duration: Duration) {
        if let Some(happens) = self.meanwhile.lock().unwrap().take() {
            happens();
        }
        self.time.advance(duration);
    }
}

impl Observer for Notes {
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

pub(crate) fn password() -> Password {
    Password::new(PASSWORD)
}

pub(crate) fn cheap() -> KdfParams {
    KdfParams::new(2, 1, 1).unwrap()
}

pub(crate) fn options(clock: &Arc<StepClock>) -> OpenOptions {
    let mut options = OpenOptions::default();
    options.clock = Arc::<StepClock>::clone(clock);
    options.threads = 2;
    options
}

pub(crate) fn init_options(clock: &Arc<StepClock>) -> InitOptions {
    let mut init = InitOptions::default();
    init.kdf = cheap();
    init.open = options(clock);
    init
}

pub(crate) fn init(store: &Arc<Memory>) -> Repository<Writer> {
    init_at(store, &StepClock::new())
}

pub(crate) fn init_at(store: &Arc<Memory>, clock: &Arc<StepClock>) -> Repository<Writer> {
    Repository::<Writer>::init(Arc::<Memory>::clone(store), &password(), init_options(clock))
        .unwrap()
}

/// The key that everything is sealed with.
pub(crate) fn master(store: &Memory) -> MasterKey {
    let key = names(store, Kind::Key)[0];
    let bytes = store.get(&Key::Named(Kind::Key, key), None).unwrap();
    KeyFile::from_json(&bytes).unwrap().open(PASSWORD.as_bytes()).unwrap()
}

pub(crate) fn names(store: &Memory, kind: Kind) -> Vec<Id> {
    let named = |key| match key {
        Key::Named(its, id) if its == kind => Some(id),
        _ => None,
    };
    store.keys().into_iter().filter_map(named).collect()
}

/// Stores a file outside of packs as any program could that knows the password.
pub(crate) fn plant(store: &Memory, kind: Kind, json: &[u8]) -> Id {
    let sealed = master(store).seal(&[7; 16], json);
    let id = Id::of(&sealed);
    store.put(&Key::Named(kind, id), &sealed).unwrap();
    id
}

/// Flips a byte of an object, in its first blob if it is a pack.
pub(crate) fn alter(store: &Memory, key: Key) {
    let mut bytes = store.get(&key, None).unwrap();
    bytes[20] ^= 1;
    store.overwrite(key, &bytes);
}
