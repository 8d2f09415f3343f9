//! Files that a pattern names, as Go's `filepath.Glob` finds them.

use std::path::{Component, Path, PathBuf};

/// Returns the files that a path with `*`, `?` and `[…]` names, sorted.
pub(super) fn find(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            for path in &mut found {
                path.push(component);
            }
            continue;
        };
        let name = name.to_string_lossy();
        if !name.contains(['*', '?', '[', '\\']) {
            for path in &mut found {
                path.push(name.as_ref());
            }
            continue;
        }
        found = found.iter().flat_map(|path| entries(path, &name)).collect();
    }
    found.retain(|path| path.exists());
    found
}

fn entries(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let shown = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(entries) = std::fs::read_dir(shown) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let pattern: Vec<char> = pattern.chars().collect();
    let mut names: Vec<String> =
        names.filter(|name| matches(&pattern, &name.chars().collect::<Vec<_>>())).collect();
    names.sort();
    names.into_iter().map(|name| directory.join(name)).collect()
}

/// Whether a name matches, going back to the last `*` only: never more than the product of the lengths.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => {
                if let Some(length) = one(&pattern[p..], name[n]) {
                    p += length;
                    n += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((at, from)) = star else { return false };
        star = Some((at, from + 1));
        (p, n) = (at + 1, from + 1);
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Returns how much of the pattern one character uses up, when it matches.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == c).then_some(2),
        ['[', set @ ..] => {
            let end = set.iter().skip(1).position(|c| *c == ']')? + 1;
            let (negated, set) =
                if let ['^', set @ ..] = &set[..end] { (true, set) } else { (false, &set[..end]) };
            let mut found = false;
            let mut rest = set;
            while let [first, tail @ ..] = rest {
                rest = if let ['-', last, after @ ..] = tail {
                    found |= (*first..=*last).contains(&c);
                    after
                } else {
                    found |= *first == c;
                    tail
                };
            }
            (found != negated).then_some(end + 2)
        }
        [first, ..] => (*first == c).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        let check = |pattern: &str, name: &str| {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            matches(&chars(pattern), &chars(name))
        };
        for (pattern, name) in [
            ("*.yml", "a.yml"),
            ("a*b*c", "axxbyyc"),
            ("?.y", "a.y"),
            ("[a-c]x", "bx"),
            ("[^a]x", "bx"),
            ("\\*", "*"),
        ] {
            assert!(check(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*.yml", "a.yaml"), ("?", ""), ("[a-c]x", "dx"), ("\\*", "a"), ("[a", "a")]
        {
            assert!(!check(pattern, name), "{pattern} {name}");
        }
    }
}
