//! filesystem: every example and every answer of the manuals.

use wifi_at::command::filesystem::{
    DeleteFile, FileSize, FileSystemState, ListFiles, MountFileSystem, QueryFileSize, ReadFile, WriteFile,
};
use wifi_at::command::{Command, End};
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    cases.wire::<EspAt, _>(DeleteFile { name: "filename" });
    let write = WriteFile { name: "filename", offset: 100, length: 10 };
    cases.wire::<EspAt, _>(write);
    assert_eq!((write.data_length(), WriteFile::END), (Some(10), End::OkAfterData));
    cases.wire::<EspAt, _>(ReadFile { name: "filename", offset: 0, length: 100 });
    cases.wire::<EspAt, _>(QueryFileSize { name: "filename" });
    cases.wire::<EspAt, _>(ListFiles { directory: "." });
    cases.wire::<EspAt, _>(MountFileSystem { state: FileSystemState::Unmounted });
    cases.wire::<EspAt, _>(MountFileSystem { state: FileSystemState::Mounted });

    for line in ["+FS:READ,5,a,bcd", "+FS:READ,7,a,bcd  ", "+FS:5,a,bcd", "+FS:a,bcd"] {
        let content = cases.answer::<EspAt, ReadFile<'_>>(&[line]).unwrap().unwrap();
        assert_eq!(content.bytes, b"a,bcd", "{line}");
    }
    assert_eq!(cases.answer::<EspAt, ReadFile<'_>>(&[]), Ok(None));
    for line in ["+FS:SIZE,1024", "+FS:1024"] {
        let size = cases.answer::<EspAt, QueryFileSize<'_>>(&[line]);
        assert_eq!(size, Ok(Some(FileSize { size: 1024 })), "{line}");
    }
    let files = cases.answer::<EspAt, ListFiles<'_>>(&["+FS:LIST,a.txt", "+FS:b.txt"]).unwrap();
    assert_eq!(files.records.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.txt", "b.txt"]);
}
