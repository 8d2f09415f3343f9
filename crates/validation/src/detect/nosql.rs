//! Operators and code of document stores in a text that is to be a value.

use std::sync::LazyLock;

use super::hits::{Hits, View};
use super::{Class, Rule, Sink};

/// Looks at one reading of a text.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let text = view.text;
    operators(text, hits);
    shell(text, hits);
    this(text, hits);
    breakout(text, hits);
    object(text, hits);
    languages(text, hits);
}

/// Code and clauses of other stores' languages: Cypher, Redis, Lucene, scripts.
fn languages(text: &str, hits: &mut Hits<'_>) {
    if !hits.wants(&LANGUAGE) || !hits.spend(text.len()) {
        return;
    }
    let upper = text.to_ascii_uppercase();
    for mark in MARKS {
        if let Some(at) = memchr::memmem::find(upper.as_bytes(), mark.as_bytes()) {
            hits.hit(&LANGUAGE, at..at + mark.len());
        }
    }
}

/// `"$ne":`, `[$gt]=`, `$where:`.
fn operators(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'$', bytes) {
        let name = word(&bytes[at + 1..]);
        if name.is_empty() {
            continue;
        }
        let end = at + 1 + name.len();
        let before = bytes[..at].iter().rev().take(REACH).find(|byte| !byte.is_ascii_whitespace());
        let quoted = matches!(before, Some(b'"' | b'\''));
        let rest = skip_space(&bytes[end..]);
        let rest = if quoted && matches!(rest.first(), Some(b'"' | b'\'')) {
            skip_space(&rest[1..])
        } else {
            rest
        };
        let opens =
            matches!(before, None | Some(b'{' | b'[' | b',' | b'.' | b'"' | b'\'' | b'&' | b'?'));
        // `$where=…` at the start is a parameter of a query.
        let parameter = at == 0
            && bytes.get(end) == Some(&b'=')
            && bytes.get(end + 1).is_some_and(|byte| byte.is_ascii_graphic() && *byte != b'=');
        let follows = match rest.first() {
            _ if parameter => true,
            Some(b':') => quoted || is_value(skip_space(&rest[1..])),
            Some(b']') => before == Some(&b'['),
            Some(b'=') => matches!(before, Some(b'&' | b'?' | b'.')),
            _ => false,
        };
        if opens && follows && is_operator(name) {
            hits.hit(if is_one_of(CODE_OPERATORS, name) { &CODE } else { &OPERATOR }, at..end);
        }
    }
}

/// Hostile texts have little else than operators, so they are looked up in order.
fn is_operator(name: &[u8]) -> bool {
    static SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let mut names: Vec<&str> = OPERATORS.split_ascii_whitespace().collect();
        names.sort_unstable();
        names
    });
    SORTED.binary_search_by(|known| known.as_bytes().cmp(name)).is_ok()
}

/// Tells whether a value starts here, not a name as in the patterns of macros.
fn is_value(rest: &[u8]) -> bool {
    let first = word(rest);
    match rest.first() {
        Some(byte) if byte.is_ascii_alphabetic() => is_one_of(VALUES, first),
        Some(byte) => byte.is_ascii_digit() || b"'\"[{-/.".contains(byte),
        None => false,
    }
}

/// `db.users.find(`, and other commands of the shell.
fn shell(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    for at in memchr::memmem::find_iter(bytes, b"db.") {
        if at > 0
            && (bytes[at - 1].is_ascii_alphanumeric()
                || matches!(bytes[at - 1], b'_' | b'.' | b'/' | b'-'))
        {
            continue;
        }
        let first = word(&bytes[at + 3..]);
        let mut end = at + 3 + first.len();
        let mut method = first;
        if bytes.get(end) == Some(&b'.') {
            method = word(&bytes[end + 1..]);
            end += 1 + method.len();
        }
        if bytes.get(end) == Some(&b'(') && is_one_of(METHODS, method) {
            hits.hit(&SHELL, at..end);
        }
    }
}

/// `this.password.match(/…/)`, `this.a == 'b'`.
fn this(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    for at in memchr::memmem::find_iter(bytes, b"this.") {
        let field = word(&bytes[at + 5..]);
        let end = at + 5 + field.len();
        let rest = skip_space(&bytes[end..]);
        let tested = rest.starts_with(b".match(")
            || rest.starts_with(b"==")
            || rest.starts_with(b"!=")
            || rest.starts_with(b".length")
            || rest.starts_with(b"[")
            || rest.starts_with(b">")
            || rest.starts_with(b"<")
            || rest.starts_with(b".charAt")
            || rest.starts_with(b".substr")
            || rest.starts_with(b".indexOf");
        let before = text[..at].trim_end();
        let joined = before.ends_with("&&") || before.ends_with("||");
        let added = joined
            && before[..before.len() - 2].trim_end().ends_with(['\'', '"', '1', '0', ')', 'e']);
        if !field.is_empty() && (tested || joined) {
            hits.hit(if added { &BREAKOUT } else { &FIELD }, at..end);
        }
    }
}

