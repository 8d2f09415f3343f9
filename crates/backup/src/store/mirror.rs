use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::replicate::is_proven;
use super::{Key, Kind, ObjectMeta, ObjectStore, PrunableStore, Put, StoreError, within};
use crate::format::Id;

/// One repository in several stores. An object is stored when enough of them have it; what a store missed is its
/// [`lag`](Self::lag), which [`replicate`](super::replicate) makes up for.
///
/// An object is read from the first store that has it undamaged, as far as its hash can tell.
///
/// ```
/// use std::sync::Arc;
/// use wardkit_backup::store::{Key, Memory, Mirror, ObjectStore};
///
/// let store = Mirror::new([("home", Memory::new()), ("away", Memory::new())], 2)?;
/// store.put(&Key::Config, b"sealed")?;
/// assert!(store.lag().iter().all(|target| target.objects == 0));
/// # Ok::<(), wardkit_backup::store::StoreError>(())
/// ```
pub struct Mirror<S> {
    targets: Vec<Target<S>>,
    needed: usize,
    recent: Mutex<Recent>,
}

struct Target<S> {
    name: String,
    store: S,
    missed: Mutex<Missed>,
}

/// What a store of a [`Mirror`] does not have, of what was put through it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lag {
    /// The name of the store.
    pub target: String,
    /// How many objects it missed.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What it said when it missed the last one.
    pub last_error: Option<String>,
}

#[derive(Default)]
struct Missed {
    objects: BTreeMap<Key, u64>,
    last_error: Option<String>,
}

/// The last objects that were read and proven: ranges of one pack are asked for one after another.
#[derive(Default)]
struct Recent(VecDeque<(Key, Arc<Vec<u8>>)>);

impl<S: ObjectStore> Mirror<S> {
    /// Joins stores, of which `needed` have to take an object before it counts as stored.
    ///
    /// # Errors
    ///
    /// [`StoreError::Setting`] when `needed` is none of them, or more than there are.
    pub fn new<N: Into<String>>(
        targets: impl IntoIterator<Item = (N, S)>,
        needed: usize,
    ) -> Result<Self, StoreError> {
        let targets: Vec<Target<S>> = targets
            .into_iter()
            .map(|(name, store)| Target { name: name.into(), store, missed: Mutex::default() })
            .collect();
        if needed == 0 || needed > targets.len() {
            let problem = "between one and all of the targets are needed";
            return Err(StoreError::Setting { setting: "mirror", problem });
        }
        Ok(Self { targets, needed, recent: Mutex::default() })
    }

    /// What each store missed.
    #[must_use]
    pub fn lag(&self) -> Vec<Lag> {
        let lag = |target: &Target<S>| {
            let missed = target.missed();
            Lag {
                target: target.name.clone(),
                objects: missed.objects.len() as u64,
                bytes: missed.objects.values().fold(0, |sum, size| size.saturating_add(sum)),
                last_error: missed.last_error.clone(),
            }
        };
        self.targets.iter().map(lag).collect()
    }

