//! websocket: every example and every answer of the manuals.

use wifi_at::command::websocket::{
    AddWebSocketHeader, ClearWebSocketHeaders, CloseWebSocket, OpenWebSocket, QueryWebSocketHeaders, QueryWebSockets,
    SendWebSocket, SetWebSocket, WebSocketFrame, WebSocketOpened, WebSocketState,
};
use wifi_at::command::{Command, End};
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    let settings = SetWebSocket { link: 0, ping_interval: 30, ping_timeout: 60, buffer_size: Some(4096) };
    cases.wire::<EspAt, _>(settings);

    cases.wire::<EspAt, _>(AddWebSocketHeader { length: 49 });
    assert_eq!(AddWebSocketHeader::END, End::OkAfterData);
    let payload = "AUTHORIZATION: Basic QTIzMzIyMDE5OTk6MTIzNDU2Nzg=";
    assert_eq!(payload.len(), 49);
    cases.impossible("esp-at", payload, "the data after the prompt");
    cases.wire::<EspAt, _>(ClearWebSocketHeaders);
    let headers = cases.answer::<EspAt, QueryWebSocketHeaders>(&[r#"+WSHEAD:0,"Name: a,b""#, r#"+WSHEAD:1,"X: y""#]);
    let headers = headers.unwrap().records;
    assert_eq!((headers[0].index, headers[0].header.as_str()), (0, "Name: a,b"));
    assert_eq!((headers[1].index, headers[1].header.as_str()), (1, "X: y"));

    let uri = "wss://demo.piesocket.com/v3/channel_123?api_key=VCXCEuvhGcBDP7XhiJJUDvR1e1D3eiVjgZ9VRiaV&notify_self";
    let open = OpenWebSocket { link: 0, uri, subprotocol: None, timeout_ms: None, authorization: None };
    cases.wire::<EspAt, _>(open);
    let opened = cases.answer::<EspAt, OpenWebSocket<'_>>(&["+WS_CONNECTED:0"]);
    assert_eq!(opened, Ok(Some(WebSocketOpened { link: 0 })));
    assert_eq!(cases.answer::<EspAt, OpenWebSocket<'_>>(&[]), Ok(None));

    let line = format!("+WSOPEN:2,4,\"{uri}\"");
    let sockets = cases.answer::<EspAt, QueryWebSockets>(&["+WSOPEN:0,2,\"ws://a\"", &line]).unwrap().records;
    assert_eq!((sockets[0].link, sockets[0].state, sockets[0].uri.as_str()), (0, WebSocketState::Open, "ws://a"));
    assert_eq!((sockets[1].link, sockets[1].state, sockets[1].uri.as_str()), (2, WebSocketState::Closing, uri));
    assert!(cases.answer::<EspAt, QueryWebSockets>(&[]).unwrap().records.is_empty());

    let send = SendWebSocket { link: 0, length: 5, frame: Some(WebSocketFrame::Binary), timeout_ms: Some(1000) };
    cases.wire::<EspAt, _>(send);
    assert_eq!((send.data_length(), SendWebSocket::END), (Some(5), End::SendOk));
    cases.wire::<EspAt, _>(CloseWebSocket { link: 0 });
}
