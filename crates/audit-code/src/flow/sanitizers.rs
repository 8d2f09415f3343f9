//! What makes a value harmless, and for what.

use super::Dialect;
use super::call::Site;
use super::value::{Classes, Const, Value};

/// Returns what is left of a value after it was made harmless; `None` when the call does no such thing.
pub(super) fn apply(dialect: Dialect, site: &Site<'_, '_>) -> Option<Value> {
    let of = || Value::of(site.values().chain([&site.receiver]));
    if let Some(classes) = by_path(&site.path) {
        return Some(of().clear(classes));
    }
    match site.name.as_str() {
        // What comes out is a number, a truth, an identifier or a digest.
        "int" | "float" | "bool" | "len" | "ord" | "UUID" | "Decimal" | "parseInt"
        | "parseFloat" | "Number" | "Boolean" | "ip_address" | "ip_network" | "IPv4Address"
        | "hexdigest" | "isinstance" | "hasattr" | "id" | "hash" | "abs" | "round" | "toFixed"
        | "getInteger" | "getNumber" | "getBoolean" | "BigInt" | "ObjectId" | "exists"
        | "isfile" | "isdir" | "sha256" | "sha512" | "sha384" | "sha3_256" | "blake2b"
        | "startswith" | "endswith" | "startsWith" | "endsWith" | "isdigit" | "count" | "find"
        | "index" | "indexOf" | "typeof" | "getUser" | "getMember" | "getChannel"
            if site.name != "find" || site.receiver.text().is_some() =>
        {
            Some(Value::default())
        }
        "replace" | "replaceAll" => replaced(site),
        "get" if site.receiver.is_constant() && site.receiver.items.is_some() => {
            // One of the constants that a table holds, or the default.
            Some(site.at(1).map(|arg| arg.value.clone()).unwrap_or_default())
        }
        // An expression of the mapper binds its values.
        "filter_by" | "where" | "values" | "bindparams" | "params" | "filter" | "having"
            if dialect == Dialect::Python =>
        {
            Some(of().clear(Classes::SQL))
        }
        "XMLParser" => {
            let resolves = site.named("resolve_entities").map(|value| value.known.clone());
            let path = match resolves {
                Some(Some(known)) if !known.is_true() => "safe-parser",
                _ => "unsafe-parser",
            };
            Some(Value::named(path))
        }
        "realpath" | "abspath" | "resolve" | "normpath" | "normalize" => {
            let mut value = of().clear(Classes::RESOLVED);
            value.path = Some(format!("{}()", site.path).into());
            Some(value)
        }
        name if name.starts_with("render") && !name.contains("string") && name != "render" => {
            Some(of().clear(Classes::HTML))
        }
        name if is_masking(name) => Some(of().clear(Classes::SECRET.with(Classes::LOG))),
        name if says_clean(name) => Some(of().clear(Classes::ALL)),
        _ => None,
    }
}

fn by_path(path: &str) -> Option<Classes> {
    let ends = |name: &str| {
        path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let fitting = TABLE.iter().flat_map(|(names, classes)| {
        names.iter().filter(|name| ends(name)).map(move |name| (name.len(), *classes))
    });
    // The longest name says most exactly what is called.
    fitting.max_by_key(|(length, _)| *length).map(|(_, classes)| classes)
}

/// A text without what breaks out.
fn replaced(site: &Site<'_, '_>) -> Option<Value> {
    if site.receiver.text().is_some() {
        return None;
    }
    let sought = site.at(0)?;
    let text = match &sought.expr.kind {
        super::tree::ExprKind::Regex(pattern) => {
            // A class of what is allowed, all else taken away.
            if pattern.contains("[^") {
                return Some(site.receiver.taint().clear(Classes::ALL));
            }
            pattern.trim_matches('/').trim_end_matches("/g").to_owned()
        }
        _ => sought.value.text()?.to_owned(),
    };
    let classes = match text.as_str() {
        ".." | "../" | "/" | "\\.\\." => Classes::PATH,
        "'" | "\"" => Classes::QUOTED.both(Classes(!Classes::SQL.0)),
        "<" => Classes::HTML,
        "\n" | "\r\n" | "\r" | "\\n" | "\\r?\\n" | "[\\r\\n]" => Classes::HEADER.with(Classes::LOG),
        _ => return None,
    };
    let by = site.at(1).map(|by| by.value.known.clone());
    let is_kept = matches!((&by, &sought.value.known), (Some(Some(Const::Str(a))), Some(Const::Str(b))) if a == b);
    (!is_kept).then(|| site.receiver.taint().clear(classes))
}

fn is_masking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["mask", "redact", "obfuscat", "censor", "fingerprint"].iter().any(|word| name.contains(word))
}

