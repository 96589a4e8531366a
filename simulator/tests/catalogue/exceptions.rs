//! Examples that no firmware can give as they are printed: what comes instead, and why.

/// Firmware, line of the example, what the module answers, reason.
pub(crate) const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[
    ("esp-at", "AT+CIPRECVLEN?", "+CIPRECVLEN:100,-1,-1,-1,-1\r\nOK\r\n", SIX_LENGTHS),
    ("esp8266-nonos", "AT+CIPRECVLEN?", "+CIPRECVLEN:100,0,0,0,0\r\nOK\r\n", SIX_LENGTHS),
    ("esp8266-idf", "AT+CIPRECVLEN?", "+CIPRECVLEN:100,,,,\r\nOK\r\n", SIX_LENGTHS),
    (
        "esp-at",
        "AT+BTENCDEV?",
        "+BTENCDEV:0,\"e0:24:81:47:90:bc\"\r\n\r\nOK\r\n",
        "the guide shows a line of another command",
    ),
    ("esp-at", "AT+DRVSPIRD=2", "+DRVSPIRD:ffff\r\n\r\nOK\r\n", "the guide has copied the name of an I2C command"),
    (
        "esp-at",
        "AT+DRVSPIRD=2,0x03,1,0x001000,3",
        "+DRVSPIRD:ffff\r\n\r\nOK\r\n",
        "the guide has copied the name of an I2C command",
    ),
    (
        "esp-at",
        "AT+FS=0,2,\"filename\",0,100",
        "+FS:READ,10,0123456789\r\n\r\nOK\r\n",
        "the guide shows no lines of files that are read",
    ),
    ("esp-at", "AT+FS=0,4,\".\"", "+FS:LIST\r\n\r\nOK\r\n", "the guide shows no lines of a directory"),
    (
        "esp-at",
        "AT+USERRAM=2,500",
        "\r\nOK\r\n\r\n>\r\nWRITE OK\r\n",
        "the guide does not show what ends it; the firmware's source does",
    ),
    (
        "wizfi360",
        "AT+CWLIF",
        "192.168.4.2,18:cf:5e:c5:ce:76\r\n\r\nOK\r\n",
        "the firmware has no quotation marks there",
    ),
    (
        "wizfi360",
        "AT+CWHOSTNAME?",
        "+CWHOSTNAME:WizFi360_FF6179\r\n\r\nOK\r\n",
        "the firmware has no quotation marks there",
    ),
    (
        "wizfi360",
        "AT+CIUPDATE",
        "+CIPUPDATE:1\r\n+CIPUPDATE:2\r\n+CIPUPDATE:3\r\n+CIPUPDATE:4\r\n\r\nOK\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n",
        "the firmware has a P more than the manual",
    ),
    ("wizfi360", "AT+CIPSENDBUF=1024", "1,0\r\n\r\nOK\r\n> 1,SEND OK\r\n", ONE_SEGMENT),
    ("wizfi360", "AT+CIPSENDBUF=0,1024", "1,0\r\n\r\nOK\r\n> 0,1,SEND OK\r\n", ONE_SEGMENT),
    ("wizfi360", "AT+CIPBUFSTATUS", "1,0,0,21900,8\r\n\r\nOK\r\n", FULL_QUEUE),
    ("esp8266-nonos", "AT+CIPBUFSTATUS", "1,0,0,5840,8\r\n\r\nOK\r\n", FULL_QUEUE),
    (
        "esp8266-nonos",
        "AT+CIPRECVDATA=0,100",
        "+CIPRECVDATA,100:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nOK\r\n",
        "released firmware has comma and colon the other way round",
    ),
    ("esp8266-idf", "AT+MQTTPUB=0,\"topic\",1", "\r\nERROR\r\n", "damage of the text: three of five parameters"),
    (
        "esp32-v1",
        "AT+CIFSR",
        "+CIFSR:STAIP,\"192.168.3.106\"\r\n+CIFSR:STAMAC,\"00:0a:0b:01:02:03\"\r\n\r\nOK\r\n",
        BARE,
    ),
    (
        "esp32-v1",
        "AT+CIFSR",
        "+CIFSR:STAIP,\"192.168.101.104\"\r\n+CIFSR:STAMAC,\"00:0a:0b:01:02:03\"\r\n\r\nOK\r\n",
        BARE,
    ),
    (
        "esp32-v1",
        "AT+CIFSR",
        "+CIFSR:STAIP,\"192.168.101.105\"\r\n+CIFSR:STAMAC,\"00:0a:0b:01:02:03\"\r\n\r\nOK\r\n",
        BARE,
    ),
];

const SIX_LENGTHS: &str = "five commas for five links";
const ONE_SEGMENT: &str = "one number, where the syntax of the same command has two";
const FULL_QUEUE: &str = "a queue of 8 with 7 free places and 4 segments in it";
const BARE: &str = "the session shows the address only, another one of the same manual its line";

/// Examples that the test of the worked sessions replays with their neighbours.
pub(crate) const IN_SESSIONS: [&str; 2] = ["AT+BLESCAN=1,3", "AT+BTSTARTDISC=0,10,10"];

/// Forms without example whose answer is not as the manual has it, and why.
pub(crate) const OTHER_FORMS: &[(&str, &str, &str)] = &[
    ("esp32-v1", "AT+CIPSTA?", ADDRESSES),
    ("esp32-v1", "AT+CIPAP?", ADDRESSES),
    ("esp8266-idf", "AT+CIPSTA?", ADDRESSES),
    ("esp8266-idf", "AT+CIPAP?", ADDRESSES),
    ("esp8266-idf", "AT+CIFSR", "the manual shows the addresses, not the names in front of them"),
    ("esp8266-idf", "AT+CIPDNS?", "the manual puts all three servers into one bracket; here is one"),
];

const ADDRESSES: &str = "the manual shows the values, not that each has a name and a line of its own";

/// Commands that stand in a manual and in no firmware.
pub(crate) const NOT_THERE: [(&str, &str, &str); 3] = [
    ("esp8266-nonos", "AT+TEST", "a placeholder of the manual for those who build firmware"),
    ("esp8266-idf", "AT+SYSLSPCFG", "a name in a list, without section; only the ESP32 had it"),
    ("esp8266-idf", "AT+SYSLSP", "a name in a list, without section; only the ESP32 had it"),
];
