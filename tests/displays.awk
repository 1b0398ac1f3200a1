# The displays of sclog-formats(7), each a log: log.N, with the words of the comment before it in want.N
# and what it is called in name.N, all in the folder at hand. -v fields=FIELDS: what FIELDS stands for.
/^\.It / { name = substr($0, 5) }
/^\.\\" test: / { print $3, $4, $5 >("want." ++count); print name >("name." count); close("want." count); close("name." count) }
/^\.Ed/ { inside = 0 }
inside {
	gsub(/\\e/, "\\")
	sub(/^\\&/, "")
	gsub(/FIELDS/, fields)
	gsub(/EVENT/, "audit(1795302094.454:787):")
	gsub(/ESC/, "\033")
	sub(/^RS/, "\036")
	print >("log." count)
}
/^\.Bd -literal/ && count { inside = 1 }
