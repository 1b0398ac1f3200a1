/*
 * Fails one call of a program: LD_PRELOAD=fail_nth.so FAIL_KIND=memory|io FAIL_NTH=N. The Nth
 * allocation, or the Nth call that reads or writes files, says that there is no memory, no room, no
 * descriptor, or that the medium is broken. With FAIL_SITES=FILE the numbers of those calls that were
 * the first from where they came (eight return addresses) are written to FILE, and behind them the
 * number of the last call. tests/shell/fail-nth.test tries them.
 *
 * libseccomp has all memory that it asks for: 2.5.4 crashes or never ends without it.
 *
 * The system calls are made here: what the library's own functions would do with a signal or with a
 * cancellation is not needed.
 */
/* its functions would be defined here once more */
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum kind {
	KIND_NONE,
	KIND_MEMORY,
	KIND_IO,
};

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

static enum kind kind;
static unsigned long nth;
static atomic_ulong calls;
static int sites_fd = -1;
static atomic_uint_fast64_t sites[1 << 15]; /* hashes; 0: free */
static uintptr_t seccomp_from, seccomp_to;

static int find_libseccomp(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (!strstr(info->dlpi_name, "libseccomp"))
		return 0;
	seccomp_from = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end =
			info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > seccomp_to)
			seccomp_to = end;
	}
	return 1;
}

#define DEPTH 8

/* True the first time that it is called from there. */
static bool is_new_site(void)
{
	void *at[DEPTH + 3];
	int n = backtrace(at, DEPTH + 3);
	uint64_t hash = 14695981039346656037u;

	for (int i = 3; i < n; i++)
		hash = (hash ^ (uintptr_t)at[i]) * 1099511628211u;
	hash |= 1;
	for (size_t i = hash >> 49;; i = (i + 1) % (sizeof(sites) / sizeof(sites[0]))) {
		uint_fast64_t known = 0;

		if (atomic_compare_exchange_strong(&sites[i], &known, hash))
			return true;
		if (known == hash)
			return false;
	}
}

static void write_number(unsigned long number)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%lu\n", number);

	syscall(SYS_write, sites_fd, text, (size_t)n);
}

static bool fails(enum kind of, int code)
{
	if (of != kind)
		return false;
	unsigned long number = atomic_fetch_add(&calls, 1) + 1;

	if (sites_fd >= 0 && is_new_site())
		write_number(number);
	if (number != nth)
		return false;
	errno = code;
	return true;
}

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("FAIL_KIND"), *number = getenv("FAIL_NTH"),
		   *file = getenv("FAIL_SITES");
	void *at[1];

	backtrace(at, 1); /* the first time it loads a library */

	dl_iterate_phdr(find_libseccomp, NULL);
	nth = number ? strtoul(number, NULL, 10) : 0;
	if (file)
		sites_fd = (int)syscall(SYS_openat, AT_FDCWD, file,
					O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (name)
		kind = strcmp(name, "memory") == 0 ? KIND_MEMORY : KIND_IO;
}

__attribute__((destructor)) static void end(void)
{
	if (sites_fd >= 0)
		write_number(atomic_load(&calls));
}

/* caller: where the allocation returns to. */
static bool fails_memory(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return (at < seccomp_from || at >= seccomp_to) && fails(KIND_MEMORY, ENOMEM);
}

void *malloc(size_t n)
{
	return fails_memory(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return fails_memory(__builtin_return_address(0)) ? NULL : __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	return fails_memory(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

/* A call of the kernel's, of at most six arguments. */
#define CALL(code, number, ...) (fails(KIND_IO, code) ? -1 : syscall(number, __VA_ARGS__))

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
	return (int)CALL(EMFILE, SYS_openat, folder, path, flags, mode);
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                           \
	int name(const char *path, int flags, ...)           \
	{                                                    \
		va_list args;                                \
                                                             \
		va_start(args, flags);                       \
		mode_t mode = mode_of(flags, args);          \
                                                             \
		va_end(args);                                \
		return open_at(AT_FDCWD, path, flags, mode); \
	}
#define OPENAT(name)                                           \
	int name(int folder, const char *path, int flags, ...) \
	{                                                      \
		va_list args;                                  \
                                                               \
		va_start(args, flags);                         \
		mode_t mode = mode_of(flags, args);            \
                                                               \
		va_end(args);                                  \
		return open_at(folder, path, flags, mode);     \
	}

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);
ssize_t __read_chk(int fd, void *to, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t n, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room);

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags)
{
	return open_at(folder, path, flags, 0);
}

int __openat64_2(int folder, const char *path, int flags)
{
	return open_at(folder, path, flags, 0);
}

ssize_t read(int fd, void *to, size_t n)
{
	return CALL(EIO, SYS_read, fd, to, n);
}

ssize_t __read_chk(int fd, void *to, size_t n, size_t room)
{
	return n > room ? -1 : read(fd, to, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	return CALL(EIO, SYS_pread64, fd, to, n, at);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
	return CALL(EIO, SYS_pread64, fd, to, n, at);
}

ssize_t __pread_chk(int fd, void *to, size_t n, off_t at, size_t room)
{
	return n > room ? -1 : pread(fd, to, n, at);
}

ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room)
{
	return n > room ? -1 : pread64(fd, to, n, at);
}

ssize_t write(int fd, const void *from, size_t n)
{
	return CALL(ENOSPC, SYS_write, fd, from, n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	return CALL(ENOSPC, SYS_pwrite64, fd, from, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	return CALL(ENOSPC, SYS_pwrite64, fd, from, n, at);
}

int fsync(int fd)
{
	return (int)CALL(EIO, SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return (int)CALL(EIO, SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t n)
{
	return (int)CALL(ENOSPC, SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
	return (int)CALL(ENOSPC, SYS_ftruncate, fd, n);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t from)
{
	return (void *)CALL(ENOMEM, SYS_mmap, at, n, protection, flags, fd, from);
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t from)
{
	return (void *)CALL(ENOMEM, SYS_mmap, at, n, protection, flags, fd, from);
}

int rename(const char *from, const char *to)
{
	return (int)CALL(EIO, SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return (int)CALL(EIO, SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int unlink(const char *path)
{
	return (int)CALL(EIO, SYS_unlinkat, AT_FDCWD, path, 0);
}
