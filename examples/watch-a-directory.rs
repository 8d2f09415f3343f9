//! Says what changes in a directory, and who did it.
//!
//! ```text
//! cargo run -p wardkit-examples --example watch-a-directory            # a directory that it makes and changes itself
//! cargo run -p wardkit-examples --example watch-a-directory -- /etc    # yours, until Ctrl-C
//! ```
//!
//! As root the kernel tells who changed a file; without root the example watches all the same and does not know who.
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::SystemClock;
use wardkit_integrity::{
    BaselineDir, BaselineHeader, Finding, Known as _, Notice, Policy, Report, ScanOptions, Sentry,
    SentryOptions, WatchOptions, Watching,
};
use wardkit_tlog::SigningKey;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scratch = tempfile::tempdir()?;
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let made = scratch.path().join("bot");
    let root = if let Some(root) = &given {
        root.canonicalize()?
    } else {
        std::fs::create_dir(&made)?;
        std::fs::write(made.join("bot.toml"), "greeting = \"good morning\"\n")?;
        made.canonicalize()?
    };

    // What is there now, signed. A real program draws the seed and the 16 bytes at random, and keeps the seed.
    let key = SigningKey::from_seed("example/fim", [7; 32])?;
    let scan = ScanOptions::new([&root]).run()?;
    let header = BaselineHeader::new("example", [1; 16])
        .with_roots([&root])
        .with_scan_started(scan.scan_started());
    let baselines = BaselineDir::new(scratch.path().join("baseline"));
    baselines.init(&header, scan.entries(), &key)?;
    let baseline = Arc::new(baselines.newest([key.verifier()], None)?);
    println!("{} paths below {}", baseline.len(), root.display());

    let watching = Watching::best(&WatchOptions::new([&root]), SystemClock);
    println!("watching through {}", watching.mode);
    for (mode, reason) in &watching.refused {
        println!("  {mode} is not possible: {reason}");
    }
    let policy = Arc::new(Policy::everything());
    let mut options = SentryOptions::new([&root]);
    options.monitor = options.monitor.with_settling(Duration::from_millis(300), LONGEST);
    let clock = Arc::new(SystemClock);
    let mut sentry = Sentry::new(baseline, policy, watching.source, options, clock);

    // The first turn looks for what changed before the watch began.
    sentry.turn(Duration::ZERO)?;
    if given.is_none() {
        std::fs::write(root.join("bot.toml"), "greeting = \"give me tips\"\n")?;
    }
    loop {
        for notice in sentry.turn(Duration::from_secs(1))? {
            let Notice::Report(Report::Finding(finding)) = notice else { continue };
            show(&finding);
            if given.is_none() && is_about(&finding, &root.join("bot.toml")) {
                return Ok(());
            }
        }
    }
}

fn show(finding: &Finding) {
    println!("{} {}", finding.change.kind, finding.change.path.display());
    for field in &finding.change.fields {
        let side = |value: &Option<_>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        println!("  {}: {} -> {}", field.field, side(&field.old), side(&field.new));
    }
    for actor in &finding.actors {
        println!("  by pid {} ({}): {:?}", actor.pid, actor.confidence.as_str(), actor.exe);
    }
}

fn is_about(finding: &Finding, path: &Path) -> bool {
    finding.change.path == path
}

/// A report waits no longer, however much goes on.
const LONGEST: Duration = Duration::from_secs(3);
