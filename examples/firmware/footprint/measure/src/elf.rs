//! What a linked firmware takes, and of whom each byte is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read;
use std::path::Path;

use addr2line::Context;
use gimli::{DwarfSections, EndianSlice, LittleEndian};
use object::elf::{R_ARM_ABS32, R_ARM_MOVT_ABS, R_ARM_MOVW_ABS_NC, R_ARM_THM_MOVT_ABS, R_ARM_THM_MOVW_ABS_NC};
use object::{File, Object, ObjectSection, ObjectSymbol, RelocationFlags, SectionFlags, SymbolSection};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Of whom a byte is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    pub kind: Kind,
    /// The source file below `src`, or the crate.
    pub place: String,
    /// The function that the code was written in.
    pub function: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The measured driver's.
    Own,
    /// The measured program itself.
    Program,
    /// Another crate's.
    Crate,
    /// The core library's, or the compiler's own functions.
    Core,
}

/// A section that is in memory.
struct Piece<'a> {
    name: &'a str,
    start: u64,
    size: u64,
    data: &'a [u8],
}

/// What was read of a firmware.
pub struct Firmware {
    /// Bytes of flash, initial values of variables among them.
    pub flash: u64,
    /// Bytes of static RAM.
    pub ram: u64,
    /// Which compiler has made it.
    pub compiler: String,
    /// Bytes of code and of constants by owner.
    pub code: BTreeMap<Owner, u64>,
    pub constants: BTreeMap<Owner, u64>,
    /// Sizes and values of symbols, by their plain names.
    pub sizes: Vec<(String, u64)>,
    pub values: BTreeMap<String, u64>,
}

impl Firmware {
    /// Reads the ELF file. `own` are parts of the paths of the measured driver's sources.
    pub fn read(path: &Path, own: &[String]) -> Result<Self> {
        let bytes = read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = File::parse(&*bytes)?;
        let (mut flash, mut ram) = (0, 0);
        let mut pieces = Vec::new();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
            if sh_flags & u64::from(object::elf::SHF_ALLOC) == 0 {
                continue;
            }
            let data = section.data()?;
            let writable = sh_flags & u64::from(object::elf::SHF_WRITE) != 0;
            flash += data.len() as u64;
            ram += if writable { section.size() } else { 0 };
            pieces.push(Piece { name: section.name()?, start: section.address(), size: section.size(), data });
        }
        let code = attribute_code(&file, &pieces, own)?;
        let constants = attribute_constants(&file, &pieces, &code);
        let (mut sizes, mut values) = (Vec::new(), BTreeMap::new());
        for symbol in file.symbols() {
            let name = plain(symbol.name()?);
            if symbol.size() > 0 {
                sizes.push((name.clone(), symbol.size()));
            }
            if symbol.section() == SymbolSection::Absolute || symbol.size() > 0 {
                values.insert(name, symbol.address());
            }
        }
        let code = sum(code.into_values().map(|owner| (owner, 2)));
        let comment = file.section_by_name(".comment").and_then(|section| section.data().ok()).unwrap_or_default();
        let compiler =
            comment.split(|byte| *byte == 0).map(String::from_utf8_lossy).find(|text| text.contains("rustc"));
        let compiler = compiler.unwrap_or_default().into_owned();
        Ok(Self { flash, ram, compiler, code, constants, sizes, values })
    }

    /// Bytes of flash that are the driver's own.
    pub fn own(&self) -> u64 {
        let own = |map: &BTreeMap<Owner, u64>| -> u64 {
            map.iter().filter(|(owner, _)| owner.kind == Kind::Own).map(|(_, size)| size).sum()
        };
        own(&self.code) + own(&self.constants)
    }

    /// The value of a symbol.
    pub fn value(&self, name: &str) -> Result<u64> {
        self.values.get(name).copied().ok_or_else(|| format!("no symbol {name}").into())
    }

    /// The storage of a task: what its future takes, and the executor's part.
    pub fn task(&self, name: &str) -> Option<u64> {
        let end = format!("::{name}::POOL");
        self.sizes.iter().find(|(symbol, _)| symbol.ends_with(&end)).map(|(_, size)| *size)
    }
}

fn sum(items: impl Iterator<Item = (Owner, u64)>) -> BTreeMap<Owner, u64> {
    let mut sums = BTreeMap::new();
    for (owner, size) in items {
        *sums.entry(owner).or_default() += size;
    }
    sums
}

