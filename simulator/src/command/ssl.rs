//! What links with TLS do: certificates, names, protocols, keys.

use super::{Entry, Reply, command};
use crate::link::LINKS;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::settings::SslAuthentication;
use crate::simulator::Simulator;
use crate::tls::{ClientSettings, SharedKey};

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPSSLCCONF").query(authentication_query).set(authentication),
    command("+CIPSSLCCN").query(|module, call| names_query(module, call, |link| link.common_name.as_ref())).set(
        |module, call| {
            let (links, first) = links(module, call, 1)?;
            let name = name(call, first)?;
            change(module, links, |link| link.common_name.clone_from(&name))
        },
    ),
    command("+CIPSSLCSNI").query(|module, call| names_query(module, call, |link| link.server_name.as_ref())).set(
        |module, call| {
            let (links, first) = links(module, call, 1)?;
            let name = name(call, first)?;
            change(module, links, |link| link.server_name.clone_from(&name))
        },
    ),
    command("+CIPSSLCALPN").query(protocols_query).set(protocols),
    command("+CIPSSLCPSK").query(|module, call| key_query(module, call, quoted)).set(|module, call| {
        let (links, first) = links(module, call, 2)?;
        let key = call.bytes(first, 0, 32)?.to_vec();
        set_key(module, call, links, first, key)
    }),
    command("+CIPSSLCPSKHEX").query(|module, call| key_query(module, call, hex)).set(|module, call| {
        let (links, first) = links(module, call, 2)?;
        let key = unhex(call.bytes(first, 0, 64)?).ok_or(Code::Invalid)?;
        set_key(module, call, links, first, key)
    }),
    command("+CIPSSLSIZE").set(|module, call| {
        call.count(1, 1)?;
        module.sockets.ssl_size = call.int(0, 2048, 4096)?;
        Ok(Reply::Ok)
    }),
    command("+CIPSSLCONF")
        .query(|module, call| {
            let mode = module.settings.ssl[0].mode;
            module.tell(call, mode)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let mode = call.int(0, 0, 3)?;
            for settings in [&mut module.settings, &mut module.flash] {
                settings.ssl = [SslAuthentication { mode, ..Default::default() }; LINKS];
            }
            Ok(Reply::Ok)
        }),
];

/// Which links a set command is about, and where its other parameters, `values` of them, begin.
fn links(module: &Simulator, call: &Call, values: usize) -> Result<(core::ops::Range<usize>, usize), Failure> {
    if !module.sockets.mux {
        call.count(values, values)?;
        return Ok((0..1, 0));
    }
    call.count(values + 1, values + 1)?;
    Ok((link_range(call)?, 1))
}

/// The link in front, or all.
fn link_range(call: &Call) -> Result<core::ops::Range<usize>, Failure> {
    let id = usize::try_from(call.int(0, 0, LINKS as i64)?).unwrap_or(LINKS);
    Ok(if id == LINKS { 0..LINKS } else { id..id + 1 })
}

fn change(module: &mut Simulator, links: core::ops::Range<usize>, change: impl Fn(&mut ClientSettings)) -> Answer {
    module.sockets.ssl[links].iter_mut().for_each(change);
    Ok(Reply::Ok)
}

/// One line for each link.
fn tell_links(module: &mut Simulator, call: &Call, line: impl Fn(usize, &ClientSettings) -> String) -> Answer {
    let lines = module.sockets.ssl.iter().enumerate();
    let lines: String = lines.map(|(id, link)| format!("{}:{id}{}\r\n", call.name, line(id, link))).collect();
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn authentication_query(module: &mut Simulator, call: &Call) -> Answer {
    let ssl = module.settings.ssl;
    tell_links(module, call, |id, _| {
        let SslAuthentication { mode, certificate, authority } = ssl[id];
        format!(",{mode},{certificate},{authority}")
    })
}

fn authentication(module: &mut Simulator, call: &Call) -> Answer {
    let first = usize::from(module.sockets.mux);
    call.count(first + 1, first + 3)?;
    let links = if module.sockets.mux { link_range(call)? } else { 0..1 };
    let mode = call.int(first, 0, 3)?;
    let certificate = call.opt_int(first + 1, 0, 255)?.unwrap_or(0);
    let authority = call.opt_int(first + 2, 0, 255)?.unwrap_or(0);
    let all_values = module.profile.limits.single_ssl;
    if all_values && call.args.len() < first + 3 {
        return Err(Code::Count.into());
    }
    let set = SslAuthentication { mode, certificate, authority };
    // Where there is no AT+SYSSTORE it is stored in any case.
    module.keep(call, |settings| settings.ssl[links.clone()].fill(set));
    Ok(Reply::Ok)
}

fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn names_query(module: &mut Simulator, call: &Call, name: impl Fn(&ClientSettings) -> Option<&String>) -> Answer {
    tell_links(module, call, |_, link| format!(",\"{}\"", name(link).map_or("", String::as_str)))
}

/// An empty name takes the setting back.
fn name(call: &Call, index: usize) -> Result<Option<String>, Failure> {
    let name = call.text(index, 0, 64)?;
    Ok(Some(name.to_owned()).filter(|name| !name.is_empty()))
}

fn protocols_query(module: &mut Simulator, call: &Call) -> Answer {
    tell_links(module, call, |_, link| link.protocols.iter().map(|name| format!(",\"{}\"", quoted(name))).collect())
}

fn protocols(module: &mut Simulator, call: &Call) -> Answer {
    let first = usize::from(module.sockets.mux);
    let links = if module.sockets.mux { link_range(call)? } else { 0..1 };
    let count = usize::try_from(call.int(first, 0, 5)?).unwrap_or(0);
    call.count(first + 1 + count, first + 1 + count)?;
    let names: Result<Vec<Vec<u8>>, Code> =
        (0..count).map(|index| Ok(call.bytes(first + 1 + index, 1, 255)?.to_vec())).collect();
    let names = names?;
    change(module, links, |link| link.protocols.clone_from(&names))
}

fn key_query(module: &mut Simulator, call: &Call, show: impl Fn(&[u8]) -> String) -> Answer {
    tell_links(module, call, |_, link| {
        let (key, hint) = link.shared_key.as_ref().map_or(("".into(), ""), |key| (show(&key.key), key.hint.as_str()));
        format!(",\"{key}\",\"{hint}\"")
    })
}

fn set_key(module: &mut Simulator, call: &Call, links: core::ops::Range<usize>, first: usize, key: Vec<u8>) -> Answer {
    let hint = call.text(first + 1, 0, 32)?.to_owned();
    let key = Some(SharedKey { key, hint }).filter(|shared| !shared.key.is_empty());
    change(module, links, |link| link.shared_key.clone_from(&key))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

impl Simulator {
    /// All that a new link with TLS is told.
    pub(crate) fn ssl_settings(&self, id: usize) -> ClientSettings {
        let index = id.min(LINKS - 1);
        let authentication = self.settings.ssl[index];
        ClientSettings {
            namespace: "",
            authentication: authentication.mode,
            certificate: usize::try_from(authentication.certificate).unwrap_or(0),
            authority: usize::try_from(authentication.authority).unwrap_or(0),
            ..self.sockets.ssl[index].clone()
        }
    }
}
