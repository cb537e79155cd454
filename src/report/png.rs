//! A chart as PNG, for tools that refuse SVG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// Twice as many pixels as the chart has units, so that letters stay sharp on dense screens.
const SHARP: f32 = 2.0;

/// Pixels above which a chart is drawn at its own size: such a picture is looked at in parts anyway.
const MOST_SHARP_PIXELS: f32 = 40e6;

/// Draws the SVG documents `charts`, which this program drew, each as a PNG file's bytes.
///
/// The letters are those of Noto Sans, which is part of the program, so that the same chart gives the same bytes on every
/// machine; a letter that it lacks is an empty box.
pub fn pngs<'a>(charts: impl IntoIterator<Item = &'a str>) -> Vec<Vec<u8>> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
    fonts.load_font_data(notosans::BOLD_TTF.to_vec());
    fonts.set_sans_serif_family("Noto Sans");
    let options = Options { fontdb: Arc::new(fonts), font_family: "Noto Sans".to_owned(), ..Options::default() };
    charts.into_iter().map(|svg| png(svg, &options)).collect()
}

fn png(svg: &str, options: &Options<'_>) -> Vec<u8> {
    let tree = Tree::from_str(svg, options).expect("this program's charts are SVG");
    let size = tree.size();
    let scale = if size.width() * size.height() * SHARP * SHARP > MOST_SHARP_PIXELS { 1.0 } else { SHARP };
    let (wide, high) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
    let mut pixels = Pixmap::new(wide, high).expect("a chart has a size");
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{ChartOptions, Theme, cost_latency, ranking};
    use crate::report::sketch;

    fn drawn(svg: &str) -> Pixmap {
        Pixmap::decode_png(&pngs([svg])[0]).unwrap()
    }

    fn dark(pixels: &Pixmap) -> usize {
        pixels.pixels().iter().filter(|pixel| pixel.red() < 90 && pixel.green() < 90 && pixel.blue() < 90).count()
    }

    #[test]
    fn letters_need_no_font_of_the_machine() {
        let svg = |text: &str| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"20\" \
                 font-family=\"Helvetica, sans-serif\"><rect width=\"200\" height=\"20\" fill=\"#fff\"/>\
                 <text x=\"2\" y=\"14\" font-size=\"12\">{text}</text></svg>"
            )
        };
        let [some, none] = [drawn(&svg("p99 ≤ 410 ms · 95 %")), drawn(&svg(""))];
        assert_eq!((some.width(), some.height()), (400, 40));
        assert_eq!(dark(&none), 0);
        assert!(dark(&some) > 300, "{}", dark(&some));
        // The signs that charts use are letters of the font and no empty boxes, which all look alike.
        let signs: Vec<Vec<u8>> =
            "≤≥–…·−→".chars().map(|sign| drawn(&svg(&sign.to_string())).data().to_vec()).collect();
        for (index, sign) in signs.iter().enumerate() {
            assert!(!signs[..index].contains(sign), "sign {index} is missing from the font");
        }
    }

    #[test]
    fn the_same_chart_gives_the_same_bytes_and_a_theme_its_colours() {
        let run = sketch::demo(600);
        let look = |theme| ChartOptions { theme, ..ChartOptions::default() };
        let light = cost_latency(&run, &look(Theme::Light));
        assert_eq!(pngs([light.as_str()]), pngs([light.as_str()]));
        let of = |theme| drawn(&cost_latency(&run, &look(theme)));
        assert_eq!(of(Theme::Dark).pixels()[0].red(), 0x0d);
        // Nobody asks a file which colours its reader likes.
        assert_eq!(of(Theme::Auto).pixels()[0].red(), 0xff);
    }

    #[test]
    fn a_picture_of_736_rows_is_drawn_at_its_own_size() {
        let pixels = drawn(&ranking(&sketch::many(368), &ChartOptions::default()));
        assert_eq!(pixels.width(), 1200);
    }
}
