//! The scenarios.

use std::cell::RefCell;
use std::net::SocketAddr;

use super::MODULE;
use super::common::*;
use embassy_futures::join::{join as join_both, join_array, join3};
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::command::CommandError;
use wifi_at::net::listener::{BindError, ListenOptions, TcpListener};
use wifi_at::net::tcp::{ConnectError, Error, TcpSocket};
use wifi_at::{Config, Event, Resources};
use wifi_at_simulator::{Action, Dialect, MemoryNetwork, Point, Simulator, SocketId};
use wifi_at_support::virtual_time::{Line, drop_after};

const PORT: u16 = 8080;

fn from(number: u16) -> SocketAddr {
    SocketAddr::new([192, 0, 2, 7].into(), 40_000 + number)
}

fn client(network: &MemoryNetwork, number: u16) -> SocketId {
    network.connect_to_module(from(number), PORT).expect("the server runs")
}

fn commands(line: &Line<Simulator>, name: &str) -> Vec<String> {
    line.with(|module, _| {
        let lines = module.commands().iter().map(|command| command.line.clone());
        lines.filter(|line| line.starts_with(name)).collect()
    })
}

/// A module without `AT+SYSMSG`: it does not say who its links' peers are.
fn taciturn(line: &Line<Simulator>) {
    line.with(|module, _| module.on(Point::Answer("SYSMSG".into()), Action::Replace(b"\r\nERROR\r\n".to_vec())));
}

async fn pause() {
    Timer::after(Duration::from_millis(200)).await;
}

/// Reads so many bytes.
async fn read(socket: &mut TcpSocket<'_>, count: usize) -> Vec<u8> {
    use embedded_io_async::Read;
    let mut bytes = vec![0; count];
    socket.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[test]
fn several_clients_at_once_with_data_before_accept() {
    for quiet in [false, true] {
        let network = network();
        let line = module(&network);
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            if quiet {
                taciturn(&line);
            }
            let listener = TcpListener::bind(stack, PORT).await.unwrap();
            let clients: Vec<SocketId> = (0..4).map(|number| client(&network, number)).collect();
            for (number, client) in clients.iter().enumerate() {
                network.push(*client, &nasty(500 + number));
            }
            pause().await;
            let mut sockets = Vec::new();
            for number in 0..4 {
                let (socket, remote) = listener.accept().await.unwrap();
                assert_eq!(remote, from(number), "in the order of arrival");
                assert_eq!(socket.remote_address(), Some(remote));
                sockets.push(socket);
            }
            for (number, socket) in sockets.iter_mut().enumerate() {
                assert!(read(socket, 500 + number).await == nasty(500 + number));
                write_all(socket, &nasty(2000 + number)).await;
                socket.flush().await.unwrap();
            }
            for (number, client) in clients.iter().enumerate() {
                assert!(network.take_received(*client) == nasty(2000 + number));
            }
            // Its own end.
            let own = sockets[0].local_address().await.unwrap();
            assert_eq!((own.ip().to_string().starts_with("192."), own.port()), (true, PORT));
            assert!(with_timeout(Duration::from_secs(5), listener.accept()).await.is_err());
            assert_eq!(listener.rejected(), 0);
            let counters = control.counters();
            assert_eq!((counters.dropped_bytes, counters.stray_results, counters.timeouts), (0, 0, 0));
        });
        // The first data may come sooner than the question is asked.
        let asked = commands(&line, "AT+CIPSTAT").len();
        let told = MODULE == Dialect::EspAt && !quiet;
        assert!(if told { asked == 1 } else { (1..=5).contains(&asked) }, "{asked}");
    }
}

