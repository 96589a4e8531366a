//! Every error code of the five manuals has a typed meaning.

mod common;

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use std::fmt::Debug;

use common::with_driver;
use serde_json::Value;
use wifi_at::command::basic::{GpioError, QueryErrorCodes, ReadGpio, SetGpioDirection, WriteGpio};
use wifi_at::command::tcpip::{Ping, PingError, SendData};
use wifi_at::command::wifi::{EnterpriseJoinError, JoinEnterprise, JoinError, JoinLastAccessPoint};
use wifi_at::command::{Category, Cause, Command, CommandError, EapError, ErrorCode, HttpError, Link, MqttError};
use wifi_at::urc::{Busy, LinkUrc, StationUrc, SystemUrc, UpdateStep, Urc};
use wifi_at::{Reason, Refusal};
use wifi_at_support::script::Script;
use wifi_at_support::virtual_time::Line;

/// The number, the manual's name for it, and what the crate says it means.
type Rows<T> = &'static [(u32, &'static str, T)];

const CATEGORIES: Rows<Category> = &[
    (0x00, "ESP_AT_SUB_OK", Category::NoError),
    (0x01, "ESP_AT_SUB_COMMON_ERROR", Category::Reserved),
    (0x02, "ESP_AT_SUB_NO_TERMINATOR", Category::NoTerminator),
    (0x03, "ESP_AT_SUB_NO_AT", Category::NoAt),
    (0x04, "ESP_AT_SUB_PARA_LENGTH_MISMATCH", Category::ParameterLength),
    (0x05, "ESP_AT_SUB_PARA_TYPE_MISMATCH", Category::ParameterType),
    (0x06, "ESP_AT_SUB_PARA_NUM_MISMATCH", Category::ParameterCount),
    (0x07, "ESP_AT_SUB_PARA_INVALID", Category::ParameterInvalid),
    (0x08, "ESP_AT_SUB_PARA_PARSE_FAIL", Category::ParameterUnreadable),
    (0x09, "ESP_AT_SUB_UNSUPPORT_CMD", Category::Unsupported),
    (0x0a, "ESP_AT_SUB_CMD_EXEC_FAIL", Category::Execution),
    (0x0b, "ESP_AT_SUB_CMD_PROCESSING", Category::Processing),
    (0x0c, "ESP_AT_SUB_CMD_OP_ERROR", Category::Operation),
];

