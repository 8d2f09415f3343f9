//! What commands do, in images and in pipelines.

use super::{shown, values};
use crate::found::Judged;
use crate::parse::{Command, INNER, Instruction, SHELLS, base_name, commands, program};
use crate::secret::{is_reference, is_secret_name, password_of_url};

pub(super) fn judge(instruction: &Instruction, pipes_fail: bool, judged: &mut Judged<'_>) {
    let script = instruction.script();
    let all = commands(&script);
    let place = instruction.at..instruction.end;
    let mut tell = |id: &str, current: String| {
        judged.fail(id, place.clone(), shown(instruction), current);
    };
    if let Some(current) = downloads_unseen(&all) {
        tell("dkr-curl-pipe", current);
    }
    if let Some(current) = shows_secret(&all) {
        tell("dkr-secret-env", current);
    }
    for (id, judge) in JUDGES {
        if let Some(current) = all.iter().find_map(|command| judge(&command.words)) {
            tell(id, current);
        }
    }
    if instruction.keyword != "RUN" {
        if let Some(current) = all.iter().find_map(|command| debugger(program(&command.words))) {
            tell("debug-on", current);
        }
        return;
    }
    let is_pipe = all.iter().any(|command| command.is_piped);
    if is_pipe && !pipes_fail && !script.contains("pipefail") {
        tell("dkr-pipe-status", "A pipe in RUN tells how its last command ended.".to_owned());
    }
    if installs_unpinned(&all) {
        tell("dkr-apt-unpinned", "Packages are installed without versions.".to_owned());
    }
    if leaves_lists(&all, instruction) {
        tell("dkr-apt-no-clean", "The lists of packages stay in the layer.".to_owned());
    }
}

/// What a command by itself shows.
type OfWords = fn(&[String]) -> Option<String>;

const JUDGES: [(&str, OfWords); 5] = [
    ("dkr-sudo", sudo),
    ("dkr-tls-off", unverified),
    ("dkr-http-download", cleartext),
    ("dkr-chmod-777", open_mode),
    ("dkr-ssh-port", ssh_server),
];

/// Returns how a script runs what it downloads without having looked at it.
pub(crate) fn downloads_unseen(all: &[Command]) -> Option<String> {
    let fetches = |words: &[String]| fetch(program(words));
    let mut in_pipe = false;
    for command in all {
        let words = program(&command.words);
        in_pipe = command.is_piped && in_pipe;
        if in_pipe && runs_input(words) {
            return Some(format!("What is downloaded is piped into {}.", base_name(&words[0])));
        }
        in_pipe |= fetches(&command.words);
        let is_inner =
            command.inner.iter().any(|inner| commands(inner).iter().any(|one| fetches(&one.words)));
        let runs_text = words.first().is_some_and(|name| {
            is_interpreter(name) || matches!(name.as_str(), "." | "source" | INNER)
        }) || command.words.first().is_some_and(|name| name == "eval");
        if is_inner && runs_text {
            return Some("What a command inside downloads is run.".to_owned());
        }
    }
    runs_downloaded_file(all)
}

/// A file that is downloaded, and run without a checksum or signature between.
fn runs_downloaded_file(all: &[Command]) -> Option<String> {
    let mut files: Vec<String> = Vec::new();
    for command in all {
        let words = program(&command.words);
        let Some(name) = words.first() else { continue };
        if is_verifier(words) {
            return None;
        }
        if fetch(words) {
            files.extend(target(words));
            continue;
        }
        let is_file = |word: &String| files.iter().any(|file| base_name(file) == base_name(word));
        let runs = is_file(name)
            || (is_interpreter(name) || matches!(name.as_str(), "." | "source"))
                && words[1..].iter().take(3).any(is_file);
        if runs {
            return Some("A downloaded file is run without a checksum.".to_owned());
        }
    }
    None
}

fn fetch(words: &[String]) -> bool {
    let Some(name) = words.first() else { return false };
    matches!(base_name(name), "curl" | "wget" | "aria2c" | "http" | "https" | "fetch" | "axel")
        && words[1..]
            .iter()
            .any(|word| word.contains("://") || word.contains('$') || word.contains('.'))
}

