//! What is wrong with a template, and what it says of its resources.

use serde_json::{Map, Value};

/// A resource's name and properties.
pub type Resource<'a> = (&'a str, &'a Value);

/// The resources of a kind.
pub fn resources_of<'a>(resources: &'a Map<String, Value>, kind: &str) -> Vec<Resource<'a>> {
    let of_kind = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind.map(|(id, resource)| (id.as_str(), &resource["Properties"])).collect()
}

pub struct Problems(pub Vec<String>);

impl Problems {
    pub fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    pub fn unless(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.0.push(problem());
        }
    }
}
