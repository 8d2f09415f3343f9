//! Text as each vendor wants it: escaped, and no longer than allowed.

use std::borrow::Cow;

/// How a text is marked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    /// Not at all.
    Plain,
    /// For mail programs.
    Html,
    /// For Telegram and Matrix, where a line ends as in a plain text.
    ChatHtml,
    /// Slack's.
    Mrkdwn,
    /// Discord's and that of adaptive cards.
    Markdown,
    /// Telegram's.
    MarkdownV2,
}

impl Markup {
    /// Returns a text that shows as it is.
    pub(crate) fn escape(self, text: &str) -> Cow<'_, str> {
        let special: fn(char) -> bool = match self {
            Self::Plain => return Cow::Borrowed(text),
            Self::Html | Self::ChatHtml => |c| matches!(c, '&' | '<' | '>' | '"' | '\''),
            // Slack has no escape for its other signs; they cost a word its shape, never its sense.
            Self::Mrkdwn => |c| matches!(c, '&' | '<' | '>'),
            Self::Markdown => is_markdown,
            Self::MarkdownV2 => is_markdown_v2,
        };
        if !text.contains(special) {
            return Cow::Borrowed(text);
        }
        let mut escaped = String::with_capacity(text.len() + text.len() / 4);
        for c in text.chars() {
            match c {
                '&' | '<' | '>' | '"' | '\'' if self.has_entities() && special(c) => {
                    escaped.push_str(entity(c));
                }
                c if special(c) => {
                    escaped.push('\\');
                    escaped.push(c);
                }
                c => escaped.push(c),
            }
        }
        Cow::Owned(escaped)
    }

    /// Returns a text in bold.
    pub(crate) fn strong(self, text: &str) -> String {
        let text = self.escape(text);
        match self {
            Self::Plain => text.into_owned(),
            Self::Html | Self::ChatHtml => format!("<b>{text}</b>"),
            Self::Mrkdwn | Self::MarkdownV2 => format!("*{text}*"),
            Self::Markdown => format!("**{text}**"),
        }
    }

    /// Returns a text that leads somewhere. What is no URL of the web is shown as it is.
    pub(crate) fn link(self, text: &str, url: &str) -> String {
        let is_url = (url.starts_with("https://") || url.starts_with("http://"))
            && !url.contains(|c: char| c.is_whitespace() || c.is_control());
        let label = self.escape(text);
        let shown = || format!("{label}: {}", self.escape(url));
        if !is_url {
            return shown();
        }
        match self {
            Self::Plain => shown(),
            Self::Html | Self::ChatHtml => {
                format!("<a href=\"{}\">{label}</a>", self.escape(url))
            }
            Self::Mrkdwn => {
                let url = url.replace('&', "&amp;").replace('<', "%3C").replace('>', "%3E");
                format!("<{}|{label}>", url.replace('|', "%7C"))
            }
            Self::Markdown => {
                let url = url.replace('(', "%28").replace(')', "%29");
                format!("[{label}]({url})")
            }
            Self::MarkdownV2 => {
                let url = url.replace('\\', "\\\\").replace(')', "\\)");
                format!("[{label}]({url})")
            }
        }
    }

    /// Returns what ends a line.
    pub(crate) const fn line_end(self) -> &'static str {
        match self {
            Self::Html => "<br>\n",
            // Markdown joins lines unless two blanks end them; Discord does not mind those.
            Self::Markdown => "  \n",
            _ => "\n",
        }
    }

    /// Returns whether a text can be cut anywhere without breaking its markup.
    pub(crate) const fn can_be_cut(self) -> bool {
        matches!(self, Self::Plain | Self::Mrkdwn | Self::Markdown)
    }

    const fn has_entities(self) -> bool {
        matches!(self, Self::Html | Self::ChatHtml | Self::Mrkdwn)
    }
}

/// How a vendor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    /// At least as many as there are characters, whatever the vendor takes for one.
    Utf16,
}

impl Unit {
    pub(crate) fn count(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }

    const fn of(self, c: char) -> usize {
        match self {
            Self::Bytes => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
        }
    }
}

/// How long a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) most: usize,
    pub(crate) unit: Unit,
}

impl Limit {
    pub(crate) const fn characters(most: usize) -> Self {
        Self { most, unit: Unit::Utf16 }
    }

    pub(crate) const fn bytes(most: usize) -> Self {
        Self { most, unit: Unit::Bytes }
    }

    pub(crate) fn holds(self, text: &str) -> bool {
        // Few texts are near their limit; a byte is the smallest unit of both.
        text.len() <= self.most || self.unit.count(text) <= self.most
    }

    /// Returns the text, cut at the border of a character and ended by `…` where it is too long.
    pub(crate) fn cut(self, text: &str) -> Cow<'_, str> {
        if self.holds(text) {
            return Cow::Borrowed(text);
        }
        let room = self.most.saturating_sub(self.unit.of(ELLIPSIS));
        let mut used = 0;
        let end = text.char_indices().find(|(_, c)| {
            used += self.unit.of(*c);
            used > room
        });
        let kept = &text[..end.map_or(text.len(), |(at, _)| at)];
        let mut kept = kept.to_owned();
        if self.most >= self.unit.of(ELLIPSIS) {
            kept.push(ELLIPSIS);
        }
        Cow::Owned(kept)
    }
}

/// Returns a text on one line, without control characters and what turns the direction of writing.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || is_hidden(c)).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns a text without control characters but the ends of lines.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_hidden(*c)).collect()
}

fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const fn entity(c: char) -> &'static str {
    match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        _ => "&#39;",
    }
}

const fn is_markdown(c: char) -> bool {
    matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '>' | '#')
}

/// All that Telegram asks for, and the backslash.
fn is_markdown_v2(c: char) -> bool {
    "_*[]()~`>#+-=|{}.!\\".contains(c)
}

const ELLIPSIS: char = '…';
