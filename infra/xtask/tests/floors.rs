//! How files may import each other: nowhere in a circle, and in the console only downwards, floor by floor.
//!
//! The `use` lines and paths of every file are read, those of tests too. A module that only names others (`mod x;`) imports
//! nothing; a name that it hands on (`pub use`) is imported from where it is made.

#![allow(clippy::unwrap_used, clippy::panic)] // A test ends at what it did not expect.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};
use syn::{
    Item, UseTree, Visibility,
    visit::{self, Visit},
};

/// The floors of the console, the highest first. A file imports from its own folder and from lower floors only; what stands
/// in no folder here is the ground.
const FLOORS: [&[&str]; 5] = [
    &["lib", "main", "router"],
    // Neither knows the other.
    &["pages", "api"],
    &["access", "headers"],
    &["data"],
    &["state"],
];
const CONSOLE: &str = "functions/admin-api/src/";

/// The files of a workspace and their imports.
#[derive(Default)]
struct House {
    /// By crate and module.
    modules: BTreeMap<Vec<String>, Module>,
}

struct Module {
    file: PathBuf,
    /// Names that it has from elsewhere, and where they come from: whoever takes them from here takes them from there.
    passed_on: BTreeMap<String, Vec<String>>,
    /// What it imports, absolute.
    imports: BTreeSet<Vec<String>>,
}

impl House {
    /// Reads a crate: the file at its root, and the modules that it names.
    fn read(&mut self, name: &str, root: &Path) {
        let folder = root.parent().unwrap().to_owned();
        self.module(vec![name.to_owned()], root.to_owned(), &folder);
    }

    fn module(&mut self, path: Vec<String>, file: PathBuf, folder: &Path) {
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap();
        for item in &parsed.items {
            let Item::Mod(module) = item else { continue };
            if module.content.is_none() {
                let name = module.ident.to_string();
                let inside = folder.join(&name);
                let beside = folder.join(format!("{name}.rs"));
                let file = if beside.exists() { beside } else { inside.join("mod.rs") };
                self.module(path.iter().cloned().chain([name]).collect(), file, &inside);
            }
        }
        let mut reader = Reader {
            module: &path,
            names: BTreeMap::new(),
            passed_on: BTreeMap::new(),
            found: BTreeSet::new(),
        };
        reader.visit_file(&parsed);
        let Reader { passed_on, found, .. } = reader;
        self.modules.insert(path, Module { file, passed_on, imports: found });
    }

    /// The file in which a path ends.
    fn file(&self, path: &[String], depth: usize) -> Option<&Path> {
        let end = (1..=path.len()).rev().find(|end| self.modules.contains_key(&path[..*end]))?;
        let module = &self.modules[&path[..end]];
        let passed_on = path.get(end).and_then(|name| module.passed_on.get(name)).filter(|_| depth < 8);
        match passed_on {
            Some(origin) => self.file(origin, depth + 1).or(Some(&module.file)),
            None => Some(&module.file),
        }
    }

    /// Who imports whom, by file.
    fn arrows(&self) -> BTreeSet<(&Path, &Path)> {
        self.modules
            .values()
            .flat_map(|module| module.imports.iter().map(move |import| (module, import)))
            .filter_map(|(module, import)| Some((module.file.as_path(), self.file(import, 0)?)))
            .filter(|(from, to)| from != to)
            .collect()
    }
}

/// Reads the imports of one file.
struct Reader<'a> {
    module: &'a [String],
    /// What a first word means here.
    names: BTreeMap<String, Vec<String>>,
    passed_on: BTreeMap<String, Vec<String>>,
    found: BTreeSet<Vec<String>>,
}

