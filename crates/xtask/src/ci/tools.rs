//! The programs that CI needs beside the toolchain; only what is missing is installed.

use std::path::Path;
use std::process::Command;

use crate::exec::{capture, cargo, is_installed, run};
use crate::workspace::Workspace;
use crate::{Error, Result};

use super::languages;

const CARGO_DENY: &str = "0.20.2";

/// Programs and files that the interop suites need, and the Debian packages that bring them.
const PEERS: [Peer; 34] = [
    Peer { program: "aide", package: "aide" },
    Peer { program: "b3sum", package: "b3sum" },
    Peer { program: "mtree", package: "mtree-netbsd" },
    Peer { program: "rpmbuild", package: "rpm" },
    Peer { program: "curl", package: "curl" },
    Peer { program: "c++", package: "g++" },
    Peer { program: "mkfs.ext4", package: "e2fsprogs" },
    Peer { program: "python3", package: "python3" },
    Peer { program: "go", package: "golang-go" },
    Peer {
        program: "/usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go",
        package: "golang-golang-x-mod-dev",
    },
    Peer { program: "logrotate", package: "logrotate" },
    Peer { program: "promtool", package: "prometheus" },
    // Brings amtool, too.
    Peer { program: "prometheus-alertmanager", package: "prometheus-alertmanager" },
    Peer { program: "faketime", package: "faketime" },
    // Its own programs are not on the path; this one comes with them.
    Peer { program: "pg_ctlcluster", package: "postgresql" },
    Peer { program: "redis-server", package: "redis-server" },
    Peer { program: "prometheus-node-exporter", package: "prometheus-node-exporter" },
    Peer { program: "node", package: "nodejs" },
    Peer { program: "npm", package: "npm" },
    Peer { program: "aiosmtpd", package: "python3-aiosmtpd" },
    Peer { program: "strace", package: "strace" },
    // Its analysis of units works without its being what boots.
    Peer { program: "systemd-analyze", package: "systemd" },
    Peer { program: "dbus-daemon", package: "dbus-daemon" },
    // Where administrators' programs are is not on everybody's path.
    Peer { program: "/usr/sbin/apparmor_parser", package: "apparmor" },
    Peer { program: "checkmodule", package: "checkpolicy" },
    Peer { program: "semodule_package", package: "semodule-utils" },
    // Its file is named after the version of Python.
    Peer { program: "/usr/share/doc/python3-seccomp/copyright", package: "python3-seccomp" },
    Peer { program: "restic", package: "restic" },
    Peer { program: "rclone", package: "rclone" },
    Peer { program: "borg", package: "borgbackup" },
    Peer { program: "minisign", package: "minisign" },
    Peer { program: "setfacl", package: "acl" },
    Peer { program: "setfattr", package: "attr" },
    // A library: there is no program to look for.
    Peer {
        program: "/usr/lib/python3/dist-packages/icalendar/__init__.py",
        package: "python3-icalendar",
    },
];

struct Peer {
    /// A name on the path, or a file by its own path.
    program: &'static str,
    package: &'static str,
}

pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    programs(&workspace.root)?;
    languages::install(&workspace.target)
}

fn programs(root: &Path) -> Result<()> {
    if is_installed("cargo-deny") {
        print!("{}", capture(Command::new("cargo-deny").arg("--version"))?);
    } else {
        run(&mut cargo(root, ["install", "cargo-deny", "--locked", "--version", CARGO_DENY]))?;
    }
    let missing: Vec<&str> =
        PEERS.iter().filter(|peer| !is_installed(peer.program)).map(|peer| peer.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_installed("apt-get") {
        return Err(Error::found(format!(
            "install {} first: there is no apt-get here",
            missing.join(", ")
        )));
    }
    run(apt_get()?.arg("update").arg("--quiet"))?;
    run(apt_get()?.args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(missing))
}

/// Public runners are not root but may use sudo without a password.
fn apt_get() -> Result<Command> {
    let is_root = capture(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
    if !is_root {
        command.args(["--non-interactive", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