const EAP: Rows<EapError> = &[
    (0x8001, "AT_EAP_MALLOC_FAILED", EapError::OutOfMemory),
    (0x8002, "AT_EAP_GET_NVS_CONFIG_FAILED", EapError::StoredConfig),
    (0x8003, "AT_EAP_CONN_FAILED", EapError::Connect),
    (0x8004, "AT_EAP_SET_WIFI_CONFIG_FAILED", EapError::WifiConfig),
    (0x8005, "AT_EAP_SET_IDENTITY_FAILED", EapError::IdentityRefused),
    (0x8006, "AT_EAP_SET_USERNAME_FAILED", EapError::UsernameRefused),
    (0x8007, "AT_EAP_SET_PASSWORD_FAILED", EapError::PasswordRefused),
    (0x8008, "AT_EAP_GET_CA_LEN_FAILED", EapError::CaLength),
    (0x8009, "AT_EAP_READ_CA_FAILED", EapError::CaUnreadable),
    (0x800a, "AT_EAP_SET_CA_FAILED", EapError::CaRefused),
    (0x800b, "AT_EAP_GET_CERT_LEN_FAILED", EapError::CertLength),
    (0x800c, "AT_EAP_READ_CERT_FAILED", EapError::CertUnreadable),
    (0x800d, "AT_EAP_GET_KEY_LEN_FAILED", EapError::KeyLength),
    (0x800e, "AT_EAP_READ_KEY_FAILED", EapError::KeyUnreadable),
    (0x800f, "AT_EAP_SET_CERT_KEY_FAILED", EapError::CertKeyRefused),
    (0x8010, "AT_EAP_ENABLE_FAILED", EapError::Enable),
    (0x8011, "AT_EAP_ALREADY_CONNECTED", EapError::AlreadyConnected),
    (0x8012, "AT_EAP_GET_SSID_FAILED", EapError::SsidUnreadable),
    (0x8013, "AT_EAP_SSID_NULL", EapError::SsidMissing),
    (0x8014, "AT_EAP_SSID_LEN_ERROR", EapError::SsidLength),
    (0x8015, "AT_EAP_GET_METHOD_FAILED", EapError::MethodUnreadable),
    (0x8016, "AT_EAP_CONN_TIMEOUT", EapError::Timeout),
    (0x8017, "AT_EAP_GET_IDENTITY_FAILED", EapError::IdentityUnreadable),
    (0x8018, "AT_EAP_IDENTITY_LEN_ERROR", EapError::IdentityLength),
    (0x8019, "AT_EAP_GET_USERNAME_FAILED", EapError::UsernameUnreadable),
    (0x801a, "AT_EAP_USERNAME_LEN_ERROR", EapError::UsernameLength),
    (0x801b, "AT_EAP_GET_PASSWORD_FAILED", EapError::PasswordUnreadable),
    (0x801c, "AT_EAP_PASSWORD_LEN_ERROR", EapError::PasswordLength),
    (0x801d, "AT_EAP_GET_SECURITY_FAILED", EapError::SecurityUnreadable),
    (0x801e, "AT_EAP_SECURITY_ERROR", EapError::SecurityWrong),
    (0x801f, "AT_EAP_METHOD_SECURITY_UNMATCHED", EapError::SecurityMismatch),
    (0x8020, "AT_EAP_PARAMETER_COUNTS_ERROR", EapError::ParameterCount),
    (0x8021, "AT_EAP_GET_WIFI_MODE_ERROR", EapError::WifiModeUnreadable),
    (0x8022, "AT_EAP_WIFI_MODE_NOT_STA", EapError::NoStation),
    (0x8023, "AT_EAP_SET_CONFIG_FAILED", EapError::ConfigRefused),
    (0x8024, "AT_EAP_METHOD_ERROR", EapError::MethodWrong),
];

