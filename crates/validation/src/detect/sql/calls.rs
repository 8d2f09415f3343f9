//! Functions, catalogues and variables that only a database has.

use super::Scan;
use super::grammar::{comparison, expression, skip_group};
use super::lexer::{Kind, Token};
use super::rules;
use super::window::Window;
use super::words::{CASE, CATALOG, DANGER, DELAY, FUNCTION, RARE, SELECT, TYPE};

/// Looks at a word of the dictionary.
pub(super) fn word(scan: &mut Scan<'_, '_, '_>) {
    let token = scan.window.at(0);
    if token.has(DELAY) {
        delay(scan);
    }
    if token.has(DANGER) {
        danger(scan);
    }
    if token.has(CATALOG) && !matches!(scan.window.at(1).kind, Kind::Open(_)) {
        scan.hit(&rules::CATALOGUE, 0, 1);
    }
    if token.has(CASE) {
        case(scan);
    }
    call(scan, token);
    named(scan);
}

/// `sleep(5)`, `waitfor delay`.
fn delay(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let next = window.at(1);
    let package = window.is_any(0, "dbms_pipe dbms_lock user_lock");
    let argument = window.at(2);
    let behind = window.at(skip_group(window, 1));
    // "Sleep (8 hours)", "sleep(8) well"
    let spoken = window.before().is_some_and(|before| {
        let word = window.text(before);
        before.kind == Kind::Word && SPOKEN.iter().any(|known| word.eq_ignore_ascii_case(known))
    });
    let prose = spoken
        || behind.kind == Kind::Word && behind.flags == 0
        || next.gap
            && (argument.kind != Kind::Number
                || !matches!(window.at(3).kind, Kind::Close(_))
                || window.is(0, "benchmark"));
    let called = matches!(next.kind, Kind::Open(_))
        && !is_method(window)
        && !prose
        && !matches!(argument.kind, Kind::Close(_));
    if (package && next.kind == Kind::Dot) || called {
        scan.hit(&rules::DELAY, 0, 3);
    }
}

/// Words before the name of a function that people speak of.
const SPOKEN: &[&str] = &[
    "i", "you", "we", "it", "does", "use", "using", "used", "call", "calling", "typed", "type",
    "the", "a", "that", "this", "why", "explain", "about", "of", "with", "between", "to",
    "between", "is",
];

/// Tells whether the word is the method of something: `time.sleep(1)`.
fn is_method(window: &Window<'_>) -> bool {
    window.before().is_some_and(|before| {
        matches!(before.kind, Kind::Dot | Kind::Cast)
            || (before.kind == Kind::Json && window.text(before) == "->")
            || (before.kind == Kind::Word && window.text(before).eq_ignore_ascii_case("def"))
            || (before.kind == Kind::Word && window.text(before).eq_ignore_ascii_case("function"))
    })
}

fn danger(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let text = window.text(window.at(0));
    let next = window.at(1).kind;
    let package = text.split_once('_').map_or("", |(prefix, _)| prefix);
    let procedure =
        ["xp", "sp", "utl", "dbms"].iter().any(|known| package.eq_ignore_ascii_case(known));
    let called = matches!(next, Kind::Open(_)) && !is_method(window);
    if procedure || called || next == Kind::Dot {
        scan.hit(&rules::SYSTEM, 0, 1);
    }
}

/// `case when a then b`, `case a when b then c end`
fn case(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let Some(when) = (1..CASE_REACH / 3).find(|at| window.is(*at, "when")) else {
        return;
    };
    let Some(then) = (when + 2..CASE_REACH).find(|at| window.is(*at, "then")) else {
        return;
    };
    let straight = when == 1 && comparison(window, 2).is_some();
    let found = straight || (then + 2..CASE_REACH).any(|at| window.is(at, "end"));
    if found && expression(window, when + 1).is_some() {
        scan.hit(&rules::BRANCH, 0, when + 1);
    }
}

fn call(scan: &mut Scan<'_, '_, '_>, token: Token) {
    let window = &scan.window;
    let next = window.at(1);
    let Kind::Open(_) = next.kind else {
        return;
    };
    if !token.has(FUNCTION | RARE | TYPE) {
        return;
    }
    if token.has(RARE) && !next.gap && !is_method(window) {
        return scan.hit(&rules::FUNCTION, 0, 2);
    }
    if window.is_any(0, "char chr nchar") {
        characters(scan);
    } else if window.is_any(0, "concat concat_ws") {
        concatenation(scan);
    } else if window.is_any(0, "if iif") && !next.gap {
        conditional(scan);
    } else if window.is_any(0, SIZED) && window.at(2).kind == Kind::Number {
        scan.hit(&rules::CONVERSION, 0, 3);
    } else if window.is_any(0, "cast convert") {
        conversion(scan);
    } else if window.is_any(0, "exp floor pow") {
        overflow(scan);
    }
}

/// `char(97,98)`, `chr(97)||chr(98)`.
fn characters(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    if window.at(2).kind != Kind::Number {
        return;
    }
    let after = window.at(4);
    let list = window.at(3).kind == Kind::Comma && window.at(4).kind == Kind::Number;
    let joined = matches!(window.at(3).kind, Kind::Close(_))
        && (after.kind == Kind::Logic
            || (after.kind == Kind::Sign && window.at(5).kind == Kind::Word));
    if list || joined {
        scan.hit(&rules::BUILT, 0, 4);
    }
}