#[test]
fn firmware_that_does_not_count_clients() {
    let network = network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let refused = Action::Replace(b"\r\nERROR\r\n".to_vec());
        line.with(|module, _| module.on(Point::Answer("CIPSERVERMAXCONN".into()), refused.clone()));
        let listener = TcpListener::bind(stack, ListenOptions::new(PORT).max_clients(1)).await.unwrap();
        let clients = [client(&network, 0), client(&network, 1)];
        let (socket, remote) = listener.accept().await.unwrap();
        pause().await;
        assert_eq!((remote, listener.rejected()), (from(0), 1));
        assert!(!network.is_closed_by_module(clients[0]) && network.is_closed_by_module(clients[1]));
        // There is room again.
        drop(socket);
        pause().await;
        client(&network, 2);
        assert_eq!(listener.accept().await.unwrap().1, from(2));
        drop(listener);
        // A setting that is refused fails the bind, and leaves no server behind.
        line.with(|module, _| module.on(Point::Answer("CIPSTO".into()), refused));
        let options = ListenOptions::new(PORT).idle_timeout(Duration::from_secs(9));
        let error = TcpListener::bind(stack, options).await.map(drop);
        assert!(matches!(error, Err(BindError::Command(CommandError::Refused(_)))), "{error:?}");
        pause().await;
        assert_eq!(network.connect_to_module(from(9), PORT), None);
        TcpListener::bind(stack, PORT).await.unwrap();
    });
}

#[test]
fn no_place_for_a_client() {
    let network = network();
    let line = module(&network);
    let mut resources = Resources::<2, 600, 300>::new();
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        let clients: Vec<SocketId> = (0..3).map(|number| client(&network, number)).collect();
        pause().await;
        assert_eq!(listener.rejected(), 1);
        let closed = clients.iter().map(|client| network.is_closed_by_module(*client));
        assert_eq!(closed.collect::<Vec<_>>(), [false, false, true]);
        let (socket, _) = listener.accept().await.unwrap();
        assert_eq!(TcpSocket::connect(stack, server()).await.map(drop), Err(ConnectError::NoFreeSocket));
        drop(socket);
        pause().await;
        client(&network, 3);
        assert_eq!(listener.accept().await.unwrap().1, from(1));
        assert_eq!(listener.accept().await.unwrap().1, from(3));
    });
}

#[test]
fn a_peer_that_closes_with_much_unread() {
    for withheld in [false, true] {
        for accepted_first in [false, true] {
            for length in [0, 1, 20_000] {
                let network = network();
                let line =
                    Line::new(builder(&network).with_variant(|variant| variant.closed_withheld = withheld).build());
                with_driver(&line, async |(control, stack)| {
                    join(control).await;
                    let listener = TcpListener::bind(stack, PORT).await.unwrap();
                    let client = client(&network, 0);
                    let data = nasty(length);
                    let early = if accepted_first { Some(listener.accept().await.unwrap().0) } else { None };
                    network.push(client, &data);
                    network.close_peer(client);
                    Timer::after(Duration::from_secs(3)).await;
                    let mut socket = match early {
                        Some(socket) => socket,
                        None => listener.accept().await.unwrap().0,
                    };
                    assert!(read_to_end(&mut socket).await == data, "{withheld} {accepted_first} {length}");
                    assert_eq!(socket.write(b"x").await, Err(Error::ClosedByPeer));
                    assert_eq!(socket.close().await, Ok(()));
                });
                line.with(|module, _| assert!(module.links().is_empty()));
            }
        }
    }
}

#[test]
fn both_close_at_once_and_a_new_client_takes_the_id() {
    for delay in 0..12 {
        let network = network();
        let line = Line::new(builder(&network).baud(Some(115_200)).build());
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let listener = TcpListener::bind(stack, PORT).await.unwrap();
            let first = client(&network, 0);
            let (mut socket, _) = listener.accept().await.unwrap();
            network.push(first, b"last words");
            write_all(&mut socket, b"bye").await;
            let close = async {
                Timer::after(Duration::from_millis(delay)).await;
                network.close_peer(first);
                let second = client(&network, 1);
                network.push(second, b"hello");
                second
            };
            let (closed, _) = join_both(socket.close(), close).await;
            assert!(matches!(closed, Ok(()) | Err(Error::SendFailed)), "{closed:?}");
            drop(socket);
            // It may have been hit by the close that was meant for the first one, but is told so then.
            let (mut second, remote) = listener.accept().await.unwrap();
            assert_eq!(remote, from(1));
            let mut seen = Vec::new();
            let mut buffer = [0; 20];
            while seen.len() < 5 {
                match second.read(&mut buffer).await {
                    Ok(0) | Err(Error::ConnectionReset) => break,
                    Ok(count) => seen.extend_from_slice(&buffer[..count]),
                    Err(error) => panic!("{error:?} after {delay} ms"),
                }
            }
            assert!(b"hello".starts_with(&seen), "after {delay} ms");
            drop(second);
            let third = client(&network, 2);
            network.push(third, b"third");
            let (mut third, _) = listener.accept().await.unwrap();
            assert_eq!(read(&mut third, 5).await, b"third");
        });
    }
}

