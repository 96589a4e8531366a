//! A server for one client, message by message.

use super::*;

const KEY: &[u8] = b"a shared key";

fn shared() -> SharedKey {
    SharedKey { key: KEY.to_vec(), hint: "module".into() }
}

/// What a server knows after the hellos.
struct Server {
    suite: Suite,
    extended: bool,
    random: [u8; 32],
    client_random: [u8; 32],
    transcript: Vec<u8>,
    protection: Option<(Protection, Protection)>,
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind, 3, 3], counted(2, body)].concat()
}

/// The records that the client has sent.
fn sent(client: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    let mut wire = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut wire).unwrap();
    }
    let mut rest = wire.as_slice();
    let mut records = Vec::new();
    while let Some((head, body)) = rest.split_first_chunk::<3>() {
        rest = body;
        records.push((head[0], take(2, &mut rest).unwrap().to_vec()));
    }
    records
}

fn give(client: &mut Connection, mut bytes: &[u8]) -> Result<usize, Broken> {
    while !bytes.is_empty() {
        client.read_tls(&mut bytes).unwrap();
    }
    client.process()
}

impl Server {
    /// Takes the client's hello, gives its own messages in one record.
    fn hello(client: &mut Connection, suite: Suite, extended: bool, hint: Option<&str>) -> (Self, Vec<u8>) {
        let records = sent(client);
        let [(HANDSHAKE, hello)] = records.as_slice() else { panic!("{records:?}") };
        assert_eq!((hello[0], &hello[4..6]), (CLIENT_HELLO, &VERSION[..]));
        let mut server = Self {
            suite,
            extended,
            random: [7; 32],
            client_random: hello[6..38].try_into().unwrap(),
            transcript: hello.clone(),
            protection: None,
        };
        let extensions = if extended { counted(2, &extension(EXTENDED_MASTER_SECRET, &[])) } else { Vec::new() };
        let parts = [&VERSION[..], &server.random, &[0], &suite.number().to_be_bytes(), &[0], &extensions];
        let mut messages = [vec![SERVER_HELLO], counted(3, &parts.concat())].concat();
        if let Some(hint) = hint {
            messages.extend([vec![SERVER_KEY_EXCHANGE], counted(3, &counted(2, hint.as_bytes()))].concat());
        }
        messages.extend([SERVER_HELLO_DONE, 0, 0, 0]);
        server.transcript.extend_from_slice(&messages);
        (server, record(HANDSHAKE, &messages))
    }

    /// Takes the client's answer, gives the identity and the end of the handshake.
    fn finish(&mut self, client: &mut Connection, key: &[u8]) -> (String, Vec<u8>) {
        let records = sent(client);
        let [(HANDSHAKE, exchange), (CHANGE_CIPHER, _), (HANDSHAKE, finished)] = records.as_slice() else {
            panic!("{records:?}")
        };
        self.transcript.extend_from_slice(exchange);
        let premaster = [counted(2, &vec![0; key.len()]), counted(2, key)].concat();
        let hash = self.suite.hash(&self.transcript);
        let master = if self.extended {
            self.suite.expand(&premaster, "extended master secret", &hash, 48)
        } else {
            self.suite.expand(&premaster, "master secret", &[self.client_random, self.random].concat(), 48)
        };
        let (mut theirs, mut own) = Protection::pair(self.suite, &master, &self.client_random, &self.random).unwrap();
        let proof = |label: &str, transcript: &[u8]| {
            let proof = self.suite.expand(&master, label, &self.suite.hash(transcript), 12);
            [vec![FINISHED], counted(3, &proof)].concat()
        };
        if let Some(message) = theirs.open(HANDSHAKE, finished) {
            assert_eq!(message, proof("client finished", &self.transcript));
            self.transcript.extend_from_slice(&message);
        }
        let end = own.seal(HANDSHAKE, &proof("server finished", &self.transcript));
        self.protection = Some((theirs, own));
        let identity = String::from_utf8(exchange[6..].to_vec()).unwrap();
        (identity, [record(CHANGE_CIPHER, &[1]), record(HANDSHAKE, &end)].concat())
    }
}

