//! What every invocation of a process shares: settings and clients, read once.

use tokio::sync::OnceCell;

use super::context::Task;
use crate::{
    config::{ConfigError, Setting, Settings, SupabaseSettings},
    events::Aws,
    http::Http,
    notify::Channels,
    supabase::Supabase,
};

/// What every invocation of this process shares.
pub(super) struct Host<T> {
    pub http: Http,
    pub supabase: Supabase,
    pub channels: Channels,
    pub bus: String,
    /// The task, or why it cannot work: that is recorded as a failed run.
    pub task: Result<T, ConfigError>,
    aws: OnceCell<Aws>,
}

impl<T: Task> Host<T> {
    pub fn make(settings: &mut Settings) -> Result<Self, ConfigError> {
        let http = Http::new();
        let supabase = SupabaseSettings::read(settings);
        let channels = Channels::read(settings);
        settings.check()?;
        let task = T::new(settings, &http);
        Ok(Self {
            supabase: Supabase::new(http.clone(), supabase),
            channels,
            bus: settings.required(Setting::EventBus),
            task: settings.check().map(|()| task),
            http,
            aws: OnceCell::new(),
        })
    }
}

impl<T> Host<T> {
    /// The AWS clients, made at the first use: most runs publish nothing.
    pub async fn aws(&self) -> &Aws {
        self.aws.get_or_init(Aws::from_environment).await
    }
}
