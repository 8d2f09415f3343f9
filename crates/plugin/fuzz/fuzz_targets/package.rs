//! A package that is taken is judged without harm and packed into bytes that hold the same. What is no archive is
//! taken as the entry of a plugin, so that modules are judged too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_plugin::{Package, Validator};

fuzz_target!(|bytes: &[u8]| {
    let mut validator = Validator::default();
    if let Ok(package) = Package::read(bytes) {
        let _ = validator.check(&package);
        if let Ok(packed) = package.pack() {
            let Ok(again) = Package::read(&packed) else { panic!("what was packed is no package") };
            assert_eq!(again.entry(), package.entry());
            validator.is_packed = true;
            let _ = validator.check(&again);
        }
        return;
    }
    let manifest = MANIFEST.as_bytes().to_vec();
    let files = [("plugin.toml".to_owned(), manifest), ("p.wasm".to_owned(), bytes.to_vec())];
    if let Ok(package) = Package::from_files(files) {
        let _ = validator.check(&package);
    }
});

const MANIFEST: &str = "[plugin]\nid = \"org.example.p\"\nname = \"P\"\nversion = \"0.1.0\"\n\
    description = \"Computes\"\nkind = \"wasm\"\nentry = \"p.wasm\"\napi = \"1\"\n";
