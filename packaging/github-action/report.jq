# What a job shows of hsmboot's documents: of a plan's, or of an array of claims'. Text from them is
# escaped for where it goes.

def marked: gsub("(?<c>[\\\\`*_{}\\[\\]<>#!|~&@$])"; "\\\(.c)") | gsub("\\s+"; " ");
def row: "| " + (map(tostring | marked) | join(" | ")) + " |";
def kind: "\(.error.code // "") \(.error.kind)";
def first_line: . // "" | split("\n")[0];

def claims: type == "array";
def changed: if claims then any(.[]; .changed) else .changed == true end;
def summary:
    if claims then map(.summary // (.error.message | first_line)) | join("; ")
    else .summary // (.error.message | first_line)
    end | gsub("\\s+"; " ");

def table:
    if claims then
        ["cluster", "region", "outcome", "what to do"],
        ["---", "---", "---", "---"],
        (.[] | [
            .cluster_id // .error.facts.cluster_id // "",
            .region // "",
            .outcome // kind,
            .error.hint // ""
        ])
    else
        ["cluster", "region", "state", "action", "owner", "why"],
        ["---", "---", "---", "---", "---", "---"],
        (.clusters[]? | [
            .cluster_id, .region // "", .state // "", .action, .owner // "",
            if .error then "\(kind): \(.error.message | first_line)" else .why end
        ])
    end;

def page:
    "### hsmboot " + (if claims then "claim" else "plan" end),
    "",
    (summary | marked),
    "",
    (table | if .[0] == "---" then "| " + join(" | ") + " |" else row end),
    (if claims | not then select(.error) | "", (.error.hint // "" | marked) else empty end);

def escaped: gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
def annotation:
    if claims then .[] | select(.error) | "\(.error.kind): \(.error.message)\n\(.error.hint // "")"
    elif .error then "\(.error.kind): \(.error.message)\n\(.error.hint // "")"
    else summary
    end | escaped;

if $what == "changed" then changed
elif $what == "summary" then summary
elif $what == "page" then page
else annotation
end
