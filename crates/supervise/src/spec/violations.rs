//! What can be wrong with a service itself.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

use wardkit_retry::RetryPolicy;

use super::{Kind, ProbeConfig, ProbeKind, ProbePhase, ServiceSpec};
use crate::Violation;

impl ServiceSpec {
    /// Returns everything that is wrong with the service itself; whether those that it names are there,
    /// [`Config::violations`](crate::Config::violations) says.
    #[must_use]
    pub fn violations(&self, parts: &BTreeSet<&str>) -> Vec<Violation> {
        let mut found = Found(Vec::new());
        if !is_name(&self.name) {
            found.add("name", "is not 1 to 64 letters, digits, `-`, `_`, `.` and `@`");
        }
        self.program(&mut found);
        self.kinds(&mut found);
        self.times(&mut found);
        self.codes(&mut found);
        self.uses(&mut found);
        for phase in ProbePhase::ALL {
            if let Some(probe) = self.probes.of(phase) {
                let section = format!("probes.{}", phase.as_str());
                let below = probe.violations(phase).into_iter().map(|one| one.below(&section));
                found.0.extend(below);
            }
        }
        found.0.extend(self.logs.violations().into_iter().map(|one| one.below("logs")));
        self.recovers(parts, &mut found);
        found.0
    }

