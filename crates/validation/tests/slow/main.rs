//! Half a minute of fuzzing for each target of `fuzz/`, each a test of its own.
//!
//! The stable compiler can instrument for libFuzzer; only its sanitizers need another one, and without `unsafe` there
//! is little for them to find. By hand, and for longer:
//! `WARDKIT_FUZZ_SECONDS=600 cargo test -p wardkit-validation --features slow --test slow`. With `PROPTEST_RNG_SEED`, as
//! CI sets it, the inputs are the same ones each time, as far as the seconds last.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Defines a test for each target, and the list of them.
macro_rules! targets {
    ($($name:ident,)*) => {
        const TARGETS: &[&str] = &[$(stringify!($name),)*];

        $(
            #[test]
            fn $name() {
                fuzz(stringify!($name));
            }
        )*
    };
}

targets! {
    address,
    code,
    command,
    header,
    html,
    ldap,
    mask,
    nosql,
    path,
    prompt,
    safe_url,
    settings,
    shell,
    sinks,
    sql,
    template,
    terminal,
    unicode,
    upload,
    url,
    xml,
}

#[test]
fn every_target_is_run() {
    let mut targets: Vec<String> = std::fs::read_dir(folder().join("fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort();
    assert_eq!(targets, TARGETS);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Builds all targets, once, and returns where they are.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
        let mut cargo = Command::new(env!("CARGO"));
        // With a target named, build scripts and macros are left uninstrumented.
        cargo.args(["build", "--release", "--locked", "--target", "host-tuple"]);
        cargo.current_dir(folder());
        let status = cargo.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", FLAGS).status();
        assert!(status.unwrap().success());
        let host = std::fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().path());
        host.map(|host| host.join("release")).find(|dir| dir.join(TARGETS[0]).exists()).unwrap()
    })
}

fn fuzz(target: &str) {
    let seconds = std::env::var("WARDKIT_FUZZ_SECONDS").unwrap_or_else(|_| "30".to_owned());
    // What it finds of interest goes to the first folder, seeds come from the second.
    let found = tempfile::tempdir().unwrap();
    let (corpus, artifacts) = (found.path().join("corpus"), found.path().join("artifact-"));
    std::fs::create_dir(&corpus).unwrap();
    let mut command = Command::new(built().join(target));
    command.arg(&corpus).arg(folder().join("seeds").join(target));
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}", artifacts.display()));
    if let Some(seed) = seed() {
        command.arg(format!("-seed={seed}"));
    }
    let output = command.args(["-max_len=16384", "-timeout=5", "-print_final_stats=1"]).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let artifacts: Vec<Vec<u8>> = std::fs::read_dir(found.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(output.status.success(), "{said}\nfound: {artifacts:?}");
    // An uninstrumented build would run too, and find nothing.
    assert!(said.contains("inline 8-bit counters"), "{said}");
}

/// The seed of the properties, in as many bits as libFuzzer takes.
fn seed() -> Option<u32> {
    let seed: u64 = std::env::var("PROPTEST_RNG_SEED").ok()?.parse().unwrap();
    u32::try_from(seed % u64::from(u32::MAX)).ok()
}

const FLAGS: &str = "\
    -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
