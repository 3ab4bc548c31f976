//! Answers that are no documents, or without end.

use super::*;

#[test]
fn what_is_no_document_is_a_failure_of_the_service_and_not_no_clusters() {
    const JSON: &str = "application/x-amz-json-1.1";
    let bench = Bench::new();
    for (content_type, body) in [
        (JSON, ""),
        (JSON, " \r\n\t"),
        (JSON, "null"),
        (JSON, "[]"),
        (JSON, "{}"),
        (JSON, r#"{"clusters":[],"Message":"ok"}"#),
        (JSON, r#"{"Clusters":null,"Backups":null,"TagList":null}"#),
        (JSON, r#"{"Clusters":[],"Backups":[],"TagList":["#),
        (JSON, r#"{"Clusters":"none","Backups":7,"TagList":true}"#),
        (JSON, "<html><body>Please sign in</body></html>"),
        ("text/html", "<html><body>Please sign in</body></html>"),
        ("text/html", r#"{"Clusters":[],"Backups":[],"TagList":[]}"#),
    ] {
        let end = End::new(move |asked| asked.answer(200, content_type, body));
        for args in [
            &["status"][..],
            &["status", "--cluster-id", CLUSTER],
            &[
                "wait",
                "--cluster-id",
                CLUSTER,
                "--for",
                "deleted",
                "--timeout",
                "30",
            ],
            &["cluster", "list"],
            &["backup", "list"],
            &["tag", "list", "--resource-id", CLUSTER],
        ] {
            let run = soon(&bench, &end, args);
            assert_eq!(
                (run.code, error(&run)),
                (6, (6, "answer-unreadable".to_owned())),
                "{args:?} {body:?}: {}",
                run.stdout
            );
            assert!(told(&run).contains(&end.url), "{}", told(&run));
        }
    }
}

/// How an answer can be too long.
pub(super) fn too_long() -> Vec<(&'static str, End)> {
    let part = || "x".repeat(64 * 1024);
    vec![
        (
            "by its own word",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                              application/x-amz-json-1.1\r\nContent-Length: \
                              1073741824\r\n\r\n{\"Clusters\":[\"",
                );
                while asked.write(part().as_bytes()) {}
            }),
        ),
        (
            "in chunks without end",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                              application/x-amz-json-1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                );
                while asked.write(format!("{:x}\r\n{}\r\n", part().len(), part()).as_bytes()) {}
            }),
        ),
        (
            "until the connection ends, which it never does",
            End::new(move |asked| {
                asked.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n\r\n");
                while asked.write(part().as_bytes()) {}
            }),
        ),
        (
            "an error",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 400 X\r\nContent-Type: \
                              application/x-amz-json-1.1\r\nContent-Length: \
                              1073741824\r\n\r\n{\"__type\":\"",
                );
                while asked.write(part().as_bytes()) {}
            }),
        ),
        (
            "compressed",
            End::new(move |asked| {
                asked.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                      application/x-amz-json-1.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: \
                      chunked\r\n\r\n",
                );
                while asked.write(format!("{:x}\r\n{}\r\n", part().len(), part()).as_bytes()) {}
            }),
        ),
    ]
}

#[test]
fn an_answer_is_not_read_without_end() {
    let bench = Bench::new();
    for (how, end) in too_long() {
        let run = soon(&bench, &end, &["status"]);
        assert_eq!(
            (run.code, error(&run)),
            (6, (6, "answer-too-long".to_owned())),
            "{how}: {}",
            run.stdout
        );
        let sent = end.sent.load(Ordering::Relaxed);
        // What lies in the buffers of two sockets goes out as well.
        assert!(sent < 100 * 1024 * 1024, "{how}: {sent} octets went out");
    }
}

#[test]
fn pages_do_not_go_on_without_end() {
    let bench = Bench::new();
    let page = |token: String, filler: usize| {
        json!({
            "Clusters": [], "Backups": [], "TagList": [], "NextToken": token,
            "Filler": "x".repeat(filler),
        })
    };
    let circle = End::new(move |asked| asked.json(&page(format!("t{}", asked.before % 3), 0)));
    let endless = End::new(move |asked| asked.json(&page(format!("t{}", asked.before), 0)));
    let fat = End::new(move |asked| asked.json(&page(format!("t{}", asked.before), 3 << 20)));
    for (how, end, most) in [
        ("in a circle", circle, 4),
        ("without end", endless, 1001),
        ("fat", fat, 40),
    ] {
        for args in [
            &["status"][..],
            &["backup", "list"],
            &["tag", "list", "--resource-id", CLUSTER],
            &["wait", "--cluster-id", CLUSTER, "--for", "csr"],
        ] {
            let before = end.count();
            let start = Instant::now();
            let run = hsmboot(
                &bench,
                &[args, &["--endpoint-url", &end.url, "--output", "json"]].concat(),
                &[],
            );
            assert_eq!(
                (run.code, error(&run)),
                (6, (6, "answer-too-long".to_owned())),
                "{how}: {args:?} {}",
                run.stdout
            );
            assert!(
                end.count() - before <= most,
                "{how}: {} pages in {:?}",
                end.count() - before,
                start.elapsed()
            );
            if how == "without end" {
                break; // A thousand requests take their time; the loop is the same.
            }
        }
    }
}
