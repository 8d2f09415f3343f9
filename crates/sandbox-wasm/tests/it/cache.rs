//! Machine code runs only when this host made it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wardkit_sandbox::{Sandbox, SandboxError};
use wardkit_sandbox_wasm::{Cache, Compile, Config, Engine, HostKey, InProcess, Wasm};

use crate::support::{ECHO, call, handles, quick};

/// Compiles, and counts how often.
struct Counting(InProcess, AtomicUsize);

impl Compile for Counting {
    fn compile(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.compile(module)
    }
}

fn counting() -> Arc<Counting> {
    Arc::new(Counting(InProcess::new().expect("the compiler is made"), AtomicUsize::new(0)))
}

fn sandbox(cache: Cache) -> Wasm {
    let mut config = Config::default();
    config.slots = 2;
    config.engine = Engine::Compiled(cache);
    Wasm::with(&config).expect("the engine is made")
}

fn open(folder: &Path, key: u8) -> Cache {
    Cache::open(folder, HostKey::new([key; 32])).expect("the folder is private")
}

/// Fills a cache with the one module, and returns its file.
fn filled(folder: &Path) -> PathBuf {
    let cache = open(folder, 7).compile_with(counting());
    sandbox(cache).prepare(&handles(ECHO), &quick()).expect("it is compiled");
    let files: Vec<_> = fs::read_dir(folder).expect("it is there").collect();
    assert_eq!(files.len(), 1, "one module, and nothing half done");
    files.into_iter().next().expect("there is one").expect("it is read").path()
}

fn refusal(folder: &Path, key: u8) -> String {
    let compiler = counting();
    let cache = open(folder, key).compile_with(compiler.clone());
    let refused = sandbox(cache).prepare(&handles(ECHO), &quick()).err().expect("it is refused");
    assert_eq!(compiler.1.load(Ordering::Relaxed), 0, "a forgery is not covered up");
    refused.to_string()
}

#[test]
fn a_module_is_compiled_once_on_a_host() {
    let folder = tempfile::tempdir().expect("there is room");
    let folder = folder.path().join("cache");
    let compiler = counting();
    for _ in 0..3 {
        let cache = open(&folder, 7).compile_with(compiler.clone());
        assert_eq!(call(&sandbox(cache), &handles(ECHO), &quick(), b"x").output, b"x");
    }
    assert_eq!(compiler.1.load(Ordering::Relaxed), 1);
    let mode = fs::metadata(&folder).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // Whoever has no compiler runs what is there, and nothing else.
    let cache = open(&folder, 7);
    assert_eq!(call(&sandbox(cache.clone()), &handles(ECHO), &quick(), b"y").output, b"y");
    let other = sandbox(cache).prepare(&handles("(i64.const 0)"), &quick()).err();
    assert!(other.expect("it is refused").to_string().contains("was not compiled on this host"));
}

#[test]
fn code_that_was_changed_is_refused_wherever_it_was() {
    let folder = tempfile::tempdir().expect("there is room");
    let folder = folder.path().join("cache");
    let file = filled(&folder);
    let whole = fs::read(&file).expect("it is there");
    let places = [0, 8, 39, 40, 41, whole.len() / 2, whole.len() - 1];
    for place in places {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(&file, changed).expect("it is written");
        let reason = refusal(&folder, 7);
        assert!(reason.starts_with("compiled module: "), "{place}: {reason}");
    }
    for length in [0, 7, 8, 39, 40, whole.len() - 1] {
        fs::write(&file, &whole[..length]).expect("it is written");
        refusal(&folder, 7);
    }
    fs::write(&file, &whole).expect("it is written");
    sandbox(open(&folder, 7)).prepare(&handles(ECHO), &quick()).expect("it is whole again");
}

#[test]
fn code_of_another_host_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    let folder = folder.path().join("cache");
    filled(&folder);
    assert_eq!(refusal(&folder, 8), "compiled module: it was not made with this host's key");
}

#[test]
fn code_of_another_module_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    let folder = folder.path().join("cache");
    let victim = filled(&folder);
    let cache = open(&folder, 7).compile_with(counting());
    sandbox(cache).prepare(&handles("(i64.const 0)"), &quick()).expect("it is compiled");
    let files = fs::read_dir(&folder).expect("it is there");
    let other = files.map(|file| file.expect("it is read").path()).find(|path| *path != victim);
    fs::copy(other.expect("there are two"), &victim).expect("it is written");
    assert_eq!(refusal(&folder, 7), "compiled module: it was not made with this host's key");
}

#[test]
fn what_others_can_change_is_refused() {
    let parent = tempfile::tempdir().expect("there is room");
    let folder = parent.path().join("cache");
    let file = filled(&folder);
    fs::set_permissions(&file, Permissions::from_mode(0o620)).expect("it is ours");
    assert_eq!(refusal(&folder, 7), "compiled module: it is not this user's alone");
    let elsewhere = parent.path().join("elsewhere");
    fs::rename(&file, &elsewhere).expect("it is moved");
    std::os::unix::fs::symlink(&elsewhere, &file).expect("it is linked");
    assert_eq!(refusal(&folder, 7), "compiled module: it is a link");
    fs::set_permissions(&folder, Permissions::from_mode(0o750)).expect("it is ours");
    let refused = Cache::open(&folder, HostKey::new([7; 32])).expect_err("it is open to others");
    assert!(refused.to_string().contains("not this user's alone"), "{refused}");
}

#[test]
fn the_key_of_a_host_is_made_once_and_private() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("key");
    let key = HostKey::open(&path).expect("it is made");
    assert_eq!(format!("{key:?}"), "HostKey(Secret(***))");
    let bytes = fs::read(&path).expect("it is there");
    assert_eq!(bytes.len(), 32);
    HostKey::open(&path).expect("it is read");
    assert_eq!(fs::read(&path).expect("it is there"), bytes);
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
    for (length, mode) in [(31, 0o600), (33, 0o600), (32, 0o640)] {
        fs::write(&path, vec![1; length]).expect("it is written");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        assert!(
            matches!(HostKey::open(&path), Err(SandboxError::Invalid { .. })),
            "{length} {mode:o}"
        );
    }
}
