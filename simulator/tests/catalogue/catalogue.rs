//! The catalogues of the manuals, and what an answer has to have.

use crate::catalogues;
use crate::core_chapters::split;
use crate::pattern::{all_fit, fits};
use crate::service_world::bytes_of;
use serde_json::Value;
use std::collections::BTreeSet;
use wifi_at_simulator::Dialect;

/// What modules say unasked, or beside an answer, although the list of the manual does not have it.
const NOTICES: [&str; 13] = [
    "WIFI CONNECTED",
    "WIFI GOT IP",
    "WIFI GOT IPv6 LL",
    "WIFI DISCONNECT",
    "ready",
    "CONNECT",
    "[<link ID>,]CLOSED",
    "no change",
    "+TIME_UPDATED",
    "+STA_DISCONNECTED:<mac>",
    "+IPD,<link ID>,<len>",
    "Recv <len> bytes",
    "Will force to restart!!!",
];

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The commands of a manual, or of a part of one.
pub(crate) struct Catalogue {
    pub(crate) dialect: Dialect,
    pub(crate) commands: Vec<Value>,
    notices: Vec<String>,
}

impl Catalogue {
    pub(crate) fn read(dialect: Dialect, file: &str) -> Self {
        let catalogue = catalogues::read(file);
        let mut notices: Vec<String> = NOTICES.iter().map(|&line| line.to_owned()).collect();
        let documented = list(&catalogue["urcs"]).iter().map(|urc| urc["pattern"].as_str().unwrap().to_owned());
        // What passes through would be anything.
        notices.extend(documented.filter(|pattern| pattern != "<raw data>"));
        Self { dialect, commands: list(&catalogue["commands"]).to_vec(), notices }
    }

    /// The forms of such a line.
    fn forms(&self, line: &str) -> Vec<&Value> {
        let (name, kind, _) = split(line);
        // `ATE` stands for two commands.
        let name = if name.starts_with("ATE") { "ATE" } else { name };
        let commands = self.commands.iter().filter(|command| command["name"] == name);
        commands.flat_map(|command| list(&command["forms"])).filter(|form| form["kind"] == kind).collect()
    }

    /// The names and kinds of forms that the examples show.
    pub(crate) fn shown(&self) -> BTreeSet<(String, &'static str)> {
        let examples = self.commands.iter().flat_map(|command| list(&command["examples"]));
        let lines = examples.map(|example| split(example["tx"].as_str().unwrap()));
        lines.map(|(name, kind, _)| (name.to_owned(), kind)).collect()
    }

    fn is_notice(&self, line: &str) -> bool {
        self.notices.iter().any(|pattern| fits(pattern, line))
    }

    /// What is documented and missing in an answer, and what it has that is not documented. Empty lines do not count.
    pub(crate) fn differences(&self, line: &str, got: &str, rx: &[Value]) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = got;
        let mut between = String::new();
        for wanted in rx.iter().filter(|wanted| *wanted != "") {
            match find(rest, wanted) {
                Some((start, end)) => {
                    between += &rest[..start];
                    between += "\r\n";
                    rest = &rest[end..];
                }
                None => found.push(format!("no {wanted}")),
            }
        }
        between += rest;
        let forms = self.forms(line);
        let of_forms = |field: &str| forms.iter().flat_map(|form| texts(&form[field])).collect::<Vec<String>>();
        let (responses, mut finals) = (of_forms("response"), of_forms("final_ok"));
        finals.push("OK".into());
        let known = |text: &str| {
            let mut patterns = responses.iter().chain(&finals);
            patterns.any(|pattern| fits(pattern.trim_end_matches(" ..."), text)) || self.is_notice(text)
        };
        found.extend(lines(&between).into_iter().filter(|text| !known(text)).map(|text| format!("also {text:?}")));
        let ended = lines(got).iter().any(|text| finals.iter().any(|end| end == text)) || got.contains("\r\n>");
        if !ended && !rx.iter().any(|line| line == "ERROR") {
            found.push("no good end".to_owned());
        }
        found
    }

    /// Whether an answer has what one of the forms says, in that order, and no more. A line that the catalogue shows may
    /// be one that depends on the module's state (an address that it has not): one has to be there at least.
    pub(crate) fn fits_a_form(&self, line: &str, got: &str) -> Result<(), String> {
        let forms = self.forms(line);
        let good = |form: &&Value| {
            let patterns = texts(&form["response"]);
            let ends = texts(&form["final_ok"]);
            let is_other = |text: &str| {
                // A line that is a value and no more could be anything.
                let mut patterns = patterns.iter().filter(|pattern| !pattern.starts_with('<') || pattern.contains(','));
                let documented = patterns.any(|pattern| fits(pattern.trim_end_matches(" ..."), text));
                text == "OK" || ends.iter().any(|end| fits(end, text)) || !documented && self.is_notice(text)
            };
            let lines: Vec<&str> = lines(got).into_iter().filter(|text| !is_other(text)).collect();
            let some = !lines.is_empty() || patterns.iter().all(|pattern| pattern.starts_with('['));
            all_fit(&patterns, &lines) && (some || patterns.iter().all(|pattern| pattern.ends_with(" ...")))
        };
        let ended = lines(got).contains(&"OK") || got.contains("\r\n>");
        if ended && forms.iter().any(good) {
            return Ok(());
        }
        let wanted: Vec<Vec<String>> = forms.iter().map(|form| texts(&form["response"])).collect();
        Err(format!("{} {line}: {wanted:?} wanted, got {got:?}", self.dialect.name()))
    }
}

/// The lines of an answer that are not empty, without prompts.
fn lines(text: &str) -> Vec<&str> {
    let lines = text.split("\r\n").map(|line| line.trim_end().trim_start_matches('>').trim_start());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Where a line of an example, or counted data, stands in an answer.
fn find(text: &str, wanted: &Value) -> Option<(usize, usize)> {
    let prompt = wanted == ">";
    let exact = if prompt { ">".to_owned() } else { String::from_utf8_lossy(&bytes_of(wanted)).into_owned() };
    // Behind a prompt goes on what comes next.
    let begins = |at: usize| at == 0 || text[..at].ends_with("\r\n") || text[..at].ends_with('>');
    let at = text.match_indices(&exact).map(|(at, _)| at).find(|&at| begins(at));
    at.map(|at| (at, at + exact.len())).or_else(|| {
        // A few examples show the name of a value.
        let pattern = wanted.as_str().filter(|pattern| pattern.contains('<'))?;
        let mut start = 0;
        text.split_inclusive("\r\n").find_map(|line| {
            let end = start + line.len();
            let range = fits(pattern, line.trim_end()).then_some((start, end));
            start = end;
            range
        })
    })
}