#[test]
fn handshake_data_and_end() {
    for suite in Suite::ALL {
        for (extended, hint) in [(true, None), (false, Some("which key"))] {
            let mut client = Connection::new(&ClientSettings::default(), shared(), 100).unwrap();
            assert_eq!(client.write(b"too early"), 0);
            let (mut server, hello) = Server::hello(&mut client, suite, extended, hint);
            // Whatever the pieces are.
            for byte in hello.chunks(1) {
                assert_eq!(give(&mut client, byte), Ok(0));
            }
            let (identity, end) = server.finish(&mut client, KEY);
            assert_eq!(identity, "module");
            assert!(client.is_handshaking());
            assert_eq!(give(&mut client, &end), Ok(0));
            assert!(!client.is_handshaking());

            let (theirs, own) = server.protection.as_mut().unwrap();
            assert_eq!(client.write(&[b'x'; 101]), 100, "the rest has no room");
            assert_eq!(client.write(b"x"), 0);
            let records = sent(&mut client);
            assert_eq!(theirs.open(DATA, &records[0].1).as_deref(), Some(&[b'x'; 100][..]));
            let data = record(DATA, &own.seal(DATA, b"answer"));
            assert_eq!(give(&mut client, &data), Ok(6));
            let mut out = [0; 4];
            assert_eq!((client.read(&mut out).unwrap(), &out), (4, b"answ"));
            assert_eq!((client.read(&mut out).unwrap(), &out[..2]), (2, &b"er"[..]));
            assert_eq!(client.read(&mut out).unwrap_err().kind(), ErrorKind::WouldBlock);
            let end = record(ALERT, &own.seal(ALERT, &CLOSE_NOTIFY));
            assert_eq!(give(&mut client, &end), Ok(0));
            assert_eq!(client.read(&mut out).unwrap(), 0);
            client.send_close_notify();
            let records = sent(&mut client);
            assert_eq!(theirs.open(ALERT, &records[0].1).as_deref(), Some(&CLOSE_NOTIFY[..]));
        }
    }
}

#[test]
fn names_are_in_the_hello() {
    let settings = ClientSettings {
        server_name: Some("broker.example".into()),
        protocols: vec![b"mqtt".to_vec(), b"h2".to_vec()],
        ..ClientSettings::default()
    };
    let hello = sent(&mut Connection::new(&settings, shared(), 100).unwrap()).remove(0).1;
    let has = |bytes: &[u8]| hello.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"\0\0\0\x13\0\x11\0\0\x0ebroker.example"));
    assert!(has(b"\0\x10\0\x0a\0\x08\x04mqtt\x02h2"));
}

#[test]
fn what_breaks_a_handshake() {
    // Another key.
    let mut client = Connection::new(&ClientSettings::default(), shared(), 100).unwrap();
    let (mut server, hello) = Server::hello(&mut client, Suite::Aes128GcmSha256, true, None);
    give(&mut client, &hello).unwrap();
    let (_, end) = server.finish(&mut client, b"another key");
    assert_eq!(give(&mut client, &end), Err(Broken));
    assert!(client.wants_write(), "it says so");
    // A suite that was not offered, a message too early, an alert, nonsense, a record that no one has.
    let client = || Connection::new(&ClientSettings::default(), shared(), 100).unwrap();
    let strange = [&VERSION[..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
    let strange = record(HANDSHAKE, &[vec![SERVER_HELLO], counted(3, &strange)].concat());
    for bytes in [
        strange.as_slice(),
        &record(HANDSHAKE, &[SERVER_HELLO_DONE, 0, 0, 0]),
        &record(HANDSHAKE, &[SERVER_HELLO, 0, 0, 1, 9]),
        &record(DATA, b"early"),
        &record(CHANGE_CIPHER, &[1]),
        &record(ALERT, &[2, 115]),
        b"HTTP/1.1 400",
        &[22, 3, 3, 0xff, 0xff],
    ] {
        assert_eq!(give(&mut client(), bytes), Err(Broken), "{bytes:?}");
    }
    // A record that was changed on its way.
    let mut client = client();
    let (mut server, hello) = Server::hello(&mut client, Suite::Aes256GcmSha384, true, None);
    give(&mut client, &hello).unwrap();
    let (_, end) = server.finish(&mut client, KEY);
    give(&mut client, &end).unwrap();
    let (_, own) = server.protection.as_mut().unwrap();
    let mut data = record(DATA, &own.seal(DATA, b"answer"));
    data[20] ^= 1;
    assert_eq!(give(&mut client, &data), Err(Broken));
}
