//! What the host answers to, and the firewall.

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::{Listener, Protocol};
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "Network", rows: &ROWS };

/// Fails with sockets that others reach.
fn public(host: &Host<'_>, current: &str, is_bad: &dyn Fn(&Listener) -> bool) -> Answer {
    settled(known(&host.facts.listeners).map(|all| {
        let bad = all.iter().filter(|one| one.is_public() && is_bad(one));
        let answer = bad.fold(Answer::fail(current), |answer, one| {
            let name = if one.protocol == Protocol::Tcp { "tcp" } else { "udp" };
            answer.with(format!("{name} {}", one.port), one.shown())
        });
        if answer.subjects.is_empty() {
            Answer::pass("nothing of the kind")
        } else {
            answer.at("/proc/net", 0)
        }
    }))
}

fn unexpected(host: &Host<'_>) -> Answer {
    let allowed = |one: &Listener| {
        // What a client of names or time waits on is no service.
        let is_client =
            one.protocol == Protocol::Udp && (one.port >= 32_768 || CLIENTS.contains(&one.port));
        is_client || host.settings.public_ports.contains(&one.port) || database(one).is_some()
    };
    public(host, "Others reach ports that nobody named.", &|one| !allowed(one))
}

fn databases(host: &Host<'_>) -> Answer {
    public(host, "Others reach databases.", &|one| database(one).is_some())
}

fn database(one: &Listener) -> Option<&'static str> {
    let is_it = |(port, _): &&(u16, _)| one.protocol == Protocol::Tcp && *port == one.port;
    DATABASES.iter().find(is_it).map(|(_, name)| *name)
}

fn firewall(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.firewall).map(|firewall| {
        match &firewall.name {
            Some(name) => Answer::pass(format!("{name} starts with the host")),
            None => Answer::fail("No firewall is set up to start with the host.")
                .with(
                    "firewall",
                    "neither ufw, firewalld, nftables nor iptables-persistent is set up",
                )
                .at("/etc", 0),
        }
    }))
}

fn ipv6(host: &Host<'_>) -> Answer {
    let judge = || {
        let (firewall, has_ipv6) =
            (known(&host.facts.firewall)?, known(&host.facts.has_global_ipv6)?);
        Ok(match &firewall.name {
            _ if !has_ipv6 => Answer::not_applicable("the host has no public IPv6 address"),
            Some(name) if firewall.has_ipv6 => Answer::pass(format!("{name} has rules for IPv6")),
            Some(name) => Answer::fail(format!("{name} has rules for IPv4 alone."))
                .with("ipv6", "the host has a public IPv6 address")
                .at("/etc", 0),
            None => Answer::not_applicable("there is no firewall at all"),
        })
    };
    settled(judge())
}

/// Clients of DHCP, NTP and mDNS.
const CLIENTS: [u16; 5] = [68, 123, 323, 546, 5353];

const DATABASES: [(u16, &str); 12] = [
    (1433, "SQL Server"),
    (2379, "etcd"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (8086, "InfluxDB"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (11_211, "memcached"),
    (26_379, "Redis Sentinel"),
    (27_017, "MongoDB"),
];

const ROWS: [Row; 4] = [
    Row {
        id: "host-net-unexpected-port",
        title: "Others reach a port that nobody named",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "Every port is a program that strangers can talk to; metrics and debuggers are left open so.",
        expected: "Only the ports in `host.public-ports` of .auditctl.toml: 22, 80 and 443 unless it says otherwise.",
        recommendation: "Let the program listen on 127.0.0.1, close the port in the firewall, or name it in `host.public-ports`.",
        cwe: &[668],
        judge: unexpected,
    },
    Row {
        id: "host-net-database-port",
        title: "Others reach a database",
        severity: Severity::Critical,
        effort: Effort::Small,
        description: "Databases on the internet are found within hours, and emptied; some ask for no password.",
        expected: "A database listens on 127.0.0.1 or on a private network.",
        recommendation: "Bind it to 127.0.0.1 (`bind`, `listen_addresses`; for Docker `127.0.0.1:6379:6379`), then restart it.",
        cwe: &[668, 306],
        judge: databases,
    },
    Row {
        id: "host-net-firewall",
        title: "There is no firewall",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "The next program that listens on every address is on the internet at once.",
        expected: "ufw, firewalld, nftables or iptables-persistent starts with the host and refuses by default.",
        recommendation: "`ufw allow OpenSSH && ufw enable`; the provider's own firewall counts, too: then suppress this with that reason.",
        cwe: &[1188],
        judge: firewall,
    },
    Row {
        id: "host-net-ipv6-open",
        title: "The firewall leaves IPv6 open",
        severity: Severity::High,
        effort: Effort::Small,
        description: "Everything that is closed over IPv4 is reached over IPv6.",
        expected: "The firewall has the same rules for IPv6.",
        recommendation: "ufw: `IPV6=yes` in /etc/default/ufw, then `ufw reload`; nftables: a table `inet`.",
        cwe: &[668],
        judge: ipv6,
    },
];
