//! Cuts an address apart.

use super::{InvalidAddress, SecretSource};

/// An address in parts; `%40` and the like are what they stand for.
pub(super) struct Parts {
    pub(super) scheme: String,
    pub(super) user: String,
    pub(super) password: Option<String>,
    /// Host and port together, as they are written.
    pub(super) authority: String,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) path: Vec<String>,
    /// The path and what follows, as they are written.
    pub(super) raw_path: String,
    query: Vec<(String, String)>,
}

impl Parts {
    pub(super) fn read(address: &str) -> Result<Self, InvalidAddress> {
        if address.len() > MAX_LENGTH {
            return Err(InvalidAddress::new(format!("longer than {MAX_LENGTH} bytes")));
        }
        if address.chars().any(|char| char.is_control() || char == ' ') {
            return Err(InvalidAddress::new("has blanks or control characters"));
        }
        let (scheme, rest) = address
            .split_once("://")
            .ok_or_else(|| InvalidAddress::new("has no kind such as ntfy:// at its beginning"))?;
        let (authority, raw_path) = match rest.find(['/', '?']) {
            Some(at) if rest[at..].starts_with('/') => (&rest[..at], &rest[at + 1..]),
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (sign_in, authority) = match authority.rsplit_once('@') {
            Some((sign_in, authority)) => (sign_in, authority),
            None => ("", authority),
        };
        let (user, password) = match sign_in.split_once(':') {
            Some((user, password)) => (user, Some(decode(password)?)),
            None => (sign_in, None),
        };
        let (path, query) = raw_path.split_once('?').unwrap_or((raw_path, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && !port.ends_with(']') => {
                (host, port.parse().ok())
            }
            _ => (authority, None),
        };
        let path = path.split('/').filter(|part| !part.is_empty()).map(decode);
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user: decode(user)?,
            password,
            authority: decode(authority)?,
            host: decode(host)?,
            port,
            path: path.collect::<Result<_, _>>()?,
            raw_path: raw_path.to_owned(),
            query: query.collect::<Result<_, InvalidAddress>>()?,
        })
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }

    /// The base of a URL of the web: by HTTPS when the scheme is `secure`.
    pub(super) fn web(&self, secure: &str) -> String {
        let scheme = if self.scheme == secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    pub(super) fn user_secret(&self) -> SecretSource {
        match self.user.as_str() {
            "" => SecretSource::None,
            user => SecretSource::of(user),
        }
    }

    pub(super) fn password_secret(&self) -> SecretSource {
        self.password.as_deref().map_or(SecretSource::None, SecretSource::of)
    }

    /// The two words of an address that names no host.
    pub(super) fn two(&self, shape: &str) -> Result<[String; 2], InvalidAddress> {
        match self.path.as_slice() {
            [second] if !self.authority.is_empty() => Ok([self.authority.clone(), second.clone()]),
            _ => Err(InvalidAddress::new(format!("must be {shape}"))),
        }
    }

    /// The three words of an address that names no host.
    pub(super) fn three(&self, shape: &str) -> Result<[String; 3], InvalidAddress> {
        match self.path.as_slice() {
            [second, third] if !self.authority.is_empty() => {
                Ok([self.authority.clone(), second.clone(), third.clone()])
            }
            _ => Err(InvalidAddress::new(format!("must be {shape}"))),
        }
    }
}

fn decode(text: &str) -> Result<String, InvalidAddress> {
    let invalid = || InvalidAddress::new("has a % that is not followed by two hexadecimal digits");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit().and_then(|high| Some(high * 16 + digit()?)).ok_or_else(invalid)?;
        bytes.push(u8::try_from(value).map_err(|_| invalid())?);
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text),
        _ => Err(InvalidAddress::new("stands for what is no text")),
    }
}

/// In bytes.
const MAX_LENGTH: usize = 4096;
