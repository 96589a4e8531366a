//! The files of the module's file system, in memory or in a folder of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

#[derive(Debug)]
pub(crate) enum Files {
    Memory(BTreeMap<String, Vec<u8>>),
    Folder(PathBuf),
}

impl Default for Files {
    fn default() -> Self {
        Self::Memory(BTreeMap::new())
    }
}

/// Whether a file can have this name: there is no directory but the root.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', '\0']) && !matches!(name, "." | "..")
}

impl Files {
    /// In alphabetic order.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Memory(files) => files.keys().cloned().collect(),
            Self::Folder(folder) => {
                let entries = fs::read_dir(folder).into_iter().flatten().flatten();
                let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
                // A name that no command can give is no file of the module.
                let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
                names.sort();
                names
            }
        }
    }

    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            Self::Memory(files) => files.get(name).cloned(),
            Self::Folder(folder) => fs::read(folder.join(name)).ok().filter(|_| is_name(name)),
        }
    }

    /// Gives whether that could be done.
    pub(crate) fn write(&mut self, name: &str, data: Vec<u8>) -> bool {
        match self {
            _ if !is_name(name) => false,
            Self::Memory(files) => {
                files.insert(name.to_owned(), data);
                true
            }
            Self::Folder(folder) => fs::write(folder.join(name), data).is_ok(),
        }
    }

    /// Gives whether it was there.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        match self {
            Self::Memory(files) => files.remove(name).is_some(),
            Self::Folder(folder) => is_name(name) && fs::remove_file(folder.join(name)).is_ok(),
        }
    }

    pub(crate) fn clear(&mut self) {
        for name in self.names() {
            self.remove(&name);
        }
    }

    /// Bytes of all files but this one.
    pub(crate) fn size_without(&self, name: &str) -> usize {
        let others = self.names().into_iter().filter(|other| other != name);
        others.filter_map(|other| Some(self.read(&other)?.len())).sum()
    }
}
