# tell.awk: what the quickstart read, told in words: one line for each line of JSON.
#
#   awk -v what=event      events of the day            -> HH:MM  in    ...
#   awk -v what=message    rows of `kapula messages`    -> HH:MM  out   ...   those not told before (file told)
#   awk -v what=astray     of these rows the ids that neither ended nor wait rightly (at NOW)
#   awk -v what=published  topic and payload over MQTT  -> HH:MM  mqtt  ...
#
# The JSON is the gateway's own and the sample's: compact, one object a line, each name once.

# The value of NAME in LINE, strings without quotes; "" when it is absent.
function field(line, name,    at, i, c) {
    at = index(line, "\"" name "\":")
    if (!at)
        return ""
    line = substr(line, at + length(name) + 3)
    if (substr(line, 1, 1) != "\"") {
        match(line, /^[^,}\]]*/)
        return substr(line, 1, RLENGTH)
    }
    for (i = 2; (c = substr(line, i, 1)) != "\"" && c != ""; i++)
        if (c == "\\")
            i++
    return substr(line, 2, i - 2)
}

function plain(text) {
    gsub(/\\n/, " ", text)
    gsub(/\\"/, "\"", text)
    gsub(/\\\\/, "\\", text)
    return text
}

# Whole words only: a cut inside one could split a letter of two bytes.
function first_words(text, max,    words, count, i, short) {
    count = split(plain(text), words, " ")
    for (i = 1; i <= count; i++) {
        if (length(short) + length(words[i]) > max)
            return short " ..."
        short = short (i > 1 ? " " : "") words[i]
    }
    return short
}

function clock(stamp) {
    return substr(stamp, 12, 5)
}

# The sample's day is two hours ahead of UTC.
function local(stamp) {
    return sprintf("%02d:%s", (substr(stamp, 12, 2) + 2) % 24, substr(stamp, 15, 2))
}

# ---- events

function marked(e,    words) {
    words = field(e, "pupil") " is " field(e, "mark")
    if (field(e, "mark") == "absent")
        words = words " (" field(e, "class") ")"
    return words (field(e, "place") == "workplace" ? " at work" : "") " in lesson " field(e, "lesson")
}

function explained(e) {
    return field(e, "pupil") " is away" \
        (field(e, "from") == substr(field(e, "time"), 1, 10) ? " today: " : " on " field(e, "from") ": ") \
        field(e, "class")
}

function moved(e) {
    if (field(e, "cancelled") == "true")
        return "the day " field(e, "day") " of placement " field(e, "placement") " is cancelled"
    return "the day " field(e, "day") " of placement " field(e, "placement") " moves to " field(e, "moved_to")
}

function meeting(e, type) {
    if (type == "meeting.answered")
        return field(e, "participant") " answers \"" field(e, "answer") "\" to meeting " field(e, "meeting")
    if (type == "meeting.cancelled")
        return "meeting " field(e, "meeting") " is cancelled"
    return "meeting " field(e, "meeting") (type == "meeting.planned" ? " is planned for " : " moves to ") \
        substr(field(e, "starts"), 1, 10) " " clock(field(e, "starts"))
}

function answered(e) {
    return "about " field(e, "subject") ": \"" field(e, "answer") "\""
}

# What happened, without who says so.
function event_words(e, type) {
    if (type == "attendance.marked") return marked(e)
    if (type == "attendance.register.synced") return "the register of " field(e, "organisation") " was read until now"
    if (type == "absence.explained") return explained(e)
    if (type == "absence.authorised") return "the school authorises the absence of " field(e, "pupil")
    if (type == "pupil.held") return "no messages about " field(e, "pupil") ": " field(e, "reason")
    if (type == "pupil.located") return field(e, "pupil") " is found: " field(e, "where")
    if (type == "notice.answered") return answered(e)
    if (type == "notice.taken") return field(e, "by") " takes on " field(e, "subject")
    if (type == "message.confirmed") return "the message about " field(e, "subject") " may be sent"
    if (type == "workplace.checkin") return "placement " field(e, "placement") ": the pupil is " field(e, "mark")
    if (type == "placement.changed") return moved(e)
    if (type == "agreement.signed") return "the " field(e, "party") " signs the agreement of " field(e, "placement")
    if (type == "evaluation.given") return "the " field(e, "part") " evaluates placement " field(e, "placement")
    if (type == "certificate.issued") return "the certificate of placement " field(e, "placement") " is issued"
    if (type == "application.received") return field(e, "applicant") " applies for " field(e, "pupil")
    if (type == "application.decided") return "the application of " field(e, "pupil") " is decided"
    if (type ~ /^meeting\./) return meeting(e, type)
    return type " about " field(e, "subject")
}

what == "event" {
    type = field($0, "type")
    sub(/^kapula\./, "", type)
    source = field($0, "source")
    sub(/.*:/, "", source)
    by = field($0, "by")
    printf "%s  in    %s (%s%s)\n", clock(field($0, "time")), event_words($0, type), source, by ? ", " by : ""
}

# ---- messages

# Once for each thing that becomes of a message: waits, went out, ended without.
function message_words(row, state) {
    if (state == "held")
        return "waits: " field(row, "reason")
    if (state == "delivered" || state == "accepted")
        return "\"" first_words(field(row, "text"), 64) "\""
    return state (field(row, "reason") ? ": " field(row, "reason") : "")
}

what == "message" && FILENAME == told_file {
    told[$0] = 1
    next
}

what == "message" {
    state = field($0, "state")
    key = field($0, "id") " " (state == "accepted" ? "delivered" : state)
    if (key in told || state == "queued" || state == "leased")
        next
    print key >> told_file
    printf "%s  out   message %s to %s by %s, %s: %s\n", clock(field($0, "changed")), field($0, "id"),
        field($0, "recipient"), field($0, "channel") == "sms" ? "SMS" : "e-mail", field($0, "rule"),
        message_words($0, state)
}

# What waits for its hour or for somebody's word is where it should be, until its deadline.
function waits(row,    begin, end) {
    begin = field(row, "not_before")
    end = field(row, "deadline")
    return field(row, "state") == "held" && (begin == "" || begin > now) && (end == "" || end > now)
}

what == "astray" && /./ && field($0, "state") !~ /^(delivered|expired|cancelled)$/ && !waits($0) {
    print field($0, "id")
}

# ---- MQTT

# That a message was delivered stands in the line of the message.
what == "published" && $1 !~ /^kapula\/v1\/(status|[^\/]*\/(seq|message\/delivered))$/ {
    # Subjects are opaque ids: their beginning is enough to tell them apart here.
    printf "%s  mqtt  %s about %s\n", local(field($0, "time")), $1, substr(field($0, "subject"), 1, 9)
}
