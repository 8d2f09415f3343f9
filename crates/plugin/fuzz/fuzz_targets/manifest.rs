//! A manifest that is taken is the same when it is written and read again, whichever form it came in, and what is agreed
//! to with it is within what it asks for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_plugin::{Grant, Manifest};

fuzz_target!(|text: &str| {
    for file in ["plugin.toml", "plugin.yaml"] {
        let Ok(manifest) = Manifest::parse(file, text) else { continue };
        let (asked, agreed) = (Grant::asked_by(&manifest), Grant::agreed(&manifest));
        assert!(agreed.is_within(&asked) && !agreed.native);
        // TOML has no null, and an example may be one.
        let Ok(written) = manifest.to_toml() else { continue };
        let again = Manifest::parse("plugin.toml", &written);
        assert_eq!(again.as_ref().ok(), Some(&manifest), "{written}");
    }
});
