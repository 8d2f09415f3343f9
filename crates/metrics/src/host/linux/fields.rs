//! Families that are named after fields of a file.

use std::collections::HashMap;

use super::parse::sample;
use crate::{Family, Kind, Samples};

/// Makes a family of each field, and of each name one: no file has a field twice, but nothing keeps one from it.
#[derive(Debug)]
pub(super) struct Fields {
    prefix: &'static str,
    help: &'static str,
    kind: Kind,
    name: String,
    /// In which collection each name was told last. A name costs memory when it is new, and never again.
    told: HashMap<String, u64>,
    collection: u64,
}

impl Fields {
    pub(super) fn new(prefix: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { prefix, help, kind, name: String::new(), told: HashMap::new(), collection: 0 }
    }

    /// Begins a collection.
    pub(super) fn begin(&mut self) {
        self.collection += 1;
        if self.told.len() > MOST_KNOWN {
            self.told.clear();
        }
    }

    /// Appends a field whose name has these parts, `_` between them, unless the parts make no name. In parts
    /// `Active(anon)` is `Active_anon`.
    pub(super) fn push(&mut self, parts: &[&[u8]], unit: &str, value: u64, out: &mut Samples) {
        self.name.clear();
        self.name.push_str(self.prefix);
        for part in parts {
            if part.is_empty() || part.len() > LONGEST_PART {
                return;
            }
            self.name.push('_');
            for &byte in *part {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => {
                        self.name.push(char::from(byte));
                    }
                    b'(' => self.name.push('_'),
                    b')' => {}
                    _ => return,
                }
            }
        }
        self.name.push_str(unit);
        let has_room = self.told.len() < 2 * MOST_KNOWN;
        match self.told.get_mut(&self.name) {
            Some(told) if *told == self.collection => return,
            Some(told) => *told = self.collection,
            None if !has_room => return,
            None => {
                self.told.insert(self.name.clone(), self.collection);
            }
        }
        let family = Family { name: &self.name, help: self.help, kind: self.kind };
        out.single(family, sample(value));
    }
}

const LONGEST_PART: usize = 64;
/// The kernel's files have some two hundred fields.
const MOST_KNOWN: usize = 512;
