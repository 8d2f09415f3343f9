//! Document stores: operators and code in values, and text that only has dollar signs.

use wardkit_validation::{Class, Policy, Sink};

#[test]
fn operators_and_code_are_found() {
    for attack in ATTACKS.lines().filter(|line| !line.is_empty()) {
        let verdict = Policy::for_sink(Sink::Nosql).check(attack).unwrap();
        assert!(!verdict.findings().is_empty(), "{attack}");
    }
}

#[test]
fn messages_with_operators_are_found() {
    for attack in ["{\"$gt\": \"\"}", "user[$ne]=1", "db.users.drop()", "'; return true; var a='"] {
        let verdict = Policy::default().check(attack).unwrap();
        assert!(
            verdict.findings().iter().any(|finding| finding.rule.class == Class::Nosql),
            "{attack}"
        );
    }
}

#[test]
fn dollars_and_code_are_harmless_in_messages() {
    for text in HARMLESS.lines().filter(|line| !line.is_empty()) {
        let verdict = Policy::default().check(text).unwrap();
        assert!(
            !verdict.findings().iter().any(|finding| finding.rule.class == Class::Nosql),
            "{text}"
        );
    }
}

/// One a line.
const ATTACKS: &str = r#"
$where=7
0;return true
' DETACH DELETE n//
'}) RETURN x//
CALL db.labels()
CONFIG SET dir /tmp
{"script":{"source":"1"}}
{"$ne": null}
{'$gt': ''}
{$ne:1}
user[$ne]=a&pass[$regex]=.*
login[$nin][]=admin
{"user": {"$in": ["a", "b"]}}
true, $where: '1 == 1'
$where: '1 == 1'
', $or: [ {}, { 'a':'a
{"$where": "this.a == this.b"}
{"$expr": {"$eq": [1, 1]}}
db.users.insert({a: 1})
db.getCollectionNames()
' && this.password.match(/.*/)//
' || 1==1//
' || '1'=='1
'; return true; var a='
"; return(true); var a="a
';sleep(5000);
';it=new Date();do{x=new Date();}while(x-it<5000);
1';return tojson(db.getCollectionNames());var a='1
}, { password: /.*/ }
function() { emit(1, 1) }
"#;

/// One a line.
const HARMLESS: &str = r"
it costs $5 or $in total $6
echo $PATH and $or
$in = fopen($name);
($type:ident, $size:expr) => {}
a.b.find(c); this.a = b;
she said 'no'; return it
`db.sqlite` is a file
";
