//! What can be wrong with a target before anybody is asked.

use std::path::{Path, PathBuf};

use super::{ExecTarget, FileTarget, HttpTarget, Target};
use crate::Violation;

impl Target {
    /// Tells everything that is wrong with it, keys relative to the target's own.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Found::default();
        match self {
            Self::Exec(target) => found.exec(target),
            Self::Http(target) => found.http(target),
            Self::Tcp(target) => found.address("address", &target.address, Unix::Refused),
            Self::Unix(target) => found.path("path", &target.path),
            Self::File(target) => found.file(target),
            Self::Redis(target) => {
                found.address("address", &target.address, Unix::Allowed);
                found.password_file(target.password_file.as_ref());
                if target.user.is_some() && target.password_file.is_none() {
                    found.refuse("user", "is of no use without password-file");
                }
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(target) => {
                found.address("address", &target.address, Unix::Allowed);
                found.password_file(target.password_file.as_ref());
                found.text("user", &target.user);
                found.text("database", &target.database);
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(target) => found.path("path", &target.path),
        }
        found.0
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Unix {
    Allowed,
    Refused,
}

#[derive(Default)]
struct Found(Vec<Violation>);

impl Found {
    fn refuse(&mut self, path: &str, reason: &str) {
        self.0.push(Violation::new(path, reason));
    }

    fn exec(&mut self, target: &ExecTarget) {
        match target.command.first() {
            None => self.refuse("command", "is empty: name a program"),
            Some(program) if !program.starts_with('/') => {
                self.refuse("command", "begins with a program that is no absolute path");
            }
            Some(_) => {}
        }
        if target.command.iter().any(|argument| argument.contains('\0')) {
            self.refuse("command", "has a NUL");
        }
        let is_name = |name: &String| !name.is_empty() && !name.contains(['=', '\0']);
        let is_sound = |(name, value): (&String, &String)| is_name(name) && !value.contains('\0');
        if !target.env.iter().all(is_sound) {
            self.refuse("env", "has an empty name, one with `=`, or a NUL");
        }
        if target.exit_codes.is_empty() {
            self.refuse("exit-codes", "is empty: no run could pass");
        }
        if target.degraded_codes.iter().any(|code| target.exit_codes.contains(code)) {
            self.refuse("degraded-codes", "has a code that exit-codes has too");
        }
    }

    fn http(&mut self, target: &HttpTarget) {
        let host = ["http://", "https://"].iter().find_map(|start| target.url.strip_prefix(start));
        if host.is_none_or(str::is_empty) {
            self.refuse("url", "is no URL such as http://127.0.0.1:8080/healthz");
        }
        if target.status.is_empty() {
            self.refuse("status", "is empty: no answer could pass");
        }
        if target.status.iter().any(|status| !(200..600).contains(status)) {
            self.refuse("status", "has a code that is not between 200 and 599");
        }
        if target.contains.as_deref() == Some("") {
            self.refuse("contains", "is empty: leave it out for any body");
        }
    }

    fn file(&mut self, target: &FileTarget) {
        self.path("path", &target.path);
        if target.max_age.is_some_and(|age| age.is_zero()) {
            self.refuse("max-age", "is zero: no file is that new");
        }
        if let (Some(min), Some(max)) = (target.min_size, target.max_size)
            && min > max
        {
            self.refuse("min-size", "is larger than max-size");
        }
    }

    fn address(&mut self, key: &str, address: &str, unix: Unix) {
        if unix == Unix::Allowed && address.starts_with('/') {
            return self.text(key, address);
        }
        let sound = address.rsplit_once(':').is_some_and(|(host, port)| {
            let bare = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
            let clean = !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
            !host.is_empty() && bare && clean && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !sound {
            self.refuse(key, "is no host and port such as 127.0.0.1:6379 or [::1]:6379");
        }
    }

    fn path(&mut self, key: &str, path: &Path) {
        if !path.is_absolute() || path.as_os_str().as_encoded_bytes().contains(&0) {
            self.refuse(key, "is no absolute path");
        }
    }

    fn password_file(&mut self, path: Option<&PathBuf>) {
        if let Some(path) = path {
            self.path("password-file", path);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if text.is_empty() || text.contains('\0') {
            self.refuse(key, "is empty or has a NUL");
        }
    }
}
