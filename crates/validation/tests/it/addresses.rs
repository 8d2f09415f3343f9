//! What addresses are of.

use std::net::IpAddr;

use proptest::prelude::*;
use wardkit_validation::{AddressKind, AddressMap, Embedding, Network};

#[track_caller]
fn check(kind: AddressKind, addresses: &str) {
    for address in addresses.split_whitespace() {
        assert_eq!(AddressKind::of(address.parse().unwrap()), kind, "{address}");
    }
}

#[test]
fn every_special_network_is_known_to_its_edges() {
    check(
        AddressKind::Public,
        "1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 \
         169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 \
         198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 \
         2000:: 2606:4700:4700::1111 2001:200:: 2a00:1450:4001::200e 2001:db7:ffff:: 2001:db9:: 2003:: 3ffe:: 3fff:1000::",
    );
    check(AddressKind::Loopback, "127.0.0.0 127.0.0.1 127.1.2.3 127.255.255.255 ::1");
    check(
        AddressKind::Private,
        "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255",
    );
    check(
        AddressKind::LinkLocal,
        "169.254.0.0 169.254.255.255 169.254.1.1 fe80:: fe80::1 febf:ffff::1",
    );
    check(
        AddressKind::Metadata,
        "169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 \
         fd20:ce::254",
    );
    check(AddressKind::Shared, "100.64.0.0 100.127.255.255");
    check(AddressKind::Benchmarking, "198.18.0.0 198.19.255.255 2001:2::1");
    check(
        AddressKind::Documentation,
        "192.0.2.0 192.0.2.255 198.51.100.7 203.0.113.255 2001:db8:: 2001:db8:ffff::1 3fff::1 3fff:fff::",
    );
    check(AddressKind::Multicast, "224.0.0.1 239.255.255.255 ff00:: ff02::1 ffff::");
    check(AddressKind::Broadcast, "255.255.255.255");
    check(AddressKind::Unspecified, "0.0.0.0 0.1.2.3 0.255.255.255 ::");
    check(
        AddressKind::Reserved,
        "240.0.0.0 255.255.255.254 192.0.0.0 192.0.0.8 192.88.99.1 100:: 100::1 2001:20::1 2001:1ff:: 1fff:: 4000:: \
         5f00::1 fe00:: fbff:: ::2:0:0:1",
    );
    check(AddressKind::UniqueLocal, "fc00:: fd12:3456::1 fdff::1");
    check(AddressKind::SiteLocal, "fec0:: feff::1");
}

#[test]
fn an_address_inside_another_is_judged() {
    check(
        AddressKind::Loopback,
        "::ffff:127.0.0.1 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b:1::127.0.0.1 2002:7f00:1:: \
         2002:7f00:0001:1::9 2001:0:808:808::80ff:fffe 2606:4700::5efe:127.0.0.1 fe80::200:5efe:127.0.0.1",
    );
    check(
        AddressKind::Metadata,
        "::ffff:169.254.169.254 ::a9fe:a9fe 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: ::ffff:0:169.254.169.254 \
         2001:0:0:0:0:0:5601:5601",
    );
    check(
        AddressKind::Private,
        "::ffff:10.0.0.1 64:ff9b::192.168.1.1 2002:ac10::1 2a00::5efe:10.1.1.1",
    );
    check(AddressKind::Unspecified, "::ffff:0.0.0.0 64:ff9b::");
    // The ways that are still used carry public addresses; the retired ones have no business to.
    check(AddressKind::Public, "::ffff:8.8.8.8 64:ff9b::8.8.8.8 2606:4700::5efe:8.8.8.8");
    check(
        AddressKind::Reserved,
        "::8.8.8.8 ::ffff:0:8.8.8.8 2002:808:808::1 64:ff9b:1::8.8.8.8 2001:0:0:0:0:0:f7f7:f7f7",
    );
    // Not public around it, whatever is inside.
    check(AddressKind::LinkLocal, "fe80::5efe:8.8.8.8");
}

