//! Words and signs that only code has.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::rules::{
    CLASS, DIRECTIVE, DYNAMIC, GADGET, JNDI, LOOKUP, LOOP, METHOD, PHP_OBJECT, PHP_TAG,
    PHP_VARIABLE, PICKLE, PROTOTYPE, SERIALIZED, SERVER_VARIABLE, UPLOAD, WRAPPER,
};
use crate::detect::Rule;
use crate::detect::hits::{Hits, whole_chars};
use crate::detect::lookup::Lookup;

/// Looks at what surrounds a literal; returns how far the attack goes.
type Check = fn(&[u8], Range<usize>) -> Option<usize>;

/// Looks for each literal.
pub(super) fn scan(text: &str, hits: &mut Hits<'_>) {
    let Some(automaton) = AUTOMATON.as_ref() else {
        return;
    };
    for found in automaton.find_overlapping_iter(text) {
        let (_, rule, check) = LITERALS[found.pattern().as_usize()];
        if !hits.counts(rule) {
            continue;
        }
        if !hits.spend(COST) {
            return;
        }
        if let Some(end) = check(text.as_bytes(), found.start()..found.end()) {
            hits.hit(rule, whole_chars(text, found.start()..end));
        }
    }
}

/// Tells whether bytes name a class that deserialisers are made to load, or a call that is sent encoded.
pub(super) fn names_gadget(bytes: &[u8]) -> bool {
    GADGETS.as_ref().is_some_and(|automaton| automaton.is_match(bytes))
}

static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(LITERALS.iter().map(|(literal, ..)| literal))
        .ok()
});

static GADGETS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let names =
        LITERALS.iter().filter(|(_, rule, _)| rule.id == GADGET.id).map(|(literal, ..)| *literal);
    let more = [
        "runtime",
        "_$$ND_FUNC$$_",
        "system(",
        "eval(",
        "<?php",
        "jndi:",
        "java.lang.",
        "org.apache.commons",
        "child_process",
    ];
    AhoCorasick::builder().ascii_case_insensitive(true).build(names.chain(more)).ok()
});

