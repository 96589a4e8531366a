//! The figures that must not be passed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How far a figure may be above its budget, in percent.
pub const TOLERANCE: u64 = 2;
/// The same for a budget that was made with another compiler, whose figures differ by themselves.
pub const OTHER_COMPILER: u64 = 10;
/// A stack may be deeper by the frame of an interrupt that came at the deepest point, of which chance decides.
const INTERRUPT_FRAME: u64 = 104;

/// Figures by name, in bytes.
pub type Figures = BTreeMap<String, u64>;

const HEAD: &str = "\
# Bytes. `run --check` fails when a figure is more than 2 % above the one here; `run --update` writes this file anew.
";
const COMPILER: &str = "compiler: ";

/// What a budget file says: with which compiler it was made, and the figures.
pub fn parse(text: &str) -> Result<(&str, Figures), String> {
    let (compiler, text) = text
        .split_once(COMPILER)
        .and_then(|(_, rest)| rest.split_once('\n'))
        .ok_or("the budget does not say with which compiler it was made")?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let figure = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.trim().to_owned(), value.parse().ok()?))
    };
    let figures: Result<_, String> = lines.map(|line| figure(line).ok_or(format!("not a figure: {line}"))).collect();
    Ok((compiler, figures?))
}

/// The file that holds these figures.
pub fn format(compiler: &str, figures: &Figures) -> String {
    let mut text = format!("{HEAD}{COMPILER}{compiler}\n");
    for (name, value) in figures {
        let _ = writeln!(text, "{name:<44} {value:>6}");
    }
    text
}

fn limit(name: &str, budget: u64, percent: u64) -> u64 {
    let tolerance = budget * percent / 100;
    budget + if name.contains(" stack ") { tolerance.max(INTERRUPT_FRAME) } else { tolerance }
}

/// What is wrong with the figures, a line each; and how many are so far below their budget that it could be lowered.
pub fn compare(budget: &Figures, figures: &Figures, tolerance: u64) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut below = 0;
    for (name, &value) in figures {
        match budget.get(name) {
            None => wrong.push(format!("{name}: {value}, and there is no budget for it")),
            Some(&budget) if value > limit(name, budget, tolerance) => {
                let percent = (value - budget) as f64 / budget.max(1) as f64 * 100.0;
                wrong.push(format!("{name}: {value}, and the budget is {budget} (+{percent:.1} %)"));
            }
            Some(&budget) => below += usize::from(limit(name, value, tolerance) < budget),
        }
    }
    let gone = budget.keys().filter(|name| !figures.contains_key(*name));
    wrong.extend(gone.map(|name| format!("{name}: not measured any more")));
    (wrong, below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(items: &[(&str, u64)]) -> Figures {
        items.iter().map(|&(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let all = figures(&[("v6m client flash", 10_000), ("v6m stack client", 2000)]);
        assert_eq!(parse(&format("rustc 1.95", &all)), Ok(("rustc 1.95", all)));
        assert!(parse("compiler: rustc\nflash many").is_err());
        assert!(parse("flash 1").is_err());
    }

    #[test]
    fn two_percent_more_are_too_much_and_less_is_not() {
        let budget = figures(&[("flash", 10_000)]);
        assert_eq!(compare(&budget, &figures(&[("flash", 10_200)]), TOLERANCE), (vec![], 0));
        assert_eq!(compare(&budget, &figures(&[("flash", 9000)]), TOLERANCE), (vec![], 1));
        let (wrong, _) = compare(&budget, &figures(&[("flash", 10_201)]), TOLERANCE);
        assert_eq!(wrong, ["flash: 10201, and the budget is 10000 (+2.0 %)"]);
    }

    #[test]
    fn an_interrupt_may_come_at_the_deepest_point() {
        let budget = figures(&[("v6m stack client", 1000)]);
        assert_eq!(compare(&budget, &figures(&[("v6m stack client", 1104)]), TOLERANCE), (vec![], 0));
        assert_eq!(compare(&budget, &figures(&[("v6m stack client", 1105)]), TOLERANCE).0.len(), 1);
    }

    #[test]
    fn figures_and_budgets_must_be_the_same() {
        let (wrong, _) = compare(&figures(&[("old", 1)]), &figures(&[("new", 1)]), TOLERANCE);
        assert_eq!(wrong, ["new: 1, and there is no budget for it", "old: not measured any more"]);
    }
}
