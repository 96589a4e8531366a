//! Says what the lines of a captured serial log mean: echoes, answers, messages and data, one JSON object a line.
//!
//! `cargo run --example decode` decodes a log of its own. `cargo run --example decode -- --pretty --tx sent.txt log.bin`
//! tells a person what was asked, what came and, where the lines of the log begin with times, how long it took.

#[path = "decode/rows.rs"]
mod rows;
#[path = "decode/times.rs"]
mod times;

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use rows::Row;
use serde_json::Value;
use times::Times;
use wifi_at::decode::Family;

/// Decodes what a module sent.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  decode --dialect esp-at log.bin
  decode --dialect wizfi360 --tx sent.txt --pretty log.bin

FILE of --tx has one command a line; `<98 bytes>` stands for raw data. Bytes are shown as Latin-1: U+00xx is byte xx."
)]
struct Options {
    /// The firmware: esp-at, esp32-v1, esp8266-idf, esp8266-nonos or wizfi360
    #[arg(long, value_name = "D", default_value = "esp-at")]
    dialect: Family,

    /// What the host sent, one command a line
    #[arg(long, value_name = "FILE")]
    tx: Option<PathBuf>,

    /// For people: coloured on a terminal, with payloads and times
    #[arg(long)]
    pretty: bool,

    /// What the module sent, `-` for standard input; without it, a log of this program's own
    #[arg(value_name = "RX")]
    rx: Option<PathBuf>,
}

const SAMPLE: &[u8] = include_bytes!("../tests/data/logs/esp-at.rx");
const SAMPLE_SENT: &[u8] = include_bytes!("../tests/data/logs/esp-at.tx");

fn main() -> ExitCode {
    match run(&Options::parse()) {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("decode: {error}");
            ExitCode::FAILURE
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

fn run(options: &Options) -> std::io::Result<()> {
    let (log, mut sent) = match &options.rx {
        None => (SAMPLE.to_vec(), SAMPLE_SENT.to_vec()),
        Some(path) => (read(path)?, Vec::new()),
    };
    if let Some(path) = &options.tx {
        sent = read(path)?;
    }
    let (log, times) = Times::take_from(log);
    let rows = rows::decode(options.dialect, &rows::parse_sent(&sent), &log);
    let output = std::io::stdout().lock();
    let colour = output.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut output = std::io::BufWriter::new(output);
    let mut since = None;
    for row in &rows {
        if options.pretty {
            pretty(&mut output, row, times.at(row.offset), &mut since, colour)?;
        } else {
            writeln!(output, "{}", row.json())?;
        }
    }
    output.flush()
}

fn read(path: &PathBuf) -> std::io::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Most bytes of a payload that are shown.
const SHOWN: usize = 64;

/// `since` is when the last command's answer could begin.
fn pretty(
    output: &mut impl Write,
    row: &Row,
    time: Option<f64>,
    since: &mut Option<f64>,
    colour: bool,
) -> std::io::Result<()> {
    let field = |name: &str| row.value.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| row.value.get(name).and_then(Value::as_u64);
    let link = number("link").map(|link| format!(" of link {link}")).unwrap_or_default();
    let of = if field("command").is_empty() { String::new() } else { format!("   ({})", field("command")) };
    let kind = field("type");
    let mut lines = Vec::new();
    let (paint, mark) = match kind {
        "echo" => {
            lines.push(field("text").to_string());
            ("1;34", "asked")
        }
        "response" => {
            let answer = row.value["lines"].as_array();
            lines.extend(answer.into_iter().flatten().filter_map(Value::as_str).map(str::to_string));
            ("0", "answer")
        }
        "final" => {
            lines.push(format!("{}{of}", field("result")));
            let good = field("result").ends_with("OK");
            (if good { "32" } else { "1;31" }, if field("result").starts_with("busy") { "refused" } else { "end" })
        }
        "urc" => {
            lines.push(rows::latin1(&row.detail));
            ("36", "message")
        }
        "data" => {
            let from = row.value["remote"].as_str().map(|remote| format!(" from {remote}")).unwrap_or_default();
            let len = number("len").unwrap_or_default();
            let topic = row.value.get("topic").and_then(Value::as_str).map(|topic| format!(", topic {topic}"));
            lines.push(format!("{} {len} bytes{link}{from}{}", field("via"), topic.unwrap_or_default()));
            let shown = &row.detail[..row.detail.len().min(SHOWN)];
            let rest = if shown.len() < row.detail.len() { " ..." } else { "" };
            lines.push(format!("{}{rest}", shown.escape_ascii()));
            if (row.detail.len() as u64) < len {
                lines.push(format!("the log ends after {} of them", row.detail.len()));
            }
            ("35", "data")
        }
        "prompt" => {
            lines.push(">".into());
            ("33", "prompt")
        }
        "boot" => {
            lines.push(format!("{} bytes of boot text or noise before ready", number("len").unwrap_or_default()));
            ("2", "boot")
        }
        _ => {
            let raw: Vec<u8> = field("raw").chars().filter_map(|letter| u8::try_from(letter).ok()).collect();
            lines.push(raw.escape_ascii().to_string());
            ("33", "unknown")
        }
    };
    let took = match (time, *since) {
        (Some(now), Some(start)) if kind == "final" => format!("   after {:.3} s", now - start),
        _ => String::new(),
    };
    if matches!(kind, "echo" | "final") {
        *since = time;
    }
    let clock = time.map(|time| format!("{time:>12.3} ")).unwrap_or_default();
    for (index, line) in lines.iter().enumerate() {
        let mark = if index == 0 { mark } else { "" };
        // Control characters of a log are nothing for a terminal.
        let line: String = line.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
        let took = if index == 0 { took.as_str() } else { "" };
        if colour {
            writeln!(output, "{clock}{mark:>8}  \x1b[{paint}m{line}\x1b[0m{took}")?;
        } else {
            writeln!(output, "{clock}{mark:>8}  {line}{took}")?;
        }
    }
    Ok(())
}
