//! Reads the facts of a host.

mod accounts;
mod files;
mod network;
mod reader;
mod ssh;
mod system;
mod units;
mod updates;

use std::path::PathBuf;

use reader::Reader;
use wardkit_core::Clock;

use super::facts::{Fact, Facts};
use crate::Day;

/// Reads the facts of a host, below a folder that is its root.
#[derive(Clone, Debug)]
pub struct Collector {
    root: PathBuf,
}

impl Collector {
    /// Creates a collector; `/` is the host that it runs on.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Reads the facts. What cannot be read is unknown; nothing is run, and nothing is changed.
    #[must_use]
    pub fn collect(&self, clock: &dyn Clock) -> Facts {
        let reader = Reader::new(&self.root);
        let enabled = units::enabled(&reader);
        let accounts = accounts::accounts(&reader);
        let groups = accounts::groups(&reader);
        let packages = system::packages(&reader);
        Facts {
            schema_version: Facts::VERSION,
            day: Fact::Known(Day::of(clock.now()).to_string()),
            passwords: accounts::passwords(&reader),
            sudoers: accounts::sudoers(&reader),
            sudoers_files: accounts::sudoers_files(&reader),
            sshd: ssh::settings(&reader),
            sysctls: system::sysctls(&reader),
            listeners: network::listeners(&reader),
            has_global_ipv6: network::has_global_ipv6(&reader),
            firewall: network::firewall(&reader, &enabled),
            files: files::files(&reader, &accounts, &groups),
            preload: reader.text("etc/ld.so.preload"),
            units: units::units(&reader),
            cron: units::cron(&reader),
            mounts: system::mounts(&reader),
            system: system::system(&reader, &enabled, &packages, clock.now()),
            packages,
            accounts,
            groups,
            enabled: Fact::Known(enabled),
        }
    }
}