    fn program(&self, found: &mut Found) {
        if self.kind != Kind::InProcess && self.kind != Kind::Watched {
            match self.command.first() {
                None => found.add("command", "is empty: name a program"),
                Some(program) if program.is_empty() => {
                    found.add("command", "begins with an empty program");
                }
                Some(_) => {}
            }
        }
        for (key, words) in [("command", &self.command), ("stop_command", &self.stop_command)] {
            if words.iter().any(|word| word.contains('\0')) {
                found.add(key, "has a zero byte");
            }
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                found.add(format!("env.{name}"), "is no name of a variable, or has a zero byte");
            }
        }
        for (key, path) in
            [("working_directory", &self.working_directory), ("pid_file", &self.pid_file)]
        {
            if path.as_deref().is_some_and(|path| !path.is_absolute()) {
                found.add(key, "is no absolute path");
            }
        }
        if !is_signal(&self.stop_signal) {
            found.add("stop_signal", format!("`{}` is no signal such as TERM", self.stop_signal));
        }
    }

    fn kinds(&self, found: &mut Found) {
        let marks = [
            ("pid_file", self.pid_file.is_some()),
            ("match", self.pattern.is_some()),
            ("cgroup", self.cgroup.is_some()),
            ("unit", self.unit.is_some()),
        ];
        let marked = marks.iter().filter(|(_, is_set)| *is_set).count();
        if self.kind == Kind::Watched {
            if marked == 0 {
                found
                    .add("kind", "a watched service needs one of pid_file, match, cgroup and unit");
            }
        } else {
            for (key, _) in marks.iter().filter(|(_, is_set)| *is_set) {
                found.add(*key, "is for watched services: set kind = \"watched\"");
            }
        }
        self.sandboxes(found);
        if self.take_over && self.unit.is_none() {
            found.add("take_over", "is for watched systemd units");
        }
        if let Some(pattern) = &self.pattern {
            regex("match", pattern, found);
        }
        if let Some(line) = &self.schedule {
            if self.kind != Kind::Task {
                found.add("schedule", "is for tasks: set kind = \"task\"");
            }
            if let Err(error) = line.parse::<crate::Cron>() {
                found.add("schedule", error.to_string());
            }
        }
    }

    /// A sandboxed program cannot be what only one without a sandbox can be.
    fn sandboxes(&self, found: &mut Found) {
        let Some(sandbox) = &self.sandbox else { return };
        if sandbox.name().is_empty() || sandbox.name().contains('\0') {
            found.add("sandbox", "is no name of a policy: write a file, or `default`");
        }
        if !matches!(self.kind, Kind::Managed | Kind::Task) {
            found.add(
                "sandbox",
                "is for services that are started here, and watched ones may not be",
            );
        }
        if !self.stop_command.is_empty() {
            found.add("stop_command", "would run outside of the sandbox: use stop_signal");
        }
        for phase in ProbePhase::ALL {
            let probe = self.probes.of(phase);
            if probe.is_some_and(|probe| probe.notify) {
                let key = format!("probes.{}.notify", phase.as_str());
                found
                    .add(key, "is for services without a sandbox, from which no socket is reached");
            }
        }
    }

    fn times(&self, found: &mut Found) {
        let least = Duration::from_millis(1);
        let stable = self.backoff.stable_after.unwrap_or(least);
        for (key, value, least) in [
            ("start_timeout", self.start_timeout, least),
            ("stop_timeout", self.stop_timeout, Duration::ZERO),
            ("backoff.first", self.backoff.first, Duration::ZERO),
            ("backoff.initial", self.backoff.initial, least),
            ("backoff.max", self.backoff.max, least),
            ("backoff.stable_after", stable, least),
            ("intensity.window", self.intensity.window, least),
            ("intensity.cool_down", self.intensity.cool_down, Duration::from_secs(1)),
        ] {
            if !(least..=LONGEST).contains(&value) {
                found.add(key, format!("{value:?} is not between {least:?} and 7 days"));
            }
        }
        if !(1.0..=MOST_GROWTH).contains(&self.backoff.factor) {
            found.add("backoff.factor", "is not between 1 and 100");
        }
        if self.backoff.max < self.backoff.initial {
            found.add("backoff.max", "is below backoff.initial");
        }
        if let Some(schedule) = &self.backoff.schedule {
            let mut policy = RetryPolicy::default();
            policy.schedule = schedule.clone();
            for wrong in policy.validate() {
                found.add(format!("backoff.{}", wrong.path), wrong.reason);
            }
        }
        if self.intensity.max_restarts > MOST_RESTARTS {
            found.add("intensity.max_restarts", format!("is above {MOST_RESTARTS}"));
        }
    }

    fn codes(&self, found: &mut Found) {
        for (key, codes) in [
            ("success_exit_codes", &self.success_exit_codes),
            ("config_error_exit_codes", &self.config_error_exit_codes),
        ] {
            for code in codes.iter().filter(|code| !(0..=255).contains(*code)) {
                found.add(key, format!("{code} is not between 0 and 255"));
            }
        }
        let both = |code: &&i32| self.config_error_exit_codes.contains(code);
        if let Some(code) = self.success_exit_codes.iter().find(both) {
            found.add("config_error_exit_codes", format!("{code} is in success_exit_codes too"));
        }
    }

    fn uses(&self, found: &mut Found) {
        for (number, rule) in self.rules.iter().enumerate() {
            let key = |name: &str| format!("rule[{number}].{name}");
            if rule.soft.is_none() && rule.hard.is_none() {
                found.add(key("hard"), "is missing, and so is soft");
            }
            if let (Some(soft), Some(hard)) = (rule.soft, rule.hard)
                && soft >= hard
            {
                found.add(key("soft"), "is not below hard");
            }
            if rule.lasting > LONGEST {
                found.add(key("for"), "is longer than 7 days");
            }
        }
        if self.limits.oom_score_adj.is_some_and(|adj| !(-1000..=1000).contains(&adj)) {
            found.add("limits.oom_score_adj", "is not between -1000 and 1000");
        }
        if let Some(leak) = &self.leak
            && leak.before > LONGEST
        {
            found.add("leak.before", "is longer than 7 days");
        }
        let Some((high, max)) = self.limits.memory_high.zip(self.limits.memory_max) else { return };
        if high > max {
            found.add("limits.memory_high", "is above limits.memory_max");
        }
    }

    fn recovers(&self, parts: &BTreeSet<&str>, found: &mut Found) {
        let mut seen = HashSet::new();
        for (number, recovery) in self.recoveries.iter().enumerate() {
            let key = |name: &str| format!("recovery[{number}].{name}");
            if recovery.on.is_empty() {
                found.add(key("on"), "is empty: name a reason");
            }
            for kind in recovery.on.iter().filter(|kind| !seen.insert(**kind)) {
                found.add(key("on"), format!("`{}` has a recovery already", kind.as_str()));
            }
            for kind in recovery.on.iter().filter(|kind| !kind.is_failure()) {
                found.add(key("on"), format!("`{}` is no failure", kind.as_str()));
            }
            for step in &recovery.steps {
                if let Some(part) = step.part().filter(|part| !parts.contains(part)) {
                    found.add(
                        key("do"),
                        format!(
                            "`{step}` needs the part `{part}`, which this program does not have"
                        ),
                    );
                }
            }
        }
    }
}

