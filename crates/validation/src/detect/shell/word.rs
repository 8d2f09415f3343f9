//! Words of a command line, read the way a shell reads them: without the quotes, backslashes and empty expansions that
//! cut a name in pieces.

/// A word, put together again.
#[expect(clippy::struct_excessive_bools, reason = "independent marks, not states")]
pub(super) struct Word {
    name: [u8; LONGEST],
    len: usize,
    /// Where the text goes on after it.
    pub(super) end: usize,
    /// Something that a shell drops stood between its letters.
    pub(super) broken: bool,
    /// It ends at `$IFS`, which stands for a space.
    pub(super) field_separator: bool,
    /// It has `?`, `*` or `[`.
    pub(super) glob: bool,
    /// It was written with capitals.
    pub(super) capitals: bool,
    /// Length of the name before the last backslash, if it has any.
    backslash: Option<usize>,
    cut_by_backslash: bool,
}

impl Word {
    /// Reads the word that starts here. There is none where the text does not start a word, or where it is longer than
    /// any name of a command.
    pub(super) fn read(text: &[u8], from: usize) -> Option<Self> {
        let word = Self {
            name: [0; LONGEST],
            len: 0,
            end: from,
            broken: false,
            field_separator: false,
            glob: false,
            capitals: false,
            backslash: None,
            cut_by_backslash: false,
        };
        let reader =
            Reader { text, at: from, stop: from.saturating_add(FARTHEST), word, cut: None };
        reader.read()
    }

    /// Returns the name in lower case.
    pub(super) fn name(&self) -> &str {
        std::str::from_utf8(&self.name[..self.len]).unwrap_or_default()
    }

    /// Returns the name after the last slash, or the last backslash of a path of Windows, in lower case.
    pub(super) fn base(&self) -> &str {
        let name = self.name();
        let name = match self.backslash {
            Some(at) if self.is_windows_path() => name.get(at..).unwrap_or(name),
            _ => name,
        };
        name.rsplit('/').next().unwrap_or(name)
    }

    /// Tells whether the name was cut in pieces.
    pub(super) fn is_cut(&self) -> bool {
        self.broken || self.cut_by_backslash && !self.is_windows_path()
    }

    /// Tells whether it is a path from the root, from here or from home.
    pub(super) fn is_path(&self) -> bool {
        let name = self.name();
        self.is_windows_path()
            || name.starts_with("./")
            || name.starts_with("../")
            || name.starts_with("~/")
            || name.starts_with('/') && name[1..].contains('/')
    }

    fn is_windows_path(&self) -> bool {
        let name = &self.name[..self.len];
        self.backslash.is_some()
            && (name.get(1) == Some(&b':')
                || name.first() == Some(&b'%')
                || name.starts_with(b".."))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Backslash,
    Other,
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    stop: usize,
    word: Word,
    /// What stood after the last letter; it counts once another letter follows.
    cut: Option<Cut>,
}

impl Reader<'_> {
    fn read(mut self) -> Option<Word> {
        let braces = self.text.get(self.at) == Some(&b'{');
        if braces {
            self.at += 1;
        }
        while let Some(&byte) = self.text.get(self.at) {
            if self.at >= self.stop {
                return None;
            }
            let goes_on = match byte {
                b'\'' | b'"' => self.quoted(byte),
                b'\\' => self.backslash(),
                b'^' => self.skip(1),
                b'`' if self.text.get(self.at + 1) == Some(&b'`') => self.skip(2),
                b'$' => self.dollar(),
                b',' if braces && self.word.len == 0 => self.skip(1),
                b',' | b'}' if braces => false,
                // A space, in the query of a URL.
                b'+' if self.word.len > 1
                    && self.text.get(self.at + 1) != Some(&b'+')
                    && self.text[self.at - 1] != b'+' =>
                {
                    false
                }
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'|' | b'&' | b'(' | b')' | b'<' | b'>'
                | b'#' | b'`' | 0 => false,
                byte => {
                    self.at += 1;
                    self.push(byte)?;
                    true
                }
            };
            if !goes_on {
                break;
            }
        }
        self.word.end = self.at;
        (self.word.len > 0).then_some(self.word)
    }

    /// Adds a letter; there is no word where it has none that commands have.
    fn push(&mut self, byte: u8) -> Option<()> {
        if !byte.is_ascii_graphic() || self.word.len == LONGEST {
            return None;
        }
        match self.cut.take() {
            Some(Cut::Backslash) => self.word.cut_by_backslash = true,
            Some(Cut::Other) => self.word.broken = true,
            None => {}
        }
        self.word.glob |= matches!(byte, b'?' | b'*' | b'[');
        self.word.capitals |= byte.is_ascii_uppercase();
        self.word.name[self.word.len] = byte.to_ascii_lowercase();
        self.word.len += 1;
        Some(())
    }

    /// Passes over what a shell drops.
    fn skip(&mut self, bytes: usize) -> bool {
        self.at += bytes;
        self.note(Cut::Other);
        true
    }

    fn note(&mut self, cut: Cut) {
        if self.word.len > 0 && self.cut != Some(Cut::Other) {
            self.cut = Some(cut);
        }
    }