/// `'; return true; var a='`: code behind the first quote.
fn breakout(text: &str, hits: &mut Hits<'_>) {
    for quote in ['\'', '"'] {
        let Some(at) = text.find(quote) else {
            continue;
        };
        let rest = text[at + 1..].trim_start_matches([' ', ')', '}', ']']);
        let Some(code) = rest.strip_prefix([';', '}', ',']) else {
            continue;
        };
        let code = code.trim_start_matches([' ', '\t', '\n', ';', '(', '{', '}']);
        let first = word(code.as_bytes());
        let next = skip_space(&code.as_bytes()[first.len()..]).first().copied();
        let starts = match first {
            b"return" | b"throw" => next.is_some(),
            b"var" | b"let" | b"const" | b"function" => {
                next.is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'('))
            }
            b"sleep" | b"while" | b"for" | b"if" | b"tojson" | b"emit" | b"print" | b"eval" => {
                next == Some(b'(')
            }
            b"do" => next == Some(b'{'),
            b"it" | b"x" | b"a" | b"date" => next == Some(b'='),
            _ => false,
        };
        if starts {
            hits.hit(&BREAKOUT, at..text.len() - code.len() + first.len());
        }
    }
}

/// `}, { password: /.*/ }`, `mapReduce(`, `function() { … }`.
fn object(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    if let Some(at) = memchr::memchr2(b'{', b'}', bytes)
        && bytes[at] == b'}'
        && bytes[at..].contains(&b'{')
    {
        hits.hit(&OBJECT, at..at + 1);
    }
    for pattern in [": /", ":/"] {
        if let Some(at) = memchr::memmem::find(bytes, pattern.as_bytes())
            && text[at + pattern.len()..].starts_with(['.', '^', '[', '\\'])
            && text[at + pattern.len()..].contains('/')
        {
            hits.hit(&OBJECT, at..at + pattern.len());
        }
    }
    for call in CALLS {
        if let Some(at) = memchr::memmem::find(bytes, call.as_bytes()) {
            hits.hit(&FIELD, at..at + call.len());
        }
    }
}

fn word(bytes: &[u8]) -> &[u8] {
    let length = bytes
        .iter()
        .take(LONGEST_NAME)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
        .count();
    &bytes[..length]
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let space = bytes.iter().take(REACH).take_while(|byte| byte.is_ascii_whitespace()).count();
    &bytes[space..]
}

fn is_one_of(words: &str, word: &[u8]) -> bool {
    words.split_ascii_whitespace().any(|known| known.as_bytes() == word)
}

/// Space that is skipped before a sign.
const REACH: usize = 16;

/// Names of fields and collections are shorter.
const LONGEST_NAME: usize = 64;

/// Operators of queries, updates and pipelines.
const OPERATORS: &str = "ne eq gt gte lt lte in nin regex options where exists or and not nor expr function accumulator \
    lookup out merge elemMatch all size mod type text search jsonSchema comment rand slice set unset inc mul push pull \
    pushAll pullAll pop addToSet rename currentDate setOnInsert min max near nearSphere geoWithin geoIntersects match \
    group project sort limit skip unwind facet unionWith graphLookup collStats currentOp listSessions query orderby \
    returnKey maxTimeMS natural within maxDistance bitsAllSet bitsAnySet meta each position function reduce map sum";

/// Words that are values, or start one.
const VALUES: &str = "null true false undefined new function this Infinity NaN ObjectId";

/// Operators that run code.
const CODE_OPERATORS: &str = "where function accumulator expr";

/// What the shell does with a collection or a database.
const METHODS: &str = "insert insertOne insertMany find findOne findAndModify findOneAndUpdate findOneAndDelete update \
    updateOne updateMany remove deleteOne deleteMany drop dropDatabase save aggregate count countDocuments distinct \
    mapReduce eval runCommand adminCommand getCollectionNames getCollectionInfos getCollection getUsers getUser \
    createUser dropUser createCollection createIndex dropIndex renameCollection stats version hostInfo serverStatus \
    shutdownServer auth getSiblingDB getMongo listCommands currentOp killOp replaceOne bulkWrite group";

/// Calls that code inside a store makes.
const CALLS: &[&str] =
    &["mapReduce(", "tojson(", "emit(", "ObjectId(\"", "db.getC", "new Date();do"];

