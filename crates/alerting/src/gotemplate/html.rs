//! What keeps data from becoming markup.

/// Escapes a text for the place behind what is written already: in text, or in an attribute between quotes.
///
/// # Errors
///
/// Says so when that place is inside a script, a style or a comment, or in a tag outside quotes.
pub(super) fn escape(written: &str, text: &str) -> Result<String, String> {
    let place = Place::of(written);
    match place {
        Place::Text | Place::Attribute => Ok(entities(text)),
        Place::Address => Ok(entities(safe_address(text))),
        Place::Other => {
            Err("data in HTML stands in text or between the quotes of an attribute only".to_owned())
        }
    }
}

enum Place {
    Text,
    Attribute,
    /// The beginning of an attribute that is followed: `href="`.
    Address,
    Other,
}

impl Place {
    fn of(written: &str) -> Self {
        // Only the last tag matters, and it is no longer than this.
        let mut start = written.len().saturating_sub(LONGEST_TAG);
        while !written.is_char_boundary(start) {
            start += 1;
        }
        let tail = &written[start..];
        let Some(open) = tail.rfind('<') else { return Self::Text };
        let tag = &tail[open..];
        let name = tag[1..].split(|char: char| !char.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let (mut quote, mut from, mut closed) = (None, 0, false);
        for (at, char) in tag.char_indices() {
            match (char, quote) {
                ('"' | '\'', None) => (quote, from) = (Some(char), at),
                (char, Some(open)) if char == open => quote = None,
                ('>', None) => {
                    closed = true;
                    break;
                }
                _ => {}
            }
        }
        match (closed, quote) {
            (true, _) if matches!(name.as_str(), "script" | "style") => Self::Other,
            (true, _) => Self::Text,
            (false, None) => Self::Other,
            (false, Some(_)) => attribute(&tag[..from], &tag[from + 1..]),
        }
    }
}

fn attribute(before: &str, value: &str) -> Place {
    let name = before.trim_end().trim_end_matches('=').trim_end();
    let name = name.rsplit(|char: char| char.is_ascii_whitespace()).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "style" | "srcdoc" | "srcset" => Place::Other,
        name if name.starts_with("on") => Place::Other,
        "href" | "src" | "action" | "formaction" | "cite" | "poster" | "background"
            if value.trim().is_empty() =>
        {
            Place::Address
        }
        _ => Place::Attribute,
    }
}

/// Nothing but the web and mail is followed.
fn safe_address(text: &str) -> &str {
    let scheme = text.split(['/', '?', '#']).next().and_then(|head| head.split_once(':'));
    match scheme {
        Some((scheme, _))
            if !["http", "https", "mailto"]
                .iter()
                .any(|safe| scheme.eq_ignore_ascii_case(safe)) =>
        {
            "#ZgotmplZ"
        }
        _ => text,
    }
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => out.push_str("&#34;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '+' => out.push_str("&#43;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

/// In bytes, attributes included.
const LONGEST_TAG: usize = 8 * 1024;
