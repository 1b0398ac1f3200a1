#include "correlate/process_private.h"

#define ANCESTORS_MAX 64

static bool same_container(const struct container *a, const struct container *b)
{
	return a == b || (a && b && str_eq(a->id, b->id));
}

/* Its parent's index, or PROCESS_NONE if it has none or the parent is forgotten. */
static uint32_t parent_of(const struct process_table *table, const struct process_slot *slot)
{
	if (slot->parent == PROCESS_NONE ||
	    table->slots[slot->parent].generation != slot->parent_generation)
		return PROCESS_NONE;
	return slot->parent;
}

/* What a slot's own evidence adds to the answer for itself or a descendant; true if it decides. */
static bool take_own(const struct process_slot *slot, struct process_answer *answer)
{
	if (slot->place == PLACE_CONTAINER || slot->is_setup) {
		*answer = (struct process_answer){
			.place = PLACE_CONTAINER,
			.container = slot->container,
			.from_setup = slot->is_setup,
			.monitor = slot->is_setup && slot->verb == SETUP_MONITOR,
		};
		return true;
	}
	if (answer->place == PLACE_UNKNOWN) {
		answer->place = (enum process_place)slot->place;
		answer->container = slot->container;
	}
	return false;
}

/* What was known when the way up ends: at a forgotten parent, or after too many. */
static void take_known(const struct process_slot *slot, struct process_answer *answer)
{
	if (slot->known_place != PLACE_CONTAINER && answer->place != PLACE_UNKNOWN)
		return;
	*answer = (struct process_answer){
		.place = (enum process_place)slot->known_place,
		.container = slot->known,
		.from_setup = slot->known_from_setup,
		.monitor = slot->known_monitor,
	};
}

struct process_answer process_answer_resolve(const struct process_table *table, uint32_t index)
{
	struct process_answer answer = {0};
	bool decided = false;

	for (unsigned depth = 1;; depth++) {
		const struct process_slot *slot = &table->slots[index];
		uint32_t parent = depth < ANCESTORS_MAX ? parent_of(table, slot) : PROCESS_NONE;

		decided = decided || take_own(slot, &answer);
		if (slot->is_setup) {
			answer.entering = slot->verb == SETUP_EXEC &&
					  same_container(slot->container, answer.container);
			return answer;
		}
		if (!decided && parent == PROCESS_NONE)
			take_known(slot, &answer);
		if (slot->known_entering && same_container(slot->known, answer.container)) {
			answer.entering = true;
			return answer;
		}
		if (parent == PROCESS_NONE)
			return answer;
		index = parent;
	}
}

void process_answer_know(struct process_slot *slot, const struct process_answer *answer)
{
	slot->known = answer->container;
	slot->known_place = answer->place & 3;
	slot->known_from_setup = answer->from_setup;
	slot->known_monitor = answer->monitor;
	slot->known_entering = answer->entering;
}

void process_answer_keep(struct process_table *table, uint32_t index,
			 const struct process_answer *answer)
{
	struct process_slot *slot = &table->slots[index];
	bool news = answer->place == PLACE_CONTAINER &&
		    (!slot->announced || !same_container(answer->container, slot->known) ||
		     answer->entering != slot->known_entering);

	process_answer_know(slot, answer);
	if (!news)
		return;
	slot->announced = 1;
	process_change_push(table, index);
}

struct process_answer process_answer_refresh(struct process_table *table, uint32_t index)
{
	struct process_answer answer = process_answer_resolve(table, index);

	process_answer_keep(table, index, &answer);
	return answer;
}

/* The lifetime that something was read of in /proc, or PROCESS_NONE if it had ended by then. */
static uint32_t lifetime_read(const struct process_table *table, uint32_t pid, int64_t at_ns)
{
	uint32_t index = process_table_begun_by(table, pid, at_ns);

	if (index == PROCESS_NONE)
		return PROCESS_NONE;
	const struct process_slot *slot = &table->slots[index];

	return slot->running || at_ns <= slot->end_ns ? index : PROCESS_NONE;
}

void process_learn_cgroup(struct process_table *table, uint32_t pid, int64_t at_ns,
			  enum process_place place, const struct container *container)
{
	uint32_t index = lifetime_read(table, pid, at_ns);

	if (index == PROCESS_NONE || place == PLACE_UNKNOWN)
		return;
	struct process_slot *slot = &table->slots[index];

	slot->looked = 1;
	if (place == PLACE_CONTAINER) {
		slot->place = PLACE_CONTAINER;
		slot->container = container;
		slot->is_setup = 0;
	} else if (slot->place != PLACE_CONTAINER) {
		slot->place = place & 3;
		if (!slot->is_setup)
			slot->container = place == PLACE_SERVICE ? container : NULL;
	}
	process_answer_refresh(table, index);
}

/* May its command line say whose set-up it does? process.h says why. */
static bool is_believed(const struct process_table *table, uint32_t index)
{
	if (table->slots[index].is_setup)
		return true;
	struct process_answer answer = process_answer_resolve(table, index);

	return answer.place == PLACE_HOST || answer.place == PLACE_SERVICE || answer.monitor;
}

void process_learn_setup(struct process_table *table, uint32_t pid, int64_t at_ns,
			 enum setup_verb verb, const struct container *container)
{
	uint32_t index = lifetime_read(table, pid, at_ns);

	if (index == PROCESS_NONE || !is_believed(table, index))
		return;
	struct process_slot *slot = &table->slots[index];

	slot->is_setup = 1;
	slot->verb = verb & 3;
	slot->container = container;
	process_answer_refresh(table, index);
}
