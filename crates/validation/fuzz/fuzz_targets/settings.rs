//! A value that is taken is taken again as it came out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{Setting, SettingKind, Settings};

fuzz_target!(|input: (u8, &str)| {
    const KINDS: [SettingKind; 11] = [
        SettingKind::Host,
        SettingKind::Port,
        SettingKind::Path,
        SettingKind::Url,
        SettingKind::Duration,
        SettingKind::Size,
        SettingKind::Number,
        SettingKind::Switch,
        SettingKind::Identifier,
        SettingKind::Secret,
        SettingKind::Text,
    ];
    let (kind, text) = input;
    let known = [Setting::new("key", KINDS[usize::from(kind) % KINDS.len()])];
    match Settings::read(&known, [("key", text)]) {
        Ok(settings) => {
            if let Some(clean) = settings.text("key") {
                assert_eq!(Settings::read(&known, [("key", clean)]).as_ref(), Ok(&settings));
            }
        }
        Err(faults) => assert_eq!(faults.iter().count(), 1),
    }
});