/// `concat(0x3a, user())`
fn concatenation(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let found = (2..skip_group(window, 1).min(CONCAT_REACH)).any(|at| {
        let token = window.at(at);
        match token.kind {
            Kind::Number => window.text(token).starts_with("0x"),
            Kind::Variable => window.text(token).starts_with("@@"),
            Kind::Word => {
                token.has(SELECT | RARE)
                    || window.is_any(at, "char chr version database user")
                        && matches!(window.at(at + 1).kind, Kind::Open(_))
            }
            _ => false,
        }
    });
    if found {
        scan.hit(&rules::BUILT, 0, 3);
    }
}

/// `if(1=1,sleep(5),0)`
fn conditional(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let behind = comparison(window, 2)
        .map(|found| found.right.next)
        .or_else(|| expression(window, 2).filter(|found| found.constant).map(|found| found.next));
    let Some(at) = behind else {
        return;
    };
    if window.at(at).kind != Kind::Comma {
        return;
    }
    let second = expression(window, at + 1);
    if second.is_some_and(|second| window.at(second.next).kind == Kind::Comma) {
        scan.hit(&rules::BRANCH, 0, at);
    }
}

/// `cast(x as int)`, `convert(int, x)`, `convert(x using utf8)`.
fn conversion(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let end = skip_group(window, 1);
    let typed = window.at(2).has(TYPE) && matches!(window.at(3).kind, Kind::Comma | Kind::Open(_));
    let converted = (2..end).any(|at| {
        window.is(at, "as") && window.at(at + 1).has(TYPE)
            || window.is(at, "using") && window.at(at + 1).kind == Kind::Word
    });
    if typed || converted {
        scan.hit(&rules::CONVERSION, 0, 3);
    }
}

/// `exp(~(…))`, `floor(rand(0)*2)`: numbers that do not fit, so that the error tells what they were made of.
fn overflow(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let inverted = window.at(2).kind == Kind::Sign && window.text(window.at(2)).starts_with('~');
    let chance = window.is(2, "rand") && matches!(window.at(3).kind, Kind::Open(_));
    let seed = window.at(4).kind == Kind::Number;
    if inverted || (chance && seed) {
        scan.hit(&rules::CONVERSION, 0, 4);
    }
}

/// `mysql.user`, `master..sysdatabases`, `execute immediate`, `match (a) against (b)`.
fn named(scan: &mut Scan<'_, '_, '_>) {
    if scan.window.is_any(0, "against") {
        let before =
            scan.window.before().is_some_and(|before| matches!(before.kind, Kind::Close(_)));
        if before && matches!(scan.window.at(1).kind, Kind::Open(_)) {
            scan.hit(&rules::FUNCTION, 0, 2);
        }
    }
}

/// A table of a system's own schema.
pub(super) fn path(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    if window.at(1).kind != Kind::Dot {
        return;
    }
    let schema = window.is_any(0, "master msdb tempdb model");
    let skipped =
        schema && (window.at(2).kind == Kind::Dot || window.is(2, "dbo") || window.is(2, "sys"));
    let table = (window.is(0, "mysql")
        && window.is_any(2, "user users db admins func proc host tables_priv"))
        || (window.is(0, "sys") && window.is_any(2, SYS_VIEWS));
    if skipped || table {
        scan.hit(&rules::CATALOGUE, 0, 3);
    }
}

/// `@@version`
pub(super) fn variable(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let text = window.text(window.at(0));
    let Some(name) = text.strip_prefix("@@") else {
        return;
    };
    let name = name.trim_matches('`');
    if SERVER_VARIABLES.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name)) {
        scan.hit(&rules::VARIABLE, 0, 1);
    }
}

/// Tokens in which the parts of a string that is built are looked for; nested ones are looked at by themselves.
const CONCAT_REACH: usize = 12;

/// Types that only databases have, with their size.
const SIZED: &str = "varchar nvarchar varchar2 nvarchar2 nchar varbinary";

/// Tokens in which the parts of a `case` are looked for.
const CASE_REACH: usize = 30;

/// Views of which nobody's module is named.
const SYS_VIEWS: &str = "databases objects tables columns all_objects all_columns sysobjects syscolumns schemas \
    sql_logins server_principals database_principals user$ dba_users sysusers syslogins \
    dm_exec_sql_text indexes procedures types views xml_schema_collections";

/// What a server tells of itself.
const SERVER_VARIABLES: &str = "version version_comment version_compile_os version_compile_machine datadir basedir tmpdir \
    hostname servername servicename language langid spid global session identity rowcount \
    max_connections secure_file_priv plugin_dir dbts lock_timeout nestlevel options remserver \
    textsize trancount error procid cpu_busy general_log general_log_file log_error port \
    innodb_version character_set_database collation_database sql_mode autocommit time_zone \
    max_precision fetch_status total_errors connections idle io_busy pack_sent pack_received \
    variable new log_bin have_ssl init_file pid_file server_id server_uuid license \
    ft_min_word_len read_only";
