/* SPDX-License-Identifier: Apache-2.0 */
#include "clock_watch.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

static int64_t difference(uint64_t now_ms, uint64_t mono_ms)
{
	return (int64_t)now_ms - (int64_t)mono_ms;
}

int64_t troth_clock_jump_ms(const struct troth_clock_watch *watch, uint64_t now_ms,
			    uint64_t mono_ms)
{
	const int64_t jump = difference(now_ms, mono_ms) -
			     __atomic_load_n(&watch->offset_ms, __ATOMIC_RELAXED);
	return jump > TROTH_CLOCK_JUMP_MAX_MS || jump < -TROTH_CLOCK_JUMP_MAX_MS ? jump : 0;
}

int64_t troth_clock_jump_now_ms(const struct troth_clock_watch *watch)
{
	return troth_clock_jump_ms(watch, troth_now_ms(), troth_mono_ms());
}

int64_t troth_clock_jump_s(int64_t jump_ms)
{
	return (jump_ms + (jump_ms < 0 ? -500 : 500)) / 1000;
}

/* Once it is mapped here, nobody else can map it to write, and no child inherits this mapping.
 */
static enum troth_status share(int fd, struct troth_clock_watch **out)
{
	const int seals = F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	void *memory;
	if (ftruncate(fd, sizeof **out) != 0)
		return TROTH_E_IO;
	memory = mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return TROTH_E_IO;
	if (madvise(memory, sizeof **out, MADV_DONTFORK) != 0 ||
	    fcntl(fd, F_ADD_SEALS, seals) != 0) {
		(void)munmap(memory, sizeof **out);
		return TROTH_E_IO;
	}
	*out = memory;
	return TROTH_OK;
}

enum troth_status troth_clock_keep(struct troth_clock_keeper *out)
{
	struct troth_clock_keeper k = { .fd = memfd_create("troth-clock",
							   MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	if (k.fd < 0)
		return TROTH_E_IO;
	if (share(k.fd, &k.watch) != TROTH_OK) {
		(void)close(k.fd);
		return TROTH_E_IO;
	}
	troth_clock_accept(&k);
	*out = k;
	return TROTH_OK;
}

void troth_clock_accept(const struct troth_clock_keeper *keeper)
{
	__atomic_store_n(&keeper->watch->offset_ms, difference(troth_now_ms(), troth_mono_ms()),
			 __ATOMIC_RELAXED);
}

void troth_clock_keeper_close(struct troth_clock_keeper *keeper)
{
	(void)munmap(keeper->watch, sizeof *keeper->watch);
	(void)close(keeper->fd);
	*keeper = (struct troth_clock_keeper){ .fd = -1 };
}

const struct troth_clock_watch *troth_clock_look(const struct troth_clock_keeper *keeper)
{
	const void *memory =
		mmap(NULL, sizeof *keeper->watch, PROT_READ, MAP_SHARED, keeper->fd, 0);
	(void)close(keeper->fd);
	return memory == MAP_FAILED ? NULL : memory;
}