static LITERALS: &[(&str, &Rule, Check)] = &[
    ("<?php", &PHP_TAG, always),
    ("<?=", &PHP_TAG, always),
    ("<?", &PHP_TAG, short_tag),
    ("?>", &PHP_TAG, closing_tag),
    ("<script language=\"php", &PHP_TAG, always),
    ("<script language=php", &PHP_TAG, always),
    ("[php]", &PHP_TAG, always),
    ("[/php]", &PHP_TAG, always),
    ("<jsp:", &PHP_TAG, always),
    ("<cfexecute", &PHP_TAG, always),
    ("<cfscript", &PHP_TAG, always),
    ("$_GET", &PHP_VARIABLE, word),
    ("$_POST", &PHP_VARIABLE, word),
    ("$_REQUEST", &PHP_VARIABLE, word),
    ("$_COOKIE", &PHP_VARIABLE, word),
    ("$_SERVER", &PHP_VARIABLE, word),
    ("$_SESSION", &PHP_VARIABLE, word),
    ("$_FILES", &PHP_VARIABLE, word),
    ("$_ENV", &PHP_VARIABLE, word),
    ("$GLOBALS", &PHP_VARIABLE, word),
    ("$HTTP_", &PHP_VARIABLE, always),
    ("$argv", &PHP_VARIABLE, word),
    ("$argc", &PHP_VARIABLE, word),
    ("$php_errormsg", &PHP_VARIABLE, word),
    ("$", &DYNAMIC, variable),
    ("php://", &WRAPPER, always),
    ("phar://", &WRAPPER, always),
    ("zip://", &WRAPPER, own),
    ("zlib://", &WRAPPER, own),
    ("bzip2://", &WRAPPER, own),
    ("expect://", &WRAPPER, own),
    ("glob://", &WRAPPER, own),
    ("ogg://", &WRAPPER, own),
    ("rar://", &WRAPPER, own),
    ("ssh2.", &WRAPPER, ssh),
    ("ssh2://", &WRAPPER, own),
    ("netdoc:", &WRAPPER, own),
    ("jar:http", &WRAPPER, own),
    ("data:text/", &WRAPPER, own),
    ("data://", &WRAPPER, own),
    ("data:;base64", &WRAPPER, own),
    ("data:application/", &WRAPPER, own),
    ("data:image/svg", &WRAPPER, own),
    ("O:", &PHP_OBJECT, object),
    ("C:", &PHP_OBJECT, object),
    ("a:", &PHP_OBJECT, array),
    ("__wakeup", &PHP_OBJECT, word),
    ("__halt_compiler", &PHP_OBJECT, word),
    ("allow_url_", &DIRECTIVE, set),
    ("auto_append_file", &DIRECTIVE, set),
    ("auto_prepend_file", &DIRECTIVE, set),
    ("disable_functions", &DIRECTIVE, set),
    ("disable_classes", &DIRECTIVE, set),
    ("open_basedir", &DIRECTIVE, set),
    ("safe_mode", &DIRECTIVE, set),
    ("register_globals", &DIRECTIVE, set),
    ("magic_quotes_", &DIRECTIVE, set),
    ("short_open_tag", &DIRECTIVE, set),
    ("display_errors", &DIRECTIVE, set),
    ("error_log", &DIRECTIVE, set),
    ("include_path", &DIRECTIVE, set),
    ("extension_dir", &DIRECTIVE, set),
    ("enable_dl", &DIRECTIVE, set),
    ("sendmail_path", &DIRECTIVE, set),
    ("upload_tmp_dir", &DIRECTIVE, set),
    ("unserialize_callback_func", &DIRECTIVE, set),
    ("suhosin.", &DIRECTIVE, set),
    ("opcache.", &DIRECTIVE, set),
    ("session.", &DIRECTIVE, set),
    ("cgi.force_redirect", &DIRECTIVE, set),
    ("cgi.fix_pathinfo", &DIRECTIVE, set),
    ("zend.", &DIRECTIVE, set),
    ("zend_", &DIRECTIVE, set),
    ("mysqli.", &DIRECTIVE, set),
    ("soap.wsdl", &DIRECTIVE, set),
    ("xdebug.", &DIRECTIVE, set),
    ("assert.", &DIRECTIVE, set),
    ("pcre.", &DIRECTIVE, set),
    ("mbstring.", &DIRECTIVE, set),
    ("apc.", &DIRECTIVE, set),
    ("max_execution_time", &DIRECTIVE, set),
    ("memory_limit", &DIRECTIVE, set),
    ("user_agent", &DIRECTIVE, set),
    ("always_populate_raw_post_data", &DIRECTIVE, set),
    ("output_handler", &DIRECTIVE, set),
    ("default_charset", &DIRECTIVE, set),
    ("HTTP_ACCEPT", &SERVER_VARIABLE, own),
    ("HTTP_HOST", &SERVER_VARIABLE, own),
    ("HTTP_USER_AGENT", &SERVER_VARIABLE, own),
    ("HTTP_REFERER", &SERVER_VARIABLE, own),
    ("HTTP_X_", &SERVER_VARIABLE, own),
    ("HTTP_COOKIE", &SERVER_VARIABLE, own),
    ("HTTP_CONNECTION", &SERVER_VARIABLE, own),
    ("HTTP_KEEP_ALIVE", &SERVER_VARIABLE, own),
    ("HTTP_RAW_POST_DATA", &SERVER_VARIABLE, own),
    ("REMOTE_ADDR", &SERVER_VARIABLE, own),
    ("REMOTE_HOST", &SERVER_VARIABLE, own),
    ("REQUEST_URI", &SERVER_VARIABLE, own),
    ("SCRIPT_FILENAME", &SERVER_VARIABLE, own),
    ("SCRIPT_NAME", &SERVER_VARIABLE, own),
    ("DOCUMENT_ROOT", &SERVER_VARIABLE, own),
    ("QUERY_STRING", &SERVER_VARIABLE, own),
    ("PATH_TRANSLATED", &SERVER_VARIABLE, own),
    ("filename=", &UPLOAD, upload),
    (".ph", &UPLOAD, script),
    (".jsp", &UPLOAD, script),
    (".asp", &UPLOAD, script),
    (".cgi", &UPLOAD, script),
    (".cfm", &UPLOAD, script),
    ("jndi:", &JNDI, always),
    ("${${", &LOOKUP, always),
    ("${::-", &LOOKUP, always),
    ("${lower:", &LOOKUP, lookup),
    ("${upper:", &LOOKUP, lookup),
    ("${env:", &LOOKUP, lookup),
    ("${sys:", &LOOKUP, lookup),
    ("${java:", &LOOKUP, lookup),
    ("${ctx:", &LOOKUP, lookup),
    ("${date:", &LOOKUP, lookup),
    ("${main:", &LOOKUP, lookup),
    ("${bundle:", &LOOKUP, lookup),
    ("${docker:", &LOOKUP, lookup),
    ("${k8s:", &LOOKUP, lookup),
    ("${web:", &LOOKUP, lookup),
    ("${log4j:", &LOOKUP, lookup),
    ("${script:", &LOOKUP, lookup),
    ("${dns:", &LOOKUP, lookup),
    ("${url:", &LOOKUP, lookup),
    ("${base64:", &LOOKUP, lookup),
    ("${file:", &LOOKUP, lookup),
    ("${xml:", &LOOKUP, lookup),
    ("java.lang.", &CLASS, outside_trace),
    ("java/lang/", &CLASS, outside_trace),
    ("java.io.", &CLASS, outside_trace),
    ("java.util.", &CLASS, outside_trace),
    ("java.net.", &CLASS, outside_trace),
    ("java.nio.", &CLASS, outside_trace),
    ("java.rmi.", &CLASS, outside_trace),
    ("java.sql.", &CLASS, outside_trace),
    ("java.beans.", &CLASS, outside_trace),
    ("java.security.", &CLASS, outside_trace),
    ("javax.", &CLASS, outside_trace),
    ("org.apache.", &CLASS, outside_trace),
    ("org.springframework.", &CLASS, outside_trace),
    ("org.codehaus.", &CLASS, outside_trace),
    ("org.hibernate.", &CLASS, outside_trace),
    ("org.jboss.", &CLASS, outside_trace),
    ("org.omg.", &CLASS, outside_trace),
    ("org.mozilla.javascript", &CLASS, outside_trace),
    ("com.sun.", &CLASS, outside_trace),
    ("com.opensymphony.", &CLASS, outside_trace),
    ("com.mchange.", &CLASS, outside_trace),
    ("com.alibaba.fastjson", &CLASS, outside_trace),
    ("sun.misc.", &CLASS, outside_trace),
    ("sun.reflect.", &CLASS, outside_trace),
    ("bsh.", &CLASS, class),
    ("ognl.", &CLASS, class),
    ("groovy.", &CLASS, class),
    ("freemarker.", &CLASS, class),
    ("weblogic.", &CLASS, class),
    ("System.Diagnostics", &CLASS, outside_trace),
    ("System.Reflection", &CLASS, outside_trace),
    ("System.Runtime", &CLASS, outside_trace),
    ("processbuilder", &GADGET, outside_trace),
    ("clonetransformer", &GADGET, always),
    ("forclosure", &GADGET, always),
    ("whileclosure", &GADGET, always),
    ("instantiatefactory", &GADGET, always),
    ("instantiatetransformer", &GADGET, always),
    ("invokertransformer", &GADGET, always),
    ("chainedtransformer", &GADGET, always),
    ("constanttransformer", &GADGET, always),
    ("prototypeclonefactory", &GADGET, always),
    ("prototypeserializationfactory", &GADGET, always),
    ("templatesimpl", &GADGET, always),
    ("badattributevalueexp", &GADGET, always),
    ("annotationinvocationhandler", &GADGET, always),
    ("jdbcrowsetimpl", &GADGET, always),
    ("typeconfusedelegate", &GADGET, always),
    ("objectdataprovider", &GADGET, always),
    ("objectinputstream", &GADGET, outside_trace),
    ("objectoutputstream", &GADGET, outside_trace),
    ("urlclassloader", &GADGET, outside_trace),
    ("xmldecoder", &GADGET, always),
    ("filewriter", &GADGET, outside_trace),
    ("getproperty", &GADGET, outside_trace),
    ("getruntime", &GADGET, outside_trace),
    ("scriptenginemanager", &GADGET, always),
    ("elprocessor", &GADGET, always),
    ("groovyshell", &GADGET, always),
    ("lazymap", &GADGET, always),
    ("beancomparator", &GADGET, always),
    ("memberaccess", &GADGET, always),
    ("class.module.", &GADGET, own),
    ("classloader.resources", &GADGET, always),
    ("@java.", &GADGET, outside_trace),
    ("@ognl.", &GADGET, always),
    ("java.lang.process", &GADGET, outside_trace),
    ("java.lang.class", &GADGET, outside_trace),
    ("java.lang.reflect", &GADGET, outside_trace),
    ("java.lang.system", &GADGET, outside_trace),
    ("java.io.file", &GADGET, outside_trace),
    ("java.io.object", &GADGET, outside_trace),
    ("java.rmi.", &GADGET, outside_trace),
    ("javax.naming", &GADGET, outside_trace),
    ("javax.management", &GADGET, outside_trace),
    ("org.apache.commons.", &GADGET, outside_trace),
    ("javax.script", &GADGET, outside_trace),
    ("java.lang.runtime", &GADGET, outside_trace),
    ("rO0AB", &SERIALIZED, exact),
    ("KztAAU", &SERIALIZED, exact),
    ("Cs7QAF", &SERIALIZED, exact),
    ("aced0005", &SERIALIZED, always),
    ("AAEAAAD/////", &SERIALIZED, exact),
    ("H4sIAAAA", &SERIALIZED, gzip),
    ("\u{fffd}\u{fffd}\u{0}\u{5}", &SERIALIZED, always),
    ("¬í\u{0}\u{5}", &SERIALIZED, always),
    ("!!python/", &SERIALIZED, always),
    ("!ruby/", &SERIALIZED, always),
    ("!!java", &SERIALIZED, always),
    ("_$$ND_FUNC$$_", &SERIALIZED, always),
    ("__js_function", &SERIALIZED, always),
    ("\nsystem\n", &PICKLE, always),
    ("cos\n", &PICKLE, opcode),
    ("cposix\n", &PICKLE, opcode),
    ("csubprocess\n", &PICKLE, opcode),
    ("c__builtin__\n", &PICKLE, opcode),
    ("cbuiltins\n", &PICKLE, opcode),
    ("gASV", &PICKLE, exact),
    ("__proto__", &PROTOTYPE, always),
    ("constructor", &PROTOTYPE, constructor),
    ("__builtins__", &METHOD, always),
    ("__class__", &METHOD, always),
    ("__globals__", &METHOD, always),
    ("__subclasses__", &METHOD, always),
    ("__import__", &METHOD, always),
    ("__mro__", &METHOD, always),
    ("__bases__", &METHOD, always),
    ("__base__", &METHOD, always),
    ("__dict__", &METHOD, always),
    ("__init__", &METHOD, always),
    ("__file__", &METHOD, always),
    ("getClass(", &METHOD, own),
    (".getClassLoader", &METHOD, always),
    ("class.classLoader", &GADGET, own),
    ("(function", &METHOD, always),
    ("function(){", &METHOD, own),
    ("function (){", &METHOD, own),
    ("function() {", &METHOD, own),
    ("=>{", &METHOD, always),
    ("%{#", &METHOD, always),
    ("%{(", &METHOD, always),
    ("u0023", &METHOD, always),
    ("%x[", &METHOD, own),
    ("Command::new(", &METHOD, own),
    ("exec.Command", &METHOD, own),
    ("os/exec", &METHOD, own),
    ("WScript.", &METHOD, own),
    ("<cfquery", &PHP_TAG, always),
    ("cfexecute", &PHP_TAG, own),
    ("<cf_", &PHP_TAG, always),
    ("<cfinclude", &PHP_TAG, always),
    ("<asp:", &PHP_TAG, always),
    ("$ENV{", &PHP_VARIABLE, always),
    ("ENV[", &METHOD, own),
    ("${'", &DYNAMIC, always),
    ("${\"", &DYNAMIC, always),
    ("PHP_SELF", &SERVER_VARIABLE, own),
    ("$PROGRAM_NAME", &METHOD, word),
    ("$type\"", &GADGET, always),
    ("while", &LOOP, endless),
    ("for", &LOOP, endless),
    ("@{[", &LOOP, interpolated),
    ("new Function(", &METHOD, own),
    ("%x(", &METHOD, own),
    ("%x{", &METHOD, own),
    ("use IO::", &METHOD, own),
    ("use Socket", &METHOD, own),
];

