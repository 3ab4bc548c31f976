-- For wrk: DescribeClusters as an SDK sends it, the same to every server. Prints one line that scripts read:
-- requests per second, median and 99th percentile in milliseconds, failures.
wrk.method = "POST"
wrk.body = "{}"
wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
wrk.headers["X-Amz-Target"] = "BaldrApiService.DescribeClusters"
wrk.headers["X-Amz-Date"] = "20260101T000000Z"
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/cloudhsm/aws4_request, "
    .. "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" .. string.rep("0", 64)

function done(summary, latency, _)
    local failed = summary.errors
    local line = "RESULT %.0f %.3f %.3f %d\n"
    io.write(line:format(
        summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout
    ))
end
