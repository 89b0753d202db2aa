//! The console as people reach it in a deployment: behind API Gateway, in the function's own process.

use e2e::{
    Backend, Bed,
    gateway::{Asked, HOST, ask},
};
use rstest::rstest;

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

#[rstest]
#[case::run("/runs/00000000-0000-4000-8000-000000000001")]
#[case::query("/journal?task=backup&status=error")]
#[case::home("/")]
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_link_survives_the_sign_in(
    #[values(Backend::Embedded)] backend: Backend,
    #[case] link: &str,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.lambda.environment.insert("CONSOLE_URL".into(), format!("https://{HOST}/"));
    let stack = &bed.stack;

    let stranger = ask(stack, &Asked { address: link, headers: vec![HTML], ..Asked::default() }).await?;
    assert_eq!(stranger.status, 303, "{stranger:?}");
    let form = stranger.location()?.to_owned();
    let page = ask(stack, &Asked { address: &form, headers: vec![HTML], ..Asked::default() }).await?;
    assert_eq!(page.status, 200);
    // The browser sends what the form holds, decoded from HTML.
    let (_, field) = page.body.split_once(r#"name="next" value=""#).unwrap();
    let (next, _) = field.split_once('"').unwrap();
    let next = next.replace("&amp;", "&").replace("&#38;", "&");

    let email = "viewer@gazelle.example";
    let (_, password, _) =
        gazelle_local::sandbox::auth::USERS.into_iter().find(|(known, ..)| *known == email).unwrap();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", email), ("password", password), ("next", &next)])
        .finish();
    let origin = format!("https://{HOST}");
    let headers =
        vec![HTML, ("origin", origin.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let signed_in = ask(stack, &Asked { method: "POST", address: "/sign-in", headers, body: &body }).await?;
    assert_eq!((signed_in.status, signed_in.location()?), (303, link), "{signed_in:?}");

    let cookie = signed_in.cookies[0].split(';').next().unwrap();
    let read = Asked { address: link, headers: vec![HTML, ("cookie", cookie)], ..Asked::default() };
    let shown = ask(stack, &read).await?;
    // A run that does not exist has a page that says so.
    let expected = if link.starts_with("/runs/") { 404 } else { 200 };
    assert_eq!(shown.status, expected, "{shown:?}");
    Ok(())
}
