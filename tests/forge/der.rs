//! DER, written and taken apart by hand: nothing of the crate under test is used, so that one
//! misreading cannot stand on both sides.

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const UTF8_STRING: u8 = 0x0c;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const BMP_STRING: u8 = 0x1e;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// One element: tag, shortest length, content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let octets = length.to_be_bytes();
        let octets = minimal(&octets);
        out.push(0x80 | octets.len() as u8);
        out.extend(octets);
    }
    out.extend(content);
    out
}

/// The octets without the leading zeros; at least one is left.
fn minimal(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
    &octets[zeros.min(octets.len() - 1)..]
}

pub fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// A SET OF, its members in DER's order (X.690 11.6).
pub fn set_of(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted = parts.to_vec();
    sorted.sort();
    tlv(SET, &sorted.concat())
}

/// An INTEGER from an unsigned big-endian number.
pub fn int(number: &[u8]) -> Vec<u8> {
    let mut content = minimal(number).to_vec();
    if content[0] >= 0x80 {
        content.insert(0, 0);
    }
    tlv(INTEGER, &content)
}

pub fn null() -> Vec<u8> {
    tlv(NULL, &[])
}

pub fn boolean(value: bool) -> Vec<u8> {
    tlv(BOOLEAN, &[if value { 0xff } else { 0 }])
}

pub fn octets(content: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, content)
}

/// A BIT STRING of whole octets.
pub fn bits(content: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], content].concat())
}

/// An OBJECT IDENTIFIER from its dotted form.
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut base128 = vec![(arc & 0x7f) as u8];
        let mut rest = arc >> 7;
        while rest > 0 {
            base128.insert(0, 0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        content.extend(base128);
    }
    tlv(OID, &content)
}

/// An element taken apart as far as it goes, strings that wrap DER included: what the mutations
/// work on.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub tag: u8,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Primitive(Vec<u8>),
    /// A constructed element, or a string that holds DER: octets that stand before the first child
    /// (a BIT STRING's count of unused bits), children.
    Parent(Vec<u8>, Vec<Node>),
}

impl Node {
    /// The element that fills `der`.
    pub fn parse(der: &[u8]) -> Node {
        let nodes = parse_all(der).expect("DER");
        assert_eq!(nodes.len(), 1, "one element");
        nodes.into_iter().next().unwrap()
    }

    pub fn encode(&self) -> Vec<u8> {
        match &self.body {
            Body::Primitive(content) => tlv(self.tag, content),
            Body::Parent(prefix, children) => {
                let children: Vec<u8> = children.iter().flat_map(Node::encode).collect();
                tlv(self.tag, &[prefix.as_slice(), &children].concat())
            }
        }
    }

    pub fn children(&self) -> &[Node] {
        match &self.body {
            Body::Primitive(_) => &[],
            Body::Parent(_, children) => children,
        }
    }

    pub fn children_mut(&mut self) -> &mut Vec<Node> {
        match &mut self.body {
            Body::Primitive(_) => panic!("element {:#04x} has no children", self.tag),
            Body::Parent(_, children) => children,
        }
    }

    pub fn content(&self) -> &[u8] {
        match &self.body {
            Body::Primitive(content) => content,
            Body::Parent(..) => panic!("element {:#04x} is constructed", self.tag),
        }
    }

    /// The element that the path of child numbers leads to.
    pub fn at_mut(&mut self, path: &[usize]) -> &mut Node {
        path.iter()
            .fold(self, |node, &child| &mut node.children_mut()[child])
    }

    /// The paths of all elements that have, or may have, children.
    pub fn parents(&self) -> Vec<Vec<usize>> {
        let Body::Parent(_, children) = &self.body else {
            return Vec::new();
        };
        let below = children.iter().enumerate().flat_map(|(number, child)| {
            child
                .parents()
                .into_iter()
                .map(move |path| [vec![number], path].concat())
        });
        std::iter::once(Vec::new()).chain(below).collect()
    }
}

/// The elements that follow each other in `der`; none if that is not what it holds.
fn parse_all(der: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut rest = der;
    while !rest.is_empty() {
        let (tag, content, after) = split(rest)?;
        nodes.push(Node {
            tag,
            body: body(tag, content)?,
        });
        rest = after;
    }
    Some(nodes)
}

fn body(tag: u8, content: &[u8]) -> Option<Body> {
    let wrapped = |prefix: &[u8], inner: &[u8]| match parse_all(inner) {
        Some(children) if !children.is_empty() => Body::Parent(prefix.to_vec(), children),
        _ => Body::Primitive(content.to_vec()),
    };
    Some(match tag {
        tag if tag & 0x20 != 0 => Body::Parent(Vec::new(), parse_all(content)?),
        OCTET_STRING => wrapped(&[], content),
        BIT_STRING if content.first() == Some(&0) => wrapped(&[0], &content[1..]),
        _ => Body::Primitive(content.to_vec()),
    })
}

/// Tag, content, and what follows the first element.
fn split(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first > 0x80 && first <= 0x83 {
        let (octets, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        length = octets
            .iter()
            .fold(0, |sum, &octet| sum << 8 | usize::from(octet));
        rest = after;
    } else if first >= 0x80 {
        return None;
    }
    let (content, after) = rest.split_at_checked(length)?;
    (tag & 0x1f != 0x1f).then_some((tag, content, after))
}