#[test]
fn once_a_socket_is_closed_its_link_is_the_next_clients() {
    for delay in 0..50 {
        let network = network();
        let line = Line::new(builder(&network).baud(Some(115_200)).build());
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let listener = TcpListener::bind(stack, PORT).await.unwrap();
            let first = client(&network, 0);
            let (mut socket, _) = listener.accept().await.unwrap();
            let close = async {
                Timer::after(Duration::from_micros(100 * delay)).await;
                network.close_peer(first);
            };
            // The module's notice and the command that closes may cross on the line.
            let (closed, ()) = join_both(socket.close(), close).await;
            assert_eq!(closed, Ok(()));
            let second = client(&network, 1);
            network.push(second, b"hello");
            let (mut socket, remote) = listener.accept().await.unwrap();
            assert_eq!((remote, read(&mut socket, 5).await), (from(1), b"hello".to_vec()), "after {delay} steps");
            assert!(with_timeout(Duration::from_secs(1), socket.readable()).await.is_err());
            assert!(!network.is_closed_by_module(second));
        });
    }
}

#[test]
fn a_socket_whose_link_has_changed_hands() {
    for quiet in [false, true] {
        // Whether the first client's data was read when the second one comes.
        for read_before in [false, true] {
            let network = network();
            let line = module(&network);
            with_driver(&line, async |(control, stack)| {
                join(control).await;
                if quiet {
                    taciturn(&line);
                }
                let listener = TcpListener::bind(stack, PORT).await.unwrap();
                let first = client(&network, 0);
                let (mut old, _) = listener.accept().await.unwrap();
                network.push(first, b"old data");
                if read_before {
                    assert_eq!(read(&mut old, 8).await, b"old data");
                }
                // No command for the link runs any more.
                pause().await;
                // The driver reads all that the module says of this at once.
                network.close_peer(first);
                line.with(|module, now| module.poll(now));
                let second = client(&network, 1);
                network.push(second, b"new data");
                let (mut new, remote) = listener.accept().await.unwrap();
                assert_eq!(remote, from(1));
                line.with(|module, _| assert_eq!(module.links()[0].id, 0, "it has changed hands"));
                assert_eq!(read(&mut new, 8).await, b"new data");
                if !read_before {
                    assert_eq!(read(&mut old, 8).await, b"old data");
                }
                assert_eq!(old.read(&mut [0; 9]).await, Ok(0));
                assert_eq!(old.write(b"x").await, Err(Error::ClosedByPeer));
                assert!(old.local_address().await.is_err());
                assert_eq!(old.close().await, Ok(()));
                drop(old);
                write_all(&mut new, b"answer").await;
                new.flush().await.unwrap();
                pause().await;
                assert_eq!(network.take_received(second), b"answer");
                assert!(!network.is_closed_by_module(second));
            });
        }
    }
}

#[test]
fn clients_stay_when_the_listener_goes() {
    let network = network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        let clients = [client(&network, 0), client(&network, 1)];
        let (mut socket, _) = listener.accept().await.unwrap();
        pause().await;
        drop(listener);
        pause().await;
        assert_eq!(network.connect_to_module(from(2), PORT), None);
        // The one that was not accepted is closed, the other is not.
        assert!(!network.is_closed_by_module(clients[0]) && network.is_closed_by_module(clients[1]));
        network.push(clients[0], b"still here");
        assert_eq!(read(&mut socket, 10).await, b"still here");
        write_all(&mut socket, b"so am I").await;
        socket.flush().await.unwrap();
        assert_eq!(network.take_received(clients[0]), b"so am I");
        // The next one, at once.
        drop(TcpListener::bind(stack, PORT).await.unwrap());
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        client(&network, 5);
        assert_eq!(listener.accept().await.unwrap().1, from(5));
        socket.close().await.unwrap();
    });
    assert_eq!(commands(&line, "AT+CIPSERVER=0").len(), 2);
}

