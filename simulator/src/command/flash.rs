//! The user partitions in flash, the manufacturing data and the files of ESP-AT. Neither a restart nor `AT+RESTORE`
//! changes them.

use super::{Entry, Reply, command};
use crate::files::{Files, is_name};
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;
use std::collections::{BTreeMap, BTreeSet};

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+SYSFLASH").query(partitions).set(partition),
    command("+SYSMFG").query(namespaces).set(|module, call| match call.int(0, 0, 2)? {
        0 => erase_pairs(module, call),
        1 => read_pairs(module, call),
        _ => write_pair(module, call),
    }),
    command("+FS").set(file).only(|variant| variant.file_system),
    command("+FSMOUNT")
        .set(|_, call| {
            call.count(1, 1)?;
            call.flag(0)?;
            Ok(Reply::Ok)
        })
        .only(|variant| variant.file_system),
];

const SECTOR: usize = 4096;
/// Longest name of a namespace and of a key.
const NAME: usize = 15;
/// Longest string, and room for all pairs.
const LONGEST_STRING: usize = 4000;
const PAIRS: usize = 0x18000;
/// Longest name of a file.
const FILE_NAME: usize = 127;

/// Name, type, subtype, address, size.
struct Partition(&'static str, u8, u8, usize, usize);

const MANUFACTURING: usize = 0;
const FILES: usize = 1;
static PARTITIONS: [Partition; 2] =
    [Partition("mfg_nvs", 1, 2, 0x21000, 0x1c000), Partition("fatfs", 1, 129, 0x47000, 0x70000)];

#[derive(Clone, Debug)]
struct Pair {
    kind: i64,
    value: Vec<u8>,
}

/// What stands in these partitions: as bytes what `AT+SYSFLASH` has written, and beside it what the other commands did.
#[derive(Debug)]
pub(crate) struct FlashMemory {
    images: [Vec<u8>; 2],
    /// Without the certificates, which have their own store.
    pairs: BTreeMap<(String, String), Pair>,
    /// Those certificates that were written as strings.
    text_certificates: BTreeSet<(String, String)>,
    files: Files,
}

impl FlashMemory {
    pub(crate) fn new(files: Files) -> Self {
        let images = [MANUFACTURING, FILES].map(|index| vec![0xff; PARTITIONS[index].4]);
        Self { images, pairs: BTreeMap::new(), text_certificates: BTreeSet::new(), files }
    }
}

fn partitions(module: &mut Simulator, call: &Call) -> Answer {
    for Partition(name, kind, subtype, address, size) in &PARTITIONS {
        module.info(&format!("{}:\"{name}\",{kind},{subtype},{address:#x},{size:#x}", call.name));
    }
    Ok(Reply::Ok)
}

fn partition(module: &mut Simulator, call: &Call) -> Answer {
    let operation = call.int(0, 0, 2)?;
    let name = call.bytes(1, 1, 16)?;
    let index = PARTITIONS.iter().position(|partition| partition.0.as_bytes() == name).ok_or(Code::Invalid)?;
    let size = PARTITIONS[index].4;
    let part = if operation == 0 && call.args.len() == 2 {
        0..size
    } else {
        call.count(4, 4)?;
        let number = |index, least| {
            let number = call.number(index, least, i64::from(i32::MAX))?;
            usize::try_from(number).map_err(|_| Code::Invalid)
        };
        let offset = number(2, 0)?;
        offset..offset + number(3, 1)?
    };
    if part.end > size {
        return Err(Code::Invalid.into());
    }
    match operation {
        0 => {
            if part.start % SECTOR != 0 || part.end % SECTOR != 0 {
                return Err(Code::Invalid.into());
            }
            module.flash_memory.images[index][part].fill(0xff);
            if index == FILES {
                module.flash_memory.files.clear();
            } else {
                module.flash_memory.pairs.clear();
                module.flash_memory.text_certificates.clear();
                module.certificates.clear();
            }
            Ok(Reply::Ok)
        }
        1 => Ok(module.prompt_alone(part.len(), move |module, data| {
            // Only an erased bit can be written.
            for (cell, byte) in module.flash_memory.images[index][part].iter_mut().zip(data) {
                *cell &= byte;
            }
            module.finish_ok();
        })),
        _ => {
            let data = &module.flash_memory.images[index][part];
            let line = [format!("{}:{},", call.name, data.len()).as_bytes(), data].concat();
            module.emit(&Point::Information, &line);
            Ok(Reply::Ok)
        }
    }
}

/// The index of a certificate or key, if this pair is one.
fn certificate(namespace: &str, key: &str) -> Option<usize> {
    let kinds = ["_ca", "_cert", "_key"];
    let index = key.strip_prefix(namespace)?.strip_prefix('.')?;
    kinds.iter().any(|kind| namespace.ends_with(kind)).then(|| index.parse().ok())?
}

impl Simulator {
    /// Namespaces, keys, and what stands there.
    fn pairs(&self) -> BTreeMap<(String, String), Pair> {
        let mut all = self.flash_memory.pairs.clone();
        for (namespace, index, value) in self.certificates.entries() {
            let name = (namespace.to_owned(), format!("{namespace}.{index}"));
            let kind = if self.flash_memory.text_certificates.contains(&name) { 7 } else { 8 };
            all.insert(name, Pair { kind, value: value.to_vec() });
        }
        all
    }

    fn remove_pair(&mut self, namespace: &str, key: &str) {
        let name = (namespace.to_owned(), key.to_owned());
        self.flash_memory.pairs.remove(&name);
        self.flash_memory.text_certificates.remove(&name);
        if let Some(index) = certificate(namespace, key) {
            self.certificates.remove(namespace, index);
        }
    }

    fn set_pair(&mut self, namespace: String, key: String, kind: i64, value: Vec<u8>) -> Result<(), Code> {
        self.remove_pair(&namespace, &key);
        let used: usize = self.pairs().values().map(|pair| pair.value.len()).sum();
        if used + value.len() > PAIRS {
            return Err(Code::Failed);
        }
        match certificate(&namespace, &key).filter(|_| kind >= 7) {
            Some(index) => {
                self.certificates.set(&namespace, index, value);
                if kind == 7 {
                    self.flash_memory.text_certificates.insert((namespace, key));
                }
            }
            None => {
                self.flash_memory.pairs.insert((namespace, key), Pair { kind, value });
            }
        }
        Ok(())
    }
}

fn namespaces(module: &mut Simulator, call: &Call) -> Answer {
    let mut names: Vec<String> = module.pairs().into_keys().map(|(namespace, _)| namespace).collect();
    names.dedup();
    for name in names {
        module.info(&format!("{}:\"{name}\"", call.name));
    }
    Ok(Reply::Ok)
}

fn erase_pairs(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 3)?;
    let namespace = call.text(1, 1, NAME)?;
    let key = call.opt_text(2, NAME)?;
    let of_namespace = module.pairs().into_keys().filter(|(name, _)| name == namespace);
    let keys: Vec<String> =
        of_namespace.map(|(_, name)| name).filter(|name| key.is_none_or(|key| key == name)).collect();
    if keys.is_empty() {
        return Err(Code::Failed.into());
    }
    for key in keys {
        module.remove_pair(namespace, &key);
    }
    Ok(Reply::Ok)
}

