//! Texts with the lines that things are on.

pub(crate) mod json;
pub(crate) mod outline;

/// Tells the line of a place in a text, counted once.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        Self(std::iter::once(0).chain(ends.map(|end| end + 1)).collect())
    }

    pub(crate) fn line(&self, offset: usize) -> u32 {
        number(self.0.partition_point(|start| *start <= offset))
    }
}

/// Says in one line what is wrong with a text that should be TOML.
pub(crate) fn refused(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| Lines::of(text).line(span.start));
    format!("line {line}: {}", error.message())
}

pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
