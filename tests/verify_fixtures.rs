//! Every fixture, judged: what must come out stands in its `expect.json`.
#![allow(dead_code)]
mod forge;

#[test]
fn x() {
    let start = std::time::Instant::now();
    let all = forge::all();
    println!("{} {} {:?}", all.len(), all.iter().filter(|f| f.kept).count(), start.elapsed());
}