fn read_pairs(module: &mut Simulator, call: &Call) -> Answer {
    let Some(namespace) = call.opt_text(1, NAME)? else {
        call.count(1, 1)?;
        return namespaces(module, call);
    };
    let pairs = module.pairs();
    let Some(key) = call.opt_text(2, NAME)? else {
        call.count(2, 2)?;
        let keys: Vec<_> = pairs.iter().filter(|((name, _), _)| name == namespace).collect();
        if keys.is_empty() {
            return Err(Code::Failed.into());
        }
        for ((_, key), pair) in keys {
            module.info(&format!("{}:\"{namespace}\",\"{key}\",{}", call.name, pair.kind));
        }
        return Ok(Reply::Ok);
    };
    call.count(3, 5)?;
    let pair = pairs.get(&(namespace.to_owned(), key.to_owned())).ok_or(Code::Failed)?;
    let mut value = pair.value.as_slice();
    if call.args.len() > 3 {
        call.count(5, 5)?;
        let number = |index, least| {
            let number = call.number(index, least, i64::from(i32::MAX))?;
            usize::try_from(number).map_err(|_| Code::Invalid)
        };
        let rest = value.get(number(3, 0)?..).filter(|_| pair.kind >= 7).ok_or(Code::Invalid)?;
        value = &rest[..rest.len().min(number(4, 1)?)];
    }
    // A number is shown as such, with the length that it takes.
    let length = match pair.kind {
        1 | 2 => 1,
        3 | 4 => 2,
        5 | 6 => 4,
        _ => value.len(),
    };
    let head = format!("{}:\"{namespace}\",\"{key}\",{},{length},", call.name, pair.kind);
    module.emit(&Point::Information, &[head.as_bytes(), value].concat());
    Ok(Reply::Ok)
}

