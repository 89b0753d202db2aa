//! `cargo ops admin`: the people who may use the console. The first one cannot be made by the console itself.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use shared::{
    config::{Settings, SupabaseSettings},
    http::{Http, json_request},
    supabase::authenticate,
};

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a user of the console in Supabase Auth, and prints the password once.
    Create {
        /// The user's address.
        email: String,
        /// What the user may do.
        #[arg(long, value_enum, default_value_t = Role::Admin)]
        role: Role,
    },
}

/// A role of the console.
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything.
    Admin,
    /// Acknowledges, resolves, enters data.
    Operator,
    /// Sees.
    Viewer,
}

/// Settings come from the environment: SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY.
pub fn run(command: Command) -> anyhow::Result<()> {
    let Command::Create { email, role } = command;
    ensure!(email.contains('@'), "`{email}` is not an e-mail address");
    let role = role.to_possible_value().context("a role has a name")?.get_name().to_owned();
    let password = password()?;
    tokio::runtime::Runtime::new()?.block_on(create(&email, &role, &password))?;
    println!("{email} may use the console as {role}. Password, shown only now:\n\n    {password}");
    Ok(())
}

async fn create(email: &str, role: &str, password: &str) -> anyhow::Result<()> {
    let mut settings = Settings::load().await?;
    let supabase = SupabaseSettings::read(&mut settings);
    settings.check()?;
    let address = format!("{}/auth/v1/admin/users", supabase.url.as_str().trim_end_matches('/'));
    let user = json!({
        "email": email, "password": password, "email_confirm": true, "app_metadata": {"gazelle_role": role},
    });
    let body = user.to_string().into();
    let request = json_request("supabase-auth", "POST".parse()?, address.parse()?, body);
    let request = request.with_key(&supabase.key, authenticate);
    let answer = Http::new().send_once(&request, Duration::from_secs(20)).await?;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, said["error_code"].as_str()) {
        (200 | 201, _) => Ok(()),
        (_, Some("email_exists")) => bail!(
            "{email} has an account already. Give it the role in the SQL editor: update auth.users set \
             raw_app_meta_data = raw_app_meta_data || '{{\"gazelle_role\": \"{role}\"}}' where email = '{email}';"
        ),
        (401 | 403, _) => {
            bail!(
                "Supabase Auth refused the key: is SUPABASE_SERVICE_ROLE_KEY the service key of this project?"
            )
        }
        (status, code) => bail!("Supabase Auth answered HTTP {status} ({})", code.unwrap_or("no code")),
    }
}

fn password() -> anyhow::Result<String> {
    let random: [u8; 16] = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(|_| anyhow::anyhow!("the system has no randomness"))?
        .expose();
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
