//! What it costs to receive, in instructions and nanoseconds for each byte, beside atat's ingress and esp-at-nal on the
//! same bytes:
//!
//! ```sh
//! cargo bench --manifest-path benches/Cargo.toml --bench ingress -- [OPTIONS]
//! ```
//!
//! Instructions are counted by callgrind: without valgrind (`apt-get install valgrind`), the column says so.
//!
//! | option | |
//! |---|---|
//! | `--only NAME` | only this receiver: `wifi-at`, `atat 0.25` or `esp-at-nal 0.5` |
//! | `--plot` | draw `benches/ingress.svg` |
//! | `--receive RECEIVER MODE SLICE FRAMES` | what runs under callgrind: receive once, print nothing |

use std::process::ExitCode;

use wifi_at_benches::ingress::{Mode, Receiver, Row, markdown, plot, reaches, receive};

#[derive(Default)]
struct Options {
    only: Option<String>,
    plot: bool,
    receive: Option<[usize; 4]>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => options.only = Some(arguments.next().ok_or("--only wants a name")?),
                "--plot" => options.plot = true,
                "--receive" => {
                    let numbers: Vec<usize> = arguments.by_ref().map_while(|number| number.parse().ok()).collect();
                    options.receive = Some(numbers.try_into().map_err(|_| "--receive wants four numbers")?);
                }
                // Cargo says so.
                "--bench" => {}
                other => return Err(format!("no option {other}: see the head of benches/ingress.rs")),
            }
        }
        Ok(options)
    }
}

fn run(options: &Options) -> Result<(), String> {
    if let Some([receiver, mode, slice, frames]) = options.receive {
        let receiver = *Receiver::ALL.get(receiver).ok_or("no such receiver")?;
        let mode = *Mode::ALL.get(mode).ok_or("no such mode")?;
        let _ = receive(receiver, mode, slice, frames);
        return Ok(());
    }
    let chosen = |receiver: Receiver| options.only.as_ref().is_none_or(|name| receiver.name() == name);
    let rows: Vec<Row> = Row::all().filter(|(receiver, ..)| chosen(*receiver)).map(Row::measure).collect();
    print!("{}", markdown(&rows));
    if options.plot {
        plot(&rows).map_err(|error| error.to_string())?;
    }
    println!();
    reaches(&rows).iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
