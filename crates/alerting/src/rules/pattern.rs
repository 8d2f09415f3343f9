//! The kinds of events that somebody wants to hear of.

/// The kind of an event, with `*` for any word; at the end for any words.
///
/// ```
/// use wardkit_alerting::rules::EventPattern;
///
/// let pattern = EventPattern::new("integrity.*").expect("two words");
/// assert!(pattern.matches("integrity.file.changed"));
/// assert!(!pattern.matches("integrity"));
/// assert!(EventPattern::new("Integrity.*").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPattern(Vec<String>);

impl EventPattern {
    /// Reads dotted lower-case words, two at least, each of which may be `*`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split('.').map(str::to_owned).collect();
        let is_word = |word: &String| {
            word == "*"
                || (word.starts_with(|c: char| c.is_ascii_lowercase())
                    && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')))
        };
        (words.len() > 1 && words.iter().all(is_word)).then_some(Self(words))
    }

    /// Whether an event of this kind is meant.
    #[must_use]
    pub fn matches(&self, kind: &str) -> bool {
        let mut words = kind.split('.');
        for (index, pattern) in self.0.iter().enumerate() {
            match words.next() {
                Some(_) if pattern == "*" && index + 1 == self.0.len() => return true,
                Some(word) if pattern == "*" || pattern == word => {}
                _ => return false,
            }
        }
        words.next().is_none()
    }
}
