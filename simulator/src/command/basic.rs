//! Basic commands: the module itself, its UART, its memory.

use super::{Entry, Reply, command};
use crate::engine::Job;
use crate::fault::Fault;
use crate::profile::UartRules;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::settings::UartConfig;
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("").execute(|_, _| Ok(Reply::Ok)),
    command("E0").execute(|module, _| {
        module.echo = false;
        Ok(Reply::Ok)
    }),
    command("E1").execute(|module, _| {
        module.echo = true;
        Ok(Reply::Ok)
    }),
    command("+RST").execute(|module, _| {
        let ignored = module.fault(Fault::RestartIgnored);
        if ignored { Ok(Reply::Ok) } else { Ok(module.after_ok(Job::Restart)) }
    }),
    command("+GMR").execute(version),
    command("+CMD").query(commands),
    command("+GSLP").set(deep_sleep),
    command("+RESTORE").execute(|module, _| {
        module.restore_flash();
        Ok(module.after_ok(Job::Restart))
    }),
    command("+UART_CUR").query(uart_query).set(uart_cur),
    command("+UART_DEF").query(uart_def_query).set(uart_def),
    command("+SLEEP")
        .query(|module, call| {
            let sleep = module.sleep;
            module.tell(call, sleep)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.sleep = call.int(0, 0, module.profile.limits.sleep_modes)?;
            module.finish_ok();
            module.sleep_tells_host(module.sleep);
            Ok(Reply::Pending)
        }),
    command("+SYSRAM").query(|module, call| module.tell(call, module.profile.wording.memory)),
    command("+SYSMSG")
        .query(|module, call| {
            let bits = module.settings_of(call).message_bits;
            module.tell(call, bits)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let bits = call.int(0, 0, module.profile.limits.message_bits)?;
            module.keep(call, |settings| settings.message_bits = bits);
            Ok(Reply::Ok)
        }),
    command("+SYSSTORE")
        .query(|module, call| {
            let store = u8::from(module.store);
            module.tell(call, store)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.store = call.flag(0)?;
            Ok(Reply::Ok)
        }),
    command("+SYSLOG")
        .query(|module, call| {
            let log = u8::from(module.syslog);
            module.tell(call, log)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.syslog = call.flag(0)?;
            Ok(Reply::Ok)
        }),
];

pub(crate) fn version(module: &mut Simulator, call: &Call) -> Answer {
    let lines = module.variant.version.join("\r\n") + module.line_end(call);
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn commands(module: &mut Simulator, _: &Call) -> Answer {
    let mut text = String::new();
    for (index, forms) in module.command_list().iter().enumerate() {
        let [test, query, set, execute] = [forms.test, forms.query, forms.set, forms.execute].map(u8::from);
        text += &format!("+CMD:{index},\"{}\",{test},{query},{set},{execute}\r\n", forms.name);
    }
    module.emit(&Point::Information, text.as_bytes());
    Ok(Reply::Ok)
}

fn deep_sleep(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let millis = call.int(0, 0, i64::from(i32::MAX))?;
    module.info(&millis.to_string());
    let time = Duration::from_millis(millis.unsigned_abs());
    Ok(module.after_ok(Job::Sleep(time)))
}

fn uart_text(uart: UartConfig) -> String {
    let UartConfig { baud, data, stop, parity, flow } = uart;
    format!("{baud},{data},{stop},{parity},{flow}")
}

fn uart_query(module: &mut Simulator, call: &Call) -> Answer {
    let text = uart_text(module.settings.uart);
    module.tell(call, text)
}

fn uart_def_query(module: &mut Simulator, call: &Call) -> Answer {
    let text = uart_text(module.flash.uart);
    module.tell(call, text)
}

fn parse_uart(rules: &UartRules, call: &Call) -> Result<UartConfig, Code> {
    call.count(5, 5)?;
    let baud = u32::try_from(call.int(0, 1, i64::from(u32::MAX))?).map_err(|_| Code::Invalid)?;
    if !(rules.baud)(baud) {
        return Err(Code::Invalid);
    }
    let small = |index, least, most| -> Result<u8, Code> {
        let value = call.int(index, least, most)?;
        u8::try_from(value).map_err(|_| Code::Invalid)
    };
    Ok(UartConfig {
        baud,
        data: small(1, 5, 8)?,
        stop: small(2, 1, i64::try_from(rules.stop_bits.len()).unwrap_or(3))?,
        parity: small(3, 0, 2)?,
        flow: small(4, 0, rules.flow_controls)?,
    })
}

fn uart_cur(module: &mut Simulator, call: &Call) -> Answer {
    let uart = parse_uart(&module.profile.uart, call)?;
    Ok(module.after_ok(Job::Baud(uart)))
}

fn uart_def(module: &mut Simulator, call: &Call) -> Answer {
    let uart = parse_uart(&module.profile.uart, call)?;
    module.flash.uart = uart;
    Ok(module.after_ok(Job::Baud(uart)))
}
