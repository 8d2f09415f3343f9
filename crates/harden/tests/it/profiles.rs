//! What profiles say for needs.

use wardkit_harden::{Needs, Program, Subject, Unit, apparmor, manifest, policy, seccomp, selinux};

#[test]
fn no_path_breaks_out_of_its_rule() {
    let needs = manifest(r#"reads = ["/a\" rwx,\\", "/b,} profile x {", "/c*", "/d e"]"#).unwrap();
    let subject = Subject::new("/srv/b\"o t").unwrap();
    let profile = apparmor(&subject, &needs);
    for rule in [
        r#"  "/a\" rwx\,\\" r,"#,
        r#"  "/b\,\} profile x \{" r,"#,
        r#"  "/c\*" r,"#,
        r#"  "/d e" r,"#,
        r#"profile b_o_t "/srv/b\"o t" {"#,
    ] {
        assert!(profile.lines().any(|line| line == rule), "{rule}\n{profile}");
    }
    let contexts = selinux(&subject, &needs).file_contexts;
    assert!(contexts.contains("/d\\x20e\tsystem_u:object_r:b_o_t_ro_t:s0\n"), "{contexts}");
    assert!(contexts.lines().all(|line| line.split_ascii_whitespace().count() == 2));
    let needs = manifest("writes = [\"/srv/100% \\\"x\\\"/\"]").unwrap();
    assert!(Unit::starting(&subject, &needs).is_err());
    let subject = Subject::new("/srv/b o$t").unwrap();
    let hardened = Unit::starting(&subject, &needs).unwrap().hardened(&needs);
    assert!(hardened.text.contains("ExecStart=\"/srv/b o$t\"\n"), "{}", hardened.text);
    assert!(
        hardened.text.contains("ReadWritePaths=-\"/srv/100%% \\\"x\\\"\"\n"),
        "{}",
        hardened.text
    );
}

#[test]
fn what_is_not_needed_is_in_no_profile() {
    let needs = manifest("reads = [\"/etc/bot.toml\"]").unwrap();
    let subject = Subject::new("/srv/bot").unwrap();
    let profile = apparmor(&subject, &needs);
    for word in ["network", "capability", " wk", "mount"] {
        assert!(!profile.contains(word), "{word}: {profile}");
    }
    let module = selinux(&subject, &needs).rules;
    for word in ["tcp_socket", "capability", "execmem", "port_type", "permissive bot"] {
        assert!(!module.contains(word), "{word}: {module}");
    }
    let filter: serde_json::Value = serde_json::from_str(&seccomp(&needs)).unwrap();
    let named = |name: &str| {
        let rules = filter["syscalls"].as_array().unwrap();
        rules.iter().any(|rule| {
            rule["action"] == "SCMP_ACT_ALLOW"
                && rule["names"].as_array().unwrap().iter().any(|one| one == name)
        })
    };
    assert!(named("read") && !named("socket") && !named("ptrace") && !named("clone3"));
}

#[test]
fn the_policy_of_the_sandbox_grants_the_same() {
    let needs = manifest(
        "reads = [\"/etc/ssl/\"]\nwrites = [\"/var/lib/bot/\"]\n[network]\nfamilies = [\"inet\"]",
    )
    .unwrap();
    let policy = policy(&Subject::new("/srv/bot").unwrap(), &needs);
    let binds: Vec<_> = policy
        .grants
        .binds
        .iter()
        .map(|bind| (bind.path.to_str().unwrap(), bind.writable))
        .collect();
    assert_eq!(binds, [("/etc/ssl", false), ("/srv/bot", false), ("/var/lib/bot", true)]);
    assert!(policy.grants.network && policy.grants.environment.is_empty());
    let offline = manifest("[network]\nfamilies = [\"unix\"]").unwrap();
    assert!(!wardkit_harden::policy(&Subject::new("/srv/bot").unwrap(), &offline).grants.network);
}

#[test]
fn a_program_s_own_bytes_give_its_loader_and_libraries() {
    let own = std::env::current_exe().unwrap();
    let program = Program::read(&std::fs::read(&own).unwrap()).unwrap();
    let subject = Subject::new(own.to_str().unwrap()).unwrap();
    let needs = program.needs(subject.program()).unwrap();
    let has = |path: &str| {
        needs.files.iter().any(|(place, access)| place.path().starts_with(path) && access.map)
    };
    assert!(has("/usr/lib") && has("/lib64/ld-") || has("/lib/ld-"), "{:?}", needs.files.keys());
    assert!(
        Program::read(b"MZ").is_err()
            && Program::read(b"").is_err()
            && Program::read(b"\x7fELF\x01").is_err()
    );
    assert!(Program::usual("node").writes_code && !Program::usual("python3").writes_code);
    assert_eq!(Program::usual("python3").network, Needs::default().network);
}
