//! Lines that differ from the manual's as those of real modules do are read as the same values.

use std::collections::BTreeMap;

use crate::parsers::{dialect_name, documented, read, rows};

/// Positions of `line` behind a separator outside of quotes, the first `:` or `=` included.
fn separators(line: &str) -> Vec<usize> {
    let (mut quoted, mut escaped, mut named) = (false, false, false);
    let mut found = Vec::new();
    for (at, letter) in line.char_indices() {
        let plain = !quoted && !escaped;
        match letter {
            '"' if !escaped => quoted = !quoted,
            ':' | '=' if plain && !named => {
                named = true;
                found.push(at + 1);
            }
            ',' if plain && named => found.push(at + 1),
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
    }
    found
}

fn blanks(line: &str) -> String {
    let mut line = line.to_owned();
    for at in separators(&line).into_iter().rev() {
        line.insert(at, ' ');
    }
    line
}

/// With another letter between name and value, and the name in other letters.
fn named(line: &str, separator: &str, name: fn(&str) -> String) -> String {
    match line.find([':', '=']) {
        Some(at) => name(&line[..at]) + separator + &line[at + 1..],
        None => line.to_owned(),
    }
}

type Change = fn(&str) -> String;

/// The ways in which lines differ, with the hazards that tell of them.
const CHANGES: &[(&str, Change)] = &[
    ("CR at the end (A17, A20)", |line| format!("{line}\r")),
    ("blanks at the end (A17)", |line| format!("{line}  ")),
    ("blanks behind separators (A17)", blanks),
    ("= for : (A19)", |line| named(line, "=", str::to_owned)),
    ("lower case", |line| named(line, ":", str::to_lowercase)),
    ("upper case", |line| named(line, ":", str::to_uppercase)),
    ("a further number (A18)", |line| format!("{line},7")),
    ("a further string (A18)", |line| format!("{line},\"x\"")),
    ("further empty fields (A18)", |line| format!("{line},,")),
];

/// Where a change may lead to another value: command, beginnings of the changes, and why.
const EXCEPTIONS: &[(&str, &[&str], &str)] = &[
    ("QueryFreeMemory", &["a further"], "newer firmware has a second field"),
    ("QuerySntp", &["a further"], "there are one to three servers"),
    ("QueryDnsServers", &["a further", "further"], "a second field is a server, and a garbled server is an error"),
    ("ReadAttribute", &["=", "blanks behind"], "what follows the length is counted data, and no field"),
    ("ReadSpi", &["a further", "further"], "all behind the name is data"),
    ("RequestHttpHead", &["a further", "further", "blanks behind"], "the header line is text with commas"),
    ("QueryTime", &["a further", "further"], "the time is one text, which has no fields"),
    ("Ping", &["a further", "further"], "a line without a name is only taken if nothing else is in it"),
    ("FindDevices", &["a further", "further"], "read from the right, as the name stands without quotes"),
    (
        "QuerySoftAp",
        &["a further string", "further"],
        "read from the right, as names are not escaped; further numbers may come",
    ),
    ("QueryAccessPoint", &["a further", "further"], "as before; the documented line has not all of the numbers"),
    ("FindAccessPoints", &["a further", "further"], "fields stand in parentheses; see below"),
    ("ListAccessPoints", &["a further", "further"], "fields stand in parentheses; see below"),
];

fn excepted(command: &str, change: &str) -> bool {
    let command = command.trim_end_matches('>');
    let is = |name: &str| command.rsplit("::").next() == Some(name);
    EXCEPTIONS
        .iter()
        .any(|(name, changes, _)| is(name) && changes.iter().any(|beginning| change.starts_with(beginning)))
}

#[test]
fn changed_lines_are_read_as_the_same() {
    let mut differ: BTreeMap<(String, &str), String> = BTreeMap::new();
    let (mut lines, mut compared) = (0, 0);
    for command in documented().iter().filter(|command| command.lines.iter().any(|line| line.starts_with('+'))) {
        for form in rows().filter(|form| form.name == command.name && dialect_name(form) == command.dialect) {
            let nothing = read::<&str>(form, &[]);
            for line in command.lines.iter().filter(|line| line.starts_with('+') && !line.contains('<')) {
                let value = read(form, &[line]);
                // The line means nothing to this form of the command.
                if value == nothing || value.starts_with("Err") || value.contains("malformed: 1") {
                    continue;
                }
                lines += 1;
                for (change, apply) in CHANGES.iter().filter(|(change, _)| !excepted(form.type_name, change)) {
                    let changed = apply(line);
                    let after = read(form, &[&changed]);
                    compared += 1;
                    if after != value {
                        differ
                            .entry((form.type_name.into(), change))
                            .or_insert_with(|| format!("{changed:?}\n    {value}\n    {after}"));
                    }
                }
            }
        }
    }
    for ((name, change), what) in &differ {
        println!("{name}: {change}: {what}");
    }
    println!("{lines} readings of documented lines, {compared} with changes");
    assert!(differ.is_empty(), "{} are read otherwise", differ.len());
    assert!(lines > 100);
}

/// What was seen of real modules: each group is one answer of a command in different words (A18 to A21).
const SEEN: &[(&str, &[&[&str]])] = &[
    (
        "QueryAccessPoint",
        &[
            &[r#"+CWJAP:"net","ca:d7:19:d8:a6:44",6,-40,0,1,3,0,1"#],
            &[r#"+CWJAP:"net","ca:d7:19:d8:a6:44",6,-40,0,1,3,0,1,9,9"#],
            &[r#"+CWJAP_CUR:"net", "CA:D7:19:D8:A6:44", 6, -40, 0, 1, 3, 0, 1"#],
        ],
    ),
    (
        "ListAccessPoints",
        &[
            &[r#"+CWLAP:(3,"net",-40,"ca:d7:19:d8:a6:44",6,-1,-1,4,4,7,1)"#],
            &[r#"+CWLAP:(3,"net",-40,"ca:d7:19:d8:a6:44",6,-1,-1,4,4,7,1,9)"#],
            &[r#"+cwlap = ( 3, "net", -40, "ca:d7:19:d8:a6:44", 6, -1, -1, 4, 4, 7, 1 )"#],
        ],
    ),
    ("QuerySoftAp", &[&[r#"+CWSAP:"net","password",5,3,4,0"#], &[r#"+CWSAP_CUR: "net", "password", 5, 3, 4, 0, 9"#]]),
    (
        "QueryStationAddress",
        &[
            &[r#"+CIPSTA:ip:"192.168.1.2""#, r#"+CIPSTA:gateway:"192.168.1.1""#, r#"+CIPSTA:netmask:"255.255.255.0""#],
            &["+CIPSTA_CUR:ip:192.168.1.2", "+CIPSTA_CUR:gateway:192.168.1.1", "+CIPSTA_CUR:netmask:255.255.255.0"],
            &[
                r#"+CIPSTA:ip,"192.168.1.2""#,
                r#"+CIPSTA:gateway,"192.168.1.1""#,
                r#"+CIPSTA:other,"x""#,
                r#"+CIPSTA:netmask,"255.255.255.0""#,
            ],
        ],
    ),
    ("ResolveIpv4Name", &[&[r#"+CIPDOMAIN:"1.2.3.4""#], &["+CIPDOMAIN:1.2.3.4"], &["+CIPDOMAIN:1.2.3.4\r"]]),
    ("QueryDnsServers", &[&["+CIPDNS_CUR:8.8.8.8", "+CIPDNS_CUR:1.1.1.1"], &[r#"+CIPDNS:"8.8.8.8","1.1.1.1""#]]),
    ("QueryDhcpByInterface", &[&["+CWDHCP_CUR:1"], &["+CWDHCP:1,7"], &["+cwdhcp: 1 "]]),
];

#[test]
fn what_real_modules_print_is_read_as_the_same() {
    for (name, answers) in SEEN {
        let mut found = false;
        for form in rows().filter(|form| form.type_name.rsplit("::").next() == Some(name)) {
            found = true;
            let values: Vec<_> = answers.iter().map(|lines| read(form, lines)).collect();
            assert!(!values[0].starts_with("Err") && !values[0].contains("records: []"), "{name}: {}", values[0]);
            for (value, lines) in values.iter().zip(*answers) {
                assert_eq!(*value, values[0], "{name}: {lines:?}");
            }
        }
        assert!(found, "{name}");
    }
}
