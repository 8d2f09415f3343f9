//! What it costs to load a plugin that is installed, beside reading its bytes, and what it costs to ask before each call
//! whether it still is what is installed. `gate.toml` holds the limits.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_core::Timestamp;
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{
    Grant, HostTerms, Installed, MemoryRegistry, Package, PluginHome, Plugins, SecretKey,
    Signature, TrustedKeys,
};

/// A module of a usual size, half of which is data.
fn module() -> Vec<u8> {
    let data: String = (0..64_000_u32).map(|n| char::from(b'a' + (n * 7919 % 26) as u8)).collect();
    let body = "local.get 0 i32.const 3 i32.mul drop ".repeat(4_000);
    let text = format!(
        "(module (memory (export \"memory\") 4 8) (data (i32.const 1024) \"{data}\")
         (func (export \"wk_alloc\") (param i32) (result i32) {body} i32.const 131072)
         (func (export \"wk_handle\") (param i32 i32) (result i64) i64.const 0))"
    );
    wat::parse_str(text).expect("it is a module")
}

fn package() -> Vec<u8> {
    let manifest = "[plugin]\nid = \"org.example.hello\"\nname = \"Hello\"\nversion = \"0.2.0\"\n\
        description = \"Greets\"\nkind = \"wasm\"\nentry = \"hello.wasm\"\napi = \"1\"\n";
    let files = [("plugin.toml", manifest.into()), ("hello.wasm", module())];
    let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
    Package::from_files(files).and_then(|package| package.pack()).expect("it is a package")
}

/// Puts a package where a home has it, as an installation does.
fn home(folder: &Path) -> (PluginHome<MemoryRegistry>, PluginId, PathBuf) {
    let (archive, key) = (package(), SecretKey::from_random([7; 40]));
    let signature = Signature::sign(&archive, "hello.tar.zst", &key, Timestamp::UNIX_EPOCH);
    let digest = blake3::hash(&archive).to_hex().to_string();
    let id: PluginId = "org.example.hello".parse().expect("it is an id");
    let named = (id.clone(), semver::Version::new(0, 2, 0));
    let row = Installed::pending(
        named,
        digest.clone(),
        Some(key.public().id()),
        Grant::default(),
        Timestamp::UNIX_EPOCH,
    );
    let mut registry = Plugins::new(MemoryRegistry::default());
    registry.add(row).and_then(|()| registry.activate(&id, &digest)).expect("it is new");
    let mut terms = HostTerms::default();
    terms.trusted = Some(TrustedKeys::new([key.public()]));
    let home = PluginHome::open(folder, registry.into_registry(), terms).expect("it is new");
    let path = folder.join(format!("packages/{digest}.tar.zst"));
    std::fs::write(&path, archive).expect("there is room");
    let text = signature.expect("the name is plain").to_text();
    std::fs::write(folder.join(format!("packages/{digest}.minisig")), text).expect("there is room");
    (home, id, path)
}

fn gate(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is room");
    let (mut home, id, path) = home(folder.path());
    let mut group = c.benchmark_group("gate");
    group.bench_function("read", |b| {
        b.iter(|| {
            let bytes = std::fs::read(&path).expect("it is there");
            let read = zstd::decode_all(&bytes[..]).expect("it is one");
            black_box((blake3::hash(&bytes), read))
        });
    });
    group.bench_function("load", |b| {
        b.iter(|| black_box(home.load(&id).expect("it is installed")));
    });
    group.bench_function("active", |b| {
        b.iter(|| black_box(home.plugins().active(&id).expect("it is installed")));
    });
    group.finish();
}

criterion_group!(benches, gate);
criterion_main!(benches);