#[expect(clippy::unnecessary_wraps, reason = "one of the checks")]
fn always(_: &[u8], found: Range<usize>) -> Option<usize> {
    Some(found.end)
}

/// The letters count as they are written.
fn exact(text: &[u8], found: Range<usize>) -> Option<usize> {
    let literal = LITERALS
        .iter()
        .map(|(literal, ..)| literal.as_bytes())
        .find(|l| l.eq_ignore_ascii_case(&text[found.clone()]))?;
    (&text[found.clone()] == literal).then_some(found.end)
}

/// Not in the trace of an error, and not in an import: those name classes, too.
fn outside_trace(text: &[u8], found: Range<usize>) -> Option<usize> {
    let back = &text[found.start.saturating_sub(REACH)..found.start];
    let word = back
        .iter()
        .rposition(|byte| !(is_name(*byte) || b".$/".contains(byte)))
        .map_or(0, |at| at + 1);
    let before = back[..word].trim_ascii_end();
    let cited = [b"at".as_slice(), b"import", b"package", b"by:", b"by", b"throws", b"in thread"]
        .iter()
        .any(|end| before.ends_with(end));
    let rest = after(text, found.end);
    let name =
        &rest[..rest.iter().take_while(|byte| is_name(**byte) || b".$".contains(byte)).count()];
    let error = name.ends_with(b"Exception") || name.ends_with(b"Error");
    (!cited && !error).then_some(found.end)
}

fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(b' ', |before| text[before])
}

fn after(text: &[u8], at: usize) -> &[u8] {
    &text[at.min(text.len())..text.len().min(at + REACH)]
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Not the end of a longer word.
fn own(text: &[u8], found: Range<usize>) -> Option<usize> {
    (!is_name(before(text, found.start))).then_some(found.end)
}

/// Not the start of a longer word.
fn word(text: &[u8], found: Range<usize>) -> Option<usize> {
    let next = text.get(found.end).copied().unwrap_or(b' ');
    (!is_name(next)).then_some(found.end)
}

/// The start of a class's name.
fn class(text: &[u8], found: Range<usize>) -> Option<usize> {
    let next = after(text, found.end);
    let name = next.iter().take_while(|byte| is_name(**byte) || **byte == b'.').count();
    if name > 2 && !next[0].is_ascii_digit() { own(text, found) } else { None }
}

fn short_tag(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let processing = rest[..word].eq_ignore_ascii_case(b"xml")
        || rest.starts_with(b"xml-")
        || rest.starts_with(b"import");
    let code = rest.first().is_some_and(|byte| byte.is_ascii_whitespace() || b"$=`".contains(byte));
    let other = word == 3
        && processing
        && !rest[3..].trim_ascii_start().starts_with(b"version")
        && rest.contains(&b'(');
    (code && word == 0 || other).then_some(found.end)
}

/// `?>` that no declaration of XML opened.
fn closing_tag(text: &[u8], found: Range<usize>) -> Option<usize> {
    let before = &text[found.start.saturating_sub(REACH)..found.start];
    let opened = memchr::memmem::rfind(before, b"<?").is_some();
    let prose = found.start > 0 && before.last().is_some_and(u8::is_ascii_alphabetic);
    (!opened && !prose).then_some(found.end)
}

/// `$ {x}`, `$$x`, `${$x}`: a variable whose name is computed.
fn variable(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let gap = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let next = rest.get(gap).copied();
    let braces = gap > 0
        && next == Some(b'{')
        && rest[gap + 1..].trim_ascii_start().first().is_some_and(|b| *b == b'$' || is_name(*b));
    let double = gap == 0
        && (next == Some(b'$')
            && rest.get(1).is_some_and(|byte| is_name(*byte) && !byte.is_ascii_digit())
            || next == Some(b'{') && rest.get(1) == Some(&b'$'));
    (braces || double).then_some(found.end + gap + 1)
}

fn ssh(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let name = rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    rest[name..].starts_with(b"://").then_some(found.end + name)
}

/// `O:8:"stdClass":1:{`.
fn object(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let quoted = rest[digits..].starts_with(b":\"")
        || rest[digits..].starts_with(b":\\\"")
        || rest[digits..].starts_with(b":'");
    if digits > 0 && quoted { own(text, found) } else { None }
}

/// `a:1:{`.
fn array(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 && rest[digits..].starts_with(b":{") { own(text, found) } else { None }
}

/// A directive that is given a value.
fn set(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let name = rest.iter().take_while(|byte| is_name(**byte) || **byte == b'.').count();
    let next = rest[name..].trim_ascii_start();
    let given = next.first() == Some(&b'=') && next.get(1) != Some(&b'=');
    if given { own(text, found.start..found.end + name) } else { None }
}

/// `filename="a.php"`, `filename=a.phtml`.
fn upload(text: &[u8], found: Range<usize>) -> Option<usize> {
    let line = after(text, found.end).split(|byte| matches!(byte, b'\n' | b';')).next()?;
    let is_script = |dot: usize| {
        SCRIPTS_LENGTHS.clone().any(|len| line.get(dot..dot + len).is_some_and(|end| ENDS.has(end)))
    };
    memchr::memchr_iter(b'.', line).take(MOST_DOTS).any(is_script).then_some(found.end)
}

/// A name of a script, with which the text ends.
fn script(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = &text[found.start..];
    let len = rest.iter().take(REACH).take_while(|byte| !byte.is_ascii_whitespace()).count();
    let (name, blanks) = rest.split_at(len);
    if !ENDS.has(name.strip_suffix(b".").unwrap_or(name))
        || !blanks.iter().all(u8::is_ascii_whitespace)
    {
        return None;
    }
    let path = &text[found.start.saturating_sub(REACH)..found.start];
    let plain = !path.is_empty()
        && !path.iter().any(u8::is_ascii_whitespace)
        && memchr::memmem::find(path, b"://").is_none();
    plain.then_some(text.len())
}

fn lookup(text: &[u8], found: Range<usize>) -> Option<usize> {
    let next = text.get(found.end).copied().unwrap_or(b' ');
    (is_name(next) || b"${:'/\"".contains(&next)).then_some(found.end)
}

/// Compressed data that goes on.
fn gzip(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    if rest.iter().take(16).filter(|byte| is_name(**byte) || b"+/-".contains(byte)).count() == 16 {
        exact(text, found)
    } else {
        None
    }
}

/// An opcode at the start of a line.
fn opcode(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let name = rest.iter().take_while(|byte| is_name(**byte)).count();
    let ends = rest.get(name) == Some(&b'\n');
    (name > 2 && ends && !is_name(before(text, found.start))).then_some(found.end + name)
}

/// `constructor.prototype`, `constructor[prototype]`, `[constructor]`.
fn constructor(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let next = rest
        .iter()
        .position(|byte| !b" \t[.:\"'](%5bBDd{".contains(byte) || byte.is_ascii_alphabetic())?;
    let joined = rest[..next].iter().any(|byte| b"[.:{".contains(byte));
    let path = rest[next..].starts_with(b"prototype") || rest[next..].starts_with(b"constructor");
    let index = before(text, found.start) == b'[' && rest.first() == Some(&b']');
    (joined && path || index).then_some(found.end + next)
}

/// `while(true)`, `for(;;)`.
fn endless(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let condition = rest.trim_ascii_start().strip_prefix(b"(")?.trim_ascii_start();
    let always = if found.len() == 5 {
        [b"true".as_slice(), b"1)", b"1 ", b"!0", b"!!1", b"!false", b"1==1", b"1 =="]
            .iter()
            .any(|start| condition.starts_with(start))
    } else {
        condition.starts_with(b";;") || condition.starts_with(b"; ;")
    };
    if always { own(text, found) } else { None }
}

/// `@{[ system 'x' ]}` of Perl.
fn interpolated(text: &[u8], found: Range<usize>) -> Option<usize> {
    memchr::memmem::find(after(text, found.end), b"]").map(|at| found.end + at)
}

static ENDS: LazyLock<Lookup<()>> = LazyLock::new(|| Lookup::of_words(SCRIPTS));

const SCRIPTS: &str = ".php .php3 .php4 .php5 .php6 .php7 .php8 .phps .phpt .pht .phtml .phtm .phar .jsp .jspx .jspf .jsw \
    .asp .aspx .ashx .asmx .asa .cer .cgi .cfm .cfml .cfc .shtml .htaccess .user.ini";

/// How long these are.
const SCRIPTS_LENGTHS: std::ops::RangeInclusive<usize> = 4..=9;

/// A name of a file has fewer.
const MOST_DOTS: usize = 16;

/// How far around a literal its surroundings are looked at.
const REACH: usize = 96;

/// How many bytes the look at a literal costs, for the budget of work.
const COST: usize = 48;