const MQTT: Rows<MqttError> = &[
    (0x6001, "AT_MQTT_NO_CONFIGURED", MqttError::NotConfigured),
    (0x6002, "AT_MQTT_NOT_IN_CONFIGURED_STATE", MqttError::NotInConfiguredState),
    (0x6003, "AT_MQTT_UNINITIATED_OR_ALREADY_CLEAN", MqttError::NotInitialized),
    (0x6004, "AT_MQTT_ALREADY_CONNECTED", MqttError::AlreadyConnected),
    (0x6005, "AT_MQTT_MALLOC_FAILED", MqttError::OutOfMemory),
    (0x6006, "AT_MQTT_NULL_LINK", MqttError::NoLink),
    (0x6007, "AT_MQTT_NULL_PARAMTER", MqttError::NoParameter),
    (0x6008, "AT_MQTT_PARAMETER_COUNTS_IS_WRONG", MqttError::ParameterCount),
    (0x6009, "AT_MQTT_TLS_CONFIG_ERROR", MqttError::TlsConfig),
    (0x600a, "AT_MQTT_PARAM_PREPARE_ERROR", MqttError::ParameterPreparation),
    (0x600b, "AT_MQTT_CLIENT_START_FAILED", MqttError::Start),
    (0x600c, "AT_MQTT_CLIENT_PUBLISH_FAILED", MqttError::Publish),
    (0x600d, "AT_MQTT_CLIENT_SUBSCRIBE_FAILED", MqttError::Subscribe),
    (0x600e, "AT_MQTT_CLIENT_UNSUBSCRIBE_FAILED", MqttError::Unsubscribe),
    (0x600f, "AT_MQTT_CLIENT_DISCONNECT_FAILED", MqttError::Disconnect),
    (0x6010, "AT_MQTT_LINK_ID_READ_FAILED", MqttError::LinkIdUnreadable),
    (0x6011, "AT_MQTT_LINK_ID_VALUE_IS_WRONG", MqttError::LinkIdWrong),
    (0x6012, "AT_MQTT_SCHEME_READ_FAILED", MqttError::SchemeUnreadable),
    (0x6013, "AT_MQTT_SCHEME_VALUE_IS_WRONG", MqttError::SchemeWrong),
    (0x6014, "AT_MQTT_CLIENT_ID_READ_FAILED", MqttError::ClientIdUnreadable),
    (0x6015, "AT_MQTT_CLIENT_ID_IS_NULL", MqttError::ClientIdMissing),
    (0x6016, "AT_MQTT_CLIENT_ID_IS_OVERLENGTH", MqttError::ClientIdTooLong),
    (0x6017, "AT_MQTT_USERNAME_READ_FAILED", MqttError::UsernameUnreadable),
    (0x6018, "AT_MQTT_USERNAME_IS_NULL", MqttError::UsernameMissing),
    (0x6019, "AT_MQTT_USERNAME_IS_OVERLENGTH", MqttError::UsernameTooLong),
    (0x601a, "AT_MQTT_PASSWORD_READ_FAILED", MqttError::PasswordUnreadable),
    (0x601b, "AT_MQTT_PASSWORD_IS_NULL", MqttError::PasswordMissing),
    (0x601c, "AT_MQTT_PASSWORD_IS_OVERLENGTH", MqttError::PasswordTooLong),
    (0x601d, "AT_MQTT_CERT_KEY_ID_READ_FAILED", MqttError::CertKeyIdUnreadable),
    (0x601e, "AT_MQTT_CERT_KEY_ID_VALUE_IS_WRONG", MqttError::CertKeyIdWrong),
    (0x601f, "AT_MQTT_CA_ID_READ_FAILED", MqttError::CaIdUnreadable),
    (0x6020, "AT_MQTT_CA_ID_VALUE_IS_WRONG", MqttError::CaIdWrong),
    (0x6021, "AT_MQTT_CA_LENGTH_ERROR", MqttError::CaLength),
    (0x6022, "AT_MQTT_CA_READ_FAILED", MqttError::CaUnreadable),
    (0x6023, "AT_MQTT_CERT_LENGTH_ERROR", MqttError::CertLength),
    (0x6024, "AT_MQTT_CERT_READ_FAILED", MqttError::CertUnreadable),
    (0x6025, "AT_MQTT_KEY_LENGTH_ERROR", MqttError::KeyLength),
    (0x6026, "AT_MQTT_KEY_READ_FAILED", MqttError::KeyUnreadable),
    (0x6027, "AT_MQTT_PATH_READ_FAILED", MqttError::PathUnreadable),
    (0x6028, "AT_MQTT_PATH_IS_NULL", MqttError::PathMissing),
    (0x6029, "AT_MQTT_PATH_IS_OVERLENGTH", MqttError::PathTooLong),
    (0x602a, "AT_MQTT_VERSION_READ_FAILED", MqttError::VersionUnreadable),
    (0x602b, "AT_MQTT_KEEPALIVE_READ_FAILED", MqttError::KeepaliveUnreadable),
    (0x602c, "AT_MQTT_KEEPALIVE_IS_NULL", MqttError::KeepaliveMissing),
    (0x602d, "AT_MQTT_KEEPALIVE_VALUE_IS_WRONG", MqttError::KeepaliveWrong),
    (0x602e, "AT_MQTT_DISABLE_CLEAN_SESSION_READ_FAILED", MqttError::DisableCleanSessionUnreadable),
    (0x602f, "AT_MQTT_DISABLE_CLEAN_SESSION_VALUE_IS_WRONG", MqttError::DisableCleanSessionWrong),
    (0x6030, "AT_MQTT_LWT_TOPIC_READ_FAILED", MqttError::LwtTopicUnreadable),
    (0x6031, "AT_MQTT_LWT_TOPIC_IS_NULL", MqttError::LwtTopicMissing),
    (0x6032, "AT_MQTT_LWT_TOPIC_IS_OVERLENGTH", MqttError::LwtTopicTooLong),
    (0x6033, "AT_MQTT_LWT_MSG_READ_FAILED", MqttError::LwtMsgUnreadable),
    (0x6034, "AT_MQTT_LWT_MSG_IS_NULL", MqttError::LwtMsgMissing),
    (0x6035, "AT_MQTT_LWT_MSG_IS_OVERLENGTH", MqttError::LwtMsgTooLong),
    (0x6036, "AT_MQTT_LWT_QOS_READ_FAILED", MqttError::LwtQosUnreadable),
    (0x6037, "AT_MQTT_LWT_QOS_VALUE_IS_WRONG", MqttError::LwtQosWrong),
    (0x6038, "AT_MQTT_LWT_RETAIN_READ_FAILED", MqttError::LwtRetainUnreadable),
    (0x6039, "AT_MQTT_LWT_RETAIN_VALUE_IS_WRONG", MqttError::LwtRetainWrong),
    (0x603a, "AT_MQTT_HOST_READ_FAILED", MqttError::HostUnreadable),
    (0x603b, "AT_MQTT_HOST_IS_NULL", MqttError::HostMissing),
    (0x603c, "AT_MQTT_HOST_IS_OVERLENGTH", MqttError::HostTooLong),
    (0x603d, "AT_MQTT_PORT_READ_FAILED", MqttError::PortUnreadable),
    (0x603e, "AT_MQTT_PORT_VALUE_IS_WRONG", MqttError::PortWrong),
    (0x603f, "AT_MQTT_RECONNECT_READ_FAILED", MqttError::ReconnectUnreadable),
    (0x6040, "AT_MQTT_RECONNECT_VALUE_IS_WRONG", MqttError::ReconnectWrong),
    (0x6041, "AT_MQTT_TOPIC_READ_FAILED", MqttError::TopicUnreadable),
    (0x6042, "AT_MQTT_TOPIC_IS_NULL", MqttError::TopicMissing),
    (0x6043, "AT_MQTT_TOPIC_IS_OVERLENGTH", MqttError::TopicTooLong),
    (0x6044, "AT_MQTT_DATA_READ_FAILED", MqttError::DataUnreadable),
    (0x6045, "AT_MQTT_DATA_IS_NULL", MqttError::DataMissing),
    (0x6046, "AT_MQTT_DATA_IS_OVERLENGTH", MqttError::DataTooLong),
    (0x6047, "AT_MQTT_QOS_READ_FAILED", MqttError::QosUnreadable),
    (0x6048, "AT_MQTT_QOS_VALUE_IS_WRONG", MqttError::QosWrong),
    (0x6049, "AT_MQTT_RETAIN_READ_FAILED", MqttError::RetainUnreadable),
    (0x604a, "AT_MQTT_RETAIN_VALUE_IS_WRONG", MqttError::RetainWrong),
    (0x604b, "AT_MQTT_PUBLISH_LENGTH_READ_FAILED", MqttError::PublishLengthUnreadable),
    (0x604c, "AT_MQTT_PUBLISH_LENGTH_VALUE_IS_WRONG", MqttError::PublishLengthWrong),
    (0x604d, "AT_MQTT_RECV_LENGTH_IS_WRONG", MqttError::ReceivedLength),
    (0x604e, "AT_MQTT_CREATE_SEMA_FAILED", MqttError::Semaphore),
    (0x604f, "AT_MQTT_CREATE_EVENT_GROUP_FAILED", MqttError::EventGroup),
    (0x6050, "AT_MQTT_URI_PARSE_FAILED", MqttError::Uri),
    (0x6051, "AT_MQTT_IN_DISCONNECTED_STATE", MqttError::Disconnected),
    (0x6052, "AT_MQTT_HOSTNAME_VERIFY_FAILED", MqttError::HostnameMismatch),
];

