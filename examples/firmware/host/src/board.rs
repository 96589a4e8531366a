//! The emulated board: an emulator as a process, with a simulated module at its UART and its reset pin.

use std::io::{self, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use wifi_at_simulator::{Simulator, realtime};

use crate::defmt_log;

/// A simulated module, and the places where its wires wait for an emulator.
pub struct Board {
    module: Arc<realtime::Module>,
    /// What a placeholder stands for in the emulator's command: a TCP port of this machine.
    ports: Vec<(&'static str, u16)>,
    resets: Arc<AtomicU32>,
}

impl Board {
    /// Makes a module, and listens for the emulator: `{uart}` in its command is the port of the module's serial line,
    /// `{reset}` that of its reset pin, to which the emulator sends levels as `0` and `1`.
    ///
    /// # Errors
    /// If a thread or a listener cannot be had.
    pub fn new(make: impl FnOnce() -> Simulator + Send + 'static) -> io::Result<Self> {
        let (module, stream) = realtime::spawn(make)?;
        let mut board = Self { module: Arc::new(module), ports: Vec::new(), resets: Arc::default() };
        board.wire("{uart}", |line| {
            let (mut from_module, mut to_module) = stream.split();
            let Ok(mut to_host) = line.try_clone() else { return };
            thread::spawn(move || io::copy(&mut from_module, &mut to_host));
            let mut from_host = line;
            let _ = io::copy(&mut from_host, &mut to_module);
        })?;
        let (module, resets) = (board.module.clone(), board.resets.clone());
        board.wire("{reset}", move |levels| {
            let mut low = false;
            for level in BufReader::new(levels).bytes().map_while(Result::ok) {
                if low && level == b'1' {
                    resets.fetch_add(1, Ordering::Relaxed);
                    let _ = module.with(|module, now| module.reset(now));
                }
                low = level == b'0';
            }
        })?;
        Ok(board)
    }

    /// One more wire: `serve` gets the emulator's connection.
    ///
    /// # Errors
    /// If no listener can be had.
    pub fn wire(
        &mut self,
        placeholder: &'static str,
        serve: impl FnOnce(TcpStream) + Send + 'static,
    ) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        self.ports.push((placeholder, listener.local_addr()?.port()));
        thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                let _ = stream.set_nodelay(true);
                serve(stream);
            }
        });
        Ok(())
    }

    /// `{log}` is the port to which the emulator sends what the firmware of the ELF file writes to RTT: defmt's log, of
    /// which each line is printed and handed to `lines`.
    ///
    /// # Errors
    /// If no listener can be had.
    pub fn follow_log(&mut self, elf: PathBuf, lines: Sender<String>) -> io::Result<()> {
        self.wire("{log}", move |log| {
            if let Err(error) = defmt_log::follow(&elf, log, &lines) {
                println!("log: {error}");
            }
        })
    }

    /// The module restarts by itself, as after a fault of its own.
    pub fn restart_module(&self) {
        let text = b"\r\nets Jan  8 2013,rst cause:4, boot mode:(3,7)\r\n";
        let _ = self.module.with(|module, now| module.restart(now, text));
    }

    /// The last commands that the module has got, to show where it stands.
    #[must_use]
    pub fn last_commands(&self) -> Vec<String> {
        let last = |module: &mut Simulator, _| {
            let commands = module.commands();
            let from = commands.len().saturating_sub(8);
            commands[from..].iter().map(|command| format!("{command:?}")).collect()
        };
        self.module.with(last).unwrap_or_default()
    }

    /// How often the firmware has pulled the reset pin.
    #[must_use]
    pub fn resets(&self) -> u32 {
        self.resets.load(Ordering::Relaxed)
    }

    /// Starts the emulator.
    ///
    /// # Errors
    /// If there is no command, or it cannot be started.
    pub fn start(&self, command: &[String]) -> Result<Emulator, String> {
        let mut words = command.iter().map(|word| {
            let fill = |word: String, (placeholder, port): &(&str, u16)| word.replace(placeholder, &port.to_string());
            self.ports.iter().fold(word.clone(), fill)
        });
        let program = words.next().ok_or("there is no emulator's command")?;
        let child = Command::new(&program).args(words).spawn().map_err(|error| format!("{program}: {error}"))?;
        Ok(Emulator(child))
    }
}

/// An emulator that runs. Dropping it ends it.
pub struct Emulator(Child);

impl Emulator {
    /// How it has ended, if it has.
    ///
    /// # Errors
    /// If that cannot be found out.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, String> {
        self.0.try_wait().map_err(|error| error.to_string())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
