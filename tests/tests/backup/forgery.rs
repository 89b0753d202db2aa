//! What somebody who can write into the store puts there: refused, and nothing of it is executed.

use backup::{Key, restore};
use e2e::{Backend, Bed, empty_database};
use gazelle_local::{migrations, postgrest::Database};
use rstest::rstest;
use serde_json::{Value, json};

use super::{back_up, copies, files, key, next_night, store};

/// A way to forge a manifest.
type Forgery = (&'static str, fn(&mut Value));

const SQL: &str = "create table planted ()";

/// What somebody who can write into the store, and has no key, may put there. The first part is a table that no migration
/// makes.
const FORGERIES: [Forgery; 10] = [
    ("type", |part| part["columns"][0]["type"] = format!("text); {SQL}; --").into()),
    ("default", |part| part["columns"][0]["type"] = "text default now()".into()),
    ("key", |part| part["key"][0] = format!("code)); {SQL}; --").into()),
    ("no such key", |part| part["key"][0] = "other".into()),
    ("dollars", |part| part["name"] = format!("x$$; {SQL}; do $$").into()),
    ("quotes", |part| part["name"] = format!("x\"(); {SQL}; --").into()),
    ("apostrophe", |part| part["name"] = format!("x'); {SQL}; --").into()),
    ("column", |part| part["columns"][0]["name"] = format!("code\" int); {SQL}; --").into()),
    ("another object", |part| part["object"] = "../../../etc/passwd".into()),
    ("rows", |part| part["rows"] = 7.into()),
];

fn give_a_key(bed: &mut Bed) {
    let identity = age::x25519::Identity::generate();
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    bed.stack.lambda.environment.insert("BACKUP_AGE_KEY".into(), secret);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_manifest_is_refused_and_nothing_of_it_is_executed() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    let client = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    client.batch_execute("create table aaa (code text primary key); insert into aaa values ('x')").await?;
    back_up(&bed, 1).await?;
    give_a_key(&mut bed);
    for day in [2, 3] {
        bed.stack.advance(jiff::SignedDuration::from_hours(24));
        let run = back_up(&bed, day).await?;
        // The copy is good; the one beside it, which was made without the key, is said.
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["supabase"]["status"], "verified");
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"], "told once");
    let (store, key) = (store(&bed), key(&bed));
    let [newest, other, open]: [String; 3] = copies(&bed).await.try_into().unwrap();
    let target = empty_database().await?;
    migrations::migrate(&target).await?;
    let file = |location: &str, name: &str| bed.stack.backups.path().join(location).join(name);
    let restored = async |location: &str, key: Option<&Key>, unproven: bool| -> anyhow::Result<_> {
        let source = restore::Source { store: &store, location, key, unproven };
        let fresh = Database::connect(&target).await?;
        let restored = restore::into_postgres(&source, fresh, true, &mut |_| ()).await;
        let fresh = Database::connect(&target).await?;
        let tables = "select (to_regclass('planted') is null) and (select count(*) from gazelle_clients) = 0";
        assert!(fresh.query_one(tables, &[]).await?.get::<_, bool>(0), "something was executed");
        fresh.batch_execute("drop table if exists aaa").await?;
        Ok(restored.map(|_| ()).map_err(|error| format!("{error:#}")))
    };
    let forge = |location: &str, forge: &dyn Fn(&mut Value)| -> anyhow::Result<()> {
        let path = file(location, "manifest.json");
        let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        assert_eq!(manifest["parts"][0]["name"], "aaa");
        forge(&mut manifest);
        Ok(std::fs::write(path, manifest.to_string())?)
    };

    let untouched = [&newest, &open].map(|location| std::fs::read(file(location, "manifest.json")).unwrap());
    for (name, forgery) in FORGERIES {
        for (location, key, honest) in [(&newest, key.as_ref(), &untouched[0]), (&open, None, &untouched[1])]
        {
            forge(location, &|manifest| forgery(&mut manifest["parts"][0]))?;
            let ended = restored(location, key, false).await?;
            std::fs::write(file(location, "manifest.json"), honest)?;
            match (key, &ended) {
                (Some(_), Err(said)) => assert!(said.contains("does not carry the mark"), "{name}: {said}"),
                // Without a key a strange name is a name: it must only do nothing.
                (None, Ok(())) => {
                    assert!(["dollars", "quotes", "apostrophe", "column"].contains(&name), "{name}")
                }
                (None, Err(_)) => {}
                (Some(_), Ok(())) => panic!("{name} was restored"),
            }
        }
    }
    // Whole copies that are not what they seem.
    let mark = std::fs::read(file(&newest, "manifest.mac"))?;
    std::fs::remove_file(file(&newest, "manifest.mac"))?;
    assert!(restored(&newest, key.as_ref(), false).await?.unwrap_err().contains("the mark"), "no mark");
    std::fs::copy(file(&other, "manifest.mac"), file(&newest, "manifest.mac"))?;
    std::fs::copy(file(&other, "manifest.json"), file(&newest, "manifest.json"))?;
    assert!(
        restored(&newest, key.as_ref(), false).await?.unwrap_err().contains("the mark"),
        "of another place"
    );
    std::fs::write(file(&newest, "manifest.json"), &untouched[0])?;
    std::fs::write(file(&newest, "manifest.mac"), &mark)?;
    assert!(
        restored(&open, key.as_ref(), false).await?.unwrap_err().contains("not encrypted"),
        "a plain one"
    );
    // What a person says in so many words is done, and an honest copy always.
    assert_eq!(restored(&open, key.as_ref(), true).await?, Ok(()));
    let target = empty_database().await?;
    migrations::migrate(&target).await?;
    let source = restore::Source { store: &store, location: &newest, key: key.as_ref(), unproven: false };
    restore::into_postgres(&source, Database::connect(&target).await?, false, &mut |_| ()).await?;
    Ok(())
}

/// With a key, whatever lies there; without one, what is dated in a time to come.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn forged_copies_push_out_no_real_one_and_end_no_comparison(
    #[values(true, false)] has_key: bool,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.fill().await?;
    if has_key {
        give_a_key(&mut bed);
    }
    for day in 1..=2 {
        assert_eq!(next_night(&mut bed, day).await?.answer.status, "success");
    }
    let real = copies(&bed).await;
    let before = files(&bed);
    let folder = bed.stack.backups.path().to_owned();
    let verified = json!({"outcome": "verified", "accepted": true}).to_string();
    let forge = |place: &str, started_at: &str, marks: bool| -> anyhow::Result<()> {
        let place = folder.join("supabase").join(place);
        std::fs::create_dir(&place)?;
        let mut manifest: Value =
            serde_json::from_slice(&std::fs::read(folder.join(&real[0]).join("manifest.json"))?)?;
        manifest["started_at"] = started_at.into();
        manifest["parts"] = json!([]);
        std::fs::write(place.join("manifest.json"), manifest.to_string())?;
        std::fs::write(place.join("verification.json"), &verified)?;
        if marks {
            std::fs::copy(folder.join(&real[0]).join("manifest.mac"), place.join("manifest.mac"))?;
            std::fs::copy(folder.join(&real[0]).join("verification.mac"), place.join("verification.mac"))?;
        }
        Ok(())
    };
    for month in 1..=12 {
        forge(&format!("9999{month:02}01T080000Z-forged"), "9999-01-01T08:00:00Z", has_key && month > 6)?;
        // The place alone says that it is the newest.
        forge(&format!("9998{month:02}01T080000Z-forged"), "2026-02-02T08:00:00Z", false)?;
        if has_key {
            forge(&format!("20260203T0800{month:02}Z-forged"), "2026-02-03T08:00:00Z", month > 6)?;
        }
    }

    // An accident on the same day: the forged ones would end the comparison and push out what holds the rows.
    let contacts = bed.stack.observer.from("gazelle_contacts").not("eq", "external_id", "");
    bed.stack.write(contacts.delete()).await?;
    for day in 3..=4 {
        let run = next_night(&mut bed, day).await?;
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["supabase"]["status"], "reduced", "{:?}", run.answer);
        assert_eq!(run.answer.stats["supabase"]["removed"], json!([]));
        if has_key {
            // What the run found of its own copy is made a lie.
            let place = folder.join(run.answer.stats["supabase"]["location"].as_str().unwrap());
            assert!(std::fs::read_to_string(place.join("verification.json"))?.contains("reduced"));
            std::fs::write(place.join("verification.json"), &verified)?;
        }
    }
    // Each problem is reported once, to both.
    assert_eq!(bed.notified(), ["louise", "louise", "nicolas", "nicolas"]);
    let accepting = json!({"task": "backup", "parameters": {"accept_reduced": true}});
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    let accepted = bed.stack.invoke(shared::task::Function::Backup, &accepting).await?;
    assert_eq!(accepted.answer.stats["supabase"]["status"], "verified", "{:?}", accepted.answer);
    // And good copies remove none of the real ones, which alone are drilled.
    for day in 6..=14 {
        let run = next_night(&mut bed, day).await?;
        let removed = &run.answer.stats["supabase"]["removed"];
        assert!(day >= 13 || *removed == json!([]), "{day}: {removed}");
    }
    let after = files(&bed);
    assert!(before.iter().all(|(path, content)| {
        let is_oldest = path.starts_with(folder.join(&real[1]));
        is_oldest || after.get(path) == Some(content)
    }));
    let drill = bed.run("restore_drill", "2026-02-15T10:00:00Z").await?;
    assert_eq!(drill.answer.status, "success", "{:?}", drill.answer);
    assert!(!drill.answer.stats["location"].as_str().unwrap().contains("forged"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_was_made_a_lie_is_reported_once_and_its_copy_counts_for_nothing() -> anyhow::Result<()>
{
    let mut bed = Bed::start(Backend::PostgRest).await?;
    give_a_key(&mut bed);
    for day in 1..=2 {
        assert_eq!(next_night(&mut bed, day).await?.answer.status, "success");
    }
    let newest = copies(&bed).await[0].clone();
    let place = bed.stack.backups.path().join(&newest).join("verification.json");
    std::fs::write(place, json!({"outcome": "failed"}).to_string())?;
    for day in 3..=4 {
        let run = next_night(&mut bed, day).await?;
        assert_eq!(run.answer.stats["supabase"]["status"], "verified", "{:?}", run.answer);
        assert!(run.answer.message.unwrap().contains(&newest));
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    let listed = store(&bed).copies(backup::copy::Kind::Supabase, key(&bed).as_ref()).await?;
    let strange: Vec<&str> =
        listed.iter().filter(|copy| !copy.proven).map(|copy| copy.location.as_str()).collect();
    assert_eq!(strange, [newest]);
    Ok(())
}
