//! Colours by what they stand for, in a light and a dark form.

use std::fmt::Write;

use plotters::style::{Color, RGBColor, ShapeStyle};

/// Which colours a chart has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light, and dark where the reader's system asks for dark.
    #[default]
    Auto,
    /// Light everywhere.
    Light,
    /// Dark everywhere.
    Dark,
}

/// What a colour stands for. Everything is drawn in the light colours; the backend finds the role by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Behind everything.
    Paper,
    /// Behind a panel's marks.
    Panel,
    /// Text and what weighs as much.
    Ink,
    /// Text of less weight.
    Muted,
    /// Grid lines.
    Grid,
    /// A panel's border.
    Frame,
    /// Marks that meet their limit.
    Meets,
    /// Marks that miss their limit.
    Misses,
    /// Marks of which neither can be told.
    Untold,
    /// Behind the notice that replies were simulated.
    Notice,
    /// That notice's text.
    NoticeInk,
    /// The first of several lines whose colour tells them apart; see [`LINES`].
    First,
    /// The second of them.
    Second,
    /// The third.
    Third,
    /// The fourth.
    Fourth,
    /// The fifth.
    Fifth,
    /// The third of several regions in one plot; see [`REGIONS`].
    Green,
    /// The fourth.
    Pink,
    /// The fifth.
    Amber,
    /// The sixth.
    Sky,
}

/// Colours of lines that stand in one plot, unlike those of verdicts.
pub(crate) const LINES: [Role; 5] = [Role::First, Role::Second, Role::Third, Role::Fourth, Role::Fifth];

/// Colours of regions that stand in one plot, in the registry's order; the first two are those of verdicts, of which the
/// same plot shows none.
pub(crate) const REGIONS: [Role; 6] = [Role::Meets, Role::Misses, Role::Green, Role::Pink, Role::Amber, Role::Sky];

/// Each role with its class, its light and its dark colour. No light colour stands twice.
const PALETTE: [(Role, &str, u32, u32); 20] = [
    (Role::Paper, "paper", 0xff_ff_ff, 0x0d_11_17),
    (Role::Panel, "panel", 0xf9_fa_fb, 0x13_19_21),
    (Role::Ink, "ink", 0x1f_23_28, 0xe6_ed_f3),
    (Role::Muted, "muted", 0x59_63_6e, 0x91_98_a1),
    (Role::Grid, "grid", 0xe3_e8_ed, 0x24_2b_35),
    (Role::Frame, "frame", 0xc6_ce_d6, 0x3d_44_4d),
    (Role::Meets, "meets", 0x00_72_b2, 0x4a_a8_e4),
    (Role::Misses, "misses", 0xd5_5e_00, 0xff_8c_42),
    (Role::Untold, "untold", 0x7b_84_8e, 0x8b_95_a0),
    (Role::Notice, "notice", 0xff_f3_d1, 0x3a_2e_0c),
    (Role::NoticeInk, "notice-ink", 0x7a_4b_00, 0xf2_c5_55),
    (Role::First, "first", 0x00_7a_5e, 0x3f_c8_a0),
    (Role::Second, "second", 0xb0_4a_86, 0xe0_9a_c4),
    (Role::Third, "third", 0xa8_7b_00, 0xe6_c8_4c),
    (Role::Fourth, "fourth", 0x5b_50_b0, 0xa5_a0_f2),
    (Role::Fifth, "fifth", 0x6b_5b_4d, 0xc0_ad_9a),
    (Role::Green, "green", 0x00_9e_73, 0x3f_c8_a0),
    (Role::Pink, "pink", 0xcc_79_a7, 0xe5_a3_c8),
    (Role::Amber, "amber", 0xe6_9f_00, 0xf2_b9_3f),
    (Role::Sky, "sky", 0x56_b4_e9, 0x8f_cd_f2),
];

impl Role {
    /// The role whose light colour `rgb` is; ink where there is none.
    pub(crate) fn of(rgb: (u8, u8, u8)) -> Self {
        PALETTE.iter().find(|(_, _, light, _)| split(*light) == rgb).map_or(Self::Ink, |(role, ..)| *role)
    }

    /// The light colour, by which the backend knows the role.
    pub(crate) fn colour(self) -> RGBColor {
        let (red, green, blue) = split(self.row().2);
        RGBColor(red, green, blue)
    }

    /// A filled shape.
    pub(crate) fn fill(self) -> ShapeStyle {
        self.colour().filled()
    }

    /// An outline of `width` pixels.
    pub(crate) fn stroke(self, width: f64) -> ShapeStyle {
        self.colour().stroke_width((width * 10.0).round() as u32)
    }

    /// The name of the role in classes.
    pub(crate) fn class(self) -> &'static str {
        self.row().1
    }

    /// The colour as it is written, `#1f2328`.
    pub(crate) fn hex(self, theme: Theme) -> String {
        let (_, _, light, dark) = self.row();
        format!("#{:06x}", if theme == Theme::Dark { dark } else { light })
    }

    fn row(self) -> (Self, &'static str, u32, u32) {
        *PALETTE.iter().find(|(role, ..)| *role == self).expect("every role has a row in the palette")
    }
}

/// The style sheet that turns literal light colours dark where the reader's system asks for it, though never on paper;
/// empty otherwise.
pub(crate) fn style_sheet(theme: Theme, prefix: &str) -> String {
    if theme != Theme::Auto {
        return String::new();
    }
    let mut sheet = "<style>@media screen and (prefers-color-scheme: dark){".to_owned();
    for (role, class, ..) in PALETTE {
        let dark = role.hex(Theme::Dark);
        write!(sheet, ".{prefix}f-{class}{{fill:{dark}}}.{prefix}s-{class}{{stroke:{dark}}}")
            .expect("writing to a string cannot fail");
    }
    sheet + "}</style>\n"
}

const fn split(rgb: u32) -> (u8, u8, u8) {
    ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_again_by_its_light_colour() {
        for (role, ..) in PALETTE {
            let RGBColor(red, green, blue) = role.colour();
            assert_eq!(Role::of((red, green, blue)), role);
        }
    }

    #[test]
    fn only_the_automatic_theme_has_a_style_sheet_and_its_classes_carry_the_prefix() {
        assert_eq!(style_sheet(Theme::Light, "a-"), "");
        assert!(style_sheet(Theme::Auto, "a-").contains(".a-f-ink{fill:#e6edf3}.a-s-ink{stroke:#e6edf3}"));
        assert_eq!(Role::Ink.hex(Theme::Auto), "#1f2328");
        assert_eq!(Role::Ink.hex(Theme::Dark), "#e6edf3");
    }
}
