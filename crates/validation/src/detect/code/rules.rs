//! What is known of code.

use crate::detect::{Class, Rule, Sink};

pub(in crate::detect) static RULES: &[Rule] = &[
    EXECUTION,
    INTERPOLATED,
    METHOD,
    CALL,
    STATEMENT,
    BREAKOUT,
    DYNAMIC,
    PHP_TAG,
    PHP_VARIABLE,
    WRAPPER,
    PHP_OBJECT,
    DIRECTIVE,
    SERVER_VARIABLE,
    UPLOAD,
    JNDI,
    LOOKUP,
    CLASS,
    GADGET,
    ENCODED,
    SERIALIZED,
    PICKLE,
    PROTOTYPE,
    LOOP,
];

/// What one of these attacks has in a message.
pub(in crate::detect) const GATE: &[&str] = &[
    "<?",
    "?>",
    "php]",
    "<jsp:",
    "<cf",
    "language=",
    "$_",
    "$globals",
    "$http_",
    "$arg",
    "${",
    "php_errormsg",
    "a:1",
    "a:2",
    "o:",
    "c:1",
    "c:2",
    "system",
    "exec",
    "eval",
    "passthru",
    "popen",
    "proc_open",
    "assert(",
    "create_function",
    "call_user_func",
    "spawnsync",
    "loadstring",
    "dofile(",
    "phpinfo",
    "shellexecute",
    "winexec",
    "register_",
    "forward_static",
    "://",
    "data:",
    "netdoc:",
    "jar:http",
    "__",
    "jndi:",
    "ro0ab",
    "kztaau",
    "cs7qaf",
    "aced0005",
    "aaeaaad/////",
    "h4siaaaa",
    "\u{0}\u{5}",
    "!!python/",
    "!ruby/",
    "!!java",
    "_$$nd_func$$_",
    "\nsystem\n",
    "cos\n",
    "cposix\n",
    "csubprocess\n",
    "builtin",
    "gasv",
    "constructor",
    "os.system",
    "os.popen",
    "os.execute",
    "subprocess",
    "child_process",
    "process.spawn",
    "process.mainmodule",
    "process.binding",
    "process.start",
    "process.dlopen",
    "kernel.",
    "io.popen",
    "open3",
    "importlib",
    "pty.spawn",
    "new function(",
    "include_once",
    "require_once",
    "qx",
    "processbuilder",
    "transformer",
    "closure",
    "instantiatefactory",
    "prototypeclonefactory",
    "prototypeserializationfactory",
    "templatesimpl",
    "badattributevalueexp",
    "annotationinvocationhandler",
    "jdbcrowsetimpl",
    "typeconfusedelegate",
    "objectdataprovider",
    "objectinputstream",
    "objectoutputstream",
    "classloader",
    "xmldecoder",
    "filewriter",
    "getproperty",
    "getruntime",
    "scriptenginemanager",
    "elprocessor",
    "groovyshell",
    "lazymap",
    "beancomparator",
    "memberaccess",
    "class.module.",
    "java.",
    "javax.",
    "@ognl.",
    "org.apache.",
];

const fn rule(
    id: &'static str,
    reason: &'static str,
    about: &'static str,
    example: &'static str,
) -> Rule {
    Rule {
        id,
        class: Class::Code,
        sinks: &[],
        strictness: 2,
        message: 2,
        confidence: 80,
        reason,
        about,
        example,
    }
}

pub(super) const EXECUTION: Rule = Rule {
    sinks: &[Sink::Shell, Sink::Template],
    strictness: 1,
    confidence: 90,
    ..rule(
        "code.execution",
        "it calls a function that runs programs or code",
        "`system('…')`, `eval('…')` and their like run their argument in whatever interpreter reads the \
         text. Hand text to programs as data: start them with Argv, and evaluate nothing that users wrote.",
        "system('id')",
    )
};

pub(super) const INTERPOLATED: Rule = Rule {
    sinks: &[Sink::Shell, Sink::Template],
    confidence: 85,
    ..rule(
        "code.interpolated-call",
        "a string would call a function while it is put together",
        "Within double quotes PHP and its kin evaluate `{${f()}}`. Hand text to programs as data, and \
         evaluate nothing that users wrote.",
        "{${sleep(9)}}",
    )
};

