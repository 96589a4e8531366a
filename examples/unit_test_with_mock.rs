//! The logic of a sensor node, and its tests on a PC: `cargo test --example unit_test_with_mock`.
//!
//! The node joins an access point, sends a temperature each minute and waits for the server's `ok`. The tests play the
//! module to the byte (`wifi_at::mock`), or let a simulated one behave by itself (`wifi_at_simulator`); in both, minutes
//! take no time. Run as a program it sends three readings to a simulated module and shows what the server got.

use embassy_time::{Duration, Timer, WithTimeout};
use embedded_io_async::{Read, Write};
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at::wifi::{JoinError, JoinOptions};
use wifi_at::{Control, EspAt, Stack};

const SERVER: &str = "10.0.0.1:4000";
const INTERVAL: Duration = Duration::from_secs(60);
/// How long the server may take for its `ok`.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Why a reading was not delivered.
#[derive(Debug, PartialEq)]
enum Failure {
    Connect(tcp::ConnectError),
    Socket(tcp::Error),
    /// The server took the reading and said nothing.
    NoAnswer,
    /// The server said something else.
    Refused,
}

impl From<tcp::Error> for Failure {
    fn from(error: tcp::Error) -> Self {
        Self::Socket(error)
    }
}

/// Delivers one reading, in tenths of a degree.
async fn deliver(stack: Stack<'_>, tenths: i16) -> Result<(), Failure> {
    let mut socket = TcpSocket::connect(stack, SERVER.parse().unwrap()).await.map_err(Failure::Connect)?;
    let line = format!("t={}.{}\n", tenths / 10, tenths % 10);
    socket.write_all(line.as_bytes()).await?;
    let mut answer = [0; 3];
    match socket.read_exact(&mut answer).with_timeout(ANSWER_LIMIT).await {
        Err(_) => Err(Failure::NoAnswer),
        Ok(Ok(())) if &answer == b"ok\n" => Ok(()),
        Ok(_) => Err(Failure::Refused),
    }
}

/// Joins, again and again, with ever longer pauses, unless the passphrase is wrong: a person has to mend that.
async fn join(control: Control<'_, EspAt>) -> Result<(), JoinError> {
    let mut pause = Duration::from_secs(1);
    loop {
        match control.wifi().join("home", JoinOptions::new("secret word")).await {
            Err(JoinError::WrongPassword) => return Err(JoinError::WrongPassword),
            Err(_) => Timer::after(pause).await,
            Ok(()) => return Ok(()),
        }
        pause = (pause * 2).min(INTERVAL);
    }
}

/// What the node does: so many readings, and how many of them were delivered.
async fn node(control: Control<'_, EspAt>, stack: Stack<'_>, readings: &[i16]) -> Result<usize, JoinError> {
    join(control).await?;
    let mut delivered = 0;
    for &reading in readings {
        if !control.wifi().is_connected() {
            join(control).await?;
        }
        // A reading that does not get through is not worth a second try: the next one comes soon.
        delivered += usize::from(deliver(stack, reading).await.is_ok());
        Timer::after(INTERVAL).await;
    }
    Ok(delivered)
}

/// A simulated module with the node's access point and a server, which keeps what it gets.
mod world {
    use std::cell::RefCell;
    use std::rc::Rc;

    use embassy_futures::select::select;
    use wifi_at::serial::Split;
    use wifi_at::{Config, Control, EspAt, Pins, Resources, Stack};
    use wifi_at_simulator::{AccessPoint, Builder, Dialect, MemoryNetwork, serial, virtual_time};

    use super::SERVER;

    /// Runs `test` with a driver on a simulated module. Gives what it gives, and what the server got.
    pub(super) fn run<T>(test: impl AsyncFnOnce(Control<'_, EspAt>, Stack<'_>, &serial::Pump) -> T) -> (T, String) {
        let received = Rc::new(RefCell::new(String::new()));
        let network = MemoryNetwork::new();
        let log = Rc::clone(&received);
        network.serve(SERVER.parse().unwrap(), move || {
            let log = Rc::clone(&log);
            move |data: &[u8]| {
                log.borrow_mut().push_str(&String::from_utf8_lossy(data));
                b"ok\n".to_vec()
            }
        });
        let builder = Builder::new(Dialect::EspAt).access_point(AccessPoint::new("home", "secret word"));
        let (module, port) = serial::port(builder.network(network).build());
        let (reader, writer) = port.split();
        let mut resources = Resources::<1, 256, 256>::new();
        let output = virtual_time::run(&module, async {
            let serial = Split::new(reader, writer);
            let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), &mut resources, Config::default());
            let test = test(parts.control, parts.stack, &module);
            match select(parts.runner.run(), test).await {
                embassy_futures::select::Either::First(error) => panic!("the runner ended: {error:?}"),
                embassy_futures::select::Either::Second(output) => output,
            }
        });
        let received = received.borrow().clone();
        (output, received)
    }
}

