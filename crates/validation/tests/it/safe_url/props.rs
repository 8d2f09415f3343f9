//! What holds of any text.

use std::net::IpAddr;

use proptest::prelude::*;
use wardkit_validation::{Accept as _, AddressKind, Credentials, Scheme, UrlPolicy};

use super::public;

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u32>().prop_map(|address| std::net::Ipv4Addr::from(address).to_string()),
        any::<u32>().prop_map(|address| address.to_string()),
        any::<u128>().prop_map(|address| format!("[{}]", std::net::Ipv6Addr::from(address))),
        any::<u32>().prop_map(|address| format!("[::ffff:{}]", std::net::Ipv4Addr::from(address))),
        any::<u32>().prop_map(|address| format!(
            "[2002:{:x}:{:x}::1]",
            address >> 16,
            address & 0xffff
        )),
        (any::<u8>(), any::<u32>()).prop_map(|(a, b)| format!("0x{a:x}.{b:o}")),
        "[a-z0-9.@:\\\\%\\[\\]\u{3002}\u{2460}-]{1,24}",
        "(127|10|localhost|a|0x7f)(\\.|\u{3002}|%2e)(0|1|internal|com|local)(\\.)?",
    ]
}

proptest! {
    #[test]
    fn no_pinned_address_is_of_the_inside(
        scheme in "(https?|HTTP|ftp)",
        host in host(),
        tail in "(|:80|:443|:22|/|/a|\\?@b|#@c|\\\\d)",
        answers in prop::collection::vec(any::<u128>(), 0..4),
        v4 in prop::collection::vec(any::<u32>(), 0..4),
    ) {
        let policy = UrlPolicy::default();
        let resolver = |_: &str| {
            let v6 = answers.iter().map(|address| IpAddr::V6((*address).into()));
            Ok(v6.chain(v4.iter().map(|address| IpAddr::V4((*address).into()))).collect())
        };
        if let Ok(url) = policy.accept(&format!("{scheme}://{host}{tail}")) {
            prop_assert!(!host.contains(['@', '\\']));
            if let Ok(pinned) = url.pin(&policy, &resolver) {
                prop_assert!(!pinned.addrs().is_empty());
                for addr in pinned.addrs() {
                    prop_assert!(AddressKind::of(addr.ip()).is_public(), "{addr}");
                    prop_assert!([80, 443].contains(&addr.port()));
                }
            }
        }
    }

    #[test]
    fn any_text_is_refused_or_read_back_the_same(text in "\\PC{0,64}", base in "(https?://)?") {
        let policy = UrlPolicy::default();
        if let Ok(url) = policy.accept(&format!("{base}{text}")) {
            prop_assert_eq!(&policy.accept(url.as_str()).unwrap(), &url);
        }
    }

    #[test]
    fn a_redirect_from_https_stays_on_https(location in "(https?:|ftp:)?/{0,3}[a-z0-9.:@\\\\/?#-]{0,24}") {
        let policy = UrlPolicy::default();
        if let Ok(next) = public("https://example.com/a").redirect(&policy, &location) {
            prop_assert_eq!(next.url.scheme(), Scheme::Https);
            prop_assert!([80, 443].contains(&next.url.port()));
            let stays = next.url.host() == "example.com" && next.url.port() == 443;
            prop_assert_eq!(next.credentials == Credentials::Keep, stays);
        }
    }
}
