libsclog_a_SOURCES += \
	ingest/action.c ingest/action.h \
	ingest/arch.c ingest/arch.h \
	ingest/framing.c ingest/framing.h \
	ingest/gzip.c ingest/gzip.h \
	ingest/input.c ingest/input.h \
	ingest/journal.c ingest/journal.h \
	ingest/line.h \
	ingest/node.c ingest/node.h \
	ingest/record.c ingest/record.h \
	ingest/stamp.c ingest/stamp.h