#[test]
fn own_connections_and_clients_share_the_links() {
    for quiet in [false, true] {
        let network = network();
        network.serve(server(), || |data: &[u8]| data.to_vec());
        let line = module(&network);
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            if quiet {
                taciturn(&line);
            }
            let listener = TcpListener::bind(stack, PORT).await.unwrap();
            let mut own = [connect(stack).await, connect(stack).await];
            let serve = async {
                for round in 0..20 {
                    let clients = [client(&network, round), client(&network, 100 + round)];
                    for client in clients {
                        network.push(client, &nasty(700));
                        let (mut socket, _) = listener.accept().await.unwrap();
                        assert!(read(&mut socket, 700).await == nasty(700));
                        socket.close().await.unwrap();
                        assert!(network.is_closed_by_module(client));
                    }
                }
            };
            let [first, second] = &mut own;
            let talk = async |socket: &mut TcpSocket<'_>| {
                for length in [1, 900, 333, 512, 77] {
                    let data = nasty(length);
                    let (mut reader, mut writer) = socket.split();
                    use embedded_io_async::{Read, Write};
                    let mut back = vec![0; length];
                    let (read, write) = join_both(reader.read_exact(&mut back), writer.write_all(&data)).await;
                    read.unwrap();
                    write.unwrap();
                    assert!(back == data);
                }
            };
            join3(serve, talk(first), talk(second)).await;
            assert_eq!(listener.rejected(), 0);
            // All five, from both sides.
            let _clients = [client(&network, 0), client(&network, 1)];
            let _accepted = [listener.accept().await.unwrap(), listener.accept().await.unwrap()];
            let _third = connect(stack).await;
            line.with(|module, _| {
                let servers: Vec<bool> = module.links().iter().map(|link| link.server).collect();
                assert_eq!(servers, [true, true, false, false, false]);
            });
        });
    }
}

/// A client takes the link of a connect that the driver has claimed, or has just sent.
#[test]
fn a_client_takes_the_id_that_is_being_connected() {
    for quiet in [false, true] {
        // How long after the start of the connect the client comes, in hundreds of microseconds.
        for delay in 0..60 {
            let network = network();
            network.set_latency(std::time::Duration::from_millis(2));
            network.serve(server(), || |data: &[u8]| data.to_vec());
            let line = Line::new(builder(&network).baud(Some(115_200)).build());
            with_driver(&line, async |(control, stack)| {
                join(control).await;
                if quiet {
                    taciturn(&line);
                }
                let listener = TcpListener::bind(stack, PORT).await.unwrap();
                // Only link 4 is left, and then 3.
                let clients: Vec<SocketId> = (0..4).map(|number| client(&network, number)).collect();
                let mut accepted = Vec::new();
                for _ in 0..4 {
                    accepted.push(Some(listener.accept().await.unwrap()));
                }
                let newcomer = async {
                    Timer::after(Duration::from_micros(100 * delay)).await;
                    let newcomer = client(&network, 9);
                    network.push(newcomer, b"for the server");
                    newcomer
                };
                let (result, newcomer) = join_both(TcpSocket::connect(stack, server()), newcomer).await;
                match result {
                    // It was first, and the newcomer found no place.
                    Ok(mut socket) => {
                        write_all(&mut socket, b"mine").await;
                        assert_eq!(read(&mut socket, 4).await, b"mine", "{quiet} {delay}");
                        assert!(network.is_closed_by_module(newcomer));
                    }
                    // The newcomer has the last place.
                    Err(error) => {
                        assert!(matches!(error, ConnectError::NoFreeSocket | ConnectError::Failed), "{error:?}");
                        let (mut socket, remote) = listener.accept().await.unwrap();
                        assert_eq!(remote, from(9), "{quiet} {delay}");
                        assert_eq!(read(&mut socket, 14).await, b"for the server");
                    }
                }
                // Everything still works.
                accepted.clear();
                pause().await;
                assert!(clients.iter().all(|client| network.is_closed_by_module(*client)));
                let mut socket = connect(stack).await;
                write_all(&mut socket, b"mine").await;
                assert_eq!(read(&mut socket, 4).await, b"mine");
            });
        }
    }
}