const HTTP: Rows<HttpError> = &[
    (0x7000, "HTTP: Failed to Establish Connection", HttpError::NoConnection),
    (0x7190, "HTTP: Bad Request", HttpError::BadRequest),
    (0x7191, "HTTP: Unauthorized", HttpError::Unauthorized),
    (0x7192, "HTTP: Payment Required", HttpError::PaymentRequired),
    (0x7193, "HTTP: Forbidden", HttpError::Forbidden),
    (0x7194, "HTTP: Not Found", HttpError::NotFound),
    (0x7195, "HTTP: Method Not Allowed", HttpError::MethodNotAllowed),
    (0x7196, "HTTP: Not Acceptable", HttpError::NotAcceptable),
    (0x7197, "HTTP: Proxy Authentication Required", HttpError::ProxyAuthenticationRequired),
    (0x7198, "HTTP: Request Timeout", HttpError::RequestTimeout),
    (0x7199, "HTTP: Conflict", HttpError::Conflict),
    (0x719a, "HTTP: Gone", HttpError::Gone),
    (0x719b, "HTTP: Length Required", HttpError::LengthRequired),
    (0x719c, "HTTP: Precondition Failed", HttpError::PreconditionFailed),
    (0x719d, "HTTP: Request Entity Too Large", HttpError::RequestEntityTooLarge),
    (0x719e, "HTTP: Request-URI Too Long", HttpError::UriTooLong),
    (0x719f, "HTTP: Unsupported Media Type", HttpError::UnsupportedMediaType),
    (0x71a0, "HTTP: Requested Range Not Satisfiable", HttpError::RequestedRangeNotSatisfiable),
    (0x71a1, "HTTP: Expectation Failed", HttpError::ExpectationFailed),
    (0x71f4, "HTTP: Internal Server Error", HttpError::InternalServerError),
    (0x71f5, "HTTP: Not Implemented", HttpError::NotImplemented),
    (0x71f6, "HTTP: Bad Gateway", HttpError::BadGateway),
    (0x71f7, "HTTP: Service Unavailable", HttpError::ServiceUnavailable),
    (0x71f8, "HTTP: Gateway Timeout", HttpError::GatewayTimeout),
    (0x71f9, "HTTP: HTTP Version Not Supported", HttpError::VersionNotSupported),
];

