//! A simulated Wi-Fi module at a TCP port, a pseudo-terminal, or standard input and output.

mod lines;
mod options;
#[cfg(unix)]
mod terminal;

use clap::Parser;
use lines::{serve_stdio, serve_tcp};
use options::{Certificate, Options};
use std::error::Error;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::SystemTime;
use wifi_at_simulator::realtime::{Direction, Trace};
use wifi_at_simulator::{
    Builder, CertificateStore, CommandForms, Dialect, Fault, FaultNotApplicable, HostNetwork, Latency, Simulator,
    realtime,
};

fn main() -> ExitCode {
    let options = Options::parse();
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wifi-at-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn Error + Send + Sync>;
/// Tells the main thread that the program is to end.
type End = Sender<Result<(), Failure>>;

fn serve(options: Options) -> Result<(), Failure> {
    if options.list_commands {
        return list(&options.dialect.commands());
    }
    if options.list_faults {
        return list_faults(options.dialect);
    }
    // Before the module starts, so that it is told at once.
    if let Some(&(fault, _)) = options.fault.iter().find(|(fault, _)| !fault.applies_to(options.dialect)) {
        return Err(FaultNotApplicable { fault, dialect: options.dialect.name() }.into());
    }
    let trace = options.trace.then(trace);
    let (sender, receiver) = channel();
    let interrupt = sender.clone();
    ctrlc::set_handler(move || {
        let _ = interrupt.send(Ok(()));
    })?;
    let (tcp, reset) = (options.tcp, options.reset_on_connect);
    #[cfg(unix)]
    let terminal = options.pty.then_some(options.baud);
    // Before the module starts, so that a taken port is told at once.
    let listener = tcp.map(TcpListener::bind).transpose();
    let listener =
        listener.map_err(|error| format!("cannot listen on {}: {error}", tcp.unwrap_or(([0; 4], 0).into())))?;
    let (module, stream) = realtime::spawn_traced(move || build(options), trace)?;
    let module = Arc::new(module);
    let (reader, writer) = stream.split();
    if let Some(listener) = listener {
        println!("listening on {}", listener.local_addr()?);
        serve_tcp(listener, reader, writer, reset.then(|| module.clone()), sender);
        return receiver.recv()?;
    }
    #[cfg(unix)]
    if let Some(baud) = terminal {
        terminal::serve(reader, writer, module.clone(), baud, sender)?;
        return receiver.recv()?;
    }
    serve_stdio(reader, writer, module, sender);
    receiver.recv()?
}

fn build(options: Options) -> Simulator {
    let mut network = HostNetwork::new();
    network.set_listen_address(options.listen);
    for (name, address) in options.host {
        network.add_host(&name, address);
    }
    let world = options.world.unwrap_or_default();
    let network = world.joint_network(network);
    let mut certificates = CertificateStore::new();
    for Certificate { namespace, index, data } in options.certificate {
        certificates.set(&namespace, index, data);
    }
    let mut builder =
        Builder::new(options.dialect).network(network).baud(options.baud).certificates(certificates).world(world);
    // With SNTP the module has this machine's time: certificates of real servers are valid now.
    if let Ok(time) = SystemTime::UNIX_EPOCH.elapsed() {
        builder = builder.clock(time.as_secs());
    }
    if let Some(folder) = options.files {
        builder = builder.files(folder);
    }
    builder = builder.flow_control(options.rtscts).seed(options.seed);
    for point in options.ap {
        builder = builder.access_point(point);
    }
    if options.fast {
        builder = builder.latency(Latency::none());
    }
    let mut module = builder.build();
    for (fault, when) in options.fault {
        if let Err(error) = module.inject_fault(fault, when) {
            // The dialect was asked before.
            eprintln!("wifi-at-simulator: {error}");
        }
    }
    module
}

fn list_faults(dialect: Dialect) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for fault in Fault::ALL.iter().filter(|fault| fault.applies_to(dialect)) {
        writeln!(out, "{:24} {}", fault.name(), fault.describe())?;
    }
    Ok(())
}

fn list(commands: &[CommandForms]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for command in commands {
        let name = &command.name;
        let forms = [(command.test, "=?"), (command.query, "?"), (command.set, "=..."), (command.execute, "")];
        let forms = forms.iter().filter(|(has, _)| *has);
        let forms: Vec<String> = forms.map(|(_, end)| format!("{name}{end}")).collect();
        writeln!(out, "{}", forms.join("  "))?;
    }
    Ok(())
}

fn trace() -> Trace {
    Box::new(|direction, time, bytes| {
        let mark = match direction {
            Direction::ToModule => ">>",
            Direction::ToHost => "<<",
        };
        // A broken standard error must not stop the module.
        let _ = writeln!(io::stderr(), "{:12.6} {mark} {}", time.as_secs_f64(), bytes.escape_ascii());
    })
}
