//! Networks print as they are read, and an address inside another is never more public than alone.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{AddressMap, Network};

fuzz_target!(|input: (u128, u8, &str)| {
    let (address, bits, text) = input;
    let address = IpAddr::V6(address.into());
    let mut map = AddressMap::new();
    if let Ok(network) = Network::new(address, bits) {
        assert!(network.contains(address));
        assert_eq!(network.to_string().parse::<Network>().ok(), Some(network));
        if let Ok(with) = AddressMap::new().with_nat64(network) {
            map = with;
        }
    }
    if let Some(embedded) = map.embedded(address) {
        let alone = map.kind(IpAddr::V4(embedded.address));
        assert!(alone.is_public() || map.kind(address) == alone);
    }
    if let Ok(network) = text.parse::<Network>() {
        assert_eq!(network.to_string().parse::<Network>().ok(), Some(network));
    }
});
