//! The MQTT commands (ESP-AT 3.6; ESP8266 with RTOS SDK, chapter 5).

use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::services::mqtt::{Broker, Mqtt, Pending, Subscription, Terms, User, codes};
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+MQTTUSERCFG").set(user),
    command("+MQTTCONNCFG").set(terms),
    command("+MQTTCONN").query(connection).set(connect),
    command("+MQTTPUB").set(publish),
    command("+MQTTPUBRAW").set(publish_raw),
    command("+MQTTSUB").query(subscriptions).set(subscribe),
    command("+MQTTUNSUB").set(unsubscribe),
    command("+MQTTCLEAN").set(clean),
];

/// Those of ESP-AT: long values behind a prompt, and TLS names.
pub(crate) static LONG_COMMANDS: &[Entry] = &[
    command("+MQTTLONGCLIENTID").set(|module, call| long(module, call, set_client_id)),
    command("+MQTTLONGUSERNAME").set(|module, call| long(module, call, set_name)),
    command("+MQTTLONGPASSWORD").set(|module, call| long(module, call, set_password)),
    command("+MQTTALPN").set(protocols),
    command("+MQTTSNI").set(server_name),
];

/// Those of the ESP8266: long values in the command.
pub(crate) static NAMED_COMMANDS: &[Entry] = &[
    command("+MQTTCLIENTID").set(|module, call| named(module, call, CLIENT_ID, set_client_id)),
    command("+MQTTUSERNAME").set(|module, call| named(module, call, USER_NAME, set_name)),
    command("+MQTTPASSWORD").set(|module, call| named(module, call, PASSWORD, set_password)),
];

// Each parameter has its codes in a row. Numbers: cannot be read, wrong value. Strings: cannot be read, empty, too long.
const LINK: u32 = 0x6010;
const SCHEME: u32 = 0x6012;
const CLIENT_ID: u32 = 0x6014;
const USER_NAME: u32 = 0x6017;
const PASSWORD: u32 = 0x601a;
const CERTIFICATE: u32 = 0x601d;
const AUTHORITY: u32 = 0x601f;
const PATH: u32 = 0x6027;
const KEEP_ALIVE: u32 = 0x602b;
const KEEP_ALIVE_WRONG: u32 = 0x602d;
const SESSION: u32 = 0x602e;
const WILL_TOPIC: u32 = 0x6030;
const WILL_MESSAGE: u32 = 0x6033;
const WILL_QOS: u32 = 0x6036;
const WILL_RETAIN: u32 = 0x6038;
const HOST: u32 = 0x603a;
const PORT: u32 = 0x603d;
const RECONNECT: u32 = 0x603f;
const TOPIC: u32 = 0x6041;
const DATA: u32 = 0x6044;
const QOS: u32 = 0x6047;
const RETAIN: u32 = 0x6049;
const LENGTH: u32 = 0x604b;

fn counted(call: &Call, least: usize, most: usize) -> Result<(), Failure> {
    call.count(least, most).map_err(|_| Failure::numbered(codes::COUNT))
}

fn number(call: &Call, index: usize, least: i64, most: i64, code: u32) -> Result<i64, Failure> {
    number_or(call, index, least, most, code, code + 1)
}

fn number_or(call: &Call, index: usize, least: i64, most: i64, code: u32, wrong: u32) -> Result<i64, Failure> {
    call.int(index, least, most).map_err(|why| match why {
        Code::Invalid => Failure::numbered(wrong),
        _ => Failure::numbered(code),
    })
}

fn bytes(call: &Call, index: usize, least: usize, most: usize, code: u32) -> Result<Vec<u8>, Failure> {
    let value = call.bytes(index, 0, most).map_err(|why| match why {
        Code::Length => Failure::numbered(code + 2),
        _ => Failure::numbered(code),
    })?;
    if value.len() < least { Err(Failure::numbered(code + 1)) } else { Ok(value.to_vec()) }
}

fn text(call: &Call, index: usize, least: usize, most: usize, code: u32) -> Result<String, Failure> {
    String::from_utf8(bytes(call, index, least, most, code)?).map_err(|_| Failure::numbered(code))
}

/// The link, of which there is one.
fn link(call: &Call) -> Result<(), Failure> {
    number(call, 0, 0, 0, LINK).map(|_| ())
}

/// Whether the client may be configured now: not while it is connected, and after the end of a connection only once
/// `AT+MQTTCLEAN` was there.
fn may_configure(module: &Simulator, least: u8) -> Result<(), Failure> {
    match module.services.mqtt.state() {
        state if state < least => Err(Failure::numbered(codes::NOT_CONFIGURED)),
        0..=2 => Ok(()),
        3 => Err(Failure::numbered(codes::NOT_IN_CONFIGURED_STATE)),
        _ => Err(Failure::numbered(codes::ALREADY_CONNECTED)),
    }
}

