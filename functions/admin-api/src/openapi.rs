//! What the OpenAPI document says of the whole API; its paths come from the table of routes.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{identity::role::Role, problem::ProblemBody};

/// `GET /openapi.json`, without the paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gazelle Tasks",
        description = "What administrators see and do. Changes by cookie also need the header `x-csrf-token` and an own \
                       `Origin`; a bearer token needs neither. An id in an address that holds anything but letters, \
                       digits and `-_.:@` is sent as `~` and its base64url without padding: gateways decode paths."
    ),
    servers((url = "/"), (url = "/api", description = "The predecessor's prefix: the same routes")),
    security(("bearer" = []), ("session" = [])),
    components(schemas(ProblemBody)),
    modifiers(&Schemes)
)]
pub struct Document;

/// What is described, by the role that it needs, made when somebody asks.
#[derive(Clone, Copy)]
pub struct Described(pub fn() -> [(Option<Role>, utoipa::openapi::OpenApi); 4]);

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description("__Host-session", "By the form at /sign-in.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}
