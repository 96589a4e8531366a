//! reqwless against `tiny_http`.

use std::thread;

use reqwless::client::HttpClient;
use reqwless::request::{Method, RequestBuilder};
use tiny_http::{Response, Server};

use super::{HOST, bytes, with_module};

/// Answers a GET with `size` bytes, as the path says, and a POST with its body turned round.
pub(super) fn serve() -> u16 {
    let server = Server::http("127.0.0.1:0").unwrap();
    let port = server.server_addr().to_ip().unwrap().port();
    thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let body = if *request.method() == tiny_http::Method::Post {
                let mut body = Vec::new();
                request.as_reader().read_to_end(&mut body).unwrap();
                body.reverse();
                body
            } else {
                bytes(request.url().trim_start_matches('/').parse().unwrap())
            };
            let _ = request.respond(Response::from_data(body));
        }
    });
    port
}

#[test]
fn get_and_post() {
    let port = serve();
    with_module(async |_, stack| {
        let mut client = HttpClient::new(&stack, &stack);
        let mut headers = [0; 1024];
        for size in [0, 1, 100_000] {
            let url = format!("http://{HOST}:{port}/{size}");
            let mut request = client.request(Method::GET, &url).await.unwrap();
            let response = request.send(&mut headers).await.unwrap();
            assert!(response.status.is_successful());
            let mut body = vec![0; size + 1];
            let mut reader = response.body().reader();
            let mut count = 0;
            loop {
                match embedded_io_async::Read::read(&mut reader, &mut body[count..]).await.unwrap() {
                    0 => break,
                    more => count += more,
                }
            }
            assert!(body[..count] == bytes(size), "{size}: {count}");
        }
        let sent = bytes(30_000);
        let url = format!("http://{HOST}:{port}/post");
        let mut request = client.request(Method::POST, &url).await.unwrap().body(&sent[..]);
        let mut buffer = vec![0; 40_000];
        let response = request.send(&mut buffer).await.unwrap();
        let received = response.body().read_to_end().await.unwrap();
        assert!(received.iter().rev().eq(sent.iter()), "{} bytes", received.len());
    });
}
