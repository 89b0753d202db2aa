//! Ids as parts of an address. One that holds anything but letters, digits and `-_.:@` is written as `~` and its base64url:
//! a gateway decodes a path before anybody sees it, and a `/` in an id would be two parts of the address.

use axum::{extract::Request, http::Uri};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const MARK: char = '~';

/// The id as it stands in an address.
pub fn segment(id: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(&byte);
    // A part of dots is a way to another address.
    if id.bytes().all(is_plain) && id.bytes().any(|byte| byte != b'.') {
        id.to_owned()
    } else {
        format!("{MARK}{}", URL_SAFE_NO_PAD.encode(id))
    }
}

/// The request with its ids as the router reads them: percent-encoded.
pub fn spelled_out(mut request: Request) -> Request {
    if let Some(uri) = spelled_out_uri(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn spelled_out_uri(uri: &Uri) -> Option<Uri> {
    if !uri.path().contains("/~") {
        return None;
    }
    let id = |part: &str| {
        let id = URL_SAFE_NO_PAD.decode(part.strip_prefix(MARK)?).ok()?;
        Some(utf8_percent_encode(str::from_utf8(&id).ok()?, NON_ALPHANUMERIC).to_string())
    };
    let parts = uri.path().split('/').map(|part| id(part).unwrap_or_else(|| part.to_owned()));
    let mut address = parts.collect::<Vec<_>>().join("/");
    if let Some(query) = uri.query() {
        address.push('?');
        address.push_str(query);
    }
    address.parse().ok()
}

/// A path of this console; anything else could send a person elsewhere.
pub fn own_path(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    // A header holds no control character, and a browser reads a backslash as a slash.
    let is_plain = next.bytes().all(|byte| byte >= b' ' && byte != 0x7f && byte != b'\\');
    if is_path && is_plain { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_comes_back_from_its_address() {
        for id in [
            "backup.failed:backup",
            "00000000-0000-4000-8000-000000000001",
            "quarantine@gazelle_clients/cli 1?#%2F",
            "~x",
            "..",
            ".",
            "",
            "é/日",
            "a\\b",
            "<script>",
            ":/?#[]@!$&'()*+,;=",
        ] {
            let part = segment(id);
            assert!(
                part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:@~".contains(&byte)),
                "{part}"
            );
            let uri: Uri = format!("/notices/{part}/acknowledge?a=b").parse().unwrap();
            let uri = spelled_out_uri(&uri).unwrap_or(uri);
            let read =
                uri.path().strip_prefix("/notices/").and_then(|rest| rest.strip_suffix("/acknowledge"));
            let read =
                percent_encoding::percent_decode_str(read.unwrap()).decode_utf8().unwrap().into_owned();
            assert_eq!((read.as_str(), uri.query()), (id, Some("a=b")));
        }
    }

    #[test]
    fn what_is_no_such_id_stays_as_it_is() {
        for path in ["/notices/~%/x", "/notices/~_w/x", "/notices/a~b", "/notices/x"] {
            let uri: Uri = path.parse().unwrap();
            assert_eq!(spelled_out_uri(&uri).as_ref().unwrap_or(&uri).path(), path);
        }
    }

    #[test]
    fn a_sign_in_leads_nowhere_else() {
        assert_eq!(own_path("/runs/1?x=y"), "/runs/1?x=y");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\u{1}",
            "/\u{7f}",
            "",
        ] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere}");
        }
    }
}
