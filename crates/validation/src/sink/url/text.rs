//! What is checked before a parser sees the text: everything on which parsers differ.

use super::UrlError;

/// Refuses the characters that some parsers drop, and others keep.
pub(super) fn check_characters(text: &str, cap: usize) -> Result<(), UrlError> {
    check_length(text, cap)?;
    match text.find(|c: char| c == '\\' || c.is_whitespace() || c.is_control() || is_invisible(c)) {
        Some(at) => Err(UrlError::Character { at }),
        None => Ok(()),
    }
}

/// Refuses a text that is longer than the cap.
pub(super) const fn check_length(text: &str, cap: usize) -> Result<(), UrlError> {
    let len = text.len();
    if len > cap { Err(UrlError::TooLong { len, cap }) } else { Ok(()) }
}

/// Returns the scheme and what follows its colon.
pub(super) fn split(text: &str) -> Result<(&str, &str), UrlError> {
    text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).ok_or(UrlError::Malformed)
}

/// Returns host and port. The scheme's colon is followed by two slashes and a host, neither more nor less.
pub(super) fn authority(after_colon: &str) -> Result<&str, UrlError> {
    let rest = after_colon.strip_prefix("//").ok_or(UrlError::Malformed)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(UrlError::Malformed);
    }
    if authority.contains('@') {
        return Err(UrlError::Userinfo);
    }
    Ok(authority)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Characters that nobody sees, and that IDNA drops or that turn the direction of reading.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}
