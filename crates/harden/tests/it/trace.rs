//! Needs from what strace wrote.

use wardkit_harden::{Error, Needs, Trace};

#[test]
fn calls_tell_files_sockets_and_rights() {
    let needs = read(
        r#"
12 execve("/usr/bin/bot", ["bot", "a, b)"], 0x7ffe /* 3 vars */) = 0
12 openat(AT_FDCWD</srv/bot>, "conf.toml", O_RDONLY|O_CLOEXEC) = 3</etc/bot.toml>
12 openat(AT_FDCWD, "/var/lib/bot/db", O_RDWR|O_CREAT, 0644) = 4
12 openat(AT_FDCWD, "/missing", O_RDONLY) = -1 ENOENT (No such file or directory)
12 openat(AT_FDCWD, "/srv/plugins", O_RDONLY|O_DIRECTORY) = 5
12 mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3</usr/lib/libx.so>, 0) = 0x7f00
12 mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f01
12 socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 6
12 bind(6, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::", &sin6_addr), sin6_scope_id=0}, 28) = 0
12 connect(7<socket:[1]>, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)
12 connect(8, {sa_family=AF_UNIX, sun_path="/run/x, y.sock"}, 110) = 0
12 connect(8, {sa_family=AF_UNIX, sun_path="/run/none.sock"}, 110) = -1 ENOENT (No such file or directory)
12 bind(9, {sa_family=AF_UNIX, sun_path=@"abstract"}, 12) = 0
12 rename("/var/lib/bot/a", "/var/lib/bot/b") = 0
12 setuid(1000)                      = 0
12 chown("/var/lib/bot/db", 5, -1)   = 0
12 fchown(4, -1, -1)                 = 0
12 exit_group(0)                     = ?
12 +++ exited with 0 +++
"#,
    );
    assert_eq!(
        files(&needs),
        [
            "/etc/bot.toml r",
            "/run/x, y.sock rw",
            "/srv/bot/conf.toml r",
            "/srv/plugins l",
            "/usr/bin/bot rxm",
            "/usr/lib/libx.so rm",
            "/var/lib/bot/a rw",
            "/var/lib/bot/b rw",
            "/var/lib/bot/db rw",
        ]
    );
    let capabilities: Vec<String> = needs.capabilities.iter().map(|one| one.bare()).collect();
    assert_eq!(capabilities, ["chown", "net_bind_service", "setuid"]);
    let network = needs.network.unwrap();
    assert!(
        network.beyond_host && network.listen.contains(&443) && network.connect.contains(&5432)
    );
    assert_eq!(network.families.iter().map(|family| family.name()).collect::<Vec<_>>(), ["inet6"]);
    assert!(needs.writes_code && !needs.makes_namespaces);
    let calls: Vec<&str> = needs.system_calls.iter().map(|call| call.name()).collect();
    assert!(
        calls.contains(&"exit_group") && calls.contains(&"fchown") && calls.len() == 11,
        "{calls:?}"
    );
}

#[test]
fn lines_of_several_processes_are_put_together() {
    let needs = read(
        "1 chdir(\"/srv\") = 0\n1 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n\
         3 open(\"/x\", O_RDONLY <unfinished ...>\n1 <... clone resumed>) = 2\n2 open(\"a\", O_RDONLY) = 3\n\
         --- SIGCHLD {si_signo=SIGCHLD} ---\n3 <... open resumed>) = 4\n\
         [pid  2] 12:00:01.5 open(\"b\", O_RDONLY) = 3\n2 1700000000.123456 mkdir(\"c\", 0777) = 0\n\
         1 unshare(CLONE_NEWNS) = 0\n",
    );
    assert_eq!(files(&needs), ["/srv/a r", "/srv/b r", "/srv/c rlw", "/x r"]);
    assert!(
        needs.makes_namespaces && needs.capabilities.iter().any(|one| one.bare() == "sys_admin")
    );
}

#[test]
fn names_that_change_with_each_run_become_their_directory() {
    let needs = read(
        "7 open(\"/tmp/abc123\", O_RDWR|O_CREAT, 0600) = 3\n7 open(\"/proc/7/status\", O_RDONLY) = 3\n\
         7 open(\"/srv/__pycache__/m.pyc.140\", O_WRONLY|O_CREAT, 0600) = 3\n7 open(\"/tmp/read\", O_RDONLY) = 3\n",
    );
    assert_eq!(
        files(&needs),
        ["/proc/self/status r", "/srv/__pycache__/ rw", "/tmp/ rw", "/tmp/read r"]
    );
}

#[test]
fn hostile_lines_are_counted_and_nothing_else() {
    let long = format!("1 open(\"/{}\", O_RDONLY) = 3\n", "a".repeat(1 << 20));
    for (text, expected) in [
        ("no line of strace\n", [1, 0, 0, 0]),
        ("1 open(\"/a\\nb\", O_RDONLY) = 3\n", [0, 0, 1, 0]),
        ("1 open(\"/a\\33[2J\", O_RDONLY) = 3\n", [0, 0, 1, 0]),
        ("1 open(\"/a\"..., O_RDONLY) = 3\n", [0, 0, 1, 0]),
        ("1 open(\"a\", O_RDONLY) = 3\n", [0, 1, 0, 0]),
        ("1 openat(5, \"a\", O_RDONLY) = 3\n", [0, 1, 0, 0]),
        ("1 made_up(1) = 0\n", [0, 0, 0, 1]),
        ("1 syscall_0x1ff(1) = 0\n", [0, 0, 0, 1]),
        ("1 open(\"/a\", O_RDONLY\n", [1, 0, 0, 0]),
        ("1 <... open resumed>) = 3\n", [1, 0, 0, 0]),
        ("1 open((((((((((\n", [1, 0, 0, 0]),
        ("1 open(\"/a\\377\\376\", O_RDONLY) = 3\n", [0, 0, 1, 0]),
        (&long, [1, 0, 0, 0]),
    ] {
        let all = format!("9 getpid() = 9\n{text}");
        let trace = Trace::read(all.as_bytes()).unwrap();
        let skipped = trace.skipped;
        let counts =
            [skipped.lines, skipped.relative_paths, skipped.odd_paths, skipped.unknown_calls];
        let shown: String = text.chars().take(60).collect();
        assert_eq!((counts, files(&trace.needs).len()), (expected, 0), "{shown}");
    }
    for empty in ["", "\n", "+++ exited with 0 +++\n", "garbage"] {
        assert!(matches!(Trace::read(empty.as_bytes()), Err(Error::EmptyTrace)), "{empty}");
    }
}

fn read(text: &str) -> Needs {
    let trace = Trace::read(text.as_bytes()).unwrap();
    assert_eq!(trace.skipped, Trace::read(&b"1 getpid() = 1\n"[..]).unwrap().skipped);
    trace.needs
}

fn files(needs: &Needs) -> Vec<String> {
    let letters = |access: &wardkit_harden::Access| {
        let all = [
            (access.read, 'r'),
            (access.list, 'l'),
            (access.write, 'w'),
            (access.execute, 'x'),
            (access.map, 'm'),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, letter)| letter).collect::<String>()
    };
    needs.files.iter().map(|(place, access)| format!("{place} {}", letters(access))).collect()
}