impl ProbeConfig {
    fn violations(&self, phase: ProbePhase) -> Vec<Violation> {
        let mut found = Found(Vec::new());
        let kind = self.kind();
        if kind.is_none() {
            found.add(
                "exec",
                "is missing, or not alone: one of exec, http, tcp, unix, notify, log, file and ping",
            );
        }
        if let Some(url) = &self.http
            && !url.starts_with("http://")
            && !url.starts_with("https://")
        {
            found.add("http", "is no URL that begins with http:// or https://");
        }
        for (key, address) in [("tcp", &self.tcp), ("ping", &self.ping)] {
            let is_socket = |text: &String| key == "ping" && text.starts_with('/');
            if address.as_ref().is_some_and(|text| !is_socket(text) && !is_address(text)) {
                found.add(key, "is no host and port such as 127.0.0.1:8080");
            }
        }
        for (key, path) in [("unix", &self.unix), ("file", &self.file)] {
            if path.as_deref().is_some_and(|path: &Path| !path.is_absolute()) {
                found.add(key, "is no absolute path");
            }
        }
        if let Some(pattern) = &self.log {
            regex("log", pattern, &mut found);
        }
        for (key, value, least) in [
            ("period", self.period, Duration::from_millis(10)),
            ("jitter", self.jitter, Duration::ZERO),
            ("timeout", self.timeout, Duration::from_millis(1)),
            ("initial_delay", self.initial_delay, Duration::ZERO),
            ("max_age", self.max_age, Duration::from_millis(1)),
        ] {
            if !(least..=LONGEST).contains(&value) {
                found.add(key, format!("{value:?} is not between {least:?} and 7 days"));
            }
        }
        for (key, value) in [("failures", self.failures), ("successes", self.successes)] {
            if !(1..=1_000).contains(&value) {
                found.add(key, format!("{value} is not between 1 and 1000"));
            }
        }
        if phase == ProbePhase::Liveness && self.successes != 1 {
            found.add("successes", "is 1 for liveness: one answer is a sign of life");
        }
        if self.send.is_some()
            && !matches!(kind, None | Some(ProbeKind::Tcp | ProbeKind::Unix | ProbeKind::Ping))
        {
            found.add("send", "is for tcp, unix and ping");
        }
        found.0
    }
}

struct Found(Vec<Violation>);

impl Found {
    fn add(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.0.push(Violation::new(path, reason));
    }
}

fn regex(key: &str, pattern: &str, found: &mut Found) {
    if let Err(error) = regex::Regex::new(pattern) {
        // The first lines only repeat the pattern.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or("it cannot be read").trim();
        found.add(key, format!("is no regular expression: {reason}"));
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte))
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn is_signal(text: &str) -> bool {
    let name = text.strip_prefix("SIG").unwrap_or(text);
    SIGNALS.contains(&name) || text.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number))
}

/// Those that a program can be asked to end by.
const SIGNALS: [&str; 10] =
    ["TERM", "INT", "QUIT", "HUP", "KILL", "USR1", "USR2", "ABRT", "WINCH", "ALRM"];
const LONGEST: Duration = Duration::from_hours(24 * 7);
const MOST_GROWTH: f64 = 100.0;
/// Each restart within the window is remembered.
const MOST_RESTARTS: u32 = 1_000;
