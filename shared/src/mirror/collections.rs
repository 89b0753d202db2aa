//! The collections and their tables.

/// What is read as one stream. Contacts come inside the pages of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// `users`
    Users,
    /// `gazelle_clients`, and `gazelle_contacts` inside them.
    Clients,
    /// `gazelle_pianos`
    Pianos,
    /// `gazelle_appointments`
    Appointments,
    /// `gazelle_timeline_entries`
    Timeline,
}

impl Collection {
    /// All of them: the nightly sync.
    pub const ALL: [Collection; 5] = [
        Collection::Users,
        Collection::Clients,
        Collection::Pianos,
        Collection::Appointments,
        Collection::Timeline,
    ];

    /// Its name, in `sync_state` and in the figures.
    pub const fn source(self) -> &'static str {
        match self {
            Collection::Users => "users",
            Collection::Clients => "clients",
            Collection::Pianos => "pianos",
            Collection::Appointments => "appointments",
            Collection::Timeline => "timeline",
        }
    }

    /// The mirrored collections that one stream fills, itself first.
    pub(super) const fn parts(self) -> &'static [&'static str] {
        match self {
            Collection::Users => &["users"],
            Collection::Clients => &["clients", "contacts"],
            Collection::Pianos => &["pianos"],
            Collection::Appointments => &["appointments"],
            Collection::Timeline => &["timeline"],
        }
    }
}

/// Table and key column of a mirrored collection.
pub(super) fn table(part: &str) -> (&'static str, &'static str) {
    match part {
        "users" => ("users", "id"),
        "clients" => ("gazelle_clients", "external_id"),
        "contacts" => ("gazelle_contacts", "external_id"),
        "pianos" => ("gazelle_pianos", "external_id"),
        "appointments" => ("gazelle_appointments", "external_id"),
        _ => ("gazelle_timeline_entries", "external_id"),
    }
}
