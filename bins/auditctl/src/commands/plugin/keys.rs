//! `auditctl plugin keygen`, `sign` and `verify`.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::rand::{GetRandomFlags, getrandom};
use serde_json::json;
use wardkit_cli::{Format, Report};
use wardkit_core::{Clock as _, SystemClock};
use wardkit_plugin::{PublicKey, SecretKey, Signature};
use zeroize::Zeroizing;

use super::{named, read, shown};
use crate::commands::{could_not_run, print};

/// Makes a pair of keys. Nothing is overwritten.
pub(super) fn keygen(format: Format, prefix: &Path) -> Result<ExitCode, Report> {
    let mut random = Zeroizing::new([0; 40]);
    let mut filled = 0;
    while filled < random.len() {
        filled +=
            getrandom(&mut random[filled..], GetRandomFlags::empty()).map_err(could_not_run)?;
    }
    let key = SecretKey::from_random(random);
    let (secret, public) = (with_ending(prefix, ".key"), with_ending(prefix, ".pub"));
    if public.exists() {
        return Err(could_not_run(format!("{} is there already", shown(&public))));
    }
    write_new(&secret, 0o600, key.to_text().as_bytes())?;
    write_new(&public, 0o644, key.public().to_text().as_bytes())?;
    let id = key.public().id();
    print(&match format {
        Format::Text => format!(
            "{}: keep it, and show it to nobody\n{}: key {id}, for whoever installs what you sign\n",
            shown(&secret),
            shown(&public)
        ),
        Format::Json => format!(
            "{}\n",
            json!({"secret": secret.to_string_lossy(), "public": public.to_string_lossy(), "key": id})
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Signs a file. A signature that is there already is replaced.
pub(super) fn sign(format: Format, file: &Path, key: &Path) -> Result<ExitCode, Report> {
    let text = wardkit_cli::read_small_text(key).map_err(|error| named(key, &error))?;
    let text = Zeroizing::new(text);
    let key = SecretKey::parse(&text).map_err(could_not_run)?;
    let bytes = read(file)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let now = SystemClock.now();
    let signature = Signature::sign(&bytes, &name.unwrap_or_default(), &key, now);
    let signature = signature.map_err(could_not_run)?;
    let out = with_ending(file, ENDING);
    fs::write(&out, signature.to_text()).map_err(|error| named(&out, &error))?;
    let id = key.public().id();
    print(&match format {
        Format::Text => format!("{}: signed with key {id}\n", shown(&out)),
        Format::Json => format!("{}\n", json!({"signature": out.to_string_lossy(), "key": id})),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Proves a signature. Ends with 1 when there is none, or one that proves nothing.
pub(super) fn verify(format: Format, file: &Path, public: &Path) -> Result<ExitCode, Report> {
    let key = self::public(public)?;
    let bytes = read(file)?;
    let proof = proof(file).and_then(|signature| {
        signature.verify(&bytes, &key).map_err(|error| error.to_string())?;
        Ok(signature)
    });
    let (name, id) = (file.to_string_lossy(), key.id());
    print(&match (format, &proof) {
        (Format::Text, Ok(signature)) => {
            let comment = wardkit_cli::escaped(signature.trusted_comment());
            format!("{}: signed by key {id}: {comment}\n", shown(file))
        }
        (Format::Text, Err(reason)) => format!("{}: not proved: {reason}\n", shown(file)),
        (Format::Json, Ok(signature)) => format!(
            "{}\n",
            json!({"file": name, "proved": true, "key": id, "comment": signature.trusted_comment()})
        ),
        (Format::Json, Err(reason)) => {
            format!("{}\n", json!({"file": name, "proved": false, "key": id, "reason": reason}))
        }
    })?;
    Ok(ExitCode::from(u8::from(proof.is_err())))
}

/// Reads a public key.
pub(super) fn public(path: &Path) -> Result<PublicKey, Report> {
    let text = wardkit_cli::read_small_text(path).map_err(|error| named(path, &error))?;
    PublicKey::parse(&text).map_err(|error| could_not_run(format!("{}: {error}", shown(path))))
}

/// Whether a signature lies beside a file.
pub(super) fn is_signed(file: &Path) -> bool {
    with_ending(file, ENDING).exists()
}

/// Reads the signature that lies beside a file.
pub(super) fn proof(file: &Path) -> Result<Signature, String> {
    let path = with_ending(file, ENDING);
    let text = wardkit_cli::read_small_text(&path)
        .map_err(|error| format!("there is no signature: {}: {error}", shown(&path)))?;
    Signature::parse(&text).map_err(|error| error.to_string())
}

fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), Report> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| named(path, &error))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.into();
    name.push(ending);
    name.into()
}

const ENDING: &str = ".minisig";