pub(super) const METHOD: Rule = Rule {
    message: 3,
    confidence: 75,
    ..rule(
        "code.module-call",
        "it uses a module that runs programs, loads code or shows the environment",
        "`os.environ`, `process.env`, `Kernel.load` and their like reach what lies outside the interpreter. \
         Hand text to programs as data, and evaluate nothing that users wrote.",
        "process.env.HOME",
    )
};

pub(super) const CALL: Rule = Rule {
    message: 0,
    confidence: 60,
    ..rule(
        "code.function-call",
        "it calls a function of an interpreter",
        "The name of a built-in function, followed by a parenthesis, is a call as soon as an interpreter \
         reads the text. Hand text to programs as data, and evaluate nothing that users wrote.",
        "fopen('x')",
    )
};

pub(super) const STATEMENT: Rule = Rule {
    message: 0,
    confidence: 60,
    ..rule(
        "code.statement",
        "it is a statement or a call of a programming language",
        "`import os`, `new File(x)`, `a.b(x)` and `system \"x\"` are code as soon as an interpreter reads the text. Hand \
         text to programs as data, and evaluate nothing that users wrote.",
        "import os",
    )
};

pub(super) const BREAKOUT: Rule = Rule {
    message: 0,
    confidence: 80,
    ..rule(
        "code.closed-string",
        "the text closes a string and goes on as code",
        "Put between quotes in a program, the text ends the string, calls what it likes, and makes the rest of the \
         line good again. Give text to a program as data; never build code from it.",
        "'+f(7)+'",
    )
};

pub(super) const DYNAMIC: Rule = Rule {
    message: 3,
    confidence: 75,
    ..rule(
        "code.computed-call",
        "what is called is computed, or stands in a variable",
        "`$f('x')`, `$$x` and `('sys'.'tem')('x')` use names that no filter sees. Hand text to programs as \
         data, and evaluate nothing that users wrote.",
        "$f('x')",
    )
};

pub(super) const PHP_TAG: Rule = Rule {
    sinks: &[Sink::Shell, Sink::Template],
    strictness: 1,
    confidence: 90,
    ..rule(
        "code.php-tag",
        "it begins or ends code of PHP or a page's other language",
        "What follows `<?php` is run where the text is stored in a file that a web server takes for a \
         script. Store what users send outside of what the server serves, under names that Filename makes.",
        "<?php x(); ?>",
    )
};

pub(super) const PHP_VARIABLE: Rule = Rule {
    ..rule(
        "code.php-variable",
        "it names a variable of PHP that only code uses",
        "`$_GET` and `$GLOBALS` are meant for code that PHP reads. Hand text to programs as data, and \
         evaluate nothing that users wrote.",
        "$_GET['x']",
    )
};

pub(super) const WRAPPER: Rule = Rule {
    ..rule(
        "code.stream-wrapper",
        "the scheme is one that interpreters open as a file",
        "`php://`, `phar://`, `expect://` and `data:` make an interpreter that opens a file decode, load or \
         run something instead. Take addresses with SafeUrl and paths with SafePath.",
        "php://filter/resource=x",
    )
};

pub(super) const PHP_OBJECT: Rule = Rule {
    strictness: 1,
    confidence: 90,
    ..rule(
        "code.serialized-php",
        "it is an object that PHP would make when it reads it back",
        "Reading serialised text back makes objects of classes that its author chose, and runs their \
         methods. Exchange data as JSON with a schema.",
        "O:8:\"stdClass\":0:{}",
    )
};

pub(super) const DIRECTIVE: Rule = Rule {
    message: 3,
    confidence: 70,
    ..rule(
        "code.php-directive",
        "it sets an option of PHP",
        "Options such as `auto_prepend_file`, set through a query, make PHP load what the sender chose. Hand \
         text to programs as data.",
        "auto_prepend_file=x",
    )
};

pub(super) const SERVER_VARIABLE: Rule = Rule {
    message: 0,
    confidence: 40,
    ..rule(
        "code.server-variable",
        "it names a variable that a web server sets",
        "Names such as `HTTP_USER_AGENT` mean something only to code that runs in a web server. Hand text to \
         programs as data, and evaluate nothing that users wrote.",
        "HTTP_USER_AGENT",
    )
};

