//! What a policy accepts is read back the same, and leads to public addresses alone, whatever the resolver says.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{Accept, AddressKind, UrlPolicy};

fuzz_target!(|input: (u128, u32, &str, &str)| {
    let (v6, v4, text, location) = input;
    let policy = UrlPolicy::default();
    let resolver = |_: &str| Ok(vec![IpAddr::V6(v6.into()), IpAddr::V4(v4.into())]);
    let Ok(url) = policy.accept(text) else { return };
    assert_eq!(policy.accept(url.as_str()).ok().as_ref(), Some(&url));
    let Ok(pinned) = url.pin(&policy, &resolver) else { return };
    for addr in pinned.addrs() {
        assert!(AddressKind::of(addr.ip()).is_public() && policy.ports.contains(&addr.port()));
    }
    if let Ok(next) = pinned.redirect(&policy, location) {
        assert_eq!(next.url.hops(), 1);
        assert!(pinned.url().scheme() >= next.url.scheme(), "from https to http");
    }
});
