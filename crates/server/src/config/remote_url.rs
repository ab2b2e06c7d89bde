//! Addresses that the server itself calls: an issuer of tokens, its keys.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// An address over TLS; on this machine, without. It carries no user, no password and no fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl(Url);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an https address")]
pub struct InvalidRemoteUrl;

impl FromStr for RemoteUrl {
    type Err = InvalidRemoteUrl;

    fn from_str(raw: &str) -> Result<Self, InvalidRemoteUrl> {
        let url: Url = raw.parse().map_err(|_| InvalidRemoteUrl)?;
        let is_protected = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_of_this_machine(&url),
            _ => false,
        };
        let is_plain = url.username().is_empty() && url.password().is_none();
        if is_protected && is_plain && url.fragment().is_none() {
            Ok(Self(url))
        } else {
            Err(InvalidRemoteUrl)
        }
    }
}

impl RemoteUrl {
    pub(crate) fn as_url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn has_no_query(&self) -> bool {
        self.0.query().is_none()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }
}

fn is_of_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: std::net::IpAddr| address.is_loopback();
    host == "localhost" || address.parse().is_ok_and(is_loopback)
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_be_called_without_tls() {
        for good in [
            "https://id.example.com",
            "https://id.example.com:8443/tenant?x=1",
            "http://127.0.0.1:9000/keys",
            "http://[::1]:9000",
            "http://localhost:9000",
        ] {
            assert!(good.parse::<RemoteUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "id.example.com",
            "http://id.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "https://user@id.example.com",
            "https://:word@id.example.com",
            "https://id.example.com/#a",
            "ftp://id.example.com",
            "file:///etc/passwd",
        ] {
            assert!(bad.parse::<RemoteUrl>().is_err(), "{bad}");
        }
    }
}
