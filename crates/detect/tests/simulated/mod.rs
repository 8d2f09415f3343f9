//! Made-up hosts, written apart from the rules that are judged on them: what processes and disks do, from textbooks of
//! allocators and operators' tales. Tests and the comparison in `crates/bench` read the same.

pub(crate) mod disks;
pub(crate) mod random;
pub(crate) mod resident;
