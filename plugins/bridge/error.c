#include "error.h"

#include <stdlib.h>

static _Thread_local char *last;

void heliostat_error_set(char *text) {
	free(last);
	last = text;
}

const char *heliostat_error_get(void) { return last; }