impl Reader<'_> {
    /// A path from the root of a crate; none for what is of no crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.truncate(1);
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            word => match self.names.get(word) {
                Some(meaning) => {
                    base = meaning.clone();
                    rest = &path[1..];
                }
                // Another crate, or a word of this file.
                None => base.clear(),
            },
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    fn tree(&mut self, tree: &UseTree, prefix: &[String], is_passed_on: bool) {
        let with = |name: String| prefix.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(path.ident.to_string()), is_passed_on),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, prefix, is_passed_on);
                }
            }
            UseTree::Name(name) => self.name(with(name.ident.to_string()), None, is_passed_on),
            UseTree::Rename(rename) => {
                self.name(with(rename.ident.to_string()), Some(rename.rename.to_string()), is_passed_on)
            }
            UseTree::Glob(_) => self.name(with("*".into()), None, false),
        }
    }

    fn name(&mut self, mut path: Vec<String>, renamed: Option<String>, is_passed_on: bool) {
        path.pop_if(|word| word == "self");
        let Some(name) = renamed.or_else(|| path.last().cloned()) else { return };
        let Some(origin) = self.absolute(&path) else { return };
        // A module that shows what its own parts are made of imports nothing.
        if !(is_passed_on && origin.starts_with(self.module)) {
            self.found.insert(origin.clone());
        }
        self.passed_on.insert(name.clone(), origin.clone());
        self.names.insert(name, origin);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_file(&mut self, file: &'ast syn::File) {
        // A child may be called by its name alone, and names are known wherever they stand.
        for item in &file.items {
            if let Item::Mod(module) = item {
                let path = self.module.iter().cloned().chain([module.ident.to_string()]);
                self.names.insert(module.ident.to_string(), path.collect());
            }
        }
        for item in &file.items {
            if let Item::Use(item) = item {
                let is_passed_on = !matches!(item.vis, Visibility::Inherited);
                self.tree(&item.tree, &[], is_passed_on);
            }
        }
        visit::visit_file(self, file);
    }

    /// Modules inside a file are its tests: what they use for a proof is no part of the building.
    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if words.len() > 1 {
            self.found.extend(self.absolute(&words));
        }
        visit::visit_path(self, path);
    }

    /// What a macro is given is no syntax yet: its paths are read word by word.
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let text = called.tokens.to_string();
        let mut path: Vec<String> = Vec::new();
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            path.push(word.to_owned());
            if words.next_if_eq(&"::").is_none() {
                if path.len() > 1 {
                    self.found.extend(self.absolute(&path));
                }
                path.clear();
            }
        }
        visit::visit_macro(self, called);
    }
}

/// Every crate of the workspace.
fn house() -> House {
    let metadata = tools::cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let mut house = House::default();
    for target in metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|package| package["targets"].as_array().unwrap())
    {
        let is_library = target["kind"][0] == "lib";
        let (name, root) =
            (target["name"].as_str().unwrap(), PathBuf::from(target["src_path"].as_str().unwrap()));
        // A program and a test may be called like a library.
        let name = if is_library { name.replace('-', "_") } else { root.display().to_string() };
        house.read(&name, &root);
    }
    house
}

/// A file as people name it.
fn shown(file: &Path) -> String {
    let root = tools::root().canonicalize().unwrap();
    file.canonicalize().unwrap().strip_prefix(root).unwrap().display().to_string()
}

/// Files that import each other in a loop.
fn circles(arrows: &BTreeSet<(String, String)>) -> Vec<Vec<String>> {
    let graph: DiGraphMap<&str, ()> = arrows.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let circles = tarjan_scc(&graph).into_iter().filter(|files| files.len() > 1);
    circles.map(|files| files.into_iter().map(str::to_owned).collect()).collect()
}

/// The floor on which a file of the console stands, and its folder.
fn floor(file: &str) -> Option<(usize, &str)> {
    let place = file.strip_prefix(CONSOLE)?;
    let folder = place.split(['/', '.']).next()?;
    let floor = FLOORS.iter().position(|floor| floor.contains(&folder)).unwrap_or(FLOORS.len());
    Some((floor, folder))
}

fn climbs((from, to): &(String, String)) -> bool {
    let (Some((above, from)), Some((below, to))) = (floor(from), floor(to)) else { return false };
    below < above || above == below && above < FLOORS.len() && from != to && !["lib", "main"].contains(&from)
}

fn arrows() -> BTreeSet<(String, String)> {
    house().arrows().into_iter().map(|(from, to)| (shown(from), shown(to))).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = arrows();
    let of = |circle: &Vec<String>| {
        let inside = arrows.iter().filter(|(from, to)| circle.contains(from) && circle.contains(to));
        inside.map(|(from, to)| format!("{from} -> {to}")).collect::<Vec<_>>()
    };
    let circles: Vec<Vec<String>> = circles(&arrows).iter().map(of).collect();
    assert!(circles.is_empty(), "files that import each other: {circles:#?}");
}

#[test]
fn the_console_imports_downwards_only() {
    let climbing: Vec<_> = arrows().into_iter().filter(climbs).collect();
    assert!(climbing.is_empty(), "imports of a higher floor, or of its neighbour: {climbing:#?}");
}

/// The reader finds what it is there for.
#[test]
fn an_import_back_is_found() {
    let mut arrows = arrows();
    let file = |name: &str| format!("{CONSOLE}{name}");
    assert!(arrows.contains(&(file("api/runs.rs"), file("data/runs.rs"))), "the reader sees imports");
    assert!(
        arrows.contains(&(file("state.rs"), "shared/src/supabase.rs".to_owned())),
        "of other crates, too"
    );
    let back = (file("pages/runs.rs"), file("api/runs.rs"));
    assert!(climbs(&back) && climbs(&(file("data/runs.rs"), file("access/caller.rs"))));
    arrows.insert(("shared/src/supabase.rs".to_owned(), file("state.rs")));
    assert!(!circles(&arrows).is_empty());
}