    /// Takes what stands in quotes, if they are closed and hold no space; else the word ends before them.
    fn quoted(&mut self, quote: u8) -> bool {
        let rest = &self.text[self.at + 1..self.text.len().min(self.stop)];
        let Some(len) = memchr::memchr(quote, rest) else {
            // One too many, in a name that is cut already.
            return self.word.broken
                && rest.first().is_some_and(u8::is_ascii_alphanumeric)
                && self.skip(1);
        };
        let inside = &rest[..len];
        if inside.iter().any(|byte| byte.is_ascii_whitespace() || b";|&`()".contains(byte)) {
            return false;
        }
        self.note(Cut::Other);
        for &byte in inside {
            // A backslash within quotes is kept by a shell only before letters; no name of a command has one.
            if !(quote == b'"' && byte == b'\\') && self.push(byte).is_none() {
                return false;
            }
        }
        self.at += len + 2;
        self.note(Cut::Other);
        true
    }

    fn backslash(&mut self) -> bool {
        match self.text.get(self.at + 1) {
            Some(b'\n') => self.skip(2),
            Some(b'\'' | b'"' | b'\\') | None => self.skip(1),
            Some(_) => {
                self.at += 1;
                self.word.backslash = Some(self.word.len);
                self.note(Cut::Backslash);
                true
            }
        }
    }

    fn dollar(&mut self) -> bool {
        let rest = &self.text[self.at + 1..];
        match rest.first() {
            Some(b'@' | b'*' | b'!' | b'-' | b'?' | b'$' | b'0'..=b'9') => self.skip(2),
            Some(b'"') => self.skip(1),
            Some(b'\'') => self.escapes(),
            Some(b'(') if rest.get(1) == Some(&b')') => self.skip(3),
            Some(b'{') => self.expansion(),
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                if rest.starts_with(b"IFS") {
                    return self.end_at_separator(4);
                }
                let len =
                    rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                self.skip(1 + len)
            }
            _ => false,
        }
    }

    fn expansion(&mut self) -> bool {
        let rest = &self.text[self.at..self.text.len().min(self.stop)];
        match memchr::memchr(b'}', rest) {
            Some(len) if rest[2..].starts_with(b"IFS") => self.end_at_separator(len + 1),
            Some(len) => self.skip(len + 1),
            None => false,
        }
    }

    fn end_at_separator(&mut self, bytes: usize) -> bool {
        self.at += bytes;
        self.word.field_separator = true;
        // `$IFS$9` is how the name of the variable is ended.
        if self.text.get(self.at) == Some(&b'$')
            && self.text.get(self.at + 1).is_some_and(|b| b.is_ascii_digit() || *b == b'@')
        {
            self.at += 2;
        }
        false
    }

    /// Reads `$'\x69\144'`.
    fn escapes(&mut self) -> bool {
        self.skip(2);
        while let Some(&byte) = self.text.get(self.at) {
            if self.at >= self.stop {
                return false;
            }
            self.at += 1;
            let letter = match byte {
                b'\'' => {
                    self.note(Cut::Other);
                    return true;
                }
                b'\\' => self.code(),
                byte => Some(byte),
            };
            if letter.and_then(|letter| self.push(letter)).is_none() {
                return false;
            }
            // Spelt as a number: that is in pieces, too.
            self.word.broken |= byte == b'\\';
        }
        false
    }

    fn code(&mut self) -> Option<u8> {
        let hex = self.text.get(self.at) == Some(&b'x');
        self.at += usize::from(hex);
        let (base, most) = if hex { (16, 2) } else { (8, 3) };
        let mut value = 0u32;
        let mut digits = 0;
        while let Some(digit) =
            self.text.get(self.at).and_then(|byte| char::from(*byte).to_digit(base))
        {
            value = value * base + digit;
            self.at += 1;
            digits += 1;
            if digits == most {
                break;
            }
        }
        if digits == 0 { None } else { u8::try_from(value).ok() }
    }
}

/// Longer than any name of a command with its path.
const LONGEST: usize = 56;

/// How far the pieces of one name are looked for.
const FARTHEST: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, name: &str, cut: bool) {
        let word = Word::read(text.as_bytes(), 0);
        let found = word.as_ref().map(|word| (word.name(), word.is_cut()));
        assert_eq!(found.unwrap_or_default(), (name, cut), "{text}");
    }

    #[test]
    fn pieces_of_a_name_are_put_together() {
        check("whoami", "whoami", false);
        check("w'h'o'a'm'i", "whoami", true);
        check("w'h'o\"am\"i", "whoami", true);
        check(r"w\ho\am\i x", "whoami", true);
        check("c^ert^util", "certutil", true);
        check("who$@ami", "whoami", true);
        check("c${x}at", "cat", true);
        check("ca$u/x", "ca/x", true);
        check("who``ami", "whoami", true);
        check("wh$()oami", "whoami", true);
        check(r"$'\x69\144';", "id", true);
        check("{cat,/etc/x}", "cat", false);
        check("{,cat,/x}", "cat", false);
        check("cat+/x", "cat", false);
        check("g++ x", "g++", false);
        check("una$$me", "uname", true);
        check("'cat' x", "cat", false);
        check("cat$IFS$9/x", "cat", false);
        check("id'", "id", false);
        check("isn't it", "isn", false);
        check("é", "", false);
        check("", "", false);
    }

    #[test]
    fn the_last_part_of_a_path_is_the_name() {
        for (text, base) in [
            ("/usr/bin/id", "id"),
            (r"C:\Windows\System32\cmd.exe /c", "cmd.exe"),
            (r"%windir%\system32\net.exe", "net.exe"),
        ] {
            let word = Word::read(text.as_bytes(), 0);
            assert_eq!(word.as_ref().map(Word::base), Some(base));
            assert!(word.is_some_and(|word| word.is_path() && !word.is_cut()));
        }
    }
}