    /// The stores and their names.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &S)> {
        self.targets.iter().map(|target| (target.name.as_str(), &target.store))
    }

    /// Asks all stores at the same time.
    fn all<T: Send>(
        &self,
        ask: impl Fn(&S) -> Result<T, StoreError> + Sync,
    ) -> Vec<Result<T, StoreError>> {
        let Some((first, others)) = self.targets.split_first() else { return Vec::new() };
        thread::scope(|scope| {
            let others: Vec<_> =
                others.iter().map(|target| scope.spawn(|| ask(&target.store))).collect();
            let mut answers = vec![ask(&first.store)];
            for other in others {
                let broken = |_| Err(StoreError::NotAllowed { what: "go on after a panic" });
                answers.push(other.join().unwrap_or_else(broken));
            }
            answers
        })
    }

    /// The answers, if there are as many as needed.
    fn enough<T>(
        &self,
        what: &'static str,
        needed: usize,
        answers: Vec<Result<T, StoreError>>,
    ) -> Result<Vec<T>, StoreError> {
        let mut done = Vec::with_capacity(answers.len());
        let mut first = None;
        for (target, answer) in self.targets.iter().zip(answers) {
            match answer {
                Ok(answer) => done.push(answer),
                Err(error) => {
                    first.get_or_insert((target.name.clone(), error));
                }
            }
        }
        match first {
            Some((target, source)) if done.len() < needed => Err(StoreError::TooFew {
                what,
                done: done.len(),
                needed,
                target,
                source: Box::new(source),
            }),
            _ => Ok(done),
        }
    }

    /// So many answers contain one of a store that has what was stored before.
    const fn needed_to_read(&self) -> usize {
        self.targets.len() - self.needed + 1
    }

    fn whole(&self, key: &Key) -> Result<Arc<Vec<u8>>, StoreError> {
        if let Some(body) = self.recent().find(key) {
            return Ok(body);
        }
        let (mut missing, mut failure) = (0, None);
        for target in &self.targets {
            match target.store.get(key, None) {
                Ok(body) if is_proven(key, &body) => {
                    let body = Arc::new(body);
                    self.recent().keep(*key, &body);
                    return Ok(body);
                }
                Ok(_) => failure = Some(StoreError::Altered { key: *key }),
                Err(error) if error.is_not_found() => missing += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            // So many stores do not have it that it never counted as stored.
            Some(_) if missing >= self.needed_to_read() => Err(StoreError::NotFound { key: *key }),
            Some(failure) => Err(failure),
            None => Err(StoreError::NotFound { key: *key }),
        }
    }

    /// What is removed is neither kept nor missed.
    fn forget(&self, key: &Key) {
        self.recent().0.retain(|(kept, _)| kept != key);
        for target in &self.targets {
            target.missed().objects.remove(key);
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Target<S> {
    fn missed(&self) -> MutexGuard<'_, Missed> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn find(&self, key: &Key) -> Option<Arc<Vec<u8>>> {
        self.0.iter().find(|(kept, _)| kept == key).map(|(_, body)| Arc::clone(body))
    }

    fn keep(&mut self, key: Key, body: &Arc<Vec<u8>>) {
        self.0.retain(|(kept, _)| *kept != key);
        self.0.push_back((key, Arc::clone(body)));
        while self.0.iter().map(|(_, body)| body.len()).sum::<usize>() > MOST_RECENT {
            self.0.pop_front();
        }
    }
}

impl<S: ObjectStore> ObjectStore for Mirror<S> {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        let answers = self.all(|store| {
            let put = store.put(key, body)?;
            // Only the configuration is not named after its bytes.
            let is_other =
                put == Put::AlreadyThere && *key == Key::Config && store.get(key, None)? != body;
            Ok((put, is_other))
        });
        let is_new = answers.iter().flatten().any(|(put, _)| *put == Put::Stored);
        let answers: Vec<Result<(), StoreError>> = answers
            .into_iter()
            .map(|answer| match answer? {
                // One store has a repository, and another one has just become the beginning of ours.
                (_, true) if is_new => Err(StoreError::Different { key: *key }),
                _ => Ok(()),
            })
            .collect();
        for (target, answer) in self.targets.iter().zip(&answers) {
            let mut missed = target.missed();
            match answer {
                Ok(()) => {
                    missed.objects.remove(key);
                }
                Err(error) => {
                    missed.objects.insert(*key, body.len() as u64);
                    missed.last_error = Some(error.to_string());
                }
            }
        }
        self.enough("write", self.needed, answers)?;
        Ok(if is_new { Put::Stored } else { Put::AlreadyThere })
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        let body = self.whole(key)?;
        let range = within(key, range, body.len() as u64)?;
        // It lies within the object's length, which is a usize.
        #[expect(clippy::cast_possible_truncation, reason = "checked against the length")]
        Ok(body[range.start as usize..range.end as usize].to_vec())
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        let answers = self.all(|store| store.stat(key));
        if let Some(size) = answers.iter().flatten().copied().flatten().next() {
            return Ok(Some(size));
        }
        self.enough("look", self.needed_to_read(), answers).map(|_| None)
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let answers = self.all(|store| {
            let mut objects = Vec::new();
            store.list(kind, &mut |object| {
                objects.push(object);
                ControlFlow::Continue(())
            })?;
            Ok(objects)
        });
        let lists = self.enough("list", self.needed_to_read(), answers)?;
        let mut objects = BTreeMap::new();
        for object in lists.into_iter().flatten() {
            objects.entry(object.key).or_insert(object.size);
        }
        for (key, size) in objects {
            if found(ObjectMeta { key, size }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        let key = Key::Named(Kind::Lock, *id);
        let answers = self.all(|store| store.remove_lock(id));
        self.forget(&key);
        self.enough("remove locks", self.targets.len(), answers).map(|_| ())
    }

    fn keeps_locks(&self) -> bool {
        self.targets.iter().all(|target| target.store.keeps_locks())
    }
}

impl<S: PrunableStore> PrunableStore for Mirror<S> {
    /// It has to go everywhere: what stays in one store is still there.
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let answers = self.all(|store| store.delete(key));
        self.forget(key);
        self.enough("remove", self.targets.len(), answers).map(|_| ())
    }
}

impl<S> fmt::Debug for Mirror<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        f.debug_struct("Mirror")
            .field("targets", &names)
            .field("needed", &self.needed)
            .finish_non_exhaustive()
    }
}

/// A few packs of the usual 16 MiB.
const MOST_RECENT: usize = 64 << 20;
