//! What there is to find in paths.

use crate::detect::{Class, Rule};

/// Every rule of this detector.
pub(crate) static RULES: &[Rule] = &[
    ENCODED_TRAVERSAL,
    DEEP_TRAVERSAL,
    TRAVERSAL,
    TRAVERSAL_IN_PROSE,
    DOTS,
    NUL,
    TOO_LONG,
    SYSTEM_FILE,
    SYSTEM_FILE_IN_PROSE,
    SECRET_FILE,
    SECRET_FILE_IN_PROSE,
    BACKUP,
    ABSOLUTE,
    DRIVE,
    NETWORK_SHARE,
    FILE_URL,
    WRAPPER,
];

pub(super) const ENCODED_TRAVERSAL: Rule = Rule {
    id: "path.encoded-traversal",
    message: 1,
    confidence: 98,
    reason: "the path climbs out of its directory, and hides it in escapes",
    about: "The text has .. between separators, with dots or separators written as escapes: %2e, %252e, %c0%ae, %u002e or \
            0x2e. Nobody types that. It is there to pass a check before the text is decoded. Open the file through a \
            SafePath under a Root, which the kernel keeps inside, whatever the name says.",
    example: "%2e%2e%2f%2e%2e%2fetc/hosts",
    ..BASE
};

pub(super) const DEEP_TRAVERSAL: Rule = Rule {
    id: "path.deep-traversal",
    message: 2,
    confidence: 95,
    reason: "the path climbs far up, or climbs to a file of the system",
    about: "Three components .. or more, or fewer that lead to a known file: the aim is a file outside of the directory \
            that the program serves. Open the file through a SafePath under a Root.",
    example: "../../../etc/hosts",
    ..BASE
};

pub(super) const TRAVERSAL: Rule = Rule {
    id: "path.traversal",
    message: 2,
    confidence: 90,
    reason: "the path climbs out of its directory",
    about: "The text is a path with .. in it. Joined to a directory it names a file beside or above that directory. Open the \
            file through a SafePath under a Root.",
    example: "../notes.txt",
    ..BASE
};

pub(super) const TRAVERSAL_IN_PROSE: Rule = Rule {
    id: "path.traversal-in-prose",
    strictness: 3,
    confidence: 50,
    reason: "a path within the text climbs out of its directory",
    about: "Among other words stands a path with .. in it, as in people's questions about programs. It matters where the \
            whole text becomes a path; there a SafePath under a Root is the safe way.",
    example: "you have to move it with cp notes.txt ../backup before the upgrade",
    ..BASE
};

pub(super) const DOTS: Rule = Rule {
    id: "path.odd-dots",
    message: 2,
    confidence: 85,
    reason: "the path has components of dots that a filter or a file system turns into a climb",
    about: "Components such as ..., .? or . again and again: a filter that removes ../ once leaves one behind, and some \
            systems read more dots, or wildcards, as the parent. Open the file through a SafePath under a Root, and do \
            not repair paths with replacements.",
    example: "....//....//notes.txt",
    ..BASE
};

pub(super) const NUL: Rule = Rule {
    id: "path.nul",
    confidence: 95,
    reason: "an escaped zero byte ends the path early",
    about: "What checks the name sees its end, .png perhaps; what opens the file stops at the zero byte before it. A \
            SafePath refuses the byte.",
    example: "notes.php%00.png",
    ..BASE
};

pub(super) const TOO_LONG: Rule = Rule {
    id: "path.too-long",
    confidence: 70,
    reason: "the name is longer than any file system takes",
    about: "More than 255 letters and digits without a separator. As a file name it fails; it is sent to overflow a buffer \
            or to push a checked suffix off the end. Cap the length of what you accept.",
    example: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
              AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
              AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ..BASE
};

pub(super) const SYSTEM_FILE: Rule = Rule {
    id: "path.system-file",
    message: 2,
    confidence: 90,
    reason: "the path names a place of the operating system or of a server",
    about: "The text is an absolute path below /etc, /proc, /var, a server's directory or the like. Joined to a directory, \
            an absolute path replaces it. Open the file through a SafePath under a Root, which takes relative names only.",
    example: "/etc/hosts",
    ..BASE
};