const CATALOGUE: [(&str, &str); 6] = [
    ("esp-at", include_str!("data/commands/esp-at.core.json")),
    ("esp-at", include_str!("data/commands/esp-at.services.json")),
    ("esp32-v1", include_str!("data/commands/esp32-v1.json")),
    ("esp8266-idf", include_str!("data/commands/esp8266-idf.json")),
    ("esp8266-nonos", include_str!("data/commands/esp8266-nonos.json")),
    ("wizfi360", include_str!("data/commands/wizfi360.json")),
];

/// Entries of all five manuals: 165 and 4, 86, 17, 4.
const ENTRIES: usize = 276;

const NOTHING: Refusal = Refusal { code: None, reason: None };

/// What the driver is to make of an answer.
type Refused = (String, Refusal);

/// What a command makes of the lines before the final result.
fn error_of<C: Command>(lines: &[&str]) -> C::Error
where
    C::Response: Debug,
{
    let mut answer = C::Answer::default();
    for line in lines {
        C::line(&mut answer, line.as_bytes());
    }
    match C::finish(answer, Err(CommandError::Refused(NOTHING))) {
        Err(error) => error,
        Ok(response) => panic!("{lines:?} is {response:?}"),
    }
}

fn urc(line: &str) -> Option<Urc<'_>> {
    Urc::parse(line.as_bytes())
}

/// A row of a table, by its number. The names must be the same.
fn row<T: Copy>(rows: Rows<T>, number: u32, name: Option<&str>) -> Option<T> {
    let (_, symbol, meaning) = rows.iter().find(|(code, ..)| *code == number)?;
    if let Some(name) = name {
        assert_eq!(*symbol, name);
    }
    Some(*meaning)
}

/// `ERR CODE:0x...`. `name` is the symbol in the manual, as far as there is one.
fn number(number: u32, name: Option<&str>) -> Option<Cause> {
    let expected = match number {
        0x0100_0000..=0x01ff_ffff => Cause::General(row(CATEGORIES, number >> 16 & 0xff, name)?),
        0x6000..=0x6fff => Cause::Mqtt(row(MQTT, number, name)?),
        0x7000..=0x7fff => Cause::Http(row(HTTP, number, name)?),
        0x8000..=0x8fff => Cause::Eap(row(EAP, number, name)?),
        _ => return None,
    };
    assert_eq!(ErrorCode(number).cause(), expected, "{number:#x}");
    // Each has a text of its own.
    assert!(ErrorCode(number).explain().to_string().ends_with(')'));
    Some(expected)
}

