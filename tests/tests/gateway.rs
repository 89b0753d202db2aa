//! The console as people reach it in a deployment: behind API Gateway, in the function's own processes.

use std::collections::BTreeMap;

use admin_api::Limits;
use e2e::{
    Backend, Bed,
    console::{Console, Sent, between},
    gateway::Gateway,
};
use futures::future::join_all;
use gazelle_local::lambda::Ended;
use rstest::rstest;
use serde_json::{Value, json};

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

/// Texts that break what is careless.
const NASTY: [&str; 24] = [
    "",
    " ",
    "/",
    "//",
    "/..",
    "%",
    "%zz",
    "%00",
    "\u{0}",
    "\t",
    "<script>",
    "\"'\"",
    "é日",
    "\u{202e}",
    "?a=b",
    "#x",
    "~",
    "~_w",
    "a b",
    "[",
    "\\",
    "{}|^`",
    "x\r\ny: z",
    "a/b?c#d%2F",
];
const EVENTS: usize = 10_000;

/// Numbers that are the same in every run (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn text(&mut self) -> String {
        let parts = 1 + self.below(3);
        let long = self.below(200) == 0;
        let text: String = (0..parts).map(|_| self.of(&NASTY)).collect();
        if long { text.repeat(3_000) } else { text }
    }

    fn value(&mut self) -> Value {
        match self.below(7) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(1_000_000)),
            3 => json!([self.text()]),
            4 => json!({self.text(): self.text()}),
            _ => self.text().into(),
        }
    }

    /// An event that is right, or wrong in a few ways.
    fn event(&mut self) -> Value {
        const PATHS: [&str; 9] = [
            "/",
            "/health",
            "/runs/",
            "/api/notices/",
            "/sign-in",
            "/assets/console.css",
            "/openapi.json",
            "/v1/admin/health",
            "/x",
        ];
        let path = format!("{}{}", self.of(&PATHS), self.of(&NASTY));
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "a=b", "isBase64Encoded": false,
            "headers": {"host": "console.example", "x-forwarded-proto": "https", "accept": "text/html"},
            "requestContext": {
                "stage": "$default", "domainName": "console.example", "timeEpoch": 1,
                "http": {"method": self.of(&["GET", "POST", "HEAD", "OPTIONS", "PUT"]), "path": path, "sourceIp": "192.0.2.1"},
            },
        });
        for _ in 0..self.below(4) {
            let value = self.value();
            match self.below(12) {
                0 => event["rawQueryString"] = self.text().into(),
                1 => event["rawPath"] = value,
                2 => event["headers"]["host"] = value,
                3 => event["headers"][self.text()] = value,
                4 => event["cookies"] = json!([self.text(), "language=en", value]),
                5 => (event["body"], event["isBase64Encoded"]) = (value, json!(self.below(2) == 0)),
                6 => event["requestContext"]["http"]["method"] = value,
                7 => event["requestContext"][self.of(&["stage", "domainName", "timeEpoch", "http"])] = value,
                8 => {
                    event[self.of(&[
                        "headers",
                        "cookies",
                        "isBase64Encoded",
                        "rawQueryString",
                        "requestContext",
                    ])] = value
                }
                9 => {
                    event["headers"]
                        [self.of(&["authorization", "origin", "cookie", "content-type", "hx-request"])] =
                        value
                }
                10 => event["requestContext"]["http"]["sourceIp"] = value,
                _ => {
                    let name = self.of(&["rawPath", "headers", "requestContext", "version"]);
                    event.as_object_mut().unwrap().remove(name);
                }
            }
            // Some of these turned an object into something else, into which nothing can be put any more.
            if !event["headers"].is_object() || !event["requestContext"]["http"].is_object() {
                break;
            }
        }
        event
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_stranger_posts_is_no_error_of_the_consoles() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    let console = Console::start_with(&bed.stack, Some(PUBLIC), Default::default()).await?;
    for byte in (0..=u8::MAX).filter(|byte| !(b' '..b'\x7f').contains(byte)) {
        let next = format!("/{}", char::from(byte));
        for (path, fields) in [
            ("/preferences", vec![("next", next.as_str()), ("language", &next), ("theme", &next)]),
            ("/sign-in", vec![("email", next.as_str()), ("password", ""), ("next", &next)]),
        ] {
            let form = browser().header("origin", PUBLIC).form(&fields);
            let answer = console.ask("POST", path, &form).await?;
            assert!(answer.status < 500, "{path} {byte:#x}: {answer:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_nothing_leads_to_no_other_host() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    let gateway = Gateway::of(&bed.stack, PUBLIC, Limits::default());
    let mut event: Value = serde_json::from_str(include_str!("../../events/admin-api.health.json"))?;
    event["headers"]["accept"] = "text/html".into();
    for path in ["//evil.example/x", "/\\evil.example/x"] {
        event["rawPath"] = path.into();
        let Ended::Answer(answer) = gateway.invoke(&event).await? else { anyhow::bail!("{path}: no answer") };
        let page = answer["body"].as_str().unwrap_or_default();
        assert!(!page.contains("href=\"//") && !page.contains("href=\"/\\"), "{path}: {page}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_makes_the_function_panic_or_fail() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    let gateway = Gateway::of(&bed.stack, PUBLIC, Limits { user: u32::MAX >> 1, address: u32::MAX >> 1 });
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut statuses = BTreeMap::new();
    for _ in 0..EVENTS / 4 {
        let events: [Value; 4] = std::array::from_fn(|_| chance.event());
        for (event, ended) in
            events.iter().zip(join_all(events.iter().map(|event| gateway.invoke(event))).await)
        {
            match ended? {
                Ended::Answer(answer) => {
                    let status = answer["statusCode"].as_u64().unwrap_or_default();
                    assert!((200..500).contains(&status), "{event}: {answer}");
                    *statuses.entry(status).or_insert(0) += 1;
                }
                // What comes from no gateway is said to be none.
                Ended::Error { message, .. } => {
                    let is_event = event["requestContext"]["http"].is_object();
                    assert!(!is_event && message.starts_with("unknown payload"), "{event}: {message}");
                }
                other => panic!("{event}: {other:?}"),
            }
        }
    }
    for status in [200, 303, 400, 401, 404] {
        assert!(
            statuses.get(&status).is_some_and(|count| *count > 20),
            "the events are all alike: {statuses:?}"
        );
    }
    Ok(())
}
