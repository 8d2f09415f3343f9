//! What is wrong with a value.

use std::fmt;

/// What is wrong with a value of a configuration. Its text shows nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingFault {
    /// No setting has the key.
    Unknown,
    /// The key stands twice.
    Repeated,
    /// The setting must be there and is not.
    Missing,
    /// There is nothing in the value.
    Empty,
    /// The value is longer than any such value.
    TooLong,
    /// It has control characters, or such that nobody sees.
    Hidden,
    /// It is what an example has in place of a value.
    Placeholder,
    /// A variable or template in it was not replaced.
    Unexpanded,
    /// It has quotes around it that a tool left over.
    Quoted,
    /// The secret itself stands there.
    InlineSecret,
    /// It is not what the setting says; the text says what that is.
    WrongKind(&'static str),
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such setting"),
            Self::Repeated => f.write_str("it stands twice; leave one"),
            Self::Missing => f.write_str("it is missing"),
            Self::Empty => f.write_str("it is empty; leave it out to have the default"),
            Self::TooLong => f.write_str("it is longer than such a value ever is"),
            Self::Hidden => {
                f.write_str("it has control characters or such that nobody sees; type it anew")
            }
            Self::Placeholder => f.write_str("it is still the placeholder of an example"),
            Self::Unexpanded => f.write_str("a variable in it was not replaced"),
            Self::Quoted => f.write_str("it has quotes around it that do not belong to it"),
            Self::InlineSecret => f.write_str(
                "the secret stands in the file; write env:NAME or file:/path and put it there",
            ),
            Self::WrongKind(expected) => write!(f, "it must be {expected}"),
        }
    }
}

impl std::error::Error for SettingFault {}

/// Everything that is wrong with a configuration, by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFaults(pub(super) Vec<(String, SettingFault)>);

impl SettingFaults {
    /// Returns each key with its fault.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SettingFault)> {
        self.0.iter().map(|(key, fault)| (key.as_str(), fault))
    }
}

impl fmt::Display for SettingFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, fault)) in self.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{key}: {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingFaults {}

/// Returns an unknown key as a report may show it: a value that slid into the place of a key is not shown.
pub(super) fn shown(key: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if key.len() <= 40 && key.bytes().all(plain) {
        key.to_owned()
    } else {
        "(a key that is no name)".to_owned()
    }
}
