//! Which label a place has, or gets.

use crate::{Access, Place};

/// The label of a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// The module's own.
    Own(String),
    /// Of the reference policy.
    Known(&'static str),
    /// Of the reference policy, for devices.
    Device(&'static str),
}

impl Label {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Own(name) => name,
            Self::Known(name) | Self::Device(name) => name,
        }
    }
}

/// Returns the label of a place of the system, or that which the module gives.
pub(super) fn of(place: &Place, access: Access, name: &str) -> Label {
    if is_temporary(place) {
        return Label::Own(format!("{name}_tmp_t"));
    }
    if let Some((_, label)) = DEVICES.into_iter().find(|(path, _)| place.path() == *path) {
        return Label::Device(label);
    }
    let known =
        SYSTEM.into_iter().find(|(directory, _)| place.is_below(directory)).map(|(_, label)| label);
    match known {
        // What a program changes is its own; but nobody's label is taken from a whole directory of the system.
        Some(label) if access.write => {
            let is_whole = SYSTEM
                .into_iter()
                .any(|(directory, _)| directory.trim_end_matches('/') == place.path());
            let is_virtual = ["proc_t", "sysfs_t", "device_t"].contains(&label);
            if is_whole || is_virtual {
                Label::Known(label)
            } else {
                Label::Own(format!("{name}_rw_t"))
            }
        }
        Some(label) => Label::Known(label),
        None if BARE.contains(&place.path()) => Label::Known("root_t"),
        None if access.write => Label::Own(format!("{name}_rw_t")),
        None => Label::Own(format!("{name}_ro_t")),
    }
}

/// Whether what is made there gets its label by who made it.
pub(super) fn is_temporary(place: &Place) -> bool {
    ["/tmp", "/var/tmp", "/dev/shm"].into_iter().any(|directory| place.is_below(directory))
}

/// Returns the pattern of a file of contexts that fits a place and nothing else.
pub(super) fn pattern(place: &Place) -> String {
    let mut pattern = String::new();
    for letter in place.path().chars() {
        match letter {
            // Words end at a blank.
            ' ' => pattern.push_str("\\x20"),
            '#' => pattern.push_str("\\x23"),
            '.' | '^' | '$' | '?' | '*' | '+' | '|' | '[' | ']' | '(' | ')' | '{' | '}' | '\\' => {
                pattern.push('\\');
                pattern.push(letter);
            }
            _ => pattern.push(letter),
        }
    }
    if place.is_tree() {
        pattern.push_str("(/.*)?");
        pattern
    } else {
        // Of any class: it may be a socket.
        pattern
    }
}

/// The first that fits; what is below stands before what is above.
const SYSTEM: [(&str, &str); 30] = [
    ("/bin", "bin_t"),
    ("/dev", "device_t"),
    ("/etc/ld.so.cache", "ld_so_cache_t"),
    ("/etc/localtime", "locale_t"),
    ("/etc/passwd", "passwd_file_t"),
    ("/etc/pki", "cert_t"),
    ("/etc/resolv.conf", "net_conf_t"),
    ("/etc/hosts", "net_conf_t"),
    ("/etc/ssl", "cert_t"),
    ("/etc", "etc_t"),
    ("/lib", "lib_t"),
    ("/lib64", "lib_t"),
    ("/proc/sys", "sysctl_t"),
    ("/proc", "proc_t"),
    ("/run", "var_run_t"),
    ("/sbin", "bin_t"),
    ("/sys", "sysfs_t"),
    ("/usr/bin", "bin_t"),
    ("/usr/lib", "lib_t"),
    ("/usr/lib64", "lib_t"),
    ("/usr/local/bin", "bin_t"),
    ("/usr/local/lib", "lib_t"),
    ("/usr/sbin", "bin_t"),
    ("/usr/share/zoneinfo", "locale_t"),
    ("/usr", "usr_t"),
    ("/var/cache", "var_t"),
    ("/var/lib", "var_lib_t"),
    ("/var/log", "var_log_t"),
    ("/var/run", "var_run_t"),
    ("/var", "var_t"),
];

const DEVICES: [(&str, &str); 6] = [
    ("/dev/full", "null_device_t"),
    ("/dev/null", "null_device_t"),
    ("/dev/random", "random_device_t"),
    ("/dev/tty", "devtty_t"),
    ("/dev/urandom", "urandom_device_t"),
    ("/dev/zero", "zero_device_t"),
];

/// Directories that hold what belongs to many.
const BARE: [&str; 6] = ["/", "/srv", "/opt", "/mnt", "/media", "/home"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_loses_a_label_to_a_program() {
        let rows = [
            ("/usr/lib/", Access::READ, Label::Known("lib_t")),
            ("/var/lib/bot/", Access::WRITE, Label::Own("bot_rw_t".to_owned())),
            ("/var/lib/", Access::WRITE, Label::Known("var_lib_t")),
            ("/etc/", Access::WRITE, Label::Known("etc_t")),
            ("/", Access::WRITE, Label::Known("root_t")),
            ("/srv/bot/bot.py", Access::READ, Label::Own("bot_ro_t".to_owned())),
            ("/tmp/", Access::WRITE, Label::Own("bot_tmp_t".to_owned())),
            ("/dev/null", Access::WRITE, Label::Device("null_device_t")),
        ];
        for (path, access, expected) in rows {
            assert_eq!(of(&Place::new(path).unwrap(), access, "bot"), expected, "{path}");
        }
    }

    #[test]
    fn patterns_mean_the_place_alone() {
        let pattern = |path| pattern(&Place::new(path).unwrap());
        assert_eq!(pattern("/a b/c.d+e#f"), "/a\\x20b/c\\.d\\+e\\x23f");
        assert_eq!(pattern("/srv/[bot]/"), "/srv/\\[bot\\](/.*)?");
    }
}
