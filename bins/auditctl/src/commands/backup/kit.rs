//! `auditctl backup kit`: what opens the repository when the host is gone.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use rustix::rand::{GetRandomFlags, getrandom};
use serde_json::json;
use wardkit_backup::engine::{KeyOptions, Password};
use wardkit_backup::format::Compression;
use wardkit_cli::{Format, Report};
use zeroize::Zeroizing;

use super::opened::Opener;
use super::{line, refused};
use crate::commands::{could_not_run, print};

/// Writes a page with a password of its own.
pub(super) fn run(opener: &Opener<'_>, out: &Path) -> Result<ExitCode, Report> {
    let repository = opener.writer(Compression::default())?;
    let failed = |error: std::io::Error| could_not_run(format!("{}: {error}", out.display()));
    // First: a key whose password nobody could read would stay for ever.
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(out).map_err(failed)?;
    let written = (|| {
        let secret = words().map_err(failed)?;
        let repository_id = repository.config().id;
        let page = page(opener.address(), &repository_id.to_string(), &secret);
        file.write_all(page.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        let password = Password::new(secret.as_bytes().to_vec());
        let mut key = KeyOptions::of_this_user();
        "recovery-kit".clone_into(&mut key.user);
        repository.add_key(&password, &key).map_err(refused)
    })();
    let key = match written {
        Ok(key) => key,
        Err(report) => {
            // A page whose password opens nothing would be believed in.
            let _ = std::fs::remove_file(out);
            return Err(report);
        }
    };
    print(&match opener.format() {
        Format::Text => format!(
            "recovery kit written to {}, which key {} belongs to: print it, keep it elsewhere, remove the file\n",
            out.display(),
            key.to_short()
        ),
        Format::Json => line(&json!({
            "file": out.to_string_lossy(),
            "key": key.to_string(),
        }))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A password of 160 random bits that a person can read from paper: no letters that look alike.
fn words() -> std::io::Result<Zeroizing<String>> {
    let mut random = Zeroizing::new([0; LETTERS]);
    let mut filled = 0;
    while filled < random.len() {
        filled += getrandom(&mut random[filled..], GetRandomFlags::empty())?;
    }
    let mut text = Zeroizing::new(String::with_capacity(2 * LETTERS));
    for (number, byte) in random.iter().enumerate() {
        if number > 0 && number % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(text)
}

fn page(address: &str, id: &str, secret: &str) -> Zeroizing<String> {
    let quoted = address.replace('\'', r"'\''");
    Zeroizing::new(format!(
        "\
RECOVERY KIT OF A BACKUP
Whoever has this page and the repository can read everything in it. Keep it away from the host, on paper if you can.

repository   {address}
its id       {id}
password     {secret}

The repository has restic's open format. Any computer with restic (https://restic.net) restores it:

1. Get the repository: the folder, disk or address above, or a copy of it.
2. Put the password, as it stands above with its dashes, into a file of its own:
     umask 077; echo '{secret}' > recovery.key
3. See what is there, and whether it is whole:
     restic -r '{quoted}' --password-file recovery.key snapshots
     restic -r '{quoted}' --password-file recovery.key check --read-data
4. Restore the newest snapshot into an empty folder, as root so that owners are set:
     restic -r '{quoted}' --password-file recovery.key restore latest --target /restored
   One path of it:
     restic -r '{quoted}' --password-file recovery.key restore latest --target /restored --include /etc

With wardkit: auditctl backup restore latest --target /restored --repo '{quoted}' --password-file recovery.key

When this page was lost: auditctl backup key list, then key remove the one of user recovery-kit, and write another kit.
Try the page twice a year: a password that nobody tried opens nothing.
"
    ))
}

const LETTERS: usize = 32;
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
