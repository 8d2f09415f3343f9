//! Places that no user has to name: the system's own, and those where programs keep secrets.

use super::rules;
use crate::detect::Rule;

/// Judges a word that is a text of its own, or the value of something.
pub(super) fn judge(token: &[u8], report: &mut impl FnMut(&'static Rule)) {
    if let Some(rule) = prefix(token) {
        return report(rule);
    }
    let path = token.split(|byte| matches!(byte, b'?' | b'#' | 0)).next().unwrap_or_default();
    let has_query = path.len() < token.len() && token[path.len()] != 0;
    if is_secret(path) {
        return report(&rules::SECRET_FILE);
    }
    if is_backup(path) {
        return report(&rules::BACKUP);
    }
    if has_prefix(path, b"etc/") || has_prefix(path, b"proc/") {
        return report(&rules::SYSTEM_FILE);
    }
    if path.first() != Some(&b'/') || has_query {
        return;
    }
    let mut components = components(path);
    let (Some(first), second) = (components.next(), components.next()) else { return };
    let system = is_one_of(first, SYSTEM_ROOTS);
    match second {
        Some(second) if system && second.iter().all(|byte| is_name(*byte)) => {
            report(&rules::SYSTEM_FILE);
        }
        None if system => report(&rules::ABSOLUTE),
        Some(second) if is_worded(first) && second.iter().all(|byte| is_name(*byte)) => {
            report(&rules::ABSOLUTE);
        }
        None if is_worded(first)
            && (is_file_name(first) || (first[0] == b'.' && first.len() > 3)) =>
        {
            report(&rules::ABSOLUTE);
        }
        _ => {}
    }
}

/// Judges a word amid others: people talk about `/etc`, and send links.
pub(super) fn judge_in_prose(token: &[u8], report: &mut impl FnMut(&'static Rule)) {
    let first = components(token).next().unwrap_or_default();
    if token.first() == Some(&b'/')
        && components(token).count() > 1
        && is_one_of(first, SYSTEM_ROOTS)
    {
        report(&rules::SYSTEM_FILE_IN_PROSE);
    } else if is_wrapper(token) {
        report(&rules::WRAPPER);
    } else if is_secret(token) {
        report(&rules::SECRET_FILE_IN_PROSE);
    }
}

/// Tells whether what follows a climb is something worth climbing for.
pub(super) fn is_target(path: &[u8]) -> bool {
    let end = path
        .iter()
        .position(|byte| *byte <= b' ' || matches!(byte, b'"' | b'\'' | b'<'))
        .unwrap_or(path.len());
    let path = &path[..end.min(FAR_ENOUGH)];
    let Some(first) = components(path).next() else { return false };
    let second = components(path).nth(1).is_some();
    (second && is_one_of(first, TARGETS)) || is_secret(path)
}

fn prefix(token: &[u8]) -> Option<&'static Rule> {
    match *token {
        [drive, b':', b'/' | b'\\', next, ..] if drive.is_ascii_alphabetic() && next != b')' => {
            Some(&rules::DRIVE)
        }
        [b'\\', b'\\', host, ref rest @ ..] if is_host(host) && rest.contains(&b'\\') => {
            Some(&rules::NETWORK_SHARE)
        }
        [b'~', b'/', b'.', ..] => Some(&rules::SECRET_FILE),
        [b'~', ref rest @ ..] if has_prefix(rest, b"root/") => Some(&rules::SECRET_FILE),
        _ if has_prefix(token, b"file:/") || has_prefix(token, b"file:\\") => {
            Some(&rules::FILE_URL)
        }
        _ if is_wrapper(token) => Some(&rules::WRAPPER),
        _ if ENVIRONMENT.iter().any(|name| has_prefix(token, name)) => Some(&rules::SYSTEM_FILE),
        _ => None,
    }
}

fn is_wrapper(token: &[u8]) -> bool {
    WRAPPERS.iter().any(|scheme| has_prefix(token, scheme))
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'?' | b'.')
}

/// Splits a path, empty components and `.` left out.
fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
        .filter(|component| !matches!(*component, b"" | b"."))
}

