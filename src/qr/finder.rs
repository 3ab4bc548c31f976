//! Finds the codes in a picture with rxing's port of zxing-cpp. The work is bounded, as somebody
//! may have drawn the picture to make the search last for hours.

use rxing::common::cpp_essentials::{
    ConcentricPattern, FixedPattern, GetPatternRowTP, IsPattern, LocateConcentricPattern,
    PatternRow, PatternView,
};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FinderPatternSet, GenerateFinderPatternSets, SampleQR};
use rxing::{BinaryBitmap, Luma8Source, Point, point};

use super::grey::Grey;

/// The greatest number of corners that are looked for in a picture: those of three hundred codes. A
/// photograph of a desk and a screen has a few false ones. A photograph of a desk and a screen has
/// a few that are none.
const MAX_CORNERS: usize = 1000;

/// The greatest number of modules that are read from one picture, in all attempts together. It
/// allows fifteen hundred tries at codes of the largest size that is drawn. A photograph of one or
/// of six codes takes a dozen.
const MAX_MODULES: f32 = 20_000_000.0;

/// The work that is left for one picture. It counts work and not time, so that a picture is read on
/// every machine or on none.
pub(super) struct Budget {
    modules: f32,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Budget {
            modules: MAX_MODULES,
        }
    }

    /// Tells whether there is enough left to look for a code between these corners, and subtracts
    /// its cost.
    fn spend_on(&mut self, set: &FinderPatternSet) -> bool {
        let [right, down] = [set.tr, set.bl].map(|other| {
            // A corner is seven modules wide, and its middle half of that away from the edge.
            let module = (corner_width(&set.tl) + corner_width(&other)) / 14.0;
            Point::distance(set.tl.p, other.p) / module.max(1.0) + 7.0
        });
        self.modules -= right.max(down) * right.max(down);
        self.modules >= 0.0
    }
}

/// Finds the codes in a picture and returns their texts. A text that is not UTF-8 does not belong
/// to a bundle; it is passed on as far as it can be shown.
pub(super) fn find_codes(picture: &Grey, budget: &mut Budget) -> Vec<String> {
    let (Ok(width), Ok(height)) = (
        u32::try_from(picture.width()),
        u32::try_from(picture.height()),
    ) else {
        return Vec::new();
    };
    let Ok(source) = Luma8Source::new_with_slice(picture.pixels(), width, height) else {
        return Vec::new();
    };
    let bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let black = bitmap.get_black_matrix();
    let mut corners = find_corners(black);
    let (mut used, mut texts) = (Vec::new(), Vec::new());
    for set in GenerateFinderPatternSets(&mut corners) {
        let three = [set.tl, set.tr, set.bl];
        if three.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        if !budget.spend_on(&set) {
            break;
        }
        let decoded = SampleQR(black, &set).and_then(|code| Decode(code.getBits()));
        if let Some(code) = decoded.ok().filter(|code| code.isValid()) {
            used.extend(three);
            texts.push(String::from_utf8_lossy(code.content().bytes()).into_owned());
        }
    }
    texts
}

/// Finds the corners of codes (ISO/IEC 18004, finder pattern). It looks for rings around each
/// candidate in every third row. rxing's own search does the same, but has no bounds.
fn find_corners(black: &BitMatrix) -> Vec<ConcentricPattern> {
    let mut found: Vec<ConcentricPattern> = Vec::new();
    for y in (2..black.height()).step_by(3) {
        for (here, width) in corners_in_row(black, y) {
            if !found.iter().any(|other| is_within(here, other)) {
                found.extend(LocateConcentricPattern::<true, 5, 7>(
                    black,
                    &RATIO.into(),
                    here,
                    // Five runs of a u16 each, and three times that.
                    width * 3,
                ));
            }
            if found.len() >= MAX_CORNERS {
                return found;
            }
        }
    }
    found
}

/// The ratio of a corner's modules from side to side through its middle, dark and light.
const RATIO: FixedPattern<5, 7, false> = FixedPattern::new([1, 1, 3, 1, 1]);

/// Finds the places in a row that have that ratio, each with its middle and its width in pixels.
fn corners_in_row(black: &BitMatrix, y: u32) -> Vec<(Point, i32)> {
    let mut row = PatternRow::default();
    GetPatternRowTP(black, y, &mut row, false);
    let runs: Vec<u16> = row.into_iter().collect();
    let (mut found, mut start) = (Vec::new(), 0u16);
    // A row begins with a light run, be it of no pixel.
    for window in runs.windows(6).step_by(2) {
        let [light, dark @ ..] = window else { continue };
        let [first, second, middle, fourth, fifth] = dark else {
            continue;
        };
        // Where a run begins: within the row, which has at most 32,768 pixels.
        start += *light;
        // What most are not is seen at a glance.
        let plausible = *middle
            >= 3.max(*second)
                .max(*fourth)
                // Saturating: twice a long run of a wide row may not fit.
                .max(first.max(fifth).saturating_mul(2));
        if plausible
            && IsPattern::<true, 5, 7, false>(
                &PatternView::from_slice(dark),
                &RATIO,
                None,
                0.0,
                0.0,
                0.0,
            ) != 0.0
        {
            let x = f32::from(start)
                + f32::from(*first)
                + f32::from(*second)
                + f32::from(*middle) / 2.0;
            let width: i32 = dark.iter().copied().map(i32::from).sum();
            found.push((
                point(x, f32::from(u16::try_from(y).unwrap_or(u16::MAX)) + 0.5),
                width,
            ));
        }
        start += *first;
    }
    found
}

fn is_within(here: Point, corner: &ConcentricPattern) -> bool {
    Point::distance(here, corner.p) < corner_width(corner) / 2.0
}

/// Returns a corner's width in pixels.
fn corner_width(corner: &ConcentricPattern) -> f32 {
    f32::from(i16::try_from(corner.size).unwrap_or(i16::MAX))
}
