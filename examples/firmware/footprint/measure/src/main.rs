//! Measures the firmware in `..`, for `../run`, which builds it.
//!
//! `measure DIRECTORY [--check FILE | --update FILE]` prints the tables; `DIRECTORY/TARGET/release` has the programs.
//! `measure --files|--functions|--symbols ELF` prints where the bytes of one program are.

mod budget;
mod elf;
mod stack;

use std::collections::BTreeMap;
use std::env::args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use budget::Figures;
use elf::{Firmware, Kind, Owner};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The targets, and what they are called.
const TARGETS: [(&str, &str); 2] = [("thumbv6m-none-eabi", "Cortex-M0+"), ("thumbv7em-none-eabihf", "Cortex-M4F")];
/// The programs, what they have, and which of their tasks come to an end.
const STEPS: [(&str, &str, u32); 5] = [
    ("nothing", "executor, clock, UART", 0),
    ("client", "+ station, one TCP client", 0b1),
    ("udp", "+ UDP, DNS", 0b11),
    ("server", "+ TCP server", 0b111),
    ("services", "+ every service", 0b11111),
];
const TASKS: [&str; 6] = ["drive", "client", "udp", "server", "services", "passthrough"];
/// Paths of the sources of esp-at-nal and what it is made on.
const NAL: [&str; 3] = ["/esp-at-nal-", "/atat-", "/serde_at-"];

/// Paths of the driver's sources.
fn own() -> Result<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../src").canonicalize()?;
    Ok(vec![format!("{}/", root.display())])
}

/// Everything that was read and measured, by target and program.
#[derive(Default)]
struct Measured {
    firmware: BTreeMap<(&'static str, &'static str), Firmware>,
    figures: Figures,
    /// Bytes of stack that are not the driver's, by target: of the board's interrupts, and of esp-at-nal.
    interrupts: BTreeMap<&'static str, u64>,
    nal_stack: BTreeMap<&'static str, u64>,
}

impl Measured {
    fn of(&self, target: &'static str, program: &'static str) -> &Firmware {
        &self.firmware[&(target, program)]
    }

    /// Static RAM that a program adds to another.
    fn statics(&self, target: &'static str, program: &'static str, base: &'static str) -> u64 {
        self.of(target, program).ram.saturating_sub(self.of(target, base).ram)
    }

    fn figure(&self, target: &str, name: &str) -> u64 {
        self.figures[&format!("{target} {name}")]
    }
}

fn measure(directory: &Path) -> Result<Measured> {
    let mut measured = Measured::default();
    let own = own()?;
    let nal: Vec<String> = NAL.map(String::from).to_vec();
    for (target, _) in TARGETS {
        let path = |program: &str| directory.join(target).join("release").join(program);
        let commands = ["one_command", "ten_commands", "twenty_commands"];
        for program in STEPS.iter().map(|(program, ..)| *program).chain(commands) {
            measured.firmware.insert((target, program), Firmware::read(&path(program), &own)?);
        }
        for program in ["nal_nothing", "nal_client"] {
            measured.firmware.insert((target, program), Firmware::read(&path(program), &nal)?);
        }
        let mut figures = Vec::new();
        for (program, _, mask) in STEPS.into_iter().skip(1) {
            let firmware = measured.of(target, program);
            let depths = stack::measure(&path(program), firmware, mask)
                .map_err(|error| format!("{}: {error}", path(program).display()))?;
            figures.push((format!("flash {program}"), firmware.flash));
            figures.push((format!("flash of our own {program}"), firmware.own()));
            figures.push((format!("stack {program}"), depths.tasks));
            measured.interrupts.insert(target, depths.interrupts);
        }
        // It has one stack for both.
        let nal_client = measured.of(target, "nal_client");
        let depths = stack::measure(&path("nal_client"), nal_client, 1)
            .map_err(|error| format!("{}: {error}", path("nal_client").display()))?;
        measured.nal_stack.insert(target, depths.interrupts);
        let all = measured.of(target, "services");
        figures.push(("state".into(), all.value("FOOTPRINT_STATE")?));
        figures.push(("rings of a socket".into(), all.value("FOOTPRINT_RINGS")? / all.value("FOOTPRINT_SOCKETS")?));
        figures.push(("runner".into(), all.value("FOOTPRINT_RUNNER")?));
        for task in TASKS {
            let size = all.task(task).ok_or_else(|| format!("no task {task}"))?;
            figures.push((format!("task {task}"), size));
        }
        let flash = |program| measured.of(target, program).flash;
        figures.push(("first command".into(), flash("one_command").saturating_sub(flash("client"))));
        let without = flash("ten_commands").saturating_sub(flash("one_command"));
        figures.push(("command without answer".into(), without.div_ceil(9)));
        let with = flash("twenty_commands").saturating_sub(flash("ten_commands"));
        figures.push(("command with answer".into(), with.div_ceil(10)));
        measured.figures.extend(figures.into_iter().map(|(name, size)| (format!("{target} {name}"), size)));
    }
    Ok(measured)
}

