//! The SSH daemon.

use std::net::IpAddr;

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::SshSetting;
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "SSH", rows: &ROWS };

/// Fails where a setting that counts, for all or for some, is bad. `default` is what the daemon does by itself.
fn setting(host: &Host<'_>, key: &str, default: &str, is_bad: &dyn Fn(&str) -> bool) -> Answer {
    settled(known(&host.facts.sshd).map(|settings| {
        let mine = || settings.iter().filter(|one| one.key == key);
        // The first one wins; those of a block Match are for whom it names.
        let general = mine().find(|one| one.only.is_none());
        let special = mine().filter(|one| one.only.is_some());
        let bad: Vec<&SshSetting> =
            general.into_iter().chain(special).filter(|one| is_bad(&one.value)).collect();
        let is_default_bad = general.is_none() && is_bad(default);
        if bad.is_empty() && !is_default_bad {
            let value = general.map_or(default, |one| &one.value);
            return Answer::pass(format!("{key} {value}"));
        }
        let mut answer = Answer::fail(format!("{key} is not as it should be."));
        if is_default_bad {
            answer = answer
                .with(key, format!("{key} is not set, which means {default}"))
                .at("/etc/ssh/sshd_config", 0);
        }
        for one in bad {
            let whom = one.only.as_ref().map(|only| format!(" for {only}")).unwrap_or_default();
            answer = answer
                .with(format!("{key}{whom}"), format!("{key} {}{whom}", one.value))
                .at(&one.file, one.line);
        }
        answer
    }))
}

fn root_login(host: &Host<'_>) -> Answer {
    setting(host, "permitrootlogin", "prohibit-password", &|value| {
        value.eq_ignore_ascii_case("yes")
    })
}

fn password_auth(host: &Host<'_>) -> Answer {
    setting(host, "passwordauthentication", "yes", &is_yes)
}

fn empty_passwords(host: &Host<'_>) -> Answer {
    setting(host, "permitemptypasswords", "no", &is_yes)
}

fn max_auth_tries(host: &Host<'_>) -> Answer {
    setting(host, "maxauthtries", "6", &|value| value.parse::<u32>().is_ok_and(|tries| tries > 6))
}

fn x11(host: &Host<'_>) -> Answer {
    setting(host, "x11forwarding", "no", &is_yes)
}

fn agent_forwarding(host: &Host<'_>) -> Answer {
    setting(host, "allowagentforwarding", "yes", &|value| !value.eq_ignore_ascii_case("no"))
}

/// Judges what is set. The defaults of the releases that are supported have none of them.
fn weak_algorithms(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.sshd).map(|settings| {
        let mut answer = Answer::fail("Weak algorithms are offered.");
        for one in settings.iter().filter(|one| ALGORITHMS.contains(&one.key.as_str())) {
            // A list after `-` takes away.
            let list = one.value.trim_start_matches(['+', '^']);
            let is_weak = |name: &&str| WEAK.iter().any(|weak| name.contains(weak));
            for name in list.split(',').filter(|_| !list.starts_with('-')).filter(is_weak) {
                answer = answer.with(name, format!("{} {name}", one.key)).at(&one.file, one.line);
            }
        }
        if answer.subjects.is_empty() { Answer::pass("no weak algorithm is set") } else { answer }
    }))
}

fn listens_everywhere(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.sshd).map(|settings| {
        let addresses: Vec<&SshSetting> =
            settings.iter().filter(|one| one.key == "listenaddress").collect();
        let everywhere = |one: &&&SshSetting| {
            let host = one.value.split_whitespace().next().unwrap_or_default();
            let host =
                host.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(host);
            let host = if host.parse::<IpAddr>().is_ok() {
                host
            } else {
                host.split(':').next().unwrap_or(host)
            };
            host == "*" || host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
        };
        let found: Vec<_> = addresses.iter().filter(everywhere).collect();
        if !addresses.is_empty() && found.is_empty() {
            return Answer::pass("it listens on named addresses");
        }
        let answer = Answer::fail("It answers on every address of the host.");
        let Some(first) = found.first() else {
            return answer.with("listenaddress", "ListenAddress is not set").at(MAIN, 0);
        };
        answer
            .with("listenaddress", format!("ListenAddress {}", first.value))
            .at(&first.file, first.line)
    }))
}

fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes")
}

const MAIN: &str = "/etc/ssh/sshd_config";

const ALGORITHMS: [&str; 5] =
    ["ciphers", "hostkeyalgorithms", "kexalgorithms", "macs", "pubkeyacceptedalgorithms"];

/// Broken, or too short: RFC 9142 and RFC 8270 for the exchange of keys, and what OpenSSH itself turned off.
const WEAK: [&str; 12] = [
    "-cbc",
    "3des",
    "arcfour",
    "blowfish",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-",
    "diffie-hellman-group14-sha1",
    "hmac-md5",
    "hmac-sha1-96",
    "ssh-dss",
    "ssh-rsa",
    "umac-64",
];

const ROWS: [Row; 8] = [
    Row {
        id: "host-ssh-root-login",
        title: "Root may sign in with a password",
        severity: Severity::High,
        effort: Effort::Small,
        description: "Every host on the internet is tried for root's password all day long; who guesses it has the host.",
        expected: "PermitRootLogin is no, or prohibit-password where a key is needed.",
        recommendation: "Set `PermitRootLogin no` in /etc/ssh/sshd_config, then `sshd -t && systemctl reload ssh`.",
        cwe: &[250, 307],
        judge: root_login,
    },
    Row {
        id: "host-ssh-password-auth",
        title: "Accounts may sign in with a password",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "A password can be guessed or used again from a leak; a key cannot.",
        expected: "PasswordAuthentication is no.",
        recommendation: "Make sure that your key works, set `PasswordAuthentication no`, then `sshd -t && systemctl reload ssh`.",
        cwe: &[307, 521],
        judge: password_auth,
    },
    Row {
        id: "host-ssh-empty-passwords",
        title: "Accounts without a password may sign in",
        severity: Severity::Critical,
        effort: Effort::Small,
        description: "Whoever knows the name of such an account is in.",
        expected: "PermitEmptyPasswords is no.",
        recommendation: "Set `PermitEmptyPasswords no`, then `sshd -t && systemctl reload ssh`.",
        cwe: &[258, 521],
        judge: empty_passwords,
    },
    Row {
        id: "host-ssh-max-auth-tries",
        title: "A connection may try many passwords",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "Each connection is a batch of guesses; fewer of them make guessing slow and loud.",
        expected: "MaxAuthTries is 6 or less.",
        recommendation: "Set `MaxAuthTries 4`, then `sshd -t && systemctl reload ssh`.",
        cwe: &[307],
        judge: max_auth_tries,
    },
    Row {
        id: "host-ssh-x11-forwarding",
        title: "X11 is forwarded",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "A host that was taken over can reach back to the screen and the keyboard of who signs in.",
        expected: "X11Forwarding is no.",
        recommendation: "Set `X11Forwarding no`, then `sshd -t && systemctl reload ssh`.",
        cwe: &[1188],
        judge: x11,
    },
    Row {
        id: "host-ssh-agent-forwarding",
        title: "Key agents may be forwarded",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "Root on this host can use the keys of whoever signs in with a forwarded agent.",
        expected: "AllowAgentForwarding is no; ProxyJump serves.",
        recommendation: "Set `AllowAgentForwarding no`, then `sshd -t && systemctl reload ssh`.",
        cwe: &[668],
        judge: agent_forwarding,
    },
    Row {
        id: "host-ssh-weak-algorithms",
        title: "Weak algorithms are offered",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "Who stands between can make both sides use the weakest that both offer.",
        expected: "Only the algorithms that OpenSSH offers by itself, or fewer.",
        recommendation: "Take the lines away that name them; the defaults are right.",
        cwe: &[326, 327],
        judge: weak_algorithms,
    },
    Row {
        id: "host-ssh-listens-everywhere",
        title: "The SSH daemon answers on every address",
        severity: Severity::Low,
        effort: Effort::Medium,
        description: "Where there is a private network, the daemon need not be seen by the public one.",
        expected: "ListenAddress names a private address, or a firewall lets known addresses in only.",
        recommendation: "Set `ListenAddress` to the address of the private network, or suppress this with the reason.",
        cwe: &[668],
        judge: listens_everywhere,
    },
];
