/* A clock that jumps: from its FAULT_CLOCK_AT-th reading on it is FAULT_CLOCK_BY seconds off. FAULT_CLOCK_LOG: a file that gets an octet
   for each reading: '!' for one that is off, '.' for another. For LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int readings;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);
    if (!next)
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = next(clock, now);
    if (clock != CLOCK_REALTIME || status != 0)
        return status;
    const char *log = getenv("FAULT_CLOCK_LOG"), *at = getenv("FAULT_CLOCK_AT"), *by = getenv("FAULT_CLOCK_BY");
    int number = __atomic_add_fetch(&readings, 1, __ATOMIC_SEQ_CST);
    int off = at && by && number >= atoi(at);
    if (off)
        now->tv_sec += atoll(by);
    if (log) {
        int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (write(file, off ? "!" : ".", 1) != 1)
            abort();
        close(file);
    }
    return status;
}
