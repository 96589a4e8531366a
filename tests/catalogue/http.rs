//! http: every example and every answer of the manuals.

use wifi_at::command::http::{
    AddHttpHeader, ClearHttpHeaders, ClearHttpUrl, FetchHttp, HttpContent, HttpReceived, HttpSize, HttpTransport,
    PostHttp, PutHttp, QueryHttpHeaders, QueryHttpSize, QueryHttpUrl, RequestHttpDelete, RequestHttpGet,
    RequestHttpHead, RequestHttpPost, RequestHttpPut, WriteHttpUrl,
};
use wifi_at::command::{Command, Counted, End};
use wifi_at::dialect::EspAt;

use crate::Cases;

/// The body of the manual's POST and PUT.
const BODY: &str = concat!(
    r#"{"headers": {"Accept": "application/json","Accept-Encoding": "gzip, deflate","#,
    r#""Accept-Language": "en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7","Content-Length": "0","Host": "httpbin.org","#,
    r#""Origin": "http://httpbin.org","Referer": "http://httpbin.org/","#,
    r#""User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "#,
    r#"Chrome/91.0.4472.114 Safari/537.36","X-Amzn-Trace-Id": "Root=1-6150581e-1ad4bd5254b4bf5218070413"}}"#,
);

pub(crate) fn cases(cases: &mut Cases) {
    requests(cases);
    transfers(cases);
    stored(cases);
}