fn print(measured: &Measured) {
    let added = |firmware: &Firmware, base: &Firmware| firmware.flash.saturating_sub(base.flash);
    println!(
        "Flash in bytes, opt-level z, LTO, panic=abort: all of it, what is added to the first line, and of that the"
    );
    println!("driver's own code and constants; the rest is the program's, other crates' and the core library's.\n");
    print!("| |");
    TARGETS.iter().for_each(|(_, name)| print!(" {name} | added | our own |"));
    println!("\n| --- |{}", " ---: |".repeat(6));
    for (program, text, _) in STEPS {
        print!("| {text} |");
        for (target, _) in TARGETS {
            let firmware = measured.of(target, program);
            print!(" {} | {} | {} |", firmware.flash, added(firmware, measured.of(target, "nothing")), firmware.own());
        }
        println!();
    }
    print!("| esp-at-nal 0.5, atat 0.24: station, one TCP client |");
    for (target, _) in TARGETS {
        let firmware = measured.of(target, "nal_client");
        print!(" {} | {} | {} |", firmware.flash, added(firmware, measured.of(target, "nal_nothing")), firmware.own());
    }
    println!("\n\n| flash of each further command | Cortex-M0+ | Cortex-M4F |\n| --- | ---: | ---: |");
    let row = |text: &str, name: &str| {
        print!("| {text} |");
        TARGETS.iter().for_each(|(target, _)| print!(" {} |", measured.figure(target, name)));
        println!();
    };
    row("the first one", "first command");
    row("without an answer", "command without answer");
    row("with a typed answer", "command with answer");
    println!("\n| RAM | Cortex-M0+ | Cortex-M4F |\n| --- | ---: | ---: |");
    row("state of the driver", "state");
    row("rings of each socket, of the user's choice", "rings of a socket");
    row("runner's task (the runner with its buffers is in it)", "task drive");
    row("of that the runner", "runner");
    for (task, text) in TASKS.into_iter().zip(["", "client", "UDP", "server", "services", "passthrough"]).skip(1) {
        row(&format!("user's task: {text}"), &format!("task {task}"));
    }
    print!("| static RAM of a TCP client: state, one socket's rings, tasks |");
    for (target, _) in TARGETS {
        let all_rings = measured.of(target, "client").values["FOOTPRINT_RINGS"];
        let with_one = measured.statics(target, "client", "nothing") - all_rings;
        print!(" {} |", with_one + measured.figure(target, "rings of a socket"));
    }
    print!("\n| the same with esp-at-nal (8 URCs of 512 bytes) |");
    TARGETS.iter().for_each(|(target, _)| print!(" {} |", measured.statics(target, "nal_client", "nal_nothing")));
    println!();
    for (program, text, _) in STEPS.into_iter().skip(1) {
        row(&format!("worst stack of all tasks, {text}"), &format!("stack {program}"));
    }
    let others = |text: &str, stacks: &BTreeMap<&str, u64>| {
        print!("| {text} |");
        TARGETS.iter().for_each(|(target, _)| print!(" {} |", stacks[target]));
        println!();
    };
    others("beside it, interrupts (of the UART and the clock)", &measured.interrupts);
    others("worst stack with esp-at-nal, interrupts in it", &measured.nal_stack);
}

/// The compiler that made the programs.
fn compiler(measured: &Measured) -> &str {
    measured.of(TARGETS[0].0, STEPS[0].0).compiler.as_str()
}

fn list(what: &str, path: &Path) -> Result<()> {
    let mut firmware = Firmware::read(path, &own()?)?;
    if what == "--symbols" {
        firmware.sizes.sort_by_key(|(_, size)| *size);
        firmware.sizes.iter().for_each(|(name, size)| println!("{size:7}  {name}"));
        return Ok(());
    }
    for (title, map) in [("code", &firmware.code), ("constants", &firmware.constants)] {
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        let mut own = 0;
        for (Owner { kind, place, function }, size) in map {
            let key = match kind {
                Kind::Own if what == "--functions" => format!("ours  {place}  {function}"),
                Kind::Own => format!("ours  {place}"),
                Kind::Crate => format!("crate {place}"),
                Kind::Program | Kind::Core => place.clone(),
            };
            *rows.entry(key).or_default() += size;
            own += if *kind == Kind::Own { *size } else { 0 };
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(_, size)| *size);
        rows.iter().for_each(|(name, size)| println!("{size:7}  {name}"));
        println!("{:7}  bytes of {title}, of these ours {own}\n", map.values().sum::<u64>());
    }
    println!("{:7}  bytes of flash", firmware.flash);
    Ok(())
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (directory, budget) = match words[..] {
        [what @ ("--files" | "--functions" | "--symbols"), elf] => {
            list(what, Path::new(elf))?;
            return Ok(ExitCode::SUCCESS);
        }
        [directory] => (directory, None),
        [directory, what @ ("--check" | "--update"), file] => (directory, Some((what, PathBuf::from(file)))),
        _ => return Err("usage: DIRECTORY [--check FILE | --update FILE], or --files|--functions|--symbols ELF".into()),
    };
    let measured = measure(Path::new(directory))?;
    print(&measured);
    match budget {
        Some(("--update", file)) => fs::write(file, budget::format(compiler(&measured), &measured.figures))?,
        Some((_, file)) => return check(&file, &measured),
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares with the budget, and says what passes it.
fn check(file: &Path, measured: &Measured) -> Result<ExitCode> {
    let text = fs::read_to_string(file)?;
    let (compiler, budget) = budget::parse(&text)?;
    let tolerance = if compiler == self::compiler(measured) { budget::TOLERANCE } else { budget::OTHER_COMPILER };
    let (wrong, below) = budget::compare(&budget, &measured.figures, tolerance);
    println!();
    if tolerance != budget::TOLERANCE {
        println!("budget: made with {compiler}, so that {tolerance} % more pass with another compiler");
    }
    if below > 0 {
        println!("budget: {below} figures are more than {tolerance} % below; --update lowers them");
    }
    if !wrong.is_empty() {
        wrong.iter().for_each(|line| println!("over budget: {line}"));
        return Ok(ExitCode::FAILURE);
    }
    println!("budget: all {} figures are within it", measured.figures.len());
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    run(&args().skip(1).collect::<Vec<_>>()).unwrap_or_else(|error| {
        println!("failed: {error}");
        ExitCode::FAILURE
    })
}
