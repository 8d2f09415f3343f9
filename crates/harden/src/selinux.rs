//! Modules of SELinux.

mod labels;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::{Access, Needs, Subject};
use labels::Label;

/// A module of SELinux for one program: rules, and which files are the program's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeLinux {
    /// The rules, for `checkmodule -M -m -o NAME.mod`: the module's name has to be that of the file.
    pub rules: String,
    /// Which files get which label, for `semodule_package -f`.
    pub file_contexts: String,
}

/// Renders a module of SELinux. Places of the system keep the labels of the reference policy; those that are the
/// program's own get labels of the module.
///
/// ```
/// use wardkit_harden::{Subject, manifest, selinux};
///
/// let needs = manifest("writes = [\"/var/lib/bot/\"]")?;
/// let module = selinux(&Subject::new("/srv/bot/bot")?, &needs);
/// assert!(module.rules.contains("module bot 1.0;"));
/// assert!(module.file_contexts.contains("/var/lib/bot(/.*)?\tsystem_u:object_r:bot_rw_t:s0"));
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[must_use]
pub fn selinux(subject: &Subject, needs: &Needs) -> SeLinux {
    let name = subject.name();
    let mut module = Module::default();
    module.own(name, needs);
    module.processes(name, needs);
    let mut contexts = BTreeMap::new();
    contexts.insert(labels::pattern(subject.program()), format!("{name}_exec_t"));
    for (place, access) in needs.distinct_files() {
        let label = labels::of(place, access, name);
        if let Label::Own(label) = &label
            && place != subject.program()
        {
            contexts.entry(labels::pattern(place)).or_insert_with(|| label.clone());
        }
        module.file(name, &label, access);
    }
    module.network(name, needs);
    SeLinux { rules: module.text(name), file_contexts: contexts_text(&contexts) }
}

/// Rules by who, what and class; and what must be there already.
#[derive(Default)]
struct Module {
    own_types: BTreeSet<String>,
    foreign_types: BTreeSet<String>,
    classes: BTreeMap<String, BTreeSet<String>>,
    rules: BTreeMap<(String, String, String), BTreeSet<String>>,
    transitions: Vec<String>,
}

impl Module {
    fn own(&mut self, name: &str, needs: &Needs) {
        for end in ["t", "exec_t", "ro_t", "rw_t", "tmp_t"] {
            self.own_types.insert(format!("{name}_{end}"));
        }
        let (domain, exec) = (format!("{name}_t"), format!("{name}_exec_t"));
        // systemd starts it.
        self.allow("init_t", &exec, "file", "getattr open read execute map");
        self.allow("init_t", &domain, "process", "transition siginh rlimitinh noatsecure");
        self.allow(
            &domain,
            &exec,
            "file",
            "entrypoint getattr open read execute execute_no_trans map ioctl",
        );
        self.allow(&domain, "init_t", "fd", "use");
        self.allow(&domain, "init_t", "process", "sigchld");
        self.transitions.push(format!("type_transition init_t {exec}:process {domain};"));
        let label = format!("{name}_tmp_t");
        if needs.writes().any(labels::is_temporary) {
            self.allow(
                &domain,
                "tmp_t",
                "dir",
                "search getattr add_name remove_name write open read",
            );
            for class in ["file", "dir", "sock_file"] {
                self.transitions.push(format!("type_transition {domain} tmp_t:{class} {label};"));
            }
        }
    }

    fn processes(&mut self, name: &str, needs: &Needs) {
        let domain = format!("{name}_t");
        self.allow(
            &domain,
            &domain,
            "process",
            "fork sigchld signal signull sigkill sigstop getsched setsched getattr setrlimit",
        );
        self.allow(&domain, &domain, "fifo_file", "read write getattr ioctl lock append");
        self.allow(&domain, &domain, "fd", "use");
        self.allow(&domain, &domain, "dir", "search read open getattr");
        self.allow(&domain, &domain, "file", "read open getattr");
        self.allow(&domain, &domain, "lnk_file", "read getattr");
        if needs.writes_code {
            self.allow(&domain, &domain, "process", "execmem");
        }
        for capability in &needs.capabilities {
            let class = if capability.number() < 32 { "capability" } else { "capability2" };
            self.allow(&domain, &domain, class, &capability.bare());
        }
    }

    fn file(&mut self, name: &str, label: &Label, access: Access) {
        let domain = format!("{name}_t");
        let type_ = label.name();
        self.allow(&domain, type_, "dir", "search getattr read open");
        self.allow(&domain, type_, "lnk_file", "read getattr");
        if let Label::Device(type_) = label {
            let rights = if access.write { "read write append" } else { "read" };
            self.allow(&domain, type_, "chr_file", &format!("getattr open ioctl {rights}"));
            return;
        }
        if access.read {
            self.allow(&domain, type_, "file", "getattr open read ioctl lock");
        }
        if access.map {
            self.allow(&domain, type_, "file", "map execute");
        }
        if access.execute {
            self.allow(&domain, type_, "file", "map execute execute_no_trans");
        }
        if access.write {
            self.allow(
                &domain,
                type_,
                "file",
                "create write append unlink rename link setattr map",
            );
            self.allow(
                &domain,
                type_,
                "dir",
                "create write add_name remove_name rmdir rename setattr",
            );
            self.allow(&domain, type_, "sock_file", "create write unlink getattr setattr");
            self.allow(&domain, type_, "lnk_file", "create unlink");
        }
    }

