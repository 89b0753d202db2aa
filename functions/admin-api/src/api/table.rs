//! Routes that describe themselves only when somebody asks: what the router needs of them is cheap, and a function that
//! starts for one request has no time for the rest.

use std::sync::Arc;

use axum::{Router, routing::MethodRouter};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::state::App;

/// One address with its methods.
pub struct Route {
    pub path: String,
    pub methods: MethodRouter<Arc<App>>,
    pub describe: fn() -> UtoipaMethodRouter<Arc<App>>,
}

/// Routes of one kind.
#[derive(Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// With one more.
    #[must_use]
    pub fn routes(mut self, route: Route) -> Self {
        self.0.push(route);
        self
    }

    /// What answers.
    pub fn router(self) -> Router<Arc<App>> {
        self.0.into_iter().fold(Router::new(), |router, route| router.route(&route.path, route.methods))
    }

    /// What is described, added to a document.
    pub fn describe(self, document: OpenApi) -> OpenApi {
        let described = OpenApiRouter::with_openapi(document);
        self.0
            .into_iter()
            .fold(described, |described, route| described.routes((route.describe)()))
            .into_openapi()
    }
}

/// A [`Route`] of the handlers of one address; path and methods come from their descriptions.
macro_rules! routes {
    ($($module:ident :: $handler:ident),+) => {
        utoipa_axum::paste! {{
            use utoipa::Path as _;
            use utoipa_axum::PathItemExt as _;
            let paths = [$($module::[<__path_ $handler>]::path()),+];
            let methods = axum::routing::MethodRouter::new();
            $(let methods = $module::[<__path_ $handler>]::methods()
                .iter()
                .fold(methods, |methods, method| methods.on(method.to_method_filter(), $module::$handler));)+
            debug_assert!(paths.windows(2).all(|two| two[0] == two[1]), "one address: {paths:?}");
            let [path, ..] = paths;
            $crate::api::table::Route { path, methods, describe: || utoipa_axum::routes!($($module::$handler),+) }
        }}
    };
}
pub(crate) use routes;
