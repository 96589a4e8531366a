//! User partitions, manufacturing data and files of ESP-AT, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, ms, quick};
use wifi_at_simulator::{CertificateStore, Dialect, Latency};

/// A write that has its prompt alone, with what comes behind the data.
fn write(bench: &mut Bench, line: &str, data: &[u8]) -> String {
    assert_eq!(bench.ask(line), "\r\n>");
    bench.send(data);
    bench.run(ms(100))
}

fn restore(bench: &mut Bench) {
    assert!(bench.ask("AT+RESTORE").ends_with("\r\nready\r\n"));
    bench.ask("ATE0");
}

#[test]
fn partitions() {
    let mut bench = Bench::booted(quick());
    assert_eq!(
        bench.ask("AT+SYSFLASH?"),
        "+SYSFLASH:\"mfg_nvs\",1,2,0x21000,0x1c000\r\n+SYSFLASH:\"fatfs\",1,129,0x47000,0x70000\r\n\r\nOK\r\n"
    );
    bench.ok("AT+SYSFLASH=0,\"fatfs\"");
    assert_eq!(write(&mut bench, "AT+SYSFLASH=1,\"fatfs\",0x10,6", b"\r\nOK\r\n"), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+SYSFLASH=2,\"fatfs\",16,6"), "+SYSFLASH:6,\r\nOK\r\n\r\nOK\r\n");
    // What is not erased loses bits only.
    assert_eq!(write(&mut bench, "AT+SYSFLASH=1,\"fatfs\",16,2", b"AB"), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+SYSFLASH=2,\"fatfs\",16,2"), "+SYSFLASH:2,\x01\x02\r\nOK\r\n");
    restore(&mut bench);
    assert_eq!(bench.ask("AT+SYSFLASH=2,\"fatfs\",16,2"), "+SYSFLASH:2,\x01\x02\r\nOK\r\n");
    bench.ok("AT+SYSFLASH=0,\"fatfs\",0,4096");
    bench.send(b"AT+SYSFLASH=2,\"fatfs\",16,2\r\n");
    assert_eq!(bench.run_bytes(ms(10)), b"+SYSFLASH:2,\xff\xff\r\nOK\r\n");
    for wrong in
        ["0", "0,\"what\"", "0,\"fatfs\",1,4096", "0,\"fatfs\",0,100", "0,\"fatfs\",0", "1,\"fatfs\"", "3,\"fatfs\""]
    {
        bench.error(&format!("AT+SYSFLASH={wrong}"));
    }
    for wrong in ["1,\"fatfs\",0,0", "2,\"mfg_nvs\",0,0x1c001", "2,\"mfg_nvs\",0x1c000,1", "2,fatfs,0,1"] {
        bench.error(&format!("AT+SYSFLASH={wrong}"));
    }
}

#[test]
fn manufacturing_data() {
    let certificates = CertificateStore::new().with("client_cert", 0, "first").with("server_key", 0, "secret");
    let mut bench = Bench::booted(builder().latency(Latency::none()).certificates(certificates));
    let all = "+SYSMFG:\"client_cert\"\r\n+SYSMFG:\"server_key\"\r\n\r\nOK\r\n";
    assert_eq!(bench.ask("AT+SYSMFG?"), all);
    assert_eq!(bench.ask("AT+SYSMFG=1"), all);
    assert_eq!(write(&mut bench, "AT+SYSMFG=2,\"client_cert\",\"client_cert.1\",7,8", b"se\r\ncond"), "\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+SYSMFG=1,\"client_cert\""),
        "+SYSMFG:\"client_cert\",\"client_cert.0\",8\r\n+SYSMFG:\"client_cert\",\"client_cert.1\",7\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.module.certificates_mut().get("client_cert", 1), Some(b"se\r\ncond".as_slice()));
    assert_eq!(
        bench.ask("AT+SYSMFG=1,\"client_cert\",\"client_cert.1\""),
        "+SYSMFG:\"client_cert\",\"client_cert.1\",7,8,se\r\ncond\r\nOK\r\n"
    );
    assert_eq!(
        bench.ask("AT+SYSMFG=1,\"client_cert\",\"client_cert.1\",4,100"),
        "+SYSMFG:\"client_cert\",\"client_cert.1\",7,4,cond\r\nOK\r\n"
    );
    // Numbers, with their ranges.
    for (kind, least, most, length) in [
        (1, 0, 255, 1),
        (2, -128, 127, 1),
        (3, 0, 65535, 2),
        (4, -32768, 32767, 2),
        (5, 0, 4_294_967_295_i64, 4),
        (6, -2_147_483_648, 2_147_483_647, 4),
    ] {
        for value in [least, most] {
            bench.ok(&format!("AT+SYSMFG=2,\"factory_param\",\"one\",{kind},{value}"));
            let wanted = format!("+SYSMFG:\"factory_param\",\"one\",{kind},{length},{value}\r\nOK\r\n");
            assert_eq!(bench.ask("AT+SYSMFG=1,\"factory_param\",\"one\""), wanted);
        }
        bench.error(&format!("AT+SYSMFG=2,\"factory_param\",\"one\",{kind},{}", most + 1));
        bench.error(&format!("AT+SYSMFG=2,\"factory_param\",\"one\",{kind},{}", least - 1));
    }
    bench.error("AT+SYSMFG=1,\"factory_param\",\"one\",0,1");
    restore(&mut bench);
    assert_eq!(
        bench.ask("AT+SYSMFG?"),
        "+SYSMFG:\"client_cert\"\r\n+SYSMFG:\"factory_param\"\r\n+SYSMFG:\"server_key\"\r\n\r\nOK\r\n"
    );
    bench.ok("AT+SYSMFG=0,\"client_cert\",\"client_cert.0\"");
    bench.error("AT+SYSMFG=0,\"client_cert\",\"client_cert.0\"");
    assert_eq!(bench.module.certificates_mut().get("client_cert", 0), None);
    bench.ok("AT+SYSMFG=0,\"client_cert\"");
    bench.error("AT+SYSMFG=1,\"client_cert\"");
    for wrong in ["", "3", "0", "0,\"what\"", "1,\"server_key\",\"no\"", "2,\"a\",\"b\",9,1", "2,\"a\",\"b\",7,0"] {
        bench.error(&format!("AT+SYSMFG={wrong}"));
    }
    for wrong in ["2,\"a\",\"b\",7,4001", "2,\"a\",\"1234567890123456\",1,1", "1,\"server_key\",\"server_key.0\",7,1"] {
        bench.error(&format!("AT+SYSMFG={wrong}"));
    }
    // Without its partition nothing is left.
    bench.ok("AT+SYSFLASH=0,\"mfg_nvs\"");
    bench.ok("AT+SYSMFG?");
    assert_eq!(bench.module.certificates_mut().get("server_key", 0), None);
}

