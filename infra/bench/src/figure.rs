//! One line of the result, beside its bar.

use serde_json::{Value, json};

/// One line of the result.
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub bar: Option<Bar>,
    pub detail: String,
}

#[derive(Clone, Copy)]
pub enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub fn holds(&self) -> bool {
        match self.bar {
            Some(Bar::AtLeast(bar)) => self.value >= bar,
            Some(Bar::AtMost(bar)) => self.value <= bar,
            None => true,
        }
    }

    pub fn print(&self) {
        let bar = match self.bar {
            Some(Bar::AtLeast(bar)) => format!("at least {bar}"),
            Some(Bar::AtMost(bar)) => format!("at most {bar}"),
            None => String::new(),
        };
        let mark = if self.holds() { "✅" } else { "❌" };
        eprintln!("{mark} {:<44} {:>10.2} {:<6} {bar:<14} {}", self.name, self.value, self.unit, self.detail);
    }

    pub fn json(&self) -> Value {
        let (at_least, at_most) = match self.bar {
            Some(Bar::AtLeast(bar)) => (Some(bar), None),
            Some(Bar::AtMost(bar)) => (None, Some(bar)),
            None => (None, None),
        };
        json!({"name": self.name, "value": self.value, "unit": self.unit, "at_least": at_least, "at_most": at_most,
               "holds": self.holds(), "detail": self.detail})
    }
}
