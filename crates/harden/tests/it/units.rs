//! Units are kept to the letter, and get what they lack.

use wardkit_harden::{Error, Needs, Trace, Unit, exposure, manifest};

const BOT: &str = "[Unit]\nDescription=a bot\n\n[Service]\n# why\nExecStart=/usr/bin/python3 \\\n  /srv/bot/bot.py\nUser=bot\nPrivateTmp=no\n\n[Install]\nWantedBy=multi-user.target\n";

#[test]
fn what_a_unit_has_is_kept_and_hardening_twice_is_hardening_once() {
    let unit = Unit::parse(BOT).unwrap();
    let hardened = unit.hardened(&unit.needs());
    let mut rest = hardened.text.as_str();
    for line in BOT.lines() {
        let (_, after) =
            rest.split_once(line).unwrap_or_else(|| panic!("{line} is gone: {}", hardened.text));
        rest = after;
    }
    assert!(!hardened.text.contains("PrivateTmp=yes"));
    assert!(
        hardened.text.find("NoNewPrivileges=yes").unwrap()
            < hardened.text.find("[Install]").unwrap()
    );
    let again = Unit::parse(&hardened.text).unwrap();
    let second = again.hardened(&again.needs());
    assert_eq!((second.text.as_str(), second.added.len()), (hardened.text.as_str(), 0));
    assert!(exposure(&again).tenths < 25 && exposure(&unit).tenths > 90);
    // Each line that was added has its reason above it.
    let lines: Vec<&str> = hardened.text.lines().collect();
    for added in &hardened.added {
        let at = lines.iter().position(|line| line == added).unwrap();
        assert!(lines[at - 1].starts_with("# "), "{added}");
    }
}

#[test]
fn needs_take_back_what_would_break_the_program() {
    let unit = Unit::parse("[Service]\nExecStart=/srv/bot/bot\nUser=bot\n").unwrap();
    let rows = [
        ("writes-code = true", "MemoryDenyWriteExecute=yes", false),
        ("makes-namespaces = true", "RestrictNamespaces=yes", false),
        ("reads = [\"/dev/ttyUSB0\"]", "PrivateDevices=yes", false),
        ("reads = [\"/home/bot/x\"]", "ProtectHome=read-only", true),
        ("", "ProtectHome=yes", true),
        ("", "PrivateNetwork=yes", true),
        ("[network]\nfamilies = [\"inet\"]", "PrivateNetwork=yes", false),
        ("[network]\nfamilies = [\"inet\"]\nbeyond-host = false", "IPAddressAllow=localhost", true),
        ("[network]\nfamilies = [\"netlink\"]", "RestrictAddressFamilies=AF_UNIX AF_NETLINK", true),
        ("capabilities = [\"sys_time\"]", "ProtectClock=yes", false),
        ("capabilities = [\"net_bind_service\"]", "AmbientCapabilities=CAP_NET_BIND_SERVICE", true),
        ("capabilities = [\"net_bind_service\"]", "PrivateUsers=yes", false),
        (
            "capabilities = [\"net_bind_service\"]",
            "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
            true,
        ),
        ("system-calls = [\"read\", \"chown\"]", "SystemCallFilter=chown", true),
        ("writes = [\"/srv/data/\", \"/srv/x/file\"]", "ReadWritePaths=-/srv/data", true),
        ("writes = [\"/srv/data/\", \"/srv/x/file\"]", "ReadWritePaths=-/srv/x", true),
        ("writes = [\"/run/bot.sock\"]", "UMask=0077", false),
        ("reads = [\"/proc/1/stat\"]", "ProtectProc=invisible", false),
    ];
    for (text, line, is_there) in rows {
        let added = unit.hardened(&manifest(text).unwrap()).added;
        assert_eq!(added.iter().any(|one| one == line), is_there, "{text}: {line}: {added:?}");
    }
    let traced = Trace::read(&b"1 open(\"/proc/self/stat\", O_RDONLY) = 3\n"[..]).unwrap();
    assert!(unit.hardened(&traced.needs).added.contains(&"ProcSubset=pid".to_owned()));
}

#[test]
fn what_the_unit_says_of_its_places_is_obeyed() {
    let text = "[Service]\nExecStart=/bin/sh -c 'exec /home/bot/run /tmp/x'\nWorkingDirectory=/srv/bot\nStateDirectory=bot\nReadWritePaths=/srv/a \"/srv/b\"\n";
    let unit = Unit::parse(text).unwrap();
    let hardened = unit.hardened(&unit.needs());
    assert!(
        hardened.added.contains(&"ReadWritePaths=-/srv/bot".to_owned()),
        "{:?}",
        hardened.added
    );
    assert_eq!(hardened.added.iter().filter(|line| line.starts_with("ReadWritePaths")).count(), 1);
    assert!(hardened.added.contains(&"ProtectHome=read-only".to_owned()));
    assert!(
        !hardened.text.contains("PrivateTmp=yes")
            && hardened.notes.iter().any(|note| note.contains("/tmp"))
    );
    assert!(hardened.notes.iter().any(|note| note.contains("runs as root")));
    // A new need is added to a unit that was hardened already.
    let again = Unit::parse(&hardened.text).unwrap();
    let more = again
        .hardened(&manifest("writes = [\"/srv/new/\"]\n[network]\nfamilies = [\"inet\"]").unwrap());
    assert_eq!(more.added, ["ReadWritePaths=-/srv/new"]);
}

#[test]
fn what_compiles_while_it_runs_may() {
    for (start, may) in [
        ("/usr/bin/node bot.js", true),
        ("/usr/bin/env -S pypy3.10 b", true),
        ("/usr/bin/python3 b", false),
    ] {
        let unit = Unit::parse(&format!("[Service]\nExecStart={start}\n")).unwrap();
        let added = unit.hardened(&unit.needs()).added;
        assert_eq!(!added.contains(&"MemoryDenyWriteExecute=yes".to_owned()), may, "{start}");
    }
}

#[test]
fn what_is_no_unit_of_a_service_is_refused() {
    for text in [
        "",
        "[Unit]\nDescription=x\n",
        "ExecStart=/bin/true\n",
        "[Service]\nExecStart=/bin/\u{1b}[2J\n",
        "[Timer]\nOnBootSec=1\n",
    ] {
        assert!(matches!(Unit::parse(text), Err(Error::Unit { .. })), "{text:?}");
    }
    // Odd ones are read, and end.
    for text in [
        "[Service]\nExecStart=/a \\",
        "[Service]\nx\n=\n\\\n",
        "[Service]\n[Service]\n",
        "[Service]\nA=b\\\n# c\n  d",
    ] {
        let unit = Unit::parse(text).unwrap();
        let once = Unit::parse(&unit.hardened(&Needs::default()).text).unwrap();
        assert_eq!(once.hardened(&Needs::default()).text, once.text(), "{text:?}");
    }
}
