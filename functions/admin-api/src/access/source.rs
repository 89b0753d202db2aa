//! The address that a request comes from, as the platform saw it. A header could say anything.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use lambda_http::request::RequestContext;

/// The caller's address, or `unknown`.
#[derive(Debug, Clone)]
pub struct Source(pub String);

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let gateway = parts.extensions.get::<RequestContext>().and_then(|context| match context {
            RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
            _ => None,
        });
        let connection = || {
            let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            connection.map(|ConnectInfo(address)| address.ip().to_string())
        };
        let address = gateway.or_else(connection);
        Ok(Self(address.map_or_else(|| "unknown".into(), |address| one_place(&address))))
    }
}

/// The address as one place: of IPv6 the network of 64 bits, which a provider gives to one customer (RFC 6177).
fn one_place(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_place() {
        for (address, place) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:DB8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.1"),
            ("unix", "unix"),
        ] {
            assert_eq!(one_place(address), place, "{address}");
        }
    }
}
