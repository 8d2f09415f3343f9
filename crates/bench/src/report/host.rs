//! What the figures were measured on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// The machine, as far as it matters to the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The processor's name, as it gives it.
    pub processor: String,
    /// How many processors this process may use.
    pub processors: usize,
    /// The compiler.
    pub compiler: String,
    /// The load average over one, five and fifteen minutes.
    pub load: String,
}

impl Host {
    /// Looks at the machine that this runs on. What it does not tell is `unknown`.
    #[must_use]
    pub fn here() -> Self {
        let unknown = || "unknown".to_owned();
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            processor: processor(&cpuinfo).map_or_else(unknown, str::to_owned),
            processors: available_parallelism().map_or(1, usize::from),
            compiler: compiler().unwrap_or_else(unknown),
            load: fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|text| load(&text))
                .unwrap_or_else(unknown),
        }
    }
}

fn processor(cpuinfo: &str) -> Option<&str> {
    cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, name)| name)
}

fn load(loadavg: &str) -> Option<String> {
    let averages: Vec<_> = loadavg.split_whitespace().take(3).collect();
    (averages.len() == 3).then(|| averages.join(" / "))
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_understood() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: Fast 9000: X\n"), Some("Fast 9000: X"));
        assert_eq!(processor("processor\t: 0\n"), None);
        assert_eq!(load("0.10 0.20 0.30 1/99 1234\n").as_deref(), Some("0.10 / 0.20 / 0.30"));
        assert_eq!(load("0.10"), None);
    }
}