/// Starts of clauses and commands, in capitals, that texts without them do not have.
const MARKS: &[&str] = &[
    "RETURN TRUE",
    "RETURN FALSE",
    "RETURN THIS",
    "RETURN 1",
    "FUNCTION(){",
    "FUNCTION() {",
    "DETACH DELETE",
    "LOAD CSV",
    "CALL DB.",
    "CALL DBMS.",
    "CALL APOC.",
    "MATCH (",
    "MATCH(",
    "RETURN N",
    "}) RETURN",
    "\nFLUSHALL",
    "\nFLUSHDB",
    "\nSET ",
    "\nGET ",
    "\nDEL ",
    "\nCONFIG SET",
    "\nEVAL ",
    "CONFIG SET ",
    "CONFIG GET ",
    "EVAL \"",
    "SLAVEOF ",
    "REPLICAOF ",
    "MODULE LOAD",
    "SCRIPT_FIELDS",
    "MATCH_ALL",
    "\"SCRIPT\"",
    "\"QUERY_STRING\"",
    "_VAL_:",
    "{!XML",
    "{!LUCENE",
    "{!FUNC",
    "*:*",
    "_ALL_DOCS",
    "_ALL_DBS",
    "/_SEARCH",
    "/_CAT/",
    "|| TRUE",
    "||TRUE",
    "|| 1",
    "||1",
    "&& 1==",
    "+(FUNCTION",
    "SLEEP(",
];

/// What every attack in a message has one of.
pub(super) const GATE: &[&str] = &[
    "$ne",
    "$eq",
    "$gt",
    "$lt",
    "$in",
    "$nin",
    "$regex",
    "$where",
    "$exists",
    "$or",
    "$and",
    "$not",
    "$nor",
    "$expr",
    "$func",
    "$acc",
    "$lookup",
    "$out",
    "$merge",
    "$elem",
    "$all",
    "$size",
    "$mod",
    "$type",
    "$text",
    "$comment",
    "$set",
    "$un",
    "$inc",
    "$push",
    "$pull",
    "$rename",
    "$match",
    "$group",
    "$project",
    "db.",
    "this.",
    "';",
    "\";",
    "'}",
    "\"}",
    "mapreduce(",
    "tojson(",
];

/// Every rule of document stores.
pub(super) static RULES: &[Rule] = &[OPERATOR, CODE, SHELL, BREAKOUT, FIELD, LANGUAGE, OBJECT];

const OPERATOR: Rule = Rule {
    id: "nosql.operator",
    class: Class::Nosql,
    sinks: &[Sink::Sql],
    strictness: 1,
    message: 2,
    confidence: 90,
    reason: "an operator of document stores stands where a value should",
    about: "A value such as {\"$ne\": null} or password[$gt]= makes the comparison of a password true for all. Take values \
            as strings only (deserialize into String, never into a document), and refuse keys that begin with a dollar sign.",
    example: "{\"$ne\": null}",
};

const CODE: Rule = Rule {
    id: "nosql.code-operator",
    class: Class::Nosql,
    sinks: &[Sink::Sql, Sink::Code],
    strictness: 1,
    message: 2,
    confidence: 95,
    reason: "an operator is used that runs code inside the store",
    about: "$where, $function, $accumulator and $expr evaluate what they are given. Take values as strings only, and turn \
            server-side code off in the store.",
    example: "{\"$where\": \"1==1\"}",
};

const SHELL: Rule = Rule {
    id: "nosql.shell-command",
    class: Class::Nosql,
    sinks: &[Sink::Code],
    strictness: 1,
    message: 2,
    confidence: 80,
    reason: "a command of the store's shell is called",
    about: "db.users.drop() and its kin are what code inside the store or its shell would run. A value has no reason to hold \
            one, although people who write about the store do. Take values as strings only.",
    example: "db.users.insert({a:1})",
};

const BREAKOUT: Rule = Rule {
    id: "nosql.code-breakout",
    class: Class::Nosql,
    sinks: &[Sink::Code],
    strictness: 1,
    message: 2,
    confidence: 85,
    reason: "the text closes a string and goes on as code",
    about: "Put into code that the store evaluates, such as $where, the text ends the string it stands in and adds \
            statements. Give values to the code as variables of its scope, or do without code.",
    example: "'; return true; var a='",
};

const FIELD: Rule = Rule {
    id: "nosql.code",
    class: Class::Nosql,
    sinks: &[Sink::Code],
    strictness: 2,
    message: 4,
    confidence: 65,
    reason: "code is used that runs inside a document store",
    about: "this.field is how code in $where or mapReduce reads a document. Take values as strings only, and do without code \
            in queries.",
    example: "this.password.match(/a/)",
};

const LANGUAGE: Rule = Rule {
    id: "nosql.language",
    class: Class::Nosql,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 60,
    reason: "a clause, command or script of a document, graph or key-value store stands in it",
    about: "Put into a query that is built from text, it becomes part of the query: it matches everything, deletes, or \
            changes how the store is set up. Hand values to the store as parameters.",
    example: "'}) RETURN x //",
};

const OBJECT: Rule = Rule {
    id: "nosql.object",
    class: Class::Nosql,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 60,
    reason: "the text closes an object, or gives a pattern for a value",
    about: "A brace that the text did not open ends the query's object, and a pattern such as /.*/ in place of a value \
            matches everything. Build queries from values, never from text.",
    example: "}, { password: /.*/ }",
};