/// A symbol as it was written, without the hash.
pub fn plain(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// The owner of each two bytes of code.
///
/// Code counts for the innermost function of the driver that it was inlined into, so that what a call into the core
/// library costs is seen where the call stands.
fn attribute_code(file: &File<'_>, pieces: &[Piece<'_>], own: &[String]) -> Result<BTreeMap<u64, Owner>> {
    let section = |id: gimli::SectionId| -> std::result::Result<_, gimli::Error> {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok()).unwrap_or(&[]);
        Ok(EndianSlice::new(data, LittleEndian))
    };
    let sections = DwarfSections::load(section)?;
    let context = Context::from_dwarf(sections.borrow(|data| *data))?;
    let mut owners = BTreeMap::new();
    for piece in pieces.iter().filter(|piece| piece.name == ".text") {
        for address in (piece.start..piece.start + piece.size).step_by(2) {
            let mut frames = context.find_frames(address).skip_all_loads()?;
            let mut chain = Vec::new();
            while let Some(frame) = frames.next()? {
                let function = frame.function.and_then(|function| Some(plain(&function.raw_name().ok()?)));
                let file = frame.location.and_then(|location| location.file).unwrap_or_default().to_owned();
                chain.push((file, function.unwrap_or_default()));
            }
            owners.insert(address, owner(&chain, own));
        }
    }
    Ok(owners)
}

fn owner(chain: &[(String, String)], own: &[String]) -> Owner {
    let place = |file: &str| file.rsplit_once("/src/").map_or(file, |(_, place)| place).to_owned();
    if let Some((file, function)) = chain.iter().find(|(file, _)| own.iter().any(|part| file.contains(part))) {
        return Owner { kind: Kind::Own, place: place(file), function: function.clone() };
    }
    let Some((file, function)) = chain.last() else {
        return Owner { kind: Kind::Core, place: "without a source".into(), function: String::new() };
    };
    let function = function.clone();
    let kind_and_place = if file.contains("/footprint/") {
        (Kind::Program, "the program".to_owned())
    } else if let Some((_, path)) = file.split_once("/registry/src/") {
        (Kind::Crate, path.split('/').nth(1).unwrap_or(path).to_owned())
    } else if file.contains("/firmware/mps2/") {
        (Kind::Crate, "mps2".into())
    } else if file.contains("compiler_builtins") || file.contains("compiler-builtins") {
        (Kind::Core, "compiler-builtins".into())
    } else {
        (Kind::Core, "core".into())
    };
    Owner { kind: kind_and_place.0, place: kind_and_place.1, function }
}

/// Constants are theirs who refer to them: the driver's if any code of the driver does. Those that other constants
/// refer to go with these.
fn attribute_constants(file: &File<'_>, pieces: &[Piece<'_>], code: &BTreeMap<u64, Owner>) -> BTreeMap<Owner, u64> {
    let Some(constants) = pieces.iter().find(|piece| piece.name == ".rodata") else { return BTreeMap::new() };
    let range = constants.start..constants.start + constants.size;
    // Where a reference stands, and where it points to.
    let mut references = Vec::new();
    for section in file.sections() {
        let Some(piece) = pieces.iter().find(|piece| Ok(piece.name) == section.name()) else { continue };
        let mut low_half = None;
        for (at, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let Some(offset) = at.checked_sub(piece.start).map(|offset| offset as usize) else { continue };
            let word = |offset: usize| {
                let bytes = piece.data.get(offset..offset + 4)?;
                Some(u32::from_le_bytes(bytes.try_into().ok()?))
            };
            let target = match r_type {
                R_ARM_ABS32 => word(offset),
                R_ARM_THM_MOVW_ABS_NC => {
                    low_half = word(offset).map(thumb_immediate);
                    None
                }
                R_ARM_THM_MOVT_ABS => word(offset).zip(low_half).map(|(high, low)| thumb_immediate(high) << 16 | low),
                R_ARM_MOVW_ABS_NC | R_ARM_MOVT_ABS => unreachable!("not in Thumb code"),
                _ => None,
            };
            references.extend(target.map(u64::from).filter(|target| range.contains(target)).map(|target| (at, target)));
        }
    }
    let mut starts: BTreeSet<u64> = references.iter().map(|(_, target)| *target).collect();
    starts.insert(range.start);
    let piece_of = |address: u64| starts.range(..=address).next_back().copied().unwrap_or(range.start);
    let mut owners: BTreeMap<u64, Owner> = BTreeMap::new();
    // From code first, then from constant to constant, until nothing changes.
    loop {
        let mut changed = false;
        for (at, target) in &references {
            let from = if range.contains(at) { owners.get(&piece_of(*at)) } else { code.get(&(at & !1)) };
            let Some(from) = from.cloned() else { continue };
            let better = owners.get(target).is_none_or(|owner| from.kind < owner.kind);
            if better {
                owners.insert(*target, from);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let nobody = Owner { kind: Kind::Core, place: "without a source".into(), function: String::new() };
    let ends: Vec<u64> = starts.iter().copied().skip(1).chain([range.end]).collect();
    sum(starts.iter().zip(ends).map(|(start, end)| (owners.get(start).unwrap_or(&nobody).clone(), end - start)))
}

/// The 16 bits that a MOVW or MOVT carries, from its two half-words.
fn thumb_immediate(word: u32) -> u32 {
    let (first, second) = (word & 0xffff, word >> 16);
    (first & 0xf) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | (second & 0xff)
}
