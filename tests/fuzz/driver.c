/* SPDX-License-Identifier: Apache-2.0 */
/* Replays files, and the files of folders, through a fuzz target with any compiler.
 *
 * Exit code 1 when something could not be read or there was nothing to replay: a corpus that is
 * not there tests nothing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file in a buffer of exactly its size, so that a byte too many is seen. */
static int replay_file(const char *path)
{
	struct stat info;
	FILE *file = fopen(path, "rb");
	if (file == NULL || fstat(fileno(file), &info) != 0) {
		perror(path);
		if (file != NULL)
			(void)fclose(file);
		return -1;
	}
	const size_t size = (size_t)info.st_size;
	uint8_t *data = malloc(size > 0 ? size : 1);
	const int ok = data != NULL && fread(data, 1, size, file) == size;
	if (ok)
		(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	(void)fclose(file);
	return ok ? 1 : -1;
}

/* How many files were replayed, -1 after a failure. */
static int replay_folder(const char *folder)
{
	int n = 0;
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return replay_file(folder);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (replay_file(path) < 0) {
			n = -1;
			break;
		}
		n++;
	}
	(void)closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;
	(void)LLVMFuzzerTestOneInput(NULL, 0);
	for (int i = 1; i < argc; i++) {
		const int replayed = replay_folder(argv[i]);
		if (replayed < 0)
			return EXIT_FAILURE;
		n += replayed;
	}
	printf("%d inputs replayed\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
