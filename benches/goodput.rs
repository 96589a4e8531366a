//! How much of the serial line's rate reaches the user, in virtual time, beside what the protocol allows and beside
//! esp-at-nal:
//!
//! ```sh
//! cargo bench --manifest-path benches/Cargo.toml --bench goodput -- [OPTIONS]
//! ```
//!
//! | option | |
//! |---|---|
//! | `--only TEXT` | only what has this in its row's name, as `esp-at,921600,upload,1,0 ms,64`; repeat it to narrow down |
//! | `--markdown` | nothing but the table |
//! | `--check` | compare with `benches/goodput.csv`; what differs is shown, and the exit code is 1 |
//! | `--update` | renew `benches/goodput.csv` |
//! | `--plot` | draw `benches/goodput.svg` |
//! | `--trace` | in place of the table: what was on the wire, and when |

use std::process::ExitCode;

use wifi_at_benches::goodput::{Case, Cell, Snapshot, TOLERANCE, markdown, plot, reaches, trace};

#[derive(Default)]
struct Options {
    only: Vec<String>,
    markdown: bool,
    check: bool,
    update: bool,
    plot: bool,
    trace: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => options.only.push(arguments.next().ok_or("--only wants a text")?),
                "--markdown" => options.markdown = true,
                "--check" => options.check = true,
                "--update" => options.update = true,
                "--plot" => options.plot = true,
                "--trace" => options.trace = true,
                // Cargo says so.
                "--bench" => {}
                other => return Err(format!("no option {other}: see the head of benches/goodput.rs")),
            }
        }
        Ok(options)
    }
}

fn run(options: &Options) -> std::io::Result<bool> {
    let chosen = |case: &Case| options.only.iter().all(|text| case.to_string().contains(text.as_str()));
    if options.trace {
        Case::all().iter().filter(|case| chosen(case)).for_each(|case| println!("{}", trace(case)));
        return Ok(true);
    }
    let cells: Vec<Cell> = Case::all().into_iter().filter(chosen).map(Cell::measure).collect();
    if !options.markdown {
        println!("goodput in % of the line's rate: wifi-at / the protocol's bound / esp-at-nal 0.5\n");
    }
    print!("{}", markdown(&cells));
    if options.plot {
        plot(&cells)?;
    }
    let mut same = true;
    if options.check {
        let differences = Snapshot::read()?.differences(&cells);
        same = differences.is_empty();
        println!(
            "\n{} of {} cells differ from benches/goodput.csv by more than {TOLERANCE}",
            differences.len(),
            cells.len()
        );
        differences.iter().for_each(|difference| println!("{difference}"));
    }
    if options.update {
        let mut kept = Snapshot::read().unwrap_or_default();
        kept.take(&cells);
        kept.write()?;
    }
    if !options.markdown {
        println!();
        reaches(&cells).iter().for_each(|reach| println!("{reach}"));
    }
    Ok(same)
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
