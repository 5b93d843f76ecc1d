# JSON on standard input becomes one line a value: its path with dots, a tab, the value.
#     {"mounts": [{"type": "tmpfs"}]}  ->  mounts.0.type<TAB>tmpfs
# Strings of our own files only: \uXXXX stays as it is written, and a line or tab within a string is an error.
BEGIN { RS = "\001" }
function fail(what) { print "flatten: " what " at character " at > "/dev/stderr"; bad = 1; exit 1 }
function skip() { while (substr(text, at, 1) ~ /[ \t\r\n]/) at++ }
function string(   from, one, out) {
	at++
	while ((one = substr(text, at, 1)) != "\"") {
		if (one == "" || one ~ /[\n\t]/) fail("a string without an end")
		if (one == "\\") {
			at++
			one = substr(text, at, 1)
			if (one ~ /[nrtbfu]/) one = "\\" one
		}
		out = out one
		at++
	}
	at++
	return out
}
function value(path,   one, key, count, from) {
	skip()
	one = substr(text, at, 1)
	if (one == "{" || one == "[") {
		at++
		skip()
		while (substr(text, at, 1) !~ /[]}]/) {
			if (one == "{") {
				key = string()
				skip()
				if (substr(text, at, 1) != ":") fail("no colon")
				at++
			} else key = count++
			value(path == "" ? key : path "." key)
			skip()
			if (substr(text, at, 1) == ",") { at++; skip() }
			else if (substr(text, at, 1) !~ /[]}]/) fail("no comma")
		}
		at++
	} else if (one == "\"") print path "\t" string()
	else {
		from = at
		while (substr(text, at, 1) ~ /[-+.0-9a-zE]/) at++
		if (from == at) fail("no value")
		print path "\t" substr(text, from, at - from)
	}
}
{ text = $0; at = 1; value(""); skip(); if (at <= length(text)) fail("more than one value") }