fn need_connection(module: &Simulator) -> Result<(), Failure> {
    match module.services.mqtt.state() {
        0 => Err(Failure::numbered(codes::ALREADY_CLEAN)),
        1..=3 => Err(Failure::numbered(codes::DISCONNECTED)),
        _ => Ok(()),
    }
}

fn user(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 8, 8)?;
    link(call)?;
    let user = User {
        scheme: number(call, 1, 1, 10, SCHEME)?,
        client_id: text(call, 2, 0, 256, CLIENT_ID)?,
        name: text(call, 3, 0, 64, USER_NAME)?,
        password: bytes(call, 4, 0, 64, PASSWORD)?,
        path: text(call, 7, 0, 32, PATH)?,
    };
    number(call, 5, 0, 0, CERTIFICATE)?;
    number(call, 6, 0, 0, AUTHORITY)?;
    may_configure(module, 0)?;
    let mqtt = &mut module.services.mqtt;
    mqtt.user = user;
    mqtt.configured = mqtt.configured.max(1);
    Ok(Reply::Ok)
}

fn set_client_id(mqtt: &mut Mqtt, value: Vec<u8>) -> bool {
    let text = String::from_utf8(value);
    text.map(|text| mqtt.user.client_id = text).is_ok()
}

fn set_name(mqtt: &mut Mqtt, value: Vec<u8>) -> bool {
    let text = String::from_utf8(value);
    text.map(|text| mqtt.user.name = text).is_ok()
}

fn set_password(mqtt: &mut Mqtt, value: Vec<u8>) -> bool {
    mqtt.user.password = value;
    true
}

/// A value behind a prompt.
fn long(module: &mut Simulator, call: &Call, set: fn(&mut Mqtt, Vec<u8>) -> bool) -> Answer {
    counted(call, 2, 2)?;
    link(call)?;
    let length = call.int(1, 1, 1024)?;
    may_configure(module, 1)?;
    let length = usize::try_from(length).unwrap_or(1);
    Ok(module.prompt_for(length, move |module, value| {
        if set(&mut module.services.mqtt, value) {
            module.finish_ok();
        } else {
            module.finish_error(Code::Invalid);
        }
    }))
}

/// A value in the command.
fn named(module: &mut Simulator, call: &Call, code: u32, set: fn(&mut Mqtt, Vec<u8>) -> bool) -> Answer {
    counted(call, 2, 2)?;
    link(call)?;
    let value = bytes(call, 1, 1, 256, code)?;
    may_configure(module, 1)?;
    if set(&mut module.services.mqtt, value) { Ok(Reply::Ok) } else { Err(Failure::numbered(code)) }
}

fn terms(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 7, 7)?;
    link(call)?;
    let terms = Terms {
        keep_alive: number_or(call, 1, 0, 7200, KEEP_ALIVE, KEEP_ALIVE_WRONG)?,
        keeps_session: number(call, 2, 0, 1, SESSION)? == 1,
        will_topic: text(call, 3, 0, module.profile.limits.mqtt_text, WILL_TOPIC)?,
        will_message: bytes(call, 4, 0, module.profile.limits.mqtt_text, WILL_MESSAGE)?,
        will_qos: number(call, 5, 0, 2, WILL_QOS)?,
        will_retain: number(call, 6, 0, 1, WILL_RETAIN)? == 1,
    };
    may_configure(module, 1)?;
    module.services.mqtt.terms = terms;
    module.services.mqtt.configured = 2;
    Ok(Reply::Ok)
}

fn protocols(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 2, 7)?;
    link(call)?;
    let count = usize::try_from(call.int(1, 0, 5)?).unwrap_or(0);
    counted(call, 2 + count, 2 + count)?;
    let mut names = Vec::new();
    for index in 2..2 + count {
        names.push(call.bytes(index, 1, 255)?.to_vec());
    }
    may_configure(module, 1)?;
    module.services.mqtt.protocols = names;
    Ok(Reply::Ok)
}

fn server_name(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 2, 2)?;
    link(call)?;
    let name = call.opt_text(1, 255)?.map(str::to_owned);
    may_configure(module, 1)?;
    module.services.mqtt.server_name = name;
    Ok(Reply::Ok)
}

fn connection(module: &mut Simulator, call: &Call) -> Answer {
    let mqtt = &module.services.mqtt;
    let text = format!("0,{},{}", mqtt.state(), mqtt.description());
    module.tell(call, text)
}

