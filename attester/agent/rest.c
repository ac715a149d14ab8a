/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments nobody may write to are the file's own bytes: dropping them loses nothing. */
static int drop_clean_segments(struct dl_phdr_info *object, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	(void)size;
	(void)arg;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
			continue;
		const uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		const uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
		/* Advice: a kernel that declines it costs memory, nothing else. */
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED); /* NOLINT */
	}
	return 0;
}

void troth_rest(void)
{
	malloc_trim(0);
	dl_iterate_phdr(drop_clean_segments, NULL);
}
