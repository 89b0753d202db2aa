//! List prices in US dollars for Canada (Central), `ca-central-1`, known in November 2026. AWS changes them rarely;
//! the pages named are the truth. No free allowance is taken off, and no discount for volume.

/// Hours of a month, as AWS counts them.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// aws.amazon.com/lambda/pricing: per request.
pub const LAMBDA_REQUEST: f64 = 0.20 / 1e6;
/// aws.amazon.com/lambda/pricing: per GB-second on arm64.
pub const LAMBDA_GB_SECOND_ARM64: f64 = 0.000_013_333_4;
/// aws.amazon.com/lambda/pricing: per GB-second on x86_64.
pub const LAMBDA_GB_SECOND_X86: f64 = 0.000_016_666_7;
/// aws.amazon.com/eventbridge/pricing: per invocation by the Scheduler.
pub const SCHEDULER_INVOCATION: f64 = 1.00 / 1e6;
/// aws.amazon.com/eventbridge/pricing: per custom event.
pub const CUSTOM_EVENT: f64 = 1.00 / 1e6;
/// aws.amazon.com/cloudwatch/pricing, logs: per GB taken in.
pub const LOG_INGESTION_GB: f64 = 0.55;
/// aws.amazon.com/cloudwatch/pricing, logs: per GB and month kept.
pub const LOG_STORAGE_GB_MONTH: f64 = 0.033;
/// aws.amazon.com/cloudwatch/pricing, metrics: per metric and month, metered by the hours in which it was sent.
pub const CUSTOM_METRIC: f64 = 0.30;
/// aws.amazon.com/cloudwatch/pricing, alarms: per metric of an alarm at standard resolution, and month. Metric
/// math and Metrics Insights are billed by the metrics that they read, so combining alarms saves nothing.
pub const ALARM_METRIC: f64 = 0.10;
/// aws.amazon.com/cloudwatch/pricing, dashboards: per dashboard and month.
pub const DASHBOARD: f64 = 3.00;
/// aws.amazon.com/api-gateway/pricing, HTTP APIs: per request.
pub const HTTP_REQUEST: f64 = 1.11 / 1e6;
/// aws.amazon.com/secrets-manager/pricing: per secret and month.
pub const SECRET: f64 = 0.40;
/// aws.amazon.com/secrets-manager/pricing: per call.
pub const SECRET_CALL: f64 = 0.05 / 10_000.0;
/// aws.amazon.com/s3/pricing: per GB and month, standard class.
pub const S3_GB_MONTH: f64 = 0.025;