fn is_secret(path: &[u8]) -> bool {
    let mut before: &[u8] = b"";
    for component in components(path) {
        let name = component
            .split(|byte| matches!(byte, 0 | b';' | b'%' | b':'))
            .next()
            .unwrap_or_default();
        if is_one_of(name, SECRET_NAMES) || has_prefix(name, b".env.") {
            return true;
        }
        if SECRET_PAIRS
            .iter()
            .any(|(parent, child)| before.eq_ignore_ascii_case(parent) && has_prefix(name, child))
        {
            return true;
        }
        before = component;
    }
    false
}

/// Copies that editors and administrators leave behind: served as text, they show the source.
fn is_backup(path: &[u8]) -> bool {
    let name = components(path).last().unwrap_or_default();
    if name.len() > FAR_ENOUGH {
        return false;
    }
    if let Some(original) = name.strip_suffix(b"~") {
        return is_one_of(extension(original), SOURCE_EXTENSIONS);
    }
    let copy = extension(name);
    if copy.is_empty() || !is_one_of(copy, BACKUP_EXTENSIONS) {
        return false;
    }
    is_one_of(extension(&name[..name.len() - copy.len() - 1]), SOURCE_EXTENSIONS)
}

/// Returns what follows the last dot, if anything stands before it.
fn extension(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => &name[dot + 1..],
        _ => b"",
    }
}

fn is_file_name(name: &[u8]) -> bool {
    name.iter().all(|byte| is_name(*byte))
        && extension(name).first().is_some_and(u8::is_ascii_alphabetic)
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'+' | b'%' | b'*' | b'$' | b';')
}

/// A fraction or a date is no path.
fn is_worded(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_alphabetic) && name.iter().all(|byte| is_name(*byte))
}

