//! A simulated Wi-Fi module at a TCP port, a pseudo-terminal, or standard input and output.

use clap::{ArgGroup, Parser};
use core::time::Duration;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;
use wifi_at_simulator::realtime::{Direction, Module, StreamReader, StreamWriter, Trace};
use wifi_at_simulator::{
    AccessPoint, Builder, CertificateStore, CommandForms, Dialect, Fault, FaultNotApplicable, HostNetwork, Latency,
    Simulator, When, World, realtime,
};

/// Simulates a Wi-Fi module with AT firmware at its serial port, with real sockets behind it.
///
/// The module boots at once, joins the access points given with --ap, and reaches whatever this machine reaches.
#[derive(Parser, Debug)]
#[command(version, max_term_width = 100)]
#[command(group(ArgGroup::new("line").required(true).args(["tcp", "pty", "stdio", "list_commands", "list_faults"])))]
struct Options {
    /// Firmware to simulate: esp-at, wizfi360, esp8266-nonos, esp8266-idf, esp32-v1.
    #[arg(long, value_name = "NAME", default_value = "esp-at")]
    dialect: Dialect,

    /// Serve the serial line at this TCP address, one host at a time; 127.0.0.1:0 takes a free port.
    #[arg(long, value_name = "ADDR")]
    tcp: Option<SocketAddr>,

    /// Serve it at a new pseudo-terminal and print its path.
    #[arg(long)]
    pty: bool,

    /// Serve it at standard input and output; ends when the input ends and the module is quiet.
    #[arg(long)]
    stdio: bool,

    /// Pace the line at this rate in both directions (without: as fast as possible).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(80..=5_000_000))]
    baud: Option<u32>,

    /// RTS and CTS are wired and in use: the module's flow control setting is on from the start.
    #[arg(long)]
    rtscts: bool,

    /// Let the module do something wrong. WHEN is the opportunity (3: the third one), a time (10s), a chance (1%), or
    /// random (the same as 1%); without it the next opportunity. Repeatable.
    #[arg(long, value_name = "NAME[@WHEN]", value_parser = parse_fault)]
    fault: Vec<(Fault, When)>,

    /// Which random moments faults choose: the same number, the same opportunities.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// An access point in reach; without PASSWORD an open one. Repeatable.
    #[arg(long, value_name = "SSID:PASSWORD", value_parser = parse_ap)]
    ap: Vec<AccessPoint>,

    /// A TOML file with what surrounds the module and what happens there; see simulator/worlds/flat.toml.
    #[arg(long, value_name = "FILE", value_parser = read_world)]
    world: Option<World>,

    /// A name that resolves to this address, before the resolver of this machine is asked. Repeatable.
    #[arg(long, value_name = "NAME=IP", value_parser = parse_host)]
    host: Vec<(String, IpAddr)>,

    /// A certificate or key in PEM or DER for TLS, by its namespace in the flash, with .INDEX if it is not 0. Repeatable.
    #[arg(long, value_name = "NAMESPACE=FILE", value_parser = parse_certificate)]
    certificate: Vec<Certificate>,

    /// Address on which servers of the module listen.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    listen: IpAddr,

    /// Answer at once: no boot time, no time to join.
    #[arg(long)]
    fast: bool,

    /// Reset the module when a host connects (with --tcp), as boards do that wire DTR to the reset pin.
    #[arg(long, requires = "tcp")]
    reset_on_connect: bool,

    /// Show both directions on standard error, with the time in seconds.
    #[arg(long)]
    trace: bool,

    /// Print the commands of the dialect with their forms, and end.
    #[arg(long)]
    list_commands: bool,

    /// Print the faults that the dialect can show, and end.
    #[arg(long)]
    list_faults: bool,
}

fn parse_ap(text: &str) -> Result<AccessPoint, String> {
    let (ssid, password) = text.split_once(':').ok_or("give SSID:PASSWORD, or SSID: for an open access point")?;
    if ssid.is_empty() || ssid.len() > 32 {
        return Err("an SSID has 1 to 32 bytes".into());
    }
    match password {
        "" => Ok(AccessPoint::open(ssid)),
        password if password.len() < 8 || password.len() > 63 => Err("a password has 8 to 63 bytes".into()),
        password => Ok(AccessPoint::new(ssid, password)),
    }
}

fn read_world(path: &str) -> Result<World, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    World::from_toml(&text).map_err(|error| error.to_string())
}

fn parse_host(text: &str) -> Result<(String, IpAddr), String> {
    let (name, address) = text.split_once('=').ok_or("give NAME=IP")?;
    let address = address.parse().map_err(|_| format!("{address} is no IP address"))?;
    Ok((name.to_owned(), address))
}

#[derive(Clone)]
struct Certificate {
    namespace: String,
    index: usize,
    data: Vec<u8>,
}

/// Without the data: it may be a key.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.namespace, self.index)
    }
}

