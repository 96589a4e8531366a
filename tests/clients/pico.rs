//! picoserve behind the module, for `ureq`.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use embassy_futures::join::join_array;
use embassy_futures::select::{Either, select};
use picoserve::routing::{get, parse_path_segment};
use picoserve::time::Duration;
use picoserve::{Config, Router, Server, Timeouts};
use wifi_at::Stack;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::Error;

use super::super::http_socket::{Clock, HttpSocket};
use super::{bytes, free_port, on_thread, with_module};

/// Clients that are served at once.
const WORKERS: usize = 3;
/// Requests of one client.
const REQUESTS: usize = 6;
const GREETING: &str = "a page from behind the module";

/// Fetches pages, one after the other, and sends a body that comes back. `wait` is called with the number of
/// requests that have been answered.
fn browse(address: SocketAddr, wait: impl Fn(usize)) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut page = agent.get(format!("http://{address}/")).call().unwrap();
    assert_eq!(page.body_mut().read_to_string().unwrap(), GREETING);
    wait(1);
    for (requests, size) in [(2, 0), (3, 1), (4, 20_000)] {
        let mut page = agent.get(format!("http://{address}/bytes/{size}")).call().unwrap();
        assert!(page.body_mut().read_to_vec().unwrap() == bytes(size), "{size}");
        wait(requests);
    }
    let body = bytes(1_500);
    let mut answer = agent.post(format!("http://{address}/")).send(&body[..]).unwrap();
    assert!(answer.body_mut().read_to_vec().unwrap() == body);
    wait(5);
    let mut missing = agent.get(format!("http://{address}/none")).call().unwrap();
    assert_eq!(missing.status(), 404);
    let text = missing.body_mut().read_to_string().unwrap();
    assert!(text.contains("/none"), "{text}");
    wait(REQUESTS);
}

/// Serves until `clients` is ready, and gives how many connections there were. `closed` counts those that are over.
async fn serve(stack: Stack<'_>, port: u16, config: Config, closed: &AtomicUsize, clients: impl Future) -> usize {
    let app = Router::new()
        .route("/", get(async || GREETING).post(async |body: Vec<u8>| body))
        .route(("/bytes", parse_path_segment::<usize>()), get(async |count| bytes(count)));
    let listener = TcpListener::bind(stack, port).await.unwrap();
    let accepted = Cell::new(0);
    let worker = async |()| -> Result<(), Error> {
        let mut buffer = [0; 2048];
        loop {
            let (socket, _) = listener.accept().await?;
            accepted.set(accepted.get() + 1);
            Server::custom(&app, Clock, &config, &mut buffer).serve(HttpSocket(socket)).await.unwrap();
            closed.fetch_add(1, Ordering::Relaxed);
        }
    };
    match select(join_array([(); WORKERS].map(worker)), clients).await {
        Either::First(ended) => panic!("the server ended: {ended:?}"),
        Either::Second(_) => accepted.get(),
    }
}

fn config() -> Config {
    let limit = Duration::from_secs(20);
    Config::new(Timeouts {
        start_read_request: limit,
        persistent_start_read_request: limit,
        read_request: limit,
        write: limit,
    })
}

#[test]
fn a_connection_for_each_request() {
    let address = free_port();
    with_module(async |_, stack| {
        let closed = Arc::new(AtomicUsize::new(0));
        let ended = Arc::clone(&closed);
        // Both sides close, and the module may give the link's number to the next client while it is told to close the
        // last one. So this client waits.
        let wait = move |requests| {
            while ended.load(Ordering::Relaxed) < requests {
                thread::sleep(std::time::Duration::from_millis(1));
            }
        };
        let client = on_thread(move || browse(address, wait));
        assert_eq!(serve(stack, address.port(), config(), &closed, client).await, REQUESTS);
    });
}

#[test]
fn clients_that_keep_their_connection() {
    let address = free_port();
    with_module(async |_, stack| {
        let clients = on_thread(move || {
            let clients = [(); WORKERS].map(|()| thread::spawn(move || browse(address, |_| {})));
            clients.map(|client| client.join().unwrap())
        });
        let config = config().keep_connection_alive();
        assert_eq!(serve(stack, address.port(), config, &AtomicUsize::new(0), clients).await, WORKERS);
    });
}
