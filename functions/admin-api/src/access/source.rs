//! The address that a request comes from, as the platform saw it. A header could say anything.

use std::{convert::Infallible, net::SocketAddr};

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
        Ok(Self(gateway.or_else(connection).unwrap_or_else(|| "unknown".into())))
    }
}