fn connect(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 4, 4)?;
    link(call)?;
    let host = text(call, 1, 1, 128, HOST)?;
    let port = number(call, 2, 0, 65535, PORT)?;
    let reconnect = number(call, 3, 0, 1, RECONNECT)? == 1;
    may_configure(module, 1)?;
    if !module.has_network() {
        return Err(Failure::numbered(codes::START_FAILED));
    }
    let port = u16::try_from(port).map_err(|_| Code::Invalid)?;
    module.services.mqtt.broker = Broker { host, port, reconnect };
    module.connect_mqtt();
    Ok(module.wait_for_mqtt(Pending::Connect))
}

/// Sends a message; the command goes on until it has arrived as its quality of service demands.
fn send(module: &mut Simulator, topic: &str, data: &[u8], (qos, retain): (i64, bool), raw: bool) -> Result<Reply, ()> {
    let id = module.with_mqtt(|session, now| session.publish(now, topic, data, qos, retain))?;
    Ok(match id {
        None => {
            module.finish_publish(raw);
            Reply::Pending
        }
        Some(id) => module.wait_for_mqtt(Pending::Publish { id, raw }),
    })
}

fn publish(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 5, 5)?;
    link(call)?;
    let topic = text(call, 1, 1, module.profile.limits.mqtt_text, TOPIC)?;
    let data = bytes(call, 2, 0, 256, DATA)?;
    let qos = number(call, 3, 0, 2, QOS)?;
    let retain = number(call, 4, 0, 1, RETAIN)? == 1;
    need_connection(module)?;
    let sent = send(module, &topic, &data, (qos, retain), false);
    sent.map_err(|()| Failure::numbered(codes::PUBLISH_FAILED))
}

fn publish_raw(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 5, 5)?;
    link(call)?;
    let topic = text(call, 1, 1, module.profile.limits.mqtt_text, TOPIC)?;
    let length = number(call, 2, 1, module.profile.limits.mqtt_message, LENGTH)?;
    let qos = number(call, 3, 0, 2, QOS)?;
    let retain = number(call, 4, 0, 1, RETAIN)? == 1;
    need_connection(module)?;
    let length = usize::try_from(length).unwrap_or(1);
    Ok(module.prompt_for(length, move |module, data| {
        if send(module, &topic, &data, (qos, retain), true).is_err() {
            module.finish_with("+MQTTPUB:FAIL\r\n");
        }
    }))
}

fn subscriptions(module: &mut Simulator, _: &Call) -> Answer {
    let mqtt = &module.services.mqtt;
    let state = mqtt.state();
    let lines = mqtt.subscriptions.iter();
    let lines: Vec<String> =
        lines.map(|known| format!("+MQTTSUB:0,{state},\"{}\",{}", known.topic, known.qos)).collect();
    if !lines.is_empty() {
        module.info(&lines.join("\r\n"));
    }
    Ok(Reply::Ok)
}

fn subscribe(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 3, 3)?;
    link(call)?;
    let topic = text(call, 1, 1, module.profile.limits.mqtt_text, TOPIC)?;
    let qos = number(call, 2, 0, 2, QOS)?;
    need_connection(module)?;
    if module.services.mqtt.subscriptions.iter().any(|known| known.topic == topic) {
        module.info("ALREADY SUBSCRIBE");
        return Ok(Reply::Ok);
    }
    let id = module.with_mqtt(|session, now| session.subscribe(now, &topic, qos));
    let id = id.map_err(|()| Failure::numbered(codes::SUBSCRIBE_FAILED))?;
    Ok(module.wait_for_mqtt(Pending::Subscribe { id, subscription: Subscription { topic, qos } }))
}

fn unsubscribe(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 2, 2)?;
    link(call)?;
    let topic = text(call, 1, 1, module.profile.limits.mqtt_text, TOPIC)?;
    need_connection(module)?;
    if !module.services.mqtt.subscriptions.iter().any(|known| known.topic == topic) {
        module.info("NO UNSUBSCRIBE");
        return Ok(Reply::Ok);
    }
    let id = module.with_mqtt(|session, now| session.unsubscribe(now, &topic));
    let id = id.map_err(|()| Failure::numbered(codes::UNSUBSCRIBE_FAILED))?;
    Ok(module.wait_for_mqtt(Pending::Unsubscribe { id, topic }))
}

fn clean(module: &mut Simulator, call: &Call) -> Answer {
    counted(call, 1, 1)?;
    link(call)?;
    if module.services.mqtt.state() == 0 {
        return Err(Failure::numbered(codes::ALREADY_CLEAN));
    }
    module.clean_mqtt();
    Ok(Reply::Ok)
}