/// Returns the file that a download goes to.
fn target(words: &[String]) -> Option<String> {
    let after = |options: &[&str]| {
        let at = words.iter().position(|word| options.contains(&word.as_str()))?;
        words.get(at + 1).cloned()
    };
    let is_wget = words.first().is_some_and(|name| base_name(name) == "wget");
    let joined = words.iter().find_map(|word| {
        let name =
            word.strip_prefix("--output=").or_else(|| word.strip_prefix("--output-document="));
        name.map(ToOwned::to_owned)
    });
    let is_bundle = |word: &&String| {
        word.starts_with('-')
            && !word.starts_with("--")
            && word.ends_with(if is_wget { 'O' } else { 'o' })
    };
    let bundled =
        words.iter().position(|word| is_bundle(&word)).and_then(|at| words.get(at + 1).cloned());
    let address = words.iter().rfind(|word| word.contains("://"));
    let of_address = address
        .map(|address| base_name(address.split(['?', '#']).next().unwrap_or(address)).to_owned());
    after(&[">", "--output", "--output-document"]).or(joined).or(bundled).or(of_address)
}

/// Whether a program runs what it reads.
fn runs_input(words: &[String]) -> bool {
    let Some(name) = words.first().filter(|name| is_interpreter(name)) else { return false };
    let name = base_name(name);
    // A script in a file reads its input as data; `-c` and `-e` are scripts, too.
    let is_shell = SHELLS.contains(&name);
    let mut operands = words[1..].iter().filter(|word| !word.starts_with('-') || *word == "-");
    let is_reading = words.iter().any(|word| {
        word == "-s" || word == "-" || word == "/dev/stdin" || (is_shell && word.starts_with("-s"))
    });
    let has_script =
        words.iter().any(|word| matches!(word.as_str(), "-c" | "-e" | "-m" | "-r" | "-ne" | "-pe"));
    is_reading || (!has_script && operands.next().is_none_or(|word| word == ">" || word == "<"))
}

fn is_interpreter(name: &str) -> bool {
    let name = base_name(name);
    SHELLS.contains(&name)
        || name.starts_with("python")
        || matches!(
            name,
            "perl" | "ruby" | "node" | "php" | "lua" | "deno" | "bun" | "pwsh" | "fish"
        )
}

/// Whether a command compares what was downloaded with what is known of it.
fn is_verifier(words: &[String]) -> bool {
    let name = base_name(words.first().map_or("", String::as_str));
    (name.ends_with("sum")
        && words
            .iter()
            .any(|word| word.starts_with("-c") || word.starts_with("--c") || word == "-wc"))
        || matches!(name, "gpg" | "gpgv" | "cosign" | "minisign" | "signify" | "slsa-verifier")
        || (name == "openssl" && words.iter().any(|word| word == "-verify" || word == "-sha256"))
        || (name == "shasum" && words.iter().any(|word| word == "-c"))
}

/// Returns how a script has a secret in it. What is said of it has the secret not in it.
pub(crate) fn shows_secret(all: &[Command]) -> Option<String> {
    for command in all {
        let words = program(&command.words);
        let name = base_name(words.first().map_or("", String::as_str));
        if words.iter().any(|word| password_of_url(word).is_some()) {
            return Some(format!("{name} is given an address with a password."));
        }
        let set = command.words.iter().filter_map(|word| word.split_once('='));
        for (key, value) in set {
            let key = key.trim_start_matches('-').rsplit(['.', ':', ' ']).next().unwrap_or(key);
            if is_secret_name(key)
                && value.len() > 3
                && !is_reference(value)
                && !value.starts_with(INNER)
            {
                return Some(format!("{key} has its value in the command."));
            }
        }
        let pairs = words.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
        for (option, value) in pairs {
            let is_user = matches!(option, "-u" | "--user")
                && matches!(name, "curl" | "wget" | "http")
                && value
                    .split_once(':')
                    .is_some_and(|(_, password)| !password.is_empty() && !is_reference(password));
            let is_header =
                value.to_ascii_lowercase().strip_prefix("authorization:").is_some_and(|rest| {
                    rest.split_whitespace()
                        .nth(1)
                        .is_some_and(|token| !token.contains('$') && !is_reference(token))
                });
            let is_option = option.starts_with("--")
                && is_secret_name(option)
                && value.len() > 3
                && !value.starts_with('-')
                && !is_reference(value)
                && !value.starts_with('/')
                && !option.ends_with("-stdin");
            if is_user || is_header || is_option {
                return Some(format!("{name} is given a password or token."));
            }
        }
        if matches!(name, "echo" | "printf") && feeds_passwords(command, all) {
            return Some("The password of an account is in the command.".to_owned());
        }
    }
    None
}

