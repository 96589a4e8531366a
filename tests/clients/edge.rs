//! edge-http's client against `tiny_http`, and its server for `ureq`, over `edge_nal`.

use core::fmt::{Debug, Display};
use std::net::{Ipv4Addr, SocketAddr};

use edge_http::io::server::{Connection as ServerConnection, Handler, Server};
use edge_http::io::{Error, client::Connection};
use edge_http::{DEFAULT_MAX_HEADERS_COUNT, Method};
use edge_nal::{AddrType, Dns, TcpBind};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};

use super::{HOST, bytes, free_port, http, on_thread, with_module};

#[test]
fn client() {
    let port = http::serve();
    with_module(async |_, stack| {
        let address = Dns::get_host_by_name(&stack, HOST, AddrType::IPv4).await.unwrap();
        let mut buffer = vec![0; 4096];
        let mut connection =
            Connection::<_, DEFAULT_MAX_HEADERS_COUNT>::new(&mut buffer, &stack, SocketAddr::new(address, port));
        for size in [0, 1, 50_000] {
            let path = format!("/{size}");
            // Without a length the client sends an empty body in chunks, which this server takes for the next request.
            let headers = [("Host", HOST), ("Content-Length", "0")];
            connection.initiate_request(true, Method::Get, &path, &headers).await.unwrap();
            connection.initiate_response().await.unwrap();
            assert_eq!(connection.headers().unwrap().code, 200);
            let mut body = vec![0; size + 1];
            let mut count = 0;
            loop {
                match connection.read(&mut body[count..]).await.unwrap() {
                    0 => break,
                    more => count += more,
                }
            }
            assert!(body[..count] == bytes(size), "{size}: {count}");
        }
        connection.close().await.unwrap();
    });
}

/// Answers a GET with as many bytes as the path says, and a POST with its body.
struct Pages;

impl Handler for Pages {
    type Error<E>
        = Error<E>
    where
        E: Debug;

    async fn handle<T, const N: usize>(
        &self,
        _: impl Display + Copy,
        connection: &mut ServerConnection<'_, T, N>,
    ) -> Result<(), Error<T::Error>>
    where
        T: Read + Write,
    {
        let headers = connection.headers()?;
        let size = headers.path.trim_start_matches('/').parse().ok();
        let body = match (headers.method, size) {
            (Method::Get, Some(size)) => bytes(size),
            (Method::Post, _) => {
                let mut body = Vec::new();
                let mut buffer = [0; 700];
                loop {
                    match connection.read(&mut buffer).await? {
                        0 => break body,
                        count => body.extend_from_slice(&buffer[..count]),
                    }
                }
            }
            _ => return connection.initiate_response(404, Some("Not Found"), &[]).await,
        };
        connection.initiate_response(200, Some("OK"), &[("Content-Length", &body.len().to_string())]).await?;
        connection.write_all(&body).await
    }
}

#[test]
fn server() {
    let address = free_port();
    with_module(async |_, stack| {
        let acceptor = TcpBind::bind(&stack, (Ipv4Addr::UNSPECIFIED, address.port()).into()).await.unwrap();
        let clients = on_thread(move || {
            for size in [0, 1, 20_000] {
                let mut page = ureq::get(format!("http://{address}/{size}")).call().unwrap();
                assert!(page.body_mut().read_to_vec().unwrap() == bytes(size), "{size}");
            }
            let body = bytes(9_000);
            let mut answer = ureq::post(format!("http://{address}/")).send(&body[..]).unwrap();
            assert!(answer.body_mut().read_to_vec().unwrap() == body);
            let missing = ureq::get(format!("http://{address}/none")).call();
            assert!(matches!(missing, Err(ureq::Error::StatusCode(404))), "{missing:?}");
        });
        let mut server = Server::<2, 2048, 16>::new();
        match select(server.run(Some(5_000), acceptor, Pages), clients).await {
            Either::First(ended) => panic!("the server ended: {ended:?}"),
            Either::Second(()) => {}
        }
    });
}