fn main() {
    let (delivered, received) = world::run(async |control, stack, _| node(control, stack, &[213, 214, 209]).await);
    println!("{} readings delivered in three minutes that took no time; the server got:", delivered.unwrap());
    print!("{received}");
}

#[cfg(test)]
mod tests {
    use embassy_futures::select::{Either, select};
    use embassy_time::Instant;
    use wifi_at::mock::{Mock, bring_up, expect, expect_line};
    use wifi_at::{Config, Pins, Resources};

    use super::*;

    /// Runs `test` with a driver on a module that plays a script.
    fn with_mock<T>(mock: &Mock<'_>, test: impl AsyncFnOnce(Control<'_, EspAt>, Stack<'_>) -> T) -> T {
        let mut resources = Resources::<1, 256, 256>::new();
        let serial = mock.serial();
        mock.run(async {
            let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), &mut resources, Config::default());
            match select(parts.runner.run(), test(parts.control, parts.stack)).await {
                Either::First(_) => panic!("{}", mock.check().unwrap_err()),
                Either::Second(output) => output,
            }
        })
    }

    const OK: &str = "\r\nOK\r\n";
    const JOIN: &str = "AT+CWJAP=\"home\",\"secret word\"\r\n";

    #[test]
    fn a_wrong_passphrase_is_given_up_at_once_and_a_missing_network_is_not() {
        let script = [
            bring_up::<EspAt>(),
            expect("AT+CWMODE=1\r\n").reply(OK),
            expect(JOIN).after(Duration::from_secs(4)).reply("+CWJAP:3\r\n\r\nERROR\r\n"),
            expect("AT+CWMODE=1\r\n").reply(OK),
            expect(JOIN).after(Duration::from_secs(4)).reply("+CWJAP:2\r\n\r\nERROR\r\n"),
        ];
        let mock = Mock::new(&script);
        with_mock(&mock, async |control, _| {
            control.wait_until_ready().await.unwrap();
            let start = Instant::now();
            assert_eq!(join(control).await, Err(JoinError::WrongPassword));
            // Two attempts and the pause between them.
            assert_eq!(start.elapsed().as_secs(), 9);
        });
        mock.assert_done();
    }

    #[test]
    fn a_server_that_says_nothing() {
        let script = [
            bring_up::<EspAt>(),
            expect_line("AT+CIPSTART=4,\"TCP\",\"10.0.0.1\",4000").reply("4,CONNECT\r\n\r\nOK\r\n"),
            expect("AT+CIPSEND=4,7\r\n").reply("\r\nOK\r\n\r\n>"),
            expect("t=21.3\n").reply("Recv 7 bytes\r\n\r\nSEND OK\r\n"),
            expect("AT+CIPCLOSE=4\r\n").reply("4,CLOSED\r\n\r\nOK\r\n"),
        ];
        let mock = Mock::new(&script);
        with_mock(&mock, async |_, stack| {
            assert_eq!(deliver(stack, 213).await, Err(Failure::NoAnswer));
            // The runner closes the connection.
            Timer::after_secs(1).await;
        });
        mock.assert_done();
    }

    #[test]
    fn an_access_point_that_goes_away_costs_no_more_than_its_readings() {
        let (delivered, received) = world::run(async |control, stack, module| {
            let node = node(control, stack, &[1, 2, 3, 4, 5]);
            let weather = async {
                Timer::after_secs(90).await;
                module.with(|module, now| module.drop_wifi(now));
                core::future::pending::<()>().await;
            };
            match select(node, weather).await {
                Either::First(delivered) => delivered.unwrap(),
                Either::Second(()) => unreachable!(),
            }
        });
        assert_eq!(delivered, received.lines().count());
        assert!(received.starts_with("t=0.1\nt=0.2\n"), "{received}");
        assert!(received.ends_with("t=0.5\n"), "{received}");
    }
}