/// The number that a failed join gives, in the words of each manual.
fn join(lines: &[&str], reason: &str) -> bool {
    let (numbers, expected): (&[u32], _) = match reason {
        "1" => (&[1], JoinError::Timeout),
        "2" => (&[2], JoinError::WrongPassword),
        "3" => (&[3], JoinError::NoSuchAccessPoint),
        "4" => (&[4], JoinError::Failed(4)),
        // No number of its own: whatever else comes is kept as it is.
        "other" | "others" => (&[5, 201], JoinError::Failed(0)),
        _ => return false,
    };
    for name in lines {
        for number in numbers {
            let expected = match expected {
                JoinError::Failed(_) => JoinError::Failed(*number),
                other => other,
            };
            assert_eq!(error_of::<JoinLastAccessPoint>(&[&format!("{name}:{number}")]), expected);
        }
    }
    true
}

/// What is no number, and no error of a join. Gives whether it is known.
fn words(dialect: &str, code: &str, driver: &mut Vec<Refused>) -> bool {
    let mut refused = |reason| driver.push((format!("{code}\r\n\r\nERROR\r\n"), Refusal { code: None, reason }));
    match (dialect, code) {
        ("esp-at", "Timeout") | ("esp8266-idf", "+CWJEAP:Timeout") => {
            assert_eq!(error_of::<JoinEnterprise<'_>>(&["+CWJEAP:Timeout"]), EnterpriseJoinError::Timeout);
        }
        ("esp-at", "TIMEOUT") => assert_eq!(error_of::<Ping<'_>>(&["+PING:TIMEOUT"]), PingError::NoAnswer),
        ("esp8266-nonos", "+timeout") => assert_eq!(error_of::<Ping<'_>>(&["+timeout"]), PingError::NoAnswer),
        ("esp-at", "-1") => {
            assert_eq!(urc("+CIPUPDATE:-1"), Some(Urc::System(SystemUrc::Update(UpdateStep::Failed))));
        }
        // A rule: any status of a server. Those without a name are kept as numbers.
        ("esp-at", "0x7000+<HTTP status>") => {
            for status in 100..=999 {
                let code = ErrorCode(0x7000 + u32::from(status));
                assert_eq!(code.http_status(), Some(status));
                match code.cause() {
                    Cause::Http(error) => assert_eq!(error.code(), 0x7000 + status),
                    cause => assert_eq!(cause, Cause::HttpStatus(status)),
                }
            }
            assert_eq!(ErrorCode(0x7194).cause(), Cause::Http(HttpError::NotFound));
            assert_eq!(ErrorCode(0x712e).cause(), Cause::HttpStatus(302));
        }
        // No reason at all: the plain refusal, without code and reason.
        ("esp8266-nonos", "ERROR") => driver.push(("\r\nERROR\r\n".into(), NOTHING)),
        ("esp8266-nonos", "NOT GPIO MODE!") => {
            assert_eq!(error_of::<SetGpioDirection>(&[code]), GpioError::NotGpio);
            assert_eq!(error_of::<ReadGpio>(&[code]), GpioError::NotGpio);
        }
        ("esp8266-nonos", "NOT OUTPUT!") => assert_eq!(error_of::<WriteGpio>(&[code]), GpioError::NotOutput),
        ("esp8266-nonos", "DNS Fail") => refused(Some(Reason::DnsFail)),
        ("esp8266-nonos", "opmode mismatch when mdns") => refused(Some(Reason::WifiMode)),
        ("esp8266-nonos", "ALREADY CONNECTED") => refused(Some(Reason::AlreadyConnected)),
        // It stands instead of `ERROR`, after data: `a_send_fails`.
        ("esp8266-nonos", "SEND FAIL") => a_send_fails(),
        ("esp8266-nonos", "busy s...") => {
            assert_eq!(urc(code), Some(Urc::System(SystemUrc::Busy(Busy::Sending))));
        }
        ("esp8266-nonos", "busy p...") => {
            assert_eq!(urc(code), Some(Urc::System(SystemUrc::Busy(Busy::Processing))));
        }
        ("esp8266-nonos", "busy") => {
            assert_eq!(urc(code), Some(Urc::System(SystemUrc::Busy(Busy::Unspecified))));
        }
        ("esp8266-nonos", "+LINK_CONN:1") => {
            let line = "+LINK_CONN:1,0,\"TCP\",0,\"192.168.1.110\",80,50000";
            assert!(matches!(urc(line), Some(Urc::Link(LinkUrc::Details(details))) if !details.is_open));
        }
        ("esp8266-nonos", "smartconfig connect fail") => {
            assert_eq!(urc(code), Some(Urc::Station(StationUrc::SmartConfigFailed)));
        }
        _ => return false,
    }
    true
}

/// Whether an entry has a typed meaning, which is asserted. What needs a driver is put into `driver`.
fn entry(dialect: &str, entry: &Value, driver: &mut Vec<Refused>) -> bool {
    let code = entry["code"].as_str().unwrap();
    let meaning = entry["meaning"].as_str().unwrap();
    let scope = entry["scope"].as_str().unwrap_or(meaning);
    if let Some(value) = code.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        // The name of a code is in either field; the one of `AT+FAKE` has none.
        let is_symbol = meaning.starts_with("AT_") || meaning.starts_with("HTTP");
        if number(value, entry["name"].as_str().or(is_symbol.then_some(meaning))).is_none() {
            return false;
        }
        let refusal = Refusal { code: Some(ErrorCode(value)), reason: None };
        // The IDF manual has a blank after the colon.
        let blank = if dialect == "esp8266-idf" { " " } else { "" };
        driver.push((format!("ERR CODE:{blank}0x{value:08x}\r\n\r\nERROR\r\n"), refusal));
        return true;
    }
    match code.split_once(':') {
        Some(("+CWJAP", reason)) => join(&["+CWJAP"], reason),
        // Both names in one entry: `+CWJAP_CUR:1 / +CWJAP_DEF:1`.
        Some(("+CWJAP_CUR", rest)) => join(&["+CWJAP_CUR", "+CWJAP_DEF"], &rest[..1]),
        None if scope.starts_with("AT+CWJAP") => join(&["+CWJAP", "+CWJAP_CUR", "+CWJAP_DEF"], code),
        _ => words(dialect, code, driver),
    }
}

/// The way to a module that takes commands.
fn bring_up() -> Script {
    const OK: &str = "\r\nOK\r\n";
    let version =
        "AT version:2.2.0.0(ca41ec4 - ESP32)\r\nSDK version:v4.0.1\r\ncompile time:x\r\nBin version:2.1.0\r\n";
    Script::new()
        .expect("+++")
        .command("AT", OK)
        .command("AT+RST", OK)
        .send("\r\nready\r\n")
        .command("AT", OK)
        .command("ATE0", OK)
        .command("AT+GMR", format!("{version}{OK}"))
        .command("AT+SYSLOG=1", OK)
        .command("AT+SYSSTORE=0", OK)
        .command("AT+CIPMUX=1", OK)
        .command("AT+CIPDINFO=1", OK)
        .command("AT+CIPRECVTYPE=5,1", OK)
}

/// The driver attaches each to the error of the command that failed, and of that one only.
fn driver_attaches(refused: &[Refused]) {
    let mut script = bring_up();
    for (answer, _) in refused {
        script = script.command("AT+SYSLOG?", answer).command("AT+SYSLOG?", "\r\nERROR\r\n");
    }
    let line = Line::new(script);
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        for (answer, expected) in refused {
            let result = control.send(&QueryErrorCodes).await;
            assert_eq!(result.unwrap_err(), CommandError::Refused(*expected), "{answer:?}");
            assert_eq!(control.send(&QueryErrorCodes).await.unwrap_err(), CommandError::Refused(NOTHING));
        }
    });
    assert!(line.with(|script, _| script.is_done()));
}

