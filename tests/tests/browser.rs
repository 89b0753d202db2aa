//! What people do in the console, in a real browser. The stories are in `tests/browser`; here stands what is behind
//! them, and what each must have left in the database.

use std::{path::Path, process::Stdio};

use admin_api::Limits;
use anyhow::Context;
use e2e::{Backend, Bed, console::Console, provided};
use futures::future::try_join_all;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

const UNLIMITED: Limits = Limits { user: i32::MAX.unsigned_abs(), address: i32::MAX.unsigned_abs() };

async fn start() -> anyhow::Result<(Bed, Console)> {
    let bed = Bed::start(Backend::PostgRest).await?;
    // Pages are opened far faster than by people.
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    Ok((bed, console))
}

/// Starts a story.
fn tell(console: &Console, story: &str, arguments: &[&str]) -> anyhow::Result<Child> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(provided("GAZELLE_TEST_PYTHON")?);
    command
        .arg(folder.join("browser").join(format!("{story}.py")))
        .args(arguments)
        .env("CONSOLE", console.address.as_str())
        .env("CHROMIUM", provided("GAZELLE_TEST_CHROMIUM")?)
        .env("AXE", provided("GAZELLE_TEST_AXE")?)
        .env("SCREENSHOTS", folder.join("../target/screenshots"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command.spawn().context("python")
}

/// Tells a story to its end, and does meanwhile what it asks for: `deliver` the events on the bus, `break` what stands
/// behind the console, `mend` it.
async fn story(bed: &mut Bed, console: &Console, name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut child = tell(console, name, arguments)?;
    let mut answers = child.stdin.take().context("stdin")?;
    let mut wishes = BufReader::new(child.stdout.take().context("stdout")?).lines();
    while let Some(wish) = wishes.next_line().await? {
        // The answer comes first: the story watches what happens.
        answers.write_all(b"ok\n").await?;
        match wish.split_once(' ').unwrap_or((&wish, "")) {
            ("deliver", "") => drop(bed.stack.deliver_events().await?),
            ("break", fault) => bed.stack.break_with(&[fault.parse().map_err(anyhow::Error::msg)?]),
            ("mend", "") => bed.stack.faults.lift(),
            _ => anyhow::bail!("{name} wants {wish:?}"),
        }
    }
    ended(name, child).await
}

async fn ended(name: &str, child: Child) -> anyhow::Result<()> {
    let output = child.wait_with_output().await?;
    anyhow::ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_accessible_and_fits_in_both_languages_and_themes() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    bed.fill().await?;
    let views = ["/", "/backups"];
    let mut stories = Vec::new();
    for language in ["fr", "en"] {
        for theme in ["light", "dark"] {
            let arguments = [&[language, theme], &views[..]].concat();
            stories.push(ended("views", tell(&console, "views", &arguments)?));
        }
    }
    try_join_all(stories).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stories_watch_for_is_seen() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "watch", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_mistypes_works_and_leaves() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "sign_in", &[]).await?;
    assert_eq!(bed.stack.auth.open_sessions(), 0);
    let history = bed.stack.rows("login_history", "error_type", "created_at,id").await?;
    let kinds: Vec<Option<&str>> = history.iter().map(|row| row["error_type"].as_str()).collect();
    assert_eq!(kinds, [Some("invalid_password"), None, Some("logout")]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn language_and_colours_are_kept() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "preferences", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_supabase_the_console_says_so_and_what_still_works() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "outage", &[]).await
}