/// `echo 'root:secret' | chpasswd`.
fn feeds_passwords(command: &Command, all: &[Command]) -> bool {
    let is_set = all.iter().any(|one| {
        one.is_piped
            && program(&one.words)
                .first()
                .is_some_and(|name| matches!(base_name(name), "chpasswd" | "passwd"))
    });
    is_set && command.words[1..].iter().any(|word| !word.contains('$'))
}

fn sudo(words: &[String]) -> Option<String> {
    let first = words.iter().find(|word| !word.contains('='))?;
    let installs =
        is_install(words) && words.iter().any(|word| word == "sudo" || word.starts_with("sudo="));
    if matches!(base_name(first), "sudo" | "doas") {
        return Some("A command is run by sudo.".to_owned());
    }
    installs.then(|| "sudo is installed.".to_owned())
}

fn is_install(words: &[String]) -> bool {
    let words = program(words);
    let manager = base_name(words.first().map_or("", String::as_str));
    matches!(
        manager,
        "apt-get" | "apt" | "aptitude" | "apk" | "yum" | "dnf" | "microdnf" | "zypper" | "pacman"
    ) && words
        .iter()
        .any(|word| matches!(word.as_str(), "install" | "add" | "in" | "-S" | "-Sy" | "-Syu"))
}

fn ssh_server(words: &[String]) -> Option<String> {
    let is_it = |word: &String| {
        matches!(
            word.split('=').next(),
            Some("openssh-server" | "openssh" | "dropbear" | "telnetd")
        )
    };
    let runs =
        program(words).first().is_some_and(|name| matches!(base_name(name), "sshd" | "dropbear"));
    let installs = is_install(words) && words.iter().any(is_it);
    (runs || installs).then(|| "The image has a server of remote shells.".to_owned())
}

/// Options that keep programs from looking at certificates or signatures.
fn unverified(words: &[String]) -> Option<String> {
    let words = program(words);
    let name = base_name(words.first()?);
    let has = |options: &[&str]| {
        words[1..].iter().any(|word| {
            options.iter().any(|option| word == option || word.starts_with(&format!("{option}=")))
        })
    };
    let says = |text: &str| words.join(" ").to_ascii_lowercase().contains(text);
    let bundled = |letter: char| {
        words[1..].iter().any(|word| {
            word.starts_with('-')
                && !word.starts_with("--")
                && word.len() < 8
                && word.contains(letter)
        })
    };
    let is_off = match name {
        "curl" => has(&["--insecure", "--proxy-insecure", "--doh-insecure"]) || bundled('k'),
        "wget" => has(&["--no-check-certificate"]),
        "pip" | "pip3" | "uv" | "pipx" | "poetry" => {
            has(&["--trusted-host", "--allow-insecure-host"])
        }
        "python" | "python3" => says("pip") && has(&["--trusted-host"]),
        "npm" | "yarn" | "pnpm" => says("strict-ssl false") || says("strict-ssl=false"),
        "git" => says("sslverify false") || says("sslverify=false"),
        "apt-get" | "apt" | "aptitude" => {
            has(&["--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"])
                || says("allowunauthenticated=true")
                || says("verify-peer=false")
                || says("allowinsecurerepositories=true")
        }
        "apk" => has(&["--allow-untrusted"]),
        "yum" | "dnf" | "microdnf" => has(&["--nogpgcheck"]),
        "rpm" => has(&["--nosignature", "--nodigest"]),
        "zypper" => has(&["--no-gpg-checks"]),
        "echo" | "printf" => says("[trusted=yes") || says("trusted=yes]") || says("gpgcheck=0"),
        "export" => words[1..]
            .iter()
            .filter_map(|word| word.split_once('='))
            .any(|(name, value)| values::turns_verification_off(name, value)),
        "gem" => says("ssl_verify_mode: 0"),
        _ => false,
    };
    is_off.then(|| format!("{name} is told not to verify what it fetches."))
}

