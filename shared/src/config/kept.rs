//! What a process makes of its settings, kept from one invocation to the next and made again when they change.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{settings::Settings, source::Source, values::ConfigError};

/// What a process makes of its settings, kept between invocations and made again when they have changed. What cannot be
/// made is tried again by the next invocation: nothing of a failed start stays.
pub struct Kept<T> {
    make: Box<Make<T>>,
    made: Mutex<Option<Made<T>>>,
}

type Make<T> = dyn Fn(&mut Settings) -> Result<T, ConfigError>;

struct Made<T> {
    value: Arc<T>,
    source: Arc<Source>,
    version: u64,
}

impl<T> Kept<T> {
    /// Made by `make`, before the first invocation: its time is for the work.
    pub async fn load(make: impl Fn(&mut Settings) -> Result<T, ConfigError> + 'static) -> Self {
        let kept = Self { make: Box::new(make), made: Mutex::default() };
        // Refused settings are logged, and told to whoever invokes.
        kept.current().await.ok();
        kept
    }

    /// At the start of an invocation.
    ///
    /// # Errors
    /// The settings that are missing or unusable, or that cannot be read at all.
    pub async fn current(&self) -> Result<Arc<T>, ConfigError> {
        let mut made = self.made.lock().await;
        let old = made.take();
        match self.renewed(old).await {
            Ok(renewed) => Ok(made.insert(renewed).value.clone()),
            Err(error) => {
                tracing::error!(%error, "configuration.refused");
                Err(error)
            }
        }
    }

    async fn renewed(&self, made: Option<Made<T>>) -> Result<Made<T>, ConfigError> {
        let mut settings = match made {
            Some(made) => {
                made.source.begin().await;
                if made.source.version() == made.version {
                    return Ok(made);
                }
                Settings::of(made.source)
            }
            None => Settings::load().await?,
        };
        let version = settings.source.version();
        let value = Arc::new((self.make)(&mut settings)?);
        Ok(Made { value, source: settings.source, version })
    }

    /// The next invocation makes it anew.
    pub async fn forget(&self) {
        *self.made.lock().await = None;
    }
}
