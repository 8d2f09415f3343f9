//! RFC 6962, section 2.1, word for word: recursive, on ranges of leaves.

use std::cell::RefCell;
use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use wardkit_tlog::Hash;

/// A tree whose every hash is computed from the definition, once.
pub(crate) struct Oracle {
    entries: Vec<Vec<u8>>,
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

impl Oracle {
    pub(crate) fn new(entries: Vec<Vec<u8>>) -> Self {
        Self { entries, known: RefCell::default() }
    }

    /// MTH(D[start:end]).
    pub(crate) fn root(&self, start: usize, end: usize) -> Hash {
        if let Some(&hash) = self.known.borrow().get(&(start, end)) {
            return hash;
        }
        let hash: [u8; 32] = match end - start {
            0 => Sha256::digest([]).into(),
            1 => Sha256::digest([&[0], self.entries[start].as_slice()].concat()).into(),
            n => {
                let (left, right) = (self.root(start, start + k(n)), self.root(start + k(n), end));
                Sha256::digest([&[1], left.as_bytes().as_slice(), right.as_bytes()].concat()).into()
            }
        };
        self.known.borrow_mut().insert((start, end), Hash::from_bytes(hash));
        Hash::from_bytes(hash)
    }

    /// PATH(m, D[start:end]).
    pub(crate) fn path(&self, m: usize, start: usize, end: usize) -> Vec<Hash> {
        let n = end - start;
        if n == 1 {
            return Vec::new();
        }
        let middle = start + k(n);
        let (mut path, sibling) = if m < k(n) {
            (self.path(m, start, middle), self.root(middle, end))
        } else {
            (self.path(m - k(n), middle, end), self.root(start, middle))
        };
        path.push(sibling);
        path
    }

    /// PROOF(m, D[0:n]).
    pub(crate) fn proof(&self, m: usize, n: usize) -> Vec<Hash> {
        self.subproof(m, 0, n, true)
    }

    /// SUBPROOF(m, D[start:end], b).
    fn subproof(&self, m: usize, start: usize, end: usize, b: bool) -> Vec<Hash> {
        let n = end - start;
        if m == n {
            return if b { Vec::new() } else { vec![self.root(start, end)] };
        }
        let middle = start + k(n);
        let (mut path, sibling) = if m <= k(n) {
            (self.subproof(m, start, middle, b), self.root(middle, end))
        } else {
            (self.subproof(m - k(n), middle, end, false), self.root(start, middle))
        };
        path.push(sibling);
        path
    }
}

/// The largest power of two smaller than `n`.
fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}
