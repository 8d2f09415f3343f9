//! Signatures and keys that are taken are the same when they are written and read again, and prove nothing that their
//! key did not sign.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_plugin::{PublicKey, SecretKey, Signature};

fuzz_target!(|text: &str| {
    if let Ok(signature) = Signature::parse(text) {
        assert_eq!(Signature::parse(&signature.to_text()).ok().as_ref(), Some(&signature));
        let key = SecretKey::from_random([9; 40]).public();
        assert!(signature.verify(b"never signed", &key).is_err());
    }
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(PublicKey::parse(&key.to_text()).ok().as_ref(), Some(&key));
        assert_eq!(PublicKey::parse(&key.to_line()).ok().as_ref(), Some(&key));
    }
    if let Ok(key) = SecretKey::parse(text) {
        let again = SecretKey::parse(&key.to_text()).expect("it wrote that itself");
        assert_eq!(again.public(), key.public());
    }
});
