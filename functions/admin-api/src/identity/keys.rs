//! The key of `CONSOLE_SESSION_KEY`: it seals refresh tokens and signs the tokens of forms. Whoever reads the database
//! can use neither.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};
use shared::config::{Setting, Settings};

const NAME: Setting = Setting::ConsoleSessionKey;

/// Two keys made of one, each for its own use.
pub struct Keys {
    seal: LessSafeKey,
    csrf: hmac::Key,
}

impl Keys {
    /// Reads `CONSOLE_SESSION_KEY`: 32 random bytes in base64.
    pub fn read(settings: &mut Settings) -> Self {
        let text = settings.required_secret(NAME);
        let decoded = STANDARD.decode(text.expose_secret()).unwrap_or_default();
        if decoded.len() != 32 && !text.expose_secret().is_empty() {
            settings.problem(format!("{NAME} is not 32 bytes in base64: openssl rand -base64 32"));
        }
        let main = hmac::Key::new(hmac::HMAC_SHA256, &decoded);
        let derived = |purpose: &str| hmac::sign(&main, purpose.as_bytes());
        // A tag of HMAC-SHA-256 is as long as a key of ChaCha20.
        let seal = UnboundKey::new(&aead::CHACHA20_POLY1305, derived("refresh token").as_ref())
            .unwrap_or_else(|_| unreachable!());
        Self {
            seal: LessSafeKey::new(seal),
            csrf: hmac::Key::new(hmac::HMAC_SHA256, derived("form").as_ref()),
        }
    }

    /// Encrypts a text for one session; `None` when the system has no randomness.
    pub fn seal(&self, text: &SecretString, session: &str) -> Option<String> {
        let nonce = random::<NONCE_LEN>()?;
        let mut data = text.expose_secret().as_bytes().to_vec();
        let aad = Aad::from(session.as_bytes());
        self.seal.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut data).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &data].concat()))
    }

    /// Decrypts what [`seal`](Self::seal) made for the same session.
    pub fn open(&self, sealed: &str, session: &str) -> Option<SecretString> {
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, data) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let open = self.seal.open_in_place(nonce, Aad::from(session.as_bytes()), data).ok()?;
        String::from_utf8(open.to_vec()).ok().map(SecretString::from)
    }

    /// What a form of this session must carry.
    pub fn csrf_token(&self, session: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.csrf, session.as_bytes()))
    }

    /// Whether a form carries it; takes the same time for every wrong one.
    pub fn accepts_csrf_token(&self, session: &str, token: &str) -> bool {
        let token = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        hmac::verify(&self.csrf, session.as_bytes(), &token).is_ok()
    }
}

/// Random bytes of the system.
pub fn random<const LENGTH: usize>() -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).ok().map(|()| bytes)
}

/// SHA-256 of a text in hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let key = STANDARD.encode([7; 32]);
        let mut settings = Settings::from_pairs([(NAME.name(), key.as_str())]);
        let keys = Keys::read(&mut settings);
        settings.check().unwrap();
        keys
    }

    #[test]
    fn what_is_sealed_for_one_session_opens_for_no_other() {
        let keys = keys();
        let sealed = keys.seal(&SecretString::from("planted"), "a").unwrap();
        assert!(!sealed.contains("planted"));
        assert_eq!(keys.open(&sealed, "a").unwrap().expose_secret(), "planted");
        assert!(keys.open(&sealed, "b").is_none());
        assert!(keys.open("", "a").is_none());
        assert_ne!(sealed, keys.seal(&SecretString::from("planted"), "a").unwrap());
    }

    #[test]
    fn a_form_token_belongs_to_its_session() {
        let keys = keys();
        let token = keys.csrf_token("a");
        assert!(keys.accepts_csrf_token("a", &token));
        assert!(!keys.accepts_csrf_token("b", &token));
        assert!(!keys.accepts_csrf_token("a", ""));
    }

    #[test]
    fn a_key_of_another_length_is_a_problem_that_does_not_show_it() {
        let mut settings = Settings::from_pairs([(NAME.name(), "planted")]);
        Keys::read(&mut settings);
        let problem = settings.check().unwrap_err().to_string();
        assert!(problem.contains("32 bytes") && !problem.contains("planted"), "{problem}");
    }
}
