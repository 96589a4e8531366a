//! The serial line at a TCP port, and at standard input and output.

use crate::End;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use wifi_at_simulator::realtime::{Module, StreamReader, StreamWriter};

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

pub(crate) fn serve_tcp(
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

/// With piped input the module must have booted before the first byte, and may still be busy after the last one.
pub(crate) fn serve_stdio(reader: StreamReader, writer: StreamWriter, module: Arc<Module>, end: End) {
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
