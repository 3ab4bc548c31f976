//! Changes to a DER, one after the other: every bit, and an element more at every place where one
//! can stand.

use super::der::{self, Body, Node};

/// What is inserted: elements that well-formed DER may hold somewhere, and that few types have just
/// there.
pub fn strangers() -> [(&'static str, Node); 4] {
    let empty = |tag| Node {
        tag,
        body: Body::Parent(Vec::new(), Vec::new()),
    };
    [
        (
            "NULL",
            Node {
                tag: der::NULL,
                body: Body::Primitive(Vec::new()),
            },
        ),
        ("empty SEQUENCE", empty(der::SEQUENCE)),
        (
            "INTEGER",
            Node {
                tag: der::INTEGER,
                body: Body::Primitive(vec![5]),
            },
        ),
        ("empty SET", empty(der::SET)),
    ]
}

/// The DER with one element more, all enclosing lengths made to fit; strings that wrap DER are
/// opened too.
pub struct Insertion {
    /// `NULL as child 2 of /0/5/1`: for messages.
    pub place: String,
    pub der: Vec<u8>,
}

/// Every insertion into a DER.
pub fn insertions(der: &[u8]) -> Vec<Insertion> {
    let whole = Node::parse(der);
    assert_eq!(
        whole.encode(),
        der,
        "the forge's own reader does not give back what it read"
    );
    let mut insertions = Vec::new();
    for path in whole.parents() {
        let children = whole.clone().at_mut(&path).children().len();
        for position in 0..=children {
            for (kind, stranger) in strangers() {
                let mut changed = whole.clone();
                changed
                    .at_mut(&path)
                    .children_mut()
                    .insert(position, stranger);
                let path: String = path.iter().map(|child| format!("/{child}")).collect();
                insertions.push(Insertion {
                    place: format!("{kind} as child {position} of {path}/"),
                    der: changed.encode(),
                });
            }
        }
    }
    insertions
}

/// The DER with one bit changed; bits are counted from the first octet's lowest.
pub fn flip(der: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = der.to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    changed
}

/// Tries all numbers below `count` on two threads, and gives those for which `survives` holds.
pub fn survivors(count: usize, survives: impl Fn(usize) -> bool + Sync) -> Vec<usize> {
    let survives = &survives;
    std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            scope.spawn(move || {
                (half..count)
                    .step_by(2)
                    .filter(|&number| survives(number))
                    .collect::<Vec<_>>()
            })
        });
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    })
}