#[test]
fn a_connect_that_was_dropped_is_not_taken_for_a_client() {
    for quiet in [false, true] {
        for polls in 1..12 {
            let network = network();
            network.set_latency(std::time::Duration::from_millis(50));
            network.serve(server(), || |data: &[u8]| data.to_vec());
            let line = module(&network);
            with_driver(&line, async |(control, stack)| {
                join(control).await;
                if quiet {
                    taciturn(&line);
                }
                let listener = TcpListener::bind(stack, PORT).await.unwrap();
                let connected = drop_after(polls, TcpSocket::connect(stack, server())).await;
                let accept = listener.accept();
                assert!(with_timeout(Duration::from_secs(10), accept).await.is_err(), "{quiet} {polls}");
                drop(connected);
                pause().await;
                line.with(|module, _| assert!(module.links().is_empty(), "{quiet} {polls}"));
                client(&network, 3);
                assert_eq!(listener.accept().await.unwrap().1, from(3));
            });
        }
    }
}

#[test]
fn a_reset_ends_the_server_once() {
    let network = network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        client(&network, 0);
        client(&network, 1);
        let (mut socket, _) = listener.accept().await.unwrap();
        pause().await;
        let mut events = control.events();
        line.with(|module, now| module.restart(now, b"\r\nets Jan  8 2013\r\n"));
        assert_eq!(events.next().await, Ok(Event::ModuleReset));
        assert_eq!(listener.accept().await.map(drop), Err(Error::ConnectionReset));
        assert_eq!(listener.accept().await.map(drop), Err(Error::NotConnected));
        assert_eq!(socket.read(&mut [0; 9]).await, Err(Error::ConnectionReset));
        assert_eq!(
            TcpListener::bind(stack, PORT).await.map(drop),
            Err(BindError::InUse),
            "the listener is still there"
        );
        drop((listener, socket));
        while events.next().await != Ok(Event::ModuleReady) {}
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        // All places are free again.
        let clients: Vec<SocketId> = (0..5).map(|number| client(&network, number)).collect();
        let mut sockets = Vec::new();
        for _ in clients {
            sockets.push(listener.accept().await.unwrap());
        }
        assert_eq!(listener.rejected(), 0);
        // While it starts, and while somebody waits.
        drop((listener, sockets));
        pause().await;
        for polls in 1..6 {
            let reset = async {
                drop_after(polls, core::future::pending::<()>()).await;
                line.with(|module, now| module.restart(now, b""));
            };
            let (bound, ()) = join_both(TcpListener::bind(stack, PORT), reset).await;
            match bound {
                Ok(listener) => {
                    let error = listener.accept().await.map(drop);
                    assert_eq!(error, Err(Error::ConnectionReset), "{polls}");
                }
                Err(error) => assert_eq!(error, BindError::Command(CommandError::ModuleReset), "{polls}"),
            }
            while control.wait_until_ready().await.is_err() {}
            Timer::after(Duration::from_secs(5)).await;
        }
    });
}

