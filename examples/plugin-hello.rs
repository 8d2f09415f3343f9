//! A plugin from its first file to its first answer: made, packed, signed, proved, and called in the sandbox.

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use wardkit_core::{Clock as _, SystemClock};
use wardkit_plugin::sdk::{Language, Project, Template};
use wardkit_plugin::{
    Broker, Grant, Package, PublicKey, SecretKey, Signature, Trust, TrustedKeys, Validator,
};
use wardkit_sandbox::Capabilities;
use wardkit_sandbox_wasm::Wasm;

fn main() -> Result<(), Box<dyn Error>> {
    let (archive, signature, key) = at_its_author()?;

    // Whoever installs it has the archive, the signature, and the author's public key from elsewhere.
    let trusted = TrustedKeys::new([PublicKey::parse(&key)?]);
    let trust: Trust = trusted.verify(&archive, &Signature::parse(&signature)?)?;
    let mut tampered = archive.clone();
    tampered[40] ^= 1;
    assert!(trusted.verify(&tampered, &Signature::parse(&signature)?).is_err());

    let plugin = Validator::default().verify(Package::read(&archive)?, trust)?;
    for (what, why) in plugin.manifest().permissions.told() {
        println!("asks for {what} - {why}");
    }

    // It gets what it asks for, what its operator grants and what the host bears: here, one line in the log.
    let mut operator = Grant::default();
    operator.log = true;
    let host = Grant::asked_by(plugin.manifest());
    let ready = plugin.prepare(&Wasm::new()?, &operator, &host, &BTreeMap::new())?;
    let answers: Arc<dyn Capabilities> = Arc::new(Broker::new(&ready));
    ready.self_test(&answers)?;

    let answer = ready.call(br#""hello""#, &answers)?;
    println!("said: {}", String::from_utf8_lossy(&answer.outcome.errors).trim_end());
    println!("gave: {}", answer.value.ok_or("there is no answer")?);
    println!("used: {} bytes", answer.outcome.usage.peak_memory);
    // What goes in is held to the plugin's own schema: it never sees this.
    assert!(ready.call(b"5", &answers).is_err());
    Ok(())
}

/// What `auditctl plugin new`, `pack`, `keygen` and `sign` do. Returns the package, its signature and the public key.
fn at_its_author() -> Result<(Vec<u8>, String, String), Box<dyn Error>> {
    let project = Project::new("hello", Template::Advanced, Language::Wat)?;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, text) in project.files() {
        match name {
            "plugin.wat" => files.push(("plugin.wasm".to_owned(), wat::parse_str(text)?)),
            "plugin.toml" | "schemas/input.json" | "schemas/output.json" => {
                files.push((name.to_owned(), text.as_bytes().to_vec()));
            }
            _ => {}
        }
    }
    let archive = Package::from_files(files)?.pack()?;
    // A real key comes from a generator made for secrets, as that of `auditctl plugin keygen`.
    let key = SecretKey::from_random([7; 40]);
    let signature = Signature::sign(&archive, "hello.tar.zst", &key, SystemClock.now())?;
    Ok((archive, signature.to_text(), key.public().to_text()))
}
