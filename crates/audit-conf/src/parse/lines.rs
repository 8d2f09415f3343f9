//! Files of lines: `KEY=value`, sections, and words.

/// A setting and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The header above it, without its brackets.
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) at: usize,
}

/// Reads files like `.env`: `export` and quotes are taken away.
pub(crate) fn environment(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    for (at, line) in lines(text) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = unquoted(value.trim());
        found.push(Setting {
            section: String::new(),
            key: key.trim().to_owned(),
            value: value.to_owned(),
            at,
        });
    }
    found
}

/// Reads INI, TOML as far as one line says it, `postgresql.conf` and units: `key = value`, or `key: value`.
pub(crate) fn sections(text: &str) -> Vec<Setting> {
    let mut section = String::new();
    let mut found = Vec::new();
    for (at, line) in lines(text) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            // A list of TOML may begin a line, too; it has no key of its own.
            name.0.trim_matches(['[', ' ', '"']).clone_into(&mut section);
            continue;
        }
        let end = line.find(['=', ':']).or_else(|| line.find(char::is_whitespace));
        let Some(end) = end else { continue };
        let separator = line[end..].chars().next().map_or(1, char::len_utf8);
        let value = line[end + separator..].trim_start_matches(['=', ' ', '\t']).trim();
        let value = unquoted(value);
        found.push(Setting {
            section: section.clone(),
            key: line[..end].trim().trim_matches('"').to_owned(),
            value: value.to_owned(),
            at,
        });
    }
    found
}

/// Reads files like `redis.conf` and `pg_hba.conf`: words at blanks, with their places.
pub(crate) fn words_of_lines(text: &str) -> Vec<(usize, Vec<&str>)> {
    let words = |(at, line): (usize, &'_ str)| -> (usize, usize) { (at, line.len()) };
    let mut found = Vec::new();
    for (at, length) in lines(text).map(words) {
        let line = &text[at..at + length];
        found.push((at, line.split_whitespace().map(|word| word.trim_matches('"')).collect()));
    }
    found
}

/// Returns the lines that say something, with where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    text.split_inclusive('\n').filter_map(move |whole| {
        let start = offset;
        offset += whole.len();
        let line = whole.trim();
        let at = start + (whole.len() - whole.trim_start().len());
        let says = !line.is_empty() && !line.starts_with(['#', ';', '\u{feff}']);
        says.then_some((at, line))
    })
}

/// Takes quotes, or the comment behind a value, away.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or(rest);
        }
    }
    let end = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
    value[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_sections_values_and_places() {
        let text = "# c\n[a]\nx = 'y # z' # why\n[[b.c]]\nlisten_addresses '*'\n";
        let found = sections(text);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.section.as_str(), one.key.as_str(), one.value.as_str(), one.at))
            .collect();
        assert_eq!(shown, [("a", "x", "y # z", 8), ("b.c", "listen_addresses", "*", 34)]);
        assert_eq!(sections("a\u{2006}b")[0].value, "b");
        let found = environment("export A=\"b\"\nC=d # e\n=\n");
        assert_eq!((found[0].value.as_str(), found[1].value.as_str()), ("b", "d"));
        assert_eq!(words_of_lines("  a  \"b\"\n")[0], (2, vec!["a", "b"]));
    }
}