pub(super) const SYSTEM_FILE_IN_PROSE: Rule = Rule {
    id: "path.system-file-in-prose",
    strictness: 3,
    confidence: 40,
    reason: "the text mentions a place of the operating system",
    about: "Among other words stands an absolute path of the system, as in people's questions about programs. It matters \
            where the whole text becomes a path; there a SafePath under a Root is the safe way.",
    example: "my bot says that it cannot read the file /etc/hosts any more",
    ..BASE
};

pub(super) const SECRET_FILE: Rule = Rule {
    id: "path.secret-file",
    message: 2,
    confidence: 85,
    reason: "the path names a file in which programs keep secrets or settings",
    about: "Names such as .htaccess, .env, id_rsa or web.config are looked for because they hold passwords, keys or the \
            set-up of a server. Serve files from a directory that has none, through a SafePath under a Root.",
    example: ".htpasswd",
    ..BASE
};

pub(super) const SECRET_FILE_IN_PROSE: Rule = Rule {
    id: "path.secret-file-in-prose",
    strictness: 4,
    confidence: 30,
    reason: "the text mentions a file in which programs keep secrets or settings",
    about: "Among other words stands a name such as .env or id_rsa, as in people's questions about programs.",
    example: "why does the server not read my .htaccess file after the move",
    ..BASE
};

pub(super) const BACKUP: Rule = Rule {
    id: "path.backup",
    confidence: 80,
    reason: "the path names a copy of a program or of a configuration",
    about: "Editors and administrators leave copies such as config.php.bak or index.php~. A server sends them as text, and \
            with them passwords. Do not keep copies where files are served from.",
    example: "config.php.bak",
    ..BASE
};

pub(super) const ABSOLUTE: Rule = Rule {
    id: "path.absolute",
    confidence: 75,
    reason: "the path is absolute",
    about: "The text is a path that begins at the root. Joined to a directory, an absolute path replaces it. Open the file \
            through a SafePath under a Root, which takes relative names only.",
    example: "/backup/notes.txt",
    ..BASE
};

pub(super) const DRIVE: Rule = Rule {
    id: "path.drive",
    message: 2,
    confidence: 85,
    reason: "the path begins with a drive of Windows",
    about: "On Windows a path with a drive replaces the directory that it is joined to. Open the file through a SafePath \
            under a Root, which takes relative names only.",
    example: "C:\\boot.ini",
    ..BASE
};

pub(super) const NETWORK_SHARE: Rule = Rule {
    id: "path.network-share",
    message: 2,
    confidence: 85,
    reason: "the path names another machine, or a device",
    about: "Windows connects to the machine that a path with two backslashes names, and proves who the program is to it. \
            Open the file through a SafePath under a Root, which takes relative names only.",
    example: "\\\\192.0.2.7\\share\\notes.txt",
    ..BASE
};

pub(super) const FILE_URL: Rule = Rule {
    id: "path.file-url",
    message: 2,
    confidence: 95,
    reason: "the text is a URL of a local file",
    about: "What fetches it reads a file of the machine. Fetch through a SafeUrl, which takes http and https only; open \
            files through a SafePath under a Root.",
    example: "file:///etc/hosts",
    ..BASE
};

pub(super) const WRAPPER: Rule = Rule {
    id: "path.wrapper",
    message: 2,
    confidence: 95,
    reason: "the path is a stream that an interpreter opens in place of a file",
    about: "PHP and Java open php://, phar://, expect:// or jar: where a file name was expected, and so read sources or run \
            code. Open the file through a SafePath under a Root.",
    example: "php://filter/read=convert.base64-encode/resource=index",
    ..BASE
};

/// What most of them share: they count in the normal case for a path, and not in a message.
const BASE: Rule = Rule {
    id: "",
    class: Class::Path,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 0,
    reason: "",
    about: "",
    example: "",
};
