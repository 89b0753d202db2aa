//! The console as people reach it in a deployment: behind API Gateway, in the function's own processes.

use e2e::{
    Backend, Bed,
    console::{Console, Sent, between},
};
use rstest::rstest;

const PUBLIC: &str = "https://console.example";

fn browser() -> Sent {
    Sent::nothing().header("host", "console.example").header("accept", "text/html,application/xhtml+xml")
}

#[rstest]
#[case::run("/runs/00000000-0000-4000-8000-000000000001")]
#[case::query("/journal?task=backup&status=error")]
#[case::home("/")]
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_link_survives_the_sign_in(
    #[values(Backend::Embedded)] backend: Backend,
    #[case] link: &str,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let console = Console::start_with(&bed.stack, Some(PUBLIC), Default::default()).await?;

    let stranger = console.ask("GET", link, &browser()).await?;
    assert_eq!(stranger.status, 303, "{stranger:?}");
    let form = stranger.headers["location"].to_str()?.to_owned();
    let page = console.ask("GET", &form, &browser()).await?;
    assert_eq!(page.status, 200);
    // The browser sends what the form holds, decoded from HTML.
    let page = String::from_utf8(page.body.to_vec())?;
    let next = between(&page, r#"name="next" value=""#, "\"").replace("&amp;", "&").replace("&#38;", "&");

    let email = "viewer@gazelle.example";
    let (_, password, _) =
        gazelle_local::sandbox::auth::USERS.into_iter().find(|(known, ..)| *known == email).unwrap();
    let form = browser().header("origin", PUBLIC);
    let form = form.form(&[("email", email), ("password", password), ("next", &next)]);
    let signed_in = console.ask("POST", "/sign-in", &form).await?;
    assert_eq!((signed_in.status, signed_in.headers["location"].to_str()?), (303, link), "{signed_in:?}");

    let cookie = signed_in.headers["set-cookie"].to_str()?.split(';').next().unwrap();
    let shown = console.ask("GET", link, &browser().header("cookie", cookie)).await?;
    // A run that does not exist has a page that says so.
    let expected = if link.starts_with("/runs/") { 404 } else { 200 };
    assert_eq!(shown.status, expected, "{shown:?}");
    // A cookie of another application beside it changes nothing, whatever it holds.
    let both = browser().header("cookie", format!("prénom=Zoé; {cookie}; theme=\u{e9}"));
    assert_eq!(console.ask("GET", link, &both).await?.status, expected);
    Ok(())
}
