//! What the imports of a module do, whichever engine calls them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use wardkit_sandbox::{Denied, Refused};

use crate::abi;
use crate::budget::Budget;
use crate::governor::Governor;
use crate::stop::Stop;

mod ask;

pub(crate) use ask::{Asker, Questions};

/// The host's side of one call; lives in the engine's store.
pub(crate) struct Host {
    pub(crate) governor: Governor,
    pub(crate) budget: Budget,
    asker: Asker,
    /// The last answer, until the module asks again.
    kept: Vec<u8>,
    said: String,
    unsaid: u64,
    denied: BTreeMap<String, u64>,
    moved: u64,
}

impl Host {
    pub(crate) fn new(governor: Governor, budget: Budget, asker: Asker) -> Self {
        Self {
            governor,
            budget,
            asker,
            kept: Vec::new(),
            said: String::new(),
            unsaid: 0,
            denied: BTreeMap::new(),
            moved: 0,
        }
    }

    /// Adds a line to what the plugin says.
    pub(crate) fn log(&mut self, memory: &[u8], level: i32, at: (i32, i32)) -> Result<(), Stop> {
        let text = &memory[self.moves(memory, at)?];
        let name = usize::try_from(level).ok().and_then(|level| LEVELS.get(level));
        let name = name.ok_or_else(|| Stop::trap("there is no such level of a log"))?;
        // Only as much is read as can be kept; an escape makes a character six bytes at most.
        let room = MOST_SAID.saturating_sub(self.said.len());
        let text = String::from_utf8_lossy(&text[..text.len().min(room)]);
        let line = format!("{name} {}\n", text.escape_debug());
        if line.len() <= room {
            self.said.push_str(&line);
        } else {
            self.unsaid += 1;
        }
        Ok(())
    }

    /// Milliseconds since 1970, too coarse to time a cache with.
    pub(crate) fn now(&self) -> i64 {
        let millis = self.governor.meter().now().as_unix_nanos().div_euclid(1_000_000);
        millis.div_euclid(CLOCK_STEP_MILLIS) * CLOCK_STEP_MILLIS
    }

    pub(crate) fn random(&mut self, memory: &mut [u8], at: (i32, i32)) -> Result<(), Stop> {
        let range = self.moves(memory, at)?;
        let mut rest = &mut memory[range];
        while !rest.is_empty() {
            let got = rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty());
            let got = got.map_err(|_| Stop::trap("the host has no randomness"))?;
            rest = &mut rest[got..];
        }
        Ok(())
    }

    /// Asks whoever answers; gives the length of the answer or why there is none.
    pub(crate) fn ask(
        &mut self,
        memory: &[u8],
        name: (i32, i32),
        request: (i32, i32),
    ) -> Result<i64, Stop> {
        self.budget.give_back(size(&self.kept));
        self.kept = Vec::new();
        let name = &memory[self.moves(memory, name)?];
        let request = &memory[self.moves(memory, request)?];
        let Some(name) = self.asker.granted(name) else {
            self.deny(&name[..name.len().min(MOST_OF_A_NAME)]);
            return Ok(abi::code(&Refused::NotGranted));
        };
        if request.len() > MOST_OF_A_REQUEST {
            return Ok(abi::code(&Refused::Invalid(String::new())));
        }
        self.governor.check()?;
        let answer = self.asker.ask(&name, request, self.governor.remaining());
        // The deadline may have passed meanwhile.
        self.governor.check()?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(refused) => {
                self.deny(name.as_bytes());
                return Ok(abi::code(&refused));
            }
        };
        if i32::try_from(answer.len()).is_err() || !self.budget.take(size(&answer)) {
            return Ok(abi::DOES_NOT_FIT);
        }
        self.kept = answer;
        Ok(size(&self.kept).cast_signed())
    }

    /// Copies the last answer, as much as there is room for.
    pub(crate) fn answer(&mut self, memory: &mut [u8], at: (i32, i32)) -> Result<i32, Stop> {
        let range = self.moves(memory, at)?;
        let length = range.len().min(self.kept.len());
        memory[range.start..range.start + length].copy_from_slice(&self.kept[..length]);
        i32::try_from(length).map_err(|_| Stop::trap("an answer is too long"))
    }

    /// Tells apart a module that is at fault from one that had no memory left.
    pub(crate) fn why(&self, trap: String) -> Stop {
        if self.budget.was_denied() { Stop::OutOfMemory } else { Stop::Trap(trap) }
    }

    /// What the plugin said, and what it was denied.
    pub(crate) fn told(&mut self) -> (Vec<u8>, Vec<Denied>) {
        let mut said = std::mem::take(&mut self.said);
        if self.unsaid > 0 {
            // A line of our own, so that its absence of text is no secret; writing to a string cannot fail.
            let _ = writeln!(said, "warn {} lines were too much and are missing", self.unsaid);
        }
        let denied = std::mem::take(&mut self.denied);
        let denied = denied.into_iter().map(|(name, count)| Denied::new(name, count)).collect();
        (said.into_bytes(), denied)
    }

    fn deny(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name).escape_debug().to_string();
        let known = self.denied.len() < MOST_DENIED || self.denied.contains_key(&name);
        let name = if known { name } else { "others".into() };
        *self.denied.entry(name).or_default() += 1;
    }

    /// The range that a module names, counted among the bytes that pass.
    fn moves(
        &mut self,
        memory: &[u8],
        (address, length): (i32, i32),
    ) -> Result<Range<usize>, Stop> {
        let range = range(memory, address.cast_unsigned(), length.cast_unsigned())?;
        self.moved = self.moved.saturating_add(u64::from(length.cast_unsigned()));
        if self.moved > MOST_MOVED {
            return Err(Stop::trap("more bytes passed through imports than may"));
        }
        Ok(range)
    }
}

/// The range that a module names, when it lies within its memory.
pub(crate) fn range(memory: &[u8], address: u32, length: u32) -> Result<Range<usize>, Stop> {
    let outside = || Stop::trap("a range that was named is not within the memory");
    let start = usize::try_from(address).map_err(|_| outside())?;
    let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
    end.filter(|end| *end <= memory.len()).map(|end| start..end).ok_or_else(outside)
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// What a plugin says beside its output, in bytes.
const MOST_SAID: usize = 64 * 1024;

/// Time is told in steps that are longer than any cache takes.
const CLOCK_STEP_MILLIS: i64 = 10;

pub(crate) const MOST_OF_A_REQUEST: usize = 1 << 20;

/// As many different names of what was denied are told, and as much of each.
const MOST_DENIED: usize = 32;
const MOST_OF_A_NAME: usize = 64;

/// Copying is the host's work: some hundred milliseconds of it in one call, no more.
const MOST_MOVED: u64 = 64 << 20;
