use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Key, Kind, ObjectMeta, ObjectStore, StoreError};
use crate::format::Id;

/// How objects are copied from one store to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicateOptions {
    /// What proves that an object lies at the target.
    pub proof: Proof,
    /// How many objects are copied at a time.
    pub threads: usize,
}

impl Default for ReplicateOptions {
    fn default() -> Self {
        Self { proof: Proof::Size, threads: 4 }
    }
}

/// What proves that an object lies at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proof {
    /// The target tells its size.
    Size,
    /// It is read back, and has the hash that is its name.
    Content,
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Replicated {
    /// Objects that were copied, and proven at the target.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Objects that were there, with the same size.
    pub present: u64,
}

/// Where a replication stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicationProgress {
    /// The object that was just copied.
    pub object: ObjectMeta,
    /// Objects that are left, of those that are missing at the target.
    pub left: u64,
    /// Their bytes.
    pub left_bytes: u64,
}

/// Copies what a target does not have, byte for byte: both are the same repository then, with the same passwords.
///
/// Every object is hashed before it is written, so that no damage is copied, and proven at the target. Snapshots come
/// last: at every moment the target has all that its snapshots need. Locks are not copied, and nothing is removed.
///
/// ```
/// use wardkit_backup::store::{Key, Memory, ObjectStore, ReplicateOptions, replicate};
///
/// let (home, away) = (Memory::new(), Memory::new());
/// home.put(&Key::Config, b"sealed")?;
/// let done = replicate(&home, &away, ReplicateOptions::default(), &|_| ())?;
/// assert_eq!((done.copied, done.copied_bytes), (1, 6));
/// # Ok::<(), wardkit_backup::store::StoreError>(())
/// ```
///
/// # Errors
///
/// The first failure of either store. [`StoreError::Different`] when the target is another repository or holds an
/// object of another size, [`StoreError::Altered`] when an object is damaged.
pub fn replicate(
    from: &dyn ObjectStore,
    to: &dyn ObjectStore,
    options: ReplicateOptions,
    observer: &(dyn Fn(&ReplicationProgress) + Sync),
) -> Result<Replicated, StoreError> {
    refuse_another_repository(from, to)?;
    let plan = Plan::of(from, to)?;
    let left = plan.missing.iter().fold((0, 0), |(count, bytes), objects| {
        (count + objects.len() as u64, sum(objects).saturating_add(bytes))
    });
    let copy = Copy { from, to, options, observer, left: Mutex::new(left) };
    for objects in &plan.missing {
        copy.all(objects)?;
    }
    Ok(Replicated { copied: left.0, copied_bytes: left.1, present: plan.present })
}

/// Two repositories have two configurations: nothing is mixed.
fn refuse_another_repository(
    from: &dyn ObjectStore,
    to: &dyn ObjectStore,
) -> Result<(), StoreError> {
    let config = from.get(&Key::Config, None)?;
    match to.get(&Key::Config, None) {
        Ok(there) if there != config => Err(StoreError::Different { key: Key::Config }),
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// What is missing at the target, in the order of copying.
struct Plan {
    missing: Vec<Vec<ObjectMeta>>,
    present: u64,
}

impl Plan {
    /// The source is listed backwards: what a listed snapshot needs was there before it, and is listed after it.
    fn of(from: &dyn ObjectStore, to: &dyn ObjectStore) -> Result<Self, StoreError> {
        let mut plan = Self { missing: Vec::new(), present: 0 };
        for kind in ORDER.into_iter().rev() {
            let there = listed(to, kind)?;
            let mut missing = Vec::new();
            for (key, size) in listed(from, kind)? {
                match there.get(&key) {
                    Some(&other) if other == size => plan.present += 1,
                    Some(_) => return Err(StoreError::Different { key }),
                    None => missing.push(ObjectMeta { key, size }),
                }
            }
            plan.missing.push(missing);
        }
        plan.missing.reverse();
        Ok(plan)
    }
}

/// An object that a store lists twice counts once.
fn listed(store: &dyn ObjectStore, kind: Kind) -> Result<BTreeMap<Key, u64>, StoreError> {
    let mut found = BTreeMap::new();
    store.list(kind, &mut |object| {
        found.insert(object.key, object.size);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn sum(objects: &[ObjectMeta]) -> u64 {
    objects.iter().fold(0, |sum, object| object.size.saturating_add(sum))
}

struct Copy<'a> {
    from: &'a dyn ObjectStore,
    to: &'a dyn ObjectStore,
    options: ReplicateOptions,
    observer: &'a (dyn Fn(&ReplicationProgress) + Sync),
    /// How many objects are left, and their bytes.
    left: Mutex<(u64, u64)>,
}

impl Copy<'_> {
    /// Copies all of these, several at a time; after a failure no other is begun.
    fn all(&self, objects: &[ObjectMeta]) -> Result<(), StoreError> {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        let work = || {
            while let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = self.one(object) {
                    next.store(objects.len(), Ordering::Relaxed);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.options.threads.clamp(1, MOST_THREADS).min(objects.len()) {
                scope.spawn(work);
            }
            work();
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn one(&self, object: &ObjectMeta) -> Result<(), StoreError> {
        let key = &object.key;
        let body = self.from.get(key, None)?;
        if !is_proven(key, &body) {
            return Err(StoreError::Altered { key: *key });
        }
        // Whether it was stored now or by another one in the meantime: what lies there is proven next.
        let _ = self.to.put(key, &body)?;
        let is_there = match (self.options.proof, key) {
            // Small, and without a hash in its name.
            (Proof::Content, _) | (_, Key::Config) => self.to.get(key, None)? == body,
            (Proof::Size, _) => self.to.stat(key)? == Some(body.len() as u64),
        };
        if !is_there {
            return Err(StoreError::Different { key: *key });
        }
        self.tell(object);
        Ok(())
    }

    fn tell(&self, object: &ObjectMeta) {
        let (left, left_bytes) = {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            *left = (left.0.saturating_sub(1), left.1.saturating_sub(object.size));
            *left
        };
        (self.observer)(&ReplicationProgress { object: *object, left, left_bytes });
    }
}

/// Whether an object has the hash that is its name. The configuration has none.
pub(super) fn is_proven(key: &Key, body: &[u8]) -> bool {
    match key {
        Key::Config => true,
        Key::Named(_, id) => Id::of(body) == *id,
    }
}

/// The order of copying: what needs others comes after them. Without the configuration nothing else can be opened,
/// with it a repository without snapshots can.
const ORDER: [Kind; 5] = [Kind::Pack, Kind::Index, Kind::Key, Kind::Config, Kind::Snapshot];
/// More threads than this bring nothing on any line, and each holds a pack.
const MOST_THREADS: usize = 64;
