//! Tests of the public interface.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod broker;
mod grant;
mod home;
mod home_props;
mod manifest;
mod package;
mod registry;
mod run;
#[cfg(feature = "sdk")]
mod sdk;
mod signature;
#[cfg(feature = "sdk")]
mod testing;
mod validate;

use wardkit_plugin::Package;

/// The manifest of a small plugin, with more lines at its end.
fn manifest(kind: &str, entry: &str, more: &str) -> String {
    format!(
        "[plugin]\nid = \"org.example.hello\"\nname = \"Hello\"\nversion = \"0.2.0\"\n\
         description = \"Greets\"\nkind = \"{kind}\"\nentry = \"{entry}\"\napi = \"1\"\n{more}"
    )
}

fn package(files: &[(&str, &[u8])]) -> Package {
    Package::from_files(files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())))
        .unwrap()
}
