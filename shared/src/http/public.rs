//! The guard of requests to addresses that people typed into a table: nothing inside a private network is reached,
//! neither by name nor by number.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The address is not a public one.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
pub(super) struct NotPublic;

/// Lets public addresses through, and the hosts that the deployment names.
#[derive(Debug, Clone)]
pub(super) struct PublicOnly {
    allowed: Arc<BTreeSet<String>>,
}

impl PublicOnly {
    pub fn new(allowed: impl IntoIterator<Item = String>) -> Self {
        Self { allowed: Arc::new(allowed.into_iter().collect()) }
    }

    /// Refuses what never meets the resolver: an address written as a number.
    pub fn check(&self, url: &Url) -> Result<(), NotPublic> {
        let number = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            _ => return Ok(()),
        };
        if is_public(number) || self.allowed.contains(&number.to_string()) { Ok(()) } else { Err(NotPublic) }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let is_allowed = self.allowed.contains(name.as_str());
        Box::pin(async move {
            // What is checked here is what is connected to: a name cannot change its mind in between.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|address| is_allowed || is_public(address.ip())).collect();
            if public.is_empty() {
                Err(Box::from(NotPublic))
            } else {
                Ok(Box::new(public.into_iter()) as Addrs)
            }
        })
    }
}

/// Whether an address is on the public internet: the special-purpose registries of IANA are not.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || matches!((a, b, c), (0 | 240..=255, ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, 0..=0x1ff | 0xdb8, ..] => false,
        // Global unicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inside_is_reached_by_number() {
        let guard = PublicOnly::new([]);
        for inside in [
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://169.254.169.254/latest/meta-data",
            "http://192.168.0.1/",
            "http://172.16.0.1/",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[2002:7f00:1::]/",
            "http://[64:ff9b::a00:1]/",
        ] {
            assert!(guard.check(&inside.parse().unwrap()).is_err(), "{inside}");
        }
        for outside in ["http://8.8.8.8/", "http://[2606:4700::1111]/", "http://service.example/"] {
            assert!(guard.check(&outside.parse().unwrap()).is_ok(), "{outside}");
        }
        assert!(PublicOnly::new(["127.0.0.1".into()]).check(&"http://127.0.0.1:1/".parse().unwrap()).is_ok());
    }

    #[tokio::test]
    async fn nothing_inside_is_reached_by_name() {
        let resolve = |guard: PublicOnly| async move { guard.resolve("localhost".parse().unwrap()).await };
        assert!(resolve(PublicOnly::new([])).await.is_err_and(|error| error.is::<NotPublic>()));
        assert!(resolve(PublicOnly::new(["localhost".into()])).await.is_ok());
    }
}
