//! The lines of strace: whose they are, and the words in them.

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    /// An end, a signal, a remark.
    Nothing,
    /// No line of strace.
    Odd,
    /// A call that others come between, without the remark.
    Begun(&'l str),
    /// The rest of such a call.
    Resumed { name: &'l str, rest: &'l str },
    /// A whole call.
    Call(&'l str),
}

/// Returns the process, zero where none is named, and what the line says of it.
pub(super) fn read(text: &str) -> (u32, Line<'_>) {
    let text = text.trim_start();
    let (process, text) = process(text);
    let text = without_time(text.trim_start());
    if text.is_empty() || ["+++", "---", "strace:"].iter().any(|mark| text.starts_with(mark)) {
        return (process, Line::Nothing);
    }
    if let Some(rest) = text.strip_prefix("<... ") {
        let resumed = rest.split_once(" resumed>").filter(|(name, _)| is_name(name));
        return (process, resumed.map_or(Line::Odd, |(name, rest)| Line::Resumed { name, rest }));
    }
    if !text.split_once('(').is_some_and(|(name, _)| is_name(name)) {
        return (process, Line::Odd);
    }
    (process, text.strip_suffix(" <unfinished ...>").map_or(Line::Call(text), Line::Begun))
}

fn process(text: &str) -> (u32, &str) {
    if let Some((number, rest)) = text.strip_prefix("[pid ").and_then(|rest| rest.split_once(']'))
        && let Ok(number) = number.trim().parse()
    {
        return (number, rest);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    // A time without a process has its point or colon right behind the digits.
    if text[digits..].starts_with(' ') {
        (text[..digits].parse().unwrap_or(0), &text[digits..])
    } else {
        (0, text)
    }
}

/// Leaves out the time that `-t`, `-tt`, `-ttt` and `-r` write.
fn without_time(text: &str) -> &str {
    let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || b":.".contains(byte)).count();
    if end > 0 && text[end..].starts_with(' ') { text[end..].trim_start() } else { text }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The arguments of a call and what it returned.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words<'l> {
    pub(super) arguments: Vec<&'l str>,
    pub(super) result: &'l str,
}

impl<'l> Words<'l> {
    /// Splits what stands behind a call's name and bracket; `None` for what does not end as a call does.
    pub(super) fn of(text: &'l str) -> Option<Self> {
        let mut arguments = Vec::new();
        let (mut start, mut depth, mut index) = (0, 0_usize, 0);
        let bytes = text.as_bytes();
        while let Some(byte) = bytes.get(index) {
            match byte {
                b'"' => index = end_of_string(bytes, index)?,
                b'<' if ends_descriptor(bytes, index) => index = end_of_name(bytes, index)?,
                b'(' | b'[' | b'{' => depth += 1,
                b')' if depth == 0 => {
                    arguments.push(text[start..index].trim());
                    let result = text[index + 1..].trim_start().strip_prefix('=')?.trim_start();
                    return Some(Self { arguments, result });
                }
                b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
                b',' if depth == 0 => {
                    arguments.push(text[start..index].trim());
                    start = index + 1;
                }
                _ => {}
            }
            index += 1;
        }
        None
    }

    pub(super) fn argument(&self, index: usize) -> &'l str {
        self.arguments.get(index).copied().unwrap_or_default()
    }

    pub(super) fn succeeded(&self) -> bool {
        self.result.starts_with(|first: char| first.is_ascii_digit())
    }
}

/// Returns where the quote that closes a string stands.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut index = start + 1;
    loop {
        match bytes.get(index)? {
            b'\\' => index += 2,
            b'"' => return Some(index),
            _ => index += 1,
        }
    }
}

/// With `-y` a descriptor's name follows its number.
fn ends_descriptor(bytes: &[u8], index: usize) -> bool {
    index > 0 && (bytes[index - 1].is_ascii_digit() || bytes[..index].ends_with(b"AT_FDCWD"))
}

/// strace escapes `>` in names; brackets of sockets (`UNIX-STREAM:[1->2]`) have a dash before.
fn end_of_name(bytes: &[u8], start: usize) -> Option<usize> {
    let is_end = |index: &usize| bytes[*index] == b'>' && bytes[*index - 1] != b'-';
    (start + 1..bytes.len()).find(is_end)
}

/// Returns the bytes that a quoted word stands for; `None` for a word that is no string, or one that is cut.
pub(super) fn unquoted(word: &str) -> Option<String> {
    let inner = word.strip_prefix('"')?.strip_suffix('"')?;
    unescaped(inner)
}

/// Returns the name that `-y` wrote behind a descriptor: the path without links.
pub(super) fn descriptor_path(word: &str) -> Option<String> {
    let (_, name) = word.split_once('<')?;
    let name = &name[..name.rfind('>')?];
    let name = name.strip_suffix("(deleted)").unwrap_or(name);
    if name.starts_with('/') { unescaped(name) } else { None }
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (base, most) = match rest.next()? {
            b'n' => {
                bytes.push(b'\n');
                continue;
            }
            b't' => {
                bytes.push(b'\t');
                continue;
            }
            b'r' => {
                bytes.push(b'\r');
                continue;
            }
            b'v' => {
                bytes.push(0x0b);
                continue;
            }
            b'f' => {
                bytes.push(0x0c);
                continue;
            }
            b'x' => (16, (0, 2)),
            digit @ b'0'..=b'7' => (8, (u32::from(digit - b'0'), 2)),
            other => {
                bytes.push(other);
                continue;
            }
        };
        let (mut value, digits) = most;
        for _ in 0..digits {
            let Some(digit) = rest.peek().and_then(|next| char::from(*next).to_digit(base)) else {
                break;
            };
            value = value * base + digit;
            rest.next();
        }
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}
