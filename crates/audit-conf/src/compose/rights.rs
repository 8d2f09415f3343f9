//! What a service may do to the host.

use super::Service;
use crate::docker::is_root;
use crate::found::Judged;
use crate::parse::Node;

pub(super) fn judge(service: &Service<'_>, judged: &mut Judged<'_>) {
    let name = service.name;
    if let Some((at, node)) = service.entry("privileged")
        && node.is_true()
    {
        judged.fail(
            "cmp-privileged",
            at,
            format!("{name}: privileged"),
            format!("The service {name} is privileged."),
        );
    }
    namespaces(service, judged);
    capabilities(service, judged);
    mounts(service, judged);
    if let Some((at, node)) = service.entry("user")
        && node.text().is_some_and(is_root)
    {
        judged.fail(
            "cmp-root",
            at,
            format!("{name}: user"),
            format!("The service {name} runs as root."),
        );
    }
}

fn namespaces(service: &Service<'_>, judged: &mut Judged<'_>) {
    let name = service.name;
    for key in ["network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup"] {
        if let Some((at, node)) = service.entry(key)
            && node.text() == Some("host")
        {
            let current = format!("The service {name} has {key} of the host.");
            judged.fail("cmp-host-net", at, format!("{name}: {key}: host"), current);
        }
    }
    let networks = service.get("networks").map(Node::texts).unwrap_or_default();
    if let Some((at, _)) = networks.iter().find(|(_, text)| *text == "host") {
        let current = format!("The service {name} is on the network of the host.");
        judged.fail("cmp-host-net", *at, format!("{name}: networks: host"), current);
    }
}

fn capabilities(service: &Service<'_>, judged: &mut Judged<'_>) {
    let name = service.name;
    for (at, capability) in service.get("cap_add").map(Node::texts).unwrap_or_default() {
        let upper = capability.to_ascii_uppercase();
        let short = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if GRAVE.contains(&short) {
            let current = format!("The service {name} has the capability {short}.");
            judged.fail("cmp-caps", at, format!("{name}: {short}"), current);
        }
    }
    for (at, option) in service.get("security_opt").map(Node::texts).unwrap_or_default() {
        let is_open = option.ends_with("unconfined") || option.replace('=', ":") == "label:disable";
        if is_open || matches!(option, "no-new-privileges:false" | "no-new-privileges=false") {
            let current = format!("The service {name} runs with {option}.");
            judged.fail("cmp-caps", at, format!("{name}: {option}"), current);
        }
    }
    for (at, device) in service.get("devices").map(Node::texts).unwrap_or_default() {
        let source = device.split(':').next().unwrap_or_default();
        if ["/dev/mem", "/dev/kmem", "/dev/sd", "/dev/nvme", "/dev/vd", "/dev/kmsg", "/dev/port"]
            .iter()
            .any(|start| source.starts_with(start))
        {
            let current = format!("The service {name} has the device {source}.");
            judged.fail("cmp-caps", at, format!("{name}: {source}"), current);
        }
    }
}

fn mounts(service: &Service<'_>, judged: &mut Judged<'_>) {
    let volumes = service.get("volumes").map(Node::list).unwrap_or_default();
    for volume in volumes {
        let (source, is_read_only) = match volume.text() {
            Some(text) => {
                let mut parts = text.split(':');
                let source = parts.next().unwrap_or_default();
                (source, parts.any(|part| part.split(',').any(|word| word == "ro")))
            }
            None => (
                volume.get("source").and_then(Node::text).unwrap_or_default(),
                volume.get("read_only").is_some_and(Node::is_true),
            ),
        };
        judge_mount(service, source, is_read_only, volume.at, judged);
    }
}

fn judge_mount(
    service: &Service<'_>,
    source: &str,
    is_read_only: bool,
    at: usize,
    judged: &mut Judged<'_>,
) {
    let name = service.name;
    if is_engine_socket(source) {
        let current = format!("The service {name} has {source}.");
        judged.fail("cmp-docker-sock", at, format!("{name}: {source}"), current);
        return;
    }
    // Exporters of metrics read the host's folders, and may.
    if is_host_folder(source) && !is_read_only {
        let current = format!("The service {name} may write to {source} of the host.");
        judged.fail("cmp-host-mount", at, format!("{name}: {source}"), current);
    } else if is_read_only && matches!(source, "/root" | "/etc/shadow" | "/home") {
        let current = format!("The service {name} reads {source} of the host.");
        judged.fail("cmp-host-mount", at, format!("{name}: {source}"), current);
    }
}

/// Whether a path is the socket of a container engine.
pub(crate) fn is_engine_socket(path: &str) -> bool {
    ["docker.sock", "podman.sock", "containerd.sock", "crio.sock"]
        .iter()
        .any(|name| path.ends_with(name))
}

/// Whether a folder of the host is one that rules it.
pub(crate) fn is_host_folder(path: &str) -> bool {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    matches!(
        path,
        "/" | "/bin"
            | "/boot"
            | "/dev"
            | "/etc"
            | "/home"
            | "/lib"
            | "/lib64"
            | "/opt"
            | "/proc"
            | "/root"
            | "/run"
            | "/sbin"
            | "/srv"
            | "/sys"
            | "/usr"
            | "/var"
            | "/var/lib"
            | "/var/lib/docker"
            | "/var/run"
            | "/var/log"
            | "~"
            | "~/.ssh"
            | "$HOME"
            | "${HOME}"
    ) || path.ends_with("/.ssh")
        || path.starts_with("/etc/cron")
        || path.starts_with("/etc/systemd")
        || matches!(path, "/etc/passwd" | "/etc/shadow" | "/etc/sudoers" | "/usr/bin" | "/usr/lib")
}

/// Capabilities that are most of root.
pub(crate) const GRAVE: [&str; 14] = [
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_TIME",
];
