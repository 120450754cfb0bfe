#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shelf.h"

static void *in_thread(void *argument)
{
	static const int numbers[] = {1, 2, 3};

	*(int *)argument = sum(numbers, 3);
	return NULL;
}

int main(void)
{
	pthread_t threads[32];
	int sums[32];
	int status;
	char name[] = "/tmp/shelf-XXXXXX";
	int file;

	for (int i = 0; i < 32; i++)
		assert(pthread_create(&threads[i], NULL, in_thread, &sums[i]) == 0);
	for (int i = 0; i < 32; i++) {
		assert(pthread_join(threads[i], NULL) == 0);
		assert(sums[i] == 6);
	}
	if (fork() == 0)
		_exit(sum(sums, 2));
	assert(wait(&status) > 0 && WEXITSTATUS(status) == 12);
	file = mkstemp(name);
	assert(file >= 0 && unlink(name) == 0);
	puts("ok");
	return 0;
}
