/*
 * Fuzz target (libFuzzer): any bytes as what comes over the socketpairs of a describer, each end of
 * which may have been taken over by what it read: answers to `watch`, or questions and a reader's
 * replies to a describer. The keeper's part, giving a describer's socket, is played here.
 *
 * The first byte says which; each message stands behind its length, of two bytes, and so does what
 * comes with it in memory.
 */
#include "live/describer.h"
#include "live/describers.h"
#include "live/packet.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* So many wait in a socket at once. */
#define MESSAGES_MAX 8

#define ID "268887c643f8aabbccddeeff00112233445566778899aabbccddeeff00112233"

/* What is still to be given out. */
static struct str input;

static size_t take_number(void)
{
	unsigned char bytes[2] = {0};
	size_t n = input.n < 2 ? input.n : 2;

	memcpy(bytes, n ? input.p : "", n);
	input = str_skip(input, n);
	return bytes[0] | (size_t)bytes[1] << 8;
}

static struct str take_bytes(size_t most)
{
	size_t n = take_number();
	struct str bytes;

	n = n < input.n ? n : input.n;
	bytes = str_of(input.p, n < most ? n : most);
	input = str_skip(input, n);
	return bytes;
}

/* A message; what the input lacks of it stays as it is. */
static void send_one(int socket, void *message, size_t size)
{
	struct str bytes = take_bytes(size);
	BUF_AUTO behind = {0};

	if (bytes.n)
		memcpy(message, bytes.p, bytes.n);
	buf_put_str(&behind, take_bytes(SIZE_MAX));
	int fd = behind.n ? packet_file(&behind) : -1;

	if (packet_send(socket, message, size, fd) < 0)
		abort();
	if (fd >= 0)
		close(fd);
}

static void make_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
}

/* --- watch */

static int asked = -1; /* the describer's end */

/* The keeper's: a describer that has its answer ready, which has the first question's number. */
int helper_describer(struct helper *helper, bool of_users, int *ret_fd)
{
	struct describer_answer answer = {.number = 1};
	int ends[2];

	(void)helper;
	(void)of_users;
	make_pair(ends);
	if (input.n)
		send_one(ends[1], &answer, sizeof(answer));
	shutdown(ends[1], SHUT_WR);
	if (asked >= 0)
		close(asked);
	asked = ends[1];
	*ret_fd = ends[0];
	return 0;
}

static void take_late(void *context, const struct metadata_hint *hint,
		      const struct container *container, bool is_found, struct str trouble,
		      int64_t took_ns)
{
	(void)context;
	(void)hint;
	(void)container;
	(void)is_found;
	(void)trouble;
	(void)took_ns;
}

/* Whatever the answer says, it is about the container that was asked for. */
static void ask(uint32_t owner)
{
	const struct metadata_hint hint = {
		.id = STR(ID), .runtime = STR("docker"), .owner = owner, .pid = 1};
	struct describers *describers = describers_new(NULL, take_late, NULL);
	struct container *container = NULL;
	BUF_AUTO trouble = {0};

	if (describers_describe(describers, &hint, &container, &trouble) >= 0 &&
	    (!str_starts(container->id, STR(ID)) || container->coverage > COVERAGE_FULL))
		abort();
	container_free(container);
	describers_free(describers);
}

/* --- a describer */

static void be_asked(void)
{
	const struct describer_options options = {.proc_root = "/proc", .runtime_root = "/"};
	struct describer_question question = {.pid = 1};
	struct host_reply reply;
	int watch[2], reader[2];

	make_pair(watch);
	make_pair(reader);
	send_one(watch[1], &question, sizeof(question));
	for (int i = 0; i < MESSAGES_MAX && input.n; i++) {
		reply = (struct host_reply){.mode = 0100644};
		send_one(reader[1], &reply, sizeof(reply));
	}
	shutdown(watch[1], SHUT_WR);
	shutdown(reader[1], SHUT_WR);
	describer_run(watch[0], reader[0], &options);
	for (int i = 0; i < 2; i++) {
		close(watch[i]);
		close(reader[i]);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size == 0)
		return 0;
	input = str_of((const char *)data + 1, size - 1);
	if (data[0] & 1)
		be_asked();
	else
		ask(data[0] & 2 ? 1000 : 0);
	return 0;
}
