//! What a template deploys with its parameters: the countable things of a bill.

use ::deployment::{Deployed, long_form};
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use shared::task::Function;

/// A template with its parameters.
pub struct Deployment {
    /// The functions with their schedules.
    pub functions: Vec<Deployed>,
    template: Value,
}

impl Deployment {
    /// Reads a template; `settings` are parameters as `NAME=VALUE`, the others keep their defaults.
    pub fn read(text: &str, settings: &[String]) -> anyhow::Result<Self> {
        let mut yaml: Yaml = serde_yaml_ng::from_str(text)?;
        for setting in settings {
            let (name, value) = setting.split_once('=').context("a parameter is NAME=VALUE")?;
            let parameter = &mut yaml["Parameters"][name];
            ensure!(parameter.is_mapping(), "the template has no parameter {name}");
            parameter["Default"] = value.into();
        }
        let functions = ::deployment::functions(&serde_yaml_ng::to_string(&yaml)?)?;
        Ok(Self { functions, template: long_form(&yaml) })
    }

    /// Resources of this type whose condition holds.
    pub fn count(&self, kind: &str) -> anyhow::Result<usize> {
        let mut count = 0;
        for (id, resource) in self.template["Resources"].as_object().into_iter().flatten() {
            let is_deployed = match resource["Condition"].as_str() {
                Some(condition) => {
                    self.holds(&self.template["Conditions"][condition]).with_context(|| id.clone())?
                }
                None => true,
            };
            count += usize::from(is_deployed && resource["Type"] == kind);
        }
        Ok(count)
    }

    /// The value of a parameter as text.
    pub fn parameter(&self, name: &str) -> String {
        plain(&self.template["Parameters"][name]["Default"])
    }

    /// The memory of a function in GB.
    pub fn memory_gb(&self, function: Function) -> anyhow::Result<f64> {
        let deployed = self.functions.iter().find(|deployed| deployed.function == function);
        let id = &deployed.with_context(|| format!("{} is not deployed", function.crate_name()))?.id;
        let memory = self.template["Resources"][id]["Properties"]["MemorySize"].as_f64();
        Ok(memory.with_context(|| format!("{id} has no MemorySize"))? / 1024.0)
    }

    fn holds(&self, condition: &Value) -> anyhow::Result<bool> {
        if let Some([left, right]) = condition["Fn::Equals"].as_array().map(Vec::as_slice) {
            return Ok(self.value(left) == self.value(right));
        }
        if let Some([inner]) = condition["Fn::Not"].as_array().map(Vec::as_slice) {
            return Ok(!self.holds(inner)?);
        }
        bail!("a condition that is neither Equals nor Not: {condition}")
    }

    fn value(&self, operand: &Value) -> String {
        operand["Ref"].as_str().map_or_else(|| plain(operand), |name| self.parameter(name))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
