#include "live/describer.h"

#include "base/privileges.h"
#include "base/sandbox.h"
#include "correlate/json.h"
#include "live/packet.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The reader's end. */
struct reader {
	int socket;
	bool is_gone; /* then nothing can be described any more */
};

/* A host_ask_fn; context: the reader. */
static void ask_reader(void *context, const struct host_request *request, struct host_reply *reply,
		       struct buf *bytes)
{
	struct reader *reader = context;
	int fd = -1;

	*reply = (struct host_reply){.code = -EIO};
	if (reader->is_gone || packet_send(reader->socket, request, sizeof(*request), -1) < 0 ||
	    packet_receive(reader->socket, reply, sizeof(*reply), &fd) != 1)
		reader->is_gone = true;
	if (fd >= 0 && bytes && packet_file_read(fd, reply->n, bytes) < 0)
		reply->code = -EIO;
	if (fd >= 0)
		close(fd);
}

#define TEXT(field) str_of((field), strnlen((field), sizeof(field)))

static struct metadata_hint hint_of(const struct describer_question *question)
{
	return (struct metadata_hint){
		.id = TEXT(question->id),
		.owner = question->owner,
		.pid = question->pid,
		.runtime = TEXT(question->runtime),
		.pod_uid = TEXT(question->pod_uid),
		.bundle = TEXT(question->bundle),
	};
}

static bool put_text(char *to, size_t size, struct str text)
{
	if (text.n >= size || str_chr(text, '\0') < text.n)
		return false;
	memcpy(to, text.n ? text.p : "", text.n);
	to[text.n] = '\0';
	return true;
}

bool describer_ask_of(const struct metadata_hint *hint, struct describer_question *ret_question)
{
	*ret_question = (struct describer_question){.owner = hint->owner, .pid = hint->pid};
	return put_text(ret_question->id, sizeof(ret_question->id), hint->id) &&
	       put_text(ret_question->runtime, sizeof(ret_question->runtime), hint->runtime) &&
	       put_text(ret_question->pod_uid, sizeof(ret_question->pod_uid), hint->pod_uid) &&
	       put_text(ret_question->bundle, sizeof(ret_question->bundle), hint->bundle);
}

static int send_answer(int socket, struct describer_answer *answer,
		       const struct container *container, const struct buf *trouble)
{
	BUF_AUTO behind = {0};

	answer->has_caps = container->has_caps;
	answer->caps = container->caps;
	answer->has_profile = container->has_profile;
	answer->coverage = container->coverage;
	answer->profile_n = (uint32_t)container->profile.n;
	answer->trouble_n = (uint32_t)trouble->n;
	for (size_t i = 0; i < CONTAINER_TEXT_COUNT; i++)
		put_text(answer->texts[i], sizeof(answer->texts[i]), container->texts[i]);
	buf_put_str(&behind, container->profile);
	buf_put_str(&behind, buf_str(trouble));
	int fd = behind.n ? packet_file(&behind) : -1;

	if (behind.n && fd < 0)
		answer->profile_n = answer->trouble_n = answer->has_profile = 0;
	int result = packet_send(socket, answer, sizeof(*answer), fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static int answer_question(int socket, struct metadata *metadata, const struct reader *reader,
			   const struct describer_question *question)
{
	const struct metadata_hint hint = hint_of(question);
	struct describer_answer answer = {.number = question->number};
	struct container *container = NULL;
	BUF_AUTO trouble = {0};

	answer.is_found = metadata_describe(metadata, &hint, &container, &trouble);
	int result = reader->is_gone ? -EPIPE : send_answer(socket, &answer, container, &trouble);

	container_free(container);
	return result;
}

void describer_run(int socket, int reader_socket, const struct describer_options *options)
{
	const struct sandbox_options sandbox = {.kind = SANDBOX_DESCRIBER};
	struct reader reader = {.socket = reader_socket};
	const struct metadata_options files = {
		.proc_root = options->proc_root,
		.runtime_root = options->runtime_root,
		.ask = ask_reader,
		.context = &reader,
	};
	struct describer_question question;
	struct metadata *metadata;
	struct err err = ERR_INIT;

	if (metadata_new(&files, &metadata, &err) < 0)
		return;
	json_prepare();
	if (privileges_drop(PRIVILEGES_NONE, &err) < 0 ||
	    (options->sandbox && sandbox_enter(&sandbox, &err) < 0))
		return;
	while (packet_receive(socket, &question, sizeof(question), NULL) == 1)
		if (answer_question(socket, metadata, &reader, &question) < 0)
			break;
	metadata_free(metadata);
}
