//! The codes in a picture, by rxing's port of zxing-cpp; with bounds on its work, for whoever drew
//! the picture may have meant it to last for hours.

use rxing::common::cpp_essentials::{
    ConcentricPattern, FixedPattern, GetPatternRowTP, IsPattern, LocateConcentricPattern,
    PatternRow, PatternView,
};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FinderPatternSet, GenerateFinderPatternSets, SampleQR};
use rxing::{BinaryBitmap, Luma8Source, Point, point};

use super::grey::Grey;

/// The most corners that are looked for in a picture: of three hundred codes. A photograph of a
/// desk and a screen has a few that are none.
const MAX_CORNERS: usize = 1000;

/// How many modules may be read from one picture, in all attempts at it together: fifteen hundred
/// tries at codes of the largest size that is drawn, where a photograph of one or of six takes a
/// dozen.
const MAX_MODULES: f32 = 20_000_000.0;

/// What may still be done for one picture. It counts work and not time, so that a picture is read
/// on every machine or on none.
pub(super) struct Budget {
    modules: f32,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Budget {
            modules: MAX_MODULES,
        }
    }

    /// Whether there is enough left to look for a code between these corners.
    fn pays_for(&mut self, set: &FinderPatternSet) -> bool {
        let [right, down] = [set.tr, set.bl].map(|other| {
            // A corner is seven modules wide, and its middle half of that away from the edge.
            let module = (pixels(&set.tl) + pixels(&other)) / 14.0;
            Point::distance(set.tl.p, other.p) / module.max(1.0) + 7.0
        });
        self.modules -= right.max(down) * right.max(down);
        self.modules >= 0.0
    }
}

/// The texts of the codes in a picture. What is no UTF-8 is no bundle's; it is passed on as far as
/// it can be shown.
pub(super) fn codes(picture: &Grey, budget: &mut Budget) -> Vec<String> {
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
    let mut corners = corners(black);
    let (mut used, mut texts) = (Vec::new(), Vec::new());
    for set in GenerateFinderPatternSets(&mut corners) {
        let three = [set.tl, set.tr, set.bl];
        if three.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        if !budget.pays_for(&set) {
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

/// Where corners of codes are (ISO/IEC 18004, finder pattern): rings around what looks like one in
/// every third row, as rxing's own search finds them, which knows no bounds.
fn corners(black: &BitMatrix) -> Vec<ConcentricPattern> {
    let mut found: Vec<ConcentricPattern> = Vec::new();
    for y in (2..black.height()).step_by(3) {
        for (here, width) in in_row(black, y) {
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

/// A corner's modules from side to side through its middle, dark and light.
const RATIO: FixedPattern<5, 7, false> = FixedPattern::new([1, 1, 3, 1, 1]);

/// What has that ratio in a row: the middle, and the width in pixels.
fn in_row(black: &BitMatrix, y: u32) -> Vec<(Point, i32)> {
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
        start = start.saturating_add(*light);
        // What most are not is seen at a glance.
        let plausible = *middle
            >= 3.max(*second)
                .max(*fourth)
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
        start = start.saturating_add(*first);
    }
    found
}

fn is_within(here: Point, corner: &ConcentricPattern) -> bool {
    Point::distance(here, corner.p) < pixels(corner) / 2.0
}

/// A corner's width.
fn pixels(corner: &ConcentricPattern) -> f32 {
    f32::from(i16::try_from(corner.size).unwrap_or(i16::MAX))
}