fn parse_certificate(text: &str) -> Result<Certificate, String> {
    let (place, file) = text.split_once('=').ok_or("give NAMESPACE=FILE")?;
    let (namespace, index) = match place.split_once('.') {
        None => (place, 0),
        Some((namespace, index)) => (namespace, index.parse().map_err(|_| format!("{index} is no index"))?),
    };
    let known = ["client_ca", "client_cert", "client_key", "server_ca", "server_cert", "server_key"];
    if !known.contains(&namespace) {
        return Err(format!("{namespace} is none of {}", known.join(", ")));
    }
    let data = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(Certificate { namespace: namespace.to_owned(), index, data })
}

fn parse_fault(text: &str) -> Result<(Fault, When), String> {
    let (name, when) = text.split_once('@').unwrap_or((text, "next"));
    let fault = name.parse().map_err(|error: wifi_at_simulator::UnknownFault| error.to_string())?;
    let when = when.parse().map_err(|error: wifi_at_simulator::UnknownWhen| error.to_string())?;
    Ok((fault, when))
}

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
    let (tcp, pty, reset) = (options.tcp, options.pty, options.reset_on_connect);
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
    } else if pty {
        serve_pty(reader, writer, sender)?;
    } else {
        serve_stdio(reader, writer, module.clone(), sender);
    }
    receiver.recv()?
}

fn build(options: Options) -> Simulator {
    let mut network = HostNetwork::new();
    network.set_listen_address(options.listen);
    for (name, address) in options.host {
        network.add_host(&name, address);
    }
    let world = options.world.unwrap_or_default();
    for (name, address) in world.names() {
        network.add_host(name, address);
    }
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

/// Copies until one side ends.
fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&buffer[..count])?;
                to.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn serve_tcp(
    listener: TcpListener,
    mut reader: StreamReader,
    mut writer: StreamWriter,
    reset: Option<Arc<Module>>,
    end: End,
) {
    let current: Arc<Mutex<Option<TcpStream>>> = Arc::default();
    let host = current.clone();
    thread::spawn(move || {
        // Without a host the module talks into the void, as at a loose cable.
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let stream = host.lock().unwrap_or_else(PoisonError::into_inner);
            let stream = stream.as_ref().and_then(|stream| stream.try_clone().ok());
            if let Some(mut stream) = stream {
                // A host that has gone shows where its bytes are read.
                let _ = stream.write_all(&buffer[..count]);
            }
        }
    });
    thread::spawn(move || {
        loop {
            let (stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => {
                    let _ = end.send(Err(error.into()));
                    return;
                }
            };
            eprintln!("host {peer} connected");
            let _ = stream.set_nodelay(true);
            let copy_of_stream = stream.try_clone();
            *current.lock().unwrap_or_else(PoisonError::into_inner) = copy_of_stream.ok();
            if let Some(module) = &reset {
                module.with(|simulator, now| simulator.reset(now));
            }
            let _ = copy(stream, &mut writer);
            *current.lock().unwrap_or_else(PoisonError::into_inner) = None;
            eprintln!("host {peer} disconnected");
        }
    });
}

fn serve_pty(reader: StreamReader, writer: StreamWriter, end: End) -> Result<(), Failure> {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

    let host = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&host)?;
    unlockpt(&host)?;
    let path = ptsname(&host, Vec::new())?;
    // Held open here, so that the line survives a host that closes it.
    let line = rustix::fs::open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
    let mut settings = tcgetattr(&line)?;
    settings.make_raw();
    tcsetattr(&line, OptionalActions::Now, &settings)?;
    println!("{}", path.to_string_lossy());
    let from_host = File::from(host.try_clone()?);
    let to_host = File::from(host);
    let end_of_output = end.clone();
    thread::spawn(move || {
        let result = copy(reader, to_host);
        let _ = end_of_output.send(result.map_err(Into::into));
    });
    thread::spawn(move || {
        let _line = line;
        let result = copy(from_host, writer);
        let _ = end.send(result.map_err(Into::into));
    });
    Ok(())
}

/// With piped input the module must have booted before the first byte, and may still be busy after the last one.
fn serve_stdio(reader: StreamReader, writer: StreamWriter, module: Arc<Module>, end: End) {
    const QUIET: Duration = Duration::from_millis(200);
    let end_of_output = end.clone();
    thread::spawn(move || {
        if let Err(error) = copy(reader, io::stdout().lock()) {
            let _ = end_of_output.send(Err(error.into()));
        }
    });
    thread::spawn(move || {
        let state = |module: &Module| {
            module.with(|simulator, _| {
                let busy = simulator.is_busy() || simulator.pending_input() > 0;
                (simulator.counters().transmitted, busy)
            })
        };
        while module.with(|simulator, _| simulator.is_ready()).is_some_and(|ready| !ready) {
            thread::sleep(Duration::from_millis(5));
        }
        let result = copy(io::stdin().lock(), writer);
        let mut before = None;
        loop {
            let now = state(&module);
            if now == before && now.is_none_or(|(_, busy)| !busy) {
                break;
            }
            before = now;
            thread::sleep(QUIET);
        }
        let _ = end.send(result.map_err(Into::into));
    });
}