fn says_clean(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.contains("sanitiz") || name.contains("sanitis") || name.contains("safe"))
        && !name.contains("unsafe")
        && !matches!(
            name.as_str(),
            "mark_safe"
                | "safestring"
                | "safeload"
                | "safe_load"
                | "safe_load_all"
                | "safe_substitute"
                | "safe_dump"
                | "urlsafe_b64decode"
                | "urlsafe_b64encode"
        )
}

const MARKUP: Classes = Classes::HTML;

/// What calls make harmless, by the end of their names.
const TABLE: &[(&[&str], Classes)] = &[
    (
        &[
            "shlex.quote",
            "pipes.quote",
            "shell_quote.quote",
            "shell-quote.quote",
            "shellescape",
            "shell-escape",
        ],
        Classes::SHELL.with(Classes::OPTION),
    ),
    (
        &[
            "html.escape",
            "markupsafe.escape",
            "cgi.escape",
            "flask.escape",
            "bleach.clean",
            "escape_markdown",
            "escape_html",
            "escapeHtml",
            "escapeHTML",
            "escapeMarkdown",
            "html_decoration.quote",
            "hd.quote",
            "validator.escape",
            "he.encode",
            "he.escape",
            "DOMPurify.sanitize",
            "sanitizeHtml",
            "sanitize-html",
            "xss",
            "_.escape",
            "lodash.escape",
            "nh3.clean",
            "conditional_escape",
            "django.utils.html.escape",
            "saxutils.escape",
            "escape",
            "quote_html",
            "xssFilters.inHTMLData",
            "remove_markdown",
            "box",
            "inline",
            "escape_mentions",
            "html.quote",
            "format_html",
            "jsonify",
            "JsonResponse",
            "JSONResponse",
            "striptags",
            "encodeForHTML",
            "escape-html",
            "escape-goat.htmlEscape",
            "html-entities.encode",
            "lodash/escape",
            "dompurify.sanitize",
            "isomorphic-dompurify.sanitize",
            "xss-filters.inHTMLData",
        ],
        MARKUP.with(Classes::XPATH),
    ),
    (
        &["ldapjs.EqualityFilter", "EqualityFilter", "SubstringFilter", "ApproximateFilter"],
        Classes::LDAP,
    ),
    (
        &["encodeURIComponent", "querystring.escape"],
        MARKUP.with(Classes::XPATH).with(Classes::HEADER).with(Classes::LOG).with(Classes::PATH),
    ),
    (&["json.dumps", "JSON.stringify"], Classes::HEADER.with(Classes::LOG)),
    (
        &["urllib.parse.quote", "urllib.parse.quote_plus", "urlencode", "quote_plus", "encodeURI"],
        Classes::PATH
            .with(Classes::HTML)
            .with(Classes::ADDRESS)
            .with(Classes::REDIRECT)
            .with(Classes::HEADER),
    ),
    (
        &["secure_filename", "sanitize-filename", "sanitize_filename"],
        Classes::PATH.with(Classes::SHELL),
    ),
    (
        &[
            "path.basename",
            "os.path.basename",
            "ntpath.basename",
            "basename",
            "safe_join",
            "get_valid_filename",
        ],
        Classes::PATH,
    ),
    (
        &[
            "escape_filter_chars",
            "escape_dn_chars",
            "ldap.filter.filter_format",
            "ldapEscape.filter",
        ],
        Classes::LDAP,
    ),
    (
        &[
            "re.escape",
            "escapeRegExp",
            "escape-string-regexp",
            "escapeStringRegexp",
            "_.escapeRegExp",
        ],
        Classes::REGEX,
    ),
    (&["ast.literal_eval", "literal_eval"], Classes::CODE),
    (
        &[
            "mysql.escape",
            "mysql2.escape",
            "mysql.escapeId",
            "mysql2.escapeId",
            "SqlString.escape",
            "sqlstring.format",
            "pg.escapeLiteral",
            "escapeLiteral",
            "escapeIdentifier",
            "connection.escape",
            "pool.escape",
            "quote_ident",
            "quote_literal",
            "sql.Literal",
            "sql.Identifier",
            "pg-format",
            "sqlstring.escape",
            "SqlString.escape",
            "escape_string",
            "quoteName",
            "psycopg2.sql.Identifier",
        ],
        Classes::SQL,
    ),
    (
        &["url_has_allowed_host_and_scheme", "is_safe_url", "url_for"],
        Classes::REDIRECT.with(Classes::ADDRESS),
    ),
    (&["mongo-sanitize", "express-mongo-sanitize", "String"], Classes::NOSQL),
    (
        &[
            "hashlib.sha256",
            "hashlib.sha512",
            "bcrypt.hashpw",
            "hmac.new",
            "generate_password_hash",
        ],
        Classes::ALL,
    ),
];
