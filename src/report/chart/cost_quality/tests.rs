use roxmltree::Document;

use super::*;
use crate::report::chart::svg_text::{texts, titles};
use crate::report::sketch;

/// The demo with an evaluation of each model but one.
fn evaluated() -> Run {
    let mut run = sketch::demo(600);
    let qualities = [
        ("qwen3-8b", 0.62),
        ("glm-4-9b", 0.62),
        ("qwen2.5-7b", 0.55),
        ("deepseek-v4-flash", 0.81),
        ("qwen3-32b", 0.79),
        ("step-3.5-flash", 0.74),
        ("hunyuan-turbo", 0.80),
        ("glm-4-32b", 0.83),
        ("deepseek-v4-pro", 0.93),
    ];
    for note in &mut run.manifest.cells {
        note.quality = qualities.iter().find(|(model, _)| *model == note.model).map(|(_, quality)| *quality);
    }
    run
}

fn assert_laid_out_well(drawn: &Drawn) {
    for (index, mark) in drawn.marks.iter().enumerate() {
        assert!(drawn.frame.holds(&Rect::around(*mark, 5.0)), "{mark:?}");
        let near = |other: &&Point| (other.0 - mark.0).abs() < GAP && (other.1 - mark.1).abs() < GAP;
        assert_eq!(drawn.marks[..index].iter().find(near), None, "{mark:?} lies on another");
    }
    for (index, label) in drawn.labels.iter().enumerate() {
        assert!(drawn.frame.holds(label) && drawn.labels[..index].iter().all(|other| other.shared(label) <= 0.0));
    }
}

#[test]
fn without_an_evaluation_there_is_no_picture() {
    assert_eq!(cost_quality(&sketch::demo(600), &ChartOptions::default()), None);
}

/// The demo with 200 answers of each cell held against what was expected, but for those of one model.
fn measured() -> Run {
    let mut run = evaluated();
    for row in run.cells.iter_mut().filter(|row| row.model != "glm-4.6v") {
        let right = if row.model == "qwen3-8b" { 180 } else { 194 };
        (row.requests_checked, row.quality_ratio) = (Some(200), Some(f64::from(right) / 200.0));
    }
    run
}

#[test]
fn what_the_run_measured_stands_in_place_of_the_evaluation_with_its_interval() {
    let (svg, drawn) = draw(&measured(), &ChartOptions::default());
    assert_laid_out_well(&drawn);
    assert_eq!(drawn.marks.len(), 9);
    let known = "Nothing better for less, simulated: qwen3-8b $0.01 at 0.97 · ";
    assert!(!svg.contains(known), "a cheap one of equal price is better");
    assert!(svg.contains("Nothing better for less, simulated: glm-4-9b $0.01 at 0.97."), "{svg}");
    assert!(svg.contains("Quality is the share of right answers among 7,000 answers of 9 models."), "{svg}");
    let title = "qwen3-8b: quality 0.90 (0.88–0.92, n = 800); ";
    assert!(titles(&svg).iter().any(|text| text.starts_with(title)), "{:?}", titles(&svg));
    assert!(svg.contains("(autocomplete), n = 600 to 800 a model; bars are its 95 % interval"), "{svg}");
    assert!(titles(&svg).contains(&"glm-4.6v: published price, quality not measured".to_owned()));
    assert!(!svg.contains("registry"));
}

#[test]
fn models_that_were_asked_different_things_are_said_to_be() {
    let mut run = measured();
    let blind = run.cells.iter_mut().find(|row| row.model == "glm-4-32b").unwrap();
    blind.distinct_prompts = Some(1_000);
    let svg = cost_quality(&run, &ChartOptions::default()).unwrap();
    assert!(svg.contains("(autocomplete; not every model was asked all of it), n = "), "{svg}");
}

#[test]
fn each_model_has_a_mark_and_the_stairs_hold_what_nothing_beats() {
    let (svg, drawn) = draw(&evaluated(), &ChartOptions::default());
    assert_laid_out_well(&drawn);
    assert_eq!(drawn.marks.len(), 9);
    let known = "Nothing better for less, latency simulated: qwen3-8b $0.01 at 0.62 · step-3.5-flash $0.15 at 0.74 · \
                 deepseek-v4-flash $0.25 at 0.81 · glm-4-32b $0.56 at 0.83 · deepseek-v4-pro $0.78 at 0.93.";
    assert!(svg.contains(known), "{svg}");
    assert!(titles(&svg).contains(&"deepseek-v4-flash: quality 0.81; 0 of 3 cells with a limit meet it".to_owned()));
    for name in ["qwen3-8b", "glm-4-9b", "deepseek-v4-pro"] {
        assert!(texts(&svg).iter().any(|text| text == name), "{name}");
    }
}

#[test]
fn a_published_price_without_an_evaluation_is_shaded_and_called_so() {
    let svg = cost_quality(&evaluated(), &ChartOptions::default()).unwrap();
    assert!(texts(&svg).iter().any(|text| text == "glm-4.6v: price alone"));
    assert!(svg.contains("Shaded are published prices without an evaluation: glm-4.6v."));
    assert!(titles(&svg).contains(&"glm-4.6v: published price, quality not known".to_owned()));
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_order_of_its_rows() {
    let mut run = evaluated();
    let before = cost_quality(&run, &ChartOptions::default());
    run.cells.reverse();
    assert_eq!(cost_quality(&run, &ChartOptions::default()), before);
}

#[test]
fn what_is_free_or_without_a_price_or_hostile_does_no_harm() {
    let mut run = evaluated();
    for row in run.cells.iter_mut().filter(|row| row.model == "qwen3-8b") {
        row.list_output_usd_per_mtok = Some("0".parse().unwrap());
    }
    for row in run.cells.iter_mut().filter(|row| row.model == "glm-4-9b") {
        row.list_output_usd_per_mtok = None;
    }
    run.manifest.cells.iter_mut().for_each(|note| note.label = format!("<b>{}</b>\u{0}", note.label));
    let (svg, drawn) = draw(&run, &ChartOptions::default());
    assert_laid_out_well(&drawn);
    assert_eq!(drawn.marks.len(), 8);
    assert!(texts(&svg).iter().any(|text| text == "$0"));
    assert!(Document::parse(&svg).unwrap().descendants().all(|node| !node.has_tag_name("b")));
}

#[test]
fn names_stay_apart_at_184_models() {
    let mut run = sketch::many(368);
    for (index, note) in run.manifest.cells.iter_mut().enumerate() {
        note.quality = Some(0.4 + f64::from((index as u32 / 4) * 29 % 55) / 100.0);
    }
    assert_laid_out_well(&draw(&run, &ChartOptions::default()).1);
}

#[test]
fn what_is_invalid_is_recommended_to_nobody() {
    let mut run = measured();
    run.cells.iter_mut().filter(|row| row.model == "glm-4-9b").for_each(|row| row.valid = Some(false));
    let svg = cost_quality(&run, &ChartOptions::default()).unwrap();
    assert!(svg.contains("Nothing better for less, simulated: qwen2.5-7b $0.01 at 0.97."), "{svg}");
    assert!(svg.contains("1 model is invalid and left out of that."), "{svg}");
    run.cells.iter_mut().for_each(|row| row.valid = Some(false));
    let svg = cost_quality(&run, &ChartOptions::default()).unwrap();
    assert!(svg.contains("No model can be judged, simulated: every cell of 9 models is invalid."), "{svg}");
    assert!(!texts(&svg).iter().any(|text| text == "nothing better for less"), "no stairs are drawn");
}
