//! A page to fetch for those who have none: a real HTTP server on loopback.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};
use tiny_http::{Response, Server};

use super::HOST;

/// As `sha256sum` prints it.
pub(crate) fn hex(hash: impl AsRef<[u8]>) -> String {
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `size` pseudo-random bytes and their SHA-256.
fn page(size: usize) -> (Vec<u8>, String) {
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
    (page, hash)
}

/// Serves `size` pseudo-random bytes under any path, and gives its URL and its SHA-256.
pub(crate) fn serve(size: usize) -> Result<(String, String), String> {
    let (page, hash) = page(size);
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

/// The same over HTTPS: also gives the certificate of the authority that has signed the server's, in DER.
pub(crate) fn serve_tls(size: usize) -> Result<(String, String, Vec<u8>), String> {
    let (page, hash) = page(size);
    let (config, authority) = tls_config().map_err(|error| format!("cannot make certificates: {error}"))?;
    let cannot_start = |error| format!("cannot start the HTTPS server: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(cannot_start)?;
    let port = listener.local_addr().map_err(cannot_start)?.port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(session) = ServerConnection::new(Arc::clone(&config)) else { return };
            // A client that hangs up is not this server's problem.
            let _ = client.and_then(|client| answer(StreamOwned::new(session, client), &page));
        }
    });
    Ok((format!("https://{HOST}:{port}/page"), hash, authority))
}

/// A certificate for [`HOST`], and its authority's in DER.
fn tls_config() -> Result<(Arc<ServerConfig>, Vec<u8>), Box<dyn core::error::Error>> {
    let mut authority = CertificateParams::new([])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new([HOST.to_string()])?;
    server.distinguished_name.push(DnType::CommonName, HOST);
    let server = server.signed_by(&key, &authority)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key.serialize_der().try_into()?)?;
    Ok((Arc::new(config), authority.der().to_vec()))
}

/// Reads a request up to its empty line, and sends the page.
fn answer(client: impl io::Read + Write, page: &[u8]) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let mut line = String::new();
    while client.read_line(&mut line)? > 2 {
        line.clear();
    }
    let client = client.get_mut();
    write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", page.len())?;
    client.write_all(page)?;
    client.flush()
}
