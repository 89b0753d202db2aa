//! The console on this machine: the router of `admin-api` in this process, so that it follows the stack's clock.

use std::{net::SocketAddr, sync::Arc};

use admin_api::{App, Limits};
use anyhow::Context;
use aws_credential_types::Credentials;
use axum::{
    Router,
    extract::{Request, State, connect_info::MockConnectInfo},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use shared::{clock, config::Settings, events::Aws, http::Http};
use tokio::net::TcpListener;
use url::Url;

use crate::{clock::StackClock, stack::Stack};

/// The router of a stack's console that people reach at `address`.
pub async fn router(stack: &Stack, address: &str, limits: Limits) -> anyhow::Result<Router> {
    let environment = &stack.lambda.environment;
    let own = [("CONSOLE_URL", address)];
    let pairs = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(own);
    let mut settings = Settings::from_pairs(pairs);
    let app = App::read(&mut settings, Http::new());
    settings.check()?;
    let credentials = Credentials::new("local", "local-aws-secret", None, None, "local");
    let aws = Aws::at(&stack.sandbox_url, "ca-central-1", credentials).await;
    let app = app.with_aws(aws).with_limits(limits);
    let clock = from_fn_with_state(stack.clock.clone(), play);
    // Everybody on this machine has one address.
    let from = MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 0)));
    Ok(admin_api::router(Arc::new(app)).layer(clock).layer(from))
}

/// Middleware: a request is answered on the day that the stack plays, also by a run inside of it.
async fn play(State(stack_clock): State<Arc<StackClock>>, request: Request, next: Next) -> Response {
    clock::playing(stack_clock.offset_ms(), next.run(request)).await
}

/// Serves a stack's console on a port of its own, for people who reach it there or, behind a gateway, at `public`; the
/// port's address.
pub async fn serve(stack: &Stack, public: Option<&str>, limits: Limits) -> anyhow::Result<Url> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the console")?;
    let address = format!("http://{}", listener.local_addr()?);
    let router = router(stack, public.unwrap_or(&address), limits).await?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address.parse()?)
}
