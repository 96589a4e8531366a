//! WebSocket commands (`ESP-AT 3.9`).
//!
//! They are in firmware that was built with them only. There are three connections, 0 to 2.

use heapless::String;

use super::Secret;
use super::declare::{codes, commands, records};

codes! {
    /// What kind of frame is sent (RFC 6455, section 5.2).
    WebSocketFrame {
        /// More of the message that the last frame began.
        Continuation = 0,
        /// Text. This is the default.
        Text = 1,
        /// Bytes.
        Binary = 2,
        /// Closes the connection.
        Close = 8,
        /// Asks the peer for a sign of life.
        Ping = 9,
        /// Gives the peer a sign of life.
        Pong = 10,
    }

    /// How a connection is.
    WebSocketState {
        /// Closed.
        Closed = 0,
        /// Being made again.
        Reconnecting = 1,
        /// Open.
        Open = 2,
        /// No sign of life came or reading failed, and it is to be made again.
        Waiting = 3,
        /// The peer has closed it, and the module is about to.
        Closing = 4,
    }
}

commands! {
    /// Sets timing and buffer of a connection, before it is opened (`ESP-AT 3.9.2`).
    set SetWebSocket {
        /// The connection, 0 to 2.
        pub link: u8 [0..=2],
        /// Seconds between pings, 1 to 7200. Without this command 10.
        pub ping_interval: u16 [1..=7200],
        /// Seconds without a pong after which the connection is closed, 1 to 7200. Without this command 120.
        pub ping_timeout: u16 [1..=7200],
        /// Bytes of the buffer, 1 to 8192. The default is 1024.
        pub buffer_size: Option<u16> [1..=8192],
    } -> (), within 5 s;
    on EspAt "AT+WSCFG" "3.9.2";

    /// Asks for the stored headers (`ESP-AT 3.9.3`).
    query QueryWebSocketHeaders -> super::List<WebSocketHeader, 8>, within 5 s;
    on EspAt "AT+WSHEAD" "3.9.3";

    /// Stores one more header line for handshakes, which follows as data, like `Name: value` (`ESP-AT 3.9.3`).
    set AddWebSocketHeader {
        /// Bytes of the line, without a line end.
        pub length: u16 [1..=65535],
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+WSHEAD" "3.9.3";

    /// Forgets all stored headers (`ESP-AT 3.9.3`).
    set ClearWebSocketHeaders with 0 -> (), within 5 s;
    on EspAt "AT+WSHEAD" "3.9.3";

    /// Asks for all connections (`ESP-AT 3.9.4`).
    query QueryWebSockets -> super::List<WebSocket, 3>, within 5 s;
    on EspAt "AT+WSOPEN" "3.9.4";

    /// Opens a connection (`ESP-AT 3.9.4`).
    set OpenWebSocket<'a> {
        /// The connection, 0 to 2.
        pub link: u8 [0..=2],
        /// Where to, with `ws://` or `wss://`.
        pub uri: &'a str [1..=255],
        /// The subprotocol to ask for.
        pub subprotocol: Option<&'a str>,
        /// Milliseconds that it may take, up to 180000. The default is 15000.
        pub timeout_ms: Option<u32> [0..=180_000],
        /// Value of the header `Authorization`.
        pub authorization: Option<Secret<'a>>,
    } -> Option<WebSocketOpened>, within 190 s;
    on EspAt "AT+WSOPEN" "3.9.4";

    /// Sends one frame, with data that follow (`ESP-AT 3.9.5`).
    set SendWebSocket {
        /// The connection, 0 to 2.
        pub link: u8 [0..=2],
        /// Bytes of data: up to the buffer's size, less 10.
        pub length: u16 [1..=8182],
        /// The kind of frame.
        pub frame: Option<WebSocketFrame>,
        /// Milliseconds that it may take, up to 60000. The default is 10000.
        pub timeout_ms: Option<u16> [0..=60000],
    } data length ends SendOk -> (), within 70 s;
    on EspAt "AT+WSSEND" "3.9.5";

    /// Closes a connection (`ESP-AT 3.9.6`).
    set CloseWebSocket {
        /// The connection, 0 to 2.
        pub link: u8 [0..=2],
    } -> (), within 15 s;
    on EspAt "AT+WSCLOSE" "3.9.6";
}

records! {
    /// A stored header line.
    "+WSHEAD" WebSocketHeader {
        /// Its place among them.
        pub index: u16,
        /// The line, like `Name: value`.
        pub header: String<128>,
    }

    /// A connection.
    "+WSOPEN" WebSocket {
        /// Its number, 0 to 2.
        pub link: u8,
        /// How it is.
        pub state: WebSocketState,
        /// Where it goes.
        pub uri: String<256>,
    }

    /// A connection that has come up.
    "+WS_CONNECTED" WebSocketOpened {
        /// Its number, 0 to 2.
        pub link: u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{EncodeError, Encoder};
    use crate::command::Command;

    fn refused(command: impl Command) -> Option<EncodeError> {
        let mut buffer = [0; 300];
        let mut line = Encoder::new(&mut buffer);
        command.encode("AT+X", &mut line);
        line.finish().err()
    }

    #[test]
    fn what_the_module_would_refuse_is_not_sent() {
        let send = SendWebSocket { link: 2, length: 1, frame: None, timeout_ms: Some(60000) };
        assert_eq!(refused(send), None);
        assert_eq!(refused(SendWebSocket { link: 3, ..send }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(SendWebSocket { length: 0, ..send }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(SendWebSocket { timeout_ms: Some(60001), ..send }), Some(EncodeError::OutOfRange));
        let uri = "ws://x/".repeat(40);
        let open = OpenWebSocket { link: 0, uri: &uri, subprotocol: None, timeout_ms: None, authorization: None };
        assert_eq!(refused(open), Some(EncodeError::OutOfRange));
        assert_eq!(refused(OpenWebSocket { uri: "", ..open }), Some(EncodeError::OutOfRange));
    }
}
