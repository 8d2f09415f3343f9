//! Patterns in a file.

/// The patterns of a text, with what they say of the environment.
pub(super) fn patterns<'a>(
    text: &'a [u8],
    environment: &'a dyn Fn(&str) -> Option<String>,
) -> impl Iterator<Item = Vec<u8>> + 'a {
    // A mark of the order of bytes, which some editors write, is no part of the first pattern.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| expand(line, environment))
}

fn expand(line: &[u8], environment: &dyn Fn(&str) -> Option<String>) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(dollar) = rest.iter().position(|&byte| byte == b'$') {
        expanded.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        let (name, length) = variable(rest);
        match name {
            b"" if length == 0 => expanded.push(b'$'),
            b"$" => expanded.push(b'$'),
            name => {
                let value = str::from_utf8(name).ok().and_then(environment);
                expanded.extend_from_slice(value.unwrap_or_default().as_bytes());
            }
        }
        rest = &rest[length..];
    }
    expanded.extend_from_slice(rest);
    expanded
}

/// The name of a variable at the beginning of a text, and how much of the text it takes.
fn variable(text: &[u8]) -> (&[u8], usize) {
    match text {
        [b'{', within @ ..] => match within.iter().position(|&byte| byte == b'}') {
            Some(end) => (&within[..end], end + 2),
            None => (b"", 1),
        },
        [b'$', ..] => (b"$", 1),
        _ => {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let end = text.iter().position(|byte| !is_part(byte)).unwrap_or(text.len());
            (&text[..end], end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_patterns_is_read_line_by_line() {
        let environment = |name: &str| (name == "HOME").then(|| "/users/ann".to_owned());
        let text =
            b"\xef\xbb\xbf# cache\n\n  *.o \t\n$HOME/x\n${HOME}y\n$NOTHING/z\n100$$\na$\n!keep\r\n";
        let found: Vec<_> = patterns(text, &environment).collect();
        let wanted: [&[u8]; 7] =
            [b"*.o", b"/users/ann/x", b"/users/anny", b"/z", b"100$", b"a$", b"!keep"];
        assert_eq!(found, wanted);
    }
}
