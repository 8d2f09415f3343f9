//! URLs that may be fetched, and those that may not.

mod props;
mod refused;

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

use wardkit_core::Transient;
use wardkit_validation::{
    Accept, AddressKind, AddressMap, Credentials, Error, HostPattern, Pinned, Resolve, SafeUrl,
    Scheme, Untrusted, UrlError, UrlPolicy,
};

use refused::REFUSED;

/// Answers every name with the same addresses.
struct Fixed(&'static [&'static str]);

impl Resolve for Fixed {
    fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.iter().map(|address| address.parse().unwrap()).collect())
    }
}

/// Must not be asked.
struct Nobody;

impl Resolve for Nobody {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        panic!("{host} was looked up");
    }
}

fn refusal(policy: &UrlPolicy, text: &str) -> UrlError {
    match policy.accept(text) {
        Err(Error::Url(error)) => error,
        other => panic!("{text:?}: {other:?}"),
    }
}

fn pin(policy: &UrlPolicy, text: &str, resolver: &dyn Resolve) -> Result<Pinned, UrlError> {
    match policy.accept(text) {
        Ok(url) => url.pin(policy, resolver),
        Err(Error::Url(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_people_fetch_is_accepted_as_written() {
    for (text, host, port, target) in [
        ("https://example.com", "example.com", 443, "/"),
        ("https://example.com/", "example.com", 443, "/"),
        ("http://example.com/a/b.html?c=d&e=%20f#g", "example.com", 80, "/a/b.html?c=d&e=%20f"),
        ("HTTPS://EXAMPLE.com:443/A", "example.com", 443, "/A"),
        ("https://m\u{fc}nchen.de/stra\u{df}e", "xn--mnchen-3ya.de", 443, "/stra%C3%9Fe"),
        (
            "https://\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}/",
            "xn--e1afmkfd.xn--p1ai",
            443,
            "/",
        ),
        ("https://a_b.example.co.uk/?q=@x", "a_b.example.co.uk", 443, "/?q=@x"),
        ("https://example.com/@name/https://x", "example.com", 443, "/@name/https://x"),
        ("https://93.184.215.14/", "93.184.215.14", 443, "/"),
        ("https://[2606:4700:4700::1111]/", "[2606:4700:4700::1111]", 443, "/"),
        ("https://[64:ff9b::5db8:d70e]/", "[64:ff9b::5db8:d70e]", 443, "/"),
    ] {
        let url = UrlPolicy::default().accept(text).unwrap();
        assert_eq!((url.host(), url.port(), url.path_and_query()), (host, port, target), "{text}");
    }
    let url: SafeUrl = Untrusted::new("https://example.com:443/".to_owned())
        .validate_for::<str, _>(&UrlPolicy::default())
        .unwrap();
    assert_eq!((url.scheme(), url.host_header(), url.hops()), (Scheme::Https, "example.com", 0));
    assert_eq!(format!("{url:?}"), "SafeUrl { scheme: Https, port: 443, hops: 0, .. }");
}

#[track_caller]
fn check(reason: &str, texts: &[&str]) {
    for text in texts {
        let refused = refusal(&UrlPolicy::default(), text).to_string();
        assert!(refused.contains(reason), "{text:?}: {refused}");
    }
}

#[test]
fn hostile_spellings_are_refused_with_their_reason() {
    for (expected, texts) in REFUSED {
        check(expected, texts);
    }

    let long = format!("https://example.com/{}", "a".repeat(2048));
    assert_eq!(
        refusal(&UrlPolicy::default(), &long).to_string(),
        "the URL has 2068 bytes, and the policy takes 2048"
    );
}

#[test]
fn a_refusal_shows_nothing_of_the_url() {
    for text in [
        "https://hunter2@hunter2.example",
        "http://hunter2/",
        "hunter2",
        "https://hunter2.example:1/",
    ] {
        let refused = policy_error(text);
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

fn policy_error(text: &str) -> String {
    let refused = refusal(&UrlPolicy::default(), text);
    format!("{refused} {refused:?}")
}

#[test]
fn every_address_of_a_name_is_judged() {
    let policy = UrlPolicy::default();
    let pinned =
        pin(&policy, "https://example.com/", &Fixed(&["93.184.215.14", "2606:4700::1111"]))
            .unwrap();
    let addrs: Vec<String> = pinned.addrs().iter().map(SocketAddr::to_string).collect();
    assert_eq!(addrs, ["93.184.215.14:443", "[2606:4700::1111]:443"]);
    for mixed in [
        &["93.184.215.14", "10.0.0.1"][..],
        &["10.0.0.1", "93.184.215.14"],
        &["93.184.215.14", "::ffff:10.0.0.1"],
        &["2606:4700::1111", "64:ff9b::a00:1"],
    ] {
        let refused =
            pin(&policy, "https://example.com/", &Fixed(Box::leak(mixed.into()))).unwrap_err();
        assert!(
            matches!(refused, UrlError::Address { kind: AddressKind::Private }),
            "{mixed:?}: {refused}"
        );
    }
    assert!(matches!(pin(&policy, "https://example.com/", &Fixed(&[])), Err(UrlError::NoAddress)));
    let silent = |_: &str| Err(ErrorKind::TimedOut.into());
    let refused = policy.accept("https://example.com/").unwrap().pin(&policy, &silent).unwrap_err();
    assert!(refused.is_transient());
    assert!(!UrlError::NoAddress.is_transient());
}

#[test]
fn an_address_is_not_looked_up() {
    let pinned = pin(&UrlPolicy::default(), "https://93.184.215.14/", &Nobody).unwrap();
    assert_eq!(pinned.addrs(), ["93.184.215.14:443".parse().unwrap()]);
}

#[test]
fn a_second_answer_is_never_asked_for() {
    // The first answer is public, every later one is this machine.
    let asked = Cell::new(0);
    let rebinding = |_: &str| {
        asked.set(asked.get() + 1);
        let address: [u8; 4] = if asked.get() == 1 { [93, 184, 215, 14] } else { [127, 0, 0, 1] };
        Ok(vec![address.into()])
    };
    let policy = UrlPolicy::default();
    let pinned = policy.accept("http://rebind.example/").unwrap().pin(&policy, &rebinding).unwrap();
    assert_eq!(pinned.addrs(), ["93.184.215.14:80".parse().unwrap()]);
    assert_eq!(asked.get(), 1);
    // The next hop to the same name asks anew, and is judged anew.
    let next = pinned.redirect(&policy, "/again").unwrap();
    assert!(matches!(
        next.url.pin(&policy, &rebinding),
        Err(UrlError::Address { kind: AddressKind::Loopback })
    ));
}

#[test]
fn lists_of_hosts_and_networks_are_kept() {
    let mut policy = UrlPolicy::default();
    policy.allowed_hosts =
        vec!["api.example.com".parse().unwrap(), "*.cdn.example".parse().unwrap()];
    policy.denied_hosts = vec!["bad.cdn.example".parse().unwrap()];
    for allowed in
        ["https://api.example.com/", "https://a.cdn.example/", "https://a.b.cdn.example/"]
    {
        assert!(policy.accept(allowed).is_ok(), "{allowed}");
    }
    for refused in [
        "https://example.com/",
        "https://cdn.example/",
        "https://xcdn.example/",
        "https://api.example.com.evil.example/",
        "https://93.184.215.14/",
    ] {
        assert!(matches!(refusal(&policy, refused), UrlError::HostNotAllowed), "{refused}");
    }
    assert!(matches!(refusal(&policy, "https://bad.cdn.example/"), UrlError::HostDenied));

    // One service of the inside, by name and network: neither alone is enough.
    let mut policy = UrlPolicy::default();
    policy.allowed_hosts = vec!["vault.internal".parse().unwrap()];
    let inside = Fixed(&["10.1.2.3"]);
    assert!(matches!(
        pin(&policy, "https://vault.internal/", &inside),
        Err(UrlError::Address { kind: AddressKind::Private })
    ));
    policy.danger_allowed_networks = vec!["10.1.0.0/16".parse().unwrap()];
    assert!(pin(&policy, "https://vault.internal/", &inside).is_ok());
    assert!(pin(&policy, "https://vault.internal/", &Fixed(&["::ffff:10.1.2.3"])).is_ok());
    assert!(pin(&policy, "https://vault.internal/", &Fixed(&["10.2.2.3"])).is_err());
    policy.denied_networks = vec!["10.1.2.0/24".parse().unwrap()];
    for address in [&["10.1.2.3"][..], &["::ffff:10.1.2.3"], &["64:ff9b::a01:203"]] {
        let refused = pin(&policy, "https://vault.internal/", &Fixed(Box::leak(address.into())));
        assert!(matches!(refused, Err(UrlError::NetworkDenied)), "{address:?}");
    }
    // Where the address inside is not certain to be the one that is reached, it opens nothing: the first of these
    // is the metadata service to a translator of 48 bits, the others are any machine of a network of IPv6.
    let mut policy = UrlPolicy::default();
    policy.danger_allowed_networks = vec!["10.1.0.0/16".parse().unwrap()];
    for host in [
        "64:ff9b:1:a9fe:a9:fe00:a01:203",
        "fd00:1::5efe:a01:203",
        "fe80::5efe:a01:203",
        "::a01:203",
    ] {
        let refused = refusal(&policy, &format!("https://[{host}]/"));
        assert!(matches!(refused, UrlError::Address { .. }), "{host}");
    }
    for host in ["::ffff:a01:203", "64:ff9b::a01:203"] {
        assert!(policy.accept(&format!("https://[{host}]/")).is_ok(), "{host}");
    }
    policy.danger_allowed_networks.push("fd00:1::/64".parse().unwrap());
    assert!(policy.accept("https://[fd00:1::5efe:a01:203]/").is_ok());
    policy = UrlPolicy::default();
    policy.danger_allowed_networks = vec!["::1".parse().unwrap()];
    policy.schemes = vec![Scheme::Http];
    policy.ports = vec![8080];
    assert!(policy.accept("http://[::1]:8080/").is_ok());
    assert!(matches!(refusal(&policy, "https://[::1]:8080/"), UrlError::Scheme));
    assert!(matches!(refusal(&policy, "http://127.0.0.1:8080/"), UrlError::Address { .. }));
}

#[test]
fn an_operators_translator_leads_to_what_is_behind_it() {
    let mut policy = UrlPolicy::default();
    assert!(pin(&policy, "https://example.com/", &Fixed(&["2a01:db8:1:2:3:4:a00:1"])).is_ok());
    policy.addresses =
        AddressMap::new().with_nat64("2a01:db8:1:2:3:4::/96".parse().unwrap()).unwrap();
    assert!(matches!(
        pin(&policy, "https://example.com/", &Fixed(&["2a01:db8:1:2:3:4:a00:1"])),
        Err(UrlError::Address { kind: AddressKind::Private })
    ));
    assert!(pin(&policy, "https://example.com/", &Fixed(&["2a01:db8:1:2:3:4:808:808"])).is_ok());
}

#[test]
fn a_pattern_of_hosts_is_a_name() {
    for text in ["example.com", "*.example.com", "localhost", "xn--mnchen-3ya.de"] {
        assert_eq!(text.parse::<HostPattern>().unwrap().to_string(), text);
    }
    assert_eq!("M\u{fc}nchen.DE".parse::<HostPattern>().unwrap().to_string(), "xn--mnchen-3ya.de");
    for text in [
        "",
        "*",
        "*.",
        "a.*.com",
        "**.a",
        "10.0.0.1",
        "[::1]",
        "0x7f.1",
        "a b",
        "a/b",
        "https://a",
        "a.com.",
        ".a.com",
    ] {
        assert!(matches!(text.parse::<HostPattern>(), Err(UrlError::Pattern)), "{text}");
    }
}

#[test]
fn a_url_of_a_laxer_policy_is_judged_again() {
    let mut lax = UrlPolicy::default();
    lax.danger_allowed_networks = vec!["0.0.0.0/0".parse().unwrap()];
    lax.ports = vec![6379];
    let strict = UrlPolicy::default();
    let url = lax.accept("http://127.0.0.1:6379/").unwrap();
    assert!(url.clone().pin(&lax, &Nobody).is_ok());
    assert!(matches!(url.clone().pin(&strict, &Nobody), Err(UrlError::Port { port: 6379 })));
    assert!(matches!(url.pin_to(&strict, []), Err(UrlError::Port { port: 6379 })));
}

fn public(text: &str) -> Pinned {
    pin(&UrlPolicy::default(), text, &Fixed(&["93.184.215.14"])).unwrap()
}

#[test]
fn a_url_is_no_longer_than_allowed_when_it_is_sent() {
    let policy = UrlPolicy::default();
    // A quote is sent as three bytes: what is written fits, what is sent does not.
    let base = "https://example.com/";
    let quotes = "\"".repeat((policy.max_length - base.len()) / 3);
    let fits = policy.accept(&format!("{base}{quotes}")).unwrap();
    assert_eq!(policy.accept(fits.as_str()).unwrap(), fits);
    let longer = refusal(&policy, &format!("{base}{quotes}\"\""));
    assert!(matches!(longer, UrlError::TooLong { len, cap } if len > cap), "{longer:?}");
}

#[test]
fn a_redirect_is_joined_as_browsers_do() {
    let from = public("https://example.com/a/b?c=d");
    for (location, to) in [
        ("/x", "https://example.com/x"),
        ("x", "https://example.com/a/x"),
        ("../x", "https://example.com/x"),
        ("?x=y", "https://example.com/a/b?x=y"),
        ("", "https://example.com/a/b?c=d"),
        ("//example.org/x", "https://example.org/x"),
        ("https://example.org/", "https://example.org/"),
        ("https://example.com:443/x", "https://example.com/x"),
    ] {
        let next = from.redirect(&UrlPolicy::default(), location).unwrap();
        assert_eq!(next.url.as_str(), to, "{location}");
        assert_eq!(next.url.hops(), 1);
        let expected =
            if to.contains("example.org") { Credentials::Drop } else { Credentials::Keep };
        assert_eq!(next.credentials, expected, "{location}");
    }
}

#[test]
fn a_redirect_is_judged_like_a_first_url() {
    let from = public("https://example.com/a");
    for location in [
        "http://169.254.169.254/",
        "//127.0.0.1/",
        "//2130706433/",
        "https://localhost/",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "gopher://evil.example/",
        "//user@evil.example/",
        "//evil.example:6379/",
        "/a b",
        "/a\r\nSet-Cookie: x=y",
        "//",
        "https://",
        "data:text/html,x",
    ] {
        let refused = from.redirect(&UrlPolicy::default(), location);
        assert!(refused.is_err(), "{location:?}: {refused:?}");
    }
    let refused = from.redirect(&UrlPolicy::default(), "http://example.com/a").unwrap_err();
    assert!(matches!(refused, UrlError::Downgrade), "{refused}");
    let up = public("http://example.com/")
        .redirect(&UrlPolicy::default(), "https://example.com/")
        .unwrap();
    assert_eq!(up.credentials, Credentials::Drop);
}

#[test]
fn redirects_end() {
    let policy = UrlPolicy::default();
    let mut pinned = public("https://example.com/");
    for _ in 0..5 {
        let next = pinned.redirect(&policy, "/again").unwrap();
        pinned = next.url.pin(&policy, &Fixed(&["93.184.215.14"])).unwrap();
    }
    let refused = pinned.redirect(&policy, "/again").unwrap_err();
    assert!(matches!(refused, UrlError::TooManyRedirects { cap: 5 }), "{refused}");
}

/// A server of this machine that nobody may reach, and says so.
fn forbidden_server() -> (TcpListener, u16) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let port = server.local_addr().unwrap().port();
    (server, port)
}

#[test]
fn a_server_of_this_machine_is_never_reached() {
    let (server, port) = forbidden_server();
    let mut policy = UrlPolicy::default();
    policy.ports.push(port);
    let inside: &[&dyn Resolve] = &[
        &Fixed(&["127.0.0.1"]),
        &Fixed(&["::ffff:127.0.0.1"]),
        &Fixed(&["0.0.0.0"]),
        &Fixed(&["::"]),
        &Fixed(&["::1", "127.0.0.1"]),
        &Fixed(&["93.184.215.14", "127.0.0.1"]),
    ];
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "127.0.0.1.nip.io",
        "rebind.example",
        "\u{2460}27.0.0.1",
        "x@127.0.0.1",
        "127.0.0.1%00",
    ] {
        for resolver in inside {
            for text in [
                format!("http://{host}:{port}/"),
                format!("http:\\\\{host}:{port}/"),
                format!("http:/{host}:{port}/"),
            ] {
                // Whatever is pinned is connected to.
                if let Ok(pinned) = pin(&policy, &text, *resolver) {
                    let _ = pinned.connect(Duration::from_millis(50));
                    panic!("{text} was pinned to {:?}", pinned.addrs());
                }
            }
        }
    }
    assert_eq!(server.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_goes_to_the_pinned_address() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let mut policy = UrlPolicy::default();
    policy.danger_allowed_networks = vec!["127.0.0.1".parse().unwrap()];
    policy.ports = vec![port];
    let pinned =
        pin(&policy, &format!("http://shop.example:{port}/a?b"), &Fixed(&["127.0.0.1"])).unwrap();
    let mut stream = pinned.connect(Duration::from_secs(10)).unwrap();
    let (mut peer, _) = server.accept().unwrap();
    stream.write_all(pinned.url().path_and_query().as_bytes()).unwrap();
    drop(stream);
    let mut received = String::new();
    peer.read_to_string(&mut received).unwrap();
    assert_eq!(received, "/a?b");
    assert_eq!(pinned.url().host_header(), format!("shop.example:{port}"));
    // Nobody listens there any more.
    drop((server, peer));
    assert!(pinned.connect(Duration::from_secs(10)).is_err());
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tokio_pins_and_connects_too() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let mut policy = UrlPolicy::default();
    policy.ports = vec![port];
    policy.allowed_hosts = vec!["localhost".parse().unwrap()];
    let url = policy.accept(&format!("http://localhost:{port}/")).unwrap();
    // Every system resolves this name itself, to this machine.
    let refused = url.clone().pin_async(&policy).await.unwrap_err();
    assert!(matches!(refused, UrlError::Address { kind: AddressKind::Loopback }), "{refused}");
    policy.danger_allowed_networks = vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
    assert!(url.clone().pin_async(&policy).await.unwrap().addrs()[0].ip().is_loopback());
    let pinned = url.pin_to(&policy, ["127.0.0.1".parse().unwrap()]).unwrap();
    let stream = pinned.connect_async().await.unwrap();
    assert_eq!(stream.peer_addr().unwrap().port(), port);
}

#[cfg(feature = "serde")]
#[test]
fn a_policy_is_read_from_a_configuration() {
    let policy: UrlPolicy = toml::from_str(
        "schemes = ['https']\n\
         ports = [443, 8443]\n\
         allowed-hosts = ['*.example.com']\n\
         denied-networks = ['203.0.113.0/24']\n\
         addresses = { nat64 = ['2a01:db8::/96'] }\n",
    )
    .unwrap();
    assert_eq!(policy.schemes, [Scheme::Https]);
    assert_eq!(policy.max_redirects, 5);
    assert!(policy.accept("https://a.example.com:8443/").is_ok());
    assert_eq!(toml::from_str::<UrlPolicy>(&toml::to_string(&policy).unwrap()).unwrap(), policy);
    for (wrong, why) in [
        ("danger-allowed-networks = ['10.0.0.1/8']", "no network like"),
        ("allowed-hosts = ['10.0.0.1']", "no pattern of hosts"),
        ("schemes = ['ftp']", "unknown variant"),
        ("adresses = {}", "unknown field"),
        ("addresses = { nat64 = ['10.0.0.0/8'] }", "no prefix of NAT64"),
    ] {
        let refused = toml::from_str::<UrlPolicy>(wrong).unwrap_err().to_string();
        assert!(refused.contains(why), "{wrong}: {refused}");
    }
}
