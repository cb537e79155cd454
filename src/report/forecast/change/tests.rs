use super::*;
use crate::forecast::Estimate;

fn figures(dollars: f64, handed: f64, (assumed, partial): (bool, bool)) -> Figures {
    let money = Money { dollars: Estimate { value: dollars, interval: None }, assumed, partial };
    Figures {
        e2e: None,
        ttft: None,
        cost_per_thousand: money,
        month: Some(money),
        availability: None,
        first_availability: None,
        failed_calls: None,
        answered: Vec::new(),
        quality: None,
        handed,
        requests: 100,
    }
}

#[test]
fn nothing_is_said_to_be_saved_where_a_part_of_it_is_unknown() {
    let sure = (false, false);
    let told = |was: &Figures, is: &Figures| pays(was, is).unwrap();
    assert_eq!(told(&figures(8.0, 0.0, sure), &figures(6.0, 0.0, sure)), "−$2.00 a month (−25.0 %)");
    assert_eq!(told(&figures(8.0, 0.0, (true, false)), &figures(6.0, 0.0, sure)), "−~$2.00 a month (−25.0 %)");
    let handed = figures(0.14, 1.0, (false, true));
    assert_eq!(told(&figures(8.15, 0.0, sure), &handed), "change unknown: $8.15 → ≥ $0.14 a month");
    // Where as many are handed over, what they cost cancels.
    let partial = (false, true);
    assert_eq!(told(&figures(8.0, 0.1, partial), &figures(6.0, 0.1, partial)), "−$2.00 a month (−25.0 %)");
    assert_eq!(
        told(&figures(8.0, 0.1, partial), &figures(6.0, 0.2, partial)),
        "change unknown: ≥ $8.00 → ≥ $6.00 a month"
    );
}

#[test]
fn what_rounds_to_nothing_has_no_direction() {
    assert_eq!([percent(-0.0001), percent(0.0001), percent(-0.25)], ["±0.0 %", "±0.0 %", "−25.0 %"]);
}