fn write_pair(module: &mut Simulator, call: &Call) -> Answer {
    call.count(5, 5)?;
    let namespace = call.text(1, 1, NAME)?.to_owned();
    let key = call.text(2, 1, NAME)?.to_owned();
    let kind = call.int(3, 1, 8)?;
    let (least, most) = match kind {
        1 => (0, 0xff),
        2 => (-0x80, 0x7f),
        3 => (0, 0xffff),
        4 => (-0x8000, 0x7fff),
        5 => (0, i64::from(u32::MAX)),
        6 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        7 => (1, LONGEST_STRING as i64),
        _ => (1, PAIRS as i64),
    };
    let number = call.number(4, least, most)?;
    if kind < 7 {
        module.set_pair(namespace, key, kind, number.to_string().into_bytes())?;
        return Ok(Reply::Ok);
    }
    let length = usize::try_from(number).map_err(|_| Code::Invalid)?;
    Ok(module.prompt_alone(length, move |module, data| match module.set_pair(namespace, key, kind, data) {
        Ok(()) => module.finish_ok(),
        Err(code) => module.finish_error(code),
    }))
}

fn file(module: &mut Simulator, call: &Call) -> Answer {
    call.int(0, 0, 0)?;
    let operation = call.int(1, 0, 4)?;
    let values = if matches!(operation, 1 | 2) { 5 } else { 3 };
    call.count(values, values)?;
    let name = call.text(2, 1, FILE_NAME)?.to_owned();
    let number = |index, least| {
        let number = call.int(index, least, i64::from(i32::MAX))?;
        usize::try_from(number).map_err(|_| Code::Invalid)
    };
    if operation == 4 {
        // There is no directory but the root.
        if name != "." {
            return Err(Code::Failed.into());
        }
        let names: String = module.flash_memory.files.names().iter().map(|name| format!("{name}\r\n")).collect();
        module.emit(&Point::Information, format!("{}:LIST\r\n{names}", call.name).as_bytes());
        return Ok(Reply::Ok);
    }
    if operation == 1 {
        return write_file(module, name, number(3, 0)?, number(4, 1)?);
    }
    let data = module.flash_memory.files.read(&name).ok_or(Code::Failed)?;
    match operation {
        0 => {
            module.flash_memory.files.remove(&name);
        }
        2 => {
            let rest = data.get(number(3, 0)?..).ok_or(Code::Failed)?;
            let part = &rest[..rest.len().min(number(4, 1)?)];
            let line = [format!("{}:READ,{},", call.name, part.len()).as_bytes(), part, b"\r\n"].concat();
            module.emit(&Point::Information, &line);
        }
        _ => {
            let size = data.len();
            module.info(&format!("{}:SIZE,{size}", call.name));
        }
    }
    Ok(Reply::Ok)
}

fn write_file(module: &mut Simulator, name: String, offset: usize, length: usize) -> Answer {
    let used = module.flash_memory.files.size_without(&name);
    if !is_name(&name) || used + offset + length > PARTITIONS[FILES].4 {
        return Err(Code::Failed.into());
    }
    Ok(module.prompt_for(length, move |module, data| {
        let mut file = module.flash_memory.files.read(&name).unwrap_or_default();
        if file.len() < offset + length {
            file.resize(offset + length, 0);
        }
        file[offset..offset + length].copy_from_slice(&data);
        if module.flash_memory.files.write(&name, file) {
            module.finish_ok();
        } else {
            module.finish_error(Code::Failed);
        }
    }))
}
