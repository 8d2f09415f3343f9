//! What can be asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::Violation;

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Target {
    /// Runs a program and goes by its exit code.
    Exec(ExecTarget),
    /// Gets a URL and goes by status and body.
    Http(HttpTarget),
    /// Connects over TCP, and may talk a little.
    Tcp(TcpTarget),
    /// Connects to a unix socket, and may talk a little.
    Unix(UnixTarget),
    /// Looks at a file's age and size.
    File(FileTarget),
    /// Signs in to Redis and pings it.
    Redis(RedisTarget),
    /// Signs in to Postgres and selects a number.
    #[cfg(feature = "postgres")]
    Postgres(PostgresTarget),
    /// Opens an SQLite database for reading and reads its schema.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteTarget),
}

/// A program that says by its exit code how things are, as the plugins of Nagios do.
///
/// There is no shell. The environment has `PATH`, `LC_ALL=C` and what `env` names, nothing of the daemon's own. At the
/// deadline the program is killed with its process group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExecTarget {
    /// The program by its absolute path, then its arguments, each as it is: there is no shell.
    pub command: Vec<String>,
    /// Variables for the program, besides `PATH` and `LC_ALL`; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// The exit codes that pass.
    pub exit_codes: Vec<i32>,
    /// The exit codes that pass with a defect; `1` is the warning of a Nagios plugin.
    pub degraded_codes: Vec<i32>,
}

impl ExecTarget {
    /// Creates a target that passes with exit code 0.
    #[must_use]
    pub fn new<A: Into<String>>(command: impl IntoIterator<Item = A>) -> Self {
        Self { command: command.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

impl Default for ExecTarget {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            env: BTreeMap::new(),
            exit_codes: vec![0],
            degraded_codes: Vec::new(),
        }
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HttpTarget {
    /// The URL, such as `http://127.0.0.1:8080/healthz`. Redirects are not followed: name where it leads.
    pub url: String,
    /// The status codes that pass.
    pub status: Vec<u16>,
    /// A text that the first 64 KiB of the body must have; unset for any body.
    pub contains: Option<String>,
    /// Headers to send along. They are no place for secrets.
    pub headers: BTreeMap<String, String>,
}

impl HttpTarget {
    /// Creates a target that passes with status 200.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

impl Default for HttpTarget {
    fn default() -> Self {
        Self { url: String::new(), status: vec![200], contains: None, headers: BTreeMap::new() }
    }
}

/// A port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpTarget {
    /// Host and port, such as `127.0.0.1:6667`.
    pub address: String,
    /// What is sent once connected; unset to send nothing.
    pub send: Option<String>,
    /// What the first 4 KiB of the answer must have; unset to wait for no answer.
    pub expect: Option<String>,
}

impl TcpTarget {
    /// Creates a target that passes when the connection stands.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }
}

/// A unix socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnixTarget {
    /// The socket's absolute path.
    pub path: PathBuf,
    /// What is sent once connected; unset to send nothing.
    pub send: Option<String>,
    /// What the first 4 KiB of the answer must have; unset to wait for no answer.
    pub expect: Option<String>,
}

impl UnixTarget {
    /// Creates a target that passes when the connection stands.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// A file that something keeps writing: a backup, a heartbeat, an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileTarget {
    /// The file's absolute path.
    pub path: PathBuf,
    /// How long ago it may have been written at most; unset for any age.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration::optional"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub max_age: Option<Duration>,
    /// The least size in bytes; unset for any.
    pub min_size: Option<u64>,
    /// The largest size in bytes; unset for any.
    pub max_size: Option<u64>,
}

impl FileTarget {
    /// Creates a target that passes when the file is there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// A Redis server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RedisTarget {
    /// Host and port, such as `127.0.0.1:6379`, or the absolute path of a unix socket.
    pub address: String,
    /// The user to sign in as; unset for the default one.
    pub user: Option<String>,
    /// The file whose first line is the password, read anew each time; unset to sign in without.
    pub password_file: Option<PathBuf>,
}

impl RedisTarget {
    /// Creates a target without a password.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }
}

/// A Postgres server. The connection has no TLS.
#[cfg(feature = "postgres")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PostgresTarget {
    /// Host and port, such as `127.0.0.1:5432`, or the absolute path of a unix socket:
    /// `/run/postgresql/.s.PGSQL.5432`.
    pub address: String,
    /// The user to sign in as.
    pub user: String,
    /// The database.
    pub database: String,
    /// The file whose first line is the password, read anew each time; unset to sign in without.
    pub password_file: Option<PathBuf>,
    /// Whether a server beyond this machine gets the password in the clear when it asks for it.
    pub danger_clear_password: bool,
}

#[cfg(feature = "postgres")]
impl PostgresTarget {
    /// Creates a target without a password, whose database has the user's name.
    #[must_use]
    pub fn new(address: impl Into<String>, user: impl Into<String>) -> Self {
        let user = user.into();
        Self { address: address.into(), database: user.clone(), user, ..Self::default() }
    }
}

#[cfg(feature = "postgres")]
impl Default for PostgresTarget {
    fn default() -> Self {
        Self {
            address: String::new(),
            user: String::from("postgres"),
            database: String::from("postgres"),
            password_file: None,
            danger_clear_password: false,
        }
    }
}

/// An SQLite database.
#[cfg(feature = "sqlite")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SqliteTarget {
    /// The database's absolute path.
    pub path: PathBuf,
    /// Whether every page is looked at, which takes as long as reading the file.
    pub quick_check: bool,
}

