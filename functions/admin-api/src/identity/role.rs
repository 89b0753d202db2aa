//! What users may do, and where their role stands.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::config::{Setting, Settings};
use utoipa::ToSchema;

/// What a user may do; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Acknowledges, resolves, enters data.
    Operator,
    /// Runs and pauses tasks, changes rules and settings.
    Admin,
}

/// Which field of a user's `app_metadata`, which users cannot change themselves, holds the role. A project may serve other
/// applications, too, whose `role` means something else.
#[derive(Debug, Clone, Copy)]
pub struct RoleField {
    accepts_old: bool,
}

impl RoleField {
    const NAME: &str = "gazelle_role";
    const OLD_NAME: &str = "role";

    /// Reads `CONSOLE_ROLE_FIELD`: with `role` that name is accepted where there is no `gazelle_role`.
    pub fn read(settings: &mut Settings) -> Self {
        let field = settings.optional(Setting::ConsoleRoleField);
        let accepts_old = field.as_deref() == Some(Self::OLD_NAME);
        if !accepts_old && field.is_some_and(|field| field != Self::NAME) {
            settings.problem("CONSOLE_ROLE_FIELD is neither gazelle_role nor role");
        }
        Self { accepts_old }
    }

    /// The role of a user. An unknown one is none.
    pub fn role(self, app_metadata: &Value) -> Option<Role> {
        let role = &app_metadata[Self::NAME];
        let is_old = self.accepts_old && role.is_null();
        Role::deserialize(if is_old { &app_metadata[Self::OLD_NAME] } else { role }).ok()
    }
}

/// The user that a token speaks of.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub user_id: String,
    pub email: String,
    pub role: Option<Role>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_applications_administrator_is_nobody_here() {
        let roles = |field: &str| RoleField::read(&mut Settings::from_pairs([("CONSOLE_ROLE_FIELD", field)]));
        let (own, old, none) =
            (json!({"gazelle_role": "viewer", "role": "admin"}), json!({"role": "admin"}), json!(null));
        for field in ["", "gazelle_role"] {
            let found = [&own, &old, &none].map(|metadata| roles(field).role(metadata));
            assert_eq!(found, [Some(Role::Viewer), None, None], "{field}");
        }
        let found = [&own, &old, &none].map(|metadata| roles("role").role(metadata));
        assert_eq!(found, [Some(Role::Viewer), Some(Role::Admin), None]);
        for wrong in [json!("owner"), json!(["admin"]), json!({"admin": true}), json!(1), json!("Admin")] {
            assert_eq!(roles("role").role(&json!({"gazelle_role": wrong, "role": "admin"})), None, "{wrong}");
        }
        let mut settings = Settings::from_pairs([("CONSOLE_ROLE_FIELD", "planted")]);
        RoleField::read(&mut settings);
        let problem = settings.check().unwrap_err().to_string();
        assert!(problem.contains("CONSOLE_ROLE_FIELD") && !problem.contains("planted"), "{problem}");
    }
}
