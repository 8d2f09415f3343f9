//! Programs that run what their arguments say.

use std::path::Path;

/// Whether a program runs what its arguments say, by the name it is called by or by that of the file it links to.
pub(super) fn runs_arguments(called: &Path, real: &Path) -> bool {
    // A link to a program of many names is what the link is called.
    names(called).iter().any(|name| known(name) || MANY_NAMES.contains(&name.as_str()))
        || names(real).iter().any(|name| known(name))
}

fn known(name: &str) -> bool {
    SHELLS.contains(&name) || LANGUAGES.contains(&name) || RUNNERS.contains(&name)
}

/// Returns a program's names without its version: `python` for `python3.13`, `vim` for `vim.basic`, `ruby` for
/// `ruby-3.3`, `perl` for `perl5.40-x86_64-linux-gnu`.
fn names(path: &Path) -> [String; 3] {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let first = name.split('.').next().unwrap_or_default();
    let plain = |name: &str| {
        name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).to_owned()
    };
    [plain(&name), plain(first), name]
}

const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "rbash",
    "dash",
    "ash",
    "ksh",
    "ksh93",
    "mksh",
    "pdksh",
    "zsh",
    "fish",
    "csh",
    "tcsh",
    "rc",
    "es",
    "yash",
    "posh",
    "elvish",
    "nu",
    "xonsh",
    "pwsh",
    "powershell",
    "cmd",
];

const LANGUAGES: &[&str] = &[
    "python",
    "pypy",
    "ipython",
    "perl",
    "ruby",
    "irb",
    "node",
    "nodejs",
    "deno",
    "bun",
    "php",
    "lua",
    "luajit",
    "tclsh",
    "wish",
    "expect",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "original-awk",
    "sed",
    "gsed",
    "ed",
    "ex",
    "vi",
    "vim",
    "nvim",
    "emacs",
    "rscript",
    "r",
    "julia",
    "guile",
    "sbcl",
    "racket",
    "ghci",
    "runghc",
    "erl",
    "elixir",
    "iex",
    "groovy",
    "scala",
    "jshell",
    "osascript",
    "m4",
    "dc",
    "gdb",
    "lldb",
    "raku",
    "ocaml",
    "swipl",
    "octave",
    "gnuplot",
    "bc",
    "gs",
    "tex",
    "latex",
    "pdftex",
    "pdflatex",
    "xelatex",
    "luatex",
    "lualatex",
    "tsx",
    "ts-node",
    "sqlite",
    "psql",
    "mysql",
    "mariadb",
    "redis-cli",
    "java",
    "mono",
    "dotnet",
    "wine",
];

const RUNNERS: &[&str] = &[
    "env",
    "xargs",
    "parallel",
    "sudo",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "setpriv",
    "capsh",
    "chroot",
    "unshare",
    "nsenter",
    "bwrap",
    "firejail",
    "nice",
    "ionice",
    "chrt",
    "taskset",
    "nohup",
    "setsid",
    "timeout",
    "time",
    "stdbuf",
    "unbuffer",
    "script",
    "watch",
    "flock",
    "strace",
    "ltrace",
    "ptrace",
    "find",
    "fd",
    "fdfind",
    "ssh",
    "dbclient",
    "rsh",
    "scp",
    "sftp",
    "rsync",
    "make",
    "gmake",
    "ninja",
    "just",
    "npx",
    "npm",
    "systemd-run",
    "at",
    "batch",
    "crontab",
    "start-stop-daemon",
    "screen",
    "tmux",
    "setarch",
    "linux64",
    "linux32",
    "prlimit",
    "choom",
    "numactl",
    "cgexec",
    "cpulimit",
    "chpst",
    "softlimit",
    "setuidgid",
    "gosu",
    "su-exec",
    "sg",
    "newgrp",
    "run0",
    "systemd-nspawn",
    "proot",
    "fakeroot",
    "fakechroot",
    "faketime",
    "eatmydata",
    "ssh-agent",
    "sshpass",
    "autossh",
    "mosh",
    "dbus-run-session",
    "xvfb-run",
    "run-parts",
    "rlwrap",
    "logsave",
    "dumb-init",
    "tini",
    "valgrind",
    "perf",
    "bpftrace",
    "gdbserver",
    "socat",
    "entr",
    "watchexec",
    "hyperfine",
    "uv",
    "uvx",
    "pipx",
    "yarn",
    "pnpm",
    "ld-linux-x86-64.so",
    "ld-linux-aarch64.so",
    "ld.so",
];

/// Programs of many names, which run as the one that they are called by, or that their first argument says.
const MANY_NAMES: &[&str] = &["busybox", "toybox", "coreutils", "sbase-box"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_without_its_version() {
        for name in [
            "sh",
            "python3.13",
            "Python3",
            "lua5.4",
            "busybox",
            "ruby-3.3",
            "perl5.40.1",
            "ld-linux-x86-64.so.2",
            "vim.basic",
            "perl5.40-x86_64-linux-gnu",
            "python3.13-dbg",
            "cmd.exe",
            "coreutils",
            "gnuplot",
            "setarch",
            "socat",
            "java",
        ] {
            assert!(runs_arguments(&Path::new("/x").join(name), Path::new("/x/y")), "{name}");
        }
        assert!(runs_arguments(Path::new("/opt/tool"), Path::new("/usr/bin/dash")));
        assert!(!runs_arguments(Path::new("/bin/ls"), Path::new("/bin/busybox")));
        for name in ["ls", "convert", "ffmpeg", "7z", "sha256sum", "shuf", "envsubst", "42"] {
            assert!(
                !runs_arguments(&Path::new("/x").join(name), &Path::new("/x").join(name)),
                "{name}"
            );
        }
    }
}