#[test]
fn dropping_any_future_at_any_point_loses_no_client() {
    for quiet in [false, true] {
        for operation in 0..3 {
            for polls in 0.. {
                let network = network();
                let line = module(&network);
                let finished = with_driver(&line, async |(control, stack)| {
                    join(control).await;
                    if quiet {
                        taciturn(&line);
                    }
                    let finished = RefCell::new(true);
                    if operation == 0 {
                        *finished.borrow_mut() = drop_after(polls, TcpListener::bind(stack, PORT)).await.is_some();
                    }
                    let listener = TcpListener::bind(stack, PORT).await.unwrap();
                    let first = client(&network, 0);
                    network.push(first, b"hello");
                    let mut accepted = None;
                    if operation == 1 {
                        accepted = drop_after(polls, listener.accept()).await;
                        *finished.borrow_mut() = accepted.is_some();
                    }
                    let (mut socket, remote) = match accepted {
                        Some(accepted) => accepted.unwrap(),
                        None => listener.accept().await.unwrap(),
                    };
                    assert_eq!(remote, from(0));
                    if operation == 2 {
                        *finished.borrow_mut() = drop_after(polls, socket.readable()).await.is_some();
                    }
                    assert_eq!(read(&mut socket, 5).await, b"hello");
                    drop((socket, listener));
                    Timer::after(Duration::from_secs(1)).await;
                    assert_eq!(network.connect_to_module(from(1), PORT), None);
                    assert_eq!(control.counters().stray_results, 0);
                    finished.into_inner()
                });
                line.with(|module, _| assert!(module.links().is_empty(), "operation {operation}, {polls} polls"));
                if finished {
                    break;
                }
            }
        }
    }
}

async fn session(network: &MemoryNetwork, (control, stack): Handles<'_>) -> Vec<Vec<u8>> {
    join(control).await;
    let listener = TcpListener::bind(stack, PORT).await.unwrap();
    let clients = [client(network, 0), client(network, 1)];
    for (number, client) in clients.iter().enumerate() {
        network.push(*client, &nasty(300 + number));
        network.close_peer(*client);
    }
    let mut seen = Vec::new();
    for number in 0..2 {
        let (mut socket, remote) = listener.accept().await.unwrap();
        // Where a link is closed before its data is read, there is nobody to ask for any more.
        let too_late = MODULE == Dialect::Esp8266Nonos && remote.ip().is_unspecified();
        assert!(remote == from(number) || too_late, "{remote}");
        seen.push(read_to_end(&mut socket).await);
    }
    seen
}

#[test]
fn every_split_point_gives_the_same_session() {
    let run = |limit: &dyn Fn(Line<Simulator>) -> Line<Simulator>| {
        let network = network();
        let line = limit(module(&network));
        let seen = with_driver(&line, async |handles| session(&network, handles).await);
        (seen, line.record())
    };
    let whole = run(&|line| line);
    assert!(whole.0 == [nasty(300), nasty(301)]);
    for position in 1..whole.1.len() {
        assert!(run(&|line| line.with_split(position)) == whole, "split before byte {position}");
    }
    for chunk in [1, 2, 3, 7, 64] {
        assert!(run(&|line| line.with_chunk(chunk)).0 == whole.0, "{chunk}");
    }
}

#[test]
fn five_clients_with_slow_readers() {
    let network = network();
    let line = Line::new(builder(&network).baud(Some(921_600)).build()).with_quantum(Duration::from_micros(500).into());
    let mut resources = Resources::<5, 600, 300>::new();
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        let serve = async |number: u16| {
            let data = nasty(15_000 + 100 * usize::from(number));
            let id = client(&network, number);
            network.push(id, &[number as u8]);
            network.push(id, &data);
            // Where data comes at once, there may be no room for the answer to the question who it is.
            let mut socket = listener.accept().await.unwrap().0;
            let number = read(&mut socket, 1).await[0];
            let expected = nasty(15_000 + 100 * usize::from(number));
            let mut all = Vec::new();
            let mut buffer = [0; 300];
            while all.len() < expected.len() {
                let count = socket.read(&mut buffer).await.unwrap();
                all.extend_from_slice(&buffer[..count]);
                if all.len() % 5 == 0 {
                    Timer::after(Duration::from_millis(4)).await;
                }
            }
            assert!(all == expected);
        };
        join_array([0, 1, 2, 3, 4].map(serve)).await;
        let counters = control.counters();
        assert_eq!((counters.dropped_bytes, counters.stray_results, counters.timeouts), (0, 0, 0));
    });
}
