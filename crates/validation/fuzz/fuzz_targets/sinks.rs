//! What the typed sinks make of a text keeps within its slot, and is left as it is by a second run.
#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{
    Accept, Arg, Filename, FilenameRules, HeaderRules, HtmlEscaped, LogEscape, Root, Sanitizer,
    Untrusted,
};

/// Nothing is opened: what is looked at is which paths are allowed to be.
static ROOT: LazyLock<Root> = LazyLock::new(|| Root::open("/").expect("there is a root"));

fuzz_target!(|text: &str| {
    let line = stable(&LogEscape, text);
    assert!(!line.contains(char::is_control));

    let header = HeaderRules::default();
    let value = stable(&header, text);
    assert!(value.len() > header.max_bytes || header.accept(&value).is_ok());
    assert!(header.accept(text).is_err() || value == text);

    let stem = stable(&FilenameRules::default(), text);
    assert!(!stem.is_empty() && !stem.contains(['/', '\\', '.', ':', '\0']));
    let name = Filename::for_upload(&Untrusted::new(text), "tar.gz").expect("any name will do");
    assert!(ROOT.path(name.as_str()).is_ok());

    let escaped = HtmlEscaped::new(text);
    assert!(!escaped.as_str().contains(['<', '>', '"', '\'', '`', '\0']));

    assert_eq!(Arg::new(text).is_ok(), !text.contains('\0') && text.len() <= 64 * 1024);
    if ROOT.path(text).is_ok() {
        assert!(!text.starts_with('/') && text.split(['/', '\\']).all(|name| name != ".."));
        assert!(!text.contains(char::is_control));
    }
});

/// Sanitizes a text, and makes sure that doing so again changes nothing and that edits lie in the text.
fn stable(sanitizer: &impl Sanitizer, text: &str) -> String {
    let mut edits = 0_usize;
    let clean = sanitizer.sanitize_with(text, &mut |edit| {
        assert!(text.is_char_boundary(edit.span.start) && text.is_char_boundary(edit.span.end));
        edits += 1;
    });
    assert_eq!(edits == 0, clean == text);
    assert!(matches!(sanitizer.sanitize(&clean), Cow::Borrowed(same) if same == clean));
    clean.into_owned()
}
