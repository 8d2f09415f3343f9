//! `auditctl integrity` as its user runs it, and as those who would rather not be seen would have it.

mod accepting;
mod baselines;
mod host;
mod lists;
mod policy;
mod secrets;
mod verify;