fn has_prefix(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// The directories below the root of Unix, macOS and Windows, and where servers are unpacked.
const SYSTEM_ROOTS: &[&str] = &[
    "etc",
    "proc",
    "sys",
    "dev",
    "boot",
    "root",
    "usr",
    "var",
    "opt",
    "bin",
    "sbin",
    "lib",
    "lib32",
    "lib64",
    "run",
    "srv",
    "mnt",
    "media",
    "home",
    "tmp",
    "private",
    "volumes",
    "library",
    "applications",
    "users",
    "system",
    "windows",
    "winnt",
    "inetpub",
    "xampp",
    "wamp",
    "lampp",
    "apache",
    "apache2",
    "nginx",
    "httpd",
    "tomcat",
    "mysql",
    "php",
    "www",
    "wwwroot",
    "htdocs",
    "web",
    "conf",
    "log",
    "logs",
    "export",
    "data",
    "jboss",
    "oracle",
    "program files",
    "system32",
    "system volume information",
    "recycler",
    "lost+found",
    "snap",
    "nix",
    "selinux",
    "cgroup",
    "netserver",
    "usr1",
];

/// Of these, the ones that no project calls a directory of its own.
const TARGETS: &[&str] = &[
    "etc",
    "proc",
    "sys",
    "boot",
    "root",
    "usr",
    "var",
    "opt",
    "winnt",
    "windows",
    "inetpub",
    "xampp",
    "wamp",
    "volumes",
    "system32",
    "htdocs",
    "wwwroot",
    "apache",
    "apache2",
    "tomcat",
    "program files",
];

/// Files known by name alone.
const SECRET_NAMES: &[&str] = &[
    ".htaccess",
    ".htpasswd",
    ".htgroup",
    ".env",
    ".netrc",
    ".pgpass",
    ".my.cnf",
    ".npmrc",
    ".pypirc",
    ".dockercfg",
    ".bash_history",
    ".zsh_history",
    ".mysql_history",
    ".psql_history",
    ".sh_history",
    ".bashrc",
    ".profile",
    ".bash_profile",
    ".rhosts",
    ".ssh",
    ".gnupg",
    ".aws",
    ".kube",
    ".git-credentials",
    ".gitconfig",
    ".ds_store",
    ".gitignore",
    ".gitmodules",
    ".gitattributes",
    ".git",
    ".svn",
    ".hg",
    ".bzr",
    ".cvsignore",
    ".npmignore",
    ".dockerignore",
    ".idea",
    ".vscode",
    ".travis.yml",
    ".gitlab-ci.yml",
    ".htdigest",
    ".bash_logout",
    ".cshrc",
    ".tcshrc",
    ".zshrc",
    ".login",
    ".forward",
    ".shosts",
    ".subversion",
    ".docker",
    ".terraform",
    ".eslintrc",
    ".editorconfig",
    ".lesshst",
    ".wget-hsts",
    ".xauthority",
    ".addressbook",
    ".pinerc",
    ".procmailrc",
    ".cvspass",
    ".config",
    ".yarnrc",
    ".web.config",
    "thumbs.db",
    "sftp-config.json",
    "composer.lock",
    "yarn.lock",
    "npm-debug.log",
    "debug.log",
    "config.php",
    "config.yml",
    "database.php",
    ".viminfo",
    ".passwd",
    ".user.ini",
    "boot.ini",
    "win.ini",
    "system.ini",
    "php.ini",
    "my.ini",
    "my.cnf",
    "desktop.ini",
    "autoexec.bat",
    "config.sys",
    "ntldr",
    "ntuser.dat",
    "sam",
    "passwd",
    "master.passwd",
    "shadow",
    "gshadow",
    "web.config",
    "machine.config",
    "global.asa",
    "global.asax",
    "wp-config.php",
    "configuration.php",
    "localsettings.php",
    "config.inc.php",
    "settings.php",
    "web-inf",
    "meta-inf",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "authorized_keys",
    "known_hosts",
    "httpd.conf",
    "apache2.conf",
    "nginx.conf",
    "sshd_config",
    "tomcat-users.xml",
    "server-status",
    "server-info",
    "phpinfo.php",
    "docker-compose.yml",
    "wp-login.php",
    "xmlrpc.php",
    "credentials.json",
    "secrets.yml",
    "database.yml",
    "access.log",
    "access_log",
    "error.log",
    "error_log",
];

/// Files known by name and directory: the child's beginning counts.
const SECRET_PAIRS: &[(&[u8], &[u8])] = &[
    (b".git", b"config"),
    (b".git", b"head"),
    (b".git", b"index"),
    (b".git", b"logs"),
    (b".svn", b"entries"),
    (b".svn", b"wc.db"),
    (b".hg", b"hgrc"),
    (b".docker", b"config.json"),
    (b"actuator", b"env"),
    (b"actuator", b"heapdump"),
    (b"actuator", b"health"),
    (b"etc", b"passwd"),
    (b"etc", b"shadow"),
    (b"etc", b"hosts"),
    (b"self", b"environ"),
    (b"self", b"cmdline"),
    (b"self", b"fd"),
    (b"serviceaccount", b"token"),
    (b"config", b"sam"),
];

/// Streams that PHP and Java open where a path was expected.
const WRAPPERS: &[&[u8]] = &[
    b"php://",
    b"phar://",
    b"expect://",
    b"zip://",
    b"glob://",
    b"rar://",
    b"ogg://",
    b"ssh2.",
    b"compress.zlib://",
    b"compress.bzip2://",
    b"jar:file:",
    b"jar:http",
    b"netdoc:",
    b"zlib:",
    b"data://text",
    b"php:filter",
    b"resource://",
];

/// Variables that stand for the system's directories.
const ENVIRONMENT: &[&[u8]] = &[
    b"%systemroot%",
    b"%windir%",
    b"%systemdrive%",
    b"%programfiles%",
    b"%appdata%",
    b"%userprofile%",
    b"$home/",
    b"${home}/",
];

/// What a copy is called.
const BACKUP_EXTENSIONS: &[&str] = &[
    "bak", "old", "orig", "save", "swp", "swo", "backup", "back", "bkp", "copy", "tmp", "temp",
    "txt", "1", "dist", "original", "inc", "zip", "gz", "rej",
];

/// What is copied.
const SOURCE_EXTENSIONS: &[&str] = &[
    "php",
    "php3",
    "php5",
    "phtml",
    "asp",
    "aspx",
    "jsp",
    "jspx",
    "cfm",
    "cgi",
    "config",
    "conf",
    "cnf",
    "ini",
    "inc",
    "env",
    "yml",
    "yaml",
    "sql",
    "htaccess",
    "htpasswd",
    "asa",
    "ashx",
    "properties",
    "key",
    "pem",
    "db",
    "mdb",
    "sqlite",
];

/// A name further on does not matter, and a hostile text may be long.
const FAR_ENOUGH: usize = 512;