#[cfg(feature = "sqlite")]
impl SqliteTarget {
    /// Creates a target that reads the schema.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), quick_check: false }
    }
}

impl Target {
    /// Returns the kind as configuration names it: `exec`, `http`, `tcp`, `unix`, `file`, `redis`, `postgres` or
    /// `sqlite`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Exec(_) => "exec",
            Self::Http(_) => "http",
            Self::Tcp(_) => "tcp",
            Self::Unix(_) => "unix",
            Self::File(_) => "file",
            Self::Redis(_) => "redis",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Tells everything that is wrong with it, keys relative to the target's own.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Found::default();
        match self {
            Self::Exec(target) => found.exec(target),
            Self::Http(target) => found.http(target),
            Self::Tcp(target) => found.address("address", &target.address, Unix::Refused),
            Self::Unix(target) => found.path("path", &target.path),
            Self::File(target) => found.file(target),
            Self::Redis(target) => {
                found.address("address", &target.address, Unix::Allowed);
                found.password_file(target.password_file.as_ref());
                if target.user.is_some() && target.password_file.is_none() {
                    found.refuse("user", "is of no use without password-file");
                }
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(target) => {
                found.address("address", &target.address, Unix::Allowed);
                found.password_file(target.password_file.as_ref());
                found.text("user", &target.user);
                found.text("database", &target.database);
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(target) => found.path("path", &target.path),
        }
        found.0
    }
}

macro_rules! into_target {
    ($($(#[$feature:meta])? $of:ident => $variant:ident),+ $(,)?) => {
        $(
            $(#[$feature])?
            impl From<$of> for Target {
                fn from(target: $of) -> Self {
                    Self::$variant(target)
                }
            }
        )+
    };
}

into_target! {
    ExecTarget => Exec,
    HttpTarget => Http,
    TcpTarget => Tcp,
    UnixTarget => Unix,
    FileTarget => File,
    RedisTarget => Redis,
    #[cfg(feature = "postgres")] PostgresTarget => Postgres,
    #[cfg(feature = "sqlite")] SqliteTarget => Sqlite,
}

#[derive(Clone, Copy, PartialEq)]
enum Unix {
    Allowed,
    Refused,
}

#[derive(Default)]
struct Found(Vec<Violation>);

impl Found {
    fn refuse(&mut self, path: &str, reason: &str) {
        self.0.push(Violation::new(path, reason));
    }

    fn exec(&mut self, target: &ExecTarget) {
        match target.command.first() {
            None => self.refuse("command", "is empty: name a program"),
            Some(program) if !program.starts_with('/') => {
                self.refuse("command", "begins with a program that is no absolute path");
            }
            Some(_) => {}
        }
        if target.command.iter().any(|argument| argument.contains('\0')) {
            self.refuse("command", "has a NUL");
        }
        let is_name = |name: &String| !name.is_empty() && !name.contains(['=', '\0']);
        let is_sound = |(name, value): (&String, &String)| is_name(name) && !value.contains('\0');
        if !target.env.iter().all(is_sound) {
            self.refuse("env", "has an empty name, one with `=`, or a NUL");
        }
        if target.exit_codes.is_empty() {
            self.refuse("exit-codes", "is empty: no run could pass");
        }
        if target.degraded_codes.iter().any(|code| target.exit_codes.contains(code)) {
            self.refuse("degraded-codes", "has a code that exit-codes has too");
        }
    }

    fn http(&mut self, target: &HttpTarget) {
        let host = ["http://", "https://"].iter().find_map(|start| target.url.strip_prefix(start));
        if host.is_none_or(str::is_empty) {
            self.refuse("url", "is no URL such as http://127.0.0.1:8080/healthz");
        }
        if target.status.is_empty() {
            self.refuse("status", "is empty: no answer could pass");
        }
        if target.status.iter().any(|status| !(200..600).contains(status)) {
            self.refuse("status", "has a code that is not between 200 and 599");
        }
        if target.contains.as_deref() == Some("") {
            self.refuse("contains", "is empty: leave it out for any body");
        }
    }

    fn file(&mut self, target: &FileTarget) {
        self.path("path", &target.path);
        if target.max_age.is_some_and(|age| age.is_zero()) {
            self.refuse("max-age", "is zero: no file is that new");
        }
        if let (Some(min), Some(max)) = (target.min_size, target.max_size)
            && min > max
        {
            self.refuse("min-size", "is larger than max-size");
        }
    }

    fn address(&mut self, key: &str, address: &str, unix: Unix) {
        if unix == Unix::Allowed && address.starts_with('/') {
            return self.text(key, address);
        }
        let sound = address.rsplit_once(':').is_some_and(|(host, port)| {
            let bare = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
            let clean = !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
            !host.is_empty() && bare && clean && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !sound {
            self.refuse(key, "is no host and port such as 127.0.0.1:6379 or [::1]:6379");
        }
    }

    fn path(&mut self, key: &str, path: &std::path::Path) {
        if !path.is_absolute() || path.as_os_str().as_encoded_bytes().contains(&0) {
            self.refuse(key, "is no absolute path");
        }
    }

    fn password_file(&mut self, path: Option<&PathBuf>) {
        if let Some(path) = path {
            self.path("password-file", path);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if text.is_empty() || text.contains('\0') {
            self.refuse(key, "is empty or has a NUL");
        }
    }
}
