//! Units of systemd.

mod directives;
mod needs;
mod words;

use crate::{Error, Needs, Subject};
use directives::Directive;

/// A unit of a service, as its text, which is kept to the letter.
///
/// ```
/// use wardkit_harden::{Unit, exposure};
///
/// let unit = Unit::parse("[Service]\nExecStart=/srv/bot/bot\nUser=bot\n")?;
/// let hardened = unit.hardened(&unit.needs());
/// let again = Unit::parse(&hardened.text)?;
/// assert!(exposure(&unit).tenths > 90 && exposure(&again).tenths <= 20);
/// assert_eq!(again.hardened(&again.needs()).text, hardened.text);
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    text: String,
    settings: Vec<(String, String)>,
    /// The line behind the last one of the section that has something in it.
    end: usize,
}

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hardened {
    /// The unit.
    pub text: String,
    /// What was added, without the reasons.
    pub added: Vec<String>,
    /// What was not added, and why; what its operator has to know.
    pub notes: Vec<String>,
}

impl Unit {
    /// Reads a unit.
    ///
    /// # Errors
    ///
    /// [`Error::Unit`] for a unit of no service, and for what is no text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = |line, reason| Err(Error::Unit { line, reason });
        if text.len() > LONGEST {
            return refused(0, "it is longer than 1 MiB");
        }
        let (mut settings, mut end, mut is_service) = (Vec::new(), None, false);
        let mut lines = (1..).zip(text.lines());
        while let Some((number, line)) = lines.next() {
            if line.chars().any(|letter| letter.is_control() && letter != '\t') {
                return refused(number, "it has letters that cannot be printed");
            }
            let line = line.trim();
            if line.starts_with('[') {
                is_service = line == "[Service]";
            }
            if is_service && !line.is_empty() {
                end = Some(number);
            }
            if line.starts_with(['#', ';', '[']) || line.is_empty() {
                continue;
            }
            let mut whole = line.to_owned();
            while whole.ends_with('\\') {
                whole.pop();
                let Some((number, next)) = lines.next() else { break };
                if is_service {
                    end = Some(number);
                }
                // A remark between the lines of one setting is none of it.
                if next.trim_start().starts_with(['#', ';']) {
                    whole.push('\\');
                } else {
                    whole.push(' ');
                    whole.push_str(next.trim());
                }
            }
            if let Some((key, value)) = whole.split_once('=').filter(|_| is_service) {
                settings.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        match end {
            Some(end) => Ok(Self { text: text.to_owned(), settings, end }),
            None => refused(0, "it has no section [Service]"),
        }
    }

    /// Makes a unit that starts a program and nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] for a program with quotes or backslashes in its path, which systemd does not start.
    pub fn starting(subject: &Subject, needs: &Needs) -> Result<Self, Error> {
        let path = subject.program().path();
        if path.contains(['"', '\'', '\\']) {
            let reason = "systemd starts no program with quotes or backslashes in its path";
            return Err(Error::Path { path: path.to_owned(), reason });
        }
        let program = words::quoted(path);
        let user = match &needs.user {
            Some(user) => format!("User={user}\n"),
            // Its files cannot be given to a user who is made at the start.
            None if directives::writes_elsewhere(needs) => String::new(),
            None => "DynamicUser=yes\n".to_owned(),
        };
        let text = format!(
            "# Made by `auditctl harden systemd`.\n[Unit]\nDescription={}\nAfter=network-online.target\n\
             Wants=network-online.target\n\n[Service]\nExecStart={program}\n{user}Restart=on-failure\n\n\
             [Install]\nWantedBy=multi-user.target\n",
            subject.name()
        );
        let setting = |line: &str| {
            line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
        };
        let is_of_service = |line: &&str| {
            ["ExecStart", "User", "DynamicUser", "Restart"].iter().any(|key| line.starts_with(key))
        };
        let settings: Vec<_> = text.lines().filter(is_of_service).filter_map(setting).collect();
        let end =
            text.lines().position(|line| line == "Restart=on-failure").map_or(0, |line| line + 1);
        Ok(Self { text, settings, end })
    }

    /// Returns the unit's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the program that the unit starts.
    #[must_use]
    pub fn program(&self) -> Option<String> {
        let value = self.values("ExecStart").into_iter().next()?;
        let word = value.trim_start_matches(['@', '-', ':', '+', '!', '|']);
        let word = match word.strip_prefix('"') {
            Some(rest) => rest.split('"').next(),
            None => word.split([' ', '\t']).next(),
        };
        word.filter(|path| path.starts_with('/')).map(|path| path.replace("%%", "%"))
    }

    /// Returns what the unit says of its service's needs. Whom it talks to it does not say, unless it restricts it.
    #[must_use]
    pub fn needs(&self) -> Needs {
        needs::of(self)
    }

    /// Returns the unit with what its needs allow added behind what it has. Nothing that it has is changed.
    #[must_use]
    pub fn hardened(&self, needs: &Needs) -> Hardened {
        let mut notes = Vec::new();
        let wanted = directives::of(self, needs, &mut notes);
        let missing: Vec<&Directive> =
            wanted.iter().filter(|directive| !directive.is_in(self)).collect();
        let lines: Vec<&str> = self.text.lines().collect();
        let mut text = String::with_capacity(self.text.len() + 4096);
        for (index, line) in lines.iter().enumerate() {
            text.push_str(line);
            text.push('\n');
            if index + 1 == self.end && !missing.is_empty() {
                text.push_str(INTRODUCTION);
                for directive in &missing {
                    directive.write(&mut text);
                }
                if lines.get(self.end).is_some_and(|next| next.starts_with('[')) {
                    text.push('\n');
                }
            }
        }
        if missing.is_empty() {
            text.clone_from(&self.text);
        }
        let added = missing.iter().map(|directive| directive.line()).collect();
        Hardened { text, added, notes }
    }

    /// Returns what a list has in all: an empty setting begins it anew.
    pub(crate) fn values(&self, key: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for (_, value) in self.settings.iter().filter(|(name, _)| name == key) {
            if value.is_empty() { values.clear() } else { values.push(value.as_str()) }
        }
        values
    }

    /// Returns every value, the empty ones too.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.settings.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Returns the words of a list.
    pub(crate) fn words(&self, key: &str) -> Vec<String> {
        self.values(key).into_iter().flat_map(words::split).collect()
    }

    /// Returns the last value; an empty one is none.
    pub(crate) fn last(&self, key: &str) -> Option<&str> {
        self.settings
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.settings.iter().any(|(name, _)| name == key)
    }

    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.last(key).is_some_and(|value| {
            ["1", "yes", "y", "true", "t", "on"].contains(&value.to_ascii_lowercase().as_str())
        })
    }

    /// Whether the service runs as root.
    pub(crate) fn is_root(&self) -> bool {
        match self.last("User") {
            Some(user) => ["root", "0"].contains(&user),
            None => !self.is_on("DynamicUser"),
        }
    }

    /// Whether a setting that names files or commands has this in it.
    pub(crate) fn mentions(&self, path: &str) -> bool {
        let names = |key: &str| {
            key.starts_with("Exec")
                || ["WorkingDirectory", "Environment", "EnvironmentFile", "RootDirectory"]
                    .contains(&key)
        };
        self.settings.iter().any(|(key, value)| names(key) && value.contains(path))
    }
}

const INTRODUCTION: &str =
    "\n# Added by `auditctl harden systemd`; above each line stands its reason.\n";
const LONGEST: usize = 1 << 20;