#[test]
fn files() {
    let mut bench = Bench::booted(quick());
    assert_eq!(bench.ask("AT+FS=0,4,\".\""), "+FS:LIST\r\n\r\nOK\r\n");
    for missing in ["0,0,\"a\"", "0,2,\"a\",0,1", "0,3,\"a\"", "0,4,\"a\""] {
        bench.error(&format!("AT+FS={missing}"));
    }
    assert_eq!(bench.ask("AT+FS=0,1,\"b,c\",0,5"), "\r\nOK\r\n\r\n>");
    bench.send(b"h\r\n\0o");
    assert_eq!(bench.run(ms(100)), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+FS=0,1,\"a\",2,3"), "\r\nOK\r\n\r\n>");
    bench.send(b"abc");
    bench.run(ms(100));
    assert_eq!(bench.ask("AT+FS=0,3,\"a\""), "+FS:SIZE,5\r\n\r\nOK\r\n");
    bench.ok("AT+FSMOUNT=0");
    restore(&mut bench);
    assert_eq!(bench.ask("AT+FS=0,4,\".\""), "+FS:LIST\r\na\r\nb,c\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+FS=0,2,\"b,c\",1,100"), "+FS:READ,4,\r\n\0o\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+FS=0,2,\"a\",0,3"), "+FS:READ,3,\0\0a\r\n\r\nOK\r\n");
    bench.ok("AT+FS=0,0,\"a\"");
    bench.error("AT+FS=0,3,\"a\"");
    for wrong in ["1,0,\"b,c\"", "0,5,\"b,c\"", "0,1,\"x\"", "0,1,\"x\",0,0", "0,1,\"x/y\",0,1", "0,1,\"x\",0,458753"] {
        bench.error(&format!("AT+FS={wrong}"));
    }
    bench.error("AT+FS=0,2,\"b,c\",6,1");
    bench.ok("AT+FSMOUNT=1");
    bench.error("AT+FSMOUNT=2");
    // An erased partition has no files; a firmware without file commands has no names for them.
    bench.ok("AT+SYSFLASH=0,\"fatfs\"");
    assert_eq!(bench.ask("AT+FS=0,4,\".\""), "+FS:LIST\r\n\r\nOK\r\n");
    let mut bench = Bench::booted(quick().with_variant(|variant| variant.file_system = false));
    bench.error("AT+FS=0,4,\".\"");
    bench.error("AT+FSMOUNT=0");
    for dialect in Dialect::ALL.iter().filter(|dialect| **dialect != Dialect::EspAt) {
        assert!(dialect.commands().iter().all(|command| !command.name.starts_with("AT+FS")), "{}", dialect.name());
    }
}

#[test]
fn files_in_a_folder() {
    let folder = std::env::temp_dir().join(format!("wifi-at-files-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("a folder")).unwrap();
    std::fs::write(folder.join("config"), b"from outside").unwrap();
    let mut bench = Bench::booted(quick().files(&folder));
    assert_eq!(bench.ask("AT+FS=0,4,\".\""), "+FS:LIST\r\nconfig\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+FS=0,2,\"config\",5,100"), "+FS:READ,7,outside\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+FS=0,1,\"log\",0,5"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"in\r\n\0"), "\r\nOK\r\n");
    assert_eq!(std::fs::read(folder.join("log")).unwrap(), b"in\r\n\0");
    bench.ok("AT+FS=0,0,\"config\"");
    assert!(!folder.join("config").exists());
    // Nothing outside of it, and no folder, is a file.
    for name in ["..", "../log", "a folder"] {
        bench.error(&format!("AT+FS=0,2,\"{name}\",0,1"));
        bench.error(&format!("AT+FS=0,0,\"{name}\""));
    }
    assert_eq!(bench.ask("AT+FS=0,1,\"a folder\",0,1"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"x"), "\r\nERROR\r\n");
    std::fs::remove_dir_all(folder).unwrap();
}
