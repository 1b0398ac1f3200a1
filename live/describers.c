#include "live/describers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "correlate/owner.h"
#include "live/describer.h"
#include "live/packet.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct asked {
	int socket;   /* -1: none is running */
	bool is_open; /* a question was asked and not answered */
	int64_t since_ms;
	struct describer_question question;
};

struct describers {
	struct helper *helper;
	describers_late_fn *late;
	void *context;
	uint32_t number;
	struct asked asked[2]; /* of root's and of users' containers */
	int64_t paused_until_ms[1 + DESCRIBERS_PAUSES];
};

struct described {
	struct container *container;
	bool is_found;
	struct buf trouble;
};

struct describers *describers_new(struct helper *helper, describers_late_fn *late, void *context)
{
	struct describers *describers = mem_new(1, sizeof(*describers));

	describers->helper = helper;
	describers->late = late;
	describers->context = context;
	describers->asked[0].socket = describers->asked[1].socket = -1;
	return describers;
}

static void hang_up(struct asked *asked)
{
	if (asked->socket >= 0)
		close(asked->socket);
	asked->socket = -1;
	asked->is_open = false;
}

void describers_free(struct describers *describers)
{
	if (!describers)
		return;
	hang_up(&describers->asked[0]);
	hang_up(&describers->asked[1]);
	free(describers);
}

static int64_t *pause_of(struct describers *describers, uint32_t owner)
{
	return &describers->paused_until_ms[owner ? 1 + owner % DESCRIBERS_PAUSES : 0];
}

/* An answer is a describer's, which read what others wrote: the id is not its word. */
static void read_answer(const struct asked *asked, struct describer_answer *answer,
			const struct buf *behind, struct described *ret)
{
	const struct metadata_hint hint = {.id = str_from(asked->question.id),
					   .owner = asked->question.owner};
	struct container container = {
		.has_caps = answer->has_caps != 0,
		.caps = answer->caps,
		.has_profile = answer->has_profile != 0,
		.coverage = answer->coverage <= COVERAGE_FULL ? (enum coverage)answer->coverage
							      : COVERAGE_UNKNOWN,
	};
	struct str rest = buf_str(behind);
	BUF_AUTO id = {0};

	owner_put_id(&id, &hint);
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++) {
		answer->texts[i][DESCRIBER_TEXT_MAX - 1] = '\0';
		container.texts[i] = str_from(answer->texts[i]);
	}
	container.id = buf_str(&id);
	container.profile = str_of(rest.p, answer->profile_n < rest.n ? answer->profile_n : rest.n);
	ret->is_found = answer->is_found != 0;
	ret->container = container_copy(&container);
	buf_put_str(&ret->trouble, str_skip(rest, container.profile.n));
}

/* Waits so long for the answer. Returns 0 or -errno. */
static int await(struct asked *asked, int64_t wait_ms, struct described *ret)
{
	struct describer_answer answer;
	BUF_AUTO behind = {0};
	int fd = -1;
	int code = packet_await(asked->socket, wait_ms, &answer, sizeof(answer), &fd);

	if (code == 0 && answer.number != asked->question.number)
		code = -EBADMSG;
	if (code == 0 && fd >= 0)
		code = packet_file_read(fd, answer.profile_n + answer.trouble_n, &behind);
	if (fd >= 0)
		close(fd);
	if (code < 0)
		return code;
	read_answer(asked, &answer, &behind, ret);
	asked->is_open = false;
	return 0;
}

/* It takes too long, or is gone: another one serves the next question. */
static void end(struct describers *describers, struct asked *asked)
{
	uint32_t owner = asked->question.owner;

	*pause_of(describers, owner) =
		clock_ms(CLOCK_MONOTONIC) + (owner ? HELPER_PAUSE_MS : HELPER_ROOT_PAUSE_MS);
	hang_up(asked);
	helper_describer(describers->helper, owner != 0, &asked->socket);
}

static void tell(struct describers *describers, const struct asked *asked,
		 const struct described *described)
{
	const struct metadata_hint hint = {.id = str_from(asked->question.id),
					   .owner = asked->question.owner};

	describers->late(describers->context, &hint, described->container, described->is_found,
			 buf_str(&described->trouble),
			 (clock_ms(CLOCK_MONOTONIC) - asked->since_ms) * 1000000);
}

static void take(struct describers *describers, struct asked *asked, int64_t wait_ms)
{
	struct described described = {0};
	int64_t end_ms = asked->question.owner ? DESCRIBERS_END_MS : DESCRIBERS_ROOT_END_MS;

	if (!asked->is_open)
		return;
	int code = await(asked, wait_ms, &described);

	if (code == -ETIMEDOUT && clock_ms(CLOCK_MONOTONIC) - asked->since_ms < end_ms)
		return;
	tell(describers, asked, &described);
	if (code < 0)
		end(describers, asked);
	container_free(described.container);
	buf_release(&described.trouble);
}

void describers_take(struct describers *describers, int64_t wait_ms)
{
	for (size_t i = 0; i < 2; i++)
		take(describers, &describers->asked[i], wait_ms);
}

static int ask(struct describers *describers, struct asked *asked, struct described *ret)
{
	int code = asked->socket < 0 ? helper_describer(describers->helper,
							asked->question.owner != 0, &asked->socket)
				     : 0;

	asked->question.number = ++describers->number;
	asked->since_ms = clock_ms(CLOCK_MONOTONIC);
	if (code == 0)
		code = packet_send(asked->socket, &asked->question, sizeof(asked->question), -1);
	asked->is_open = code == 0;
	if (code == 0)
		code = await(asked, DESCRIBERS_WAIT_MS, ret);
	if (code < 0 && code != -ETIMEDOUT)
		end(describers, asked);
	return code == -EAGAIN ? -EIO : code;
}

static bool is_asked(const struct asked *asked, const struct metadata_hint *hint)
{
	return asked->is_open && asked->question.owner == hint->owner &&
	       str_eq(str_from(asked->question.id), hint->id);
}

int describers_describe(void *context, const struct metadata_hint *hint,
			struct container **ret_container, struct buf *trouble)
{
	struct describers *describers = context;
	struct asked *asked = &describers->asked[hint->owner != 0];
	struct described described = {0};

	if (!is_asked(asked, hint) || await(asked, 0, &described) < 0) {
		take(describers, asked, 0);
		if (asked->is_open ||
		    clock_ms(CLOCK_MONOTONIC) < *pause_of(describers, hint->owner))
			return -EAGAIN;
		if (!describer_ask_of(hint, &asked->question))
			return -ENAMETOOLONG;
		int code = ask(describers, asked, &described);

		if (code < 0)
			return code == -ETIMEDOUT ? -EAGAIN : code;
	}
	*ret_container = described.container;
	buf_put_str(trouble, buf_str(&described.trouble));
	buf_release(&described.trouble);
	return described.is_found;
}
