//! A plugin of each template in each language: made, built, tested, packed, signed, proved.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn each_template_in_c_passes_its_own_tests() {
    all_templates("c");
}

#[test]
fn each_template_in_zig_passes_its_own_tests() {
    all_templates("zig");
}

#[test]
fn each_template_in_assemblyscript_passes_its_own_tests() {
    all_templates("as");
}

#[test]
fn each_template_in_python_passes_its_own_tests() {
    all_templates("python");
}

#[test]
fn each_template_in_wat_passes_its_own_tests() {
    all_templates("wat");
}

/// The one chain that comes from no registry of packages: where it cannot be had, what is missing is told instead.
#[test]
fn each_template_in_rust_passes_its_own_tests_or_says_what_to_install() {
    let mut rustc = Command::new("rustc");
    let libraries = rustc.args(["--print=target-libdir", "--target=wasm32-unknown-unknown"]);
    let libraries = String::from_utf8(libraries.output().unwrap().stdout).unwrap();
    if Path::new(libraries.trim()).is_dir() {
        return all_templates("rust");
    }
    let folder = tempfile::tempdir().unwrap();
    done(&auditctl(folder.path(), &["new", "hello", "--lang", "rust"]));
    let tested = auditctl(&folder.path().join("hello"), &["test"]);
    let said = String::from_utf8_lossy(&tested.stderr).into_owned();
    let remedy = "hint: rustup target add wasm32-unknown-unknown";
    assert!(tested.status.code() == Some(2) && said.contains(remedy), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
}

fn all_templates(lang: &str) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    done(&auditctl(folder.path(), &["keygen", "--out", "key"]));
    for template in ["basic", "advanced", "api", "security"] {
        done(&auditctl(folder.path(), &["new", template, "--template", template, "--lang", lang]));
        let place = at(template);
        let said = done(&auditctl(&place, &["test"]));
        assert!(said.ends_with("\n12 passed\n"), "{lang} {template}: {said}");
        assert!(!said.contains("leave it out"), "{lang} {template}: {said}");
        done(&auditctl(&place, &["pack", "--out", "p.tar.zst"]));
        done(&auditctl(&place, &["sign", "p.tar.zst", "--key", "../key.key"]));
        done(&auditctl(&place, &["verify", "p.tar.zst", "--pub", "../key.pub"]));
    }
    // Each command builds anew; that compilers give the same bytes again is asked of one plugin.
    let read = |name: &str| fs::read(at("basic").join(name)).unwrap();
    done(&auditctl(&at("basic"), &["pack", "--out", "again.tar.zst"]));
    assert!(read("p.tar.zst") == read("again.tar.zst"), "{lang}");
}

/// Runs `auditctl plugin` with the compilers that were installed for tests.
fn auditctl(folder: &Path, args: &[&str]) -> Output {
    let peers = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let programs = [peers.join("node/node_modules/.bin")];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: OsString =
        std::env::join_paths(programs.into_iter().chain(std::env::split_paths(&path))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
    command.arg("plugin").args(args).current_dir(folder);
    command.env("PATH", path).env("PYTHONPATH", peers.join("python"));
    // What a compiler keeps for the next time goes where the tests are.
    command.env("ZIG_GLOBAL_CACHE_DIR", peers.join("zig-cache"));
    command.output().unwrap()
}

fn done(ended: &Output) -> String {
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8(ended.stdout.clone()).unwrap()
}