fn requests(cases: &mut Cases) {
    let head = RequestHttpHead {
        content: HttpContent::Form,
        url: "http://httpbin.org/get",
        host: Some("httpbin.org"),
        path: Some("/get"),
        transport: HttpTransport::Tcp,
        headers: &[],
    };
    cases.wire::<EspAt, _>(head);
    cases.wire::<EspAt, _>(RequestHttpHead { host: None, path: None, ..head });
    let get = RequestHttpGet {
        content: HttpContent::Form,
        url: "http://httpbin.org/get",
        host: Some("httpbin.org"),
        path: Some("/get"),
        transport: HttpTransport::Tcp,
        headers: &[],
    };
    cases.wire::<EspAt, _>(get);
    let url = "https://www.espressif.com/sites/all/themes/espressif/images/about-us/solution-platform.jpg";
    cases.wire::<EspAt, _>(RequestHttpGet { url, host: None, path: None, transport: HttpTransport::Tls, ..get });
    let post = RequestHttpPost {
        content: HttpContent::Form,
        url: "http://httpbin.org/post",
        host: Some("httpbin.org"),
        path: Some("/post"),
        transport: HttpTransport::Tcp,
        body: "field1=value1&field2=value2",
        headers: &[],
    };
    cases.wire::<EspAt, _>(post);
    let body = r#"{"form":{"purpose":"test"}}"#;
    cases.wire::<EspAt, _>(RequestHttpPost { content: HttpContent::Json, host: None, path: None, body, ..post });
    cases.wire::<EspAt, _>(RequestHttpPost { headers: &["A: b", "C: d"], ..post });
    cases.wire::<EspAt, _>(RequestHttpPut {
        content: HttpContent::Form,
        url: "http://httpbin.org/put?user=foo",
        host: None,
        path: None,
        transport: HttpTransport::Tcp,
        headers: &[],
    });
    cases.wire::<EspAt, _>(RequestHttpDelete {
        content: HttpContent::Form,
        url: "https://httpbin.org/delete",
        host: None,
        path: None,
        transport: HttpTransport::Tcp,
        headers: &[],
    });

    let lines = [
        "+HTTPCLIENT:35, Date: Sun, 26 Sep 2021 06:59:13 GMT",
        "+HTTPCLIENT:30, Content-Type: application/json",
        "+HTTPCLIENT:19, Content-Length: 329",
    ];
    let header = cases.answer::<EspAt, RequestHttpHead<'_>>(&lines).unwrap();
    assert_eq!(header.records[0].line, b"Date: Sun, 26 Sep 2021 06:59:13 GMT");
    assert_eq!(header.records[2].line, b"Content-Length: 329");
    // The blocks as lines, as far as lines go: what stands on further lines of a block is not counted twice.
    let lines = ["+HTTPCLIENT:282,{", "  \"args\": {},", "+HTTPCLIENT:173,1-61503a3f-4b16b71918855b97614c5dfb\"", "}"];
    let received = Ok(HttpReceived { blocks: 2, bytes: 455 });
    assert_eq!(cases.answer::<EspAt, RequestHttpGet<'_>>(&lines), received);
    assert_eq!(cases.answer::<EspAt, RequestHttpPost<'_>>(&lines), received);
    assert_eq!(cases.answer::<EspAt, RequestHttpPut<'_>>(&lines), received);
    assert_eq!(cases.answer::<EspAt, RequestHttpDelete<'_>>(&lines), received);
}

fn transfers(cases: &mut Cases) {
    let size = QueryHttpSize {
        url: "http://www.baidu.com/img/bdlogo.gif",
        send_buffer: None,
        receive_buffer: None,
        timeout_ms: None,
    };
    cases.wire::<EspAt, _>(size);
    assert_eq!(cases.answer::<EspAt, QueryHttpSize<'_>>(&["+HTTPGETSIZE:1570"]), Ok(HttpSize { size: 1570 }));

    let fetch = FetchHttp {
        url: "https://docs.espressif.com/projects/esp-at/en/latest/esp32/index.html",
        send_buffer: None,
        receive_buffer: None,
        timeout_ms: None,
    };
    cases.wire::<EspAt, _>(fetch);
    cases.wire::<EspAt, _>(FetchHttp {
        url: "https://www.espressif.com/sites/default/files/home/hardware.png",
        send_buffer: Some(2048),
        receive_buffer: Some(2048),
        timeout_ms: Some(5000),
    });
    let received = cases.answer::<EspAt, FetchHttp<'_>>(&["+HTTPCGET:512,<html>", "+HTTPCGET:20,"]);
    assert_eq!(received, Ok(HttpReceived { blocks: 2, bytes: 532 }));
    assert_eq!(cases.answer::<EspAt, FetchHttp<'_>>(&[]), Ok(HttpReceived::default()));

    let headers = ["connection: keep-alive", "content-type: application/json"];
    let headers = Some(Counted(&headers[..]));
    assert_eq!(BODY.len(), 427);
    let post = PostHttp { url: "http://httpbin.org/post", length: 427, headers };
    cases.wire::<EspAt, _>(post);
    assert_eq!((post.data_length(), PostHttp::END), (Some(427), End::SendOk));
    cases.wire::<EspAt, _>(PutHttp { url: "http://httpbin.org/put", length: 427, headers });
    cases.impossible("esp-at", BODY, "the data after the prompt");
    let lines = ["+HTTPCPOST:281,{", "+HTTPCPOST:512,p://httpbin.org/", "+HTTPCPOST:45,.207\","];
    let received = cases.answer::<EspAt, PostHttp<'_>>(&lines);
    assert_eq!(received, Ok(HttpReceived { blocks: 3, bytes: 838 }));
    let received = cases.answer::<EspAt, PutHttp<'_>>(&["+HTTPCPUT:281,{", "+HTTPCPUT:43,.57\","]);
    assert_eq!(received, Ok(HttpReceived { blocks: 2, bytes: 324 }));
}

fn stored(cases: &mut Cases) {
    cases.wire::<EspAt, _>(WriteHttpUrl { length: 8192 });
    assert_eq!(WriteHttpUrl::END, End::SetOk);
    cases.wire::<EspAt, _>(ClearHttpUrl);
    let url = cases.answer::<EspAt, QueryHttpUrl>(&["+HTTPURLCFG:14,http://a/b,c;d"]).unwrap().unwrap();
    assert_eq!((url.length, url.url.as_deref()), (14, Some("http://a/b,c;d")));
    assert_eq!(cases.answer::<EspAt, QueryHttpUrl>(&[]), Ok(None));

    cases.wire::<EspAt, _>(AddHttpHeader { length: 18 });
    assert_eq!(AddHttpHeader::END, End::OkAfterData);
    let payload = "Range: bytes=0-255";
    assert_eq!(payload.len(), 18);
    cases.impossible("esp-at", payload, "the data after the prompt");
    cases.wire::<EspAt, _>(ClearHttpHeaders);
    let headers = cases.answer::<EspAt, QueryHttpHeaders>(&[r#"+HTTPCHEAD:0,"Range: bytes=0-255""#]).unwrap().records;
    assert_eq!((headers[0].index, headers[0].header.as_str()), (0, payload));
}
