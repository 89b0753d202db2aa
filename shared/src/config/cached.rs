//! A cache for what is built from the settings, from one invocation to the next.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{settings::Settings, source::Source, values::ConfigError};

/// A cache of what is built from [`Settings`], such as the clients of services: kept between invocations, and built again when
/// the settings have changed. A build that failed is not cached; the next invocation tries again.
pub struct Cached<T> {
    make: Box<Make<T>>,
    made: Mutex<Option<Made<T>>>,
}

type Make<T> = dyn Fn(&mut Settings) -> Result<T, ConfigError>;

struct Made<T> {
    value: Arc<T>,
    source: Arc<Source>,
    version: u64,
}

impl<T> Cached<T> {
    /// Made by `make`, before the first invocation: its time is for the work.
    pub async fn load(make: impl Fn(&mut Settings) -> Result<T, ConfigError> + 'static) -> Self {
        let cached = Self { make: Box::new(make), made: Mutex::default() };
        // Refused settings are logged, and sent to whoever invokes.
        cached.current().await.ok();
        cached
    }

    /// The value for an invocation that begins: the cached one, after a secret older than 15 minutes was read again.
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

    /// Invalidates the cache: the next invocation builds the value again.
    pub async fn forget(&self) {
        *self.made.lock().await = None;
    }
}
