//! Defects of the DER, every one under a good signature, so that only the reader can find it:
//! `pem.<input>`.

mod certificates;
mod everywhere;
mod extensions;
mod known_extensions;
mod requests;

use certificates::IN_CERTIFICATES;
use everywhere::{IN_PARTS, IN_WHOLE, in_part};
use extensions::{borne, name_of_ampersand, of_extensions};
use known_extensions::IN_KNOWN_EXTENSIONS;
use requests::IN_REQUESTS;

use super::cert::*;
use super::chain::{Chain, Input};
use super::der::{self, Body, Node};
use super::fixture::{Fixture, unread};
use super::pem::pem;

/// A defect of a certificate's own, on the input that can have it.
type CertDefect = fn(&mut Cert);

const AWS: Input = Input::AwsHardware;

const HSM: Input = Input::Hsm;

const SUBJECT_ALT_NAME: &str = "2.5.29.17";

pub fn fixtures() -> Vec<Fixture> {
    let mut fixtures = of_extensions();
    fixtures.extend(borne());
    for (number, (name, what, defect)) in IN_PARTS.iter().enumerate() {
        for input in Input::ALL {
            let mut chain = Chain::good();
            in_part(&mut chain, input, *defect);
            let der = der_of(&chain, input);
            fixtures.push(
                fixture(input, name, what, &der).kept_if(input == Input::ALL[(number + 1) % 4]),
            );
        }
    }
    for (number, (name, what, defect)) in IN_WHOLE.iter().enumerate() {
        for input in Input::ALL {
            let der = defect(der_of(&Chain::good(), input));
            fixtures.push(
                fixture(input, name, what, &der).kept_if(input == Input::ALL[(number + 2) % 4]),
            );
        }
    }
    for (input, name, what, defect) in IN_CERTIFICATES.iter().chain(IN_KNOWN_EXTENSIONS) {
        let mut chain = Chain::good();
        defect(chain.cert_mut(*input));
        fixtures.push(fixture(*input, name, what, &der_of(&chain, *input)));
    }
    for (name, what, defect) in IN_REQUESTS {
        let mut chain = Chain::good();
        defect(&mut chain.csr);
        fixtures.push(fixture(Input::Csr, name, what, &chain.csr.der()));
    }
    fixtures
}

fn fixture(input: Input, name: &str, what: &str, der: &[u8]) -> Fixture {
    assert_ne!(der, der_of(&Chain::good(), input), "{name} changes nothing");
    let mut bundle = Chain::good().bundle();
    *bundle.text_mut(input) = pem(input.label(), der);
    let id = format!("pem.{}", input.id());
    Fixture::new(format!("{id}--{name}"), what, bundle)
        .fails(&[&id])
        .skips(&unread(input))
}

pub fn der_of(chain: &Chain, input: Input) -> Vec<u8> {
    match input {
        Input::Csr => chain.csr.der(),
        Input::Hsm => chain.hsm.der(),
        Input::AwsHardware => chain.aws_hardware.der(),
        Input::ManufacturerHardware => chain.manufacturer_hardware.der(),
    }
}

/// Changes the element of `part` that the path leads to.
fn edit(part: &mut Vec<u8>, path: &[usize], change: impl FnOnce(&mut Node)) {
    *part = edited(part, path, change);
}

fn edited(part: &[u8], path: &[usize], change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut node = Node::parse(part);
    change(node.at_mut(path));
    node.encode()
}

fn extension_edit(cert: &mut Cert, number: usize, path: &[usize], change: impl FnOnce(&mut Node)) {
    edit(&mut cert.extensions.as_mut().unwrap()[number], path, change);
}

fn append_null(node: &mut Node) {
    node.children_mut().push(Node::parse(&der::null()));
}

/// The same element with a length that starts with a zero octet (X.690 10.1 forbids it).
pub fn long_length(element: &[u8]) -> Vec<u8> {
    let header = match element[1] {
        short if short < 0x80 => 2,
        long => 2 + usize::from(long & 0x7f),
    };
    let length = element.len() - header;
    let octets = [(length >> 16) as u8, (length >> 8) as u8, length as u8];
    [&[element[0], 0x83], &octets[..], &element[header..]].concat()
}
