//! The laws of grants: nothing is ever widened.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use wardkit_plugin::manifest::{Method, Span};
use wardkit_plugin::{Grant, HttpGrants, HttpRule};
use wardkit_sandbox::{Share, Size};
use wardkit_validation::{Accept as _, Scheme, UrlPolicy};

fn rule() -> impl Strategy<Value = HttpRule> {
    let host = prop::sample::select(HOSTS.to_vec());
    let methods =
        btree_set(prop::sample::select(vec![Method::Get, Method::Post, Method::Put]), 0..3);
    let schemes = btree_set(prop::sample::select(vec![Scheme::Http, Scheme::Https]), 0..3);
    let ports = btree_set(prop::sample::select(vec![80_u16, 443]), 0..3);
    (host, methods, schemes, ports, 1_u64..4).prop_map(|(host, methods, schemes, ports, bytes)| {
        let mut rule = HttpRule::new(host.parse().unwrap());
        (rule.methods, rule.schemes, rule.ports) = (methods, schemes, ports);
        rule.max_bytes = Size(bytes);
        rule
    })
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(prop::sample::select(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]), 0..4)
}

fn grant() -> impl Strategy<Value = Grant> {
    let switches = any::<[bool; 4]>();
    let limits = (1_u64..5, 1_u32..5, 1_u64..5, 1_u32..5, 1_u32..5);
    (vec(rule(), 0..4), 0_u64..3, switches, [names(), names(), names()], limits).prop_map(
        |(rules, kv, [log, clock, random, runtime], [env, secrets, events], limits)| {
            let mut grant = Grant::default();
            grant.http = HttpGrants::new(rules);
            grant.kv = Size(kv);
            (grant.log, grant.clock, grant.random, grant.runtime) = (log, clock, random, runtime);
            (grant.env, grant.secrets, grant.events) = (env, secrets, events);
            let most = &mut grant.limits;
            (most.memory, most.output) = (Size(limits.0), Size(limits.0));
            most.cpu = Share::from_thousandths(limits.1).unwrap();
            most.timeout = Span(std::time::Duration::from_secs(limits.2));
            (most.concurrency, most.calls_per_minute) = (limits.3, limits.4);
            grant
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn two_grants_meet_as_sets_do((a, b, c) in (grant(), grant(), grant())) {
        prop_assert_eq!(a.meet(&a), a.clone());
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        prop_assert_eq!(a.meet(&b).meet(&c), a.meet(&b.meet(&c)));
        let effective = a.meet(&b).meet(&c);
        prop_assert!(effective.is_within(&a) && effective.is_within(&b) && effective.is_within(&c));
        if c.is_within(&a) && c.is_within(&b) {
            prop_assert!(c.is_within(&a.meet(&b)));
        }
    }

    #[test]
    fn a_request_is_allowed_by_both_or_not_at_all((a, b) in (grant(), grant()), url in 0..URLS.len()) {
        let mut policy = UrlPolicy::default();
        policy.ports = vec![80, 443];
        let url = policy.accept(URLS[url]).unwrap();
        for method in [Method::Get, Method::Post, Method::Delete] {
            let both = a.http.allows(method, &url).and_then(|one| Some(one.min(b.http.allows(method, &url)?)));
            prop_assert_eq!(a.meet(&b).http.allows(method, &url), both);
        }
    }

    #[test]
    fn a_policy_grants_nothing_that_the_grant_does_not(a in grant()) {
        let host = [("a".to_owned(), "1".to_owned()), ("secret".to_owned(), "2".to_owned())].into();
        let policy = a.policy(&host);
        prop_assert!(!policy.grants.network);
        prop_assert!(!policy.grants.environment.contains_key("secret"));
        prop_assert_eq!(policy.grants.environment.contains_key("a"), a.env.contains("a"));
        prop_assert_eq!(policy.grants.runtime, a.runtime);
        prop_assert!(policy.grants.binds.is_empty());
        prop_assert_eq!(policy.grants.capabilities.contains("http"), !a.http.is_empty());
        prop_assert_eq!(policy.limits.memory, a.limits.memory);
    }
}

#[test]
fn a_grant_is_read_as_it_is_written() {
    let text = "kv = \"1KiB\"\n[[http]]\nhost = \"example.com\"\nmethods = [\"GET\"]\nschemes = [\"https\"]\n\
                ports = [443]\nmax-bytes = \"1MiB\"\n";
    let grant: Grant = toml::from_str(text).unwrap();
    assert_eq!(toml::from_str::<Grant>(&toml::to_string(&grant).unwrap()).unwrap(), grant);
    assert!(toml::from_str::<Grant>("everything = true").is_err());
}

const HOSTS: [&str; 6] = [
    "example.com",
    "*.example.com",
    "a.example.com",
    "*.a.example.com",
    "b.a.example.com",
    "c.org",
];
const URLS: [&str; 6] = [
    "https://example.com/",
    "https://a.example.com/",
    "http://b.a.example.com/",
    "https://x.b.a.example.com/",
    "http://c.org:443/",
    "https://notexample.com/",
];
