//! Who gets a connection, who must give one up, and who took too long: decisions without IO.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::phase::{Millis, Phase, PhaseCell};

/// The open connections and the rules for another one.
///
/// `K` names a connection. Connections tell their phase through their [`PhaseCell`]; everything else is an argument.
#[derive(Debug)]
pub(crate) struct Admission<K> {
    limits: Limits,
    open: HashMap<K, Entry>,
    peers: HashMap<Peer, usize>,
    inserted: u64,
}

/// What clients may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) connections_per_peer: usize,
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    pub(crate) request: Duration,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<K> {
    /// It is served.
    Admit,
    /// It is served in place of this one.
    Displace(K),
    /// It is refused.
    Refuse(Refusal),
}

/// Why a new connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its peer has as many as one peer may have.
    Peer,
    /// There are as many as there may be, and all are being answered.
    Busy,
}

/// Which deadline a connection missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    Head,
    Request,
    Idle,
}

#[derive(Debug)]
struct Entry {
    peer: Option<Peer>,
    cell: Arc<PhaseCell>,
    /// Tells apart connections whose phase began in the same millisecond.
    order: u64,
}

/// An address that counts as one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Peer(IpAddr);

impl<K: Copy + Eq + Hash> Admission<K> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: HashMap::new(), peers: HashMap::new(), inserted: 0 }
    }

    /// Adds a connection, from an address if it has one.
    pub(crate) fn insert(&mut self, key: K, from: Option<IpAddr>, cell: Arc<PhaseCell>) {
        let peer = from.and_then(Peer::counted);
        if let Some(peer) = peer {
            *self.peers.entry(peer).or_insert(0) += 1;
        }
        self.inserted += 1;
        self.open.insert(key, Entry { peer, cell, order: self.inserted });
    }

    /// Removes a connection that ended or was told to; returns whether it was still here.
    pub(crate) fn remove(&mut self, key: K) -> bool {
        let Some(entry) = self.open.remove(&key) else { return false };
        if let Some(peer) = entry.peer
            && let Some(count) = self.peers.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                self.peers.remove(&peer);
            }
        }
        true
    }

    /// Decides about a new connection from an address.
    pub(crate) fn decide(&self, now: Millis, from: Option<IpAddr>) -> Verdict<K> {
        let of_peer = from.and_then(Peer::counted).and_then(|peer| self.peers.get(&peer));
        if of_peer.is_some_and(|&count| count >= self.limits.connections_per_peer) {
            return Verdict::Refuse(Refusal::Peer);
        }
        if self.open.len() < self.limits.connections {
            return Verdict::Admit;
        }
        self.longest_awaited(now).map_or(Verdict::Refuse(Refusal::Busy), Verdict::Displace)
    }

    /// Returns the connection whose client has kept us waiting longest: for a head, a body, another request, or to
    /// take its answer. None of these may keep others out.
    pub(crate) fn longest_awaited(&self, now: Millis) -> Option<K> {
        let awaited = |(&key, entry): (&K, &Entry)| {
            let (phase, since) = entry.cell.load();
            let ours = match phase {
                Phase::Busy => true,
                Phase::Sending => age(now, since) < TAKING,
                Phase::Fresh | Phase::Head | Phase::Body | Phase::Idle | Phase::Closing => false,
            };
            (!ours).then_some(((since, entry.order), key))
        };
        self.open.iter().filter_map(awaited).min_by_key(|&(order, _)| order).map(|(_, key)| key)
    }

    /// Returns the connections that missed a deadline.
    pub(crate) fn overdue(&self, now: Millis) -> Vec<(K, Overdue)> {
        let late = |(&key, entry): (&K, &Entry)| {
            let (phase, since) = entry.cell.load();
            let (limit, overdue) = match phase {
                Phase::Fresh | Phase::Head => (self.limits.head, Overdue::Head),
                Phase::Body | Phase::Busy | Phase::Sending => {
                    (self.limits.request + GRACE, Overdue::Request)
                }
                Phase::Idle => (self.limits.idle, Overdue::Idle),
                Phase::Closing => return None,
            };
            (age(now, since) >= limit).then_some((key, overdue))
        };
        self.open.iter().filter_map(late).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}

impl Peer {
    /// Returns the peer that an address counts for; loopback addresses count for none, because everybody on the
    /// machine shares them.
    fn counted(address: IpAddr) -> Option<Self> {
        let address = address.to_canonical();
        if address.is_loopback() {
            return None;
        }
        Some(Self(match address {
            IpAddr::V4(_) => address,
            // A client is commonly given a whole /64.
            IpAddr::V6(six) => {
                IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)))
            }
        }))
    }
}

fn age(now: Millis, since: Millis) -> Duration {
    Duration::from_millis(now.saturating_sub(since))
}

/// How long a client may take its answer before the place may be given away.
const TAKING: Duration = Duration::from_secs(1);
/// A request that takes too long is answered by its own task; only one that cannot even send that answer is cut off
/// from here, this much later.
const GRACE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
