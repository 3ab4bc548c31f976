//! PEM, written by hand: the forge's own base64, so that the fixtures do not lean on the reader
//! under test.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn base64(data: &[u8]) -> String {
    let mut out = String::new();
    for chunk in data.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| {
            word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0))
        });
        for i in 0..4 {
            let sextet = (word >> (18 - 6 * i)) & 0x3f;
            out.push(if i <= chunk.len() {
                char::from(ALPHABET[sextet as usize])
            } else {
                '='
            });
        }
    }
    out
}

/// One block, 64 columns, LF: as the service and openssl write it.
pub fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let text = base64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
    .into_bytes()
}

/// The content of the first block: for files whose making is our own affair.
pub fn unpem(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let mut bits = 0u32;
    let mut count = 0;
    let mut out = Vec::new();
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"));
    for character in lines
        .skip(1)
        .take_while(|line| !line.starts_with('-'))
        .flat_map(str::bytes)
    {
        let Some(sextet) = ALPHABET.iter().position(|&letter| letter == character) else {
            continue;
        };
        bits = bits << 6 | sextet as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}
