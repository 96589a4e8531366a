//! The serial line at a pseudo-terminal.

use crate::{End, Failure};
use core::time::Duration;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use wifi_at_simulator::realtime::{Module, StreamReader, StreamWriter};

/// How often a quiet line is asked for its rate.
const LOOK: Duration = Duration::from_millis(2);

/// The rate that the host has set at its end of the terminal, told to the module when it changes.
struct HostRate {
    line: OwnedFd,
    module: Arc<Module>,
    told: Mutex<u32>,
}

impl HostRate {
    fn follow(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = tcgetattr(&self.line).map_or(*told, |settings| settings.output_speed());
        // 0 means to hang up.
        if rate != *told && rate != 0 {
            *told = rate;
            let _ = self.module.with(move |simulator, now| simulator.set_host_baud(now, Some(rate)));
        }
    }
}

/// Copies until one side ends, `before` each piece.
fn copy(mut from: impl Read, mut to: impl Write, before: impl Fn()) -> std::io::Result<()> {
    let mut buffer = vec![0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                before();
                to.write_all(&buffer[..count])?;
                to.flush()?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// With `baud` the terminal has this rate at first, and the host's is the one that it sets there.
pub(crate) fn serve(
    reader: StreamReader,
    writer: StreamWriter,
    module: Arc<Module>,
    baud: Option<u32>,
    end: End,
) -> Result<(), Failure> {
    let host = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&host)?;
    unlockpt(&host)?;
    let path = ptsname(&host, Vec::new())?;
    // Held open here, so that the line survives a host that closes it.
    let line = rustix::fs::open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
    let mut settings = tcgetattr(&line)?;
    settings.make_raw();
    if let Some(baud) = baud {
        settings.set_speed(baud)?;
    }
    tcsetattr(&line, OptionalActions::Now, &settings)?;
    let rate = baud.map(|_| {
        let line = line.as_fd().try_clone_to_owned()?;
        let rate = Arc::new(HostRate { line, module, told: Mutex::new(0) });
        let looking = rate.clone();
        // A host that only listens sets its rate, too.
        thread::spawn(move || {
            loop {
                looking.follow();
                thread::sleep(LOOK);
            }
        });
        Ok::<_, std::io::Error>(rate)
    });
    let rate = rate.transpose()?;
    println!("{}", path.to_string_lossy());
    let from_host = File::from(host.try_clone()?);
    let to_host = File::from(host);
    let end_of_output = end.clone();
    thread::spawn(move || {
        let result = copy(reader, to_host, || {});
        let _ = end_of_output.send(result.map_err(Into::into));
    });
    thread::spawn(move || {
        let _line = line;
        let result = copy(from_host, writer, || {
            if let Some(rate) = &rate {
                rate.follow();
            }
        });
        let _ = end.send(result.map_err(Into::into));
    });
    Ok(())
}