#[test]
fn all_error_codes_have_a_meaning() {
    let (mut known, mut all) = (0, 0);
    let mut missing = Vec::new();
    let mut driver = Vec::new();
    for (dialect, text) in CATALOGUE {
        let document: Value = serde_json::from_str(text).unwrap();
        assert_eq!(document["dialect"], dialect);
        for code in document["error_codes"].as_array().unwrap() {
            all += 1;
            if entry(dialect, code, &mut driver) {
                known += 1;
            } else {
                missing.push((dialect, code["code"].clone()));
            }
        }
    }
    println!("error codes {known}/{all}");
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(all, ENTRIES);
    driver_attaches(&driver);
}

/// No number stands for two things, and none that the crate knows is missing here.
#[test]
fn tables_are_whole() {
    for code in 0..=u32::from(u16::MAX) {
        let listed = [
            row(MQTT, code, None).map(Cause::Mqtt),
            row(HTTP, code, None).map(Cause::Http),
            row(EAP, code, None).map(Cause::Eap),
        ];
        let mut listed = listed.into_iter().flatten();
        let cause = match ErrorCode(code).cause() {
            Cause::Unknown | Cause::HttpStatus(_) => None,
            cause => Some(cause),
        };
        assert_eq!(listed.next(), cause, "{code:#x}");
        assert_eq!(listed.next(), None);
    }
    for category in 0..=u32::from(u8::MAX) {
        // The lower half does not change the category.
        let code = ErrorCode(0x0100_0000 | category << 16 | 0x6001);
        assert_eq!(code.category(), row(CATEGORIES, category, None));
        assert_eq!(code.extension(), 0x6001);
    }
}