    fn network(&mut self, name: &str, needs: &Needs) {
        let domain = format!("{name}_t");
        let known = needs.known_network();
        for family in &known.families {
            for class in classes(family.name(), needs) {
                self.allow(&domain, &domain, class, SOCKET);
                if class.contains("stream") || *class == "tcp_socket" {
                    self.allow(&domain, &domain, class, "listen accept");
                }
            }
        }
        let internet: Vec<_> =
            known.families.iter().filter(|family| family.name().starts_with("inet")).collect();
        if internet.is_empty() {
            return;
        }
        for class in ["tcp_socket", "udp_socket"] {
            self.allow(&domain, "node_t", class, "node_bind");
            // Which label a port has is the host's policy: `port_type` has them all.
            self.allow(&domain, "port_type", class, "name_bind");
        }
        self.allow(&domain, "port_type", "tcp_socket", "name_connect");
        for (type_, label) in [("net_conf_t", "file"), ("cert_t", "file")] {
            self.allow(&domain, type_, label, "getattr open read");
            self.allow(&domain, type_, "dir", "search getattr");
        }
    }

    fn allow(&mut self, who: &str, what: &str, class: &str, rights: &str) {
        for type_ in [who, what] {
            if !self.own_types.contains(type_) {
                self.foreign_types.insert(type_.to_owned());
            }
        }
        let rights = rights.split(' ').map(str::to_owned);
        self.classes.entry(class.to_owned()).or_default().extend(rights.clone());
        let rule = (who.to_owned(), what.to_owned(), class.to_owned());
        self.rules.entry(rule).or_default().extend(rights);
    }

    fn text(&self, name: &str) -> String {
        let mut text = format!(
            "# Made by `auditctl harden selinux`. Compile it, in a file of the module's name, with:\n\
             #   checkmodule -M -m -o {name}.mod {name}.te && semodule_package -o {name}.pp -m {name}.mod -f {name}.fc\n\
             # `--file-contexts` prints {name}.fc. To see first what it denies: semanage permissive -a {name}_t\n\
             module {name} 1.0;\n\nrequire {{\n"
        );
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  attribute domain;\n  attribute exec_type;\n  attribute file_type;\n  role system_r;"
        );
        for type_ in &self.foreign_types {
            let kind = if *type_ == "port_type" { "attribute" } else { "type" };
            let _ = writeln!(text, "  {kind} {type_};");
        }
        for (class, rights) in &self.classes {
            let _ = writeln!(text, "  class {class} {{ {} }};", joined(rights));
        }
        text.push_str("}\n\n");
        for type_ in &self.own_types {
            let kind = match type_.as_str() {
                domain if domain == format!("{name}_t") => "domain",
                exec if exec == format!("{name}_exec_t") => "file_type, exec_type",
                _ => "file_type",
            };
            let _ = writeln!(text, "type {type_}, {kind};");
        }
        let _ = writeln!(text, "role system_r types {name}_t;\n");
        for transition in &self.transitions {
            let _ = writeln!(text, "{transition}");
        }
        text.push('\n');
        for ((who, what, class), rights) in &self.rules {
            let what = if who == what { "self" } else { what };
            let _ = writeln!(text, "allow {who} {what}:{class} {{ {} }};", joined(rights));
        }
        text
    }
}

fn contexts_text(contexts: &BTreeMap<String, String>) -> String {
    let line =
        |(pattern, label): (&String, &String)| format!("{pattern}\tsystem_u:object_r:{label}:s0\n");
    contexts.iter().map(line).collect()
}

fn joined(rights: &BTreeSet<String>) -> String {
    rights.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn classes(family: &str, needs: &Needs) -> &'static [&'static str] {
    let is_raw = needs.capabilities.iter().any(|one| one.bare() == "net_raw");
    match family {
        "inet" | "inet6" if is_raw => &["tcp_socket", "udp_socket", "rawip_socket"],
        "inet" | "inet6" => &["tcp_socket", "udp_socket"],
        "unix" => &["unix_stream_socket", "unix_dgram_socket"],
        "netlink" => &["netlink_route_socket"],
        "packet" => &["packet_socket"],
        "vsock" => &["vsock_socket"],
        "bluetooth" => &["bluetooth_socket"],
        "alg" => &["alg_socket"],
        _ => &["socket"],
    }
}

const SOCKET: &str = "create bind connect getattr setattr getopt setopt read write shutdown ioctl";
