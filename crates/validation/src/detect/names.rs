//! The names of sinks and of kinds of attacks, as they stand in policies and reports.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Defines an enum whose variants have stable names.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name, as policies and reports write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

named! {
    /// Where a text is to go.
    Sink {
        /// Into an SQL statement.
        Sql = "sql",
        /// Into a page.
        Html = "html",
        /// Into a command line.
        Shell = "shell",
        /// Into a path of a file.
        Path = "path",
        /// Into a template that is rendered.
        Template = "template",
        /// Into a request, or a link that is followed.
        Url = "url",
        /// Into a header of HTTP or of a mail.
        Header = "header",
        /// Into the prompt of a language model.
        Prompt = "prompt",
        /// Into an interpreter of any language.
        Code = "code",
        /// Into an XML parser.
        Xml = "xml",
        /// Into an LDAP filter.
        Ldap = "ldap",
        /// Into a query of a document store.
        Nosql = "nosql",
        /// Into a name or message that people read.
        Unicode = "unicode",
        /// Into a terminal or a log.
        Terminal = "terminal",
    }
}

named! {
    /// The kind of an attack.
    Class {
        /// A text that no honest sender writes, whatever it is for: broken, or made to be costly.
        Input = "input",
        /// SQL injection.
        Sql = "sql",
        /// Cross-site scripting.
        Html = "html",
        /// Shell commands.
        Shell = "shell",
        /// Path traversal and files that are nobody's business.
        Path = "path",
        /// Code of an interpreter: PHP, Java, Node, Python.
        Code = "code",
        /// Requests to where nobody should send them.
        Url = "url",
        /// Instructions to a language model.
        Prompt = "prompt",
        /// Instructions to a language model in what it reads.
        PromptIndirect = "prompt_indirect",
        /// Expressions of a template engine.
        Template = "template",
        /// XML entities and their like.
        Xml = "xml",
        /// Redirects to elsewhere.
        Redirect = "redirect",
        /// Lines added to a header.
        Header = "header",
        /// LDAP filters.
        Ldap = "ldap",
        /// Operators of document stores.
        Nosql = "nosql",
        /// Characters that deceive whoever reads them.
        Unicode = "unicode",
        /// Names that files must not have.
        Filename = "filename",
        /// Sequences that steer a terminal.
        Terminal = "terminal",
    }
}

impl Class {
    /// Returns the sink that its attacks aim at; none for what aims at whoever reads it.
    #[must_use]
    pub const fn sink(self) -> Option<Sink> {
        Some(match self {
            Self::Input => return None,
            Self::Sql => Sink::Sql,
            Self::Html => Sink::Html,
            Self::Shell => Sink::Shell,
            Self::Path | Self::Filename => Sink::Path,
            Self::Code => Sink::Code,
            Self::Url | Self::Redirect => Sink::Url,
            Self::Prompt | Self::PromptIndirect => Sink::Prompt,
            Self::Template => Sink::Template,
            Self::Xml => Sink::Xml,
            Self::Header => Sink::Header,
            Self::Ldap => Sink::Ldap,
            Self::Nosql => Sink::Nosql,
            Self::Unicode => Sink::Unicode,
            Self::Terminal => Sink::Terminal,
        })
    }
}

impl FromStr for Sink {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|sink| sink.as_str() == name).ok_or(Error::Sink)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Sink {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Sink {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
