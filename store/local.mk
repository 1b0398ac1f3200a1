libsclog_a_SOURCES += \
	store/amend.c store/amend.h \
	store/batch.h \
	store/claim.c store/claim.h \
	store/day.c store/day.h \
	store/forget.c \
	store/genuine.c store/genuine.h \
	store/hour.c store/hour.h \
	store/in_force.c store/in_force.h \
	store/internal.h \
	store/item.h \
	store/kind.c store/kind.h \
	store/lifetime.c store/lifetime.h \
	store/loss.c store/loss.h \
	store/bookmark.c store/bookmark.h \
	store/match.c store/match.h \
	store/foreign.c store/foreign.h \
	store/merge.c store/merge.h \
	store/merge_count.c \
	store/merge_minute.c \
	store/merge_old.c store/merge_old.h \
	store/mark.h \
	store/meta.c store/meta.h \
	store/minutes.c store/minutes.h \
	store/pack.c \
	store/keep.c store/keep.h \
	store/prune.c store/prune.h \
	store/query.c store/query.h \
	store/queue.c store/queue.h \
	store/received.c store/received.h \
	store/relabel.c \
	store/revision.c store/revision.h \
	store/row.c store/row.h \
	store/rows.c store/rows.h \
	store/schema.c store/schema.h \
	store/seen.c store/seen.h \
	store/seen_text.c \
	store/stream.c store/stream.h \
	store/share.c store/share.h \
	store/share_keys.c store/share_keys.h \
	store/share_taker.c \
	store/sql.c store/sql.h \
	store/statements.h \
	store/store.c store/store.h \
	store/take.c \
	store/tally.c store/tally.h store/tally_private.h \
	store/tally_budget.c \
	store/tally_hour.c \
	store/tally_move.c \
	store/tally_row.c \
	store/varint.h \
	store/writer.c store/writer.h
