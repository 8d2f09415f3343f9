//! LDAP: values that break out of their filter, and parentheses of prose.

use wardkit_validation::{Class, Policy, Sink};

#[test]
fn values_that_break_out_of_a_filter_are_found() {
    for attack in ATTACKS.lines().filter(|line| !line.is_empty()) {
        let verdict = Policy::for_sink(Sink::Ldap).check(attack).unwrap();
        assert!(!verdict.findings().is_empty(), "{attack}");
    }
}

#[test]
fn messages_with_broken_filters_are_found() {
    for attack in ["*)(uid=*))(|(uid=*", "x)(&)", "a)(|(cn=*", "(|(objectclass=*))", "x)!(cn=*"] {
        let verdict = Policy::default().check(attack).unwrap();
        assert!(
            verdict.findings().iter().any(|finding| finding.rule.class == Class::Ldap),
            "{attack}"
        );
    }
}

#[test]
fn parentheses_of_prose_are_harmless() {
    for text in [
        "f(a)(b=c)",
        ":) (x = y) :)",
        "1) one (a) 2) two (b=c) (d)",
        "(objectSID=S-1-5)",
        "a (b) c",
    ] {
        let verdict = Policy::default().check(text).unwrap();
        assert!(
            !verdict.findings().iter().any(|finding| finding.rule.class == Class::Ldap),
            "{text}"
        );
    }
    for name in ["Smith (Sales)", "O'Brien, Anne", "müller"] {
        let verdict = Policy::for_sink(Sink::Ldap).check(name).unwrap();
        assert!(verdict.findings().is_empty(), "{name}");
    }
}

/// One a line.
const ATTACKS: &str = r"
(&)
|(
admin\2a
(memberOf:1.2.840.113556.1.4.1941:=cn=x)
(sn~=x)
*
admin*
*)(&
*))(|(cn=*
admin)(&)
*)(uid=*))(|(uid=*
*)(|(mail=*))
)(cn=))
x)(!(cn=y)
(|(objectclass=*))
x' or name()='user' or 'x'='y
' or count(/*)=1 or ''='
|
";
