//! Reads single fields of an object that may be anything. A field of the wrong type is a sentence for people, never an error
//! that stops a watch.

use std::cell::RefCell;

use planner::time::UnixMillis;
use serde_json::Value;

/// At most this many sentences are kept for one object: a hostile object must not fill the page.
const MOST_PROBLEMS: usize = 8;

/// An object under reading, and what was wrong with it. Paths are JSON pointers (`/spec/replicas`).
pub(crate) struct Fields<'a> {
    about: String,
    object: &'a Value,
    problems: RefCell<Vec<String>>,
}

impl<'a> Fields<'a> {
    /// `about` begins each sentence (`Deployment tenant-00`).
    pub(crate) fn new(about: impl Into<String>, object: &'a Value) -> Self {
        Self { about: about.into(), object, problems: RefCell::new(Vec::new()) }
    }

    /// What was wrong, in words.
    pub(crate) fn into_problems(self) -> Vec<String> {
        self.problems.into_inner()
    }

    /// Adds a sentence.
    pub(crate) fn complain(&self, path: &str, what: &str) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MOST_PROBLEMS {
            let dotted = path.trim_start_matches('/').replace('/', ".");
            problems.push(format!("{}: `{dotted}` {what}", self.about));
        }
    }

    /// The value there; an explicit null counts as absent, as in the Kubernetes API.
    pub(crate) fn at(&self, path: &str) -> Option<&'a Value> {
        self.object.pointer(path).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let value = self.at(path)?;
        let text = value.as_str();
        if text.is_none() {
            self.complain(path, &format!("is {}, not a text", kind_of(value)));
        }
        text.map(str::to_owned)
    }

    /// A text that is not empty.
    pub(crate) fn filled(&self, path: &str) -> Option<String> {
        self.text(path).filter(|text| !text.is_empty())
    }

    /// A whole number.
    pub(crate) fn integer(&self, path: &str) -> Option<i64> {
        let value = self.at(path)?;
        let number = value.as_i64();
        if number.is_none() {
            self.complain(path, &format!("is {}, not a whole number", kind_of(value)));
        }
        number
    }

    /// A number of things: whole, not negative, small enough to be believed.
    pub(crate) fn count(&self, path: &str) -> Option<u32> {
        let number = self.integer(path)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            self.complain(path, &format!("is {number}, which is no number of things"));
        }
        count
    }

    /// A flag; only `true` counts.
    pub(crate) fn flag(&self, path: &str) -> bool {
        let Some(value) = self.at(path) else { return false };
        if !value.is_boolean() {
            self.complain(path, &format!("is {}, not true or false", kind_of(value)));
        }
        value.as_bool().unwrap_or(false)
    }

    /// A moment as the Kubernetes API writes it.
    pub(crate) fn time(&self, path: &str) -> Option<UnixMillis> {
        let text = self.text(path)?;
        let time = UnixMillis::parse(&text);
        if time.is_none() {
            self.complain(path, "is not a time");
        }
        time
    }

    /// A list; empty if absent.
    pub(crate) fn list(&self, path: &str) -> &'a [Value] {
        let Some(value) = self.at(path) else { return &[] };
        let list = value.as_array();
        if list.is_none() {
            self.complain(path, &format!("is {}, not a list", kind_of(value)));
        }
        list.map_or(&[], Vec::as_slice)
    }

    /// `metadata.labels[key]`.
    pub(crate) fn label(&self, key: &str) -> Option<&'a str> {
        self.at("/metadata/labels")?.get(key)?.as_str()
    }

    /// `metadata.annotations[key]`.
    pub(crate) fn annotation(&self, key: &str) -> Option<&'a str> {
        self.at("/metadata/annotations")?.get(key)?.as_str()
    }

    /// Whether the annotation is there, with any value.
    pub(crate) fn has_annotation(&self, key: &str) -> bool {
        self.at("/metadata/annotations").is_some_and(|annotations| annotations.get(key).is_some())
    }
}

/// What a value is, in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A text of a nested value, without complaint.
pub(crate) fn text_in<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path).and_then(Value::as_str)
}

/// A moment of a nested value, without complaint.
pub(crate) fn time_in(value: &Value, path: &str) -> Option<UnixMillis> {
    text_in(value, path).and_then(UnixMillis::parse)
}
