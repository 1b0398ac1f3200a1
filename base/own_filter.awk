# Makes base/own_filter.c of share/own-filter/KIND.json, profiles as `sclog profile` writes them: the
# names of their allowed calls. The files come in the order of enum sandbox_kind.
function finish() {
	if (kind != "")
		print "\tNULL,\n};"
}
BEGIN { print "#include \"base/own_filter.h\"\n" }
FNR == 1 {
	finish()
	kind = FILENAME
	sub(".*/", "", kind)
	sub(/\.json$/, "", kind)
	kinds[++count] = kind
	print "static const char *const " kind "_calls[] = {"
	inside = 0
}
/"names": *\[/ { inside = 1 }
inside {
	line = $0
	sub(/.*"names": *\[/, "", line)
	while (match(line, /"[a-z0-9_]+"/)) {
		print "\t" substr(line, RSTART, RLENGTH) ","
		line = substr(line, RSTART + RLENGTH)
	}
	if ($0 ~ /\]/)
		inside = 0
}
END {
	finish()
	print "\nconst char *const *const own_filter[SANDBOX_KIND_COUNT] = {"
	for (i = 1; i <= count; i++)
		print "\t[SANDBOX_" toupper(kinds[i]) "] = " kinds[i] "_calls,"
	print "};"
}
