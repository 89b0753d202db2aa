//! Domain events and AWS: what is published on EventBridge, and the secret store.
//!
//! Consumers de-duplicate by the run that an event speaks of, so publishing twice is harmless.

use aws_sdk_eventbridge::{
    config::{Credentials, Region},
    types::PutEventsRequestEntry,
};
use aws_smithy_http_client::tls;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::setting::Setting;

/// Source of the sync's own event.
pub const SOURCE_SYNC: &str = "gazelle.sync";
/// Source of the events about tasks.
pub const SOURCE_TASKS: &str = "gazelle.tasks";
/// The mirror is complete: detail `run_id`, `correlation_id`, `business_date`, `counts`, `full`.
pub const SYNC_SUCCEEDED: &str = "Gazelle Sync Succeeded";
/// Somebody wants a task: detail `task`, `run_id`, `requested_by`, `parameters`.
pub const TASK_REQUESTED: &str = "Task Requested";
/// A long run goes on: detail `task`, `run_id`, `part`, `continuation`.
pub const TASK_CONTINUED: &str = "Task Continued";

/// An event to be published with the end of a run.
#[derive(Debug, Clone, Serialize)]
pub struct DomainEvent {
    /// One of the sources above.
    pub source: &'static str,
    /// One of the detail types above.
    pub detail_type: &'static str,
    /// Detail, below 256 KB.
    pub detail: Value,
}

/// An event of the outbox, with its row.
#[derive(Debug, Clone, Deserialize)]
pub struct QueuedEvent {
    /// Row in `event_outbox`.
    pub id: String,
    /// Source.
    pub source: String,
    /// Detail type.
    pub detail_type: String,
    /// Detail.
    pub detail: Value,
}

/// What became of one event.
#[derive(Debug, Clone, Serialize)]
pub struct Published {
    /// Row in `event_outbox`.
    pub id: String,
    /// Whether EventBridge took it.
    pub published: bool,
    /// EventBridge's code, or the reason why nobody was reached.
    pub error: Option<String>,
}

/// The AWS clients, with the environment's region and credentials and `AWS_ENDPOINT_URL`.
#[derive(Debug, Clone)]
pub struct Aws {
    config: aws_config::SdkConfig,
}

/// A call to AWS that failed; the text carries AWS's code, never a value.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct AwsError(String);

impl Aws {
    /// Reads the environment. No call is made.
    pub async fn from_environment() -> Self {
        // As the SDK reads it.
        let endpoint = Setting::AwsEndpointUrl.of_the_process();
        let loader = aws_config::defaults(aws_config::BehaviorVersion::latest());
        Self::load(loader, endpoint.as_deref()).await
    }

    /// Another address than the environment's, for a program that is not a function itself but serves one.
    pub async fn at(endpoint: &str, region: &str, credentials: Credentials) -> Self {
        let loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(region.to_owned()))
            .credentials_provider(credentials);
        Self::load(loader, Some(endpoint)).await
    }

    /// A local endpoint is reached over plain HTTP, and needs no certificates of the machine; AWS itself never is.
    async fn load(loader: aws_config::ConfigLoader, endpoint: Option<&str>) -> Self {
        let builder = aws_smithy_http_client::Builder::new();
        let http_client = match endpoint {
            Some(endpoint) if endpoint.starts_with("http://") => builder.build_http(),
            _ => builder
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
                .build_https(),
        };
        let timeouts = aws_config::timeout::TimeoutConfig::builder()
            .operation_attempt_timeout(std::time::Duration::from_secs(5))
            .operation_timeout(std::time::Duration::from_secs(15))
            .build();
        Self { config: loader.http_client(http_client).timeout_config(timeouts).load().await }
    }

    /// The text of a secret.
    ///
    /// # Errors
    /// With AWS's code: not found, not allowed, not reachable.
    pub async fn secret(&self, arn: &str) -> Result<SecretString, AwsError> {
        let answer = aws_sdk_secretsmanager::Client::new(&self.config)
            .get_secret_value()
            .secret_id(arn)
            .send()
            .await
            .map_err(|error| AwsError(code(&error)))?;
        answer
            .secret_string
            .map(SecretString::from)
            .ok_or_else(|| AwsError("the secret holds no text".into()))
    }

    /// Publishes events, at most ten a call; one outcome per event, in order. A 200 may hold refused entries.
    pub async fn publish(&self, bus: &str, events: &[QueuedEvent]) -> Vec<Published> {
        let client = aws_sdk_eventbridge::Client::new(&self.config);
        let mut outcomes = Vec::with_capacity(events.len());
        for chunk in events.chunks(10) {
            let entries = chunk.iter().map(|event| {
                PutEventsRequestEntry::builder()
                    .event_bus_name(bus)
                    .source(&event.source)
                    .detail_type(&event.detail_type)
                    .detail(event.detail.to_string())
                    .build()
            });
            let answer = client.put_events().set_entries(Some(entries.collect())).send().await;
            let errors: Vec<Option<String>> = match answer {
                Ok(answer) if answer.entries().len() == chunk.len() => answer
                    .entries()
                    .iter()
                    .map(|entry| match entry.event_id() {
                        Some(_) => None,
                        None => Some(entry.error_code().unwrap_or("refused").to_owned()),
                    })
                    .collect(),
                Ok(_) => vec![Some("an answer without its entries".into()); chunk.len()],
                Err(error) => vec![Some(code(&error)); chunk.len()],
            };
            outcomes.extend(chunk.iter().zip(errors).map(|(event, error)| Published {
                id: event.id.clone(),
                published: error.is_none(),
                error,
            }));
        }
        outcomes
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // Another crate's errors.
fn code<E: aws_sdk_eventbridge::error::ProvideErrorMetadata, R>(
    error: &aws_sdk_eventbridge::error::SdkError<E, R>,
) -> String {
    use aws_sdk_eventbridge::error::ProvideErrorMetadata;
    error.code().map(str::to_owned).unwrap_or_else(|| match error {
        aws_sdk_eventbridge::error::SdkError::TimeoutError(_) => "no answer in time".into(),
        _ => "AWS cannot be reached".into(),
    })
}
