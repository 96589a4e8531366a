//! A page to fetch for those who have none: a real HTTP server on loopback.

use std::thread;

use sha2::{Digest, Sha256};
use tiny_http::{Response, Server};

use super::HOST;

/// As `sha256sum` prints it.
pub(crate) fn hex(hash: impl AsRef<[u8]>) -> String {
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves `size` pseudo-random bytes under any path, and gives its URL and its SHA-256.
pub(crate) fn serve(size: usize) -> Result<(String, String), String> {
    let page: Vec<u8> = std::iter::successors(Some(0x2545_f491_4f6c_dd1d_u64), |state| {
        // Xorshift: no byte sequence of the AT protocol is likely, but every byte value is.
        let state = state ^ (state << 13);
        let state = state ^ (state >> 7);
        Some(state ^ (state << 17))
    })
    .map(|state| state.to_be_bytes()[0])
    .take(size)
    .collect();
    let hash = hex(Sha256::digest(&page));
    let server = Server::http("127.0.0.1:0").map_err(|error| format!("cannot start the HTTP server: {error}"))?;
    let port = server.server_addr().to_ip().ok_or("the HTTP server has no port")?.port();
    thread::spawn(move || {
        for request in server.incoming_requests() {
            // Without the threshold a page of this size would come in chunks and without a length.
            let response = Response::from_data(page.as_slice()).with_chunked_threshold(usize::MAX);
            let _ = request.respond(response);
        }
    });
    Ok((format!("http://{HOST}:{port}/page"), hash))
}
