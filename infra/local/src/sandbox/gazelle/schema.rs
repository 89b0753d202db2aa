//! The schema that queries are checked with.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use apollo_compiler::{ExecutableDocument, Schema as GraphqlSchema, validation::Valid};

use super::super::lock;

pub const SDL: &str = include_str!("../../../../../shared/src/gazelle/schema.graphql");

/// An enum value that the product has never heard of.
pub const NEW_ENUM_VALUE: &str = "BRAND_NEW";

/// The parsed schema, and the queries that were valid so far.
pub struct Schema {
    pub schema: Valid<GraphqlSchema>,
    pub documents: Mutex<HashMap<String, Arc<Valid<ExecutableDocument>>>>,
}

impl Schema {
    pub fn load() -> anyhow::Result<Self> {
        // Gazelle adds values without notice: this one knows one more than the product does.
        let mut sdl = SDL.to_owned();
        for name in ["ClientStatus", "TimelineEntryType"] {
            sdl = sdl.replace(&format!("enum {name} {{"), &format!("enum {name} {{ {NEW_ENUM_VALUE}"));
        }
        let schema = GraphqlSchema::parse_and_validate(sdl, "schema.graphql")
            .map_err(|error| anyhow::anyhow!("{}", error.errors))?;
        Ok(Self { schema, documents: Mutex::default() })
    }

    pub fn document(&self, query: &str) -> Result<Arc<Valid<ExecutableDocument>>, String> {
        if let Some(document) = lock(&self.documents).get(query) {
            return Ok(document.clone());
        }
        let document = ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql")
            .map_err(|error| error.errors.to_string())?;
        let document = Arc::new(document);
        lock(&self.documents).insert(query.to_owned(), document.clone());
        Ok(document)
    }
}
