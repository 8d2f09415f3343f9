//! What can be asked.

mod soundness;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

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
/// deadline the program is killed with its process group, and so is what it leaves behind there when it ends. A program
/// that every user may write is not run.
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
