//! Facts read from an endpoint's URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::outside::endpoint_without_password;

/// Returns the host of `http://host:port/...`, without user, port and brackets.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => authority.split(':').next(),
    }
}

fn is_plain(url: &str) -> bool {
    url.get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

fn ip_address(url: &str) -> Option<IpAddr> {
    host_of(url)?.parse().ok()
}

/// Tells whether a URL means this machine over plain HTTP: 127.0.0.0/8, ::1 (RFC 6890 2.2),
/// localhost (RFC 6761 6.3).
pub(super) fn is_loopback(url: &str) -> bool {
    let here = ip_address(url).is_some_and(|address| address.is_loopback())
        || host_of(url).is_some_and(|host| host.eq_ignore_ascii_case("localhost"));
    is_plain(url) && here
}

/// Tells whether a URL means another machine over plain HTTP. Anybody on the way there can read the
/// session token and forge answers.
pub(super) fn is_plain_elsewhere(url: &str) -> bool {
    is_plain(url) && !is_loopback(url)
}

/// Tells whether a URL means a source of credentials that AWS gives every instance, task and pod,
/// by plain HTTP over a link that does not leave the machine: EC2's metadata service (EC2 User
/// Guide, "Use the Instance Metadata Service"), ECS's and EKS's agents (AWS SDKs and Tools
/// Reference Guide, "Container credential provider").
pub(super) fn is_metadata(url: &str) -> bool {
    const ADDRESSES: [IpAddr; 5] = [
        IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
        IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
        IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    ];
    ip_address(url).is_some_and(|address| ADDRESSES.contains(&address))
}

/// Tells whether a URL holds a user name or a password. AWS asks for neither, and command lines are
/// recorded.
fn has_userinfo(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next();
    authority.is_some_and(|authority| authority.contains('@'))
}

/// Checks that an endpoint is `http://…` or `https://…` with a host, and without a user name or a
/// password. The SDK's own message about another form would say much less.
pub fn check_endpoint(url: &str) -> Result<(), String> {
    if has_userinfo(url) {
        return Err(format!(
            "the endpoint \"{}\" has a user name or a password in it, which AWS never asks for: \
             leave them out",
            endpoint_without_password(url)
        ));
    }
    let scheme = url
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = matches!(scheme.as_deref(), Some("http" | "https"));
    if known && host_of(url).is_some_and(|host| !host.is_empty()) {
        return Ok(());
    }
    Err(format!(
        "the endpoint \"{}\" is not of the form https://HOST or http://HOST:PORT",
        endpoint_without_password(url)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_endpoint_is_seen() {
        for (url, has) in [
            ("http://user:pw@h:1/x", true),
            ("https://u@h", true),
            ("https://h/a@b", false),
            ("https://h?x=@", false),
            ("u@h", true),
            ("u:pw@h:1", true),
            ("h:1/a@b", false),
        ] {
            assert_eq!(has_userinfo(url), has, "{url}");
        }
    }

    #[test]
    fn only_plain_http_to_this_machine_is_a_rehearsal() {
        for url in [
            "http://127.0.0.1:8080",
            "http://localhost:1/",
            "HTTP://LOCALHOST",
            "http://[::1]:80/x",
            "http://127.9.9.9",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://127.0.0.1:8080",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "http://example.com/127.0.0.1",
            "http://10.0.0.1",
            "127.0.0.1:8080",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn plain_http_to_another_machine_is_seen() {
        for url in [
            "http://127.0.0.1.example.com",
            "HTTP://10.0.0.1:80",
            "http://[::2]",
            "http://localhost.",
            "http://0.0.0.0",
            "http://169.254.169.254",
        ] {
            assert!(is_plain_elsewhere(url), "{url}");
        }
        for url in [
            "https://10.0.0.1",
            "http://127.0.0.1",
            "http://[::1]",
            "http://localhost:8080/x",
        ] {
            assert!(!is_plain_elsewhere(url), "{url}");
        }
        for url in [
            "http://169.254.169.254/latest",
            "http://169.254.170.2/x",
            "http://[fd00:ec2::254]/x",
            "http://[fd00:ec2::23]:80",
        ] {
            assert!(is_metadata(url), "{url}");
        }
        assert!(
            !is_metadata("http://169.254.169.254.example.com/")
                && !is_metadata("http://169.254.1.1/")
        );
    }

    #[test]
    fn an_endpoint_without_scheme_or_host_is_refused() {
        for url in [
            "127.0.0.1:80",
            "ftp://x",
            "http://",
            "https:///path",
            "http://:80",
            "https://user@cloudhsmv2.eu-west-1.amazonaws.com",
        ] {
            assert!(check_endpoint(url).is_err(), "{url}");
        }
        let refusal = check_endpoint("https://user:sesame@h").unwrap_err();
        assert!(refusal.contains("\"https://(withheld)@h\""), "{refusal}");
        assert!(check_endpoint("https://cloudhsmv2.eu-west-1.amazonaws.com").is_ok());
    }
}