#[test]
fn the_operators_translator_is_seen_through() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    // 192.168.2.33 behind each length of prefix that RFC 6052 has.
    for (prefix, carried) in [
        ("2a01:db8::/32", "2a01:db8:c0a8:221::"),
        ("2a01:db8:100::/40", "2a01:db8:1c0:a802:21::"),
        ("2a01:db8:122::/48", "2a01:db8:122:c0a8:2:2100::"),
        ("2a01:db8:122:300::/56", "2a01:db8:122:3c0:a8:221::"),
        ("2a01:db8:122:344::/64", "2a01:db8:122:344:c0:a802:2100::"),
        ("2a01:db8:122:344::/96", "2a01:db8:122:344::192.168.2.33"),
    ] {
        let map = AddressMap::new().with_nat64(prefix.parse().unwrap()).unwrap();
        let inner = map.embedded(address(carried)).unwrap();
        assert_eq!(inner.address.to_string(), "192.168.2.33", "{prefix}");
        assert_eq!(inner.by, Embedding::OperatorNat64);
        assert_eq!(map.kind(address(carried)), AddressKind::Private, "{prefix}");
        assert_eq!(AddressKind::of(address(carried)), AddressKind::Public, "{prefix}");
    }
    // A prefix of local use becomes a way to public services once the operator says so.
    let map = AddressMap::new().with_nat64("64:ff9b:1:fffe::/96".parse().unwrap()).unwrap();
    assert_eq!(map.kind(address("64:ff9b:1:fffe::8.8.8.8")), AddressKind::Public);
    assert_eq!(map.kind(address("64:ff9b:1:fffe::10.0.0.1")), AddressKind::Private);
    for wrong in ["10.0.0.0/8", "2a01::/16", "2a01:db8::/33", "::1/128"] {
        let refused = AddressMap::new().with_nat64(wrong.parse().unwrap()).unwrap_err();
        assert!(refused.to_string().starts_with("no prefix of NAT64"), "{wrong}");
    }
}

#[test]
fn a_network_is_read_strictly() {
    for text in ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "fd00::/8", "::/0", "::1/128"] {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
    }
    assert_eq!("1.2.3.4".parse::<Network>().unwrap().to_string(), "1.2.3.4/32");
    for text in [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "10/8",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "::/129",
        "fd00::1/8",
        "010.0.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0.0/256",
        "10.0.0.0/8 ",
    ] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
    let network = "192.168.0.0/16".parse::<Network>().unwrap();
    assert!(network.contains("192.168.255.1".parse().unwrap()));
    assert!(!network.contains("192.169.0.0".parse().unwrap()));
    assert!(!network.contains("::ffff:192.168.0.1".parse().unwrap()));
    assert!("::/0".parse::<Network>().unwrap().contains("ffff::".parse().unwrap()));
}

fn special() -> impl Strategy<Value = u32> {
    let networks = prop::sample::select(vec![
        (0x0000_0000, 8),
        (0x0a00_0000, 8),
        (0x6440_0000, 10),
        (0x7f00_0000, 8),
        (0xa9fe_0000, 16),
        (0xac10_0000, 12),
        (0xc0a8_0000, 16),
        (0xc612_0000, 15),
        (0xcb00_7100, 24),
        (0xe000_0000, 4),
        (0xf000_0000, 4),
    ]);
    (networks, any::<u32>())
        .prop_map(|((network, bits), host)| network | host >> bits)
        // `::` and `::1` are what they are, not 0.0.0.0 and 0.0.0.1 inside.
        .prop_filter("one of IPv6's own", |address| *address > 1)
}

proptest! {
    #[test]
    fn no_way_of_carrying_it_makes_an_inner_address_public(inner in special()) {
        let v4 = IpAddr::V4(inner.into());
        let kind = AddressKind::of(v4);
        prop_assert!(!kind.is_public());
        let low = u128::from(inner);
        for carried in [
            0xffff << 32 | low,
            0xffff << 48 | low,
            0x0064_ff9b << 96 | low,
            0x0064_ff9b_0001 << 80 | low,
            0x2002 << 112 | low << 80,
            0x2001_0000 << 96 | u128::from(!inner),
            0x2606_4700 << 96 | 0x5efe << 32 | low,
        ] {
            prop_assert_eq!(AddressKind::of(IpAddr::V6(carried.into())), kind, "{:x}", carried);
        }
    }

    #[test]
    fn an_address_is_in_its_networks_and_in_no_neighbours(address: u128, bits in 1_u8..=128) {
        let masked = address & (u128::MAX << (128 - u32::from(bits)));
        let network = Network::new(IpAddr::V6(masked.into()), bits).unwrap();
        prop_assert!(network.contains(IpAddr::V6(address.into())));
        let neighbour = address ^ (1 << (128 - u32::from(bits)));
        prop_assert!(!network.contains(IpAddr::V6(neighbour.into())));
    }
}
