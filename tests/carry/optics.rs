//! A camera, for tests: what it makes of a drawing. Everything is computed, so that the same shot
//! is the same on every machine.

use image::{DynamicImage, GrayImage, Luma};

/// How a photograph is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shot {
    /// Degrees.
    pub(crate) angle: f64,
    /// Pixels of the photograph for one of the drawing.
    pub(crate) scale: f64,
    /// From the side: how much nearer one edge is than the other.
    pub(crate) tilt: f64,
    /// Of the lens: barrel distortion.
    pub(crate) bend: f64,
    /// What black and white become.
    pub(crate) tones: (f64, f64),
    /// How much darker the right edge is.
    pub(crate) shade: f64,
    /// The largest deviation of a pixel, nearly.
    pub(crate) noise: f64,
    /// Out of focus: the blur's sigma in pixels.
    pub(crate) blur: f32,
    /// JPEG's quality.
    pub(crate) quality: u8,
}

impl Shot {
    /// Straight from above, in good light.
    pub(crate) const GOOD: Shot = Shot {
        angle: 0.0,
        scale: 1.0,
        tilt: 0.0,
        bend: 0.0,
        tones: (0.0, 255.0),
        shade: 0.0,
        noise: 0.0,
        blur: 0.0,
        quality: 90,
    };

    /// The photograph, as JPEG.
    pub(crate) fn take(&self, drawing: &[u8]) -> Vec<u8> {
        let drawing = image::load_from_memory(drawing).unwrap().into_luma8();
        let mut seen = self.expose(&self.project(&drawing));
        if self.blur > 0.0 {
            seen = image::imageops::blur(&seen, self.blur);
        }
        let mut out = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, self.quality)
            .encode_image(&DynamicImage::ImageLuma8(seen))
            .unwrap();
        out
    }

    fn project(&self, drawing: &GrayImage) -> GrayImage {
        let (width, height) = (f64::from(drawing.width()), f64::from(drawing.height()));
        let (sin, cos) = self.angle.to_radians().sin_cos();
        let side = ((width * cos.abs() + height * sin.abs())
            .max(width * sin.abs() + height * cos.abs())
            * self.scale
            * 1.15) as u32;
        let (middle, samples) = (f64::from(side) / 2.0, if self.scale < 1.0 { 2 } else { 1 });
        let at = |x: f64, y: f64| {
            let (u, v) = ((x - middle) / self.scale, (y - middle) / self.scale);
            let bent = 1.0 + self.bend * (u * u + v * v) / (width * width);
            let (u, v) = (u * bent, v * bent);
            let nearer = 1.0 + self.tilt * (0.7 * u + 0.4 * v) / width;
            let (u, v) = (u / nearer, v / nearer);
            between(
                drawing,
                u * cos + v * sin + width / 2.0,
                v * cos - u * sin + height / 2.0,
            )
        };
        GrayImage::from_fn(side, side, |x, y| {
            let part = |number: u32| (f64::from(number) + 0.5) / f64::from(samples);
            let sum: f64 = (0..samples * samples)
                .map(|n| {
                    at(
                        f64::from(x) + part(n % samples),
                        f64::from(y) + part(n / samples),
                    )
                })
                .sum();
            Luma([(sum / f64::from(samples * samples)) as u8])
        })
    }

    fn expose(&self, picture: &GrayImage) -> GrayImage {
        // xorshift: noise that is the same every time.
        let mut state = 88_172_645_463_325_252u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
        };
        let ((black, white), width) = (self.tones, f64::from(picture.width()));
        GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
            let light = black + (white - black) * f64::from(picture.get_pixel(x, y).0[0]) / 255.0;
            let noise = if self.noise > 0.0 {
                self.noise * (random() + random()) / 2.0
            } else {
                0.0
            };
            Luma([
                (light * (1.0 - self.shade * f64::from(x) / width) + noise).clamp(0.0, 255.0) as u8,
            ])
        })
    }
}

/// Between four pixels; around the drawing lies a desk.
fn between(picture: &GrayImage, x: f64, y: f64) -> f64 {
    let (x, y) = (x - 0.5, y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let pixel = |x: f64, y: f64| {
        let inside = x >= 0.0
            && y >= 0.0
            && x < f64::from(picture.width())
            && y < f64::from(picture.height());
        if inside {
            f64::from(picture.get_pixel(x as u32, y as u32).0[0])
        } else {
            150.0
        }
    };
    let (right, down) = (x - left, y - top);
    (pixel(left, top) * (1.0 - right) + pixel(left + 1.0, top) * right) * (1.0 - down)
        + (pixel(left, top + 1.0) * (1.0 - right) + pixel(left + 1.0, top + 1.0) * right) * down
}
