//! The configuration of a repository of any bytes: refused, or read as it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::RepoConfig;

fuzz_target!(|json: &[u8]| {
    if let Ok(config) = RepoConfig::from_json(json) {
        assert_eq!(RepoConfig::from_json(&config.to_json()).as_ref(), Ok(&config));
    }
});