/// Lines that only other sources than the manuals have, and `no code` beside them.
#[test]
fn further_words() {
    let refused = [
        ("link is not valid", Reason::NoLink),
        ("UNLINK", Reason::NoLink),
        ("no ip", Reason::NoAddress),
        ("ID ERROR", Reason::LinkId),
        ("IP ERROR", Reason::Address),
        ("too long", Reason::Parameters),
        ("wrong syntax", Reason::Parameters),
        ("Link typ ERROR", Reason::Parameters),
        ("link is builded", Reason::LinksOpen),
        ("MUX=0", Reason::SingleLink),
        ("ALREADY CONNECT", Reason::AlreadyConnected),
        ("ALREADY CONNECTTED", Reason::AlreadyConnected),
    ];
    let refused = refused
        .map(|(line, reason)| (format!("{line}\r\n\r\nERROR\r\n"), Refusal { code: None, reason: Some(reason) }));
    driver_attaches(&refused);
    // Both at once.
    let code = Some(ErrorCode(0x010a_0000));
    let both = (
        "link is not valid\r\nERR CODE:0x010a0000\r\n\r\nERROR\r\n".to_string(),
        Refusal { code, reason: Some(Reason::NoLink) },
    );
    // Newer firmware has another name for the line.
    let newer = ("+ERRNO:0x10A0000\r\n\r\nERROR\r\n".to_string(), Refusal { code, reason: None });
    driver_attaches(&[both, newer]);
}

fn a_send_fails() {
    for (word, reason) in [
        ("SEND FAIL", Reason::SendFailed),
        ("SEND Canceled", Reason::SendCanceled),
        ("SEND CANCELLED", Reason::SendCanceled),
    ] {
        let script = bring_up()
            .command("AT+CIPSEND=0,2", "\r\nOK\r\n\r\n>")
            .expect("ab")
            .send(format!("\r\nRecv 2 bytes\r\n\r\n{word}\r\n"));
        let line = Line::new(script);
        with_driver(&line, async |(control, _)| {
            control.wait_until_ready().await.unwrap();
            let command = SendData { link: Link::Id(0), length: 2 };
            let error = control.send_with_data(&command, b"ab").await.unwrap_err();
            let refusal = Refusal { code: None, reason: Some(reason) };
            assert_eq!(error, CommandError::Refused(refusal), "{word}");
        });
    }
}

#[test]
fn messages_of_errors() {
    let refusal = Refusal { code: Some(ErrorCode(0x0109_0000)), reason: None };
    let text = CommandError::Refused(refusal).to_string();
    assert_eq!(text, "the module refused the command, error code 0x01090000");
}