/// What is fetched in clear and not from the machine itself.
fn cleartext(words: &[String]) -> Option<String> {
    let words = program(words);
    let name = base_name(words.first()?);
    let fetches = matches!(
        name,
        "curl"
            | "wget"
            | "aria2c"
            | "git"
            | "pip"
            | "pip3"
            | "npm"
            | "yarn"
            | "apt-add-repository"
            | "add-apt-repository"
            | "rpm"
            | "apk"
    );
    let is_clear = |word: &String| {
        let Some((before, rest)) = word.split_once("http://") else { return false };
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        (before.is_empty() || before.ends_with('='))
            && !matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[" | "")
    };
    (fetches && words[1..].iter().any(is_clear)).then(|| format!("{name} fetches without TLS."))
}

fn open_mode(words: &[String]) -> Option<String> {
    let words = program(words);
    let name = base_name(words.first()?);
    let mut operands = words[1..].iter().filter(|word| {
        !word.starts_with("--") && !matches!(word.as_str(), "-R" | "-v" | "-c" | "-f" | "-m")
    });
    let is_open = match name {
        "chmod" => operands.next().is_some_and(|mode| values::is_open_mode(mode)),
        "install" | "mkdir" => {
            let at = words.iter().position(|word| word == "-m");
            at.and_then(|at| words.get(at + 1)).is_some_and(|mode| values::is_open_mode(mode))
        }
        _ => false,
    };
    is_open.then(|| format!("{name} lets everybody write."))
}

/// What starts as a server for developers.
fn debugger(words: &[String]) -> Option<String> {
    let has =
        |text: &str| words.iter().any(|word| word == text || word.starts_with(&format!("{text}=")));
    let name = base_name(words.first()?);
    let is_on = (has("--debug") && (name == "flask" || has("flask")))
        || (has("--reload")
            && words
                .iter()
                .any(|word| matches!(base_name(word), "uvicorn" | "gunicorn" | "hypercorn")))
        || (has("runserver") && words.iter().any(|word| word.ends_with("manage.py")))
        || (words.iter().any(|word| word.starts_with("--inspect"))
            && matches!(name, "node" | "nodemon"));
    is_on.then(|| format!("{name} starts with debugging."))
}

fn installs_unpinned(all: &[Command]) -> bool {
    all.iter().any(|command| {
        let words = program(&command.words);
        let name = base_name(words.first().map_or("", String::as_str));
        let is_python =
            matches!(name, "pip" | "pip3") && words.get(1).is_some_and(|word| word == "install");
        let is_node = name == "npm" && words.iter().any(|word| word == "-g" || word == "--global");
        if !is_install(&command.words) && !is_python && !is_node {
            return false;
        }
        if is_python
            && words.iter().any(|word| matches!(word.as_str(), "-r" | "--requirement" | "-e" | "."))
        {
            return false;
        }
        let skipped = |word: &&String| {
            word.starts_with('-')
                || matches!(word.as_str(), "install" | "add" | "in" | "i" | "update")
        };
        let mut packages = words[1..].iter().filter(|word| !skipped(word));
        packages.any(|package| {
            !package.contains(['=', '@', '$', '<', '~', '>', '/']) && !package.is_empty()
        })
    })
}

fn leaves_lists(all: &[Command], instruction: &Instruction) -> bool {
    let updates = all.iter().any(|command| {
        let words = program(&command.words);
        matches!(words.first().map(|name| base_name(name)), Some("apt-get" | "apt"))
            && words.iter().any(|word| word == "update")
    });
    let cleans = all
        .iter()
        .any(|command| command.words.iter().any(|word| word.contains("/var/lib/apt/lists")));
    let is_cached = instruction
        .flags
        .iter()
        .any(|(name, value)| name == "mount" && value.contains("type=cache"));
    updates && !cleans && !is_cached
}
