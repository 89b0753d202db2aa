//! `cargo ops gazelle`: the first authorization, and the predecessor's token.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Subcommand;
use shared::{
    config::{Setting, Settings, SupabaseSettings},
    gazelle::{Authorization, GazelleSettings, parse_token_file},
    http::Http,
    supabase::Supabase,
};
use url::Url;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Prints the address at which a person authorizes, and stores the token for the address pasted back.
    Authorize,
    /// Stores the token of the predecessor's config/token.json.
    Import {
        /// The file.
        file: PathBuf,
    },
}

/// Settings come from the environment: GAZELLE_CLIENT_ID, GAZELLE_CLIENT_SECRET, GAZELLE_REDIRECT_URI, SUPABASE_*.
pub fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut settings = Settings::load().await?;
        let http = Http::new();
        let supabase = Supabase::new(http.clone(), SupabaseSettings::read(&mut settings));
        match command {
            Command::Authorize => {
                let gazelle = GazelleSettings::read(&mut settings);
                let redirect = settings.url(Setting::GazelleRedirectUri);
                settings.check()?;
                authorize(http, gazelle, supabase, &redirect).await
            }
            Command::Import { file } => {
                settings.check()?;
                let text =
                    std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
                let token = parse_token_file(&text).map_err(anyhow::Error::msg)?;
                shared::gazelle::store_token(&supabase, &token).await?;
                println!("stored; the next sync renews it");
                Ok(())
            }
        }
    })
}

async fn authorize(
    http: Http,
    gazelle: GazelleSettings,
    supabase: Supabase,
    redirect: &Url,
) -> anyhow::Result<()> {
    let random: [u8; 16] = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(|_| anyhow::anyhow!("the system has no randomness"))?
        .expose();
    let state: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let address = gazelle
        .authorize_address(redirect.as_str(), &state)
        .context("GAZELLE_CREDENTIAL is api_key: there is nothing to authorize")?;
    println!(
        "Open this address, authorize, and paste the address that the browser then shows:\n\n{address}\n"
    );
    print!("> ");
    std::io::stdout().flush()?;
    let mut pasted = String::new();
    std::io::stdin().read_line(&mut pasted)?;
    let pasted = Url::parse(pasted.trim()).context("that is not an address")?;
    let parameter =
        |name: &str| pasted.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    ensure!(parameter("state").as_deref() == Some(&state), "the address has another `state`: start again");
    let code = parameter("code").context("the address has no `code`: was the authorization refused?")?;
    Authorization::new(http, gazelle, supabase).authorize(&code, redirect.as_str()).await?;
    println!("stored; the nightly sync renews it");
    Ok(())
}