pub(super) const UPLOAD: Rule = Rule {
    message: 3,
    confidence: 70,
    ..rule(
        "code.script-upload",
        "a file is named as a script that a web server runs",
        "A file whose name ends in `.php`, `.jsp` or the like is run by a web server that finds it. Give \
         stored files names that Filename makes from their content.",
        "filename=\"x.php\"",
    )
};

pub(super) const JNDI: Rule = Rule {
    sinks: &[Sink::Template, Sink::Url, Sink::Header, Sink::Terminal, Sink::Shell],
    strictness: 1,
    message: 1,
    confidence: 98,
    ..rule(
        "code.jndi-lookup",
        "a logger of Java would load code from elsewhere",
        "Old versions of Log4j look up `${jndi:…}` in what they log, and run what comes back. Log user text \
         with LogLine, and update the library.",
        "${jndi:ldap://a.example/x}",
    )
};

pub(super) const LOOKUP: Rule = Rule {
    sinks: &[Sink::Template, Sink::Header, Sink::Terminal],
    ..rule(
        "code.lookup",
        "it has a lookup of a Java logger or text library, perhaps nested to hide a name",
        "`${env:…}` shows the environment, `${script:…}` runs code, and nested ones such as \
         `${${lower:j}ndi:…}` spell what a filter forbids. Log user text with LogLine, and update the \
         library.",
        "${${lower:j}ndi:x}",
    )
};

pub(super) const CLASS: Rule = Rule {
    message: 0,
    confidence: 60,
    ..rule(
        "code.java-class",
        "it names a class of Java or .NET by its package",
        "Class names with their package are what deserialisers, expression languages and class loaders take. \
         Hand text to programs as data. Traces of honest errors name classes too.",
        "java.lang.Process",
    )
};

pub(super) const GADGET: Rule = Rule {
    confidence: 85,
    ..rule(
        "code.gadget",
        "it names a class or method that attacks on deserialisers use",
        "Few classes turn the reading of data into the running of code, and they are known by name. Exchange \
         data as JSON with a schema, and let no sender choose classes.",
        "x.InvokerTransformer",
    )
};

pub(super) const ENCODED: Rule = Rule {
    message: 0,
    confidence: 75,
    ..rule(
        "code.encoded-name",
        "Base64 in it spells a class or call that attacks use",
        "Encoding hides the names that a filter looks for. Exchange data as JSON with a schema, and let no \
         sender choose classes.",
        "cnVudGltZQ",
    )
};

pub(super) const SERIALIZED: Rule = Rule {
    strictness: 1,
    confidence: 90,
    ..rule(
        "code.serialized-object",
        "it is an object that a program would load",
        "Java, .NET, Python, Ruby and Node can load objects of any class from text, and run code while they \
         do. Exchange data as JSON with a schema.",
        "rO0ABXNyAA",
    )
};

pub(super) const PICKLE: Rule = Rule {
    strictness: 1,
    confidence: 90,
    ..rule(
        "code.pickle",
        "it is a pickle of Python that calls something",
        "Loading a pickle calls whatever it names. Exchange data as JSON with a schema.",
        "cos\nsystem\n(S'x'\ntR.",
    )
};

pub(super) const PROTOTYPE: Rule = Rule {
    sinks: &[Sink::Nosql],
    strictness: 1,
    confidence: 90,
    ..rule(
        "code.prototype-pollution",
        "it would change the prototype that all objects of JavaScript share",
        "A key such as `__proto__` that is merged into an object gives every other object what its sender \
         chose. Check arguments against a schema that allows no other keys.",
        "__proto__[x]=1",
    )
};

pub(super) const LOOP: Rule = Rule {
    message: 3,
    confidence: 75,
    ..rule(
        "code.endless-code",
        "it is a loop without an end, or code within a string",
        "`while(true)` keeps an interpreter busy for ever, and `@{[ … ]}` runs in strings of Perl. Evaluate \
         nothing that users wrote.",
        "while(true);",
    )
};
