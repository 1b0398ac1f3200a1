/*
 * The hash that stores keep, against values that a program in another language computed from the
 * description in the header alone. They never change.
 */
#include "store/mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_vectors(void **state)
{
	static const struct {
		uint64_t key;
		struct str bytes;
		uint64_t mark;
	} vectors[] = {
		{0x0u, {"", 0}, 0x0u},
		{0x1u, {"", 0}, 0xbe8cab644efdda51u},
		{0x0u, {"a", 1}, 0x23f09ef1e0f7ba31u},
		{0x0u, {"ab", 2}, 0x828ea4e432a74741u},
		{0x0u, {"abc", 3}, 0x9f935cd7ff8f91d8u},
		{0x123456789abcdefu, {"abcd", 4}, 0x96f505d1dbf13e5cu},
		{0x123456789abcdefu, {"abcdefgh", 8}, 0xd634ad7bb0cf9f86u},
		{0x123456789abcdefu, {"abcdefghi", 9}, 0xc464282a60de22d1u},
		{0xffffffffffffffffu,
		 {"type=SECCOMP msg=audit(1795302294.062:148553)", 45},
		 0x979bafc664e6ad54u},
		{0x8000000000000000u,
		 {"\xff"
		  "\x80"
		  "\x00"
		  "\xfe"
		  "\x7f"
		  "\x01"
		  "\x02"
		  "\x03"
		  "\xff"
		  "\xff"
		  "\xff"
		  "\xff"
		  "\xff"
		  "\xff"
		  "\xff"
		  "\xff"
		  "",
		  16},
		 0x538dd8dbef84d6ddu},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		assert_int_equal(mark_of(vectors[i].key, vectors[i].bytes), vectors[i].mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
